"""Reading of a Markdown tracker, and its problems."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import pytest
from hypothesis import given, settings as profile, strategies as st
from markdown_it import MarkdownIt

from pytest_readiness.claims.tracker.markdown_parser import parse_markdown
from pytest_readiness.claims.tracker.reader import read_tracker, tracker_problems
from pytest_readiness.claims.tracker.status_words import STATUSES
from pytest_readiness.errors import ConfigError
from tests.growth import assert_linear

pytestmark = pytest.mark.slow

HEAD = "| UC | Prod Readiness Status |\n| --- | --- |\n"


def written(tmp_path, text):
    """Return the path of a tracker with this content."""
    path = tmp_path / "TRACKER.md"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


TRACKER = """\
# Go-live

| Colour | Meaning |
| --- | --- |
| red | no |

## Status legend
- `NOT_STARTED`
- `BLOCKED`

## The register
| Prod Readiness Status | Extra | UC | Architecture Status | Owner | Last Updated | Notes |
|:--|--:|---|---|---|---|---|
| `IN_PROGRESS` | 1 | **UC-A** | `GREEN` | `a@b.c` | 2026-01-02 | either `x \\| y` or \\| *both* &amp; <b>more</b><br>end |
| NOT_STARTED | | [UC-B](b.md) | AMBER |

## Required evidence, per use case
Each of these:

3. Keys are rotated
   and revoked.
4. A **drill** is executed.

   Details follow:
   1. not this one
## Appendix
1. nor this one

