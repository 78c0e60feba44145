"""What can still be read of a run that does not fit: each line for itself."""

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
    """Return what the lines of a run say that can be read. Raises nothing.

    ``seal``: the digest that its seal had when it was kept; None: that is not known.
    """
    lines: list[Line] = []
    for text in texts:
        with suppress(IntegrityError, *UNREADABLE):
            lines.append(Line.parse(text))
    evidence = tuple(chain.from_iterable(_evidence(line, run_id, register) for line in lines))
    head = lines[0].body if lines and lines[0].kind == "run" else {}
    # A first line that the next one does not name may have been changed to say another place.
    changed = not head or [one.body.get("prev") for one in lines[1:2]] != [lines[0].digest]
    tests = None if changed else _plan(lines, seal)
    with suppress(*UNREADABLE):
        if tests is not None:
            planned = tuple(PlanEntry.from_plain(one) for one in tests)
            return SalvagedRun(head, evidence, planned, _silent(lines, tests, run_id, register))
    return SalvagedRun(head, evidence, None, changed=changed)


def _evidence(line: Line, run_id: str, register: str) -> list[Evidence]:
    with suppress(IntegrityError, *UNREADABLE):
        return [one for one in evidence_of(line, register) if one.run_id == run_id]
    return []


def _plan(lines: list[Line], seal: str | None) -> list[dict[str, Any]] | None:
    """Return what the lines say of the plan; None: it is not what the seal names, or the seal is another."""
    with suppress(*UNREADABLE):
        last = lines[-1]
        if last.kind == "sealed" and seal in (None, last.digest) and last.body.get("planned") == planned_digest(lines):
            return [test for line in lines if line.kind == "planned" for test in line.body["tests"]]
    return None


def _silent(lines: list[Line], tests: list[dict[str, Any]], run_id: str, register: str) -> tuple[Evidence, ...]:
    """Return what was planned and no line tells. A line that the next one does not name may have been changed."""
    named = [one for one, after in pairwise(lines) if after.body.get("prev") == one.digest]
    told = {_claim(one) for line in named for one in _evidence(line, run_id, register)}
    started = dict(_starts(lines))
    due = [test for test in tests if not test.get("deselected")]
    every = (unfinished_of(test, run_id, register, started.get(test["test"], "")) for test in due)
    return tuple(one for one in chain.from_iterable(every) if _claim(one) not in told)


def _claim(evidence: Evidence) -> tuple[str, str, str]:
    return evidence.test_id, evidence.uc, evidence.item


def _starts(lines: Iterable[Line]) -> Iterator[tuple[str, str]]:
    for line in lines:
        test, at = line.body.get("test"), line.body.get("at")
        if line.kind == "started" and isinstance(test, str) and isinstance(at, str) and is_timestamp(at):
            yield test, at
