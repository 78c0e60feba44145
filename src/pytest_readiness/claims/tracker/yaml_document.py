"""A tracker in YAML: each list whose entries have the keys of a register, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from ...errors import ConfigError, location, one_line
from ...fast_values import dataclass, field
from .layout import RegisterLayout
from .located_value import LineIndex, LocatedValue, column_names
from .markdown_parser import fold_text
from .misspelt_headers import missing_column
from .parsed_register import Entry, Register, RegisterRow, Span
from .yaml_scalars import read_scalar, respell
from .yaml_tree import YamlError, YamlNode, parse_documents

_AS_LACKING = "this looks like a register, and none of its keys is called '{}': give one that name"
_AS_KEYED = "this looks like a register whose ids are keys: write a list, each of whose entries has its id under '{}'"
_NO_ROW = "this stands in the register and is no row: write keys and values"
_NO_TEXT = "'{}' is no plain text: write a word there"
_TWICE = "'{}' stands twice in one row: take one out"
_MERGED = "'<<' refers to what is no plain mapping of its own keys: write these keys into the row"
_OR_SKIP = ", or name the key that it stands under in tracker_skip"
_MERGE = "<<"


@dataclass(frozen=True, slots=True)
class _List:
    """A list, and the keys that it stands under, outermost first."""

    node: YamlNode
    keys: tuple[str, ...]


@dataclass
class _Entry:
    """An entry of a list: what each of its keys says."""

    line: int
    keys: list[str] = field(default_factory=list)
    nodes: list[YamlNode] = field(default_factory=list)
    own: int = 0
    """How many of them stand in the entry itself; the others come from ``<<``."""
    told: list[tuple[int, str]] = field(default_factory=list)


class YamlDocument:
    """A ``Source``. Quotes, anchors, tags, comments and the style of a block stay as they are."""

    items: Sequence[Entry] = ()
    legend: Sequence[str] = ()

    def __init__(self, path: Path, text: str, wanted: RegisterLayout) -> None:
        """Read a text (without byte order mark); ``path`` is for messages.

        Raises:
            ConfigError: it is no YAML that is read, or has no register.
        """
        self._text, self._wanted, self._lines = text, wanted, LineIndex(text)
        try:
            roots = parse_documents(text)
        except YamlError as error:
            line = None if error.position is None else self._lines.at(error.position)
            raise ConfigError(f"{location(path, line)}: {error.what}") from None
        self._cells: list[dict[str, LocatedValue]] = []
        self._doubts: list[tuple[int, str]] = []
        self._matched: set[str] = set()
        lists = list(self._lists(roots))
        if wanted.falls_back:
            self._wanted = wanted.suited(self._entry(child).keys for found in lists for child in found.node.children)
        rows = [row for found in lists for row in self._rows(found)]
        if not rows and not self._doubts:
            keys = " and ".join(f"'{wanted.shown(key)}'" for key in wanted.decide)
            raise ConfigError(
                f"{location(path)}: no list has entries with the keys {keys}: "
                "add them, or name yours under [tracker_columns] in readiness.toml"
            )
        self.doubts: Sequence[tuple[int, str]] = ()
        unmatched_patterns = tuple(one for one in wanted.skip if one not in self._matched)
        self.register = Register(tuple(rows), tuple(sorted(self._doubts)), unmatched_patterns)

    def span(self, row: RegisterRow, column: str) -> Span | None:
        """Return where the value stands, without its anchor and tag; None: the row has none of its own."""
        cell = self._cells[row.hint].get(column)
        return (cell.start, cell.end) if cell else None

    def spellings(self, row: RegisterRow, column: str, new: str) -> Iterator[str]:
        """Yield the new value in the style of the old one, else in quotes."""
        yield from respell(self._text, self._cells[row.hint][column], new, keep_type=column != "last_updated")

    def _lists(self, roots: Sequence[YamlNode]) -> Iterator[_List]:
        """Yield every list in the order of the lines, but for those under a key that is left out."""
        pending = [(root, tuple[str, ...]()) for root in reversed(roots)]
        while pending:
            node, keys = pending.pop()
            if node.kind == "list":
                yield _List(node, keys)
                pending += [(child, keys) for child in reversed(node.children)]
            elif node.kind == "mapping" and node.alias is None:
                within = [(value, (*keys, key.value)) for key, value in node.pairs() if not self._is_skipped(key)]
                self._look_at_keys(node)
                pending += reversed(within)

    def _is_skipped(self, key: YamlNode) -> bool:
        found = [one for one in self._wanted.skip if fnmatchcase(fold_text(key.value), fold_text(one))]
        self._matched.update(found)
        return bool(found)

    def _look_at_keys(self, node: YamlNode) -> None:
        """Tell of a register that is a mapping of ids to rows."""
        ids = [key for key, value in node.pairs() if self._is_keyed_row(key, value)]
        if len(ids) > 1 or any(map(str.isdigit, "".join(key.value for key in ids))):
            told = _AS_KEYED.format(self._wanted.shown("uc"))
            self._doubts.append((self._lines.at(ids[0].start), told + _OR_SKIP))

    def _is_keyed_row(self, key: YamlNode, value: YamlNode) -> bool:
        entry = self._entry(value)
        said = dict(zip(column_names(self._wanted, entry.keys), entry.nodes, strict=True))
        known = "status" in said and "uc" not in said and self._wanted.is_name(key.value)
        return known and self._wanted.is_status(self._said(said["status"]))

    def _rows(self, found: _List) -> Iterator[RegisterRow]:
        entries = [(child, self._entry(child)) for child in found.node.children]
        wanted = self._wanted_of([entry for _, entry in entries])
        named = [column_names(wanted, entry.keys) for _, entry in entries]
        if not any(set(self._wanted.decide) <= set(names) for names in named):
            self._look_at(found, [entry for _, entry in entries])
            return
        for (child, entry), names in zip(entries, named, strict=True):
            if (child.alias or child).kind != "mapping":
                self._doubts.append((entry.line, _NO_ROW))
                continue
            self._doubts += entry.told
            yield self._row(entry, names)

    def _wanted_of(self, entries: Sequence[_Entry]) -> RegisterLayout:
        """Return what is wanted of a list: a key counts at the place where it first comes up in any of its entries."""
        keys, position = list(dict.fromkeys(key for entry in entries for key in entry.keys)), self._wanted.position
        if position is None or position >= len(keys):
            return self._wanted
        return replace(self._wanted, position=None, headers={**self._wanted.headers, "uc": (keys[position],)})

    def _row(self, entry: _Entry, names: tuple[str, ...]) -> RegisterRow:
        cells: dict[str, str] = dict.fromkeys((*self._wanted.decide, *names), "")
        places: dict[str, LocatedValue] = {}
        for at, (name, node) in enumerate(zip(names, entry.nodes, strict=True)):
            if name in places and not name.isdigit():
                self._doubts.append((self._lines.at(node.start), _TWICE.format(entry.keys[at])))
            elif at < entry.own or name not in cells or not cells[name]:
                cells[name] = self._said(node)
            if at < entry.own:
                places[name] = read_scalar(self._text, node)
            if name in self._wanted.decide and not _is_text(node):
                self._doubts.append((self._lines.at(node.start), _NO_TEXT.format(entry.keys[at])))
        self._cells.append(places)
        columns = tuple(dict.fromkeys((*names, *self._wanted.decide)))
        return RegisterRow(entry.line, cells, columns, hint=len(self._cells) - 1)

    def _entry(self, place_of: YamlNode) -> _Entry:
        """Return the keys of an entry, with those that ``<<`` brings and it has not itself."""
        entry, node = _Entry(self._lines.at(place_of.start)), place_of.alias or place_of
        if node.kind != "mapping":
            return entry
        merged: list[YamlNode] = []
        for key, value in node.pairs():
            if key.value == _MERGE and not key.style:
                merged += value.children if value.kind == "list" and value.alias is None else [value]
            else:
                entry.keys.append(key.value)
                entry.nodes.append(value)
        entry.own = len(entry.keys)
        known = set(entry.keys)
        for other in merged:
            shared = other.alias or other
            if shared.kind != "mapping" or any(key.value == _MERGE for key, _ in shared.pairs()):
                entry.told.append((self._lines.at(other.start), _MERGED))
                continue
            for key, value in shared.pairs():
                if key.value not in known:
                    known.add(key.value)
                    entry.keys.append(key.value)
                    entry.nodes.append(value)
        return entry

    def _look_at(self, found: _List, entries: Sequence[_Entry]) -> None:
        """Tell of a list that is no register and looks like one."""
        keys = list(dict.fromkeys(key for entry in entries for key in entry.keys))
        said = [dict(zip(entry.keys, entry.nodes, strict=True)) for entry in entries if entry.keys]
        columns = [(key, *(self._said(one[key]) if key in one else "" for one in said)) for key in keys]
        uc, *others = map(self._wanted.shown, self._wanted.decide)
        status = others[0] if others else uc
        lacks = missing_column(columns, (uc, status), self._wanted.is_status, self._wanted.is_name)
        if lacks:
            line = self._lines.at(found.node.start)
            self._doubts.append((line, _AS_LACKING.format(one_line(lacks)) + _OR_SKIP))

    def _said(self, node: YamlNode) -> str:
        node = node.alias or node
        if node.kind == "list":
            return ", ".join(child.value for child in node.children if child.kind == "scalar")
        return "" if node.kind == "mapping" else read_scalar(self._text, node).text


def _is_text(node: YamlNode) -> bool:
    node = node.alias or node
    return node.kind == "scalar" and node.tag in ("", "!", "tag:yaml.org,2002:str")
