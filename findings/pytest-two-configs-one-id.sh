#!/usr/bin/env bash
# pytest 9.2.0, Python 3.11: `pytest api web`, where each of the two folders has a pytest.ini and none lies above them. The rootdir
# is then `api`, the first argument's, and a test outside the rootdir is named from its argument: web/test_health.py::test_answers
# gets the id test_health.py::test_answers, which is the id of api's test, too, and pytest prints both as
# api/test_health.py::test_answers. A file of web that is itself an argument gets no path at all: its test is ::test_answers,
# printed as api::test_answers, and so is a test of that name in another such file. `pytest web api` prints both tests as web's.
#
# What follows:
# - JUnit XML holds two test cases of one name and class name, one passed and one failed; of a file argument the class name is "".
# - If web's test fails, `--last-failed` runs api's in its place, passes with exit code 0, and forgets the failure.
# - If api's fails and web's, which runs later, passes, the failure is not remembered at all.
# - `--deselect` with the id leaves out both; with web's path it leaves out none.
#
# (With the default import mode, two modules of one name are an error already; importlib is what pytest advises for new projects.)
# Ends with 0 where it is still so, with 1 where it is not. The cause is known: pytest's issue 11245, and 9703 for `-c`.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check pytest==9.2.0 </dev/null

mkdir "$folder/api" "$folder/web"
printf '[pytest]\naddopts = --import-mode=importlib\n' | tee "$folder/api/pytest.ini" >"$folder/web/pytest.ini"
passing='def test_answers():\n    pass\n'
failing='def test_answers():\n    assert False\n'

write() { # the body of api's test, then of web's
  rm -rf "$folder"/*/.pytest_cache
  printf '%b' "$1" >"$folder/api/test_health.py"
  printf '%b' "$2" >"$folder/web/test_health.py"
}
run() {
  code=0
  (cd "$folder" && venv/bin/python -m pytest -v --tb=no "$@" >printed 2>&1) || code=$?
}
expect() { # how often a pattern is there, and in which file
  [ "$(grep -oE "$2" "$folder/$3" | wc -l)" -eq "$1" ] || { echo "changed: not $1 times in $3: $2" >&2; exit 1; }
}
ended() { # exit code and last line
  [ "$code" = "$1" ] || { echo "changed: exit code $code, not $1" >&2; exit 1; }
  expect 1 "=+ $2 in " printed
}

write "$passing" "$failing"
run --junitxml=report.xml api web
grep '::' "$folder/printed"
ended 1 "1 failed, 1 passed"
expect 1 '^api/test_health.py::test_answers PASSED' printed
expect 1 '^api/test_health.py::test_answers FAILED' printed
expect 0 'web/' printed
expect 2 '<testcase classname="test_health" name="test_answers"' report.xml
run --last-failed api web
printf -- '--last-failed, after a failure of web: exit code %s, %s\n' "$code" "$(grep '::' "$folder/printed")"
ended 0 "1 passed"
[ ! -s "$folder/api/.pytest_cache/v/cache/lastfailed" ] || expect 0 'test_answers' api/.pytest_cache/v/cache/lastfailed

run --deselect=test_health.py::test_answers api web
ended 5 "2 deselected"
run --deselect=web/test_health.py::test_answers api web
ended 1 "1 failed, 1 passed"
run web api
ended 1 "1 failed, 1 passed"
expect 1 '^web/test_health.py::test_answers PASSED' printed
expect 1 '^web/test_health.py::test_answers FAILED' printed

write "$failing" "$passing"
run api web
ended 1 "1 failed, 1 passed"
run --last-failed api web
printf -- '--last-failed, after a failure of api: %s\n' "$(grep 'run-last-failure' "$folder/printed")"
expect 1 'run-last-failure: no previously failed tests' printed

write "$passing" "$failing"
cp "$folder/api/test_health.py" "$folder/web/test_speed.py"
run --junitxml=report.xml api/test_health.py web/test_health.py web/test_speed.py
grep '::' "$folder/printed"
ended 1 "1 failed, 2 passed"
expect 1 '^api::test_answers FAILED' printed
expect 1 '^api::test_answers PASSED' printed
expect 2 '<testcase classname="" name="test_answers"' report.xml
expect 1 '"::test_answers"' api/.pytest_cache/v/cache/nodeids
echo "still so: tests outside the rootdir share the ids of others, and a failure among them is forgotten"
