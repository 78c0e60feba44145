*** Settings ***
Suite Teardown    Fail    not tidied up

*** Test Cases ***
badsuiteteardown
    No Operation
