"""Mending a tracker touches the status and date cells of the rows that it is to change, and no other byte."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings as profile, strategies as st

from pytest_readiness.claims.tracker.reader import read_tracker
from pytest_readiness.claims.tracker.status_words import STATUSES
from pytest_readiness.claims.tracker.writer import RowUpdate, update_tracker
from pytest_readiness.errors import ConfigError

pytestmark = pytest.mark.slow

PATH = Path("T.md")
HEAD = "| UC | Prod Readiness Status | Last Updated |\n| --- | --- | --- |\n"
TO_BLOCKED = {"UC-1": RowUpdate("BLOCKED", "2026-02-12")}


def mended(text: str, changes=None, **words) -> str:
    """Return the text after UC-1 became BLOCKED on 2026-02-12, or after other changes."""
    return update_tracker(PATH, text.encode(), changes or TO_BLOCKED, **words).decode()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("| UC-1 | NOT_STARTED | 2026-01-01 |", "| UC-1 | BLOCKED | 2026-02-12 |"),
        ("| UC-1 | `NOT_STARTED` | `2026-01-01` |", "| UC-1 | `BLOCKED` | `2026-02-12` |"),
        ("| UC-1 | **NOT_STARTED** | _2026-01-01_ |", "| UC-1 | **BLOCKED** | _2026-02-12_ |"),
        ("| UC-1 | [NOT_STARTED](#not-started) | tbd |", "| UC-1 | [BLOCKED](#not-started) | 2026-02-12 |"),
        ("|UC-1|NOT_STARTED|2026-01-01T10:00:00Z|", "|UC-1|BLOCKED|2026-02-12|"),
        ("UC-1 | NOT_STARTED | 2026-01-01", "UC-1 | BLOCKED | 2026-02-12"),
        ("| UC-1 | NOT\\_STARTED | 2026\\-01\\-01 |", "| UC-1 | BLOCKED | 2026\\-02\\-12 |"),
        ("| UC-1\t|\tNOT_STARTED\t|\t1 Jan |", "| UC-1\t|\tBLOCKED\t|\t2026-02-12 |"),
        ("|   UC-1|NOT_STARTED    |  2026-01-01  |", "|   UC-1|BLOCKED    |  2026-02-12  |"),
        ("   | UC-1 | NOT_STARTED |  |  ", "   | UC-1 | BLOCKED | 2026-02-12 |  "),
        ("| UC-1 | NOT_STARTED |              |", "| UC-1 | BLOCKED | 2026-02-12   |"),
        ("| UC-1 | NOT_STARTED || BLOCKED |", "| UC-1 | BLOCKED |2026-02-12| BLOCKED |"),
        ("| UC-1 | IN_PROGRESS | - | `a \\| b` ü |", "| UC-1 | BLOCKED | 2026-02-12 | `a \\| b` ü |"),
        ("| UC-1 | BLOCKED | 2026-02-12 |", "| UC-1 | BLOCKED | 2026-02-12 |"),
    ],
)
def test_a_cell_keeps_what_stands_around_its_text(row, expected):
    """Padding, tabs, code spans, emphasis, links, missing outer pipes and further cells stay as they are."""
    assert mended(HEAD + row) == HEAD + expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{HEAD}| UC-1 | NOT_STARTED | |", f"{HEAD}| UC-1 | BLOCKED | 2026-02-12 |"),
        ("\ufeff" + HEAD + "| UC-1 | NOT_STARTED | x |\n", "\ufeff" + HEAD + "| UC-1 | BLOCKED | 2026-02-12 |\n"),
        (
            "> " + HEAD.replace("\n", "\n> ") + "| UC-1 | NOT_STARTED | x |",
            "> " + HEAD.replace("\n", "\n> ") + "| UC-1 | BLOCKED | 2026-02-12 |",
        ),
        (
            "- " + HEAD.replace("\n", "\n  ") + "| UC-1 | NOT_STARTED | x |",
            "- " + HEAD.replace("\n", "\n  ") + "| UC-1 | BLOCKED | 2026-02-12 |",
        ),
        (
            "|Prod Readiness Status|UC|\n|:-:|-:|\n|NOT_STARTED|UC-1|",
            "|Prod Readiness Status|UC|\n|:-:|-:|\n|BLOCKED|UC-1|",
        ),
    ],
    ids=["no-final-newline", "byte-order-mark", "quoted", "in-a-list", "no-date-column"],
)
def test_a_register_is_mended_wherever_it_stands(before, after):
    """In a quote, in a list, after a byte order mark, in other columns: only the cells change."""
    assert mended(before) == after


def test_line_ends_of_every_kind_stay():
    """CRLF, CR and LF in one file stay as they are."""
    text = HEAD.replace("\n", "\r\n") + "| UC-0 | BLOCKED | |\r| UC-1 | NOT_STARTED | |\r\n\r\nend\n"
    assert mended(text) == text.replace("NOT_STARTED | ", "BLOCKED | 2026-02-12 ")


def test_what_is_no_register_stays():
    """Code blocks, comments and skipped sections are not changed."""
    fence = f"```\n{HEAD}| UC-1 | NOT_STARTED | a |\n```\n\n<!--\n{HEAD}| UC-1 | NOT_STARTED | b |\n-->\n\n"
    tail = f"\n# Archive of 2025\n{HEAD}| UC-1 | NOT_STARTED | c |\n"
    assert mended(f"{fence}{HEAD}| UC-1 | NOT_STARTED | d |\n{tail}", skip=["archive*"]) == (
        f"{fence}{HEAD}| UC-1 | BLOCKED | 2026-02-12 |\n{tail}"
    )


@pytest.mark.parametrize(
    ("words", "written"),
    [("Stop", "Stop"), ("no go", "no go"), ("*Stop* it", "\\*Stop\\* it"), ("a|b", "a\\|b"), ("<x>", "\\<x\\>")],
)
def test_a_status_is_written_in_the_trackers_words(words, written):
    """Words of [statuses] with any characters are written so that they are read again."""
    changed = mended(f"{HEAD}| UC-1 | NOT_STARTED | - |", statuses={"BLOCKED": words})
    assert changed == f"{HEAD}| UC-1 | {written} | 2026-02-12 |"


def test_columns_by_their_own_names():
    """Columns of [tracker_columns] are updated, and a column with a default header is not."""
    text = "| Flow | Status | Changed | Last Updated |\n|--|--|--|--|\n| UC-1 | BLOCKED | | |"
    columns = {"uc": "flow", "status": "status", "last_updated": "changed"}
    to = {"UC-1": RowUpdate("IN_PROGRESS", "2026-02-12")}
    assert mended(text, to, columns=columns).endswith("\n| UC-1 | IN_PROGRESS | 2026-02-12 | |")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEAD}| UC-1 | NOT_STARTED |\n", "T.md:3: UC-1 has no cell for date: add one"),
        (
            f"{HEAD}| UC-1 | NOT_STARTED | 2026-01-01 (ana) |\n",
            "T.md:3: UC-1 has more than a date in its date cell: '2026-01-01 (ana)'",
        ),
        (
            f"{HEAD}| UC-1 | [NOT_STARTED](NOT_STARTED) | |\n",
            "T.md:3: UC-1 has the status 'NOT_STARTED' written in a way",
        ),
        (f"{HEAD}| UC-1 | NOT&#95;STARTED | |\n", "T.md:3: UC-1 has the status 'NOT_STARTED' written in a way"),
        (f"{HEAD}| UC-1 | NOT_STARTED | <!-- --> |\n", "T.md:3: UC-1 has the date '' written in a way"),
        (f"{HEAD}| UC-2 | NOT_STARTED | |\n", "T.md: has no row for use case 'UC-1'"),
        (f"{HEAD}| UC-1 | NOPE | |\n", "T.md:3: UC-1 has no known status: 'NOPE'"),
        ("nothing\n", "T.md: no table has the columns"),
    ],
)
def test_what_is_not_certain_is_refused(text, message):
    """A cell that cannot be changed with certainty gives one line with file and line, and no bytes."""
    with pytest.raises(ConfigError) as refused:
        mended(text)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_bytes_that_are_no_text_are_refused():
    """A tracker that is not UTF-8 is refused in one line."""
    with pytest.raises(ConfigError, match=r"T\.md: is not UTF-8 text"):
        update_tracker(PATH, b"\xff", TO_BLOCKED)


AROUND = ["{}", "`{}`", "**{}**", "*{}*", "[{}](a.md)", "<b>{}</b>", "``{}``"]
PADDING = st.sampled_from(["", " ", "  ", "\t", " " * 14])
JUNK = st.sampled_from(["", "x", "`a \\| b`", "`c", "ü ✓", "\\|", "BLOCKED", "NOT_STARTED", "2026-01-01", "**y", "\\`"])
OTHER = st.sampled_from(
    [
        "",
        "# Heading\n\ntext | text\n\n",
        "| A | B |\n|---|---|\n| UC-0 | BLOCKED |\n\n",
        f"```\n{HEAD}| UC-0 | BLOCKED | |\n```\n\n",
    ]
)


@dataclass(frozen=True)
class Row:
    """A row, with the spelling around its status and date."""

    name: str
    status: str
    date: str
    around: tuple[str, str]
    pads: tuple[str, ...]
    extra: tuple[str, str]
    outer: tuple[bool, bool]

    def written(self, order: tuple[int, ...]) -> str:
        """The row's line."""
        cells = [self.name, self.around[0].format(self.status), self.around[1].format(self.date), *self.extra]
        padded = [f"{self.pads[i]}{cells[i]}{self.pads[-1 - i]}" for i in order]
        line = "|".join(padded)
        # A row without its outer pipes is the same row only where its outer cells hold something.
        line = line.lstrip() if self.outer[0] and cells[order[0]] else f"|{line}"
        return line if self.outer[1] and cells[order[-1]] else f"{line}|"


