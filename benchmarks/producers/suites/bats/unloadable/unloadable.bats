@test "unloadable" { if
}