| uc | Prod readiness status |
| --- | --- |
| UC-Z | BLOCKED |
"""


def test_a_tracker_with_everything(tmp_path):
    """Each table with both columns is of the register, in any order of columns; cells are read as their text."""
    tracker = read_tracker(written(tmp_path, TRACKER))
    first, second, third = tracker.rows
    assert (third.id, third.declared_status, third.line) == ("UC-Z", "BLOCKED", 31)
    assert (first.id, first.declared_status, first.architecture_status, first.line) == (
        "UC-A",
        "IN_PROGRESS",
        "GREEN",
        14,
    )
    assert (first.owner, first.last_updated) == ("a@b.c", "2026-01-02")
    assert first.notes == first.title == "either x | y or | both & more end"
    assert (second.id, second.declared_status, second.owner, second.line) == ("UC-B", "NOT_STARTED", "", 15)
    assert [(item.key, item.title, item.name) for item in tracker.items] == [
        ("3", "Keys are rotated and revoked.", "secrets"),
        ("4", "A drill is executed.", "drill"),
    ]
    assert tracker.legend == ("NOT_STARTED", "BLOCKED")


def test_a_tracker_with_nothing_but_a_register(tmp_path):
    """Required items and a legend are optional, and a byte order mark does no harm."""
    tracker = read_tracker(written(tmp_path, b"\xef\xbb\xbf" + f"{HEAD}| UC-1 | NOT_STARTED |".encode()))
    assert [row.id for row in tracker.rows] == ["UC-1"]
    assert tracker.items == tracker.legend == ()


@pytest.mark.parametrize("header", ["Title", "Use Case", "name"])
def test_a_title_column_gives_the_title(tmp_path, header):
    """A column for titles is read before the notes."""
    text = f"| UC | {header} | Prod Readiness Status | Notes |\n|--|--|--|--|\n| 1 | Sign-in | BLOCKED | later |\n"
    row = read_tracker(written(tmp_path, text)).rows[0]
    assert (row.title, row.notes) == ("Sign-in", "later")


def test_columns_and_statuses_may_have_other_names(tmp_path):
    """Configured headers and status words replace the default ones."""
    text = "| Use Case | Go-Live | Who |\n|--|--|--|\n| UC-1 | Go | me |\n"
    columns = {"uc": "use case", "status": "Go-Live", "owner": "Who"}
    row = read_tracker(written(tmp_path, text), columns, {"READY_FOR_GO_LIVE": "Go"}).rows[0]
    assert (row.id, row.declared_status, row.owner) == ("UC-1", "READY_FOR_GO_LIVE", "me")
    [line] = [str(problem) for problem in tracker_problems(tmp_path / "TRACKER.md", columns)]
    assert ":3: UC-1 has no known status: 'Go'" in line


def test_a_table_in_a_comment_or_a_code_block_is_no_register(tmp_path):
    """A table in a comment or a code block is not read."""
    hidden = f"<!--\n{HEAD}| UC-0 | BLOCKED |\n-->\n\n```\n{HEAD}| UC-0 | BLOCKED |\n```\n\n"
    tracker = read_tracker(written(tmp_path, hidden + HEAD + "| UC-1 | NOT_STARTED |\n"))
    assert [row.id for row in tracker.rows] == ["UC-1"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", None, "is empty"),
        (" \n\t\n", None, "is empty"),
        (b"\xff\xfe|", None, "is not UTF-8 text"),
        ("# nothing here\n", None, "no table has the columns 'UC' and 'Prod Readiness Status'"),
        ("| UC | Status |\n|--|--|\n| 1 | x |\n", None, "[tracker_columns]"),
        (HEAD, 1, "the register has no rows"),
        ("| UC | Prod Readiness Status | uc |\n|--|--|--|\n| 1 | BLOCKED | 2 |\n", 1, "two columns are called 'UC'"),
        (f"{HEAD}| A | BLOCKED |\n| B | BLOCKED |\n| A | BLOCKED |\n", 5, "'A' appears twice, in lines 3 and 5"),
        (f"{HEAD}| | BLOCKED |\n", 3, "there is no use case id"),
        (f"{HEAD}| A/B | BLOCKED |\n| a-b | BLOCKED |\n", 4, "'a-b' appears twice, in lines 3 and 4 (made of 'A/B'"),
        (f"{HEAD}| A B | BLOCKED |\n| A/B | BLOCKED |\n", 4, "'a-b' appears twice, in lines 3 and 4 (made of 'A B'"),
        (f"{HEAD}| / | BLOCKED |\n", 3, "there is no use case id"),
        (f"{HEAD}| A\u200b | BLOCKED |\n", 3, r"use case 'A\u200b' has white space or a control character"),
        (f"{HEAD}| A\x1b[1m | BLOCKED |\n", 3, r"use case 'A\x1b[1m' has white space or a control character"),
        (f"{HEAD}| A | NOTSTARTED |\n", 3, "A has no known status: 'NOTSTARTED' (did you mean 'NOT_STARTED'?)"),
        (f"{HEAD}| A | |\n", 3, "A has no known status: ''"),
        (f"{HEAD}| A | BLOCKED |\n\n# Required Evidence\n1. x\n1. y\n", 7, "1 appears twice, in lines 6 and 7"),
        (f"{HEAD}| A | BLOCKED |\n\n# Required Evidence\n1.\n2. y\n", 6, "required evidence 1 is empty"),
    ],
)
def test_each_mistake_is_one_line_with_its_place(tmp_path, text, line, message):
    """Each mistake is one line with file, line and advice, and reading raises that line."""
    path = written(tmp_path, text)
    lines = [str(problem) for problem in tracker_problems(path)]
    assert len(lines) == 1
    assert lines[0].startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert message in lines[0]
    assert lines[0].isprintable()
    with pytest.raises(ConfigError) as raised:
        read_tracker(path)
    assert str(raised.value) == lines[0]


def test_all_mistakes_in_the_order_of_the_lines(tmp_path):
    """Several mistakes are all reported, the topmost first."""
    path = written(
        tmp_path, f"# Required Evidence\n2. a\n2. b\n\n# UCs\n{HEAD}| A\x1b | x |\n| C | BLOCKED |\n| C | y |\n"
    )
    assert [problem.where for problem in tracker_problems(path)] == [f"{path}:{line}" for line in (3, 8, 8, 10, 10)]


@pytest.mark.parametrize(
    ("make", "message"), [(lambda path: None, "no such tracker"), (lambda path: path.mkdir(), "is a folder")]
)
def test_what_is_no_file_is_told(tmp_path, make, message):
    """A missing tracker and a folder are each reported in one line."""
    path = tmp_path / "TRACKER.md"
    make(path)
    with pytest.raises(ConfigError, match=message):
        read_tracker(path)


def test_reading_grows_with_the_rows(tmp_path):
    """A tracker of four times as many rows is four times the work, though each of its cells is parsed."""

    def read(count: int) -> Callable[[], None]:
        rows = "".join(f"| UC-{n:04} | `NOT_STARTED` | note {n} with `code` and *emphasis* |\n" for n in range(count))
        (folder := tmp_path / str(count)).mkdir()
        path = written(folder, f"| UC | Prod Readiness Status | Notes |\n|--|--|--|\n{rows}")

        def act() -> None:
            tracker = read_tracker(path)
            assert (len(tracker.rows), tracker.rows[-1].line) == (count, count + 2)

        return act

    assert_linear(read(250), read(1000), times=4)


# -- whatever a team's tracker looks like --------------------------------------------------------------------------

plain = st.text(st.sampled_from("abcXYZ 0189.,:;()é漢"), max_size=12).map(str.strip)
ids = st.lists(st.from_regex(r"[A-Z]{1,3}-[0-9]{1,4}", fullmatch=True), min_size=1, max_size=5, unique=True)


def _cell(text, style):
    escaped = text.replace("|", "\\|")
    return f"`{escaped}`" if style == "code" and text else f"**{escaped}**" if style == "strong" and text else escaped


@st.composite
def trackers(draw):
    """Draw the text of a tracker with its rows: (id, status, notes, line)."""
    extra = [f"Extra {number}" for number in range(draw(st.integers(0, 3)))]
    columns = draw(st.permutations(["UC", "Prod Readiness Status", "Notes", *extra]))
    lines = [*draw(st.lists(st.sampled_from(["", "text | with pipe", "# Heading", "- list"]), max_size=4)), ""]
    if draw(st.booleans()):
        lines += ["| UC | Other |", "| --- | --- |", "| UC-0 | test_it |", ""]
    lines += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    rows = []
    for name in draw(ids):
        words = draw(st.lists(plain.filter(bool), min_size=1, max_size=3))
        texts = {"UC": name, "Prod Readiness Status": draw(st.sampled_from(STATUSES)), "Notes": "|".join(words)}
        styles = st.sampled_from(["plain", "code", "strong"])
        cells = [_cell(texts.get(column, ""), draw(styles)) or draw(plain) for column in columns]
        lines.append("| " + " | ".join(cells) + " |")
        rows.append((name, texts["Prod Readiness Status"], texts["Notes"], len(lines)))
    lines += draw(st.sampled_from([[], ["", "after"], ["", "| UC | Status |", "|--|--|", "| Z | nonsense |"]]))
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    return ending.join(lines) + draw(st.sampled_from(["", ending])), rows


@profile(max_examples=150)
@given(drawn=trackers())
def test_every_row_is_read_from_any_layout(tmp_path_factory, drawn):
    """Other columns and tables, order, escaped pipes, code spans, CRLF or no final newline change no row or line."""
    text, rows = drawn
    tracker = read_tracker(written(tmp_path_factory.mktemp("tracker"), text))
    assert [(row.id, row.declared_status, row.notes, row.line) for row in tracker.rows] == rows


@profile(max_examples=150)
@given(st.text(st.characters(codec="utf-8") | st.sampled_from("|-\n#1. `\\"), max_size=200))
def test_any_text_is_read_or_refused_in_one_line(tmp_path_factory, text):
    """Any text is a tracker, or gives printable problems and a ConfigError."""
    path = written(tmp_path_factory.mktemp("tracker"), HEAD + text)
    lines = [str(problem) for problem in tracker_problems(path)]
    assert all(line.isprintable() for line in lines)
    with pytest.raises(ConfigError) if lines else nullcontext():
        read_tracker(path)


MARKS = st.sampled_from(
    [
        *("a", "b c", " ", "`", "*", "**", "_", "[x]", "[x](y)", "![i](j)", "<br>", "<b>", "&amp;", "&", "\\|", "\\"),
        *(
            "~~",
            "~",
            "|",
            "!",
            "\n",
            "\n\n",
            "# h",
            "- l",
            "1. x",
            "> q",
            "<http://a.b>",
            "  \n",
            "{",
            ":",
            "é",
            "[r]: /u\n",
        ),
    ]
)


@given(st.lists(MARKS, max_size=30).map("".join), st.booleans())
def test_a_text_is_read_as_the_library_reads_it(text, twice):
    """The fast paths for plain and repeated texts give the same tokens as the library."""
    cell = text.replace("\n", " ")
    table = f"| UC | {cell} |\n| --- | --- |\n| {cell} | x |\n| x | {cell} |\n\n"
    whole = table + text if twice else text
    expected = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(whole)
    assert [token.as_dict() for token in parse_markdown(whole)] == [token.as_dict() for token in expected]
