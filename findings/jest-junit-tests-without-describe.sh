#!/usr/bin/env bash
# jest 30.5.2 with jest-junit 17.0.0, as it comes: tests that stand in no `describe`. The name of the suite is the JavaScript value
# `undefined` as a word, whatever the file is called; class name and name are the title with a blank before it; the file is named
# nowhere. Two tests with one title in two files, of which one fails, are two cases that differ in nothing but their result: whoever
# keeps results by class and name has one test that fails and passes in the same report.
#
# Needs npm. Ends with 0 where it is still so, with 1 where it is not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" jest@30.5.2 jest-junit@17.0.0 </dev/null

printf "test('adds', () => { expect(1).toBe(1); });\n" >"$folder/cart.test.js"
printf "test('adds', () => { expect(1).toBe(2); });\n" >"$folder/user.test.js"
code=0
(cd "$folder" && JEST_JUNIT_OUTPUT_FILE=report.xml node node_modules/jest/bin/jest.js --reporters=jest-junit >/dev/null 2>&1) ||
  code=$?
[ "$code" = 1 ] || { echo "changed: jest ends with $code" >&2; exit 1; }

python3 - "$folder/report.xml" <<'PYTHON'
import sys
from xml.etree import ElementTree

tree = ElementTree.parse(sys.argv[1])
suites = [suite.get("name") for suite in tree.iter("testsuite")]
cases = sorted((case.attrib["classname"], case.attrib["name"], len(case.findall("failure"))) for case in tree.iter("testcase"))
print("suites:", suites)
print("class name, name, failures:", cases)
files = "cart" in open(sys.argv[1]).read().split("<failure>")[0]
expected = ["undefined"] * 2, [(" adds", " adds", 0), (" adds", " adds", 1)]
sys.exit(0 if (suites, cases) == expected and not files else "changed")
PYTHON
echo "still so: two tests of two files have one name, and a suite called undefined"
