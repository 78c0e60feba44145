"""Code quality for GitLab, checked against the fields that GitLab documents."""

from __future__ import annotations

import json

from msgspec.structs import replace

from pytest_readiness.facts.evidence import Result
from pytest_readiness.verdict.readiness import State, Status
from pytest_readiness.views.formats.gitlab_codequality import render
from pytest_readiness.views.report import Report, SourceLocation, SourceLocations
from tests.views.hostile import HOSTILE, dangers
from tests.views.values import catalogue, evidence, report, use_case

SEVERITIES = {"info", "minor", "major", "critical", "blocker"}
REQUIRED = {"description", "check_name", "fingerprint", "severity", "location"}
"""https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format"""


def issues(built: Report) -> list[dict]:
    """The issues, each with GitLab's fields."""
    told = json.loads("".join(render(built)))
    for issue in told:
        assert issue.keys() == REQUIRED
        assert all(isinstance(issue[name], str) and issue[name] for name in REQUIRED - {"location"})
        assert issue["severity"] in SEVERITIES
        assert issue["location"].keys() == {"path", "lines"}
        assert issue["location"]["path"]
        assert not issue["location"]["path"].startswith(("/", "./"))
        assert issue["location"]["lines"]["begin"] >= 1
    assert len({issue["fingerprint"] for issue in told}) == len(told)
    return told


def failing(*tests: str, why: str = "") -> Report:
    """A report whose UC-003/4 fails by these tests."""
    pieces = tuple(
        evidence(id=f"r.{n}.1", test_id=test, result=Result.FAILED, message=why) for n, test in enumerate(tests)
    )
    built = use_case(catalogue(["UC-003"]), "UC-003", {"4": State.FAILING}, status=Status.BLOCKED, found=pieces)
    items = tuple(
        replace(item, requirements=tuple(replace(need, deciding=need.evidence) for need in item.requirements))
        for item in built.items
    )
    places = SourceLocations(
        {"a.py::test_a": SourceLocation("tests/a.py", 7)}, {"UC-003": SourceLocation("TRACKER.md", 12)}
    )
    return replace(report([replace(built, items=items)]), locations=places)


def test_what_fails_stands_at_its_test_and_what_is_missing_at_its_row() -> None:
    """The worst comes first; each has the place where somebody must look."""
    first, *others = issues(failing("a.py::test_a"))
    assert (first["severity"], first["check_name"]) == ("blocker", "readiness-failing")
    assert first["location"] == {"path": "tests/a.py", "lines": {"begin": 7}}
    assert len(others) == 7
    assert {(issue["severity"], issue["location"]["path"]) for issue in others} == {("minor", "TRACKER.md")}
    assert issues(report([])) == []


def test_a_fingerprint_is_of_the_test_and_not_of_its_words() -> None:
    """Another message is the same issue, so that a merge request shows what it changed; each test has its own."""
    before, after = (issues(failing("a.py::test_a", "b", why=why)) for why in ("one", "two"))
    assert [issue["fingerprint"] for issue in before] == [issue["fingerprint"] for issue in after]
    assert before[0]["description"] != after[0]["description"]


def test_hostile_text_is_harmless_in_it() -> None:
    """The common corpus as test ids and messages: one document, and nothing for a terminal or a log to obey."""
    for text in HOSTILE:
        built = failing(text, f"{text}2", why=text)
        assert dangers("".join(render(built))) == [], text
        assert [issue["severity"] for issue in issues(built)[:2]] == ["blocker", "blocker"]
