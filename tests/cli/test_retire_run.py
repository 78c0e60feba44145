"""``readiness retire --run``: the way out of a store that holds a broken run. It opens no gate."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.broken_runs import PLACES, gate, newest, retire, sql
from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, BEN, BOT, DEV, REVIEW, TESTS, approve, decided, record, status

pytestmark = pytest.mark.slow


def a_line_edited(project: Project, run: str) -> None:
    """A line says something else than its digest."""
    sql(project, f"UPDATE line SET text = replace(text, 'PASSED', 'PASSEE') WHERE run_id = '{run}' AND seq = 2")


def a_line_lost(project: Project, run: str) -> None:
    """A line is gone."""
    sql(project, f"DELETE FROM line WHERE run_id = '{run}' AND seq = 2")


def the_plan_edited(project: Project, run: str) -> None:
    """What was planned is not what the seal names."""
    sql(project, f"UPDATE line SET text = replace(text, 'test_trace', 'test_other') WHERE run_id = '{run}' AND seq = 1")


def the_seal_lost(project: Project, run: str) -> None:
    """The last line is gone."""
    last = f"(SELECT max(seq) FROM line WHERE run_id = '{run}')"
    sql(project, f"DELETE FROM line WHERE run_id = '{run}' AND seq = {last}")


def the_head_garbled(project: Project, run: str) -> None:
    """The first line is no line."""
    sql(project, f"UPDATE line SET text = 'x' WHERE run_id = '{run}' AND seq = 0")


def the_place_edited(project: Project, run: str) -> None:
    """Every line says that the run took place elsewhere, where nothing is real."""
    sql(project, f"UPDATE line SET text = replace(text, 'staging', 'dev') WHERE run_id = '{run}'")


def a_line_and_index_lost(project: Project, run: str) -> None:
    """A line is gone, and with it its index row."""
    sql(project, *(f"DELETE FROM {table} WHERE run_id = '{run}' AND seq = 2" for table in ("evidence", "line")))


HARMS = (a_line_edited, a_line_lost, the_plan_edited, the_seal_lost, the_head_garbled, the_place_edited)


@pytest.fixture
def passing(project: Project) -> Project:
    """A use case whose two requirements were shown twice, each time by both tests."""
    decided(project)
    record(project)
    assert gate(project)[0] == 0
    return project


@pytest.mark.parametrize("harm", HARMS)
def test_a_broken_run_is_set_aside_and_the_gate_stays_closed_until_its_tests_ran(
    passing: Project, harm: Callable[[Project, str], None]
) -> None:
    """Broken it is 3; retired it is 1, though an older run passed; run again it is 0. Verify names it first and is 0."""
    run = newest(passing)
    harm(passing, run)
    assert passing.cli("verify").exit_code == 3
    # The gate looks at what it rests on, and a plan is none of that unless the policy asks what was left out.
    assert gate(passing)[0] == (0 if harm is the_plan_edited else 3)
    code, said = retire(passing, run)
    assert (code, f"run {run} is retired" in said) == (0, True), said
    code, said = gate(passing)
    assert code == 1, said
    assert f"run {run} was retired by {ANA}: its lines were lost" in said
    assert passing.states("UC-001") == {"UC-001/1": "INTERRUPTED", "UC-001/2": "INTERRUPTED"}
    done = passing.cli("verify")
    assert (done.exit_code, done.stdout.startswith(f"run {run} was retired")) == (0, True), done.output
    assert passing.cli("check").exit_code == 0
    record(passing)
    assert gate(passing)[0] == 0
    assert passing.cli("verify").exit_code == 0


@pytest.mark.parametrize("harm", [a_line_lost, the_seal_lost])
def test_what_ended_badly_in_it_stays(project: Project, harm: Callable[[Project, str], None]) -> None:
    """A failure whose line can still be read stands, and only its test's next pass replaces it."""
    decided(project, tests="@evidence('UC-001', item=2)\ndef test_a(): pass\n" + TESTS)
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, "-p", "no:randomly")
    run = newest(project)
    with closing(sqlite3.connect(project.path / ".readiness" / "evidence.db")) as plain:
        texts = [json.loads(text) for (text,) in plain.execute("SELECT text FROM line WHERE run_id = ?", (run,))]
    failed = next(number for number, one in enumerate(texts) if one.get("result") == "FAILED")
    if harm is a_line_lost:
        assert failed != 2, "the failure itself would be lost"
    harm(project, run)
    assert retire(project, run)[0] == 0
    assert project.states("UC-001")["UC-001/1"] == "FAILING"
    project.monkeypatch.setenv("PROVIDER", "up")
    record(project)
    assert gate(project)[0] == 0


