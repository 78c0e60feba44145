print <<'TAP';
ok 1 - passing
not ok 2 - failing
ok 3 - skipping # SKIP not here
not ok 4 - disabled # TODO & SKIP not written
not ok 5 - expectedfailure # TODO expected
ok 6 - unexpectedpass # TODO expected
1..6
TAP
