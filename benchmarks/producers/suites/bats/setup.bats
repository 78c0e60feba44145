setup() { false; }
@test "badsetup" { true; }
