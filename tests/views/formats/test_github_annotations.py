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


ACCEPTED = {"2/staging": State.ASSERTED, "4": State.FLAKY}


def accepting(*ids: str):
    """A report with two unproven requirements, of which these are accepted as they are."""
    states = dict.fromkeys(reports.ENDS, State.COMPLETE) | ACCEPTED
    return report([use_case(catalogue(["UC-003"]), "UC-003", states, status=Status.IN_PROGRESS, accepted=ids)])


def test_what_is_accepted_is_not_open() -> None:
    """What a review or the config accepts needs nobody any more; the rest does."""
    assert [message.partition(":")[0] for _, message in levels(accepting())] == [
        "UC-003/4 is FLAKY",
        "requirements of 1 use case that need evidence or a review",
    ]
    assert "1 ASSERTED" in levels(accepting("UC-003/4"))[0][1]
    assert levels(accepting("UC-003/4", "UC-003/2/staging")) == []


def test_a_ready_use_case_is_not_among_those_that_need_something() -> None:
    """The number of use cases is of those whose requirements are counted."""
    known = catalogue(["UC-001", "UC-002"])
    ready = use_case(known, "UC-001", dict.fromkeys(reports.ENDS, State.COMPLETE), status=Status.READY_FOR_GO_LIVE)
    (_, message), *_ = levels(report([ready, use_case(known, "UC-002")]))
    assert message.startswith("requirements of 1 use case that need evidence or a review: 8 MISSING")


def test_a_failing_test_is_one_annotation_whatever_it_is_evidence_for() -> None:
    """A test with eight requirements in two use cases leaves room for the other tests that fail."""
    built = reports.failing_tests({"a.py::test_many": reports.ENDS, "b.py::test_one": ("4", "5")}, ["UC-001", "UC-002"])
    messages = [message for level, message in levels(built) if level == "error"]
    assert len(messages) == 2
    assert messages[0].startswith("items 1/BYOK, 2/staging, 3/staging, 4, 5")
    assert "of UC-001, UC-002 are FAILING: " in messages[0]
    assert messages[1].startswith("items 4, 5 of UC-001, UC-002 are FAILING: b.py::test_one FAILED")
