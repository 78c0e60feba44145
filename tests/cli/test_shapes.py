"""Trackers as people have them: each is adopted by a few words of the config, read whole, and written back exactly."""

from __future__ import annotations

import json
import re

import pytest

from tests.claims.tracker.shapes import SHAPES, Shape
from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow


def adopted(project: Project, shape: Shape) -> Project:
    """Give the project a tracker of this shape."""
    return project.configured(shape.top + CONFIG + shape.words, shape.text)


def text_of(project: Project) -> str:
    """What the tracker holds."""
    return (project.path / "PROD_READINESS_TRACKER.md").read_bytes().decode()


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_is_read(project: Project, name: str) -> None:
    """Check is content, and the report has each use case with the status that its row says."""
    shape = SHAPES[name]
    adopted(project, shape)
    checked = project.cli("check")
    assert checked.exit_code == 0, checked.output
    document = json.loads(project.cli("report", "--format", "json").stdout)
    said = [(use_case["id"], use_case["declared_status"]) for use_case in document["use_cases"]]
    assert said == list(shape.rows)
    lines = re.findall(r"note: PROD_READINESS_TRACKER\.md:(\d+): this row is not a use case", checked.stdout)
    assert [int(line) for line in lines] == list(shape.skipped_lines)


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_is_written(project: Project, name: str) -> None:
    """Sync writes the word of what is derived into each row that says another, and not another byte."""
    shape = SHAPES[name]
    adopted(project, shape)
    expected = shape.text
    for there, instead in shape.after.items():
        assert there in expected
        expected = expected.replace(there, instead)
    project.empty_store()
    assert project.cli("sync", "--check").exit_code == 1
    done = project.cli("sync", "--take-back")
    assert done.exit_code == 0, done.output
    assert text_of(project) == expected
    assert project.cli("sync", "--check").exit_code == 0
    assert project.cli("gate").exit_code == 1


LISTS = '[tracker_columns]\nstatus = "[ ]"\n'
REGISTER = "| UC | Prod Readiness Status |\n|--|--|\n| UC-1 | NOT_STARTED |\n"
SHARED = '[statuses]\nREADY_FOR_GO_LIVE = "Closed"\nBLOCKED = ["closed", "Stuck"]\n'
SKIPS = '[statuses]\nskip = ["Deferred*", "Total"]\n'


