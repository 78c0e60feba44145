#!/usr/bin/env bash
# pytest 9.2.0, Python 3.11, its own `subtests` fixture: a test that is marked `xfail` and fails in a subtest is an expected failure
# of the subtest, and an unexpected pass of the test. With `strict=True` (or `xfail_strict = true`) the test fails, with
# "[XPASS(strict)]", because it did not fail: there is no way to mark it. The same assert outside of a subtest is one expected
# failure. One test is counted twice: "1 failed, 1 xfailed".
#
# Ends with 0 where it is still so, with 1 where it is not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check pytest==9.2.0 </dev/null

cat >"$folder/test_rows.py" <<'TESTS'
import pytest


@pytest.mark.xfail
def test_loose(subtests):
    with subtests.test("row"):
        assert False


@pytest.mark.xfail(strict=True)
def test_strict(subtests):
    with subtests.test("row"):
        assert False


@pytest.mark.xfail(strict=True)
def test_plain():
    assert False
TESTS

expect() { # exit code, the last line, the test
  local code=0
  (cd "$folder" && venv/bin/python -m pytest -q -rA -p no:cacheprovider "test_rows.py::$3" >printed 2>&1) || code=$?
  printf '%s: exit code %s, %s\n' "$3" "$code" "$(tail -n 1 "$folder/printed")"
  if [ "$code" != "$1" ] || ! tail -n 1 "$folder/printed" | grep -q "^$2 in"; then
    echo "changed: not exit code $1 with: $2" >&2
    exit 1
  fi
}

expect 0 "1 xfailed" test_plain
expect 0 "1 xfailed, 1 xpassed" test_loose
expect 1 "1 failed, 1 xfailed" test_strict
grep -qF "[XPASS(strict)]" "$folder/printed" || { echo "changed: another reason" >&2; exit 1; }
echo "still so: a failing subtest is no expected failure of its test"
