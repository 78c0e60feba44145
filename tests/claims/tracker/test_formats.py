"""Reading and updating of trackers in CSV, TSV and YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_readiness.claims.tracker.reader import read_tracker, tracker_problems
from pytest_readiness.claims.tracker.writer import RowUpdate, update_tracker
from pytest_readiness.errors import ConfigError

TO_BLOCKED = {"UC-1": RowUpdate("BLOCKED", "2026-02-12")}
CSV_HEAD = "UC,Prod Readiness Status,Last Updated,Notes\n"
KEYS = {"uc": "id", "status": "status", "last_updated": "updated"}


def mended(name: str, text: str, changes=None, **words) -> str:
    """Return the text after UC-1 became BLOCKED on 2026-02-12, or after other changes."""
    return update_tracker(Path(name), text.encode(), changes or TO_BLOCKED, **words).decode()


def problems(tmp_path: Path, name: str, text: str, **words) -> list[str]:
    """Return the problems of a tracker, without its folder."""
    path = tmp_path / name
    path.write_bytes(text.encode())
    return [str(problem).replace(f"{tmp_path}/", "") for problem in tracker_problems(path, **words)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("UC-1,NOT_STARTED,2026-01-01,a", "UC-1,BLOCKED,2026-02-12,a"),
        ('"UC-1","NOT_STARTED","2026-01-01","a"', '"UC-1","BLOCKED","2026-02-12","a"'),
        ('UC-1, "NOT_STARTED" , 2026-01-01 , "a ""b"", c"', 'UC-1, "BLOCKED" , 2026-02-12 , "a ""b"", c"'),
        ("UC-1,NOT_STARTED,,", "UC-1,BLOCKED,2026-02-12,"),
        ('UC-1," NOT_STARTED ","",x', 'UC-1," BLOCKED ","2026-02-12",x'),
        (
            'UC-1,IN_PROGRESS,1 May,"two\r\nlines, ""NOT_STARTED"""',
            'UC-1,BLOCKED,2026-02-12,"two\r\nlines, ""NOT_STARTED"""',
        ),
        ("UC-1,NOT_STARTED,tbd", "UC-1,BLOCKED,2026-02-12"),
        ("\tUC-1\t,\tNOT_STARTED\t,-,\t", "\tUC-1\t,\tBLOCKED\t,2026-02-12,\t"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_value_of_csv_keeps_its_quotes_and_blanks(row, expected, newline, mark):
    """Quotes, blanks, line ends, further lines and a byte order mark stay as they are."""
    around = "{mark}{head}{row}{newline}UC-2,BLOCKED,2026-01-01,NOT_STARTED{newline}"
    head = CSV_HEAD.replace("\n", newline)
    before, after = (around.format(mark=mark, head=head, row=text, newline=newline) for text in (row, expected))
    assert mended("T.csv", before) == after


@pytest.mark.parametrize(
    ("name", "sign"),
    [("T.csv", ","), ("T.csv", ";"), ("T.csv", "\t"), ("T.csv", "|"), ("T.tsv", "\t"), ("T.TAB", "\t")],
)
def test_values_are_parted_by_whatever_the_header_has(name, sign):
    """A sheet may have semicolons, as spreadsheets of some countries write; a word with the delimiter gets quotes."""
    text = f"No{sign}Prod_Readiness_Status{sign}uc\n1{sign}NOT_STARTED{sign}UC-1\n"
    assert mended(name, text) == text.replace("NOT_STARTED", "BLOCKED")
    new = f"stop{sign} now"
    written = mended(name, text, statuses={"BLOCKED": new})
    assert written == text.replace("NOT_STARTED", f'"{new}"')


def test_a_spreadsheets_note_of_its_sign():
    """The line sep=; before the header is no row."""
    text = "sep=;\r\nUC;Prod Readiness Status\r\nUC-1;NOT_STARTED\r\n"
    assert mended("T.csv", text) == text.replace("NOT_STARTED", "BLOCKED")


def test_what_is_read_of_a_csv(tmp_path):
    """Rows of every table in their order, with title, owner and line; titles, remarks and blank lines are none."""
    (tmp_path / "T.csv").write_text(
        'Our tracker,,\n\nUC,Title,Owner,Prod Readiness Status\n# payments\n# UC-0,NOT_STARTED\nUC-1,"Pay,\ntwice",ann,NOT_STARTED\n,,,\n'
        "\nPROD READINESS STATUS,Uc\nBLOCKED,#12\n\nUC,Prod Readiness Status,Owner\n#pay,BLOCKED\n"
    )
    rows = read_tracker(tmp_path / "T.csv").rows
    assert [(row.id, row.title, row.owner, row.declared_status, row.line) for row in rows] == [
        ("UC-1", "Pay,\ntwice", "ann", "NOT_STARTED", 6),
        ("#12", "", "", "BLOCKED", 11),
        ("#pay", "", "", "BLOCKED", 14),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "UC,Status\nUC-1,NOT_STARTED\n",
            "T.csv:1: the columns are 'UC', 'Status', and none of them is called 'Prod Readin",
        ),
        ("a\n", "T.csv:1: no line has the columns 'UC' and 'Prod Readiness Status'"),
        (CSV_HEAD, "T.csv: the register has no rows"),
        (CSV_HEAD + "UC-1,Maybe,,\n", "T.csv:2: UC-1 has no known status: 'Maybe'"),
        (CSV_HEAD + "UC-1,BLOCKED,,\nuc-1,BLOCKED,,\n", "T.csv:3: use case 'uc-1' appears twice, in lines 2 and 3"),
        (
            CSV_HEAD + "UC-1,BLOCKED,,a, b\n",
            "T.csv:2: this row has more values than the header: put a value that contains ','",
        ),
        (CSV_HEAD + 'UC-1,BLOCKED,,"a\nb\n', "T.csv:2: a quote opens a value here and is never closed"),
        (CSV_HEAD + 'UC-1,BLOCKED,,"a" b\n', "T.csv:2: a value has text after its closing quote"),
        (
            "UC-0,BLOCKED\n" + CSV_HEAD + "UC-1,BLOCKED,,\n",
            "T.csv:1: this looks like a row of the register, but is ab",
        ),
        ("UC,UC,Prod Readiness Status\na,b,BLOCKED\n", "T.csv:1: two columns are called 'UC'"),
        (
            CSV_HEAD + 'UC-1,BLOCKED,,"a\nUC-2,BLOCKED,b"\nUC-3,BLOCKED\n',
            "T.csv:3: this looks like a row of the register, but is within quotes that a row above opens",
        ),
    ],
)
def test_what_is_wrong_with_a_csv_is_told_with_its_line(tmp_path, text, message):
    """Each problem of a sheet is reported with its line."""
    assert problems(tmp_path, "T.csv", text)[0].startswith(message)


