@test "passing" { true; }
@test "failing" { false; }
@test "erring" { no-such-program; }
@test "skipping" { skip "not here"; }
@test "flaking" {
  BATS_TEST_RETRIES=2
  (( BATS_TEST_TRY_NUMBER > 1 ))
}
@test "timingout" { sleep 30; }
