"""Plan of a session: tests for each use case and item, and the tests of each requirement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from . import text_format
from .json_text import to_json_text
from .line_writer import Line, LineWriter, cell_width
from .sanitise.csv import csv_row

SCHEMA = "readiness/plan/v1"
_GAP = "  "
_COLUMNS = ("Requirement", "UC", "Validation Item", "Environment", "Provider Mode", "Part", "Test ID")


class PlanRow(Struct, frozen=True):
    """One requirement, and the tests that claim it."""

    requirement_id: str
    use_case: str
    item: str
    tests: tuple[str, ...]
    """Names of the tests; none: no test claims it."""
    environment: str | None = None
    provider_mode: str | None = None
    part: str | None = None


class UnmatchedRule(Struct, frozen=True):
    """A rule of the config that matches no collected test."""

    rule: str
    """The pattern; for a rule for marks with ``marks: `` before it."""
    where: str
    """File and line."""
    hint: str = ""
    """The end of the sentence: what it nearly matches."""


class Plan(Struct, frozen=True, dict=True):
    """The plan of a session."""

    rows: tuple[PlanRow, ...]
    titles: Mapping[str, str] = {}
    """Title of each item."""
    wrong: Mapping[str, str] = {}
    """The problem with a test's marks, by the test's name. Such a test will fail."""
    unmatched: tuple[UnmatchedRule, ...] = ()
    unread: int = 0
    """Number of the tests with wrong marks whose marks name no known use case and item: these are not recorded."""

    unneeded: Mapping[str, tuple[str, ...]] = {}
    """Claimed use case and item with the tests whose claim no requirement needs: it does not apply, or not there."""

    @cached_property
    def cells(self) -> dict[str, dict[str, tuple[PlanRow, ...]]]:
        """The requirements of each item of each use case."""
        cells: dict[str, dict[str, tuple[PlanRow, ...]]] = {}
        for row in self.rows:
            case = cells.setdefault(row.use_case, {})
            case[row.item] = (*case.get(row.item, ()), row)
        return cells

    @cached_property
    def items(self) -> tuple[str, ...]:
        """The items that have a requirement."""
        present = {row.item for row in self.rows}
        return tuple([key for key in self.titles if key in present])


def _tests_of(rows: Iterable[PlanRow]) -> set[str]:
    return {test for row in rows for test in row.tests}


def render_plan(plan: Plan, width: int, *, unicode: bool = True) -> list[Line]:
    """Return the matrix, the tests of each claimed requirement, what is not claimed, what is wrong, and the totals."""
    writer = LineWriter(width, unicode=unicode)
    claimed = [row for row in plan.rows if row.tests]
    unclaimed = [row for row in plan.rows if not row.tests]
    blocks = [_matrix(plan, writer)]
    lines: list[Line] = []
    for row in claimed:
        lines += writer.paragraph(row.requirement_id, style="strong")
        for test in row.tests:
            lines += writer.paragraph(test, indent=4)
    blocks.append(lines)
    if unclaimed:
        blocks.append([writer.line(("not claimed by any test", "strong")), *_unclaimed(unclaimed, writer)])
    if plan.unneeded:
        blocks.append(_unneeded(plan, writer))
    if plan.wrong:
        blocks.append([writer.line(("wrong marks or rules: these tests will fail", "bad")), *_wrong(plan, writer)])
    if plan.unmatched:
        lines = [writer.line(("rules of [claims] that match no collected test", "warn"))]
        for rule in plan.unmatched:
            pattern = rule.rule.removeprefix("marks: ")  # the line in the file has no such word
            lines += writer.paragraph(f"{rule.where}: '{pattern}'{rule.hint}", indent=2)
        blocks.append(lines)
    total = f"{len(claimed)} of {text_format.count(len(plan.rows), 'requirement')} claimed"
    by = f", by {text_format.count(len(_tests_of(claimed)), 'test')}" if claimed else ""
    marks = f"; {text_format.count(len(plan.wrong), 'test')} with wrong marks" if plan.wrong else ""
    if plan.unread:
        names = "name" if plan.unread > 1 else "names"
        marks += f", {plan.unread} of which {names} no known use case and item: nothing of that is recorded"
    blocks.append(writer.paragraph(f"{total}{by}; {len(unclaimed)} not claimed{marks}"))
    return [line for block in blocks if block for line in (writer.line(), *block)][1:]


def _unneeded(plan: Plan, writer: LineWriter) -> list[Line]:
    lines = writer.paragraph(
        "claimed, and needed by no requirement: it does not apply, or not in that place", style="warn"
    )
    for claim, tests in plan.unneeded.items():
        lines += writer.paragraph(claim, indent=2, style="strong")
        lines += writer.paragraph(text_format.name_list(tests), indent=4)
    return lines


def _wrong(plan: Plan, writer: LineWriter) -> Iterator[Line]:
    """Yield each problem once, after the tests that have it, and the cases of a parametrised test in one line."""
    tests: dict[str, dict[str, list[str]]] = {}
    for test, problem in plan.wrong.items():
        tests.setdefault(problem, {}).setdefault(test.partition("[")[0], []).append(test)
    for problem, by_name in tests.items():
        for name, cases in by_name.items():
            text = cases[0] if len(cases) == 1 else f"{name}, {text_format.count(len(cases), 'case')}"
            yield from writer.paragraph(text, indent=2)
        yield from writer.paragraph(problem, indent=6)


def _matrix(plan: Plan, writer: LineWriter) -> list[Line]:
    """Return a row for each use case, with the number of tests for each item, and the legend."""
    if not plan.rows:
        return []
    none = "·" if writer.unicode else "."
    cells = {name: [_cell(case.get(key, ()), none) for key in plan.items] for name, case in plan.cells.items()}
    groups = text_format.name_groups(cells, lambda name, before: cells[name] == cells[before])
    rows = [(text_format.name_range(names), cells[names[0]]) for names in groups]
    first = min(max(cell_width(writer.clean(name)) for name, _ in [("UC", []), *rows]), max(writer.width // 2, 2))
    widths = [
        max(cell_width(writer.clean(key)), *(len(row[at]) for _, row in rows)) for at, key in enumerate(plan.items)
    ]
    lines: list[Line] = []
    for columns in _blocks(widths, writer.width - first):
        lines += [writer.line()] if lines else []
        header = _GAP.join(writer.pad(plan.items[at], min(widths[at], writer.width - first)) for at in columns)
        lines.append(writer.line((f"{writer.pad('UC', first)}{_GAP}{header}".rstrip(), "strong")))
        for name, row in rows:
            shown = _GAP.join(writer.pad(row[at], widths[at]) for at in columns)
            lines.append(writer.line(f"{writer.pad(name, first)}{_GAP}{shown}".rstrip()))
    signs = {sign for _, row in rows for cell in row for sign in (none, "*") if sign in cell}
    legend = ["number of tests for each item"]
    legend += [f"{none} no test"] if none in signs else []
    legend += ["* at least one of its requirements has no test"] if "*" in signs else []
    lines += writer.paragraph("; ".join(legend), style="dim")
    for key in plan.items:
        if plan.titles[key] not in ("", key):
            lines += writer.paragraph(plan.titles[key], lead=(f"{key}{_GAP}", "dim"), style="dim", most=1)
    return lines


def _cell(rows: Sequence[PlanRow], none: str) -> str:
    if not rows:
        return ""
    tests = len(_tests_of(rows))
    return f"{tests}{'' if all(row.tests for row in rows) else '*'}" if tests else none


def _blocks(widths: Sequence[int], room: int) -> Iterator[list[int]]:
    """Yield the columns of each block, so that no line is wider than the terminal."""
    block: list[int] = []
    used = 0
    for at, width in enumerate(widths):
        if block and used + len(_GAP) + width > room:
            yield block
            block, used = [], 0
        block.append(at)
        used += len(_GAP) + width
    if block:
        yield block


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


def render_json(plan: Plan) -> Iterator[str]:
    """Yield the plan as ASCII JSON text (``readiness/plan/v1``) with a final newline. Equal plans give equal bytes."""
    yield to_json_text(_document(plan))


def _document(plan: Plan) -> dict[str, Any]:
    claimed = [row for row in plan.rows if row.tests]
    return {
        "schema": SCHEMA,
        "totals": {
            "requirements": len(plan.rows),
            "claimed": len(claimed),
            "tests": len(_tests_of(claimed)),
        },
        "use_cases": [
            {"id": name, "items": [_item(plan, key, rows) for key, rows in case.items()]}
            for name, case in plan.cells.items()
        ],
        "unclaimed": [row.requirement_id for row in plan.rows if not row.tests],
        "unneeded": [{"claim": claim, "tests": list(names)} for claim, names in plan.unneeded.items()],
        "wrong_marks": [{"test_id": test, "problem": problem} for test, problem in plan.wrong.items()],
        "unmatched_rules": [{"rule": rule.rule, "where": rule.where} for rule in plan.unmatched],
    }


def _item(plan: Plan, key: str, rows: Sequence[PlanRow]) -> dict[str, Any]:
    requirements = [
        {
            "id": row.requirement_id,
            "environment": row.environment,
            "provider_mode": row.provider_mode,
            "part": row.part,
            "tests": list(row.tests),
        }
        for row in rows
    ]
    return {
        "item": key,
        "title": plan.titles.get(key, ""),
        "tests": len(_tests_of(rows)),
        "requirements": requirements,
    }


def render_csv(plan: Plan) -> Iterator[str]:
    """Yield the plan as CSV (RFC 4180): a row for each requirement and test, with no test where there is none."""
    yield csv_row(_COLUMNS)
    for row in plan.rows:
        place = (row.environment or "", row.provider_mode or "", row.part or "")
        for test in row.tests or ("",):
            yield csv_row((row.requirement_id, row.use_case, row.item, *place, test))
