"""The check lists of a tracker: items that begin with a box, and lines that only look like such items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from ...late_pattern import late_pattern
from .markdown_parser import Token, line_of, text_of
from .status_words import box_of, strip_box

_LISTS = frozenset({"bullet_list", "ordered_list"})
_BOX_LIKE = late_pattern(r"\[(?:\s*[^\w\s\]^]?\s*|\s*[xXvVyY]\s*)\]|[☐☑☒✓✔✗✘□■▢](?!\S*\|)")
_ISSUE_REFERENCE = r"#\d+|[\w.-]+/[\w.-]+[#!]\d+|https?://\S+"
_LEADING_ID = late_pattern(rf"({_ISSUE_REFERENCE}|[A-Z][A-Z0-9]*[-_]\d+)(?:\s*[:\u2013\u2014-])?(?=\s|\Z)")
_ID_PREFIX = late_pattern(r"[A-Z][A-Z0-9]*[-_]")
_MENTION = late_pattern(r"(?<![\w.@/])@[\w][\w-]*(?:/[\w.-]+)?")

LINE_WITH_BOX = late_pattern(
    r"\s*(?:(?:[-*+\u2022\u2023\u25e6\u2043\u2013\u2014\u00b7]|\d{1,9}[.)])\s*)?(?:\[[ xX]\]|[☐☑])(?=\s|\Z)"
)
"""A line that a person reads as an item with a box."""

NO_ITEM = "this begins with a box, but is no item of a list: start a new line with '- '"
NO_BOX = "this item has no box although others in its list do, so it is no use case: add one, or end the list before it"
INVALID_BOX = "this looks like an item of a check list, but its box is invalid: write '[ ] ' or '[x] '"


class CheckItem(Struct, frozen=True):
    """An item with a box."""

    line: int
    box: str
    name: str
    """The text that its id is made of."""
    title: str
    owner: str
    is_struck: bool


class _ListItem:
    """An open item of any list."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.is_boxed = False
        self.has_boxed_items = False
        """An item below it has a box."""
        self.has_content = False


class CheckLists:
    """The check lists of a tracker, collected token by token."""

    def __init__(self) -> None:
        """Start without lists."""
        self.items: list[CheckItem] = []
        self.problems: list[tuple[int, str]] = []
        self._open_items: list[_ListItem] = []
        self._open_lists: list[list[_ListItem]] = []

    def add(self, token: Token) -> bool:
        """Add the next token, and return whether it is the text of an item with a box."""
        kind, _, action = token.type.rpartition("_")
        if kind in _LISTS and action == "open":
            self._open_lists.append([])
        elif kind in _LISTS and self._open_lists:
            self._end_list(self._open_lists.pop())
        elif token.type == "list_item_open":
            self._open_items.append(_ListItem(line_of(token)))
        elif token.type == "list_item_close" and self._open_items:
            self._end_item(self._open_items.pop())
        elif token.type == "inline" and self._open_items and not self._open_items[-1].has_content:
            return self._add_text(self._open_items[-1], token)
        elif self._open_items and token.type not in ("paragraph_open", "paragraph_close"):
            self._open_items[-1].has_content = True
        return False

    def _add_text(self, item: _ListItem, token: Token) -> bool:
        item.has_content = True
        box = box_of(token.content)
        if box and box_of(text_of(token)) == box and strip_box(token.content):
            item.is_boxed = True
            self.items.append(_check_item(line_of(token), box, token))
        elif _BOX_LIKE.match(token.content):
            self.problems.append((line_of(token), INVALID_BOX))
        return item.is_boxed

    def _end_item(self, item: _ListItem) -> None:
        if self._open_lists:
            self._open_lists[-1].append(item)
        if self._open_items and (item.is_boxed or item.has_boxed_items):
            self._open_items[-1].has_boxed_items = True

    def _end_list(self, items: list[_ListItem]) -> None:
        if any(item.is_boxed for item in items):
            reported = {line for line, _ in self.problems}
            plain = [item for item in items if not item.is_boxed and not item.has_boxed_items]
            self.problems += [(item.line, NO_BOX) for item in plain if item.line not in reported]

    def similar_items(self, ids: frozenset[str]) -> Iterator[tuple[int, str]]:
        """Yield (line, name) of each item whose name is like these ids (``UC-``), and is none of them."""
        yield from similar_names(((item.line, item.name) for item in self.items), ids)


def similar_names(items: Iterable[tuple[int, str]], ids: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Yield (line, name) of each item whose name is like these ids (``UC-``), and is none of them."""
    prefixes = {match[0] for name in ids if (match := _ID_PREFIX.match(name))}
    folded_ids = {name.casefold() for name in ids}
    for line, name in items:
        match = _ID_PREFIX.match(name)
        if match and match[0] in prefixes and name.casefold() not in folded_ids:
            yield line, name


def leading_id(text: str) -> str:
    """Return the id at the start of the text of an item, such as ``UC-003``; empty: there is none."""
    match = _LEADING_ID.match(text)
    return match[1] if match else ""


def boxed_lines(token: Token, first: int) -> Iterator[int]:
    """Yield the lines of a text that begin with a box, from its line ``first`` (from 0) on."""
    lines = token.content.split("\n")[first:]
    yield from (line_of(token) + offset for offset, line in enumerate(lines, first) if LINE_WITH_BOX.match(line))


def _check_item(line: int, box: str, token: Token) -> CheckItem:
    content = strip_box(text_of(token))
    mention = _MENTION.search(content)
    owner = mention[0] if mention else ""
    text = " ".join(_MENTION.sub("", content).split())
    leading_id = _LEADING_ID.match(text)
    title = text[leading_id.end() :].strip() if leading_id else text
    has_own_id = leading_id is not None and not _has_similar_id(leading_id[1], title)
    name = leading_id[1] if leading_id and has_own_id else _leading_bold_text(token) or text
    return CheckItem(line, box, name, title or text, owner, is_struck=not content)


def _has_similar_id(name: str, rest: str) -> bool:
    """Return whether an item names a second id with the same prefix: then its whole text is its name."""
    prefix = _ID_PREFIX.match(name)
    return prefix is not None and prefix[0] in rest


def _leading_bold_text(token: Token) -> str:
    """Return the bold text at the start of an item, its name: ``Keys`` of ``[ ] **Keys**: API keys``; empty: none."""
    children = token.children or []
    start = next((index for index, child in enumerate(children) if child.type == "strong_open"), None)
    if start is None or strip_box("".join(child.content for child in children[:start])):
        return ""
    end = next(index for index, child in enumerate(children) if child.type == "strong_close")
    return "".join(child.content for child in children[start:end]).strip().rstrip(":").strip()
