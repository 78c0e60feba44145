"""`readiness report`: in terminal and JSON, for the whole register or some use cases."""

from __future__ import annotations

import json
from html import unescape

import pytest

from tests.project import CONFIG, TRACKER, Project

pytestmark = pytest.mark.slow

SUITE = """
@evidence("UC-001", item=1)
def test_a(): pass

@evidence("UC-001", item=2)
def test_b(): assert 0

@evidence("UC-002", item=1)
def test_c(): pass
"""


@pytest.fixture
def recorded(project: Project) -> Project:
    """A project with evidence: UC-001 fails, UC-002 collects."""
    project.configured().tests(SUITE)
    project.run().assert_outcomes(passed=2, failed=1)
    return project


def test_terminal_says_first_what_matters(recorded: Project) -> None:
    """The first line is the verdict; failing and owner stand above the matrix, within the width."""
    done = recorded.cli("report")
    lines = done.stdout.splitlines()
    assert (done.exit_code, done.stderr) == (0, "")
    assert lines[0].startswith("NOT ELIGIBLE: 0 of")
    assert done.stdout.index("ana@example.com") < done.stdout.index("UC-002")
    assert all(len(line) <= 100 for line in lines)
    assert "\x1b" not in done.stdout


def test_verbose_and_quiet(recorded: Project) -> None:
    """-q is the verdict in one line, -v adds what the items are."""
    quiet = recorded.cli("report", "-q").stdout.splitlines()
    assert len(quiet) == 1
    assert quiet[0].startswith("NOT ELIGIBLE")
    assert "a trace is kept" not in recorded.cli("report").stdout
    assert "a trace is kept" in recorded.cli("report", "-v").stdout


def test_json_is_the_document_of_the_contract(recorded: Project) -> None:
    """Verdict, totals and states are there by name; the session's own JSON file says the same."""
    document = recorded.report()
    assert document["schema"] == "readiness/report/v1"
    assert document["verdict"]["eligible"] is False
    assert document["totals"] == {"NOT_STARTED": 0, "IN_PROGRESS": 1, "BLOCKED": 1, "READY_FOR_GO_LIVE": 0}
    assert recorded.states() == {
        "UC-001/1": "COMPLETE", "UC-001/2": "FAILING", "UC-002/1": "COMPLETE", "UC-002/2": "MISSING",
    }  # fmt: skip
    recorded.run("--readiness-json=out.json")
    from_pytest = json.loads((recorded.path / "out.json").read_text())
    again = recorded.report()
    assert from_pytest["use_cases"] == again["use_cases"]
    assert from_pytest["totals"] == again["totals"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [((), ["UC-001", "UC-002"]), (("UC-002",), ["UC-002"]), (("uc-*1",), ["UC-001"]), (("UC-002", "UC-00?"), ["UC-001", "UC-002"])],
)  # fmt: skip
def test_use_cases_by_name_and_glob(recorded: Project, given: tuple[str, ...], expected: list[str]) -> None:
    """Ids or globs choose use cases, in any case of letters, each once and in the register's order."""
    assert [use_case["id"] for use_case in recorded.report(*given)["use_cases"]] == expected


def test_an_unknown_use_case_is_a_usage_error(recorded: Project) -> None:
    """A use case that nobody knows is exit code 2 and names the nearest; nothing is printed as if it were a report."""
    for command in ("report", "gate", "next"):
        done = recorded.cli(command, "UC-01")
        assert (done.exit_code, done.stdout) == (2, "")
        assert "did you mean 'UC-001'?" in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("form", ["terminal", "json"])
def test_into_a_file(recorded: Project, form: str) -> None:
    """-o writes what standard output would show, and says nothing."""
    shown = recorded.cli("report", "--format", form).stdout
    done = recorded.cli("report", "--format", form, "-o", "out.txt")
    assert (done.exit_code, done.output) == (0, "")
    written = (recorded.path / "out.txt").read_text(encoding="utf-8")
    assert written.splitlines()[0] == shown.splitlines()[0]
    assert written.count("\n") == shown.count("\n")


