*** Test Cases ***
passing
    No Operation

failing
    Fail    one is not two

erring
    No Such Keyword

skipping
    Skip    not here

expectedfailure
    Run Keyword And Expect Error    *    Fail    as expected

unexpectedpass
    Run Keyword And Expect Error    *    No Operation

badsetup
    [Setup]    Fail    not ready
    No Operation

badteardown
    [Teardown]    Fail    not tidied up
    No Operation

timingout
    [Timeout]    1 second
    Sleep    30
