"""A tracker with a column for each environment: what is derived in each is compared, and written by sync."""

from __future__ import annotations

import json

import pytest

from tests.claims.tracker.shapes import BY_ENVIRONMENT
from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow

PRODUCTION = "\n[environments.production]\nreal = true\n"
REVIEW = '\n[review]\nreviewers = ["rita"]\n'
ITEM = '[items.1]\ntitle = "it answers"\nscope = "environment"\n'
HEAD = 'tracker = "PROD_READINESS_TRACKER.md"\n\n[environments.staging]\nreal = true\n'


def adopted(project: Project, text: str = BY_ENVIRONMENT.text) -> Project:
    """Give the project such a tracker, and one item that must hold in each environment."""
    project.configured(HEAD + PRODUCTION + ITEM + REVIEW + BY_ENVIRONMENT.words, text).empty_store()
    return project


def tracker(project: Project) -> str:
    """What the tracker holds."""
    return (project.path / "PROD_READINESS_TRACKER.md").read_bytes().decode()


def record(project: Project, use_case: str, result: str, environment: str) -> None:
    """Keep a result of a use case."""
    done = project.cli("record", use_case, "--item", "1", "--result", result, "--environment", environment)
    assert done.exit_code in (0, 1), done.output


def test_each_cell_is_written(project: Project) -> None:
    """Without evidence each cell says that nothing is started, an empty one too, and no other byte changes."""
    adopted(project)
    assert project.cli("check").exit_code == 0
    assert [use_case["id"] for use_case in project.report()["use_cases"]] == ["sign-in", "pay-refund", "Export"]
    result = project.cli("sync", "--check")
    assert result.exit_code == 1
    assert (
        "PROD_READINESS_TRACKER.md:3: sign-in says READY_FOR_GO_LIVE in production, derived is NOT_STARTED"
        in result.stdout
    )
    done = project.cli("sync", "--take-back")
    assert done.exit_code == 0, done.output
    expected = BY_ENVIRONMENT.text
    for there, instead in BY_ENVIRONMENT.after.items():
        expected = expected.replace(there, instead)
    assert tracker(project) == expected
    assert project.cli("sync", "--check").exit_code == 0


def test_a_cell_says_what_is_shown_in_its_environment(project: Project) -> None:
    """Evidence starts the environment that it is from; ready is each only once the use case is, as a whole."""
    adopted(project)
    record(project, "sign-in", "PASSED", "staging")
    record(project, "pay-refund", "FAILED", "production")
    assert project.cli("sync", "--take-back").exit_code == 0
    assert "| Sign in | 🚧 | ❌ |" in tracker(project)
    assert "| Pay / refund | ❌ | **❌** |" in tracker(project)
    record(project, "sign-in", "PASSED", "production")
    assert project.cli("sync", "--take-back").exit_code == 0
    assert "| Sign in | 🚧 | 🚧 |" in tracker(project)
    accepted = [f"--acknowledge=sign-in/1/{where}" for where in ("staging", "production")]
    signed = project.cli("review", "sign-in", "--approve", "--by", "rita", *accepted)
    assert signed.exit_code == 0, signed.output
    assert project.cli("sync", "--take-back").exit_code == 0
    assert "| Sign in | ✅ | ✅ |" in tracker(project)


def test_an_environment_that_is_not_asked_for_stays(project: Project) -> None:
    """The cell of an environment that a use case need not be shown in is nobody's to write."""
    adopted(project, BY_ENVIRONMENT.text.replace("| ❌ | **✅** |", "| ❌ | n/a |").replace("Pay / refund", "Pay"))
    config = project.path / "readiness.toml"
    config.write_text(config.read_text() + '[use_cases.Pay]\nenvironments = ["staging"]\n')
    assert project.cli("check").exit_code == 1
    config.write_text(config.read_text().replace('BLOCKED = "❌"', 'BLOCKED = ["❌", "n/a"]'))
    assert project.cli("check").exit_code == 0
    assert project.cli("sync", "--take-back").exit_code == 0
    assert "| Pay | ❌ | n/a |" in tracker(project)


def test_drift_in_an_environment_is_told(project: Project) -> None:
    """The report, why and next name the cell that says another status."""
    adopted(project)
    document = json.loads(project.cli("report", "--format", "json").stdout)
    assert [one["drift"] for one in document["use_cases"]] == [True, True, True]
    assert "the tracker says READY_FOR_GO_LIVE in staging" in " ".join(project.cli("why", "sign-in").stdout.split())
    assert any("READY_FOR_GO_LIVE in production" in one["text"] for one in document["next"])


def test_a_table_without_one_of_the_columns_is_told(project: Project) -> None:
    """A table that has some of the environments and not all is no register, and a problem of check."""
    more = "\n## More\n\n| Flow | STG | PRD |\n|--|--|--|\n| Import | ❌ | ❌ |\n"
    adopted(project, BY_ENVIRONMENT.text + more)
    checked = project.cli("check")
    assert checked.exit_code == 1
    assert (
        "PROD_READINESS_TRACKER.md:9: this looks like a register, but none of its columns is called 'PROD'"
        in checked.stdout
    )


