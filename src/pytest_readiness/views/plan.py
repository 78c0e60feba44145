"""The plan: requirement by requirement the tests that claim it, and what nobody claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..fast_values import dataclass
from . import text_format
from .line_writer import Line, LineWriter


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One requirement, and who claims it."""

    requirement_id: str
    title: str
    """What must be shown: the item's title."""
    tests: tuple[str, ...]
    """Node ids; none: nobody claims it."""


def render_plan(
    rows: Sequence[PlanRow], width: int, *, wrong: Mapping[str, str] | None = None, unicode: bool = True
) -> list[Line]:
    """Return the tests of each claimed requirement, then what nobody claims, then the totals.

    ``wrong``: what is wrong with the marks of a test, by node id. It will fail, and is told before the totals.
    """
    pen = LineWriter(width, unicode=unicode)
    claimed = [row for row in rows if row.tests]
    lines: list[Line] = []
    for row in claimed:
        lead = (f"{row.requirement_id}  ", "strong")
        lines += pen.paragraph(row.title, lead=lead, most=2)
        for test in row.tests:
            lines += pen.paragraph(test, indent=4)
    unclaimed = [row for row in rows if not row.tests]
    if unclaimed:
        lines += [pen.line()] if lines else []
        lines += [pen.line(("nobody claims", "strong")), *_unclaimed(unclaimed, pen)]
    if wrong:
        lines += [pen.line()] if lines else []
        lines += [pen.line(("wrong marks: these tests will fail", "bad"))]
        for test, problem in wrong.items():
            lines += [*pen.paragraph(test, indent=2), *pen.paragraph(problem, indent=6)]
    tests = {test for row in rows for test in row.tests}
    of = f"{len(claimed)} of {text_format.count(len(rows), 'requirement')} claimed"
    by = f", by {text_format.count(len(tests), 'test')}" if tests else ""
    return [*lines, *([pen.line()] if lines else []), pen.line(f"{of}{by}; {len(unclaimed)} claimed by nobody")]


def _unclaimed(rows: Sequence[PlanRow], pen: LineWriter) -> list[Line]:
    tails: dict[str, list[str]] = {}
    for row in rows:
        use_case, _, tail = row.requirement_id.partition("/")
        tails.setdefault(use_case, []).append(tail)
    alike: dict[tuple[str, ...], list[str]] = {}
    for use_case, theirs in tails.items():
        alike.setdefault(tuple(theirs), []).append(use_case)
    lines: list[Line] = []
    for ends, use_cases in alike.items():
        lines += pen.paragraph(text_format.name_list(use_cases, pen), indent=2, style="strong")
        lines += pen.paragraph(text_format.name_list(ends, pen, most=len(ends)), indent=4)
    return lines
