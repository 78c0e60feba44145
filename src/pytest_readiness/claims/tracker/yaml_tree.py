"""YAML parsed into a tree of nodes with their positions.

The parser constructs no objects: tags are ignored, values have no type, and aliases are not copied. A text that would
run code or grow without limit when loaded is plain text here. Aliases that stand for too much, or for a node around
them, are refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct, field

from ...errors import one_line

MAX_DEPTH = 60
"""Maximum nesting of lists and mappings."""
MAX_VALUES = 1_000_000
"""Maximum number of values, with those that aliases stand for."""
_SURROGATE = re.compile("[\ud800-\udfff]")
EXTRA_NEEDED = "YAML needs an extra: pip install 'pytest-readiness[yaml]'"


class YamlError(ValueError):
    """The text is no YAML, or uses a feature that is refused."""

    def __init__(self, position: int | None, message: str) -> None:
        super().__init__(message)
        self.position = position
        """Position in the text; None: unknown."""
        self.message = message


class YamlNode(Struct):
    """A scalar, a list, a mapping, or an alias of one."""

    kind: Literal["scalar", "list", "mapping"]
    start: int
    """Start in the text, with its anchor and its tag."""
    end: int = 0
    value: str = ""
    style: str = ""
    """Style of a scalar: its quote, ``|`` or ``>``; empty: plain."""
    tag: str = ""
    children: list[YamlNode] = field(default_factory=list)
    """Of a mapping: key, value, key, value."""
    alias: YamlNode | None = None
    """The node that an alias refers to."""
    size: int = 1
    """Number of values, with those that aliases stand for."""

    def pairs(self) -> Iterator[tuple[YamlNode, YamlNode]]:
        """Yield the keys and values of a mapping."""
        return zip(self.children[::2], self.children[1::2], strict=True)


def parse_documents(text: str) -> list[YamlNode]:
    """Return the root of each document of a text (without byte order mark).

    Raises:
        YamlError: it is no YAML, it is too deep, its aliases stand for too much, or the library is not installed.
    """
    try:
        import yaml  # Only a YAML tracker needs it.
    except ImportError:
        raise YamlError(None, EXTRA_NEEDED) from None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _TreeBuilder()
    try:
        for event in yaml.parse(text, loader):
            builder.add_event(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"is not YAML: {one_line(error.problem or str(error), 200)}"
        raise YamlError(mark.index if mark else None, message) from None
    except yaml.reader.ReaderError as error:
        message = f"is not YAML: it contains a character that is not allowed (U+{_code_point(error):04X})"
        raise YamlError(None, message) from None
    return builder.roots


def _code_point(error: Any) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character)


class _TreeBuilder:
    """The tree as it is built, event by event."""

    def __init__(self) -> None:
        self.roots: list[YamlNode] = []
        self._open: list[YamlNode] = []
        self._anchors: dict[str, YamlNode] = {}

    def add_event(self, event: Any) -> None:
        kind, start = type(event).__name__, event.start_mark.index
        if kind == "ScalarEvent":
            node = YamlNode("scalar", start, event.end_mark.index, event.value, event.style or "", event.tag or "")
            if _SURROGATE.search(node.value):
                raise YamlError(start, "is not YAML: an escape here stands for half a character")
            self._set_anchor(event, node)
            self._add(node)
        elif kind == "AliasEvent":
            self._add(self._alias(event))
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            self._enter(event, YamlNode("list" if kind.startswith("S") else "mapping", start, tag=event.tag or ""))
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            node = self._open.pop()
            node.end = event.end_mark.index
            node.size += sum(child.size for child in node.children)
            if node.size > MAX_VALUES:
                raise YamlError(node.start, "its aliases stand for too much: write out what they refer to")
            self._add(node)
        elif kind == "DocumentStartEvent":
            self._anchors.clear()

    def _enter(self, event: Any, node: YamlNode) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise YamlError(node.start, f"it is more than {MAX_DEPTH} levels deep: write it flatter")
        self._set_anchor(event, node)
        self._open.append(node)

    def _set_anchor(self, event: Any, node: YamlNode) -> None:
        if event.anchor:
            self._anchors[event.anchor] = node

    def _alias(self, event: Any) -> YamlNode:
        start, target = event.start_mark.index, self._anchors.get(event.anchor)
        if target is None:
            raise YamlError(start, f"no anchor above is called '&{one_line(event.anchor, 60)}': correct the alias")
        if any(target is node for node in self._open):
            raise YamlError(start, f"'*{one_line(event.anchor, 60)}' refers to a node around itself: remove it")
        return YamlNode(target.kind, start, event.end_mark.index, alias=target, size=target.size)

    def _add(self, node: YamlNode) -> None:
        (self._open[-1].children if self._open else self.roots).append(node)


_CELLS = 100_000
_NAMES = 200
"""Maximum columns of a list with more cells than that, most of which are empty."""


def column_names(entries: Sequence[Collection[str]]) -> tuple[str, ...]:
    """Return the keys of the entries of a list as columns; if each entry has others, only the most frequent keys.

    The cells of all columns would otherwise be as many as the square of the entries.
    """
    counts = Counter(key for entry in entries for key in entry)
    if len(entries) * len(counts) <= max(_CELLS, 2 * counts.total()):
        return tuple(counts)
    frequent = {key for key, _ in counts.most_common(_NAMES)}
    return tuple(key for key in counts if key in frequent)
