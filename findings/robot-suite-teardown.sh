#!/usr/bin/env bash
# pytest-robotframework 4.6.3 with Robot Framework 7.5 on pytest 9.2.0, Python 3.11: what Robot decides about a test outside of its
# body is not the result that pytest tells.
# - A Suite Teardown that fails makes all tests of its suite fail in Robot ("2 tests, 0 passed, 2 failed"). pytest says "2 passed",
#   and its JUnit XML holds two test cases without a failure; the session ends with 3 and an INTERNALERROR whose message guesses
#   at "a robot error that occurred before any tests started". The message of the teardown is printed nowhere.
# - A test with the tag `robot:skip` is skipped in Robot. pytest collects it and begins it, and no report of it follows: it is not
#   in the counts, not in the JUnit XML, and a session of nothing else ends with 0.
# - Without typing_extensions, which it imports and does not ask for, an installed plugin ends each session of pytest here.
#
# Ends with 0 where it is still so, with 1 where it is not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check \
  pytest==9.2.0 pytest-robotframework==4.6.3 robotframework==7.5 </dev/null

cat >"$folder/restore.robot" <<'ROBOT'
*** Settings ***
Suite Teardown    Fail    the backup could not be restored

*** Test Cases ***
First
    Log    works

Second
    Log    works
ROBOT
cat >"$folder/left.robot" <<'ROBOT'
*** Test Cases ***
Left Out
    [Tags]    robot:skip
    Fail    not today
ROBOT

"$folder/venv/bin/python" -m pytest --collect-only >"$folder/version.txt" 2>&1 && { echo "changed: it needs nothing else" >&2; exit 1; }
grep -q "No module named 'typing_extensions'" "$folder/version.txt" || { echo "changed: it needs something else" >&2; exit 1; }
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check typing_extensions==4.15.0 </dev/null

expect() { # file, words
  grep -q -- "$2" "$folder/$1" || { echo "changed: $1 does not say: $2" >&2; exit 1; }
}
lacks() { # file, words
  grep -q -- "$2" "$folder/$1" && { echo "changed: $1 says: $2" >&2; exit 1; } || true
}
ended() { # exit code, name of its output, command
  local expected=$1 name=$2 code=0
  shift 2
  (cd "$folder" && venv/bin/python -m "$@" >"$name" 2>&1) || code=$?
  printf '%s: exit code %s, %s\n' "$name" "$code" "$(grep -E '[0-9]+ tests?,|passed|tests ran|collected 1' "$folder/$name" | tail -n 1)"
  [ "$code" = "$expected" ] || { echo "changed: not exit code $expected" >&2; exit 1; }
}
robot=(robot --output NONE --log NONE --report NONE)
pytest=(pytest -v -p no:cacheprovider --junitxml=report.xml)

ended 2 restore.robot.txt "${robot[@]}" restore.robot
expect restore.robot.txt "2 tests, 0 passed, 2 failed"
ended 3 restore.pytest.txt "${pytest[@]}" restore.robot
expect restore.pytest.txt "2 passed"
expect restore.pytest.txt "may have been caused by a robot error that occurred before any tests started"
lacks restore.pytest.txt "the backup could not be restored"
expect report.xml 'name="First" time="[0-9.]*" />'
expect report.xml 'name="Second" time="[0-9.]*" />'

ended 0 left.robot.txt "${robot[@]}" left.robot
expect left.robot.txt "1 test, 0 passed, 0 failed, 1 skipped"
ended 0 left.pytest.txt "${pytest[@]}" left.robot
expect left.pytest.txt "collected 1 item"
lacks report.xml "Left Out"
lacks left.pytest.txt "skipped"
echo "still so: a failed Suite Teardown leaves its tests passed, and a test that Robot skips has no result"
