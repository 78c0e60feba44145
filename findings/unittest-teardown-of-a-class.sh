#!/usr/bin/env bash
# One unittest class whose two tests pass and whose tearDownClass fails, and four writers of JUnit XML (Python 3.11): each ends
# with exit code 1, and no two write the failure in one shape.
# - pytest 9.2.0: an <error> within the last test of the class; no case is added.
# - unittest-xml-reporting 4.0.0: a case "tearDownClass (test_books.Books)" without a class name, in a second file, whose suite is
#   "unittest.suite._ErrorHolder-..." and whose timestamp is of the year 1.
# - nose2 0.16.0: the name is parted at its last dot: class name "tearDownClass (test_books", name "Books)", timestamp 1970-01-01;
#   the suite counts 2 tests and has 3 cases.
# - green 4.0.2: a case with an empty name in the class, and no other word of tearDownClass but in the traceback.
# So whoever keeps results by the name of their test has one that nothing ever passes again, and two that look older than all.
#
# Ends with 0 where it is still so, with 1 where it is not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check \
  pytest==9.2.0 unittest-xml-reporting==4.0.0 nose2==0.16.0 green==4.0.2 </dev/null

mkdir "$folder/suite"
cat >"$folder/suite/test_books.py" <<'PYTHON'
import unittest


class Books(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        raise RuntimeError("the account could not be closed")

    def test_add(self):
        pass

    def test_remove(self):
        pass
PYTHON

ends() {
  (cd "$folder/suite" && "$folder/venv/bin/$1" "${@:2}" >/dev/null 2>&1) && echo 0 || echo $?
}
codes="$(ends python -m pytest -q -p no:cacheprovider --junitxml=../pytest.xml)"
codes+=" $(ends python -m xmlrunner -o ../xmlrunner test_books)"
codes+=" $(ends python -m nose2 --plugin nose2.plugins.junitxml --junit-xml --junit-xml-path ../nose2.xml)"
codes+=" $(ends green -j ../green.xml test_books.py)"
printf 'exit codes: %s\n' "$codes"
[ "$codes" = "1 1 1 1" ] || { echo "changed: the exit codes" >&2; exit 1; }

"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
from pathlib import Path
from xml.etree import ElementTree

folder = Path(sys.argv[1])
files = {name: [folder / f"{name}.xml"] for name in ("pytest", "nose2", "green")}
files["xmlrunner"] = sorted((folder / "xmlrunner").glob("*.xml"))
seen = {}
for name, paths in sorted(files.items()):
    cases = [case for path in paths for case in ElementTree.parse(path).iter("testcase")]
    (bad,) = [case for case in cases if case.find("error") is not None]
    seen[name] = (len(paths), len(cases), bad.get("classname"), bad.get("name"), (bad.get("timestamp") or "")[:4])
    print(f"{name}: %d file(s), %d cases, the error in classname=%r name=%r, year %r" % seen[name])
expected = {
    "green": (1, 3, "Books", "", ""),
    "nose2": (1, 3, "tearDownClass (test_books", "Books)", "1970"),
    "pytest": (1, 2, "test_books.Books", "test_remove", ""),
    "xmlrunner": (2, 3, "", "tearDownClass (test_books.Books)", "0001"),
}
sys.exit(0 if seen == expected else "changed")
PYTHON
echo "still so: four writers, four shapes of one failure"
