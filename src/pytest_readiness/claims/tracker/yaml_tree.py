"""YAML as a tree of values that know where they stand.

Nothing is made of what it says: no tag is followed, no value gets a type, and an alias is no copy. So a text that would
run something, or grow without end, is text here; what stands for too much, or in itself, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from ...errors import one_line
from ...fast_values import dataclass, field

MAX_DEPTH = 60
"""Levels of lists and mappings."""
MAX_VALUES = 1_000_000
"""Values that the aliases of a text may stand for."""
_HALF = re.compile("[\ud800-\udfff]")
EXTRA_NEEDED = "YAML needs an extra: pip install 'pytest-readiness[yaml]'"


class YamlError(ValueError):
    """The text is no YAML, or none that is read."""

    def __init__(self, position: int | None, what: str) -> None:
        super().__init__(what)
        self.position = position
        """In the text; None: not known."""
        self.what = what


@dataclass(slots=True)
class YamlNode:
    """A value of any kind."""

    kind: Literal["scalar", "list", "mapping"]
    start: int
    """With its anchor and its tag."""
    end: int = 0
    value: str = ""
    style: str = ""
    """Of a scalar: its quote, ``|`` or ``>``; empty: plain."""
    tag: str = ""
    children: list[YamlNode] = field(default_factory=list)
    """Of a mapping: key, value, key, value."""
    alias: YamlNode | None = None
    """What this place only refers to."""
    size: int = 1
    """How many values it is, with what aliases stand for."""

    def pairs(self) -> Iterator[tuple[YamlNode, YamlNode]]:
        """Yield the keys and values of a mapping."""
        return zip(self.children[::2], self.children[1::2], strict=True)


def parse_documents(text: str) -> list[YamlNode]:
    """Return the root of each document of a text (without byte order mark).

    Raises:
        YamlError: it is no YAML, it is too deep, its aliases stand for too much, or the library is not installed.
    """
    try:
        import yaml  # only where a tracker is YAML
    except ImportError:
        raise YamlError(None, EXTRA_NEEDED) from None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    tree = _Tree()
    try:
        for event in yaml.parse(text, loader):
            tree.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(
            mark.index if mark else None, f"is not YAML: {one_line(error.problem or str(error), 200)}"
        ) from None
    except yaml.reader.ReaderError as error:
        raise YamlError(
            None, f"is not YAML: it holds a character that may not stand there (U+{_code(error):04X})"
        ) from None
    return tree.roots


def _code(error: Any) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character)


class _Tree:
    """The tree as it grows, event by event."""

    def __init__(self) -> None:
        self.roots: list[YamlNode] = []
        self._open: list[YamlNode] = []
        self._anchors: dict[str, YamlNode] = {}

    def take(self, event: Any) -> None:
        kind, start = type(event).__name__, event.start_mark.index
        if kind == "ScalarEvent":
            node = YamlNode("scalar", start, event.end_mark.index, event.value, event.style or "", event.tag or "")
            if _HALF.search(node.value):
                raise YamlError(start, "is not YAML: an escape here stands for half a character")
            self._name(event, node)
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
        self._name(event, node)
        self._open.append(node)

    def _name(self, event: Any, node: YamlNode) -> None:
        if event.anchor:
            self._anchors[event.anchor] = node

    def _alias(self, event: Any) -> YamlNode:
        start, known = event.start_mark.index, self._anchors.get(event.anchor)
        if known is None:
            raise YamlError(start, f"nothing above is called '&{one_line(event.anchor, 60)}': correct the alias")
        if any(known is one for one in self._open):
            raise YamlError(start, f"'*{one_line(event.anchor, 60)}' refers to what it stands in: take it out")
        return YamlNode(known.kind, start, event.end_mark.index, alias=known, size=known.size)

    def _add(self, node: YamlNode) -> None:
        (self._open[-1].children if self._open else self.roots).append(node)
