#!/usr/bin/env bash
# pytest-cases 3.10.1 and tavern 3.7.1 can be installed beside pytest 9.2.0, Python 3.11, and then no session of pytest in that
# environment starts: they fail while pytest loads them by their entry points, so that suites which do not use them do not run
# either, and `pytest --help` neither. pytest-cases calls IdMaker with an argument that it does not take any
# more, tavern imports `_pytest.python_api`, which is gone. Their metadata asks for pytest without an upper bound that excludes
# it. On pytest 9.0.2 the same session passes with each of them.
#
# Ends with 0 where it is still so, with 1 where it is not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf 'def test_sound():\n    pass\n' >"$folder/test_sound.py"

try() { # plugin, what is printed
  local name=${1%%=*} code=0
  python3 -m venv "$folder/$name"
  local python="$folder/$name/bin/python"
  session() { (cd "$folder" && "$python" -m pytest -q -p no:cacheprovider "$@" >printed 2>&1); }
  "$python" -m pip install -q --disable-pip-version-check pytest==9.0.2 "$1" </dev/null
  session test_sound.py || { echo "changed: $name fails on pytest 9.0.2" >&2; exit 1; }
  "$python" -m pip install -q --disable-pip-version-check pytest==9.2.0 "$1" </dev/null
  session test_sound.py || code=$?
  printf '%s: exit code %s, %s\n' "$name" "$code" "$(tail -n 1 "$folder/printed")"
  [ "$code" != 0 ] && grep -q "$2" "$folder/printed" || { echo "changed: not an error with: $2" >&2; exit 1; }
  if session --help; then echo "changed: --help works" >&2 && exit 1; fi
}
try pytest-cases==3.10.1 "IdMaker"
try tavern==3.7.1 "_pytest.python_api"
echo "still so: an installed plugin that nobody uses ends each session"
