"""How runs were conducted, for the SQLite adapter: what the first line, the plan and the seal of each say."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from ...errors import IntegrityError, one_line
from ...facts.ledger.line import Line
from ...facts.run import PlanEntry, planned_digest
from ...facts.run_conditions import RunConditions, conditions_of
from ...facts.run_group import GroupPart
from ..integrity.chain import problem_location
from ..integrity.index import UNREADABLE
from ..protocol import SalvagedRun
from .queries import ENDS, NEWEST_RUN, PARTS, PLANS, TEXTS


class RunConditionsStore:
    """What the store in a SQLite file says of how runs were conducted."""

    _excused: frozenset[str]

    @abstractmethod
    def _rows(self, query: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return all rows of an answer."""

    def run_conditions(self, run_ids: Iterable[str]) -> dict[str, RunConditions]:
        """Return how these runs were conducted, by id.

        Raises:
            IntegrityError: a first line or a seal cannot be read.
            StorageError: the file cannot be read.
        """
        return conditions_in(self._rows(ENDS, (json.dumps(sorted(set(run_ids))),)))

    def newest_run(self, register: str, until: str) -> str | None:
        """Return the id of the run that started last of those that ended by a moment; None: there is none.

        Raises:
            StorageError: the file cannot be read.
        """
        return next((id_ for (id_,) in self._rows(NEWEST_RUN, (register, until))), None)

    def salvage_run(self, run_id: str, register: str) -> SalvagedRun:
        """Return what can be read of a run, however broken it is, as the port says.

        Raises:
            StorageError: the file cannot be read.
        """
        from ..integrity.salvage import salvage_run

        seal = next((head for (head,) in self._rows("SELECT head FROM run WHERE id = ?", (run_id,))), None)
        return salvage_run(run_id, register, (text for (text,) in self._rows(TEXTS, (run_id,))), seal)

    def plans(self, run_ids: Iterable[str]) -> dict[str, tuple[PlanEntry, ...]]:
        """Return the evidence tests that these runs had collected, by id.

        Raises:
            IntegrityError: what was planned is not what the seal names.
            StorageError: the file cannot be read.
        """
        return plans_in(self._rows(PLANS, (json.dumps(sorted(set(run_ids))),)))

    def group_parts(self, register: str, since: str = "") -> list[GroupPart]:
        """Return the runs of each run group that a run since a moment is of, without their plans, by id.

        Raises:
            IntegrityError: a first line cannot be read, or says no group.
            StorageError: the file cannot be read.
        """
        rows = self._rows(PARTS, {"register": register, "since": since})
        found = []
        for run_id, first, last, seal, whole in rows:
            # What a run that was set aside was to run counts as interrupted anyway; it may say nothing any more.
            with suppress(*((IntegrityError,) if run_id in self._excused else ())):
                found.append(_part(run_id, first, last, seal, whole=bool(whole)))
        return found


def _part(run_id: str, first: str, last: int, seal: str, *, whole: bool) -> GroupPart:
    part = GroupPart.from_lines(_object(run_id, 0, first), _object(run_id, last, seal), all_finished=whole)
    if part is None:
        raise IntegrityError(f"{problem_location(run_id, 0)} names no run group, and its index does")
    return part


def conditions_in(ends: Iterable[tuple[str, int, str]]) -> dict[str, RunConditions]:
    """Return how runs were conducted, by id.

    Args:
        ends: run, number and text of the first line and of the seal of each, in this order.

    Raises:
        IntegrityError: a text is no object.
    """
    said: dict[str, list[dict[str, Any]]] = {}
    for run_id, seq, text in ends:
        said.setdefault(run_id, []).append(_object(run_id, seq, text))
    return {run_id: conditions_of(bodies[0], bodies[-1]) for run_id, bodies in said.items()}


def _object(run_id: str, seq: int, text: str) -> dict[str, Any]:
    # Not as a line, of which the digest takes as long again: what the answer rests on is checked on its own.
    try:
        body = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise IntegrityError(f"{problem_location(run_id, seq)} is damaged: {one_line(str(error))}") from None
    if not isinstance(body, dict):
        raise IntegrityError(f"{problem_location(run_id, seq)} is damaged: it is no object")
    return body


def plans_in(lines: Iterable[tuple[str, str]]) -> dict[str, tuple[PlanEntry, ...]]:
    """Return the evidence tests that runs had collected, by id.

    Args:
        lines: run and text of each line of the plan and, last, of the seal.

    Raises:
        IntegrityError: a text is no line, or what was planned is not what the seal names.
    """
    texts: dict[str, list[str]] = {}
    for run_id, text in lines:
        texts.setdefault(run_id, []).append(text)
    return {run_id: _plan(run_id, found) for run_id, found in texts.items()}


def _plan(run_id: str, texts: list[str]) -> tuple[PlanEntry, ...]:
    try:
        *lines, seal = map(Line.parse, texts)
        if seal.kind != "sealed" or planned_digest(lines) != seal.body.get("planned"):
            raise IntegrityError(f"{problem_location(run_id)}: what was planned is not what the seal names")
        tests = [test for line in lines if line.kind == "planned" for test in line.body["tests"]]
        return tuple(map(PlanEntry.from_plain, tests))
    except UNREADABLE as error:
        raise IntegrityError(f"{problem_location(run_id)}: its plan is damaged: {one_line(str(error))}") from None
