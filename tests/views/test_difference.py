"""Difference of two evaluations: the order of its changes, and what each of its texts shows of them."""

from __future__ import annotations

from pytest_readiness.verdict.changes import Change
from pytest_readiness.views.difference import (
    ComparedSide,
    Difference,
    render_annotations,
    render_difference,
    render_markdown,
)
from pytest_readiness.views.line_writer import plain_lines

CHANGES = (
    Change("UC-1", "IN_PROGRESS", "BLOCKED", because="blocked by ben@example.com"),
    Change("UC-2", "READY_FOR_GO_LIVE", "BLOCKED", because="item 4 failed", evidence="r.1.1"),
    Change("UC-2", "COMPLETE", "FAILING", "UC-2/4", "failed", "r.1.1"),
    Change("UC-3", "PASSED", "", "UC-3/4", "is gone", test="t.py::test_a"),
    Change("UC-4", "MISSING", "COMPLETE", "UC-4/4", "passed", "r.2.1"),
    Change("UC-5", "IN_PROGRESS", "READY_FOR_GO_LIVE", because="review: approved by ana@example.com"),
)
DIFFERENCE = Difference(
    "payments",
    ComparedSide("a.json", "report", "", 1, 5),
    ComparedSide("now", "now", "2026-02-12T18:29:00.000Z", 1, 5),
    CHANGES,
    {"r.1.1": "t.py::test_b"},
)


def test_what_is_no_longer_ready_stands_first_then_what_is_worse() -> None:
    """In the Markdown table; what got better follows."""
    rows = [line.split(" | ")[0].removeprefix("| ") for line in "".join(render_markdown(DIFFERENCE)).splitlines()[7:]]
    assert rows == ["UC-2", "UC-2/4", "UC-1", "UC-3/4 t.py&#58;&#58;test_a", "UC-4/4", "UC-5"]


def test_use_cases_and_what_is_worse_are_annotated() -> None:
    """A requirement that got better is no annotation of its own."""
    lines = [line.split("::", 2)[1:] for line in render_annotations(DIFFERENCE)]
    assert [head for head, _ in lines] == ["error title=worse than before"] * 4 + ["notice title=changed"]
    assert [message.partition(": ")[0] for _, message in lines] == [
        "UC-2", "UC-2/4", "UC-1", "UC-3/4 t.py::test_a", "UC-5",
    ]  # fmt: skip


def test_a_use_case_whose_status_stays_has_its_changes_all_the_same() -> None:
    """A test that no longer runs has its requirement and name, and evidence the name of its test where that is known."""
    text = plain_lines(render_difference(DIFFERENCE, 100))
    assert (
        text.partition("\n\n")[2]
        == """\
UC-1  IN_PROGRESS -> BLOCKED (blocked by ben@example.com)

UC-2  READY_FOR_GO_LIVE -> BLOCKED (item 4 failed)
  UC-2/4: COMPLETE -> FAILING
      failed: t.py::test_b, r.1.1

UC-3  the same status
  UC-3/4 t.py::test_a: PASSED -> gone
      is gone

UC-4  the same status
  UC-4/4: MISSING -> COMPLETE
      passed: r.2.1

UC-5  IN_PROGRESS -> READY_FOR_GO_LIVE (review: approved by ana@example.com)"""
    )
