"""README.md and index.html of a bundle: what they show, as a reader of Markdown and of HTML sees it."""

from __future__ import annotations

import json
import re

import pytest
from msgspec.structs import replace

from pytest_readiness.facts.decision import Departure, Retirement, Review, ReviewMeaning, RunRetirement, Unblock, Waiver
from pytest_readiness.facts.review_basis import ReviewBasis
from pytest_readiness.verdict.readiness import Phase, State, Status
from pytest_readiness.views.bundle_pages import overview_of, render_index, render_readme
from pytest_readiness.views.document import to_document
from tests.store.runs import blocker, review

from . import values
from .hostile import HOSTILE, dangers
from .sinks import MARKDOWN, Page

AT = {"register": "payments", "at": "2026-02-12T18:00:00.000Z"}


def overview(*decisions, text="Trace ingest", runs=(), statements=None, states=None, accepted=()):
    """Return the overview of a bundle with one use case."""
    catalogue = values.catalogue(["UC-003"], title=text)
    use_case = values.use_case(
        catalogue, "UC-003", states or {"4": State.COMPLETE}, status=Status.IN_PROGRESS, phase=Phase.COLLECTING,
        found=(values.evidence(),), accepted=accepted,
    )  # fmt: skip
    report = values.report([use_case])
    document = to_document(report)
    document["context"]["derived_by"] = "pytest-readiness 1.0"
    return overview_of(report, json.loads(json.dumps(document)), decisions, runs, statements or {})


def shown(text):
    """Return what a page shows, as text without markup."""
    page = MARKDOWN.render(text) if text.startswith("# ") else text
    return Page(page).text.replace("\u200b", "")


@pytest.mark.parametrize("render", [render_readme, render_index])
def test_both_show_who_decided_what_and_on_which_runs(render):
    """Decisions with person, identity and reason; use cases with the runs of their evidence; runs; how to verify."""
    run = values.summary()
    text = shown(render(overview(review(), blocker(), runs=[run], statements={run.id: 2})))
    for part in (
        "UC-001 approved for go-live", review().by, "UC-001 blocked", "self-declared", "not yet",
        "NOT ELIGIBLE: 0 of 1 ready, 1 in progress", "1/8", "IN_PROGRESS, COLLECTING", f"1 piece of evidence in {values.RUN}",
        run.id, run.actor, "verify_bundle.py", "It is not evidence", "pytest-readiness 1.0 derived this page",
    ):  # fmt: skip
        assert part in text, part


@pytest.mark.parametrize("render", [render_readme, render_index])
def test_what_is_accepted_or_waived_counts_as_in_every_other_output(render):
    """A use case that is ready does not look unfinished to an auditor."""
    states = {"4": State.COMPLETE, "5": State.ASSERTED, "7": State.ASSERTED, "1/BYOK": State.WAIVED}
    text = shown(render(overview(states=states, accepted=("UC-003/5", "UC-003/7"))))
    assert "3/8 +1w (1 of 8 requirements complete, 2 accepted as they are, 1 waived)" in text


def test_decisions_are_in_the_order_of_their_time_and_the_release_is_named():
    """Whatever their ids are, a reader sees what was decided first above what followed."""
    by = {"register": "payments", "by": "ana@example.com"}
    names = [f"UC-{number}" for number in range(1, 9)]
    decisions = [
        Unblock(**by, at=f"2026-02-1{number}T18:00:00.000Z", use_case=name, reason="done")
        for number, name in enumerate(names, 1)
    ]
    built = overview(*reversed(decisions))
    released = replace(built, report={**built.report, "context": {**built.report["context"], "release": "1.4"}})
    for render in (render_readme, render_index):
        text = shown(render(released))
        assert re.findall(r"(UC-\d) unblocked", text) == names
        assert " for release 1.4: NOT ELIGIBLE" in text


def test_every_kind_of_decision_has_words():
    """A page never shows the name of a class."""
    by = {**AT, "by": "ana@example.com"}
    decisions = [
        Review(**by, use_case="UC-1", meaning=ReviewMeaning.REJECTED, basis=ReviewBasis("sha256:1"), comment="no"),
        Waiver(**by, requirement="UC-2/1", reason="vendor", requested_by="bo", until="2026-03-01"),
        Unblock(**by, use_case="UC-3", reason="done"),
        Retirement(**by, test_id="t.py::test_a", reason="gone", replaced_by="t.py::test_b"),
        Departure(**by, use_case="UC-4", reason="dropped"),
        RunRetirement(**by, run_id="20260101T000000Z-00000001", reason="broken"),
    ]
    text = shown(render_index(overview(*decisions)))
    for part in (
        "UC-1 rejected", "UC-2/1 waived until 2026-03-01, requested by bo", "UC-3 unblocked",
        "test t.py::test_a retired, replaced by t.py::test_b", "use case UC-4, which left the register, released",
        "run 20260101T000000Z-00000001 set aside",
    ):  # fmt: skip
        assert part in text, part


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text_in_both(text):
    """Whatever a decision says, a page has no element of it, and a CI log that shows the source executes nothing."""
    hostile = overview(
        Unblock(**AT, by=text or "x", use_case="UC-001", reason=text or "x"),
        runs=[replace(values.summary(), actor=text)],
    )
    plain = overview(Unblock(**AT, by="x", use_case="UC-001", reason="x"), runs=[values.summary()])
    page, readme = render_index(hostile), render_readme(hostile)
    assert Page(page).tags == Page(render_index(plain)).tags
    assert Page(MARKDOWN.render(readme)).tags == Page(MARKDOWN.render(render_readme(plain))).tags
    for line in (*page.splitlines(), *readme.splitlines()):
        assert dangers(line) == []


def test_the_page_has_no_script_and_loads_nothing():
    """It works from a folder without a network, and says so to the browser."""
    page = Page(render_index(overview(review())))
    assert "script" not in page.tags
    names = {name for name, _ in page.attributes}
    assert names <= {"lang", "charset", "http-equiv", "content", "name", "scope"}
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def test_words_and_numbers_stay_legible_in_the_text_of_the_readme():
    """A person who opens the file in an editor reads times and ids as they are."""
    text = render_readme(overview(review()))
    assert f"| {review().at} | UC-001 approved for go-live " in text
