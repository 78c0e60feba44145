"""Markdown parser for trackers: tokens of a text, and the visible text of a token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from ...late_pattern import late_pattern

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
"""Placeholder for a text that is struck out; no text of a document contains it."""
_QUOTE = late_pattern(r"[ \t]*>")
_PIPE = late_pattern(r"(?<!\\)\|")


def parse_markdown(text: str, definitions: dict[str, Any] | None = None) -> list[Token]:
    """Return the tokens of a text (without byte order mark); its link targets are added to ``definitions``."""
    return _markdown().parse(text, definitions)


def visible_text(cell: str, definitions: dict[str, Any]) -> str:
    """Return the text of a cell as a reader sees it."""
    return text_of(_markdown().parseInline(cell, definitions)[0])


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    markdown.core.ruler.at("inline", _parse_inline)
    return markdown


_MARKUP = late_pattern(r"[\\`*_~\[\]!<&\n]")
"""A character that may start markup. The cells of a register are short and similar, and most have none."""


def _parse_inline(state: StateCore) -> None:
    """Parse the text of each block like the parser's own rule, but faster for plain and for repeated texts."""
    parsed: dict[str, list[Token]] = {}
    for token in state.tokens:
        if token.type != "inline":
            continue
        children = parsed.get(token.content)
        if children is None:
            children = []
            if _MARKUP.search(token.content):
                state.md.inline.parse(token.content, state.md, state.env, children)
            elif token.content:
                children.append(Token("text", "", 0, content=token.content))
            # A later rule joins the tokens of escapes and entities in place, so it must not see these tokens twice.
            if "\\" not in token.content and "&" not in token.content:
                parsed[token.content] = children
        token.children = children


def fold_text(text: str) -> str:
    """Return a header or heading for comparison: in small letters, with single spaces."""
    return " ".join(text.split()).casefold()


def table_rows(tokens: Sequence[Token], start: int) -> list[tuple[int, list[str]]]:
    """Return (line, cell texts) of each row of the table that opens at token ``start``, the header first.

    A cell whose whole text is struck out is ``STRUCK``.
    """
    rows: list[tuple[int, list[str]]] = []
    for index in range(start, len(tokens)):
        token = tokens[index]
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
    """Return the line that a token starts in, from 1; 0: unknown."""
    return token.map[0] + 1 if token.map else 0


_FOOTNOTE_MARK = late_pattern(r"\[\^[^\]\s]+\]")
_HIDDEN_TAG = late_pattern(r"<(/?)(sup|s|del|strike)(?=[\s>/])", re.IGNORECASE)
"""A tag around text that is struck out or superscript."""


def text_of(inline: Token) -> str:
    """Return the visible text: without emphasis and code marks, with escapes resolved and line breaks as spaces.

    Struck out text, footnote marks and superscript are left out.
    """
    children = inline.children or ()
    if len(children) == 1 and children[0].type in {"text", "code_inline"} and "[^" not in children[0].content:
        return children[0].content.strip()  # The fast path: most texts are like this.
    parts: list[str] = []
    hidden, previous = 0, ""
    for token in children:
        kind, content = token.type, token.content
        if kind in {"s_open", "s_close"}:
            hidden += 1 if kind == "s_open" else -1
        elif kind == "html_inline":
            tag = _HIDDEN_TAG.match(content)
            hidden = max(hidden + (-1 if tag[1] else 1), 0) if tag else hidden
            parts.append(" " if content.lower().startswith("<br") and not hidden else "")
        elif not hidden and not (previous == "link_open" and content.startswith("^")):
            content = _FOOTNOTE_MARK.sub("", content) if kind == "text" else content
            parts.append(" " if kind in {"softbreak", "hardbreak"} else content)
        previous = kind
    return "".join(parts).strip()


def is_struck(inline: Token) -> bool:
    """Return whether there is a text and all of it is struck out."""
    markup = ("~", "</s>", "</del>", "</strike>")
    return any(mark in inline.content.lower() for mark in markup) and not text_of(inline)


def cell_spans(line: str, quotes: int = 0) -> list[tuple[int, int]]:
    """Return the start and end of each cell of a row: between pipes that are not escaped, as in Markdown.

    Pipes in code spans separate cells too, unless they are escaped. The text before the first pipe and after the last
    is a cell only if it is not empty.

    Args:
        line: The line of the row.
        quotes: Number of ``>`` before the row.
    """
    start, end = 0, len(line)
    for _ in range(quotes):
        match = _QUOTE.match(line, start)
        start = match.end() if match else start
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
