"""Matrix of a report: a row for each use case, with a sign for each item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from ..verdict.cells import CELLS, Cell, cell_of, cell_words
from ..verdict.owners import owner_of
from ..verdict.readiness import Readiness, RequirementReadiness, Status, UseCaseReadiness
from ..verdict.tracker_drift import has_drift
from . import text_format
from .line_writer import Line, LineWriter, Segment, cell_width, style_of

MANY = 8
"""If more use cases than this are NOT_STARTED, they are grouped to ranges, unless every row is requested."""
GLOSSARY = "glossary: docs/reference/glossary.md of pytest-readiness"
_GAP = "  "


class MatrixRow(Struct, frozen=True):
    """A row: one use case, or several consecutive ones with identical content."""

    use_cases: tuple[UseCaseReadiness, ...]

    @property
    def first(self) -> UseCaseReadiness:
        """The first use case of the row, whose content the row shows."""
        return self.use_cases[0]

    @property
    def names(self) -> str:
        """The ids of its use cases."""
        return text_format.name_range([use_case.use_case.id for use_case in self.use_cases])

    @property
    def status(self) -> str:
        """Their status, with their number if there are several."""
        return self.first.status.value + (f" ({len(self.use_cases)})" if len(self.use_cases) > 1 else "")


class MatrixColumn(Struct, frozen=True):
    """A column of the matrix."""

    header: str
    cells: tuple[tuple[Segment, ...], ...]
    importance: int = 0
    """0: always shown; else shown if there is room, lowest number first."""
    least: int = 4
    """Minimum width in columns. A narrower column is omitted, or cut off if it is always shown."""
    most: int = 40
    """Maximum width in columns."""

    @property
    def natural(self) -> int:
        """Width of its content in columns."""
        widths = (sum(cell_width(text) for text, _ in cell) for cell in self.cells)
        return min(max(cell_width(self.header), *widths), self.most)


def matrix_rows(use_cases: Sequence[UseCaseReadiness], verbosity: int) -> list[MatrixRow]:
    """Return the rows in the order of the register, one for each use case if ``verbosity`` is above 0."""
    idle = sum(use_case.status is Status.NOT_STARTED for use_case in use_cases)
    if verbosity > 0 or idle <= MANY:
        return [MatrixRow((use_case,)) for use_case in use_cases]
    by_id = {use_case.use_case.id: use_case for use_case in use_cases}

    def are_alike(name: str, before: str) -> bool:
        is_idle = by_id[name].status is Status.NOT_STARTED
        return is_idle and _row_content(by_id[name]) == _row_content(by_id[before])

    return [MatrixRow(tuple(map(by_id.__getitem__, names))) for names in text_format.name_groups(by_id, are_alike)]


def _row_content(readiness: UseCaseReadiness) -> tuple[object, ...]:
    use_case = readiness.use_case
    cells = tuple((item.item.key, cell_of(item)) for item in readiness.items)
    details = (use_case.architecture_status, owner_of(readiness), has_drift(readiness))
    return (readiness.status, cells, readiness.done, len(readiness.required), *details)


_LEGEND = 30
"""Least width in which no sign of the legend is parted from its words."""


def write_matrix(readiness: Readiness, writer: LineWriter, verbosity: int) -> list[Line]:
    """Return the matrix, the legend of its signs, and the totals."""
    rows = matrix_rows(readiness.use_cases, verbosity)
    if not rows:
        return [writer.line("no use case is in scope")]
    lines = _table(_columns(rows, writer), len(rows), writer)
    labels = [f"{writer.sign(cell)} {words}" for cell, words in legend_of(rows)]
    if len(readiness.use_cases) > len(rows):
        lines.append(writer.line(("identical rows are grouped; -v shows every use case", "dim")))
    whole = labels if writer.width >= _LEGEND else ()  # a sign stays with its words
    lines.extend(writer.paragraph(_GAP.join(labels), style="dim", commands=whole))
    lines.extend(writer.paragraph(GLOSSARY, style="dim"))
    done = sum(use_case.done for use_case in readiness.use_cases)
    required = sum(len(use_case.required) for use_case in readiness.use_cases)
    lines.extend(writer.paragraph(f"{done} of {text_format.count(required, 'requirement')} done"))
    return lines


def item_titles(use_cases: Iterable[UseCaseReadiness]) -> dict[str, str]:
    """Return the titles of the items that use cases have, by key, in the order of a matrix's columns."""
    return {item.item.key: item.item.title for use_case in use_cases for item in use_case.items}


