"""Code quality for GitLab, checked against the fields that GitLab documents."""

from __future__ import annotations

import json

from msgspec.structs import replace

from pytest_readiness.facts.decision import Blocker
from pytest_readiness.facts.evidence import Result
from pytest_readiness.verdict.readiness import BlockerStanding, State, Status
from pytest_readiness.views.formats.gitlab_codequality import render
from pytest_readiness.views.report import Report, SourceLocation, SourceLocations
from tests.views.formats import reports
from tests.views.hostile import HOSTILE, dangers
from tests.views.values import NOW, catalogue, evidence, report, use_case

SEVERITIES = {"info", "minor", "major", "critical", "blocker"}
REQUIRED = {"description", "check_name", "fingerprint", "severity", "location"}
"""https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format"""


def issues(built: Report) -> list[dict]:
    """The issues, each with GitLab's fields."""
    listed = json.loads("".join(render(built)))
    for issue in listed:
        assert issue.keys() == REQUIRED
        assert all(isinstance(issue[name], str) and issue[name] for name in REQUIRED - {"location"})
        assert issue["severity"] in SEVERITIES
        assert issue["location"].keys() == {"path", "lines"}
        assert issue["location"]["path"]
        assert not issue["location"]["path"].startswith(("/", "./"))
        assert issue["location"]["lines"]["begin"] >= 1
    assert len({issue["fingerprint"] for issue in listed}) == len(listed)
    return listed


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
    """Another message is the same issue, so that a merge request shows what it changed."""
    before, after = (issues(failing("a.py::test_a", "b", why=why)) for why in ("one", "two"))
    assert [issue["fingerprint"] for issue in before] == [issue["fingerprint"] for issue in after]
    assert before[0]["description"] != after[0]["description"]


def test_two_blockers_of_a_use_case_are_two_issues() -> None:
    """Their fingerprints differ, although nothing but their words tells them apart."""
    blockers = tuple(
        BlockerStanding(Blocker(register="payments", at=NOW, by="ben@example.com", use_case="UC-003", reason=reason))
        for reason in ("the provider is down", "no rollback plan")
    )
    blocked = use_case(catalogue(["UC-003"]), "UC-003", status=Status.BLOCKED, blockers=blockers)
    shown = [issue for issue in issues(report([blocked])) if issue["check_name"] == "readiness-blocker"]
    assert [issue["description"].rpartition(": ")[2] for issue in shown] == ["the provider is down", "no rollback plan"]


def test_each_state_has_its_severity() -> None:
    """What blocks is a blocker, what is unclear is critical or major, and work that is open is minor."""
    severities = {
        issue["check_name"].removeprefix("readiness-"): issue["severity"] for issue in issues(reports.every_outcome())
    }
    assert severities == {
        "failing": "blocker", "blocker": "blocker", "interrupted": "critical", "flaky": "major", "missing": "minor",
        "rehearsed": "minor", "stale": "minor", "asserted": "info", "waived": "info",
    }  # fmt: skip


def test_hostile_text_is_harmless_in_it() -> None:
    """The common corpus as test ids and messages: one document, and nothing for a terminal or a log to obey."""
    for text in HOSTILE:
        built = failing(text, f"{text}2", why=text)
        assert dangers("".join(render(built))) == [], text
        assert [issue["severity"] for issue in issues(built)[:2]] == ["blocker", "blocker"]


def test_a_failing_test_is_one_issue_and_what_is_accepted_is_none() -> None:
    """Ten requirements of one test are no ten faults, and the issue is the same when the test gets another one."""
    few, many = (
        reports.failing_tests({"a.py::test_a": ends}, ["UC-001", "UC-002"])
        for ends in (("1/BYOK", "4"), ("4", "5", "7"))
    )
    before, after = (
        [issue for issue in issues(built) if issue["check_name"] == "readiness-failing"] for built in (few, many)
    )
    assert len(before) == len(after) == 1
    assert before[0]["fingerprint"] == after[0]["fingerprint"]
    states = dict.fromkeys(reports.ENDS, State.COMPLETE) | {"4": State.ASSERTED}
    for accepted, number in (((), 1), (("UC-003/4",), 0)):
        built = use_case(catalogue(["UC-003"]), "UC-003", states, status=Status.IN_PROGRESS, accepted=accepted)
        assert len(issues(report([built]))) == number