def test_a_short_record_has_no_place_for_a_date():
    """A record that ends before the column is refused, in one line."""
    with pytest.raises(ConfigError, match=r"^T\.csv:2: UC-1 has no cell for date: add one$"):
        mended("T.csv", CSV_HEAD + "UC-1,NOT_STARTED\n")


# -- text with tabs in a Markdown file -----------------------------------------------------------------------------

TABBED = "# Readiness\n\nUC\tProd Readiness Status\tOwner\nUC-1\tNOT_STARTED\tann\nUC-2\tBLOCKED\t\n\nNot\tthis\n"


def test_a_sheet_in_a_markdown_file(tmp_path):
    """A table copied from a spreadsheet is read up to the next blank line, and updated."""
    (tmp_path / "T.md").write_text(TABBED)
    assert [(row.id, row.owner, row.line) for row in read_tracker(tmp_path / "T.md").rows] == [
        ("UC-1", "ann", 4),
        ("UC-2", "", 5),
    ]
    assert mended("T.md", TABBED.replace("\n", "\r\n")) == TABBED.replace("NOT_STARTED", "BLOCKED").replace(
        "\n", "\r\n"
    )


def test_a_row_below_the_end_of_a_sheet_is_told(tmp_path):
    """A blank line ends a table with tabs, and a row below it is a problem, unless it is code."""
    more = "```\nUC-4\tBLOCKED\n```\n\nUC-3\tBLOCKED\n\nUC\tProd Readiness Status\nUC-5\tBLOCKED\n"
    assert problems(tmp_path, "T.md", TABBED + more) == [
        "T.md:12: this looks like a row of the register, but a blank line separates it from that: remove the blank line"
    ]


