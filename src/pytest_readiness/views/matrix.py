"""The matrix: a row for each use case, a sign for each item."""

from __future__ import annotations

from collections.abc import Sequence

from ..fast_values import dataclass
from ..verdict.readiness import Readiness, State, Status, UseCaseReadiness
from ..verdict.tracker_drift import has_drift
from . import text_format
from .line_writer import Line, LineWriter, Segment, cell_width, style_of

MANY = 8
"""More rows NOT_STARTED than this are shown as ranges, unless every row is asked for."""
_GAP = "  "


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One use case, or several numbered one after the other that stand exactly alike."""

    use_cases: tuple[UseCaseReadiness, ...]

    @property
    def first(self) -> UseCaseReadiness:
        """The use case that speaks for all of them."""
        return self.use_cases[0]


@dataclass(frozen=True, slots=True)
class MatrixColumn:
    """A column of the matrix."""

    header: str
    cells: tuple[tuple[Segment, ...], ...]
    importance: int = 0
    """0: always shown; else shown while there is room, the lowest number first."""
    least: int = 4
    """Narrower than this it is left out, or if it is always shown, cut off."""
    most: int = 40

    @property
    def natural(self) -> int:
        """The width it would like."""
        widths = (sum(cell_width(text) for text, _ in cell) for cell in self.cells)
        return min(max(cell_width(self.header), *widths), self.most)


def matrix_rows(use_cases: Sequence[UseCaseReadiness], verbosity: int) -> list[MatrixRow]:
    """Return the rows in the order of the register; with ``verbosity`` above 0 one for each use case."""
    idle = sum(use_case.status is Status.NOT_STARTED for use_case in use_cases)
    if verbosity > 0 or idle <= MANY:
        return [MatrixRow((use_case,)) for use_case in use_cases]
    found: list[MatrixRow] = []
    for use_case in use_cases:
        before = found[-1].use_cases if found else ()
        if before and _alike(use_case, before[-1]):
            found[-1] = MatrixRow((*before, use_case))
        else:
            found.append(MatrixRow((use_case,)))
    return found


def _alike(use_case: UseCaseReadiness, before: UseCaseReadiness) -> bool:
    idle = use_case.status is Status.NOT_STARTED
    return (
        idle and text_format.is_successor(use_case.use_case.id, before.use_case.id) and _look(use_case) == _look(before)
    )


def _look(readiness: UseCaseReadiness) -> tuple[object, ...]:
    use_case = readiness.use_case
    states = tuple((item.item.key, item.state) for item in readiness.items)
    told = (use_case.architecture_status, use_case.owner, has_drift(readiness))
    return (readiness.status, states, readiness.complete, len(readiness.required), *told)


def write_matrix(readiness: Readiness, pen: LineWriter, verbosity: int) -> list[Line]:
    """Return the matrix, the legend of the signs in it, and the totals."""
    shown = matrix_rows(readiness.use_cases, verbosity)
    if not shown:
        return [pen.line("no use case is in scope")]
    lines = _table(_columns(shown, pen), len(shown), pen)
    used = {item.state for row in shown for item in row.first.items}
    legend = _GAP.join(pen.told(state) for state in State if state in used)
    left = len(readiness.use_cases) - len(shown)
    if left:
        lines.append(pen.line(("rows that are alike share a line; -v shows every use case", "dim")))
    lines.extend(pen.paragraph(legend, style="dim"))
    totals = ", ".join(f"{number} {status}" for status, number in readiness.totals.items())
    lines.extend(pen.paragraph(f"{text_format.count(len(readiness.use_cases), 'use case')}: {totals}"))
    return lines


def _columns(shown: Sequence[MatrixRow], pen: LineWriter) -> list[MatrixColumn]:
    def column(header: str, texts: list[str], importance: int, least: int, most: int = 40) -> list[MatrixColumn]:
        cleaned = tuple(((pen.fit(text, most), ""),) for text in texts)
        return [MatrixColumn(header, cleaned, importance, least, most)] if any(texts) else []

    first = [row.first for row in shown]
    titles = [one.use_case.title if len(row.use_cases) == 1 else "" for one, row in zip(first, shown, strict=True)]
    notes = [one.use_case.notes if len(row.use_cases) == 1 else "" for one, row in zip(first, shown, strict=True)]
    statuses = tuple(((_status(row), style_of(row.first.status)),) for row in shown)
    return [
        *column(
            "UC", [text_format.name_range([one.use_case.id for one in row.use_cases], pen) for row in shown], 0, 6, 24
        ),
        *column("Arch", [one.use_case.architecture_status for one in first], 2, 12, 12),
        MatrixColumn("Status", statuses, least=11),
        *_items(first, pen),
        *column("Done", [f"{one.complete}/{len(one.required)}" for one in first], 0, 4),
        *column("Phase", [one.phase.value if one.phase else "" for one in first], 1, 16),
        *column("Owner", [one.use_case.owner for one in first], 3, 8, 28),
        *(column("Title", titles, 4, 16, 60) or column("Notes", notes, 4, 16, 60)),
    ]


def _status(row: MatrixRow) -> str:
    return row.first.status.value + (f" ({len(row.use_cases)})" if len(row.use_cases) > 1 else "")


def _items(use_cases: Sequence[UseCaseReadiness], pen: LineWriter) -> list[MatrixColumn]:
    keys = list(dict.fromkeys(item.item.key for use_case in use_cases for item in use_case.items))
    if not keys:
        return []
    widths = [min(max(cell_width(pen.clean(key)), 1), 4) for key in keys]
    gap = " "
    if sum(widths) + len(widths) > pen.width // 2:
        widths, gap = [1] * len(keys), ""
    header = gap.join(pen.pad(key, width) for key, width in zip(keys, widths, strict=True))
    found: list[tuple[Segment, ...]] = []
    for use_case in use_cases:
        states = {item.item.key: item.state for item in use_case.items}
        signs: list[Segment] = []
        for key, width in zip(keys, widths, strict=True):
            state = states.get(key)
            sign = (pen.sign(state), style_of(state)) if state else (" ", "")
            signs += [sign, (" " * (width - 1) + gap, "")]
        found.append(tuple(signs[:-1]))
    return [MatrixColumn(header, tuple(found), least=1, most=pen.width // 2)]


def _table(columns: Sequence[MatrixColumn], height: int, pen: LineWriter) -> list[Line]:
    widths = _widths(columns, pen.width)
    shown = [(column, width) for column, width in zip(columns, widths, strict=True) if width]
    lines: list[list[tuple[Segment, ...]]] = [[((column.header, "strong"),) for column, _ in shown]]
    lines += [[column.cells[number] for column, _ in shown] for number in range(height)]
    return [_row(line, [width for _, width in shown], pen) for line in lines]


def _widths(columns: Sequence[MatrixColumn], width: int) -> list[int]:
    """Return the width of each column; 0 for one that is left out."""
    widths = [0 if column.importance else column.natural for column in columns]
    used = sum(widths) + len(_GAP) * (sum(map(bool, widths)) - 1)
    over = used - width
    for number, column in enumerate(columns):
        if over > 0 and widths[number] > column.least:
            cut = min(over, widths[number] - column.least)
            widths[number] -= cut
            over -= cut
    room = max(-over, 0)
    for number in sorted(range(len(columns)), key=lambda number: columns[number].importance):
        column = columns[number]
        wide = min(column.natural, room - len(_GAP))
        if column.importance and wide >= min(column.least, column.natural):
            widths[number] = wide
            room -= wide + len(_GAP)
    return widths


def _row(line: Sequence[tuple[Segment, ...]], widths: Sequence[int], pen: LineWriter) -> Line:
    segments: list[Segment] = []
    for cell, width in zip(line, widths, strict=True):
        if segments:
            segments.append((_GAP, ""))
        if len(cell) == 1:
            segments.append((pen.pad(cell[0][0], width), cell[0][1]))
        else:
            taken = sum(cell_width(text) for text, _ in cell)
            segments += [*cell, (" " * max(width - taken, 0), "")]
    return pen.line(*segments)
