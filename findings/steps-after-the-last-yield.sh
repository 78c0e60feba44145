#!/usr/bin/env bash
# pytest-steps 1.8.0 on pytest 9.2.0, Python 3.11: a test of several steps is a generator that yields once after each step. The
# plugin asks it for as many values as there are steps, and never runs it to its end: what stands after the last yield, such as
# a final assert or the release of what the steps made, is not run. `assert False` there is passed, and the session ends with 0.
# The same with a step that has a yield and no name. A step too few is reported, as a failure.
#
# Ends with 0 where it is still so, with 1 where it is not. Source: StepsMonitor of pytest_steps/steps_generator.py.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check pytest==9.2.0 pytest-steps==1.8.0 </dev/null

cat >"$folder/test_order.py" <<'TESTS'
from pytest_steps import test_steps


@test_steps("order", "pay")
def test_final_assert():
    yield
    yield
    print("THE END WAS REACHED")
    assert False, "the order is not paid"


@test_steps("order", "pay")
def test_step_without_a_name():
    yield
    yield
    yield
    print("THE END WAS REACHED")
    assert False, "the order is not delivered"
TESTS
cat >"$folder/test_few.py" <<'TESTS'
from pytest_steps import test_steps


@test_steps("order", "pay")
def test_too_few():
    yield
TESTS

expect() { # exit code, what the last line begins with, arguments of pytest
  local expected=$1 words=$2 code=0
  shift 2
  (cd "$folder" && venv/bin/python -m pytest -q -s -p no:cacheprovider "$@" >printed 2>&1) || code=$?
  printf '%s: exit code %s, %s\n' "$*" "$code" "$(tail -n 1 "$folder/printed")"
  if [ "$code" != "$expected" ] || ! tail -n 1 "$folder/printed" | grep -q "^$words"; then
    echo "changed: not exit code $expected with: $words" >&2
    exit 1
  fi
}

expect 0 "4 passed in" test_order.py
grep -q "THE END WAS REACHED" "$folder/printed" && { echo "changed: the end of a test is run" >&2; exit 1; }
expect 1 "1 failed, 1 passed in" test_few.py
echo "still so: what stands after the last yield is not run, and its failed assert is passed"
