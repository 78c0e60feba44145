"""`readiness init` of a tracker that people have: what it guesses, what it shows, and where it asks."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.claims.tracker.shapes import BY_ENVIRONMENT, SHAPES
from tests.project import Project

READY = "READY_FOR_GO_LIVE"
GUESSES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "1 a table per section, emoji alone, no ids": (
        {"uc": "Check", "status": "State", "owner": "Who"},
        {"NOT_STARTED": "❌", "IN_PROGRESS": "🟡", "BLOCKED": "\u26a0\ufe0f", READY: "✅"},
    ),
    "2 a sign-off matrix": (
        {"uc": "Team", "status": "Sign-off"},
        {"NOT_STARTED": "⬜ Pending", "IN_PROGRESS": "🚧 Started", "BLOCKED": "⬜ Pending", READY: "✅ Complete"},
    ),
    "3 a check list, nested": ({"status": "[ ]"}, {}),
    "4 a box in the first cell": ({"uc": "Item", "status": "Status", "owner": "Owner"}, {}),
    "4 a box in the only cell": ({"uc": "Item", "status": "Item", "owner": "Owner"}, {}),
    "5 numbered rows in another language": (
        {"uc": "序号", "status": "状态", "prefix": "UC-", "title": "项目"},
        {"NOT_STARTED": "❌ 未开始", "IN_PROGRESS": "❌ 未开始", "BLOCKED": "❌ 未开始", READY: "✅ 就绪"},
    ),
    "6 linked ids": (
        {"uc": "UC ID", "status": "Status", "title": "Name"},
        {"NOT_STARTED": ["Draft", "Pending"], "IN_PROGRESS": "Draft", "BLOCKED": "Draft", READY: "Done"},
    ),
    "7 two tables and a legend": (
        {"uc": "ID", "status": "Status", "title": "Issue"},
        {
            **dict.fromkeys(("NOT_STARTED", "IN_PROGRESS", "BLOCKED"), "🔴 Not Started"),
            READY: "🟢 Done",
            "skip": ["Total", "Deferred to Q3", "N/A"],
        },
    ),
    "9 a traceability matrix": (
        {"uc": "Req", "status": "Result"},
        {"NOT_STARTED": "Not Run ⬜", "IN_PROGRESS": ["IN_PROGRESS", "Pass ✅"], "BLOCKED": ["BLOCKED", "Fail ❌"]},
    ),
    "10 item, owner and a box": ({"uc": "Item", "status": "Done", "owner": "Owner"}, {"skip": ""}),
    "11 a table per domain": ({}, {}),
    "12 a status board with struck rows": (
        {"uc": "Flow", "status": "Board"},
        {
            "NOT_STARTED": "Draft",
            "IN_PROGRESS": ["IN_PROGRESS", "In review"],
            "BLOCKED": "Draft",
            READY: ["Approved", "Approved (Gate 1), 2026-09-28"],
        },
    ),
    "13 a list of issues": ({"status": "[ ]"}, {}),
}
"""What is to be guessed of each shape; 15 has words that say how good something is, which is no status."""


def init(project: Project, text: str, *options: str, name: str = "T.md"):
    """Have init adopt a tracker with this text."""
    (project.path / name).write_bytes(text.encode())
    return project.cli("init", "--tracker", name, *options)


def config(project: Project) -> dict[str, Any]:
    """What the config says."""
    return tomllib.loads((project.path / "readiness.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", GUESSES)
def test_a_shape_is_adopted_without_an_edit(project: Project, name: str) -> None:
    """Columns, words and rows are guessed as a person reads them; check is content, and the tracker is as it was."""
    shape, (columns, statuses) = SHAPES[name], GUESSES[name]
    result = init(project, shape.text)
    assert result.exit_code == 0, result.output
    written = config(project)
    assert written.get("tracker_columns", {}) == columns
    assert written.get("statuses", {}) == statuses
    assert (project.path / "T.md").read_text(encoding="utf-8") == shape.text
    checked = project.cli("check")
    assert checked.exit_code == 0, checked.output
    assert len(project.report()["use_cases"]) >= len(shape.rows)
    project.empty_store()
    assert project.cli("sync", "--take-back").exit_code == 0
    assert project.cli("sync", "--check").exit_code == 0


@pytest.mark.parametrize("name", GUESSES)
def test_no_guess_is_better_than_what_a_person_reads(project: Project, name: str) -> None:
    """A row says READY_FOR_GO_LIVE only where a person who wrote the config by hand read it so."""
    shape = SHAPES[name]
    assert init(project, shape.text).exit_code == 0
    by_hand = [status for _, status in shape.rows]
    guessed = [row["declared_status"] for row in project.report()["use_cases"]]
    assert len(guessed) == len(by_hand)
    assert all(status != READY or other == READY for status, other in zip(guessed, by_hand, strict=True))


def test_the_guess_is_shown_before_anything_is_written(project: Project) -> None:
    """Where nothing can be written, what was guessed is on the screen all the same, as TOML."""
    (project.path / ".gitignore").mkdir()
    (project.path / ".git").mkdir()
    result = init(project, SHAPES["2 a sign-off matrix"].text)
    assert result.exit_code == 2
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines.index("[tracker_columns]") < lines.index('uc = "Team"') < lines.index("[statuses]")
    assert 'NOT_STARTED = "⬜ Pending"' in lines
    assert "use cases: support-team, Legal, data-privacy" in lines


CHECKLIST = """\
# Production Readiness Checklist

