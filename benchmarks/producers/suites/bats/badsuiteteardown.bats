teardown_file() { false; }
@test "badsuiteteardown" { true; }