def test_a_sound_run_can_be_set_aside_too(passing: Project) -> None:
    """Its passes count for nothing, and what it showed is to be shown again."""
    run = newest(passing)
    assert retire(passing, run)[0] == 0
    assert gate(passing)[0] == 1
    record(passing, "-k", "test_provider")
    assert passing.states("UC-001") == {"UC-001/1": "COMPLETE", "UC-001/2": "INTERRUPTED"}
    record(passing)
    assert gate(passing)[0] == 0


@pytest.mark.parametrize(
    ("harm", "elsewhere"),
    [(None, "COMPLETE"), (a_line_edited, "COMPLETE"), (the_seal_lost, "COMPLETE"), (the_head_garbled, "INTERRUPTED")],
)
def test_what_is_set_aside_in_one_environment_says_nothing_of_another(
    project: Project, harm: Callable[[Project, str], None] | None, elsewhere: str
) -> None:
    """Where its first line still says where it took place, the evidence of other environments stands."""
    project.configured(PLACES).tests("@evidence('UC-001', item=3)\ndef test_place(): pass\n" + TESTS)
    project.run(f"--readiness-actor={BOT}", environment="prod")
    record(project)
    run = newest(project)
    if harm is not None:
        harm(project, run)
    assert retire(project, run)[0] == 0
    states = project.states("UC-001")
    assert states["UC-001/3/staging"] == "INTERRUPTED"
    assert states["UC-001/3/prod"] == elsewhere


def test_another_broken_run_is_still_damage(passing: Project) -> None:
    """What is set aside excuses nothing else."""
    first = newest(passing)
    record(passing)
    second = newest(passing)
    a_line_lost(passing, first)
    a_line_lost(passing, second)
    assert retire(passing, first)[0] == 0
    assert gate(passing)[0] == 3
    assert passing.cli("verify").exit_code == 3
    assert retire(passing, second)[0] == 0
    assert gate(passing)[0] == 1
    assert passing.cli("verify").exit_code == 0


def test_slots_that_only_it_had_are_its_own(project: Project) -> None:
    """Where nothing else is wrong verify answers 0, also where the index of the first run of a test is gone."""
    project.configured(CONFIG + REVIEW).tests(TESTS)
    record(project)
    run = newest(project)
    a_line_and_index_lost(project, run)
    assert "no evidence belongs to" in project.cli("verify").stdout
    assert retire(project, run)[0] == 0
    assert project.cli("verify").exit_code == 0
    record(project)
    assert (gate(project)[0], project.cli("verify").exit_code) == (0, 0)
    a_line_and_index_lost(project, newest(project))
    assert project.cli("verify").exit_code == 3


def test_who_may_not_is_refused_in_a_line(passing: Project) -> None:
    """A stranger, who recorded it, and a second time: 1; what is no run: 2. Never a traceback."""
    record(passing, by=BEN)
    run = newest(passing)
    a_line_edited(passing, run)
    for who, why in ((DEV, "not a listed reviewer"), (BEN, "four eyes"), (BOT, "not a listed reviewer")):
        done = passing.cli("retire", "--run", run, "--reason", "x", "--by", who)
        assert (done.exit_code, len(done.stderr.splitlines()), why in done.stderr) == (1, 1, True), done.output
    assert gate(passing)[0] == 3
    assert retire(passing, run)[0] == 0
    assert "is already retired" in retire(passing, run)[1]
    for odd in ("", "x", run[:-1], f"{run}.1.1", "*", "'", "\u202e", "UC-001"):
        done = passing.cli("retire", "--run", odd, "--reason", "x", "--by", ANA)
        assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), done.output
    for odd in ((), ("UC-001", "--run", run), ("--run", run, "--replaced-by", "x")):
        done = passing.cli("retire", *odd, "--reason", "x", "--by", ANA)
        assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), done.output


def test_a_review_that_rests_on_it_does_not_hold(passing: Project) -> None:
    """What was signed over a run that is set aside is to be signed again."""
    approve(passing)
    assert status(passing) == ("READY_FOR_GO_LIVE", None)
    assert retire(passing, newest(passing), BEN)[0] == 0
    assert status(passing) == ("IN_PROGRESS", "COLLECTING")
    assert passing.cli("gate", "UC-001").exit_code == 1


def test_reports_and_history_of_a_store_with_such_a_run_answer(passing: Project) -> None:
    """Every question about what is left is answered."""
    run = newest(passing)
    a_line_edited(passing, run)
    assert retire(passing, run)[0] == 0
    for command in (("report",), ("history", "UC-001"), ("why", "UC-001"), ("next",), ("show", "UC-001")):
        done = passing.cli(*command)
        assert done.exit_code == 0, done.output
    assert f"retired run {run}" in " ".join(passing.cli("history", "UC-001").output.split())


