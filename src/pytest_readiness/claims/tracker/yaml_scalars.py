"""Reader and writer of single YAML values that keep their position and style."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from .located_value import LocatedValue
from .yaml_tree import YamlError, YamlNode, parse_documents

_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]+)*")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
ALIAS = "*"
"""The style of an alias."""
UNCHANGEABLE = "?"
"""The style of a value that is never changed."""
_PLAIN = frozenset({"", ALIAS})


def read_scalar(text: str, node: YamlNode) -> LocatedValue:
    """Return the text of a value and its position, without its anchor and tag.

    Args:
        text: The whole text of the tracker.
        node: A scalar, or an alias of one. The text of a list or a mapping is empty.
    """
    if node.alias is not None:
        return LocatedValue(read_scalar(text, node.alias).text, node.start, node.end, ALIAS)
    if node.kind != "scalar":
        return LocatedValue("", node.start, node.end, UNCHANGEABLE)
    value = node.value.strip()
    if not node.style and value in _NULL:
        value = ""
    properties = _PROPERTIES.match(text, node.start, node.end)
    start = properties.end() if properties else node.start
    is_unclear = text[start : start + 1] in ("&", "!", "#", "\r", "\n") and start < node.end
    return LocatedValue(value, start, max(start, node.end), UNCHANGEABLE if is_unclear else node.style)


def respell(text: str, value: LocatedValue, new: str, *, keep_type: bool) -> Iterator[str]:
    """Yield the spellings of a new value that replaces an old one: first in its style, else in quotes.

    Args:
        text: The whole text of the tracker.
        value: The old value.
        new: The new value, without blanks around it.
        keep_type: Put a plain word in quotes if other readers would take it for a number or a boolean, unless the old
            one was of that type too.
    """
    old = text[value.start : value.end]
    for candidate in _candidates(old, value, new, keep_type=keep_type):
        if _reads_as(candidate, new):
            needs_space = not old and value.start > 0 and not text[value.start - 1].isspace()
            yield f" {candidate}" if needs_space else candidate


def _candidates(old: str, value: LocatedValue, new: str, *, keep_type: bool) -> Iterator[str]:
    single, double = "'" + new.replace("'", "''") + "'", json.dumps(new, ensure_ascii=False)
    if value.style in _PLAIN:
        if not keep_type or _type_of(new) in ("str", _type_of(old) if value.text else "str"):
            yield new
        yield from (single, double)
    elif value.style == "'":
        yield from (single, double)
    elif value.style == '"':
        yield double
    elif value.style in ("|", ">") and value.text and old.count(value.text) == 1:
        yield old.replace(value.text, new)


def _type_of(word: str) -> str:
    """Return the type that YAML readers give a plain word, such as ``str`` or ``bool``."""
    from yaml.nodes import ScalarNode
    from yaml.resolver import Resolver

    tag = Resolver().resolve(ScalarNode, word, (True, False))  # type: ignore[no-untyped-call]
    return str(tag).rpartition(":")[2]


def _reads_as(candidate: str, new: str) -> bool:
    """Return whether a spelling is read as the new value in a list and in brackets; a block only in a list."""
    samples = {f"- {candidate}\n": 1}
    if candidate[:1] not in ("|", ">"):
        samples = {f"- {candidate} # remark\n": 1, f"[{candidate}, other]\n": 2}
    return all(_first_text(text, count) == new for text, count in samples.items())


def _first_text(text: str, count: int) -> str | None:
    """Return the first text of a list; None: the list has not exactly ``count`` texts."""
    try:
        (root,) = parse_documents(text)
    except (YamlError, ValueError):
        return None
    texts = [child.value.strip() for child in root.children if child.kind == "scalar"]
    return texts[0] if len(texts) == len(root.children) == count else None