ROWS = st.lists(
    st.builds(
        Row,
        name=st.just(""),
        status=st.sampled_from(STATUSES),
        date=st.sampled_from(["2026-01-01", "tbd", "1 Jan"]),
        around=st.tuples(*[st.sampled_from(AROUND)] * 2),
        pads=st.tuples(*[PADDING] * 5),
        extra=st.tuples(JUNK, JUNK),
        outer=st.tuples(st.booleans(), st.booleans()),
    ),
    min_size=1,
    max_size=4,
).map(lambda rows: [replace(row, name=f"UC-{number}") for number, row in enumerate(rows, 1)])


@dataclass(frozen=True)
class Layout:
    """The parts of a tracker around its register."""

    order: tuple[int, ...]
    before: str
    after: str
    newline: str
    mark: str
    final: bool
    indent: str

    def written(self, rows: list[Row]) -> str:
        """A tracker with these rows."""
        names = ["UC", "Prod Readiness Status", "Last Updated", "Notes", "Extra"]
        head = ["|" + "|".join(names[i] for i in self.order) + "|", "|" + "---|" * 5]
        table = "".join(f"{self.indent}{line}\n" for line in [*head, *(row.written(self.order) for row in rows)])
        text = self.before + table + self.after
        return self.mark + (text if self.final else text.rstrip("\n")).replace("\n", self.newline)


