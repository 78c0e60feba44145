"""What people decided, in the JSON report, in the verdict and in the cause."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from pytest_readiness.errors import ConfigError
from pytest_readiness.facts.decision import Blocker, IdentityLevel, Retirement, Review as SignOff, ReviewMeaning, Waiver
from pytest_readiness.facts.review_basis import PinnedEvidence, PinnedRequirement, ReviewBasis
from pytest_readiness.verdict.readiness import (
    BlockerStanding,
    Phase,
    RetirementStanding,
    ReviewStanding,
    ReviewState,
    ReviewSummary,
    RuleResult,
    State,
    Status,
    WaiverStanding,
)
from pytest_readiness.views.decision_document import read_basis
from pytest_readiness.views.document import report_schema, to_document, to_json
from pytest_readiness.views.gate import render_verdict
from pytest_readiness.views.line_writer import plain_lines
from pytest_readiness.views.why import render_why
from tests.views import values
from tests.views.hostile import HOSTILE, dangers

MADE = {"register": "payments", "at": "2026-02-10T00:00:00.000Z"}
PIN = PinnedEvidence(
    f"{values.RUN}.5.1", "tests/test_trace.py::test_trace", values.NOW, "ci", "staging", None, ("trace",)
)
BASIS = ReviewBasis(
    "sha256:ba515", (PinnedRequirement("UC-003/4", "COMPLETE", (PIN,)), PinnedRequirement("UC-003/5", "WAIVED"))
)


def decided(text="vendor is late"):
    """Return a report with one of every decision, each with the text."""
    sign_off = SignOff(
        **MADE,
        by="qa",
        use_case="UC-003",
        meaning=ReviewMeaning.APPROVED_FOR_GO_LIVE,
        basis=BASIS,
        acknowledged=("UC-003/4",),
    )
    stranger = replace(sign_off, by="eve", known_by=IdentityLevel.GIT, release="1.4", acknowledged=())
    standings = (
        ReviewStanding(sign_off, ReviewState.SUSPECT, (f"it failed: {text}",)),
        ReviewStanding(stranger, ReviewState.NONE, ("eve is not a listed reviewer",)),
    )
    waiver = Waiver(**MADE, by="qa", requirement="UC-003/5", reason=text, requested_by="dev", until="2026-03-01")
    void = replace(waiver, requirement="UC-003/7")
    blocker = Blocker(**MADE, by="ops", use_case="UC-003", reason=text, due="2026-02-20", link="https://x.example/1")
    retired = Retirement(**MADE, by="qa", test_id="t::old", reason=text, replaced_by="t::new")
    use_case = values.use_case(
        values.catalogue(["UC-003"]),
        "UC-003",
        {"4": State.COMPLETE, "5": State.WAIVED},
        status=Status.BLOCKED,
        review=ReviewSummary(ReviewState.SUSPECT, 0, 1, ("qa",), "sha256:ba515", (f"it failed: {text}",), standings),
        blockers=(BlockerStanding(blocker, ("the unblock at noon does not count: eve is no reviewer",)),),
        waivers=(
            WaiverStanding(waiver, "2026-03-01", used=True),
            WaiverStanding(void, "2026-02-01", void="it expired after 2026-02-01"),
        ),
        retirements=(RetirementStanding(retired), RetirementStanding(replace(retired, test_id="t::b"), "eve may not")),
        make_basis=lambda: BASIS,
    )
    return values.report([use_case])


def lines(found):
    """Return what a terminal shows, on one line."""
    return " ".join(plain_lines(found).split())


def test_the_document():
    """Every decision stands in the document with its keys, as the schema has them."""
    report = decided()
    report = replace(report, verdict=replace(report.verdict, regression=RuleResult("no regression", True, 3, "fine")))
    document = to_document(report)
    Draft202012Validator(report_schema()).validate(document)
    use_case = document["use_cases"][0]
    review, eve = use_case["review"]["reviews"]
    assert (review["by"], review["state"], review["acknowledged"]) == ("qa", "SUSPECT", ["UC-003/4"])
    assert (eve["state"], eve["known_by"], eve["release"]) == ("NONE", "git", "1.4")
    assert use_case["review"]["why"] == ["it failed: vendor is late"]
    (blocker,) = use_case["blockers"]
    assert (blocker["owner"], blocker["since"], blocker["due"]) == ("ops", MADE["at"], "2026-02-20")
    assert [(one["used"], one["void"]) for one in use_case["waivers"]] == [
        (True, None),
        (False, "it expired after 2026-02-01"),
    ]
    assert [one["void"] for one in use_case["retirements"]] == [None, "eve may not"]
    assert document["verdict"]["regression"]["passed"] is True


def test_a_basis_is_read_back():
    """What a JSON report says that a review rests on, is what would be signed."""
    document = json.loads(to_json(decided()))
    assert read_basis(document["use_cases"][0]) == BASIS


@pytest.mark.parametrize(
    "broken",
    [
        None,
        {},
        {"review": {"basis": {"digest": "x"}}},
        {"review": {"basis": {"digest": 1, "requirements": []}}},
        {"review": {"basis": {"digest": "x", "requirements": [{"requirement": "a", "state": "COMPLETE"}]}}},
        {"review": {"basis": {"digest": "x", "requirements": [{"requirement": "a", "state": 1, "pins": []}]}}},
        {"review": {"basis": {"digest": "x", "requirements": 7}}},
    ],
)
def test_a_basis_that_cannot_be_signed(broken):
    """A report that does not hold a whole basis is an error, and not an empty basis."""
    with pytest.raises(ConfigError, match="JSON report"):
        read_basis(broken)


def test_the_verdict_tells_every_exception():
    """The verdict names who waived, retired or blocked what and why, and what of it does not hold."""
    output = lines(render_verdict(decided(), 100))
    for text in (
        "waived: UC-003/5 until 2026-03-01 by qa for dev: vendor is late",
        "void waiver: UC-003/7: it expired after 2026-02-01",
        "retired: t::old by qa, replaced by t::new: vendor is late",
        "void retirement: t::b by qa: eve may not",
        "blocked by ops since 2026-02-10T00:00:00.000Z, due 2026-02-20: vendor is late (https://x.example/1)",
        "the unblock at noon does not count",
        "review SUSPECT: it failed: vendor is late",
    ):
        assert text in output


def test_the_cause_tells_every_review():
    """Why a use case stands where it stands names each review, what it is worth and why it does not count."""
    output = lines(render_why(decided(), "UC-003", None, 100))
    assert "APPROVED_FOR_GO_LIVE by qa (identity: self-declared)" in output
    assert "acknowledging UC-003/4: SUSPECT" in output
    assert "for release 1.4: does not count eve is not a listed reviewer" in output
    assert "blocked by ops" in output
    assert "void waiver: UC-003/7" in output


def test_use_cases_that_are_blocked_for_other_reasons_are_told_apart():
    """Two use cases that stand alike but for the reason of their blocker are not told as one."""
    catalogue = values.catalogue(["UC-001", "UC-002"])
    both = [
        values.use_case(
            catalogue,
            name,
            status=Status.IN_PROGRESS,
            phase=Phase.COLLECTING,
            blockers=(BlockerStanding(Blocker(**MADE, by="ops", use_case=name, reason=f"reason of {name}")),),
        )
        for name in ("UC-001", "UC-002")
    ]
    output = lines(render_verdict(values.report(both, actions=[]), 100))
    assert "reason of UC-001" in output
    assert "reason of UC-002" in output


def test_no_regression_is_told_as_a_rule():
    """Where an earlier report was asked about, the verdict tells that rule with the others."""
    report = decided()
    assert "no regression" not in lines(render_verdict(report, 100))
    report = replace(report, verdict=replace(report.verdict, regression=RuleResult("no regression", False, 3, "worse")))
    assert "no regression (3 states checked): worse" in lines(render_verdict(report, 100))


@pytest.mark.parametrize("text", [text for text in HOSTILE if "\ud800" not in text])
def test_hostile_decisions_do_no_harm(text):
    """What people write reaches a terminal and a JSON reader without anything that would be executed."""
    report = decided(text)
    assert dangers(plain_lines(render_verdict(report, 80))) == []
    assert dangers(plain_lines(render_why(report, "UC-003", None, 80))) == []
    assert dangers(to_json(report)) == []
