"""Salvage of a damaged run: each line is read on its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, pairwise
from typing import Any

from ...errors import IntegrityError
from ...facts.evidence import Evidence
from ...facts.evidence_line import evidence_of, unfinished_of
from ...facts.ledger.line import Line
from ...facts.run import PlanEntry, planned_digest
from ...facts.timestamps import is_timestamp
from ..protocol import SalvagedRun
from .index import UNREADABLE


def salvage_run(run_id: str, register: str, texts: Iterable[str], seal: str | None = None) -> SalvagedRun:
    """Return the readable content of a run. Raises nothing.

    ``seal``: the digest of its seal when the run was stored; None: unknown.
    """
    lines: list[Line] = []
    for text in texts:
        with suppress(IntegrityError, *UNREADABLE):
            lines.append(Line.parse(text))
    evidence = tuple(chain.from_iterable(_evidence_in(line, run_id, register) for line in lines))
    head = lines[0].body if lines and lines[0].kind == "run" else {}
    # A first line that the next line does not name may have been changed to name another place.
    changed = not head or [line.body.get("prev") for line in lines[1:2]] != [lines[0].digest]
    tests = None if changed else _plan(lines, seal)
    with suppress(*UNREADABLE):
        if tests is not None:
            planned = tuple(PlanEntry.from_plain(test) for test in tests)
            return SalvagedRun(head, evidence, planned, _unreported(lines, tests, run_id, register))
    return SalvagedRun(head, evidence, None, changed=changed)


def _evidence_in(line: Line, run_id: str, register: str) -> list[Evidence]:
    with suppress(IntegrityError, *UNREADABLE):
        return [evidence for evidence in evidence_of(line, register) if evidence.run_id == run_id]
    return []


def _plan(lines: list[Line], seal: str | None) -> list[dict[str, Any]] | None:
    """Return the tests of the plan; None: the seal names another plan, or is another seal."""
    with suppress(*UNREADABLE):
        last = lines[-1]
        if last.kind == "sealed" and seal in (None, last.digest) and last.body.get("planned") == planned_digest(lines):
            return [test for line in lines if line.kind == "planned" for test in line.body["tests"]]
    return None


def _unreported(lines: list[Line], tests: list[dict[str, Any]], run_id: str, register: str) -> tuple[Evidence, ...]:
    """Return the planned evidence without a line. A line that the next line does not name may have been changed."""
    named = [line for line, following in pairwise(lines) if following.body.get("prev") == line.digest]
    reported = {_claim_of(evidence) for line in named for evidence in _evidence_in(line, run_id, register)}
    started = dict(_starts(lines))
    latest = str(lines[-1].body.get("finished_at", ""))  # of the seal: a lost line does not say when its test started
    selected = [test for test in tests if not test.get("deselected")]
    expected = (unfinished_of(test, run_id, register, started.get(test["test"], latest)) for test in selected)
    return tuple(evidence for evidence in chain.from_iterable(expected) if _claim_of(evidence) not in reported)


def _claim_of(evidence: Evidence) -> tuple[str, str, str]:
    return evidence.test_id, evidence.uc, evidence.item


def _starts(lines: Iterable[Line]) -> Iterator[tuple[str, str]]:
    for line in lines:
        test, at = line.body.get("test"), line.body.get("at")
        if line.kind == "started" and isinstance(test, str) and isinstance(at, str) and is_timestamp(at):
            yield test, at
