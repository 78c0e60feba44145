"""What a session says of each test, what the store has of it, and the differences."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from .workshop import Place, collected, environ

RECORDED = """
import json
from pathlib import Path
from pytest_readiness.store.address import open_store
store = open_store("sqlite:///.readiness/evidence.db", Path("."), create=False)
runs = [store.run(summary.id) for summary in store.runs()]
print(json.dumps([[piece.test_id, piece.result.value] for run in runs for piece in run.evidence()]))
"""
_RESULTS = {"failure": "FAILED", "error": "ERROR", "pytest.skip": "SKIPPED", "pytest.xfail": "XFAILED"}
_WORST = ("FAILED", "ERROR", "XFAILED", "SKIPPED", "PASSED")

Case = tuple[str, str, str]
"""Class, name and result of a case in a JUnit XML report."""


def cases(report: Path) -> Counter[Case]:
    """Return each case of a report, with its number: several may have one name."""
    found: Counter[Case] = Counter()
    for case in ET.parse(report).iter("testcase"):
        results = [_RESULTS[_kind(child)] for child in case if child.tag in ("failure", "error", "skipped")]
        result = min(results, key=_WORST.index, default="PASSED")
        found[case.get("classname", ""), case.get("name", ""), result] += 1
    return found


def _kind(child: ET.Element) -> str:
    """Return the kind of an outcome; a module that is skipped as a whole has no type."""
    return child.get("type", "pytest.skip") if child.tag == "skipped" else child.tag


def recorded(place: Place, build: Path) -> list[tuple[str, str]]:
    """Return name and result of each piece of evidence in the store."""
    done = subprocess.run(
        [str(place.python), "-c", RECORDED],
        cwd=place.folder,
        env=environ([build]),
        capture_output=True,
        text=True,
        check=True,
    )
    return [(test, result) for test, result in json.loads(done.stdout)]


def case_of(nodeid: str) -> tuple[str, str]:
    """Return class and name that a JUnit XML report has for a node id."""
    names, bracket, parameters = nodeid.partition("[")
    path, *classes, function = names.split("::")
    return ".".join((path.removesuffix(".py").replace("/", "."), *classes)), f"{function}{bracket}{parameters}"


def differences(place: Place, before: Counter[Case], after: Counter[Case]) -> Iterator[str]:
    """Yield how the outcomes of a session with the plugin differ from those without it."""
    if before != after:
        yield f"{place.suite.name}: without {_few(before - after)}, with {_few(after - before)}"


def unrecorded(place: Place, outcomes: Counter[Case], pieces: list[tuple[str, str]]) -> Iterator[str]:
    """Yield what is not recorded as it happened: each collected test once, with its outcome."""
    results: dict[tuple[str, str], str] = {}
    for classname, name, result in outcomes:
        worst = min(result, results.get((classname, name), result), key=_WORST.index)
        results[classname, name] = worst
    wanted = Counter((nodeid, results.get(case_of(nodeid), "in no report")) for nodeid in collected(place))
    found = Counter(pieces)
    missing, more = wanted - found, found - wanted
    if Counter(result for _, result in missing.elements()) != Counter(result for _, result in more.elements()):
        yield f"{place.suite.name}: not recorded {_few(missing)}, recorded {_few(more)}"


def renamed(place: Place, pieces: list[tuple[str, str]]) -> int:
    """Return how many tests have another name in the store, because a part of it may be a secret."""
    names = set(collected(place))
    return sum(test not in names for test, _ in pieces)


def _few(found: Counter[object] | Counter[Case] | Counter[tuple[str, str]]) -> str:
    return f"{found.total()}: {list(found)[:3]}" if found else "nothing"