> Copy this page for each service. ✅ done · 🚧 in progress · ❌ not done · N/A

| Reviewed by | Date |
|---|---|
| ann | 2026-10-01 |

## 1. Observability

| # | Requirement | Owner | Status | Evidence |
|---|-------------|-------|:------:|----------|
| 1 | Dashboards for the four golden signals | @anna | ✅ | [grafana](https://g.example.com/d/1) |
| 2 | Alerts page a human | @ben | 🚧 (2/5) | |
| 3 | Logs are structured & searchable | @cy | ❌ | T-12 |

## 2. Capacity

| # | Requirement | Owner | Status | Evidence |
|---|-------------|-------|:------:|----------|
| 1 | Load test at 2× peak | | ⬜ | |
| 2 | Auto-scaling tested | @cy | ✅ 2026-09-30 | |
| 3 | Pen test / threat model | @sec | N/A | internal only |

## Sign-offs

- [ ] Engineering manager
"""


def test_a_new_user_comes_from_a_public_style_check_list_to_a_tracker_in_step(project: Project) -> None:
    """Init, check, pytest, report and sync, with no edit by hand."""
    result = init(project, CHECKLIST, "--reviewer", "qa@example.com")
    assert result.exit_code == 0, result.output
    assert config(project)["statuses"] == {
        "NOT_STARTED": ["❌", "⬜"],
        "IN_PROGRESS": "🚧*",
        "BLOCKED": "❌",
        READY: ["✅", "✅ 2026-09-30"],
        "skip": "N/A",
    }
    lines = result.stdout.splitlines()
    assert "T.md: the table in line 5 (Reviewed by, Date) is not part of the register" in lines
    assert any(line.startswith("T.md: 1 item of check lists: not part of the register") for line in lines)
    assert any(line.startswith("T.md:23: skipped") for line in lines)
    assert project.cli("check").exit_code == 0
    project.tests("@evidence('alerts-page-a-human', item='trace')\ndef test_alerts(): pass\n")
    assert project.run(environment=None).ret == 0
    rows = {row["id"]: row["status"] for row in project.report()["use_cases"]}
    assert len(rows) == 5
    assert [name for name, status in rows.items() if status != "NOT_STARTED"] == ["alerts-page-a-human"]
    project.empty_store()
    assert project.cli("sync", "--take-back").exit_code == 0
    written = CHECKLIST.replace("| @anna | ✅ |", "| @anna | ❌ |").replace("| ✅ 2026-09-30 |", "| ❌ |")
    assert (project.path / "T.md").read_text(encoding="utf-8") == written


def test_a_check_list_comes_as_far(project: Project) -> None:
    """So does a list of boxes."""
    text = SHAPES["3 a check list, nested"].text
    assert init(project, text).exit_code == 0
    project.tests("@evidence('tls-everywhere', item=1)\ndef test_tls(): pass\n")
    assert project.run(environment=None).ret == 0
    project.empty_store()
    assert project.cli("sync", "--take-back").exit_code == 0
    assert (project.path / "T.md").read_text() == text.replace("[x]", "[ ]").replace("[X]", "[ ]")


def test_a_column_for_each_environment_is_its_status_there(project: Project) -> None:
    """Where no column is the status, those that are called like environments are, each for its own."""
    result = init(project, "| Item | Dev | Prod |\n|--|--|--|\n| Log in | ✅ | ❌ |\n| Pay | ✅ | ✅ |\n")
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert 'status = { dev = "Dev", prod = "Prod" }' in lines
    assert 'READY_FOR_GO_LIVE = "✅"' in lines


MORE = [
    # the words of a column, the result that is kept of its first use case, and what sync writes for it
    (("Draft", "✅ Pass", "Not Run"), "PASSED", "IN_PROGRESS"),
    (("planned", "verified", "in_progress"), "PASSED", "in_progress"),
    (("Planned", "Implemented", "Implemented", "Partial"), "PASSED", "Partial"),
    (("Draft", "Merged", "In QA"), "PASSED", "IN_PROGRESS"),
    (("To do", "Blocked by #123"), "FAILED", "Blocked"),
    (("To do", "🔴 Blocked: waits for ann"), "FAILED", "🔴 Blocked"),
    (("To do", "Blocked by #123", "Blocked"), "FAILED", "Blocked"),
    (("To do", "Rejected by legal"), "FAILED", "BLOCKED"),
    (("To do", "At risk"), "FAILED", "BLOCKED"),
]


@pytest.mark.parametrize(("words", "result", "written"), MORE)
def test_no_word_is_written_that_says_more_than_its_status(project: Project, words, result: str, written: str) -> None:
    """One of eight tests has run: sync writes no "Pass" or "Verified" for that, and no issue of another row."""
    text = "| ID | Status |\n|--|--|\n" + "".join(f"| A-{at} | {word} |\n" for at, word in enumerate(words))
    (project.path / "readiness.toml").write_text("[environments.staging]\nreal = true\n[statuses]\n")
    done = init(project, text)
    assert done.exit_code == 0, done.output
    project.cli("record", "A-0", "--item", "4", "--environment", "staging", "--result", result)
    project.empty_store()
    assert project.cli("sync", "--take-back").exit_code == 0
    assert (project.path / "T.md").read_text(encoding="utf-8").splitlines()[2] == f"| A-0 | {written} |"
    assert project.cli("sync", "--check").exit_code == 0


def test_columns_for_environments_are_known_by_short_names_and_with_gaps(project: Project) -> None:
    """Staging is called STG as often, and a cell where nothing was done yet is empty."""
    shape = BY_ENVIRONMENT
    assert init(project, shape.text).exit_code == 0
    assert config(project)["tracker_columns"] == {
        "uc": "Flow",
        "status": {"stg": "STG", "prod": "PROD"},
        "owner": "Owner",
    }
    assert config(project)["statuses"] == {
        "NOT_STARTED": ["❌", ""],
        "IN_PROGRESS": "🚧 wip",
        "BLOCKED": "❌",
        READY: "✅",
    }
    assert "'STG', 'PROD' are neither compared nor updated" in project.cli("check").stdout
    written = project.path / "readiness.toml"
    written.write_text(written.read_text(encoding="utf-8").replace("real = false", "real = true"), encoding="utf-8")
    assert project.cli("check").exit_code == 0
    project.empty_store()
    assert project.cli("sync", "--take-back").exit_code == 0
    after = {**shape.after, "| | 🚧 wip |": "| | ❌ |"}  # an empty cell says by this guess what is derived
    expected = shape.text
    for there, instead in after.items():
        expected = expected.replace(there, instead)
    assert (project.path / "T.md").read_text(encoding="utf-8") == expected


def test_what_stands_under_environments_and_is_no_status_is_none(project: Project) -> None:
    """Who develops and who tests is named under such headers, too: the boxes are the statuses then."""
    text = "| Item | Dev | QA |\n|--|--|--|\n| [ ] Log in | ann | - |\n| [x] Pay | ben | cy |\n"
    assert init(project, text).exit_code == 0
    assert config(project)["tracker_columns"] == {"uc": "Item", "status": "Item"}


def test_no_date_is_written_into_another_row(project: Project) -> None:
    """Of a sign with a date and the sign alone, the sign alone is the word, in whichever order they stand."""
    for cells in (("✅ 2026-09-30", "✅", "❌"), ("✅", "✅ 2026-09-30", "❌"), ("Done (Q3)", "Done", "Draft")):
        rows = "".join(f"| A-{at} | {cell} |\n" for at, cell in enumerate(cells))
        assert init(project, f"| ID | Status |\n|--|--|\n{rows}").exit_code == 0
        assert config(project)["statuses"][READY][0] in ("✅", "Done")
        (project.path / "readiness.toml").unlink()


# -- what is said is believed --------------------------------------------------------------------------------------

TWO = "| ID | Title | Sign-off | Status | Team |\n|--|--|--|--|--|\n| A-1 | Pay | Approved | Draft | x |\n| A-2 | Sell | Pending | Draft | y |\n"


def test_an_option_overrides_the_guess(project: Project) -> None:
    """--column says which column is meant, and the rest is guessed around it."""
    assert init(project, TWO).exit_code == 0
    assert config(project)["tracker_columns"]["status"] == "Sign-off"
    (project.path / "readiness.toml").unlink()
    assert init(project, TWO, "--column", "status=Status", "--column", "uc = 2", "--column=owner=Team").exit_code == 0
    assert config(project)["tracker_columns"] == {"uc": 2, "status": "Status", "owner": "Team"}
    assert [row["id"] for row in project.report()["use_cases"]] == ["Pay", "Sell"]


def test_what_the_config_says_is_kept(project: Project) -> None:
    """A config that only says how the tracker is read keeps each of its lines, and gets the rest."""
    own = "# ours\ntracker = 'T.md'  # here\n\n[tracker_columns] # one of them\nstatus = 'Sign-off'\n# and words\n[statuses]\nskip = 'Later'\n"
    (project.path / "readiness.toml").write_text(own)
    result = init(project, TWO)
    assert result.exit_code == 0, result.output
    text = (project.path / "readiness.toml").read_text()
    assert all(line in text.splitlines() for line in own.splitlines())
    assert config(project)["tracker_columns"] == {"uc": "ID", "status": "Sign-off", "title": "Title"}
    words = {"NOT_STARTED": "Pending", "IN_PROGRESS": "Pending", "BLOCKED": "Pending", READY: "Approved"}
    assert config(project)["statuses"] == {**words, "skip": "Later"}
    assert set(config(project)["items"]) == set("1234567")
    assert project.cli("check").exit_code == 0


def test_words_that_are_said_are_not_guessed(project: Project) -> None:
    """Once the config says what an unknown word means, init goes on."""
    text = SHAPES["15 a score table"].text
    asked = init(project, text)
    assert (asked.exit_code, asked.stderr.count("\n")) == (2, 1)
    assert asked.stderr.startswith("readiness: T.md:3: unknown status words: '✅ Excellent' (line 3): map them")
    assert 'IN_PROGRESS = "\u26a0 Needs work"' in asked.stdout
    assert not (project.path / "readiness.toml").exists()
    (project.path / "readiness.toml").write_text("[statuses]\nREADY_FOR_GO_LIVE = '✅*'\nskip = 'Overall'\n")
    assert init(project, text).exit_code == 0
    assert config(project)["statuses"][READY] == "✅*"
    assert project.cli("check").exit_code == 0


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("[gate]\non = 'review'\n[statuses]\nNOT_STARTED = 'Draft'\n", "readiness.toml already exists"),
        ("# mine\n", "readiness.toml already exists"),
        ("[tracker_columns]\nstatsu = 'Status'\n", "readiness.toml:2: unknown key 'statsu' (did you mean 'status'?)"),
        ("tracker_columns = { status = 'Status' }\n", "readiness.toml already exists"),
    ],
)
def test_another_config_is_left_alone(project: Project, own: str, message: str) -> None:
    """What says more than how the tracker is read, says it wrongly or in one line is not touched."""
    (project.path / "readiness.toml").write_text(own)
    result = init(project, TWO)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"readiness: {message}")
    assert (project.path / "readiness.toml").read_text() == own


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("status", "--column takes WORD=HEADER, such as uc=Flow, not 'status'"),
        ("=x", "--column: there is no column ''"),
        ("statsu=x", "--column: there is no column 'statsu' (did you mean 'status'?)"),
        ("status=Nope", "T.md: no table has the columns of a register"),
        (f"uc={'9' * 5000}", "T.md:1: this looks like a register, but none of its columns is called '999"),
    ],
)
def test_a_wrong_option_is_told(project: Project, option: str, message: str) -> None:
    """One line, and nothing is written."""
    result = init(project, TWO, "--column", option)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith(f"readiness: {message}")
    assert not (project.path / "readiness.toml").exists()


@pytest.mark.parametrize("options", [("--column", "uc=Flow"), ("--tracker", "new.csv"), ("--tracker", "new.yaml")])
def test_no_tracker_is_written_that_could_not_be_read(project: Project, options: tuple[str, str]) -> None:
    """A new tracker has our headers and is Markdown: what asks for another one is refused, and nothing is written."""
    before = sorted(project.path.iterdir())
    result = project.cli("init", *options)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert " does not exist" in result.stderr
    assert sorted(project.path.iterdir()) == before


def test_our_own_words_beside_others(project: Project) -> None:
    """A tracker that has some of our words keeps them, and is not said to have fewer words than it has."""
    rows = "".join(
        f"| A-{at} | {word} |\n" for at, word in enumerate(("WIP", "IN_PROGRESS", "Draft", "BLOCKED", "wip"))
    )
    result = init(project, f"| ID | Status |\n|--|--|\n{rows}")
    assert result.exit_code == 0, result.output
    assert config(project)["statuses"] == {"NOT_STARTED": "Draft", "IN_PROGRESS": ["WIP", "IN_PROGRESS"]}
    assert project.cli("check").exit_code == 0


IMPLEMENTED = """\
| Req | Owner | Implementation Status | Doc |
|--|--|--|--|
| R-1 | tbd | Implemented | Draft |
| R-2 | tbd | Partial | spec.md |
"""

# -- where it asks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("| A | B |\n|--|--|\n| x | y |\n", "T.md: no table has the columns of a register (line 1: A, B): "),
        (
            "# Ready?\n\n- ✅ Log in\n- `pay`: NOT VERIFIED\n",
            "T.md: it has no table and no list of boxes (`- [ ] ...`): write the use cases in one",
        ),
        (
            IMPLEMENTED + "\n| Status | Count |\n|--|--|\n| Partial | 1 |\n",
            "T.md: no header is clearly the go-live status: choose one, such as --column status='Implementation Status'\n",
        ),
        (
            "| Flow | Approved | Sign-off |\n|--|--|--|\n| x | yes | Pending |\n",
            "T.md: 'Approved' and 'Sign-off' could each be the status: choose one with --column status=HEADER",
        ),
        (
            "Hello\n\n<table>\n<tr><th>ID</th><th>Status</th></tr>\n<tr><td>A-1</td><td>Done</td></tr>\n</table>\n",
            "T.md:3: this table is written in HTML, which is not read: write it as a Markdown table, or its use cases in",
        ),
        *(
            (
                f"Hello\n\n<ul>\n<li>{box}A-1 Log in</li>\n</ul>\n",
                "T.md:3: this list is written in HTML, which is not read: write its items as `- [ ] ...` or in a table",
            )
            for box in ("", "[x] ", '<input type="checkbox"> ')
        ),
        (
            "- [ ] Log in\n\n<ul>\n  <li><label><input checked\n  type='checkbox'> Pay</label></li>\n</ul>\n",
            "T.md:4: this list is written in HTML, which is not read: write its items as '- [ ] ...', or name the heading",
        ),
        (
            "<details>\n| UC | Prod Readiness Status |\n|--|--|\n| UC-1 | BLOCKED |\n</details>\n",
            "T.md:2: this looks like the header of a register, but is no table: add a blank line before it",
        ),
        ("| ID | Status |\n|--|--|\n| A-1 | Done |\n| A-1 | Draft |\n", "T.md:4: use case 'A-1' appears twice, in lines 3 and 4"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_asked(project: Project, text: str, message: str) -> None:
    """Two columns, none, HTML, or an id in two rows: one line that says what to do, and nothing is written."""
    result = init(project, text)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    assert result.stderr.startswith(f"readiness: {message}")
    assert not (project.path / "readiness.toml").exists()


def test_a_check_list_in_html_beside_the_register_is_told(project: Project) -> None:
    """As one in Markdown is: it is no part of the register."""
    result = init(project, "| Flow | Status |\n|--|--|\n| Pay | Done |\n\n<ul>\n<li>\n\u2610 Log in</li></ul>\n")
    assert result.exit_code == 0, result.output
    assert (
        "T.md: the check list in line 7 is written in HTML, which is not read: write it in Markdown\n" in result.stdout
    )


@pytest.mark.parametrize("text", ["P-1: {status: Draft}\nP-2: {status: Done}\n", "Pay: Draft\n", "- [P-1, Draft]\n"])
def test_yaml_without_a_list_of_entries_is_told_what_to_write(project: Project, text: str) -> None:
    """Where there are no keys below each other, no option could name one."""
    result = init(project, text, name="T.yaml")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    message = "T.yaml: it has no list of use cases (`- id: ...`), and nothing else is read from YAML"
    assert result.stderr.startswith(f"readiness: {message}")


@pytest.mark.parametrize(
    "word",
    ["Approved (pending legal)", "Done, but not tested", "Done - 50%", "Ready 🔴", "3/10", "Complete?", "✅ Excellent", "🟢🔴",
     "Approved until 2026-01-01", "Ready soon", "In progress (blocked)"],
)  # fmt: skip
def test_a_word_that_is_taken_back_is_asked_for(project: Project, word: str) -> None:
    """What is added to a good word may take it back: nobody but a person says what that means."""
    result = init(project, f"| ID | Status |\n|--|--|\n| A-1 | {word} |\n| A-2 | Draft |\n")
    assert result.exit_code == 2
    assert f"'{word}' (line 3)" in result.stderr


def test_a_table_that_repeats_ids_is_left_out_by_its_heading(project: Project) -> None:
    """An archive or a sample whose ids all stand in another table is proposed for tracker_skip."""
    table = "| ID | Status |\n|--|--|\n| A-1 | Draft |\n"
    text = f"# How to read this: an example\n\n{table}\n# Register\n\n{table}| A-2 | Done |\n\n# 2025\n\n{table}"
    assert init(project, text).exit_code == 0
    assert config(project)["tracker_skip"] == ["How to read this: an example", "2025"]
    assert project.cli("check").exit_code == 0
    assert [row["id"] for row in project.report()["use_cases"]] == ["A-1", "A-2"]


def test_a_table_with_an_id_of_its_own_is_not_left_out(project: Project) -> None:
    """Where leaving a table out would lose a use case, both lines are told instead."""
    table = "| ID | Status |\n|--|--|\n| A-1 | Draft |\n"
    result = init(project, f"# New\n\n{table}| A-2 | Done |\n\n# Archive\n\n{table}| A-3 | Done |\n")
    assert result.exit_code == 2
    assert "T.md:12: use case 'A-1' appears twice, in lines 5 and 12" in result.stderr


DIFFERENCES = "\n## Environments\n\n### Sizes\n\n| Setting | Dev | Prod |\n|--|--|--|\n| Nodes | 1-3 | 5 |\n| Zones | No | Yes |\n"


def test_a_table_of_other_words_can_be_left_out(project: Project) -> None:
    """A table under the same environments that is no register is told with its heading, and what to write for it."""
    text = "# Flows\n\n| Flow | Dev | Prod |\n|--|--|--|\n| Log in | ✅ | ❌ |\n" + DIFFERENCES
    result = init(project, text)
    assert result.exit_code == 2
    assert (
        "'1-3' (line 13), '5' (line 13): map them under [statuses] in readiness.toml (init keeps that file), or "
        'skip that table there with tracker_skip = ["Sizes"], and run init again' in result.stderr
    )
    (project.path / "readiness.toml").write_text('tracker_skip = ["Env*"]\n')
    assert init(project, text).exit_code == 0
    assert config(project)["statuses"] == {"NOT_STARTED": "❌", "IN_PROGRESS": "❌", "BLOCKED": "❌", READY: "✅"}
    assert project.cli("check").exit_code == 0
    assert [row["id"] for row in project.report()["use_cases"]] == ["log-in"]


def test_whose_items_are_written_is_told(project: Project) -> None:
    """Where the tracker lists no required evidence, init says that the items are the built-in ones."""
    output = init(project, "| ID | Status |\n|--|--|\n| A-1 | Draft |\n").stdout
    assert "readiness.toml: written, with the 7 built-in items, since the tracker lists none: edit them" in output
    (project.path / "readiness.toml").unlink()
    output = init(project, "| ID | Status |\n|--|--|\n| A-1 | Draft |\n\n## Required Evidence\n\n1. It runs\n").stdout
    assert "readiness.toml: written, with 1 item and its meaning\n" in output


# -- other formats -------------------------------------------------------------------------------------------------

OTHERS = {
    "T.csv": "Nr;Anforderung;Freigabe;Zuständig\r\n1;Zahlen;Freigegeben;ann\r\n2;Erstatten;Offen;ben\r\n",
    "T.tsv": "key\tsummary\tgo_live\nP-1\tPay\tdone\nP-2\tRefund\ttodo\n",
    "T.yaml": "features:\n- key: P-1\n  summary: Pay\n  status: done\n- {key: P-2, summary: Refund, status: todo}\n",
    "T.md": "# Copied\n\nID\tTitle\tStatus\nP-1\tPay\tDone\nP-2\tRefund\tTo do\n",
    "boxes.csv": "Check,Title,Done\r\nP-1,Pay,TRUE\r\nP-2,Refund,FALSE\r\n",
    "boxes.yaml": "checks:\n- key: P-1\n  summary: Pay\n  done: true\n- key: P-2\n  summary: Refund\n  done: false\n",
}
WORDS = {
    "T.csv": ("Freigegeben", "Offen"),
    "T.md": ("Done", "To do"),
    "boxes.csv": ("TRUE", "FALSE"),
    "boxes.yaml": ("true", "false"),
}


def test_the_key_of_an_issue_is_its_id(project: Project) -> None:
    """Of an issue tracker's export with a number and a key, people say the key."""
    sheet = "Summary,Issue key,Issue id,Status\nPay,PAY-1,10001,Done\nRefund,PAY-2,10002,Selected for Development\n"
    assert init(project, sheet, name="T.csv").exit_code == 0
    assert [row["id"] for row in project.report()["use_cases"]] == ["PAY-1", "PAY-2"]


def test_yaml_without_a_list_is_told(project: Project) -> None:
    """Use cases as keys are none that are read: one line that says what is."""
    result = init(project, "REQ-1:\n  title: Pay\n  status: draft\n", name="T.yaml")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("readiness: T.yaml: it has no list of use cases (`- id: ...`), and nothing")


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_are_guessed_as_well(project: Project, name: str) -> None:
    """CSV in another language, TSV, YAML and a sheet of tabs are adopted with no edit, and written back."""
    result = init(project, OTHERS[name], name=name)
    assert result.exit_code == 0, result.output
    assert project.cli("check").exit_code == 0
    project.empty_store()
    assert project.cli("sync", "--take-back").exit_code == 0
    done, todo = WORDS.get(name, ("done", "todo"))
    assert (project.path / name).read_bytes().decode() == OTHERS[name].replace(done, todo)
    assert {row["title"] for row in project.report()["use_cases"]} in ({"Pay", "Refund"}, {"Zahlen", "Erstatten"})


def test_a_row_that_waits_for_its_status_is_no_heading(project: Project) -> None:
    """Where bold rows head others, one with an owner and no status yet is a use case: nothing is answered without it."""
    project.write(
        "T.md",
        "| Item | Owner | Status |\n|--|--|--|\n| **Pay** | | |\n| Checkout | ann | Done |\n| Refunds | bob | Open |\n",
    )
    assert project.cli("init", "--tracker", "T.md").exit_code == 0
    with (project.path / "T.md").open("a") as file:
        file.write("| **Search** | | |\n| Alarms | eve | |\n")
    assert 'skip = ""' in (project.path / "readiness.toml").read_text()
    for command in ("check", "gate"):
        result = project.cli(command)
        assert result.exit_code, result.output
        assert "T.md:7: Alarms has no known status: ''" in result.output


def test_a_table_beside_a_register_with_our_headers_is_told(project: Project) -> None:
    """What is understood already is not guessed anew, by which a summary of teams would become use cases."""
    register = "| UC | Prod Readiness Status |\n|--|--|\n| UC-1 | NOT_STARTED |\n"
    summary = "\n## Teams\n\n| Team | Prod Readiness Status |\n|--|--|\n| Pay | BLOCKED |\n| Search | BLOCKED |\n"
    project.write("T.md", register + summary)
    result = project.cli("init", "--tracker", "T.md")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "T.md:7: this looks like a register, but none of its columns is called 'UC'" in result.stderr
    project.write("readiness.toml", 'tracker_skip = ["Teams"]\n')
    assert "adopted, not changed (1 use case" in project.cli("init", "--tracker", "T.md").stdout
