Feature: A customer's account

  @UC-1.balance
  Scenario Outline: Money that is paid in is there
    Given an account with <before> cents
    When the customer pays in <amount> cents
    Then the balance is <after> cents

    Examples:
      | before | amount | after |
      | 0      | 1      | 1     |
      | 500    | 1250   | 1750  |

  @UC-1.limits @UC-2.limits
  Scenario: Nobody takes out more than there is
    Given an account with 500 cents
    When the customer takes out 501 cents
    Then the bank refuses
    And the balance is 500 cents

  @UC-1.restart
  Scenario: The balance outlives a crash of the bank
    Given an account with 500 cents
    When the bank crashes and is started again
    Then the balance is 500 cents

  Scenario: This one is no evidence
    Given an account with 0 cents
    Then the balance is 0 cents
