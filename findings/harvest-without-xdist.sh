#!/usr/bin/env bash
# pytest-harvest 1.10.5 and pytest-robotframework 4.6.3 on pytest 9.2.0, Python 3.11: where pytest-xdist 3.8.0 is installed and switched
# off (`-p no:xdist`, as to debug), every session ends in an error of the plugin, with exit code 3 or 1, though
# neither is used and the suite is an empty test. Both take "can be imported" for "is loaded", and read options of xdist which
# nobody has registered then (`dist`, `numprocesses`). With xdist loaded, and without xdist installed, the same session passes.
#
# Ends with 0 where it is still so, with 1 where it is not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf 'def test_sound():\n    pass\n' >"$folder/test_sound.py"

try() { # plugin, option of xdist that it asks for
  local name=${1%%=*} code=0
  python3 -m venv "$folder/$name"
  local python="$folder/$name/bin/python"
  session() { (cd "$folder" && "$python" -m pytest -q -p no:cacheprovider "$@" test_sound.py >printed 2>&1); }
  "$python" -m pip install -q --disable-pip-version-check pytest==9.2.0 typing_extensions==4.15.0 "$1" </dev/null
  session || { echo "changed: $name fails without xdist" >&2; exit 1; }
  "$python" -m pip install -q --disable-pip-version-check pytest-xdist==3.8.0 </dev/null
  session || { echo "changed: $name fails with xdist" >&2; exit 1; }
  session -p no:xdist || code=$?
  printf '%s, -p no:xdist: exit code %s, %s\n' "$name" "$code" "$(grep -m 1 -E "$2" "$folder/printed")"
  [ "$code" != 0 ] && grep -qE "(AttributeError|ValueError).*$2" "$folder/printed" || { echo "changed: $name works" >&2; exit 1; }
}
try pytest-harvest==1.10.5 "dist"
try pytest-robotframework==4.6.3 "numprocesses"
echo "still so: an xdist that is installed and not loaded ends each session"
