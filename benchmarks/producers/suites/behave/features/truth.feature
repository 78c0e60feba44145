Feature: truth

  Scenario: passing
    Given it works

  Scenario: failing
    Given it fails

  Scenario: erring
    Given it breaks

  Scenario: skipping
    Given it is skipped

  @skip
  Scenario: disabled
    Given it works

  @bad_setup
  Scenario: badsetup
    Given it works

  @bad_teardown
  Scenario: badteardown
    Given it works

  Scenario: unloadable
    Given a step that nobody wrote
