"""The report as Markdown, read back by a real reader: within its size, and nothing but text in its tables."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from pytest_readiness.facts.evidence import Result
from pytest_readiness.verdict.cells import CellProgress
from pytest_readiness.verdict.changes import Change
from pytest_readiness.verdict.readiness import RuleResult, State, Status
from pytest_readiness.views.formats.markdown import COMMENT_LIMIT, render, render_within
from pytest_readiness.views.headline import headline_sentence
from pytest_readiness.views.report import Report
from tests.views.formats import reports
from tests.views.hostile import HOSTILE, dangers
from tests.views.sinks import all_tokens, markdown_cells
from tests.views.values import action, catalogue, evidence, hostile_report, report, tracker_ids, use_case

HARMLESS = {
    "heading",
    "inline",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "paragraph",
    "bullet_list",
    "list_item",
    "text",
}


def text_of(built: Report, limit: int = COMMENT_LIMIT) -> str:
    """The whole text."""
    return "".join(render_within(built, limit))


def section(text: str, title: str) -> str:
    """What stands under a heading."""
    return re.split(r"\n### .*\n", text.partition(f"\n### {title}")[2].partition("\n")[2])[0]


def table(text: str, title: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    lines = [line for line in section(text, title).splitlines() if line.startswith("|")]
    return markdown_cells("\n".join(lines))


def failing(name: str = "UC-003") -> Report:
    """A report with a test that failed."""
    register = catalogue([name])
    piece = evidence(uc=name, result=Result.FAILED, message="assert 1 == 2")
    built = use_case(register, name, {"4": State.FAILING}, status=Status.BLOCKED, found=(piece,))
    items = tuple(
        replace(item, requirements=tuple(replace(need, deciding=need.evidence) for need in item.requirements))
        for item in built.items
    )
    return report([replace(built, items=items)])


def test_it_begins_with_the_verdict_of_every_report() -> None:
    """The first heading is the headline that the terminal has, and the next line says of what and when."""
    built = failing()
    inline = [token for token in all_tokens(text_of(built)) if token.type == "inline"]
    assert inline[0].children is not None
    assert "".join(child.content for child in inline[0].children) == f"✗ {headline_sentence(built)}"
    assert text_of(built).splitlines()[2].startswith("register payments at 2026")


def test_what_blocks_comes_before_who_must_act_and_the_matrix() -> None:
    """Changes first, then what blocks, with its requirement; then people, the matrix and the rules."""
    changed = replace(failing(), changes=(Change("UC-003", "READY_FOR_GO_LIVE", "BLOCKED", because="4 failed"),))
    text = text_of(changed)
    titles = re.findall(r"^### (.*)$", text, re.MULTILINE)
    assert titles == ["What changed", "What blocks", "Who must act", "1 use case", "Rules of the gate"]
    assert table(text, "What changed")[1] == ["UC-003", "READY_FOR_GO_LIVE", "BLOCKED", "4 failed"]
    assert table(text, "What blocks")[1][:2] == ["UC-003/4", "is FAILING: it is FAILING"]
    header, row = table(text, "1 use case")
    assert header[3:10] == ["1", "2", "3", "4", "5", "6", "7"]
    assert (row[0], row[1], row[6], row[10]) == ("UC-003", "BLOCKED", "✗", "0/8")
    assert row[2] == "failing"  # why it is BLOCKED, as in the terminal
    assert "✗ FAILING" in section(text, "1 use case")


def test_a_test_that_fails_for_many_requirements_is_one_row() -> None:
    """The row names them all, so that other failures are seen as well."""
    text = text_of(reports.failing_tests({"a.py::test_many": reports.ENDS, "b.py::test_one": ("4",)}, ["UC-001"]))
    rows = table(text, "What blocks")[1:]
    assert [row[0] for row in rows] == [
        "items 1/BYOK, 2/staging, 3/staging, 4, 5, 6/revocation, 6/rotation, 7 of UC-001",
        "UC-001/4",
    ]
    assert rows[1][1].startswith("is FAILING: b.py::test_one FAILED")


def test_names_stay_legible_for_those_who_read_the_source() -> None:
    """A use case and a status can be searched for in the text."""
    assert "| UC-003 | BLOCKED |" in text_of(failing())


def test_equal_reports_give_equal_bytes() -> None:
    """Nothing but the report decides."""
    assert text_of(failing()) == "".join(render(failing()))


@pytest.mark.parametrize("limit", [4_000, 20_000, COMMENT_LIMIT, 1_000_000])
def test_it_fits_and_says_what_is_left_out(limit: int) -> None:
    """A large register is cut off row by row in whole tables; each ends with how many rows are not shown, and where."""
    register = catalogue(tracker_ids(1000))
    cases = [use_case(register, name, row={"owner": f"team {name}"}) for name in register.use_cases]
    actions = [action(f"person{n}@example.com", "fix", f"UC-{n:03}/4") for n in range(1, 1000)]
    text = text_of(report(cases, actions=actions), limit)
    assert len(text.encode()) <= limit
    assert text.startswith("## ✗ NOT ELIGIBLE")
    shown = len(table(text, "1000 use cases")) - 1
    assert shown > 0
    if limit <= COMMENT_LIMIT:
        assert f"{1000 - shown} more rows: `readiness report -v` shows all." in text
        assert "more rows: `readiness next` shows all." in text
    else:
        assert shown == 1000
    assert len(table(text, "Rules of the gate")) == 3


def test_neighbours_that_stand_alike_share_a_row_as_in_the_terminal() -> None:
    """Of 12 use cases only the one that is failing has a row of its own, and the legend has each sign."""
    register = catalogue(tracker_ids(12))
    cases = [use_case(register, name) for name in register.use_cases]
    cases[4] = use_case(register, "UC-005", {"4": State.FAILING}, status=Status.BLOCKED)
    text = text_of(report(cases))
    rows = table(text, "12 use cases")[1:]
    assert [row[:2] for row in rows] == [
        ["UC-001 to UC-004", "NOT_STARTED (4)"],
        ["UC-005", "BLOCKED"],
        ["UC-006 to UC-012", "NOT_STARTED (7)"],
    ]
    assert "Identical rows are grouped." in section(text, "12 use cases")


def test_a_cell_says_how_far_what_is_missing_has_come() -> None:
    """A skipped test has the sign that it has in the terminal, and the legend explains it."""
    register = catalogue(["UC-003"])
    skipped = evidence(uc="UC-003", result=Result.SKIPPED)
    text = text_of(report([use_case(register, "UC-003", {"4": State.MISSING}, found=(skipped,))]))
    assert table(text, "1 use case")[1][6] == CellProgress.SKIPPED.sign
    assert "» SKIPPED" in section(text, "1 use case")


def test_of_many_changes_the_worst_are_listed() -> None:
    """After a first run every use case has changed: twelve rows, the worst first, and the number of the others."""
    changes = [Change(f"UC-{n:03}", "NOT_STARTED", "IN_PROGRESS", because=f"{n} passed") for n in range(1, 36)]
    gone = Change("UC-036", "PASSED", "", "UC-036/4", "is gone", test="test_drill")
    text = text_of(replace(failing(), changes=(*changes, gone)))
    rows = table(text, "What changed")[1:]
    assert len(rows) == 12
    assert rows[0] == ["UC-036/4 test_drill", "PASSED", "gone", "is gone"]
    assert "24 more rows: the JSON report has all." in section(text, "What changed")


def test_everybody_with_a_failure_stands_above_all_other_work() -> None:
    """A rejection is not below what others collect."""
    todo = [("ana", "fix", "UC-001/4"), ("ben", "fix", "UC-002"), ("ana", "collect", "UC-001/5")]
    text = text_of(replace(failing(), actions=tuple(action(*each) for each in todo)))
    assert [row[:2] for row in table(text, "Who must act")[1:]] == [["ana", "fix"], ["ben", "fix"], ["ana", "collect"]]


def test_nothing_in_it_is_markup() -> None:
    """The common corpus in every place: the reader finds the tables of the report, and text in them."""
    for text in HOSTILE:
        register = catalogue(["UC-003"])
        built = failing()
        (plain,) = built.readiness.use_cases
        row = replace(plain.use_case, id=text, owner=text, architecture_status=text, title=text)
        hostile = replace(
            built,
            readiness=replace(built.readiness, use_cases=(replace(plain, use_case=row), use_case(register, "UC-003"))),
            actions=(action(text, "fix", f"{text}/4", text), action(text, "fix", text, text)),
            changes=(Change(text, text, text, text, text, test=text),),
            context=replace(built.context, register=text, release=text, problems=(text,), notes=(text, text)),
            verdict=replace(built.verdict, rules=(RuleResult(text, passed=False, looked_at=1, detail=text),), weaker=(text,)),
        )  # fmt: skip
        written = text_of(hostile)
        assert dangers(written) == [], text
        tokens = list(all_tokens(written))
        kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in tokens}
        assert kinds <= {*HARMLESS, "text_special", "code_inline", "softbreak"}, text
        assert sum(token.type == "table_open" for token in tokens) == 4 + bool(text), text
        assert sum(token.type == "heading_open" for token in tokens) == 7 + bool(text), text
        assert all(token.content.startswith("readiness ") for token in tokens if token.type == "code_inline"), text


@pytest.mark.parametrize("bad", ["|@a" * 400, "#1" * 400, "\x1b" * 400, "中文" * 400])
@pytest.mark.parametrize("limit", [8_192, 12_000, COMMENT_LIMIT])
def test_hostile_text_stays_within_the_limit(bad: str, limit: int) -> None:
    """The verdict always fits; a section that does not is left out."""
    text = text_of(hostile_report(bad), limit)
    assert text.startswith("## ")
    assert len(text.encode()) <= limit


def test_a_head_of_many_items_leaves_the_matrix_out() -> None:
    """Columns whose names alone are larger than the whole text are no reason to write too much."""
    register = catalogue(tracker_ids(2))
    items = {
        f"{number:03}" + "<" * 290: replace(register.items["1"], key=f"{number:03}" + "<" * 290)
        for number in range(100)
    }
    register = replace(register, items=items)
    text = text_of(report([use_case(register, name) for name in register.use_cases]))
    assert len(text.encode()) <= COMMENT_LIMIT
    assert "### Rules of the gate" in text
    assert "### 2 use cases" not in text
