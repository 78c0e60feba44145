Feature: truth

  Scenario: passing
    Given it works

  Scenario: failing
    Given it fails

  Scenario: erring
    Given a step that nobody wrote

  Scenario: skipping
    Given it is skipped

  Scenario: disabled
    Given it is pending

  @flaky
  Scenario: flaking
    Given it works the second time

  @bad_setup
  Scenario: badsetup
    Given it works

  @bad_teardown
  Scenario: badteardown
    Given it works

  Scenario: timingout
    Given it never ends
