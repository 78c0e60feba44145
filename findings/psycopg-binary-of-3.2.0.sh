#!/usr/bin/env bash
# psycopg 3.2.0 (PyPI): its extra "binary" requires psycopg-binary==3.2.0.dev1, which is not there, though 3.2.0 is.
# `pip install 'psycopg[binary]==3.2.0'` finds no matching distribution. So "psycopg[binary]>=3.2" cannot be installed in its
# lowest version; 3.2.1 can.
#
# Needs pip. Ends with 0 where it is still so, with 1 where it is not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip() { "$folder/venv/bin/pip" -q --disable-pip-version-check "$@"; }

pip download --no-deps -d "$folder" psycopg==3.2.0 psycopg-binary==3.2.0
unzip -p "$folder"/psycopg-3.2.0-*.whl '*/METADATA' | grep '^Requires-Dist: psycopg-binary' | tee "$folder/required"
grep -q '==3\.2\.0\.dev1' "$folder/required" || { echo "changed: it requires another version" >&2; exit 1; }
pip install --dry-run 'psycopg[binary]==3.2.0' 2>"$folder/why" && { echo "changed: it can be installed" >&2; exit 1; }
grep 'No matching distribution' "$folder/why"
pip install --dry-run 'psycopg[binary]==3.2.1'
echo "still so: psycopg[binary]==3.2.0 cannot be installed"
