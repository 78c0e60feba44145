@bad_suite
Feature: badsuiteteardown

  Scenario: in it
    Given it works
