"""The rows of each table with the register's columns, and the problems of everything that looks like one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings as profile, strategies as st
from markdown_it import MarkdownIt

from pytest_readiness.claims.tracker.reader import examine_text
from pytest_readiness.claims.tracker.status_words import STATUSES, StatusWords
from pytest_readiness.claims.tracker.writer import RowUpdate, update_tracker
from pytest_readiness.errors import Problem

pytestmark = pytest.mark.slow

PATH = Path("T.md")
HEAD = "| UC | Prod Readiness Status |\n| --- | --- |\n"
FIRST = f"{HEAD}| UC-1 | NOT_STARTED |\n"


def read(text: str, *skip: str) -> tuple[list[tuple[str, str, int | None]], list[Problem]]:
    """Return (id, status, line) of the rows of a tracker, and what is wrong with it."""
    tracker, problems = examine_text(PATH, text, {}, {}, skip)
    return [(row.id, row.declared_status, row.line) for row in tracker.rows], problems


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"{FIRST}\n| UC-2 | BLOCKED |\n", (3, 5)),
        (f"{FIRST}\n\n\n| UC-2 | BLOCKED |\n\n| UC-3 | BLOCKED |\nUC-4 | BLOCKED\n", (3, 7, 9, 10)),
        (f"{FIRST}\n   | UC-2 | `BLOCKED` |\n      | UC-3 | BLOCKED |\n", (3, 5, 6)),
        ("UC | Prod Readiness Status\n--|--\nUC-1 | BLOCKED\n\nUC-2 | BLOCKED\n", (3, 5)),
        (f"{FIRST}\n## Reports\n\n{HEAD}| UC-2 | BLOCKED |\n\n| UC-3 | BLOCKED |\n", (3, 9, 11)),
        (f"{FIRST}\ntext\n\n| Prod Readiness Status | UC |\n|--|--|\n| BLOCKED | UC-2 |\n", (3, 9)),
        (f"{FIRST}\n> {HEAD}> | UC-2 | BLOCKED |\n>\n> | UC-3 | BLOCKED |\n".replace("\n| --- |", "\n> | --- |", 2)
         .replace("> | --- | --- |\n| UC-1", "| --- | --- |\n| UC-1"), (3, 7, 9)),
        (f"{FIRST}\n- point\n\n  {HEAD.replace(chr(10), chr(10) + '  ')}| UC-2 | BLOCKED |\n\n  | UC-3 | BLOCKED |\n",
         (3, 9, 11)),
        (f"<details><summary>More</summary>\n\n{FIRST}\n</details>\n", (5,)),
        (f"{HEAD}\n| UC-1 | BLOCKED |\n", (4,)),
        (f"{FIRST}\n# Empty\n\n{HEAD}", (3,)),
    ],
    ids=[
        "after-a-blank-line", "after-several", "indented", "no-outer-pipes", "a-table-a-section", "other-columns",
        "in-a-quote", "in-a-list", "in-details", "header-and-blank-line", "a-table-without-rows",
    ],
)  # fmt: skip
def test_rows_of_the_register(text, lines):
    """Rows after a blank line and further tables, wherever they stand, are rows of the register with their line."""
    rows, problems = read(text)
    assert problems == []
    assert [row[2] for row in rows] == list(lines)
    assert [row[0] for row in rows] == [f"UC-{number}" for number in range(1, len(lines) + 1)]


@pytest.mark.parametrize(
    ("rest", "line", "message"),
    [
        ("\n## More\n\n| UC-2 | BLOCKED |\n", 7, "looks like a row"),
        ("\nand:\n\n| UC-2 | BLOCKED |\n", 7, "looks like a row"),
        ("\nand:\n| UC-2 | BLOCKED |\n", 6, "looks like a row"),
        ("\nUC-2 | BLOCKED\n---\n", 5, "looks like a row"),
        ("\n- | UC-2 | BLOCKED |\n", 5, "looks like a row"),
        ("\n> | UC-2 | BLOCKED |\n", 5, "looks like a row"),
        ("\n| UC-2 | BLOCKED |\n|--|--|\n| UC-3 | BLOCKED |\n", 5, "looks like a row"),
        ("<!-- two -->\n| UC-2 | BLOCKED |\n", 5, "looks like a row"),
        ("\n<!-- two --> | UC-2 | BLOCKED |\n", 5, "looks like a row"),
        ("\n<!--> | UC-2 | BLOCKED |\n", 5, "looks like a row"),
        ("\n<details>\n| UC-2 | BLOCKED |\n</details>\n", 6, "looks like a row"),
        (f"\n<details>\n{HEAD}| UC-2 | BLOCKED |\n</details>\n", 6, "looks like the header"),
        ("\n## More\n| UC | Prod Readiness Status |\n|--|\n| UC-2 | BLOCKED |\n", 6, "looks like the header"),
        ("\n<table><tr><th>UC</th><th>Prod <b>Readiness</b> Status</th></tr>\n<tr><td>UC-2<td>BLOCKED</table>\n",
         5, "written in HTML"),
        ("\n| UC-2 | WIP |\n", 5, "UC-2 has no known status: 'WIP'"),
        ("\n| UC-2 | BLOCKED |\nsee below\n", 6, "see-below has no known status: ''"),
        ("\n| uc-1 | BLOCKED |\n", 5, "use case 'uc-1' appears twice, in lines 3 and 5 (there as 'UC-1'"),
        ("\n| UC | Prod Rediness Status |\n|--|--|\n| UC-2 | WIP |\n", 5, "called 'Prod Readiness Status'"),
        ("\n| Prod-Readiness Status | x | UC |\n|--|--|--|\n| BLOCKED | | UC-2 |\n", 5, "'Prod Readiness Status'"),
        ("\n| UC | Status |\n|--|--|\n| UC-2 | BLOCKED |\n| UC-3 | WIP |\n", 5, "'Prod Readiness Status'"),
        ("\n| UC | Go-live |\n|--|--|\n| UC-2 | BLOCKED |\n", 5, "'Prod Readiness Status'"),
        ("\n| CU | Prod Readiness Status |\n|--|--|\n| UC-2 | BLOCKED |\n", 5, "called 'UC'"),
        ("\n| Use Case | Prod Readiness Status |\n|--|--|\n| refunds | BLOCKED |\n", 5, "called 'UC'"),
        ("\n| U C | Prod Readyness Status |\n|--|--|\n| UC-2 | BLOCKED |\n", 5, "called 'UC'"),
        ("\n| Flow | Prod Readiness Status |\n|--|--|\n| refunds | BLOCKED |\n| check out | BLOCKED |\n", 5, "called 'UC'"),
        ("\n| UC\u200b | Prod Readiness Status |\n|--|--|\n| refunds | BLOCKED |\n", 5, "called 'UC'"),
        ("\n| Prod Readiness Status | Flow |\n|--|--|\n| BLOCKED | pay |\n| BLOCKED | refunds |\n", 5, "called 'UC'"),
        ("\t| UC-2 | BLOCKED |\n", 4, "looks like a row"),
        ("    | UC-2 | BLOCKED |\n", 4, "looks like a row"),
        ("| UC-2 | BLOCKED || UC-3 | BLOCKED |\n", 4, "'UC-3' and a status are beyond the last column"),
        ("\nAs <b>HTML</b>: <table><tr><th>UC<th>Prod Readiness Status<tr><td>pay<td>BLOCKED</table>\n", 5, "in HTML"),
        (f"\n## More\n\n{HEAD}| UC-1 | BLOCKED |\n", 9, "use case 'UC-1' appears twice, in lines 3 and 9:"),
    ],
)  # fmt: skip
def test_what_looks_like_a_part_of_the_register_is_told(rest, line, message):
    """A row or header that is not read is a problem with its line, and so is an id in two rows."""
    _, problems = read(FIRST + rest)
    assert problems
    assert problems[0].where == f"T.md:{line}"
    assert message in problems[0].what


@pytest.mark.parametrize(
    "rest",
    [
        "\n```\n| UC-2 | BLOCKED |\n```\n",
        "\n    | UC-2 | BLOCKED |\n",
        "\n<!--\n| UC-2 | BLOCKED |\n-->\n",
        "\ntext <!-- | UC-2 | BLOCKED |\n| UC-2 | BLOCKED | -->\n",
        "\n<pre>\n| UC-2 | BLOCKED |\n\n</pre>\n",
        "\nNOT_STARTED | BLOCKED | READY_FOR_GO_LIVE\n",
        "\nThe words are: NOT_STARTED | BLOCKED\n",
        "\n| Status | Meaning |\n|--|--|\n| BLOCKED | stopped |\n",
        "\n| UC | Test |\n|--|--|\n| UC-2 | test_refund |\n",
        "\n| UC | Test status |\n|--|--|\n| UC-2 | pass |\n| UC-3 | fail |\n",
        "\n| Prod Readiness Status | Meaning |\n|--|--|\n| BLOCKED | stopped |\n| NOT_STARTED | nothing yet |\n",
        "\n| Prod Readiness Status | Use cases |\n|--|--|\n| BLOCKED | 3 |\n| NOT_STARTED | 29 |\n",
        "\n| Day | Prod Readiness Status |\n|--|--|\n| 2026-01-01 | BLOCKED |\n",
        "| UC-2 | BLOCKED | see | there |\n",
        "\n| Test | Result |\n|--|--|\n| TC-1 | BLOCKED |\n",
        "\n| Area | NOT_STARTED | BLOCKED |\n|--|--|--|\n| all | 1 | 0 |\n",
        "\nWrite `| UC-2 | BLOCKED |` like that\n",
    ],
)
def test_what_is_no_part_of_the_register(rest):
    """Code, comments, legends, other tables and prose with pipes are no rows, and no problem."""
    rows, problems = read(FIRST + rest)
    assert (len(rows), problems) == (1 + rest.startswith("| UC-2"), [])


def test_headings_under_which_nothing_is_read():
    """Everything under a skipped heading is skipped, up to the next heading of its level."""
    text = (
        f"# Example of a row\n{HEAD}| UC-0 | BLOCKED |\n## Deeper\n{HEAD}| UC-0 | nonsense |\n\n| UC-0 | BLOCKED |\n"
        f"# Register\n{FIRST}\nArchive 2025\n---\n| UC-8 | BLOCKED |\n## Now\n{HEAD}| UC-2 | BLOCKED |\n"
        f"> # Example in a quote\n\n## Then\n{HEAD}| UC-3 | BLOCKED |\n"
    )
    rows, problems = read(text, "EXAMPLE*", "Archive ????", "Nowhere")
    assert [row[0] for row in rows] == ["UC-1", "UC-2", "UC-3"]
    assert problems == []
    assert examine_text(PATH, text, {}, {}, ["Example*", "Nowhere", "archive*"])[0].unmatched_patterns == ("Nowhere",)


# -- whatever a tracker looks like ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """A part of a tracker: its lines, and its rows by their number among them."""

    lines: tuple[str, ...]
    rows: tuple[tuple[int, str], ...] = ()
    """(line, status)."""


def _table(order, statuses, gaps, indent, quote):
    """Return a table of the register, with blank lines between some of its rows."""
    head = ["UC", "Prod Readiness Status", "Last Updated"]
    lines = ["| " + " | ".join(head[at] for at in order) + " |", "|" + "---|" * 3]
    rows = []
    for status, gap in zip(statuses, gaps, strict=True):
        lines += [""] * gap
        cells = ["UC-{}", f"`{status}`", "2026-01-01"]
        rows.append((len(lines), status))
        lines.append("| " + " | ".join(cells[at] for at in order) + " |")
    return Block(tuple(f"{quote}{indent}{line}" for line in lines), tuple(rows))


TABLES = st.integers(1, 4).flatmap(
    lambda count: st.builds(
        _table,
        order=st.permutations(range(3)),
        statuses=st.lists(st.sampled_from(STATUSES), min_size=count, max_size=count),
        gaps=st.lists(st.integers(0, 2), min_size=count, max_size=count),
        indent=st.sampled_from(["", "  "]),
        quote=st.sampled_from(["", "> ", "> > "]),
    )
)
OTHERS = st.sampled_from(
    [
        Block(("# Heading",)),
        Block(("text | with a pipe",)),
        Block(("- list", "- of points")),
        Block(("<!--", "| UC-0 | BLOCKED | |", "-->")),
        Block(("```", "| UC-0 | BLOCKED | |", "```")),
        Block(("| Status | Meaning |", "|--|--|", "| BLOCKED | stopped |")),
        Block(("<details>", "", "text", "", "</details>")),
        Block(("# Archived", "", "| UC | Prod Readiness Status |", "|--|--|", "| UC-0 | whatever |", "# Others")),
    ]
)


@st.composite
def trackers(draw):
    """Draw a tracker, and (line, status) of each of its rows; ids count up."""
    blocks = [*draw(st.lists(TABLES | OTHERS, max_size=6)), draw(TABLES)]
    lines: list[str] = []
    rows: list[tuple[int, str]] = []
    for block in blocks:
        for at, line in enumerate(block.lines):
            status = dict(block.rows).get(at)
            if status is not None:
                rows.append((len(lines) + 1, status))
            lines.append(line.replace("UC-{}", f"UC-{len(rows)}"))
        lines += ["", "<!-- -->", ""]
    ending = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    return ending.join(lines), rows


@profile(deadline=None, max_examples=150)
@given(drawn=trackers())
def test_every_row_of_every_table_is_read(drawn):
    """Any mix of tables, gaps, quotes and other text gives each row once, in order, with its line, and no problem."""
    text, rows = drawn
    assert read(text, "archived") == ([(f"UC-{at}", status, line) for at, (line, status) in enumerate(rows, 1)], [])


@profile(deadline=None, max_examples=100)
@given(drawn=trackers(), data=st.data())
def test_every_row_of_every_table_is_mended(drawn, data):
    """Rows of all tables and after blank lines are mended, and no other byte of the tracker."""
    text, rows = drawn
    chosen = data.draw(st.sets(st.integers(1, len(rows)), min_size=1))
    changes = {f"UC-{at}": RowUpdate("BLOCKED", "2026-02-12") for at in chosen}
    lines = text.splitlines(keepends=True)
    for at in chosen:
        line, status = rows[at - 1]
        lines[line - 1] = lines[line - 1].replace(f"`{status}`", "`BLOCKED`").replace("2026-01-01", "2026-02-12")
    assert update_tracker(PATH, text.encode(), changes, skip=["archived"]).decode() == "".join(lines)


PIECES = st.sampled_from(
    ["| UC-9 | BLOCKED |", "UC-9 | BLOCKED", "# Heading", "text", "", "- ", "> ", "    ", "<div>", "</div>", "1. ", "`"]
)
A_ROW = re.compile(r"(?:[>\s]|- |1\. |<div>|</div>)*(?:\| )?UC-9 \| BLOCKED(?: \|)?")


@profile(deadline=None, max_examples=300)
@given(st.lists(st.tuples(PIECES, st.sampled_from(["", "\n", "\n"])), max_size=12))
def test_a_row_is_never_passed_over_in_silence(pieces):
    """A row anywhere but in code is a use case or a problem."""
    text = FIRST + "".join(piece + end for piece, end in pieces)
    blocks = MarkdownIt("commonmark").enable("table").parse(text)
    code = {
        line for token in blocks if token.type in ("code_block", "fence") and token.map for line in range(*token.map)
    }
    spoken = [line for at, line in enumerate(text.split("\n")) if A_ROW.fullmatch(line) and at not in code]
    rows, problems = read(text)
    assert problems or len(rows) > 1 or not spoken


def test_words_are_compared_as_they_are_read():
    """The words for a status are those of the config, in whichever spelling a stray row has them."""
    assert StatusWords.from_config({"READY_FOR_GO_LIVE": "Go"}).statuses_of("Go") == ("READY_FOR_GO_LIVE",)
    text = "| UC | Prod Readiness Status |\n|--|--|\n| UC-1 | Go |\n\n## More\n\n| UC-2 | **go** |\n"
    _, problems = examine_text(PATH, text, {}, {"READY_FOR_GO_LIVE": "Go"})
    assert [problem.where for problem in problems] == ["T.md:7"]
