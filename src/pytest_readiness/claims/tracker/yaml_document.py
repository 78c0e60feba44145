"""A tracker in YAML, whose register is each list with the register's keys, at any depth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from ...errors import ConfigError, location, one_line
from .heading_patterns import HeadingPatterns
from .layout import RegisterLayout
from .located_value import LineIndex, LocatedValue, column_keys_of
from .misspelt_headers import missing_column
from .parsed_register import Entry, Register, RegisterRow, Span
from .yaml_scalars import read_scalar, respell
from .yaml_tree import YamlError, YamlNode, column_names, parse_documents

_MISSING_KEY = "this looks like a register, but none of its keys is called '{}': give one that name"
_KEYED_ROWS = "this looks like a register whose ids are keys: write a list, with the id of each entry under '{}'"
_NO_ROW = "this is in the register, but is no row: write keys and values"
_NO_TEXT = "'{}' is no plain text: write a word there"
_DUPLICATE_KEY = "'{}' appears twice in one row: remove one"
_NO_MAPPING = "'<<' does not refer to a plain mapping of its own keys: write these keys into the row"
_OR_SKIP = ", or name the key above it in tracker_skip"
_MERGE = "<<"


class _ListEntry(Struct):
    """An entry of a list with its keys and values."""

    line: int
    keys: list[str] = field(default_factory=list)
    nodes: list[YamlNode] = field(default_factory=list)
    own_count: int = 0
    """Number of keys of the entry itself; the keys after them come from ``<<``."""
    problems: list[tuple[int, str]] = field(default_factory=list)


class YamlDocument:
    """A ``TrackerDocument``. Quotes, anchors, tags, comments and block styles stay as they are."""

    items: Sequence[Entry] = ()
    legend: Sequence[str] = ()

    def __init__(self, path: Path, text: str, layout: RegisterLayout) -> None:
        """Read a text (without byte order mark); ``path`` is for messages.

        Raises:
            ConfigError: it is no YAML, uses a refused feature, or has no register.
        """
        self._text, self._layout, self._lines = text, layout, LineIndex(text)
        try:
            roots = parse_documents(text)
        except YamlError as error:
            line = None if error.position is None else self._lines.line_at(error.position)
            raise ConfigError(f"{location(path, line)}: {error.message}") from None
        self._cells: list[dict[str, LocatedValue]] = []
        self._problems: list[tuple[int, str]] = []
        self._skipped, self._matched_patterns = HeadingPatterns(layout.skip), set[str]()
        lists = list(self._lists(roots))
        if layout.may_lack_id_header:
            self._layout = layout.adapted_to(self._entry(child).keys for node in lists for child in node.children)
        rows = [row for node in lists for row in self._rows(node)]
        if not rows and not self._problems:
            keys = " and ".join(f"'{one_line(layout.header_of(key), 60)}'" for key in layout.key_columns)
            raise ConfigError(
                f"{location(path)}: no list has entries with the keys {keys}: "
                "add them, or name yours under [tracker_columns] in readiness.toml"
            )
        self.problems: Sequence[tuple[int, str]] = ()
        unmatched = tuple(pattern for pattern in layout.skip if pattern not in self._matched_patterns)
        self.register = Register(tuple(rows), tuple(sorted(self._problems)), unmatched)

    def span(self, row: RegisterRow, column: str) -> Span | None:
        """Return the span of a value, without its anchor and tag; None: the row has none of its own."""
        cell = self._cells[row.locator].get(column)
        return (cell.start, cell.end) if cell else None

    def spellings(self, row: RegisterRow, column: str, new: str) -> Iterator[str]:
        """Yield the new value in the style of the old one, else in quotes."""
        yield from respell(self._text, self._cells[row.locator][column], new, keep_type=column != "last_updated")

    def _lists(self, roots: Sequence[YamlNode]) -> Iterator[YamlNode]:
        """Yield each list in the order of the lines, except those under a skipped key."""
        pending = list(reversed(roots))
        while pending:
            node = pending.pop()
            if node.kind == "list":
                yield node
                pending += reversed(node.children)
            elif node.kind == "mapping" and node.alias is None:
                values = [value for key, value in node.pairs() if not self._is_skipped(key)]
                self._check_keyed_rows(node)
                pending += reversed(values)

    def _is_skipped(self, key: YamlNode) -> bool:
        matches = self._skipped.matching(key.value)
        self._matched_patterns.update(matches)
        return bool(matches)

    def _check_keyed_rows(self, node: YamlNode) -> None:
        """Add a problem if a mapping of ids to rows looks like a register."""
        ids = [key for key, value in node.pairs() if self._is_keyed_row(key, value)]
        if len(ids) > 1 or any(map(str.isdigit, "".join(key.value for key in ids))):
            message = _KEYED_ROWS.format(self._layout.header_of("uc"))
            self._problems.append((self._lines.line_at(ids[0].start), message + _OR_SKIP))

    def _is_keyed_row(self, key: YamlNode, value: YamlNode) -> bool:
        entry = self._entry(value)
        nodes = dict(zip(column_keys_of(self._layout, entry.keys), entry.nodes, strict=True))
        may_be_row = "status" in nodes and "uc" not in nodes and self._layout.is_single_word_id(key.value)
        return may_be_row and self._layout.is_status(self._cell_text(nodes["status"]))

    def _rows(self, node: YamlNode) -> Iterator[RegisterRow]:
        entries = [(child, self._entry(child)) for child in node.children]
        layout = self._layout_for([entry for _, entry in entries])
        columns = [column_keys_of(layout, entry.keys) for _, entry in entries]
        if not any(set(self._layout.key_columns) <= set(keys) for keys in columns):
            self._check_missing_key(node, [entry for _, entry in entries])
            return
        for (child, entry), keys in zip(entries, columns, strict=True):
            if (child.alias or child).kind != "mapping":
                self._problems.append((entry.line, _NO_ROW))
                continue
            self._problems += entry.problems
            yield self._row(entry, keys)

    def _layout_for(self, entries: Sequence[_ListEntry]) -> RegisterLayout:
        """Return the layout of a list, with the position of the id column replaced by its key.

        The position of a key is that of its first use in any of the entries.
        """
        keys, position = list(dict.fromkeys(key for entry in entries for key in entry.keys)), self._layout.id_position
        if position is None or position >= len(keys):
            return self._layout
        headers = {**self._layout.headers, "uc": (keys[position],)}
        return replace(self._layout, id_position=None, headers=headers)

    def _row(self, entry: _ListEntry, columns: tuple[str, ...]) -> RegisterRow:
        key_columns = self._layout.key_columns
        cells: dict[str, str] = dict.fromkeys((*key_columns, *columns), "")
        values: dict[str, LocatedValue] = {}
        for position, (column, node) in enumerate(zip(columns, entry.nodes, strict=True)):
            if column in values and not column.isdigit():
                message = _DUPLICATE_KEY.format(entry.keys[position])
                self._problems.append((self._lines.line_at(node.start), message))
            elif position < entry.own_count or column not in cells or not cells[column]:
                cells[column] = self._cell_text(node)
            if position < entry.own_count:
                values[column] = read_scalar(self._text, node)
            if column in key_columns and not _is_text(node):
                self._problems.append((self._lines.line_at(node.start), _NO_TEXT.format(entry.keys[position])))
        self._cells.append(values)
        all_columns = tuple(dict.fromkeys((*columns, *key_columns)))
        return RegisterRow(entry.line, cells, all_columns, locator=len(self._cells) - 1)

    def _entry(self, reference: YamlNode) -> _ListEntry:
        """Return the keys of an entry, followed by those that only ``<<`` adds."""
        entry, node = _ListEntry(self._lines.line_at(reference.start)), reference.alias or reference
        if node.kind != "mapping":
            return entry
        merged: list[YamlNode] = []
        for key, value in node.pairs():
            if key.value == _MERGE and not key.style:
                merged += value.children if value.kind == "list" and value.alias is None else [value]
            else:
                entry.keys.append(key.value)
                entry.nodes.append(value)
        entry.own_count = len(entry.keys)
        keys = set(entry.keys)
        for source in merged:
            mapping = source.alias or source
            if mapping.kind != "mapping" or any(key.value == _MERGE for key, _ in mapping.pairs()):
                entry.problems.append((self._lines.line_at(source.start), _NO_MAPPING))
                continue
            for key, value in mapping.pairs():
                if key.value not in keys:
                    keys.add(key.value)
                    entry.keys.append(key.value)
                    entry.nodes.append(value)
        return entry

    def _check_missing_key(self, node: YamlNode, entries: Sequence[_ListEntry]) -> None:
        """Add a problem if a list that is no register looks like one."""
        layout = self._layout
        keys = column_names([entry.keys for entry in entries])
        rows = [dict(zip(entry.keys, entry.nodes, strict=True)) for entry in entries if entry.keys]
        columns = [(key, *(self._cell_text(row[key]) if key in row else "" for row in rows)) for key in keys]
        uc, *others = map(layout.header_of, layout.key_columns)
        status = others[0] if others else uc
        missing = missing_column(columns, (uc, status), layout.is_status, layout.is_single_word_id)
        if missing:
            line = self._lines.line_at(node.start)
            self._problems.append((line, _MISSING_KEY.format(one_line(missing)) + _OR_SKIP))

    def _cell_text(self, node: YamlNode) -> str:
        node = node.alias or node
        if node.kind == "list":
            return ", ".join(child.value for child in node.children if child.kind == "scalar")
        return "" if node.kind == "mapping" else read_scalar(self._text, node).text


def _is_text(node: YamlNode) -> bool:
    node = node.alias or node
    return node.kind == "scalar" and node.tag in ("", "!", "tag:yaml.org,2002:str")