def test_a_file_that_cannot_be_written(recorded: Project) -> None:
    """Where no file can be written that is one line and a usage error."""
    done = recorded.cli("report", "-o", "no/such/folder/out.txt")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "the report cannot be written" in done.stderr


def test_without_a_store_it_creates_nothing(project: Project) -> None:
    """Before any evidence every use case is NOT_STARTED, and nothing is created."""
    project.configured()
    assert {use_case["status"] for use_case in project.report()["use_cases"]} == {"NOT_STARTED"}
    assert project.cli("report").exit_code == 0
    assert not (project.path / ".readiness").exists()


def test_without_a_config_it_says_what_to_do(project: Project) -> None:
    """Without a config the tracker in the folder is read, and the report says to run init."""
    project.write("PROD_READINESS_TRACKER.md", TRACKER)
    done = project.cli("report")
    assert done.exit_code == 0
    assert "readiness init" in done.stdout


def test_drift_is_told(project: Project) -> None:
    """A tracker that declares another status than the evidence gives drifts."""
    project.configured(tracker=TRACKER.replace("`NOT_STARTED` | tbd", "`READY_FOR_GO_LIVE` | tbd"))
    assert [use_case["drift"] for use_case in project.report()["use_cases"]] == [False, True]
    assert "drift" in project.cli("report").stdout


def test_a_report_of_the_past_compares_nothing_with_the_tracker_of_today(recorded: Project) -> None:
    """The tracker's status is that of now: a report of another moment has no drift and asks nobody to sync."""
    now = recorded.report()
    assert any(action["action"] == "sync" for action in now["next"])
    past = recorded.cli("report", "--at", "2026-01-01T00:00").stdout
    assert ("drift" in past, "sync" in past) == (False, False)
    document = json.loads(recorded.cli("report", "--at", now["generated_at"], "--format", "json").stdout)
    assert not any(row["drift"] for row in document["use_cases"])
    assert not any(action["action"] == "sync" for action in document["next"])


def test_config_and_store_from_options_and_variables(recorded: Project) -> None:
    """--config and --store go before READINESS_CONFIG and READINESS_STORE, those before the folder's config."""
    other = recorded.path / "other"
    other.mkdir()
    (other / "readiness.toml").write_text('register = "theirs"\n' + CONFIG)
    (other / "PROD_READINESS_TRACKER.md").write_text(TRACKER)
    assert (
        json.loads(recorded.cli("--config", "other/readiness.toml", "report", "--format", "json").stdout)["context"][
            "register"
        ]
        == "theirs"
    )
    recorded.monkeypatch.setenv("READINESS_CONFIG", str(other / "readiness.toml"))
    assert recorded.report()["context"]["register"] == "theirs"
    recorded.monkeypatch.delenv("READINESS_CONFIG")
    recorded.monkeypatch.setenv("READINESS_STORE", "sqlite:///elsewhere.db")
    assert recorded.states()["UC-001/1"] == "MISSING"
    done = recorded.cli("--store", "sqlite:///.readiness/evidence.db", "report", "--format", "json")
    assert '"COMPLETE"' in done.stdout


def test_filters_narrow_the_report_and_its_verdict(recorded: Project) -> None:
    """The use cases of an owner, or with a status: rows and counts are those of these; none is an empty answer."""
    whole = recorded.report()
    owned = [row["id"] for row in whole["use_cases"] if row["owner"] == "ana@example.com"]
    for owner in ("ana@example.com", "ANA@example.com"):
        done = recorded.cli("report", "--owner", owner, "--format", "json")
        assert [row["id"] for row in json.loads(done.stdout)["use_cases"]] == owned
    for status in ("BLOCKED", "not_started", "IN_PROGRESS"):
        named = [row["id"] for row in whole["use_cases"] if row["status"] == status.upper()]
        done = recorded.cli("status", "--status", status, "--format", "json")
        if named:
            assert [row["id"] for row in json.loads(done.stdout)["use_cases"]] == named
            first = recorded.cli("report", "--status", status, "-q").stdout
            assert first.startswith(f"NOT ELIGIBLE: 0 of {len(named)} ready, {len(named)} ")
        else:
            assert (done.exit_code, json.loads(done.stdout)["use_cases"]) == (0, [])
            text = recorded.cli("report", "--status", status)
            assert (text.exit_code, text.stdout) == (0, f"no use case in scope is {status.upper()}\n")


