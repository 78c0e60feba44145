Feature: badsuiteteardown

  Scenario: badsuiteteardown
    Given it works
