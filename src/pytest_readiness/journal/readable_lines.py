"""Check of a journal's lines: whether they can be judged and stored, once their run is closed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from ..facts.ledger.line import Line, LineChain
from ..facts.run import Run, planned_digest
from ..facts.timestamps import timestamp
from ..store.integrity.chain import check_run
from ..store.integrity.index import UNREADABLE
from .open_runs import plan_of, unfinished_tests


def reading_problem(run: Run) -> str:
    """Return why a run cannot be used, as one phrase; empty: its lines are what the store takes.

    The links between its lines were checked. A line may still lack a field, or have one of a wrong type: it was
    written by a newer version, or by hand.
    """
    try:
        closed = run if run.seal is not None else Run((*run.lines, *_closing_lines(run)))
        return next((str(problem) for problem in check_run(closed)), "")
    except UNREADABLE as error:
        return f"a line lacks a field, or has one of a wrong type: {type(error).__name__} {error}"


def _closing_lines(run: Run) -> Iterator[Line]:
    """Yield the lines that close a run: its unfinished tests, all tests of its plan as not run, and the seal."""
    lines = LineChain(run.id, seq=len(run.lines), head=run.lines[-1].digest)
    _check_starts(run)
    tests = [{"test": name, "claims": test["claims"]} for name, test in plan_of(run).items()]
    now = timestamp()
    bodies: Iterator[tuple[str, dict[str, Any]]] = chain(
        (("finished", body) for body in unfinished_tests(run)),
        [("not_run", {"tests": tests, "started_at": now, "finished_at": now})],
    )
    for kind, body in bodies:
        yield lines.next(kind, body)
    yield lines.next("sealed", {"count": lines.seq, "planned": planned_digest(run.lines), "finished_at": now})


def _check_starts(run: Run) -> None:
    for line in run.lines:
        if line.kind in ("started", "attempt", "ended") and not isinstance(line.body["test"], str):
            raise TypeError("a test's id is no text")
        if line.kind == "started" and not isinstance(line.body["at"], str):
            raise TypeError("a test's start is no text")
