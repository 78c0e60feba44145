#!/usr/bin/env bash
# pytest-assume 2.4.3 on pytest 9.2.0, Python 3.11: `pytest.assume()` that fails in the teardown of a fixture is charged to the next
# test that runs, which has nothing to do with it: that one fails, and the test whose fixture it was passes. If no test follows,
# the failure is lost: "1 passed", exit code 0. So which test fails depends on the order, and the last one of a session is safe.
# The same call in the body of a test fails that test.
#
# Ends with 0 where it is still so, with 1 where it is not. Source: pytest_assume/plugin.py: failed assumptions are looked at in
# pytest_pyfunc_call only.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check pytest==9.2.0 pytest-assume==2.4.3 </dev/null

cat >"$folder/test_files.py" <<'TESTS'
import pytest


@pytest.fixture
def files():
    yield
    pytest.assume(False, "a file is still open")


def test_guilty(files):
    pass


def test_innocent():
    pass
TESTS

printed() { # exit code, arguments of pytest
  local expected=$1 code=0
  shift
  (cd "$folder" && venv/bin/python -m pytest -q -rA -p no:cacheprovider "$@" >printed 2>&1) || code=$?
  printf '%s: exit code %s\n' "$*" "$code"
  grep -E '^(PASSED|FAILED|ERROR) |passed|failed' "$folder/printed" | grep -v '^E ' || true
  [ "$code" = "$expected" ] || { echo "changed: exit code $code" >&2; exit 1; }
}
has() { grep -qE "$1" "$folder/printed" || { echo "changed: no line with $1" >&2; exit 1; }; }

printed 1 test_files.py
has '^PASSED test_files.py::test_guilty'
has '^FAILED test_files.py::test_innocent'
printed 0 test_files.py::test_guilty
has '^1 passed'
echo "still so: the next test is blamed, and without a next test nobody is"
