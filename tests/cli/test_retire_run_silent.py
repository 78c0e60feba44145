"""What a run that was set aside does not tell any more: it may have failed, for real, wherever it was to count."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from pytest_readiness.facts.ledger.line import canonical
from pytest_readiness.facts.run import planned_digest
from tests.broken_runs import PLACES, failed, gate, lose, newest, retire, sql
from tests.project import CONFIG, Project, kill
from tests.reviewed_project import BOT, REVIEW, record

pytestmark = pytest.mark.slow

UP = 'assert os.environ.get("PROVIDER", "up") == "up"'


def in_prod(project: Project) -> None:
    """Run the tests for prod."""
    project.run(f"--readiness-actor={BOT}", environment="prod")


def texts_of(project: Project, run: str) -> dict[int, str]:
    """The lines of a run, by their numbers."""
    with closing(sqlite3.connect(project.path / ".readiness" / "evidence.db")) as plain:
        return dict(plain.execute("SELECT seq, text FROM line WHERE run_id = ?", (run,)))


def write(project: Project, run: str, texts: dict[int, str]) -> None:
    """Put other lines in their places."""
    sql(
        project,
        *(
            f"UPDATE line SET text = '{text.replace(chr(39), chr(39) * 2)}' WHERE run_id = '{run}' AND seq = {seq}"
            for seq, text in texts.items()
        ),
    )


def test_a_lost_failure_counts_for_real_whatever_else_the_run_tells(project: Project) -> None:
    """All that can be read of the run are rehearsals: the test whose line is lost is none for that."""
    project.configured(CONFIG + REVIEW).tests(f"""
        from unittest import mock
        @evidence("UC-001", item=1)
        def test_real(): {UP}
        @evidence("UC-001", item=1)
        def test_replaced():
            with mock.patch("socket.create_connection"): pass
        @evidence("UC-001", item=2)
        def test_trace(record_evidence): pass
    """)
    record(project)
    assert project.states("UC-001")["UC-001/1"] == "COMPLETE"
    run = failed(project, "test_it.py::test_real", "test_it.py::test_replaced")
    assert (gate(project)[0], retire(project, run)[0]) == (3, 0)
    assert project.states("UC-001")["UC-001/1"] == "INTERRUPTED"
    assert (gate(project)[0], project.cli("verify").exit_code) == (1, 0)
    record(project)
    assert project.states("UC-001")["UC-001/1"] == "COMPLETE"


def test_it_is_a_rehearsal_where_the_plan_says_that_nothing_was_real(project: Project) -> None:
    """A run for an environment that is not real hides nothing, and holds nothing, when its lines are lost."""
    project.configured(CONFIG + REVIEW).tests(f'@evidence("UC-001", item=1)\ndef test_real(): {UP}\n')
    record(project)
    project.monkeypatch.setenv("PROVIDER", "down")
    project.run(f"--readiness-actor={BOT}", environment="dev")
    lose(project, newest(project), "FAILED")
    assert retire(project, newest(project))[0] == 0
    assert project.states("UC-001")["UC-001/1"] == "COMPLETE"


def test_it_counts_with_the_limits_of_its_marks(project: Project) -> None:
    """A test that is marked for prod and whose line a run for staging lost is to pass in prod again."""
    project.configured(PLACES).tests(f"""
        @evidence("UC-001", item=3, environment="prod")
        def test_prod(): {UP}
        @evidence("UC-001", item=3)
        def test_anywhere(): pass
    """)
    in_prod(project)
    record(project)
    assert retire(project, failed(project))[0] == 0
    assert project.states("UC-001")["UC-001/3/prod"] == "INTERRUPTED"
    record(project)
    assert project.states("UC-001")["UC-001/3/staging"] == "COMPLETE"
    assert project.states("UC-001")["UC-001/3/prod"] == "INTERRUPTED"
    in_prod(project)
    assert project.states("UC-001")["UC-001/3/prod"] == "COMPLETE"


SCOPED = """
    @evidence("UC-001", item=3)
    def test_scoped(record_evidence):
        assert os.environ.get("PROVIDER", "up") == "up"
        record_evidence.scope(os.environ.get("WHERE", "prod"))
