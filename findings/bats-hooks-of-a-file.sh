#!/usr/bin/env bash
# bats 1.13.0 (npm), `--report-formatter junit`: hooks of a file that fail. TAP, which the same command prints, tells both rightly.
# - teardown_file fails after a test that passed: TAP says "ok 1 adds" and "not ok 2 teardown_file failed"; the report has one
#   case, "adds", with the hook's message as its <failure>, in a suite that counts 2 tests. The test that passed has failed there.
# - setup_file fails, so that no test runs: the suite of the file has no case and counts 0 tests and 0 failures; the failure is a
#   case "setup_file failed" in another suite, "setup_suite", whatever the file is called. The tests themselves are nowhere.
# So a reader blames a sound test in the first case, and in the second does not learn which file the failure is of.
#
# Needs npm. Ends with 0 where it is still so, with 1 where it is not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder/npm" bats@1.13.0 </dev/null

printf 'teardown_file() { false; }\n@test "adds" { true; }\n' >"$folder/after.bats"
printf 'setup_file() { false; }\n@test "adds" { true; }\n@test "removes" { true; }\n' >"$folder/before.bats"
for name in after before; do
  mkdir "$folder/$name"
  bash "$folder/npm/node_modules/bats/bin/bats" --report-formatter junit -o "$folder/$name" "$folder/$name.bats" \
    >"$folder/$name/printed" 2>&1 && { echo "changed: $name.bats passes" >&2; exit 1; }
  grep -E '^(not )?ok' "$folder/$name/printed"
done
grep -q '^ok 1 adds' "$folder/after/printed" || { echo "changed: TAP does not say that the test passed" >&2; exit 1; }

python3 - "$folder" <<'PYTHON'
import sys
from pathlib import Path
from xml.etree import ElementTree

seen = {}
for name in ("after", "before"):
    suites = ElementTree.parse(Path(sys.argv[1], name, "report.xml")).iter("testsuite")
    seen[name] = [
        (suite.get("name"), suite.get("tests"), [(case.get("name"), len(case.findall("failure"))) for case in suite.iter("testcase")])
        for suite in suites
    ]
    print(name, seen[name])
expected = {
    "after": [("after.bats", "2", [("adds", 1)])],
    "before": [("before.bats", "0", []), ("setup_suite", "1", [("setup_file failed", 1)])],
}
sys.exit(0 if seen == expected else "changed")
PYTHON
echo "still so: the failure of a file's hook is a test's, or another suite's"