def test_status_is_report(recorded: Project) -> None:
    """The first thing that people type shows the report, with all of its options."""
    report, status = recorded.cli("report", "-q"), recorded.cli("status", "-q")
    assert (status.exit_code, status.stdout) == (0, report.stdout)


def test_what_changed_since_an_earlier_report(recorded: Project) -> None:
    """Every format has the changes; the rule is there only where it is asked for, and the exit code is no verdict."""
    assert recorded.cli("report", "--format", "json", "-o", "base.json").exit_code == 0
    same = recorded.cli("report", "--baseline", "base.json", "--format", "markdown").output
    assert "### What changed since base.json" in same
    assert "Nothing changed." in same
    calm = recorded.cli("report", "--no-regression", "base.json", "--format", "markdown").output
    assert unescape(calm).startswith("## ✓ LET THROUGH (not worse than before), NOT ELIGIBLE")
    recorded.tests('@evidence("UC-001", item=1)\ndef test_a(): assert 0\n')
    recorded.run()
    shown = json.loads(recorded.cli("report", "--baseline", "base.json", "--json").stdout)
    assert shown["verdict"]["regression"] is None
    assert "UC-001/1" in {change["requirement"] for change in shown["changes"]}
    judged = recorded.cli("report", "--no-regression", "base.json", "--format", "markdown")
    assert judged.exit_code == 0
    assert unescape(judged.output).startswith("## ✗ WORSE THAN BEFORE: UC-001. NOT ELIGIBLE")
    assert "test_a" in judged.output.partition("### What blocks")[0]
    assert "| no regression | failed |" in judged.output
    worse = "WORSE THAN BEFORE: UC-001. NOT ELIGIBLE: 0 of 2 ready"
    for option in ("--baseline", "--no-regression"):
        for form in ("terminal", "markdown"):
            text = unescape(recorded.cli("report", option, "base.json", "--format", form).output)
            assert text.removeprefix("## ✗ ").startswith(worse), (option, form)
        assert recorded.cli("report", option, "base.json", "-q").output.startswith(worse), option
        assert f">{worse}" in recorded.cli("report", option, "base.json", "--format", "html").output, option
    gate = recorded.cli("gate", "--no-regression", "base.json")
    assert (gate.exit_code, gate.output.startswith(worse)) == (1, True)
    told = recorded.cli("gate", "--no-regression", "base.json", "--report-only").output
    assert told.startswith("WORSE THAN BEFORE: UC-001. LET THROUGH (--report-only), NOT ELIGIBLE: 0 of 2 ready")
    assert "what changed" in recorded.cli("report", "--baseline", "base.json").output


@pytest.mark.parametrize("option", ["--baseline", "--no-regression"])
def test_an_earlier_report_that_is_none(recorded: Project, option: str) -> None:
    """It is named, and nothing is written."""
    recorded.write("list.json", "[]")
    for name, problem in {"absent.json": "cannot be read: No such file", "list.json": "is not a JSON report"}.items():
        result = recorded.cli("report", option, name, "-o", "out.txt")
        assert result.exit_code == 2
        assert f"{name}: {problem}" in result.output
        assert not (recorded.path / "out.txt").exists()
    assert recorded.cli("report", "--baseline", "a.json", "--no-regression", "b.json").exit_code == 2
