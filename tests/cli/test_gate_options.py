"""``readiness gate`` and ``report`` with options: what is kept, compared, only told, and asked of another moment."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from pytest_readiness.facts.timestamps import timestamp
from tests.broken_runs import sql
from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, BEN, BOT, TESTS, approve, decided, record


@pytest.fixture
def signed(project: Project) -> Project:
    """UC-001 approved, UC-002 without evidence."""
    decided(project)
    approve(project)
    return project


def test_report_only_tells_and_exits_0_but_not_over_damage(signed: Project) -> None:
    """A closed gate is printed and lets through; damaged evidence still exits 3."""
    result = signed.cli("gate", "--report-only")
    assert result.exit_code == 0
    assert result.stdout.startswith("LET THROUGH (--report-only), NOT ELIGIBLE: 1 of 2 ready, 1 not started\n")
    assert result.stdout.endswith("exit code 0: not eligible, let through by --report-only\n")
    closed = signed.cli("gate")
    assert (closed.exit_code, closed.stdout.splitlines()[-1]) == (1, "exit code 1: not eligible")
    sql(signed, "UPDATE line SET text = replace(text, 'PASSED', 'passed')")
    damaged = signed.cli("gate", "--report-only")
    assert damaged.exit_code == 3
    assert "LET THROUGH" not in damaged.stdout


@pytest.mark.parametrize(
    "command", [("gate", "--no-regression"), ("report", "--no-regression"), ("report", "--baseline")]
)
def test_an_earlier_report_that_does_not_fit_is_named(signed: Project, command: tuple[str, ...]) -> None:
    """Whatever is wrong with the file, the one line begins with its name."""
    document = signed.report()
    other = {**document, "context": {**document["context"], "register": "other"}}
    texts = {
        "other.json": json.dumps(other),
        "empty.json": "{}",
        "rows.json": json.dumps({**document, "use_cases": [1]}),
        "list.json": "[]",
        "text.json": "x",
    }
    for name, text in texts.items():
        signed.write(name, text)
        done = signed.cli(*command, name)
        assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.output
        assert done.stderr.startswith(f"readiness: {name}: "), done.stderr


def test_a_gate_with_everything_waived_counts_no_runs_that_are_not_there(project: Project) -> None:
    """The clocks of no run are checked where there is none; where only a rehearsal is, those of its run."""
    decided(project, '[gate]\nwaivers = "accept"\n')
    soon = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()
    for requirement in ("UC-002/1", "UC-002/2"):
        why = ("--reason", "later", "--requested-by", BEN, "--until", soon, "--by", ANA)
        assert project.cli("waive", requirement, *why).exit_code == 0
    gate = project.cli("gate", "UC-002", "--on", "evidence").stdout
    assert "clock" in gate.partition("- empty")[2]
    assert "clock (" not in gate
    project.tests("@evidence('UC-002', item=1)\ndef test_refund(): pass\n", "test_refund.py")
    project.run("test_refund.py", environment="dev")
    rehearsed = project.cli("gate", "UC-002", "--on", "evidence").stdout
    assert "clock (1 of 1 run)" in rehearsed


def test_a_kept_verdict_is_the_report_of_that_moment(signed: Project) -> None:
    """--keep says an id under which the store holds the document; another look keeps another one."""
    from pytest_readiness.pipeline.evaluate_project import find_project

    first, second = signed.cli("gate", "UC-001", "--keep"), signed.cli("gate", "--keep")
    assert (first.exit_code, second.exit_code) == (0, 1)
    ids = [result.stdout.splitlines()[-1].removeprefix("stored as verdict ") for result in (first, second)]
    store = find_project(signed.path).store()
    assert store is not None
    try:
        documents = [json.loads(text) for text in store.verdicts()]
    finally:
        store.close()
    assert [document["verdict"]["eligible"] for document in documents] == [True, False]
    assert [[row["id"] for row in document["use_cases"]] for document in documents] == [
        ["UC-001"],
        ["UC-001", "UC-002"],
    ]
    assert all(len(id_) == 64 for id_ in ids)
    assert signed.cli("verify").exit_code == 0


def test_no_regression_lets_through_what_is_not_worse(signed: Project) -> None:
    """A register that is not ready passes while nothing is worse than in the earlier report, and fails when it is."""
    signed.cli("report", "--format", "json", "-o", "before.json")
    compared = ("gate", "--no-regression", "before.json")
    same = signed.cli(*compared)
    assert same.exit_code == 0
    assert same.stdout.startswith("LET THROUGH (not worse than before.json), NOT ELIGIBLE: 1 of 2 ready")
    assert same.stdout.endswith("exit code 0: not eligible, and nothing is worse than in the earlier report\n")
    compared_with = (
        "no regression (8 of 8 states): nothing is worse than before; compared: 2 use cases, 4 requirements and 2 tests"
    )
    assert compared_with in " ".join(same.stdout.split())
    signed.monkeypatch.setenv("PROVIDER", "down")
    record(signed)
    worse = signed.cli(*compared)
    assert worse.exit_code == 1
    assert "UC-001 was READY_FOR_GO_LIVE and is BLOCKED" in " ".join(worse.stdout.split())
    for text in ("", "[]", "{}"):
        signed.write("before.json", text)
        wrong = signed.cli(*compared)
        assert (wrong.exit_code, len(wrong.stderr.splitlines())) == (2, 1)
    assert signed.cli("gate", "--no-regression", "absent.json").exit_code == 2


def test_what_the_earlier_report_did_not_look_at_closes_the_gate(signed: Project) -> None:
    """A report of one use case says nothing of the others; one of the same scope does, and so does one of all."""
    signed.cli("report", "UC-001", "--format", "json", "-o", "limited.json")
    signed.cli("report", "--format", "json", "-o", "whole.json")
    limits = "the earlier report is limited to UC-001 and speaks of 1 of 2 use cases"
    sentence = f"{limits}: compare with a report of the same scope"
    closed = signed.cli("gate", "--no-regression", "limited.json")
    text = " ".join(closed.stdout.split())
    assert (closed.exit_code, text.startswith(f"NO COMPARISON: {sentence}")) == (1, True), text
    assert "what fails: evidence incomplete" in text
    assert "not compared" in text.partition("what fails: ")[2]
    assert "worse than before" not in text
    assert closed.stdout.endswith("exit code 1: not comparable with the earlier report\n")
    for scope, name in (("UC-001", "limited.json"), ("UC-001", "whole.json"), ("UC-*", "whole.json")):
        assert signed.cli("gate", scope, "--no-regression", name).exit_code == 0
    compared = signed.cli("report", "--baseline", "limited.json", "--format", "json").stdout
    assert json.loads(compared)["changes"] == []
    before = json.loads((signed.path / "whole.json").read_text())
    assert before["context"]["scope"] is None
    del before["context"]["scope"]
    signed.write("older.json", json.dumps(before))
    assert signed.cli("gate", "--no-regression", "older.json").exit_code == 0
    del before["use_cases"][1]
    signed.write("older.json", json.dumps(before))
    older = signed.cli("gate", "--no-regression", "older.json")
    assert older.exit_code == 1
    assert "does not say whether it was limited to them" in " ".join(older.stdout.split())
    before["context"]["scope"] = [1]
    signed.write("older.json", json.dumps(before))
    assert signed.cli("gate", "--no-regression", "older.json").exit_code == 2


def test_what_is_new_in_the_register_is_not_compared(signed: Project) -> None:
    """A report of everything, or of a glob that has a new use case, was of the same scope."""
    signed.cli("report", "--format", "json", "-o", "whole.json")
    signed.cli("report", "UC-*", "--format", "json", "-o", "named.json")
    tracker = signed.path / "PROD_READINESS_TRACKER.md"
    row = next(line for line in tracker.read_text().splitlines() if "UC-002" in line)
    tracker.write_text(tracker.read_text().replace(row, f"{row}\n{row.replace('UC-002', 'UC-003')}"))
    for name in ("whole.json", "named.json"):
        grown = signed.cli("gate", "--no-regression", name)
        assert grown.exit_code == 0, grown.output
        new = "1 use case not compared: new in the register since the earlier report"
        assert new in " ".join(grown.stdout.split())


def test_at_tells_what_was_known_then(signed: Project) -> None:
    """Before anything ran nothing is known, between run and failure it was ready, long after everything is stale."""
    between = timestamp()
    signed.monkeypatch.setenv("PROVIDER", "down")
    record(signed)

    def at(time: str) -> tuple[str, str, str]:
        result = signed.cli("report", "UC-001", "--format", "json", "--at", time)
        assert result.exit_code == 0, result.output
        document = json.loads(result.stdout)
        return document["generated_at"], document["use_cases"][0]["status"], document["use_cases"][0]["phase"]

    assert at("2020-01-01") == ("2020-01-01T00:00:00.000Z", "NOT_STARTED", None)
    assert at(between) == (between, "READY_FOR_GO_LIVE", None)
    assert at(timestamp())[1] == "BLOCKED"
    assert at("2020-01-01T01:00:00+01:00")[0] == "2020-01-01T00:00:00.000Z"
    assert at("0001-01-01")[1:] == ("NOT_STARTED", None)
    for time in ("yesterday", "2020-13-01", ""):
        wrong = signed.cli("report", "--at", time or " ")
        assert (wrong.exit_code, len(wrong.stderr.splitlines())) == (2, 1)


def test_the_past_is_not_compared_with_todays_tracker(signed: Project) -> None:
    """A report about another moment tells no drift and asks for no sync: today's rows say nothing of that moment."""
    then = timestamp()
    signed.cli("sync")
    signed.monkeypatch.setenv("PROVIDER", "down")
    record(signed)
    for time in ("2020-01-01", then, "2090-01-01"):
        output = signed.cli("report", "--at", time, "-v").stdout
        assert "drift" not in output
        assert "sync" not in output
        document = json.loads(signed.cli("report", "--format", "json", "--at", time).stdout)
        assert [(row["drift"], row["declared_status"]) for row in document["use_cases"]] == [(False, "")] * 2
        assert "sync" not in {action["action"] for action in document["next"]}
    assert "run `readiness sync`" in signed.cli("report").stdout