@pytest.mark.parametrize("harm", [*HARMS, None])
def test_a_part_of_a_run_group_is_set_aside(passing: Project, harm: Callable[[Project, str], None] | None) -> None:
    """Retired, the only part of an incomplete group holds nothing any more, however broken; its tests are run again."""
    record(passing, "--readiness-run-group=nightly:1/2")
    run = newest(passing)
    assert gate(passing)[0] == 1
    if harm is not None:
        harm(passing, run)
        assert gate(passing)[0] != 0
    assert retire(passing, run)[0] == 0
    code, said = gate(passing)
    assert (code, "nightly" in said) == (1, False), said
    record(passing)
    assert gate(passing)[0] == 0, gate(passing)[1]


def test_what_was_signed_before_a_run_was_set_aside_is_signed_again(passing: Project) -> None:
    """Whoever signed has not seen what may have failed in it: of a sound run too, and though its tests pass again."""
    approve(passing)
    record(passing)
    assert passing.cli("gate", "UC-001").exit_code == 0
    assert retire(passing, newest(passing), BEN)[0] == 0
    record(passing)
    assert (gate(passing)[0], passing.cli("gate", "UC-001").exit_code) == (0, 1)
    assert status(passing) == ("IN_PROGRESS", "REVIEW_SUSPECT")
    assert "was retired since" in " ".join(passing.cli("history", "UC-001").output.split())
    approve(passing)
    assert passing.cli("gate", "UC-001").exit_code == 0


@pytest.mark.parametrize(
    ("lost", "is_known"),
    [("text LIKE '%FAILED%'", False), ("seq >= 2", False), ("seq >= 0", False), ("text LIKE '%sealed%'", True)],
    ids=["the failure", "the end", "all", "the seal"],
)
def test_so_it_is_where_a_review_stands_and_a_test_failed_since(passing: Project, lost: str, is_known: bool) -> None:
    """The index still names the failure whose line is gone: the way out is open, and opens nothing by itself."""
    approve(passing)
    passing.monkeypatch.setenv("PROVIDER", "down")
    record(passing)
    run = newest(passing)
    sql(passing, f"DELETE FROM line WHERE run_id = '{run}' AND {lost}")
    assert (gate(passing)[0], retire(passing, run, BEN)[0], passing.cli("verify").exit_code) == (3, 0, 0)
    code, said = gate(passing)
    assert (code, passing.states("UC-001")["UC-001/1"]) == (1, "FAILING" if is_known else "INTERRUPTED"), said
    passing.monkeypatch.setenv("PROVIDER", "up")
    record(passing)
    assert gate(passing)[0] == 0, gate(passing)[1]
    assert status(passing) == ("IN_PROGRESS", "REVIEW_SUSPECT")
    assert f"run {run} was retired since: its lines were lost" in " ".join(passing.cli("why", "UC-001").output.split())
    assert passing.cli("gate", "UC-001").exit_code == 1
    approve(passing)
    assert passing.cli("gate", "UC-001").exit_code == 0
    for command in ("report", "check", "checkpoint", "history UC-001", "next"):
        assert passing.cli(*command.split()).exit_code == 0, command


def test_a_retirement_that_holds_no_more_brings_no_passes_back(passing: Project) -> None:
    """Its reviewer left the list: nothing is excused, as with a test; what the run showed is still to be shown again."""
    approve(passing, by=BEN)
    run = newest(passing)
    assert retire(passing, run)[0] == 0
    passing.configured(CONFIG + REVIEW.replace(ANA, "eve@example.com"))
    code, said = gate(passing)
    assert (code, f"the retirement of run {run} does not hold" in said) == (1, True), said
    assert passing.states("UC-001") == {"UC-001/1": "INTERRUPTED", "UC-001/2": "INTERRUPTED"}
    assert passing.cli("history", "UC-001").exit_code == 0
    record(passing)
    assert (gate(passing)[0], status(passing)) == (0, ("IN_PROGRESS", "REVIEW_SUSPECT"))
    a_line_lost(passing, run)
    assert (gate(passing)[0], passing.cli("verify").exit_code) == (3, 3)


def test_a_retirement_that_was_merged_and_is_only_declared_brings_no_passes_back(passing: Project) -> None:
    """Where identities are asked for, a bundle's word retires nothing, and makes no run good that was set aside."""
    record(passing)
    assert (retire(passing, newest(passing))[0], passing.cli("bundle", "-o", "out.zip").exit_code) == (0, 0)
    passing.configured(CONFIG + REVIEW + 'identity = "ci"\n')
    passing.monkeypatch.setenv("READINESS_STORE", "sqlite:///other.db")
    assert passing.cli("merge", "out.zip").exit_code == 0
    code, said = gate(passing)
    assert (code, "does not hold" in said) == (1, True), said