def legend_of(rows: Iterable[MatrixRow]) -> list[tuple[Cell, str]]:
    """Return the cells that occur in rows with their words, in the order of a legend."""
    by_cell: dict[Cell, list[RequirementReadiness]] = {}
    for item in (item for row in rows for use_case in row.use_cases for item in use_case.items):
        by_cell.setdefault(cell_of(item), []).extend(item.requirements)
    return [(cell, cell_words(cell, by_cell[cell])) for cell in CELLS if cell in by_cell]


def _columns(rows: Sequence[MatrixRow], writer: LineWriter) -> list[MatrixColumn]:
    def column(header: str, texts: list[str], importance: int, least: int, most: int = 40) -> list[MatrixColumn]:
        cleaned = tuple(((writer.fit(text, most) if text else "", ""),) for text in texts)
        return [MatrixColumn(header, cleaned, importance, least, most)] if any(texts) else []

    first = [row.first for row in rows]
    titles = [row.first.use_case.title if len(row.use_cases) == 1 else "" for row in rows]
    notes = [row.first.use_case.notes if len(row.use_cases) == 1 else "" for row in rows]
    owners = list(map(owner_of, first))
    statuses = tuple(((row.status, style_of(row.first.status)),) for row in rows)
    return [
        *column("UC", [row.names for row in rows], 0, 6, 24),
        *column("Arch", [use_case.use_case.architecture_status for use_case in first], 2, 12, 12),
        MatrixColumn("Status", statuses, least=11),
        *_items(first, writer),
        *column("Done", list(map(text_format.done_text, first)), 0, 4),
        *column("Phase", list(map(text_format.phase_text, first)), 1, 8),
        *column("Owner", owners if any(use_case.use_case.owner for use_case in first) else [], 3, 8, 28),
        *(column("Title", titles, 4, 16, writer.width) or column("Notes", notes, 4, 16, writer.width)),
    ]


def _items(use_cases: Sequence[UseCaseReadiness], writer: LineWriter) -> list[MatrixColumn]:
    keys = list(item_titles(use_cases))
    if not keys:
        return []
    widths = [min(max(cell_width(writer.clean(key)), 1), 4) for key in keys]
    gap = " "
    if sum(widths) + len(widths) > writer.width // 2:
        widths, gap = [1] * len(keys), ""
    header = gap.join(writer.pad(key, width) for key, width in zip(keys, widths, strict=True))
    cells: list[tuple[Segment, ...]] = []
    for use_case in use_cases:
        cells_by_key = {item.item.key: cell_of(item) for item in use_case.items}
        signs: list[Segment] = []
        for key, width in zip(keys, widths, strict=True):
            cell = cells_by_key.get(key)
            sign = (writer.sign(cell), style_of(cell)) if cell else (" ", "")
            signs += [sign, (" " * (width - 1) + gap, "")]
        cells.append(tuple(signs[:-1]))
    return [MatrixColumn(header, tuple(cells), least=1, most=writer.width // 2)]


def _table(columns: Sequence[MatrixColumn], height: int, writer: LineWriter) -> list[Line]:
    widths = _widths(columns, writer.width)
    shown = [(column, width) for column, width in zip(columns, widths, strict=True) if width]
    lines: list[list[tuple[Segment, ...]]] = [[((column.header, "strong"),) for column, _ in shown]]
    lines += [[column.cells[number] for column, _ in shown] for number in range(height)]
    return [_row(line, [width for _, width in shown], writer) for line in lines]


def _widths(columns: Sequence[MatrixColumn], width: int) -> list[int]:
    """Return the width of each column; 0 for an omitted one."""
    widths = [0 if column.importance else column.natural for column in columns]
    used = sum(widths) + len(_GAP) * (sum(map(bool, widths)) - 1)
    excess = used - width
    for number, column in enumerate(columns):
        if excess > 0 and widths[number] > column.least:
            cut = min(excess, widths[number] - column.least)
            widths[number] -= cut
            excess -= cut
    room = max(-excess, 0)
    for number in sorted(range(len(columns)), key=lambda number: columns[number].importance):
        column = columns[number]
        possible = min(column.natural, room - len(_GAP))
        if column.importance and possible >= min(column.least, column.natural):
            widths[number] = possible
            room -= possible + len(_GAP)
    return widths


def _row(line: Sequence[tuple[Segment, ...]], widths: Sequence[int], writer: LineWriter) -> Line:
    segments: list[Segment] = []
    for cell, width in zip(line, widths, strict=True):
        if segments:
            segments.append((_GAP, ""))
        if len(cell) == 1:
            segments.append((writer.pad(cell[0][0], width), cell[0][1]))
        else:
            used = sum(cell_width(text) for text, _ in cell)
            segments += [*cell, (" " * max(width - used, 0), "")]
    return writer.line(*segments)
