"""A value of YAML: the characters that say it, and how another one is written in their place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from .located_value import LocatedValue
from .yaml_tree import YamlError, YamlNode, parse_documents

_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]+)*")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
ALIAS = "*"
UNSURE = "?"
"""It is written in a way that is not changed."""
_PLAIN = frozenset({"", ALIAS})


def read_scalar(text: str, node: YamlNode) -> LocatedValue:
    """Return what a value says, and where it stands in the text, without its anchor and tag.

    Args:
        text: of the whole tracker.
        node: a scalar, or an alias of one; what a list or a mapping says is nothing.
    """
    if node.alias is not None:
        return LocatedValue(read_scalar(text, node.alias).text, node.start, node.end, ALIAS)
    if node.kind != "scalar":
        return LocatedValue("", node.start, node.end, UNSURE)
    said = node.value.strip()
    if not node.style and said in _NULL:
        said = ""
    properties = _PROPERTIES.match(text, node.start, node.end)
    start = properties.end() if properties else node.start
    unsure = text[start : start + 1] in ("&", "!", "#", "\r", "\n") and start < node.end
    return LocatedValue(said, start, max(start, node.end), UNSURE if unsure else node.style)


def respell(text: str, value: LocatedValue, new: str, *, keep_type: bool) -> Iterator[str]:
    """Yield how a new value is written in place of an old one: in its style first, else in quotes.

    Args:
        text: of the whole tracker.
        value: to be replaced.
        new: without blanks around it.
        keep_type: a plain word that other readers would take for a number or a truth is put in quotes, unless the old
            one was such a one too.
    """
    old = text[value.start : value.end]
    for candidate in _candidates(old, value, new, keep_type=keep_type):
        if _says(candidate, new):
            glued = not old and value.start > 0 and not text[value.start - 1].isspace()
            yield f" {candidate}" if glued else candidate


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
    """Return what a reader of YAML takes a plain word for."""
    from yaml.nodes import ScalarNode
    from yaml.resolver import Resolver

    tag = Resolver().resolve(ScalarNode, word, (True, False))  # type: ignore[no-untyped-call]
    return str(tag).rpartition(":")[2]


def _says(candidate: str, new: str) -> bool:
    """Return whether a spelling is read as the word wherever a value may stand; a block stands in no brackets."""
    tries = {f"- {candidate}\n": 1}
    if candidate[:1] not in ("|", ">"):
        tries = {f"- {candidate} # remark\n": 1, f"[{candidate}, other]\n": 2}
    return all(_first(text, count) == new for text, count in tries.items())


def _first(text: str, count: int) -> str | None:
    """Return the first of so many texts in a list."""
    try:
        (root,) = parse_documents(text)
    except (YamlError, ValueError):
        return None
    texts = [child.value.strip() for child in root.children if child.kind == "scalar"]
    return texts[0] if len(texts) == len(root.children) == count else None