def test_what_is_required_now_does_not_change_what_was_ready(signed: Project) -> None:
    """Under a config that asks for more the use case is no longer ready, and at that moment it still was."""
    then = timestamp()
    config = signed.path / "readiness.toml"
    config.write_text(config.read_text() + '\n[items.3]\ntitle = "a new item"\n')

    def status(*args: str) -> str:
        return str(
            json.loads(signed.cli("report", "UC-001", "--format", "json", *args).stdout)["use_cases"][0]["status"]
        )

    assert (status(), status("--at", then)) == ("IN_PROGRESS", "READY_FOR_GO_LIVE")
    assert ANA in signed.cli("report", "UC-001", "--format", "json", "--at", then).stdout


def test_a_moment_to_come_is_judged_by_the_config_that_stands_there(project: Project) -> None:
    """What was waived under a policy that is gone opens no report about a moment to come."""
    decided(project, '\n[gate]\nwaivers = "accept"\n', TESTS.replace("assert os.environ", "assert not os.environ"))
    config = project.path / "readiness.toml"
    config.write_text(config.read_text().replace("max_age_days", "# "))
    until = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
    waive = ("--reason", "later", "--by", ANA, "--requested-by", BEN, "--until", until)
    assert project.cli("waive", "UC-001/1", *waive).exit_code == 0
    approve(project)
    assert project.cli("gate", "UC-001").exit_code == 0
    config.write_text(config.read_text().replace('waivers = "accept"', 'waivers = "refuse"'))
    assert project.cli("gate", "UC-001").exit_code == 1
    for ahead in (timedelta(minutes=1), timedelta(days=3)):
        time = (datetime.now(UTC) + ahead).isoformat()
        document = json.loads(project.cli("report", "UC-001", "--format", "json", "--at", time).stdout)
        assert document["verdict"]["eligible"] is False
        assert document["context"]["requirements_digest"] == project.report("UC-001")["context"]["requirements_digest"]


