"""Each sanitiser against the common corpus of attacks, read by a real reader of its sink."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.views.sanitise import LIMIT, sanitise, sanitise_lines
from pytest_readiness.views.sanitise.csv import csv_row, to_csv
from pytest_readiness.views.sanitise.github import annotation, to_command_data, to_command_property
from pytest_readiness.views.sanitise.html import to_href, to_html
from pytest_readiness.views.sanitise.junit import to_xml, to_xml_attribute
from pytest_readiness.views.sanitise.markdown import to_markdown, to_markdown_words
from pytest_readiness.views.sanitise.terminal import visible, visible_lines

from .hostile import HOSTILE, RAW, dangers
from .sinks import (
    ADDRESS,
    EMAIL,
    ISSUE,
    MENTION,
    Page,
    Runner,
    all_tokens,
    csv_cells,
    is_formula,
    markdown_cells,
    xml_of,
)

pytestmark = pytest.mark.slow

PIECES = (
    "<",
    ">",
    "&",
    '"',
    "'",
    "`",
    "|",
    "\n",
    "\r",
    "\t",
    "\\",
    "*",
    "_",
    "[",
    "]",
    "(",
    ")",
    "#",
    "@",
    ":",
    "::",
    "##[x]",
    "=",
)
TEXTS = st.text() | st.lists(
    st.sampled_from((*PIECES, "a", "1", " ", ".", ";", ",", "%", "\x00", "\ud800", "\u202e", "www.", "http://", "gh-"))
).map("".join)
"""Any text, and texts made of what means something somewhere."""
every_attack = pytest.mark.parametrize("text", HOSTILE)
anything = given(TEXTS)


def markdown_cell(shown):
    """The text of Markdown that is one cell of one row; nothing in it is live."""
    head, row, last = markdown_cells(f"| a | b |\n| --- | --- |\n| {shown} | {shown} |\n| x | y |\n")[0:3]
    assert (head, last) == (["a", "b"], ["x", "y"])
    assert row == [row[0], row[0]]
    for live in (EMAIL, MENTION, ISSUE, ADDRESS):
        assert not live.search(row[0]), (live.pattern, row[0])
    assert dangers(f"{shown}\n") == []
    return row[0].replace("\u200b", "")


class TestMarkdownWords:
    """Cells of tables that are also read as text."""

    def check(self, text):
        """It shows the words of the text."""
        assert markdown_cell(to_markdown_words(text)).split() == visible(text).split()

    @every_attack
    def test_attacks(self, text):
        """No attack of the corpus breaks the table or is anything else than text."""
        self.check(text)

    @anything
    def test_any_text(self, text):
        """Whatever the text."""
        self.check(text)

    @pytest.mark.parametrize("word", ["(www.evil.example)", "(gh-12)", "www.evil.example", "GH-12"])
    def test_addresses_and_issues_in_parentheses(self, word):
        """A word that GitHub makes a link of is no plain word."""
        self.check(word)

    @pytest.mark.parametrize("word", ["UC-001", "2026-02-12T18:29:00.000Z", "(identity:git)", "it's"])
    def test_plain_words(self, word):
        """Ids and times stay as they are."""
        assert to_markdown_words(word) == word


class TestMarkdown:
    """Cells of tables, and text within lines."""

    def check(self, text):
        """It is one cell of one row that shows the text; nothing in it is live."""
        assert markdown_cell(to_markdown(text)) == visible(text)

    @every_attack
    def test_attacks(self, text):
        """No attack of the corpus breaks the table or is anything else than text."""
        self.check(text)

    @anything
    def test_any_text(self, text):
        """Whatever the text."""
        self.check(text)

    @anything
    def test_alone_in_a_line(self, text):
        """At the start of a line it begins no heading, list, quote, rule, code or table: it is one paragraph of text."""
        shown = to_markdown(text)
        tokens = list(all_tokens(f"before\n\n{shown}\n\nafter\n"))
        allowed = {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}
        assert {token.type for token in tokens} <= allowed
        assert len([token for token in tokens if token.type == "paragraph_open"]) == (3 if shown else 2)


class TestHTML:
    """Between tags, in attributes, in links."""

    def check(self, text):
        """As text it is this text, in an attribute this value; and no tag, attribute or comment comes of it."""
        shown = to_html(text)
        page = Page(f"<p title=\"{shown}\" class='{shown}'>{shown}</p><b>end</b>")
        assert page.tags == ["p", "b"]
        assert page.attributes == [("title", visible(text)), ("class", visible(text))]
        assert page.text == f"{visible(text)}end"
        assert dangers(shown) == []

    @every_attack
    def test_attacks(self, text):
        """No attack of the corpus is anything else than text."""
        self.check(text)

    @anything
    def test_any_text(self, text):
        """Whatever the text."""
        self.check(text)

    @anything
    def test_lines_are_kept_where_that_is_asked(self, text):
        """The lines of a message stay lines, and none of them is a command where the source is printed."""
        shown = to_html(text, lines=True)
        assert Page(f"<pre>{shown}</pre>").text == "\n".join(visible_lines(text))
        assert dangers(shown) == []

    @pytest.mark.parametrize(
        ("url", "href"),
        [
            ("https://example.com/a?b=1&c=2#d", "https://example.com/a?b=1&amp;c=2#d"),
            ("HTTP://example.com", "HTTP://example.com"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x"),
            ("https://example.com/'x", "https://example.com/&#39;x"),
        ],
    )
    def test_web_addresses_are_links(self, url, href):
        """An address of the web is a link, encoded for its attribute."""
        assert to_href(url) == href
        assert Page(f'<a href="{to_href(url)}">x</a>').attributes == [("href", url)]

    @every_attack
    def test_nothing_else_is_a_link(self, text):
        """Scripts, data, files, relative addresses, user names and what only looks like the web are text."""
        href = to_href(text)
        assert href is None or Page(f'<a href="{href}">x</a>').tags == ["a"]
        if href is not None:
            assert text.startswith("https://example.com/?q=")

    @given(st.text() | TEXTS.map("https://e.example/{}".format) | TEXTS.map("https://{}".format))
    def test_any_address(self, url):
        """A link is http or https, of printable ASCII, and ends where its attribute does."""
        href = to_href(url)
        if href is not None:
            assert url.lower().startswith(("http://", "https://"))
            assert url.isascii()
            assert url.isprintable()
            assert Page(f'<a href="{href}">x</a>').attributes == [("href", url)]


class TestCSV:
    """What a spreadsheet opens."""

    def check(self, text):
        """A row of three is a row of three; none of its cells is a formula, also where cells end at semicolons."""
        row = csv_row(["x", text, "y"])
        assert row.endswith("\r\n")
        (cells,) = csv_cells(row)
        assert (cells[0], cells[2], len(cells)) == ("x", "y", 3)
        assert not is_formula(cells[1])
        assert cells[1].replace("'", "") == sanitise(text).replace("'", "")
        for alone in csv_cells(csv_row([text]), ";"):
            assert not any(map(is_formula, alone)), alone
        assert dangers(row.removesuffix("\r\n")) == []

    @every_attack
    def test_attacks(self, text):
        """No attack of the corpus is computed, or breaks out of its cell."""
        self.check(text)

    @anything
    def test_any_text(self, text):
        """Whatever the text."""
        self.check(text)

    @anything
    def test_twice_is_once(self, text):
        """What was made harmless stays as it is."""
        assert to_csv(to_csv(text)) == to_csv(text)

    @pytest.mark.parametrize("text", ["a", "a-b", "tests/a.py::test_b[x=1]", "2026-01-01", "it's"])
    def test_ordinary_text_is_unchanged(self, text):
        """What no spreadsheet computes stands as it is."""
        assert to_csv(text) == text


class TestGitHub:
    """Workflow commands, our own and forged ones."""

    @every_attack
    def test_attacks_on_the_log(self, text):
        """No text of the corpus is obeyed, printed as a line or as lines."""
        assert Runner.reads(f"{sanitise(text)}\n  {sanitise_lines(text)}").commands == []

    @anything
    def test_any_text_in_the_log(self, text):
        """Whatever the text."""
        assert Runner.reads(f"{sanitise(text)}\n{sanitise_lines(text)}").commands == []

    def check(self, text):
        """An annotation is one command, with the values that it was given."""
        line = annotation("error", text, file=text or "f", line=3, title=text or "t")
        (command,) = Runner.reads(line).commands
        name, properties, data = command
        assert name == "error"
        title = sanitise(text or "t").rstrip(" ")  # the runner trims what stands before the data
        assert properties == {"file": sanitise(text or "f"), "line": "3", "title": title}
        assert data == sanitise_lines(text)
        assert "\n" not in line
        assert "\r" not in line
        assert RAW.findall(line) == []

    @every_attack
    def test_attacks_on_an_annotation(self, text):
        """No attack of the corpus ends a value, a property or the command."""
        self.check(text)

    @anything
    def test_any_annotation(self, text):
        """Whatever the text."""
        self.check(text)

    def test_an_annotation_of_the_whole_run(self):
        """Without a place it has no properties."""
        assert annotation("notice", "50 % done\nnext") == "::notice::50 %25 done%0Anext"
        assert annotation("warning", "x", file="a,b:c.py") == "::warning file=a%2Cb%3Ac.py::x"

    def test_parts(self):
        """Data keeps its lines as escapes; a property has but one."""
        assert to_command_data("a\r\nb%") == "a%0Ab%25"
        assert to_command_property("a\nb:c,d") == "a\\nb%3Ac%2Cd"


class TestXML:
    """JUnit's and others."""

    def check(self, text):
        """As text and as the value of an attribute it is this text, and no element comes of it."""
        case = xml_of(f"<case a=\"{to_xml_attribute(text)}\" b='{to_xml_attribute(text)}'>{to_xml(text)}</case>")
        assert list(case) == []
        assert case.attrib == {"a": visible(text), "b": visible(text)}
        assert (case.text or "") == "\n".join(visible_lines(text))
        assert "]]>" not in to_xml(text)
        assert dangers(to_xml(text)) == []

    @every_attack
    def test_attacks(self, text):
        """No attack of the corpus makes it another document, or none."""
        self.check(text)

    @anything
    def test_any_text(self, text):
        """Whatever the text."""
        self.check(text)


SINKS = (
    sanitise,
    sanitise_lines,
    to_markdown,
    to_html,
    to_csv,
    to_command_data,
    to_command_property,
    to_xml,
    to_xml_attribute,
)


@pytest.mark.parametrize("sink", SINKS, ids=lambda sink: sink.__name__)
def test_very_long_texts_are_cut(sink):
    """A text of a million characters, or lines, ends in an ellipsis: every sink is bounded, an entity for each character."""
    for text in ("<" * 1_000_000, "x\n" * 500_000, "\u202e" * 1_000_000):
        shown = sink(text)
        assert len(shown) <= 10 * LIMIT
        assert shown.endswith(("…", "…'"))


@pytest.mark.parametrize("sink", SINKS, ids=lambda sink: sink.__name__)
def test_ordinary_text_of_any_script_can_be_read(sink):
    """Letters of every script are kept."""
    assert sink("Prüfung 中文 тест") == "Prüfung 中文 тест"
