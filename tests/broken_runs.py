"""Runs that are broken in the store, and set aside: edited behind its back, as no command would."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from pytest_readiness.store.sqlite import schema
from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, REVIEW, record

PLACES = (
    CONFIG
    + REVIEW
    + """
[environments.prod]
real = true

[use_cases.UC-001]
environments = ["staging", "prod"]

[items.3]
title = "it answers where it runs"
scope = "environment"
"""
)
"""Two real environments, and an item that is asked for in each."""
ON = "--on=evidence"


def sql(project: Project, *statements: str) -> None:
    """Edit the store with the triggers out of the way, and put them back."""
    with closing(sqlite3.connect(project.path / ".readiness" / "evidence.db")) as plain:
        kept = {name: text for kind, name, text in plain.execute(schema.SCHEMA_QUERY) if kind == "trigger"}
        for name in kept:
            plain.execute(f"DROP TRIGGER {name}")
        assert sum(plain.execute(statement).rowcount for statement in statements), "nothing was tampered with"
        for text in kept.values():
            plain.execute(text)
        plain.commit()


def newest(project: Project) -> str:
    """The id of the newest run."""
    with closing(sqlite3.connect(project.path / ".readiness" / "evidence.db")) as plain:
        ((name,),) = plain.execute("SELECT id FROM run ORDER BY started_at DESC LIMIT 1")
    return str(name)


def retire(project: Project, run: str, by: str = ANA) -> tuple[int, str]:
    """Retire a run; exit code, and all that is printed in one line."""
    done = project.cli("retire", "--run", run, "--reason", "its lines were lost", "--by", by)
    return done.exit_code, " ".join(done.output.split())


def gate(project: Project) -> tuple[int, str]:
    """Exit code of the gate on evidence of UC-001, and what it prints in one line."""
    done = project.cli("gate", "UC-001", ON)
    return done.exit_code, " ".join(done.output.split())


def lose(project: Project, run: str, word: str) -> None:
    """The lines of a run that say a word are gone, and with them their index rows; never its plan."""
    lines = f"SELECT seq FROM line WHERE run_id = '{run}' AND text LIKE '%{word}%' AND text NOT LIKE '%\"planned\"%'"
    sql(
        project, *(f"DELETE FROM {table} WHERE run_id = '{run}' AND seq IN ({lines})" for table in ("evidence", "line"))
    )


def failed(project: Project, *args: str) -> str:
    """The id of a run for staging whose failures left no line."""
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, *args)
    project.monkeypatch.setenv("PROVIDER", "up")
    run = newest(project)
    lose(project, run, "FAILED")
    return run
