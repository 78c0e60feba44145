"""Annotations of GitHub: what is an error, what is a warning, and what is not said of an eligible report."""

from __future__ import annotations

from msgspec.structs import replace

from pytest_readiness.verdict.readiness import ReviewState, ReviewSummary, State, Status
from pytest_readiness.views.formats.github_annotations import render_annotations
from tests.views.formats import reports
from tests.views.sinks import Runner
from tests.views.values import catalogue, report, use_case


def levels(built) -> list[tuple[str, str]]:
    """Return the level and the message of each annotation, as GitHub reads them."""
    commands = Runner.reads("\n".join(render_annotations(built))).commands
    return [(name, message) for name, _, message in commands]


def test_an_eligible_report_has_none() -> None:
    """What the policy accepts keeps nobody from going live."""
    built = reports.every_outcome()
    assert levels(built)
    assert levels(replace(built, verdict=replace(built.verdict, eligible=True))) == []


def test_a_review_that_is_suspect_and_a_flaky_pass_are_warnings() -> None:
    """Nothing failed, and somebody must look again; what is interrupted may have failed."""
    review = ReviewSummary(ReviewState.SUSPECT, 0, 1, ("ana",), "sha256:ba515", why=("a test failed",))
    states = {"4": State.FLAKY, "5": State.INTERRUPTED}
    built = use_case(catalogue(["UC-003"]), "UC-003", states, status=Status.IN_PROGRESS, review=review)
    shown = [(name, message.partition(":")[0]) for name, message in levels(report([built]))]
    assert shown[:3] == [
        ("error", "UC-003/5 is INTERRUPTED"),
        ("warning", "UC-003/4 is FLAKY"),
        ("warning", "UC-003 needs another review"),
    ]
