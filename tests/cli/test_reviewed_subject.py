"""Reviews bound to what ships: they count for the digests that the reviewer signed."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from pytest_readiness.views.document import report_schema
from tests.cli.subjects import NEW, OLD, RELEASE, REQUIRED, WEB, gate
from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, BEN, REVIEW, TESTS, approve, decided, record, repository, status

pytestmark = pytest.mark.slow


def test_a_review_is_for_its_digests(project: Project) -> None:
    """It is kept with them, and is suspect where others are judged."""
    decided(project, REQUIRED)
    for digest in (OLD, NEW):
        record(project, f"--readiness-subject=api={digest}")
    said = approve(project, "--subject", f"api={OLD}").output
    assert f"UC-001 APPROVED_FOR_GO_LIVE for api {OLD[:19]}..." in said
    judged = ("--on", "review", "--subject")
    assert gate(project, *judged, f"api={OLD}", expected=0)
    said = gate(project, *judged, f"api={NEW}", expected=1)
    assert f"it was made for api {OLD[:19]}..., judged is api {NEW[:19]}..." in said
    Draft202012Validator(report_schema()).validate(project.report())
    (review,) = json.loads(project.cli("why", "UC-001", "--json").stdout)["use_case"]["review"]["reviews"]
    assert review["subjects"] == [{"name": "api", "digest": OLD}]


def test_a_review_without_digests_is_for_none(project: Project) -> None:
    """One that was made while the config ignored them does not count once they are asked for."""
    decided(project)
    record(project, f"--readiness-subject=api={OLD}")
    project.monkeypatch.setenv("READINESS_SUBJECT", f"api={OLD}")
    approve(project)
    assert gate(project, "--on", "review", expected=0)
    said = gate(project, "--on", "review", "--subject", f"api={OLD}", expected=1)
    assert f"it was made for no subject, judged is api {OLD[:19]}..." in said


def test_a_review_of_both_covers_one_and_not_the_other_way_round(project: Project) -> None:
    """Each judged digest is one that the reviewer signed."""
    decided(project, REQUIRED)
    record(project, f"--readiness-subject=api={OLD}", f"--readiness-subject=web={WEB}")
    approve(project, "--subject", f"api={OLD}")
    both = ("--subject", f"api={OLD}", "--subject", f"web={WEB}")
    assert gate(project, "--on", "review", *both, expected=1)
    approve(project, *both)
    assert gate(project, "--on", "review", *both, expected=0)
    assert gate(project, "--on", "review", "--subject", f"web={WEB}", expected=0)


def test_a_review_for_any_digest(project: Project) -> None:
    """With ``[review] subject = "any"`` it holds for others while nothing makes it suspect."""
    anything = CONFIG + REVIEW + 'subject = "any"\n' + REQUIRED
    project.configured(anything).tests(TESTS)
    record(project, f"--readiness-subject=api={OLD}")
    approve(project, "--subject", f"api={OLD}")
    record(project, f"--readiness-subject=api={NEW}")
    judged = ("--on", "review", "--subject", f"api={NEW}")
    assert gate(project, *judged, expected=0)
    assert '[review] subject = "any"' in gate(project, *judged, expected=0)
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, f"--readiness-subject=api={NEW}")
    project.monkeypatch.delenv("PROVIDER")
    record(project, f"--readiness-subject=api={NEW}")
    assert "FAILED" in gate(project, *judged, expected=1)  # a failure that the reviewer has not seen
    assert gate(project, "--on", "review", "--subject", f"api={OLD}", expected=0)


def test_a_weaker_rule_than_the_signed_one_voids_the_review(project: Project) -> None:
    """``required`` to ``ignore``, and ``same`` to ``any``; the way back voids nothing."""
    decided(project, REQUIRED)
    record(project, f"--readiness-subject=api={OLD}")
    project.monkeypatch.setenv("READINESS_SUBJECT", f"api={OLD}")
    approve(project)
    assert status(project)[0] == "READY_FOR_GO_LIVE"
    project.configured(CONFIG + REVIEW)
    assert status(project) == ("IN_PROGRESS", "REVIEW_SUSPECT")
    assert '[gate] subject was "required" when it was signed' in project.cli("why", "UC-001").output
    project.configured(CONFIG + REVIEW + 'subject = "any"\n' + REQUIRED)
    assert status(project) == ("IN_PROGRESS", "REVIEW_SUSPECT")
    assert '[review] subject was "same" when it was signed' in project.cli("why", "UC-001").output
    approve(project, by=BEN)
    project.configured(CONFIG + REVIEW + REQUIRED)
    assert status(project)[0] == "READY_FOR_GO_LIVE"


def test_a_digest_is_not_approved_in_advance(project: Project) -> None:
    """An approval of a digest that nothing was recorded for is refused."""
    decided(project)
    said = approve(project, "--subject", f"api={NEW}", expected=1).output
    assert "refused" in said


def test_a_release_is_reviewed_as_its_digests(project: Project) -> None:
    """The review has them, and counts for the release and for each of them."""
    decided(project, RELEASE)
    record(project, f"--readiness-subject=api={OLD}", f"--readiness-subject=web={WEB}")
    approve(project, "--release", "2.0")
    assert gate(project, "--on", "review", "--release", "2.0", expected=0)
    assert gate(project, "--on", "review", "--subject", f"web={WEB}", expected=0)
    assert gate(project, "--on", "review", "--subject", f"web={NEW}", expected=1)


def test_a_report_from_ci_is_reviewed_for_its_digests(project: Project) -> None:
    """``--from`` signs the digests that the report was made for, and refuses others."""
    project = repository(project, ANA)
    project.configured('decisions = "decisions"\n' + CONFIG + REVIEW + REQUIRED).tests(TESTS)
    record(project, f"--readiness-subject=api={OLD}")
    made = project.cli("report", "--format", "json", "--subject", f"api={OLD}", "-o", "report.json")
    assert made.exit_code == 0, made.output
    refused = approve(project, "--from", "report.json", "--subject", f"api={NEW}", expected=1)
    assert f"made for api {OLD[:19]}..., judged is api {NEW[:19]}..." in " ".join(refused.output.split())
    approve(project, "--from", "report.json")
    (decision,) = [json.loads(path.read_text()) for path in (project.path / "decisions").glob("*.json")]
    assert decision["subjects"] == {"api": OLD}