def test_an_item_that_the_config_adds_is_required_at_a_moment_to_come(signed: Project) -> None:
    """What nobody has run for yet is required from now on, and was not before."""
    then = timestamp()
    config = signed.path / "readiness.toml"
    config.write_text(config.read_text().replace("max_age_days", "# ") + '\n[items.3]\ntitle = "a new item"\n')

    def items(*args: str) -> list[str]:
        result = signed.cli("report", "UC-001", "--format", "json", *args)
        return [item["item"] for item in json.loads(result.stdout)["use_cases"][0]["items"]]

    assert items() == ["1", "2", "3"]
    assert items("--at", "2090-01-01") == ["1", "2", "3"]
    assert items("--at", then) == ["1", "2"]
    words = signed.cli("history", "UC-001").stdout.split()
    assert "READY_FOR_GO_LIVE -> IN_PROGRESS, COLLECTING" in " ".join(words)


@pytest.mark.slow
def test_a_gate_that_is_not_enforced_says_what_it_lets_through(project: Project) -> None:
    """Command and session exit 0, and the first line of each report says why."""
    project.configured(CONFIG + "[gate]\nenforce = false\n").tests(TESTS)
    project.monkeypatch.setenv("PROVIDER", "down")
    ran = project.run_apart("--readiness-gate", "-k", "trace")
    assert ran.ret == 0
    assert "LET THROUGH ([gate] enforce = false), NOT ELIGIBLE" in ran.stdout.str()
    result = project.cli("gate")
    assert result.exit_code == 0
    assert result.output.startswith("LET THROUGH ([gate] enforce = false), NOT ELIGIBLE")
    assert "relaxed setting: [gate] enforce = false" in result.output
    document = json.loads(project.cli("gate", "--json").stdout)
    assert (document["exit_code"], document["verdict"]["eligible"], document["verdict"]["enforced"]) == (
        0,
        False,
        False,
    )
    for form in ("terminal", "markdown", "html"):
        assert "LET THROUGH" in project.cli("report", "--format", form).output, form
    says = {
        "json": '"enforced": false',
        "ctrf": '"enforced":false',
        "oscal": '"name":"enforced"',
        "openmetrics": 'readiness_gate_enforced{register="default"} 0\n',
        "junit": '<property name="gate" value="not enforced: [gate] enforce = false"/>',
        "badge": "ready, not enforced",
    }
    for form, words in says.items():
        assert words in project.cli("report", "--format", form).output, form
    assert project.cli("gate", "UC-9").exit_code == 2
    project.configured(CONFIG)
    assert project.cli("gate").exit_code == 1
    for form in ("openmetrics", "junit", "badge"):
        assert says[form] not in project.cli("report", "--format", form).output, form


def test_damage_is_not_let_through(project: Project) -> None:
    """A store that is not intact stays 3, and its first line does not say that anything is let through."""
    project.configured(CONFIG + "[gate]\nenforce = false\n").tests(TESTS)
    record(project, by=BOT)
    sql(project, "UPDATE line SET text = replace(text, 'PASSED', 'FAILED')")
    result = project.cli("gate")
    assert result.exit_code == 3, result.output
    assert "LET THROUGH" not in result.output
