#!/usr/bin/env bash
# pytest-playwright 0.10.0 on pytest 9.2.0, Python 3.11: a session that uses `page`, `context` or `browser_context_args` gets a
# PytestRemovedIn10Warning, "Session-scoped fixtures defined as instance methods are deprecated", for a fixture of the plugin itself
# (`base_url`). Where warnings are errors, as with `-W error` or `filterwarnings = error`, every such test is an error in its setup,
# though the project has no such fixture, and the message names none of its files.
# The plugin makes the fixture only where pytest-base-url is missing: with that installed there is no warning, and the test passes.
#
# Ends with 0 where it is still so, with 1 where it is not. Source: pytest_configure of pytest_playwright.py.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip=("$folder/venv/bin/python" -m pip install -q --disable-pip-version-check)
"${pip[@]}" pytest==9.2.0 playwright==1.65.2 pytest-playwright==0.10.0 </dev/null
cat >"$folder/test_page.py" <<'TEST'
def test_arguments_of_a_page(browser_context_args):
    assert browser_context_args == {}
TEST

expect() { # exit code, what is printed, arguments of pytest
  local expected=$1 words=$2 code=0
  shift 2
  (cd "$folder" && venv/bin/python -m pytest -q -p no:cacheprovider "$@" >printed 2>&1) || code=$?
  printf '%s: exit code %s, %s\n' "$*" "$code" "$(tail -n 1 "$folder/printed")"
  if [ "$code" != "$expected" ] || ! grep -qF "$words" "$folder/printed"; then
    echo "changed: not exit code $expected with: $words" >&2
    exit 1
  fi
}

expect 0 "in the 'base_url' fixture" test_page.py
expect 1 "PytestRemovedIn10Warning: Session-scoped" -W error test_page.py
"${pip[@]}" pytest-base-url==2.1.0 </dev/null
expect 0 "1 passed in" -W error test_page.py
echo "still so: the plugin's own fixture makes each test of a page an error where warnings are errors"
