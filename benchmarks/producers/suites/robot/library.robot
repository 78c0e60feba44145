*** Settings ***
Library    no_such_library

*** Test Cases ***
unloadable
    No Operation
