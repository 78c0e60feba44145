"""Markdown as a tracker is written in it: parsed into tokens, and what a reader sees of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from .isolated_import import isolated_import

with isolated_import("markdown_it", "mdurl"):
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

__all__ = [
    "STRUCK",
    "Token",
    "cell_spans",
    "fold_text",
    "headers_of",
    "line_of",
    "parse_markdown",
    "table_rows",
    "text_of",
    "visible_text",
]

STRUCK = "\0"
"""Stands for a text that is struck out; no text of a document holds it."""
_QUOTE = re.compile(r"[ \t]*>")
_PIPE = re.compile(r"(?<!\\)\|")


def parse_markdown(text: str, definitions: dict[str, Any] | None = None) -> list[Token]:
    """Return the text (without byte order mark) as Markdown; ``definitions`` takes in what its links refer to."""
    return _markdown().parse(text, definitions)


def visible_text(cell: str, definitions: dict[str, Any]) -> str:
    """Return what a reader sees of a cell."""
    return text_of(_markdown().parseInline(cell, definitions)[0])


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    markdown.core.ruler.at("inline", _read_inline)
    return markdown


_MARKED = re.compile(r"[\\`*_~\[\]!<&\n]")
"""What can make more of a text than it is. The cells of a register are short, many and alike."""


def _read_inline(state: StateCore) -> None:
    """Read the text of each block, as the parser's own rule does: but one without a mark, or read before, at once."""
    known: dict[str, list[Token]] = {}
    for token in state.tokens:
        if token.type != "inline":
            continue
        children = known.get(token.content)
        if children is None:
            children = []
            if _MARKED.search(token.content):
                state.md.inline.parse(token.content, state.md, state.env, children)
            elif token.content:
                children.append(Token("text", "", 0, content=token.content))
            # A later rule joins what escapes and entities came to, in place and not twice.
            if "\\" not in token.content and "&" not in token.content:
                known[token.content] = children
        token.children = children


def fold_text(text: str) -> str:
    """Return a text by which headers and headings are compared: in any letter case, with single spaces."""
    return " ".join(text.split()).casefold()


def table_rows(tokens: Sequence[Token], start: int) -> list[tuple[int, list[str]]]:
    """Return (line, texts of the cells) of each row of the table that opens at ``start``, the header first.

    A cell whose text is struck out as a whole is ``STRUCK``.
    """
    rows: list[tuple[int, list[str]]] = []
    for at in range(start, len(tokens)):
        token = tokens[at]
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append((line_of(token), []))
        elif token.type == "inline":
            rows[-1][1].append(text_of(token) or (STRUCK if is_struck(token) else ""))
    return rows


def headers_of(tokens: Sequence[Token]) -> Iterator[list[str]]:
    """Yield the texts of the header of each table."""
    header: list[str] | None = None
    for token in tokens:
        if token.type == "thead_open":
            header = []
        elif token.type == "inline" and header is not None:
            header.append(text_of(token))
        elif token.type == "thead_close" and header is not None:
            yield header
            header = None


def line_of(token: Token) -> int:
    """Return the line that a token begins in, from 1; 0 where that is not known."""
    return token.map[0] + 1 if token.map else 0


_NOTE = re.compile(r"\[\^[^\]\s]+\]")
"""A footnote's mark."""
_TAG = re.compile(r"<(/?)(sup|s|del|strike)(?=[\s>/])", re.IGNORECASE)
"""Around what is struck out, or set in small type above the line."""


def text_of(inline: Token) -> str:
    """Return the text that a reader sees: no emphasis, no code marks, escapes undone; a break is a space.

    What is struck out, the mark of a footnote and what is set in small type above the line are no part of it.
    """
    children = inline.children or ()
    if len(children) == 1 and children[0].type in {"text", "code_inline"} and "[^" not in children[0].content:
        return children[0].content.strip()  # most often so
    parts: list[str] = []
    hidden, before = 0, ""
    for token in children:
        kind, content = token.type, token.content
        if kind in {"s_open", "s_close"}:
            hidden += 1 if kind == "s_open" else -1
        elif kind == "html_inline":
            tag = _TAG.match(content)
            hidden = max(hidden + (-1 if tag[1] else 1), 0) if tag else hidden
            parts.append(" " if content.lower().startswith("<br") and not hidden else "")
        elif not hidden and not (before == "link_open" and content.startswith("^")):
            content = _NOTE.sub("", content) if kind == "text" else content
            parts.append(" " if kind in {"softbreak", "hardbreak"} else content)
        before = kind
    return "".join(parts).strip()


def is_struck(inline: Token) -> bool:
    """Return whether a text is there, and struck out as a whole."""
    marked = ("~", "</s>", "</del>", "</strike>")
    return any(mark in inline.content.lower() for mark in marked) and not text_of(inline)


def cell_spans(line: str, quotes: int = 0) -> list[tuple[int, int]]:
    """Return where the cells of a row begin and end: between pipes that are not escaped, as Markdown has it.

    Pipes in code spans part cells too, unless they are escaped. What stands before the first pipe and after the last
    is a cell only if it holds something.
    """
    start, end = 0, len(line)
    for _ in range(quotes):
        found = _QUOTE.match(line, start)
        start = found.end() if found else start
    while start < end and line[start].isspace():
        start += 1
    while end > start and line[end - 1].isspace():
        end -= 1
    pipes = [pipe.start() for pipe in _PIPE.finditer(line, start, end)]
    spans = list(zip([start, *(pipe + 1 for pipe in pipes)], [*pipes, end], strict=True))
    if spans and spans[0][0] == spans[0][1]:
        del spans[0]
    if spans and spans[-1][0] == spans[-1][1]:
        del spans[-1]
    return spans