LAYOUTS = st.builds(
    Layout,
    order=st.permutations(range(5)).map(tuple),
    before=OTHER,
    after=OTHER.map(lambda other: "\n" + other),
    newline=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
    final=st.booleans(),
    indent=st.sampled_from(["", "   "]),
)


@profile(max_examples=150)
@given(rows=ROWS, layout=LAYOUTS, data=st.data())
def test_the_mended_tracker_is_the_one_written_with_the_new_words(rows, layout, data):
    """An update of any tracker equals writing it anew with other statuses and dates, byte for byte."""
    wanted = [
        data.draw(st.none() | st.builds(RowUpdate, st.sampled_from(STATUSES), st.just("2026-02-12"))) for _ in rows
    ]
    changes = {row.name: change for row, change in zip(rows, wanted, strict=True) if change}
    new = [
        replace(row, status=change.status, date=change.date) if change else row
        for row, change in zip(rows, wanted, strict=True)
    ]
    assert update_tracker(PATH, layout.written(rows).encode(), changes).decode() == layout.written(new)


@profile(max_examples=150)
@given(
    cells=st.lists(st.text(alphabet="|\\`*_[]()<>!a \t\u00a0ü-:#&;", max_size=12), max_size=4),
    status=st.sampled_from(STATUSES),
)
def test_hostile_neighbours_are_kept(tmp_path_factory, cells, status):
    """An update gives the expected cells, and any other cell stays the same."""
    row = f"| UC-1 | `{status}` | 2026-01-01 | {' | '.join(cells)} |"
    text = "| UC | Prod Readiness Status | Last Updated | Notes | Extra |\n|--|--|--|--|--|\n"
    path = tmp_path_factory.mktemp("hostile") / "T.md"
    path.write_bytes(f"{text}{row}\n".encode())
    try:
        before = read_tracker(path)
    except ConfigError:
        return
    path.write_bytes(update_tracker(path, path.read_bytes(), TO_BLOCKED))
    after = read_tracker(path)
    assert (after.rows[0].declared_status, after.rows[0].last_updated) == ("BLOCKED", "2026-02-12")
    assert after.rows[0].notes == before.rows[0].notes
    assert path.read_bytes().decode() == f"{text}{row}\n".replace(
        f"`{status}` | 2026-01-01", "`BLOCKED` | 2026-02-12", 1
    )
