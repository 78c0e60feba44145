teardown() { false; }
@test "badteardown" { true; }