@pytest.mark.parametrize(
    ("text", "words", "line", "message"),
    [
        ("<table>\n<tr><th>Use</th><th>State</th></tr>\n</table>\n", "", None, "a table in HTML (line 1) is not read"),
        (f"{REGISTER}\n<table>\n<tr><td>UC-2</td>\n<td>BLOCKED</td></tr>\n</table>\n", "", 6, "written in HTML"),
        ("- [ ] Keys\n- [ ] Logs\n", "", None, '(line 1) are use cases with status = "[ ]"'),
        ("<ul>\n<li>UC-1</li></ul>\n", "", None, "a list in HTML (line 1) is not read: write it in Markdown"),
        ("<ol>\n<li>UC-1</li></ol>\n", LISTS, None, "a list in HTML (line 1) is not read"),
        ("<ul>\n<li>[ ] Keys</li></ul>\n", LISTS, 2, "this list is written in HTML, which is not read"),
        ("- [ ] Keys\n\n<ul><li><b>\u2611</b> Logs</li></ul>\n", LISTS, 3, "this list is written in HTML"),
        ("- [ ] Keys\n- <input type=checkbox disabled> Logs\n", LISTS, 2, "this list is written in HTML"),
        ("- [ ] Keys\n\nText <ul><li>[x] Logs</li></ul>\n", LISTS, 3, "this list is written in HTML"),
        (f'{REGISTER}\n<ul>\n<li>\n<input type="checkbox">\nUC-2 refunds</li></ul>\n', "", 7, "'UC-2' is named like"),
        (f"{REGISTER}\n- <input type=checkbox> UC-2: refunds\n", "", 5, "'UC-2' is named like a use case"),
        ("Use\tState\nUC-1\tBLOCKED\n", "", None, "text with tabs (line 1)"),
        ("- Keys\n- Logs\n", LISTS, None, "no list has an item that begins with a box"),
        ("- [ ] Keys\n- Logs\n", LISTS, 2, "has no box"),
        ("- [ ] Keys\n- [] Logs\n", LISTS, 2, "its box is invalid"),
        ("- [ ] Keys\n- [-] Logs\n", LISTS, 2, "its box is invalid"),
        ("- [ ] Keys\n\n1. [ ]Logs\n", LISTS, 3, "its box is invalid"),
        ("- [ ] Keys\n- [ ]\n", LISTS, 2, "its box is invalid"),
        ("- [ ] Keys\n[ ] Logs\n", LISTS, 2, "is no item of a list"),
        ("- [ ] Keys\n\u2022 [x] Logs\n", LISTS, 2, "is no item of a list"),
        ("- [ ] Keys\n-\u00a0[ ] Logs\n", LISTS, 2, "is no item of a list"),
        ("- [ ] Keys\n\nLogs:\n\u2610 Logs\n", LISTS, 4, "is no item of a list"),
        ("- [ ] Keys\n- [x] KEYS\n", LISTS, 2, "appears twice, in lines 1 and 2"),
        ("- [ ] Keys\n\n| A | B |\n|--|--|\n| Logs | [ ] |\n", LISTS, 3, "this table has boxes"),
        (f"{REGISTER}\n- [ ] UC-1: write it down\n- [x] UC-2: refunds\n", "", 6, "'UC-2' is named like a use case"),
        (f"{REGISTER}| ~~UC-2~~ | BLOCKED |\n", "", 4, "there is no use case id"),
        (f"{REGISTER}| Deferred payments | BLOCKED |\n| Deferred loans | |\n", "", 5, "has no known status: ''"),
        (f"{REGISTER}| [x] UC-2 | BLOCKED |\n", "", 4, "UC-2 has the status 'BLOCKED', but its box [x] means another"),
        (f"{REGISTER}| [ ] UC-2 | READY_FOR_GO_LIVE |\n", "", 4, "but its box [ ] means another"),
        (f"{REGISTER}| uc 1 | BLOCKED |\n| UC/1 | BLOCKED |\n", "", 5, "'uc-1' appears twice"),
        (f"{REGISTER}\n## More\n\n| Pay by card | BLOCKED |\n", "", 7, "looks like a row"),
        ("| UC | Prod Readiness Status |\n|--|--|\n| UC-1 | Deferred to Q3 |\n", SKIPS, 3, "each row of the register is skipped"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_told(project: Project, text: str, words: str, line: int | None, message: str) -> None:
    """What looks like a use case and is none is a problem of check with its line, and no gate answers."""
    if "Pay by card" in text:
        text = text.replace("| UC-1 |", "| Pay by bill |")
    project.configured(CONFIG + words, text)
    checked = project.cli("check")
    assert checked.exit_code == 1
    where = f"PROD_READINESS_TRACKER.md{f':{line}' if line else ''}: "
    assert any(one.startswith(where) and message in one for one in checked.stdout.splitlines()), checked.stdout
    gated = project.cli("gate")
    assert (gated.exit_code, gated.stdout) == (2, "")
    assert gated.stderr.count("\n") == 1


def test_html_that_is_no_list_of_use_cases_is_no_problem(project: Project) -> None:
    """Items without a box, code, comments, and what the heading above leaves out are as they are in Markdown."""
    html = (
        "<ul>\n<li>Keys</li></ul>\n\n`<li>[ ] x</li>`\n\n<pre><li>[ ] x</li></pre>\n\n<!-- <li>[ ] x</li> -->\n\n"
        "## Old\n\n<ul><li>[ ] x</li></ul>\n"
    )
    project.configured('tracker_skip = ["Old"]\n' + CONFIG + LISTS, f"- [ ] Logs\n\n{html}")
    checked = project.cli("check")
    assert checked.exit_code == 0, checked.stdout


def test_a_use_case_whose_name_begins_like_a_word_to_skip_is_one(project: Project) -> None:
    """A prefix leaves a row out by its status, and by its name only where that has no status."""
    rows = "| Deferred payments | BLOCKED |\n| Deferred loans | Deferred |\n| Total | BLOCKED |\n| UC-2 | deferred, 2027 |\n"
    project.configured(CONFIG + SKIPS, REGISTER + rows)
    checked = project.cli("check")
    assert checked.exit_code == 0
    assert [use_case["id"] for use_case in project.report()["use_cases"]] == ["UC-1", "deferred-payments"]
    for line, why in ((5, "'Deferred loans' says 'Deferred'"), (6, "'Total' says 'BLOCKED'"), (7, "'UC-2' says")):
        assert f"PROD_READINESS_TRACKER.md:{line}: this row is not a use case: [statuses] skip: {why}" in checked.stdout


@pytest.mark.parametrize("struck", ["~~{}~~", "<del>{}</del>", "<s>{}</s>", "<strike>{}</strike>"])
def test_a_row_is_struck_out_by_a_sign_or_by_a_tag(project: Project, struck: str) -> None:
    """As a whole it is left out, and told; with its id alone it is a problem of check."""
    name, status = struck.format("UC-2"), struck.format("BLOCKED")
    project.configured(CONFIG, f"{REGISTER}| {name} | {status} |\n")
    checked = project.cli("check")
    assert checked.exit_code == 0, checked.output
    assert "note: PROD_READINESS_TRACKER.md:4: this row is not a use case: struck out" in checked.stdout
    assert [use_case["id"] for use_case in project.report()["use_cases"]] == ["UC-1"]
    project.write("PROD_READINESS_TRACKER.md", f"{REGISTER}| {name} | BLOCKED |\n")
    checked = project.cli("check")
    assert checked.exit_code == 1
    assert "PROD_READINESS_TRACKER.md:4: there is no use case id" in checked.stdout


@pytest.mark.parametrize("option", [(), ("--check",)], ids=["sync", "check"])
def test_a_word_that_does_not_hold_ready_apart(project: Project, option: tuple[str, ...]) -> None:
    """Such a tracker is read, and sync refuses it in one line: no word would say that a use case is ready."""
    text = "| UC | Prod Readiness Status |\n|--|--|\n| UC-1 | Closed |\n| UC-2 | Stuck |\n"
    project.configured(CONFIG + SHARED, text)
    assert project.cli("check").exit_code == 0
    assert [use_case["declared_status"] for use_case in project.report()["use_cases"]] == ["BLOCKED", "BLOCKED"]
    done = project.cli("sync", *option)
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "PROD_READINESS_TRACKER.md: 'Closed' stands for READY_FOR_GO_LIVE and for BLOCKED" in done.stderr
    assert text_of(project) == text


def test_ids_stay_with_their_rows(project: Project) -> None:
    """Rows that are moved, struck out or put above others take nobody's evidence over."""
    before = "| Item | State |\n|--|--|\n| Pay by card | ☐ |\n| Refunds / credit | ☐ |\n"
    after = (
        "| Item | State |\n|--|--|\n| Sign up | ☐ |\n| refunds, credit | ☐ |\n| ~~Logs~~ | |\n| PAY by *card* | ☐ |\n"
    )
    words = '[tracker_columns]\nstatus = "State"\n'
    project.configured(CONFIG + words, before)
    project.tests('@evidence("pay-by-card", item=1)\ndef test_pay(): pass\n')
    project.run().assert_outcomes(passed=1)
    assert project.report()["use_cases"][0]["requirements_complete"] == 1
    project.write("PROD_READINESS_TRACKER.md", after)
    shown = {use_case["id"]: use_case["requirements_complete"] for use_case in project.report()["use_cases"]}
    assert shown == {"sign-up": 0, "refunds-credit": 0, "pay-by-card": 1}


FAILING = '@evidence("UC-1", item=1)\ndef test_ok(): pass\n@evidence("UC-2", item=1)\ndef test_bad(): assert False\n'


@pytest.mark.parametrize("row", ["| ~~UC-2~~ | ~~BLOCKED~~ |", "| UC-2 | Deferred |"], ids=["struck", "skipped"])
def test_a_row_that_is_left_out_does_not_take_what_is_open_with_it(project: Project, row: str) -> None:
    """Striking out or skipping the row of a failing use case opens no gate: it is named until it is retired."""
    project.configured(CONFIG + SKIPS, f"{REGISTER}| UC-2 | BLOCKED |\n")
    project.tests(FAILING)
    project.run().assert_outcomes(passed=1, failed=1)
    project.write("PROD_READINESS_TRACKER.md", f"{REGISTER}{row}\n")
    gated = project.cli("gate", "--on", "evidence")
    assert gated.exit_code == 1
    assert "UC-2" in gated.stdout
    assert "left the register" in " ".join(gated.stdout.split())
