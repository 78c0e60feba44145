"""A real reader of each place that text goes to: what it would make of what we write there."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
"""As GitHub reads it: HTML is live, and tables are tables."""

EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+", re.ASCII)
MENTION = re.compile(r"@[a-z0-9]", re.IGNORECASE | re.ASCII)
ISSUE = re.compile(r"#\d|\bgh-\d", re.IGNORECASE | re.ASCII)
ADDRESS = re.compile(r"\b(https?|ftp)://[\w\[]|\bwww\.", re.IGNORECASE | re.ASCII)
"""What GitHub looks for in rendered text, outside of code."""


def all_tokens(text: str) -> Iterator[Token]:
    """Every token of a Markdown text, those within a line too."""
    for token in MARKDOWN.parse(text):
        yield token
        yield from token.children or ()


def markdown_cells(table: str) -> list[list[str]]:
    """The text of each cell of the rows of a table that has nothing but text in it; anything else fails."""
    rows: list[list[str]] = []
    for token in MARKDOWN.parse(table):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            kinds = {child.type for child in token.children or ()}
            assert kinds <= {"text", "text_special"}, kinds
            rows[-1].append("".join(child.content for child in token.children or ()))
        else:
            assert token.type.split("_")[0] in ("table", "thead", "tbody", "tr", "th", "td"), token.type
    return rows


class Page(HTMLParser):
    """The tags, the attributes and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.append("!--")

    def handle_decl(self, decl: str) -> None:
        self.tags.append("!")

    def handle_pi(self, data: str) -> None:
        self.tags.append("?")


def xml_of(text: str) -> ET.Element:
    """A parsed XML document."""
    return ET.fromstring(text)


def csv_cells(text: str, delimiter: str = ",") -> list[list[str]]:
    """The cells of each row."""
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=delimiter == ","))


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would compute it, or may: by its first character, blanks and quotes aside."""
    return cell.lstrip(' \t\r\n"\u00a0').startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20")) or cell.startswith(
        ("\t", "\r")
    )


@dataclass
class Runner:
    """GitHub's runner, by the rules that it documents: it reads the log line by line, and obeys.

    A line is a command ``::name key=value,key=value::data`` where it starts so, blanks aside; and ``##[name key=value;]data``
    wherever that stands in a line.
    """

    commands: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    @classmethod
    def reads(cls, output: str) -> Runner:
        """Return what it makes of a job's output."""
        runner = cls()
        for line in re.split(r"\r\n|\n|\r", output):
            found = cls._second(line) or cls._first(line)
            if found:
                runner.commands.append(found)
            else:
                runner.log.append(line)
        return runner

    @classmethod
    def _second(cls, line: str) -> tuple[str, dict[str, str], str] | None:
        line = line.lstrip()
        if not line.startswith("::") or (end := line.find("::", 2)) < 0:
            return None
        name, _, told = line[2:end].strip().partition(" ")
        properties = dict(pair.partition("=")[::2] for pair in told.strip().split(",") if "=" in pair)
        return name, {key: cls._value(value) for key, value in properties.items()}, cls._data(line[end + 2 :])

    @classmethod
    def _first(cls, line: str) -> tuple[str, dict[str, str], str] | None:
        start = line.find("##")
        while start >= 0:
            match = re.match(r"##(\w*)\[([^\]]*)\](.*)", line[start:])
            if match:
                return match[2], {}, match[3]
            start = line.find("##", start + 1)
        return None

    @staticmethod
    def _data(text: str) -> str:
        return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")

    @classmethod
    def _value(cls, text: str) -> str:
        return cls._data(text.replace("%3A", ":").replace("%2C", ","))