def test_a_table_may_be_padded_with_tabs(tmp_path):
    """A Markdown table with tabs is no sheet."""
    table = "|\tUC\t|\tProd Readiness Status\t|\n|\t--\t|\t--\t|\n|\tUC-1\t|\tNOT_STARTED\t|\n"
    assert problems(tmp_path, "T.md", table) == []
    assert mended("T.md", table) == table.replace("NOT_STARTED", "BLOCKED")


def test_a_sheet_beside_a_table_is_told(tmp_path):
    """The second notation of a file with two registers is a problem with its line."""
    table = "| UC | Prod Readiness Status |\n|--|--|\n| UC-9 | BLOCKED |\n\n"
    assert problems(tmp_path, "T.md", table + TABBED) == [
        "T.md:7: this looks like the header of a register, but its columns are separated by tabs: write it as a Markdown table"
    ]
    assert problems(tmp_path, "T.md", f"{table}```\n{TABBED}```\n") == []


# -- YAML ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("- id: UC-1\n  status: NOT_STARTED\n  updated: 2026-01-01\n", "- id: UC-1\n  status: BLOCKED\n  updated: 2026-02-12\n"),
        ("- {id: UC-1, status: NOT_STARTED, updated: x} # c\n", "- {id: UC-1, status: BLOCKED, updated: 2026-02-12} # c\n"),
        ("- 'id': \"UC-1\"\n  'status' : 'NOT_STARTED' # c\n", "- 'id': \"UC-1\"\n  'status' : 'BLOCKED' # c\n"),
        ('- id: UC-1\n  status: "NOT\\u005FSTARTED"\n', '- id: UC-1\n  status: "BLOCKED"\n'),
        ("- id: UC-1\n  status: &ns !!str NOT_STARTED\n", "- id: UC-1\n  status: &ns !!str BLOCKED\n"),
        ("- id: UC-1\n  status: | # c\n\n    NOT_STARTED\n\n  # d\n", "- id: UC-1\n  status: | # c\n\n    BLOCKED\n\n  # d\n"),
        ("- id: UC-1\n  status: >2-\n      NOT_STARTED\n", "- id: UC-1\n  status: >2-\n      BLOCKED\n"),
        ("- ? status\n  : NOT_STARTED\n  ? id\n  : UC-1\n", "- ? status\n  : BLOCKED\n  ? id\n  : UC-1\n"),
        ("- id: UC-1\n  status: NOT_STARTED\n  updated:\n", "- id: UC-1\n  status: BLOCKED\n  updated: 2026-02-12\n"),
        ("- id: UC-1\n  status: NOT_STARTED\n  updated: ~ # c\n", "- id: UC-1\n  status: BLOCKED\n  updated: 2026-02-12 # c\n"),
        ("- &row {<<: [&d {owner: x}], id: UC-1, status: NOT_STARTED}\n", "- &row {<<: [&d {owner: x}], id: UC-1, status: BLOCKED}\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_value_of_yaml_keeps_its_style(row, expected, newline, mark):
    """Quotes, anchors, tags, comments, blocks, brackets, line ends and a byte order mark stay as they are."""
    around = (
        f"{mark}# Readiness 😀\n---\nteam: &t [a, b]\nuse_cases:\n{{}}- id: UC-2\n  status: IN_PROGRESS # NOT_STARTED\n"
    )
    before, after = (around.format(text).replace("\n", newline) for text in (row, expected))
    assert mended("T.yaml", before, columns=KEYS) == after


def test_an_alias_is_replaced_where_it_stands():
    """An update of a row with an alias changes neither the alias's target nor other rows."""
    text = "- {id: UC-0, status: &ns NOT_STARTED}\n- {id: UC-1, status: *ns }\n- {id: UC-2, status: *ns }\n"
    assert mended("T.yml", text, columns=KEYS) == text.replace("*ns", "BLOCKED", 1)
    with pytest.raises(ConfigError, match=r"^T\.yml:2: the row of UC-1 cannot be changed with certainty$"):
        mended("T.yml", text, {"UC-0": RowUpdate("BLOCKED", "2026-02-12")}, columns=KEYS)


@pytest.mark.parametrize(
    ("old", "word", "written"),
    [
        ("NOT_STARTED", "no go", "no go"),
        ("NOT_STARTED", "No", "'No'"),
        ("NOT_STARTED", "1", "'1'"),
        ("yes", "no", "no"),
        ("NOT_STARTED", "it's: here", "'it''s: here'"),
        ("NOT_STARTED", "#stop", "'#stop'"),
        ("NOT_STARTED", "a, b", "'a, b'"),
        ("'NOT_STARTED'", "it's", "'it''s'"),
        ('"NOT_STARTED"', 'say "no" \\', '"say \\"no\\" \\\\"'),
        ("NOT_STARTED", "⛔ halt", "⛔ halt"),
        ("NOT_STARTED", "- x", "'- x'"),
        ("NOT_STARTED", "*x", "'*x'"),
    ],
)
def test_a_word_gets_quotes_only_where_it_needs_them(old, word, written):
    """A word that other readers take for a number, a boolean or YAML syntax gets quotes."""
    words = {"BLOCKED": word, "NOT_STARTED": "yes" if old == "yes" else "NOT_STARTED"}
    text = "- {{id: UC-1, status: {}}}\n"
    assert mended("T.yaml", text.format(old), columns=KEYS, statuses=words) == text.format(written)


def test_what_is_read_of_yaml(tmp_path):
    """Each list of rows is read in order, in each document and under each key that is not skipped."""
    (tmp_path / "T.yaml").write_text(
        "areas:\n- name: Pay\n  flows:\n  - &one {id: UC-1, title: Pay, status: NOT_STARTED, owner: [ann, ben]}\n"
        "archive:\n- {id: UC-1, status: BLOCKED}\n---\n- <<: {status: BLOCKED, owner: carl}\n  id: 007\n  notes: {a: b}\n"
    )
    rows = read_tracker(tmp_path / "T.yaml", KEYS, skip=["Archive*"]).rows
    assert [(row.id, row.title, row.owner, row.declared_status, row.line) for row in rows] == [
        ("UC-1", "Pay", "ann, ben", "NOT_STARTED", 4),
        ("007", "", "carl", "BLOCKED", 8),
    ]


@pytest.mark.parametrize("columns", [{"status": "state"}, {"status": "state", "uc": 1}], ids=["no id", "the first"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("T.md", "| item | state |\n|--|--|\n| Pay by card | BLOCKED |\n| Refund | NOT_STARTED |\n"),
        ("T.csv", "item,state\nPay by card,BLOCKED\nRefund,NOT_STARTED\n"),
        ("T.tsv", "item\tstate\nPay by card\tBLOCKED\nRefund\tNOT_STARTED\n"),
        ("T.yaml", "rows:\n- item: Pay by card\n  state: BLOCKED\n- item: Refund\n  state: NOT_STARTED\n"),
        ("T.yaml", "- {item: Pay by card, state: BLOCKED}\n- {note: its key is no id, state: NOT_STARTED, item: Refund}\n"),
    ],
)  # fmt: skip
def test_ids_stand_in_the_first_column_of_any_format(tmp_path, name, text, columns):
    """Without a header for ids, they are in the first column; in YAML that is the key that comes first."""
    (tmp_path / name).write_text(text)
    rows = read_tracker(tmp_path / name, columns).rows
    assert [(row.id, row.declared_status) for row in rows] == [("pay-by-card", "BLOCKED"), ("Refund", "NOT_STARTED")]
    after = {"Refund": RowUpdate("BLOCKED", "2026-02-12")}
    assert mended(name, text, after, columns=columns) == text.replace("NOT_STARTED", "BLOCKED")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {state: BLOCKED, item: Pay}\n", "T.yaml: no list has entries with the keys 'UC' and 'state'"),
        ("- {item: Pay, state: BLOCKED}\n- {state: BLOCKED}\n", "T.yaml:2: there is no use case id"),
        ("- {UC: UC-1, state: BLOCKED}\nmore:\n- {item: Pay, state: BLOCKED}\n", "T.yaml:2: is not YAML"),
        ("a:\n- {UC: UC-1, state: BLOCKED}\nb:\n- {item: UC-2, state: BLOCKED}\n", "T.yaml:4: this looks like a register"),
    ],
)  # fmt: skip
def test_the_first_key_of_yaml_is_no_id_where_it_is_a_status_or_another_is_called_so(tmp_path, text, message):
    """A status is never taken for an id."""
    assert problems(tmp_path, "T.yaml", text, columns={"status": "state"})[0].startswith(message)


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]\n" for at in range(1, 12)
)
ROW = "- {id: UC-1, status: BLOCKED}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{BOMB}rows:\n{ROW}", "T.yaml:6: its aliases stand for too much"),
        ("a: &a [*a]\nrows:\n" + ROW, "T.yaml:1: '*a' refers to a node around itself"),
        ("a: *b\nrows:\n" + ROW, "T.yaml:1: "),
        ("[" * 999 + "]" * 999, "T.yaml:1: it is more than 60 levels deep"),
        ("rows: [\n", "T.yaml:2: is not YAML: "),
        ("a: \x01\n", "T.yaml: is not YAML: it contains a character that is not allowed (U+0001)"),
        (ROW + "- {id: UC-1, status: BLOCKED}\n", "T.yaml:2: use case 'UC-1' appears twice, in lines 1 and 2"),
        (ROW + "- {id: UC-2, status: Maybe}\n", "T.yaml:2: UC-2 has no known status: 'Maybe'"),
        (ROW + "- {id: UC-2}\n", "T.yaml:2: UC-2 has no known status: ''"),
        (ROW + "- {status: BLOCKED}\n", "T.yaml:2: there is no use case id"),
        (ROW + "- UC-2\n", "T.yaml:2: this is in the register, but is no row"),
        (ROW + "- {id: UC-2, status: [BLOCKED]}\n", "T.yaml:2: 'status' is no plain text"),
        (ROW + "- {id: UC-2, status: !x BLOCKED}\n", "T.yaml:2: 'status' is no plain text"),
        (ROW + "- id: UC-2\n  status: BLOCKED\n  status: NOT_STARTED\n", "T.yaml:4: 'status' appears twice in one row"),
        (
            "- {id: UC-1, state: BLOCKED}\n",
            "T.yaml:1: this looks like a register, but none of its keys is called 'status'",
        ),
        (
            ROW + "---\n- {flow: pay, status: BLOCKED}\n",
            "T.yaml:3: this looks like a register, but none of its keys is called 'id'",
        ),
        ("UC-1: {status: BLOCKED}\n", "T.yaml:1: this looks like a register whose ids are keys: write a list"),
        ("a: b\n", "T.yaml: no list has entries with the keys 'id' and 'status'"),
    ],
)
def test_what_is_wrong_with_yaml_is_told_with_its_line(tmp_path, text, message):
    """Each problem of YAML is reported with its line, also texts that are too deep or grow too large."""
    assert problems(tmp_path, "T.yaml", text, columns=KEYS)[0].startswith(message)


def test_yaml_is_not_executed(tmp_path):
    """A value with a tag that would construct an object or call a function is refused."""
    text = f'{ROW}- {{id: UC-2, status: !!python/object/apply:os.mkdir ["{tmp_path / "made"}"]}}\n'
    assert "T.yaml:2: 'status' is no plain text: write a word there" in problems(tmp_path, "T.yaml", text, columns=KEYS)
    assert not (tmp_path / "made").exists()


def test_a_value_that_only_a_merge_brings_is_not_written():
    """A value that many rows share is not changed: the row needs its own."""
    text = "d: &d {status: NOT_STARTED}\nrows:\n- {<<: *d, id: UC-1}\n"
    with pytest.raises(ConfigError, match=r"^T\.yaml:3: UC-1 has no cell for status: add one$"):
        mended("T.yaml", text, columns=KEYS)