def test_the_column_of_an_environment_that_is_not_real_is_left_alone(project: Project) -> None:
    """Nothing is derived where nothing counts: nothing is compared there or written, check says so, and the rest works."""
    adopted(project)
    config = project.path / "readiness.toml"
    config.write_text(config.read_text().replace(PRODUCTION, PRODUCTION.replace("true", "false")))
    checked = project.cli("check")
    assert checked.exit_code == 0, checked.output
    assert (
        "note: readiness.toml:16: 'PROD' is neither compared nor updated: 'production' is declared with real = false"
        in checked.stdout
    )
    record(project, "sign-in", "PASSED", "staging")
    record(project, "sign-in", "PASSED", "production")
    assert "production" not in project.cli("sync", "--check").stdout
    assert project.cli("sync", "--take-back").exit_code == 0
    cells = [line.split("|") for line in tracker(project).splitlines()]
    before = [line.split("|") for line in BY_ENVIRONMENT.text.splitlines()]
    assert [row[3:] for row in cells if len(row) > 3] == [row[3:] for row in before if len(row) > 3]
    assert cells[2][2].strip() == "🚧"
    assert project.cli("sync", "--check").exit_code == 0


def test_a_column_for_each_environment_is_adopted_with_no_edit(project: Project) -> None:
    """After init every command answers, though nobody has said yet which environments are real."""
    project.path.joinpath("T.md").write_text("| Item | Dev | Prod |\n|--|--|--|\n| Log in | ✅ | ❌ |\n")
    assert project.cli("init", "--tracker", "T.md").exit_code == 0
    assert project.cli("check").exit_code == 0
    assert project.cli("report").exit_code == 0
    assert project.cli("record", "log-in", "--item=4", "--result=PASSED", "--environment=dev").exit_code == 0
    assert project.cli("sync", "--take-back").exit_code == 0
    assert "| Log in | ✅ | ❌ |" in project.path.joinpath("T.md").read_text()
    assert project.cli("gate").exit_code == 1


def test_a_cell_that_says_not_applicable_is_left_alone(project: Project) -> None:
    """It declares no status there: nothing is compared with it or written into it; what is required stays required."""
    adopted(project, BY_ENVIRONMENT.text.replace("| ❌ | **✅** |", "| ❌ | n/a |"))
    config = project.path / "readiness.toml"
    assert project.cli("check").exit_code == 1
    config.write_text(config.read_text().replace('BLOCKED = "❌"', 'BLOCKED = "❌"\nskip = "N/A"'))
    assert project.cli("check").exit_code == 0, project.cli("check").output
    record(project, "pay-refund", "PASSED", "staging")
    assert project.cli("sync", "--take-back").exit_code == 0
    assert "| Pay / refund | 🚧 | n/a |" in tracker(project)
    assert project.cli("sync", "--check").exit_code == 0
    assert project.states("pay-refund")["pay-refund/1/production"] == "MISSING"


def test_a_column_of_an_environment_that_nobody_declared_is_refused(project: Project) -> None:
    """A name that is written wrongly is told with its line."""
    project.configured(CONFIG + '[tracker_columns]\nstatus = { stagign = "STG" }\n', BY_ENVIRONMENT.text)
    checked = project.cli("check")
    assert checked.exit_code == 1
    assert "names environment 'stagign', which is not declared (did you mean 'staging'?)" in checked.stdout


def test_an_empty_cell_may_be_a_word_and_says_nothing_of_the_whole(project: Project) -> None:
    """Where an empty cell stands for a status, that is the status in its environment alone."""
    adopted(project, "| Flow | STG | PROD |\n|--|--|--|\n| Sign in | ❌ | |\n| Pay | | 🚧 |\n")
    config = project.path / "readiness.toml"
    config.write_text(config.read_text().replace('NOT_STARTED = "❌"', 'NOT_STARTED = ["❌", ""]'))
    record(project, "sign-in", "PASSED", "staging")
    record(project, "Pay", "PASSED", "production")
    difference, _ = project.cli("sync", "--check").stdout.splitlines()
    assert difference == "PROD_READINESS_TRACKER.md:3: sign-in says NOT_STARTED in staging, derived is IN_PROGRESS"
    assert project.cli("sync", "--take-back").exit_code == 0
    assert tracker(project).splitlines()[2:] == ["| Sign in | 🚧 | |", "| Pay | | 🚧 |"]
    assert project.cli("sync", "--check").exit_code == 0


def test_a_row_is_left_out_where_each_of_its_cells_says_so(project: Project) -> None:
    """The heading of a group, a total or what is deferred everywhere; what is deferred in one environment is a row."""
    rows = "| **Payments** | | |\n| Sign in | ✅ | ❌ |\n| Fax | later | later |\n| Total | 1 | 0 |\n"
    adopted(project, f"| Flow | STG | PROD |\n|--|--|--|\n{rows}")
    config = project.path / "readiness.toml"
    config.write_text(config.read_text().replace("[statuses]\n", '[statuses]\nskip = ["", "Total", "later"]\n'))
    checked = project.cli("check")
    assert checked.exit_code == 0, checked.output
    for line in (3, 5, 6):
        assert f"PROD_READINESS_TRACKER.md:{line}: this row is not a use case: [statuses] skip" in checked.stdout
    assert [use_case["id"] for use_case in project.report()["use_cases"]] == ["sign-in"]
    project.write("PROD_READINESS_TRACKER.md", f"| Flow | STG | PROD |\n|--|--|--|\n{rows}| Mail | ✅ | later |\n")
    assert [use_case["id"] for use_case in project.report()["use_cases"]] == ["sign-in", "Mail"]
    assert project.cli("sync", "--take-back").exit_code == 0
    assert tracker(project).splitlines()[6] == "| Mail | ❌ | later |"


def test_the_heading_of_a_group_is_guessed(project: Project) -> None:
    """Init leaves out the rows that only head others, as it does where there is one status."""
    project.path.joinpath("T.md").write_text(
        "| Item | Dev | Prod |\n|--|--|--|\n| **Accounts** | | |\n| Log in | ✅ | ❌ |\n"
    )
    done = project.cli("init", "--tracker", "T.md")
    assert done.exit_code == 0, done.output
    assert [use_case["id"] for use_case in project.report()["use_cases"]] == ["log-in"]
