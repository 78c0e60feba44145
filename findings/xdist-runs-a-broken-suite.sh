#!/usr/bin/env bash
# pytest 9.2.0 with pytest-xdist 3.8.0, Python 3.11: a module that cannot be imported stops the session when pytest runs alone:
# no test runs, exit code 2 ("interrupted"). Under `-n 2` the same suite runs all other tests, and ends with exit code 1 ("tests
# failed"). Which tests of a broken suite run, and whether a CI step that tells 2 from 1 sees that it was never collected whole,
# depends on whether it runs in parallel.
#
# Ends with 0 where it is still so, with 1 where it is not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check pytest==9.2.0 pytest-xdist==3.8.0 </dev/null

printf 'import no_such_module_of_ours\n\n\ndef test_never():\n    pass\n' >"$folder/test_broken.py"
printf 'def test_sound():\n    pass\n' >"$folder/test_sound.py"

code() {
  (cd "$folder" && venv/bin/python -m pytest -q -p no:cacheprovider "$@" >"$folder/printed" 2>&1) && echo 0 || echo $?
}
alone=$(code)
grep -q passed "$folder/printed" && { echo "changed: a test ran alone" >&2; exit 1; }
printf 'alone: exit code %s, %s\n' "$alone" "$(tail -n 1 "$folder/printed")"
shared=$(code -n 2)
grep -q "1 passed" "$folder/printed" || { echo "changed: no test ran with -n 2" >&2; exit 1; }
printf 'with -n 2: exit code %s, %s\n' "$shared" "$(tail -n 1 "$folder/printed")"

[ "$alone" = 2 ] && [ "$shared" = 1 ] || { echo "changed: $alone alone, $shared with -n 2" >&2; exit 1; }
echo "still so: the same broken suite is 2 alone, with no test run, and 1 under xdist, with the others run"
