"""Check lists: the items of a tracker that begin with a box, and what only looks like one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...fast_values import dataclass
from .markdown_parser import Token, line_of, text_of
from .status_words import box_of, strip_box

_LISTS = frozenset({"bullet_list", "ordered_list"})
_LIKE_A_BOX = re.compile(r"\[(?:\s*[^\w\s\]^]?\s*|\s*[xXvVyY]\s*)\]|[☐☑☒✓✔✗✘□■▢](?!\S*\|)")
_OF_AN_ISSUE = r"#\d+|[\w.-]+/[\w.-]+[#!]\d+|https?://\S+"
_LEAD = re.compile(rf"({_OF_AN_ISSUE}|[A-Z][A-Z0-9]*[-_]\d+)(?:\s*[:\u2013\u2014-])?(?=\s|\Z)")
_KIN = re.compile(r"[A-Z][A-Z0-9]*[-_]")
_MENTION = re.compile(r"(?<![\w.@/])@[\w][\w-]*(?:/[\w.-]+)?")

_LINE = re.compile(
    r"\s*(?:(?:[-*+\u2022\u2023\u25e6\u2043\u2013\u2014\u00b7]|\d{1,9}[.)])\s*)?(?:\[[ xX]\]|[☐☑])(?=\s|\Z)"
)
"""A line that a person reads as an item with a box."""

NO_ITEM = "this begins with a box, and is no item of a list: begin a line of its own with '- '"
NO_BOX = "this item has no box as those beside it have, and is no use case: give it one, or end the list before it"
NO_SUCH_BOX = "this looks like an item of a check list, and its box is none: write '[ ] ' or '[x] '"


@dataclass(frozen=True, slots=True)
class CheckItem:
    """An item with a box."""

    line: int
    box: str
    name: str
    """What its id is made of."""
    title: str
    owner: str
    struck: bool


class _Item:
    def __init__(self, line: int) -> None:
        self.line = line
        self.is_boxed = False
        self.has_boxes = False
        """Below it."""
        self.is_begun = False


class CheckLists:
    """What a way through the tokens of a tracker gathers of its lists."""

    def __init__(self) -> None:
        """Begin with none."""
        self.items: list[CheckItem] = []
        self.doubts: list[tuple[int, str]] = []
        self._open: list[_Item] = []
        self._lists: list[list[_Item]] = []

    def take(self, token: Token) -> bool:
        """Look at the next token, and return whether it is the text of an item with a box."""
        kind, _, way = token.type.rpartition("_")
        if kind in _LISTS and way == "open":
            self._lists.append([])
        elif kind in _LISTS and self._lists:
            self._end(self._lists.pop())
        elif token.type == "list_item_open":
            self._open.append(_Item(line_of(token)))
        elif token.type == "list_item_close" and self._open:
            self._close(self._open.pop())
        elif token.type == "inline" and self._open and not self._open[-1].is_begun:
            return self._begin(self._open[-1], token)
        elif self._open and token.type not in ("paragraph_open", "paragraph_close"):
            self._open[-1].is_begun = True
        return False

    def _begin(self, item: _Item, token: Token) -> bool:
        item.is_begun = True
        box = box_of(token.content)
        if box and box_of(text_of(token)) == box and strip_box(token.content):
            item.is_boxed = True
            self.items.append(_check_item(line_of(token), box, token))
        elif _LIKE_A_BOX.match(token.content):
            self.doubts.append((line_of(token), NO_SUCH_BOX))
        return item.is_boxed

    def _close(self, item: _Item) -> None:
        if self._lists:
            self._lists[-1].append(item)
        if self._open and (item.is_boxed or item.has_boxes):
            self._open[-1].has_boxes = True

    def _end(self, items: list[_Item]) -> None:
        if any(item.is_boxed for item in items):
            told = {line for line, _ in self.doubts}
            plain = [item.line for item in items if not item.is_boxed and not item.has_boxes and item.line not in told]
            self.doubts += [(line, NO_BOX) for line in plain]

    def outside(self, ids: frozenset[str]) -> Iterator[tuple[int, str]]:
        """Yield (line, id) of each item that is called like the use cases with these ids, and is none of them."""
        kin = {found[0] for one in ids if (found := _KIN.match(one))}
        known = {one.casefold() for one in ids}
        for item in self.items:
            found = _KIN.match(item.name)
            if found and found[0] in kin and item.name.casefold() not in known:
                yield item.line, item.name


def boxed_lines(token: Token, first: int) -> Iterator[int]:
    """Yield the lines of a text that begin with a box, from its line ``first`` (from 0) on: a list has no such line."""
    lines = token.content.split("\n")[first:]
    yield from (line_of(token) + number for number, line in enumerate(lines, first) if _LINE.match(line))


def _check_item(line: int, box: str, token: Token) -> CheckItem:
    whole = strip_box(text_of(token))
    mention = _MENTION.search(whole)
    owner = mention[0] if mention else ""
    text = " ".join(_MENTION.sub("", whole).split())
    lead = _LEAD.match(text)
    title = text[lead.end() :].strip() if lead else text
    name = lead[1] if lead and not _speaks_of_more(lead[1], title) else _emphasised(token) or text
    return CheckItem(line, box, name, title or text, owner, struck=not whole)


def _speaks_of_more(name: str, rest: str) -> bool:
    """Return whether an item names a second id of the kind: what it is called is the whole of it then."""
    kin = _KIN.match(name)
    return kin is not None and kin[0] in rest


def _emphasised(token: Token) -> str:
    """Return the text in bold that an item begins with: that is what ``[ ] **Keys**: where they lie`` is called."""
    children = token.children or []
    opened = next((at for at, one in enumerate(children) if one.type == "strong_open"), None)
    if opened is None or strip_box("".join(one.content for one in children[:opened])):
        return ""
    closed = next(at for at, one in enumerate(children) if one.type == "strong_close")
    return "".join(one.content for one in children[opened:closed]).strip().rstrip(":").strip()