"""


@pytest.mark.parametrize("lost", ["the failure", "the seal too"])
def test_it_counts_where_its_test_would_have_gone_on_to_say(project: Project, lost: str) -> None:
    """A test that places itself and failed before it did counts against each place that it ever named."""
    project.configured(PLACES).tests(SCOPED)
    record(project)
    assert project.states("UC-001")["UC-001/3/prod"] == "COMPLETE"
    run = failed(project)
    if lost == "the seal too":
        sql(project, f"DELETE FROM line WHERE run_id = '{run}' AND text LIKE '%\"kind\":\"sealed\"%'")
    assert retire(project, run)[0] == 0
    assert project.states("UC-001")["UC-001/3/prod"] == "INTERRUPTED"
    record(project)
    assert project.states("UC-001")["UC-001/3/prod"] == "COMPLETE"


def test_a_line_that_was_edited_tells_nothing_of_its_test(project: Project) -> None:
    """A failure whose line says another place now, or a rehearsal, is no reason to let the older pass stand."""
    project.configured(PLACES).tests(f'@evidence("UC-001", item=3)\ndef test_it(): {UP}\n')
    in_prod(project)
    record(project)
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project)
    run = newest(project)
    told = {seq: text for seq, text in texts_of(project, run).items() if '"result":"FAILED"' in text}
    assert len(told) == 1
    write(project, run, {seq: text.replace('"staging"', '"dev"') for seq, text in told.items()})
    assert (gate(project)[0], retire(project, run)[0]) == (3, 0)
    assert project.states("UC-001")["UC-001/3/staging"] == "INTERRUPTED"


def test_a_plan_and_a_seal_that_were_edited_together_are_no_plan(project: Project) -> None:
    """The store knows which seal it took in: what another one names is not what was planned."""
    project.configured(PLACES).tests(f'@evidence("UC-001", item=3)\ndef test_it(): {UP}\n')
    record(project)
    run = failed(project)
    texts = {seq: json.loads(text) for seq, text in texts_of(project, run).items()}
    plan, seal = (next(one for one in texts.values() if one["kind"] == kind) for kind in ("planned", "sealed"))
    plan["tests"], seal["planned"] = [], planned_digest([])
    write(project, run, {one["seq"]: canonical(one) for one in (plan, seal)})
    assert retire(project, run)[0] == 0
    assert project.states("UC-001")["UC-001/3/staging"] == "INTERRUPTED"


def test_passes_of_a_retired_run_do_not_come_back_with_a_later_failure_elsewhere(project: Project) -> None:
    """Where a test ran before is asked when it fails in dev; the run that was set aside is no answer to that."""
    project.configured(PLACES).tests(f'@evidence("UC-001", item=3)\ndef test_it(): {UP}\n')
    record(project)
    assert retire(project, newest(project))[0] == 0
    assert project.states("UC-001")["UC-001/3/staging"] == "INTERRUPTED"
    project.monkeypatch.setenv("PROVIDER", "down")
    project.run(f"--readiness-actor={BOT}", environment="dev")
    assert project.states("UC-001")["UC-001/3/staging"] == "INTERRUPTED"


def test_it_counts_from_when_it_was_seen_to_start(project: Project) -> None:
    """A run beside it, of which the same test passed meanwhile, does not make good what failed later."""
    project.configured(PLACES).tests(f"""
        import time
        def test_wait():
            if os.environ.get("WAITS"):
                pathlib.Path("waiting").touch()
                while not pathlib.Path("go").exists(): time.sleep(0.01)
        @evidence("UC-001", item=3)
        def test_it(): {UP}
    """)
    project.monkeypatch.setenv("WAITS", "yes")
    project.monkeypatch.setenv("PROVIDER", "down")
    process = project.popen("-p", "no:randomly", f"--readiness-actor={BOT}")
    try:
        project.wait_for("waiting")
        project.monkeypatch.delenv("WAITS")
        project.monkeypatch.delenv("PYTEST_CURRENT_TEST")  # a session beside the other one, and none within a test
        project.monkeypatch.setenv("PROVIDER", "up")
        project.run_apart(f"--readiness-actor={BOT}")
        first = newest(project)
        project.write("go", "")
        assert process.wait(60) == 1
    finally:
        kill(process)
    with closing(sqlite3.connect(project.path / ".readiness" / "evidence.db")) as plain:
        ((run,),) = plain.execute("SELECT id FROM run WHERE id <> ?", (first,))
    assert project.states("UC-001")["UC-001/3/staging"] == "FAILING"
    lose(project, run, "FAILED")
    assert retire(project, run)[0] == 0
    assert project.states("UC-001")["UC-001/3/staging"] == "INTERRUPTED"
