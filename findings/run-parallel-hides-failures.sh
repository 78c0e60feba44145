#!/usr/bin/env bash
# pytest-run-parallel 0.10.0 on pytest 9.2.0, Python 3.11, `--parallel-threads=2`: two kinds of failures are lost.
# A test that raises a warning is passed. With `filterwarnings = error` (or `-W error`) a deprecated call raises, so that
# everything after it, the asserts too, never runs. Without the option the same test fails.
# A test that skips in one thread is skipped, also if it fails in the other: an AssertionError is printed nowhere.
# In both cases the session ends with 0.
#
# Ends with 0 where it is still so, with 1 where it is not. Source: wrap_function_parallel of pytest_run_parallel/plugin.py
# ("except Warning: pass", and a skip is raised before the errors).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check pytest==9.2.0 pytest-run-parallel==0.10.0 </dev/null

cat >"$folder/test_deprecated.py" <<'TESTS'
import warnings


def test_deprecated():
    warnings.warn("call the new function", DeprecationWarning)
    assert False, "never reached"
TESTS
cat >"$folder/test_skips.py" <<'TESTS'
import threading

import pytest

runs, lock = [], threading.Lock()


def test_skips_in_one_thread():
    with lock:
        runs.append(1)
        nth = len(runs)
    assert nth != 1, "the first thread fails"
    pytest.skip("the second thread leaves")
TESTS

expect() { # exit code, what the last line begins with, arguments of pytest
  local expected=$1 words=$2 code=0
  shift 2
  (cd "$folder" && venv/bin/python -m pytest -q -p no:cacheprovider "$@" >printed 2>&1) || code=$?
  printf '%s: exit code %s, %s\n' "$*" "$code" "$(tail -n 1 "$folder/printed")"
  if [ "$code" != "$expected" ] || ! tail -n 1 "$folder/printed" | grep -q "^$words"; then
    echo "changed: not exit code $expected with: $words" >&2
    exit 1
  fi
}

expect 1 "1 failed in" -W error test_deprecated.py
expect 0 "1 passed in" -W error --parallel-threads=2 test_deprecated.py
expect 1 "1 failed in" test_skips.py
expect 0 "1 skipped in" --parallel-threads=2 test_skips.py
grep -q "the first thread fails" "$folder/printed" && { echo "changed: the failure is printed" >&2; exit 1; }
echo "still so: in threads a raised warning is a pass, and a skip hides a failure"
