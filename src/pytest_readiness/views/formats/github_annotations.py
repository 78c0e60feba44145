"""Annotations of GitHub: workflow commands that show what blocks beside the code, at most ten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from ...verdict.readiness import State
from ..findings import Finding, findings
from ..report import Report, SourceLocation
from ..sanitise.github import ANNOTATIONS_AT_MOST, Level, annotation
from ..text_format import count

_ERRORS = frozenset({"interrupted"})
_WARNINGS = frozenset({"flaky", "suspect"})
_OPEN = {
    state.value.lower(): state.value
    for state in (State.MISSING, State.REHEARSED, State.STALE, State.WAIVED, State.ASSERTED)
}
"""States of requirements that only need evidence or a review, by the kinds of their findings."""
_LONGEST = 1000
"""Characters of a message."""


class WrongMark(Struct, frozen=True):
    """A test with an evidence mark that cannot be used."""

    text: str
    """The test, and what is wrong."""
    location: SourceLocation


def render_annotations(report: Report, wrong_marks: Sequence[WrongMark] = ()) -> list[str]:
    """Return at most ten lines for a job's log: damage and wrong marks first, then what blocks, then what is open.

    Findings that block are errors at the line of their test, or at the row of their use case in the tracker. A test is
    in one of them, whatever number of requirements it has. What is missing is one warning with its numbers. An
    eligible report has no findings.
    """
    others = [] if report.verdict.eligible else findings(report)
    lines = [_line("error", finding, report) for finding in others if finding.kind == "problem"]
    lines += map(_mark_line, wrong_marks)
    lines += [
        _line("error" if finding.blocks or finding.kind in _ERRORS else "warning", finding, report)
        for finding in others
        if finding.kind != "problem" and (finding.blocks or finding.kind in _ERRORS | _WARNINGS)
    ]
    return _at_most(lines, [*_open_requirements(others)], "`readiness gate` and `readiness next` show them all")


def render_wrong_marks(wrong_marks: Sequence[WrongMark]) -> list[str]:
    """Return at most ten lines for a job's log: of each test with a wrong mark, at its place in the code."""
    return _at_most([*map(_mark_line, wrong_marks)], [], "`pytest --readiness-plan` shows them all")


_TITLE = "readiness"


def _at_most(lines: Sequence[str], last: Sequence[str], all_of_them: str) -> list[str]:
    """Return the lines, the first of them with the number of the others if there are too many."""
    if len(lines) + len(last) <= ANNOTATIONS_AT_MOST:
        return [*lines, *last]
    shown = lines[: ANNOTATIONS_AT_MOST - 1 - len(last)]
    more = f"{len(lines) - len(shown)} more: {all_of_them}"
    return [*shown, annotation("error", more, title=_TITLE), *last]


def _mark_line(mark: WrongMark) -> str:
    return annotation("error", mark.text[:_LONGEST], file=mark.location.path, line=mark.location.line, title=_TITLE)


def _line(level: Level, finding: Finding, report: Report) -> str:
    place = report.locations.of_finding(finding.test_id, finding.use_case)
    title = f"{_TITLE}: {finding.subject}" if finding.subject else _TITLE
    return annotation(level, finding.text[:_LONGEST], file=place.path, line=place.line, title=title)


def _open_requirements(others: Sequence[Finding]) -> Iterator[str]:
    """Yield a warning with the number of requirements in each state that only needs evidence."""
    numbers = Counter(finding.kind for finding in others for _ in finding.requirements)
    texts = [f"{numbers[kind]} {state}" for kind, state in _OPEN.items() if numbers[kind]]
    if texts:
        total = count(len({finding.use_case for finding in others if finding.kind in _OPEN}), "use case")
        text = f"requirements of {total} that need evidence or a review: {', '.join(texts)}"
        yield annotation("warning", f"{text}; `readiness next` shows who must act", title=_TITLE)
