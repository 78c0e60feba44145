"""View of the plan: the tests that claim each requirement, and the unclaimed requirements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from . import text_format
from .line_writer import Line, LineWriter


class PlanRow(Struct, frozen=True):
    """One requirement, and the tests that claim it."""

    requirement_id: str
    title: str
    """Title of the item."""
    tests: tuple[str, ...]
    """Node ids of the tests; none: no test claims it."""


def render_plan(
    rows: Sequence[PlanRow], width: int, *, wrong: Mapping[str, str] | None = None, unicode: bool = True
) -> list[Line]:
    """Return the tests of each claimed requirement, the unclaimed requirements, the wrong marks, and the totals.

    ``wrong`` is the problem with a test's marks, by node id. Such a test will fail.
    """
    writer = LineWriter(width, unicode=unicode)
    claimed = [row for row in rows if row.tests]
    lines: list[Line] = []
    for row in claimed:
        lead = (f"{row.requirement_id}  ", "strong")
        lines += writer.paragraph(row.title, lead=lead, most=2)
        for test in row.tests:
            lines += writer.paragraph(test, indent=4)
    unclaimed = [row for row in rows if not row.tests]
    if unclaimed:
        lines += [writer.line()] if lines else []
        lines += [writer.line(("not claimed by any test", "strong")), *_unclaimed(unclaimed, writer)]
    if wrong:
        lines += [writer.line()] if lines else []
        lines += [writer.line(("wrong marks: these tests will fail", "bad"))]
        for test, problem in wrong.items():
            lines += [*writer.paragraph(test, indent=2), *writer.paragraph(problem, indent=6)]
    tests = {test for row in rows for test in row.tests}
    marks = f"; {text_format.count(len(wrong), 'test')} with wrong marks" if wrong else ""
    total = f"{len(claimed)} of {text_format.count(len(rows), 'requirement')} claimed"
    by = f", by {text_format.count(len(tests), 'test')}" if tests else ""
    last = writer.paragraph(f"{total}{by}; {len(unclaimed)} not claimed{marks}")
    return [*lines, *([writer.line()] if lines else []), *last]


def _unclaimed(rows: Sequence[PlanRow], writer: LineWriter) -> list[Line]:
    tails: dict[str, list[str]] = {}
    for row in rows:
        use_case, _, tail = row.requirement_id.partition("/")
        tails.setdefault(use_case, []).append(tail)
    groups: dict[tuple[str, ...], list[str]] = {}
    for use_case, case_tails in tails.items():
        groups.setdefault(tuple(case_tails), []).append(use_case)
    lines: list[Line] = []
    for group_tails, use_cases in groups.items():
        lines += writer.paragraph(text_format.name_list(use_cases), indent=2, style="strong")
        lines += writer.paragraph(text_format.name_list(group_tails, most=len(group_tails)), indent=4)
    return lines
