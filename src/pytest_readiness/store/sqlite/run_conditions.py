"""Run conditions, plans and groups in the SQLite store, read from the lines of runs."""

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
    """The part of the SQLite store that reads conditions, plans and groups of runs."""

    _unchecked_runs: frozenset[str]

    @abstractmethod
    def _rows(self, query: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return all rows of a query."""

    def run_conditions(self, run_ids: Iterable[str]) -> dict[str, RunConditions]:
        """Return the conditions of these runs, by id.

        Raises:
            IntegrityError: a first line or a seal cannot be read.
            StorageError: the file cannot be read.
        """
        return parse_conditions(self._rows(ENDS, (json.dumps(sorted(set(run_ids))),)))

    def newest_run(self, register: str, until: str) -> str | None:
        """Return the id of the last started run among those that ended by a moment; None: there is none.

        Raises:
            StorageError: the file cannot be read.
        """
        return next((id_ for (id_,) in self._rows(NEWEST_RUN, (register, until))), None)

    def salvage_run(self, run_id: str, register: str) -> SalvagedRun:
        """Return the readable content of a run that may be damaged, see ``Store``.

        Raises:
            StorageError: the file cannot be read.
        """
        from ..integrity.salvage import salvage_run

        seal = next((head for (head,) in self._rows("SELECT head FROM run WHERE id = ?", (run_id,))), None)
        return salvage_run(run_id, register, (text for (text,) in self._rows(TEXTS, (run_id,))), seal)

    def plans(self, run_ids: Iterable[str]) -> dict[str, tuple[PlanEntry, ...]]:
        """Return the evidence tests that these runs had collected, by run id.

        Raises:
            IntegrityError: a plan is not the one that the seal names.
            StorageError: the file cannot be read.
        """
        return parse_plans(self._rows(PLANS, (json.dumps(sorted(set(run_ids))),)))

    def group_parts(self, register: str, since: str = "") -> list[GroupPart]:
        """Return all runs of each run group with a run since a moment, by id, without their plans.

        Raises:
            IntegrityError: a first line cannot be read, or does not name a group.
            StorageError: the file cannot be read.
        """
        rows = self._rows(PARTS, {"register": register, "since": since})
        parts = []
        for run_id, first, last, seal, whole in rows:
            # The plan of an excluded run counts as interrupted anyway, so it may be unreadable.
            with suppress(*((IntegrityError,) if run_id in self._unchecked_runs else ())):
                parts.append(_group_part(run_id, first, last, seal, whole=bool(whole)))
        return parts


def _group_part(run_id: str, first: str, last: int, seal: str, *, whole: bool) -> GroupPart:
    part = GroupPart.from_lines(_parse_object(run_id, 0, first), _parse_object(run_id, last, seal), all_finished=whole)
    if part is None:
        raise IntegrityError(f"{problem_location(run_id, 0)} does not name a run group, but its index does")
    return part


def parse_conditions(ends: Iterable[tuple[str, int, str]]) -> dict[str, RunConditions]:
    """Return the conditions of runs, by id.

    Args:
        ends: run id, number and text of the first line and of the seal of each run, in this order.

    Raises:
        IntegrityError: a text is not a JSON object.
    """
    bodies: dict[str, list[dict[str, Any]]] = {}
    for run_id, seq, text in ends:
        bodies.setdefault(run_id, []).append(_parse_object(run_id, seq, text))
    return {run_id: conditions_of(lines[0], lines[-1]) for run_id, lines in bodies.items()}


def _parse_object(run_id: str, seq: int, text: str) -> dict[str, Any]:
    # Not parsed as a Line, because computing its digest takes as long again. The gate checks these lines separately.
    try:
        body = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise IntegrityError(f"{problem_location(run_id, seq)} is damaged: {one_line(str(error))}") from None
    if not isinstance(body, dict):
        raise IntegrityError(f"{problem_location(run_id, seq)} is damaged: it is not a JSON object")
    return body


def parse_plans(lines: Iterable[tuple[str, str]]) -> dict[str, tuple[PlanEntry, ...]]:
    """Return the evidence tests that runs had collected, by run id.

    Args:
        lines: run id and text of each line of the plan and, last, of the seal.

    Raises:
        IntegrityError: a text is not a line, or a plan is not the one that the seal names.
    """
    texts: dict[str, list[str]] = {}
    for run_id, text in lines:
        texts.setdefault(run_id, []).append(text)
    return {run_id: _parse_plan(run_id, plan_texts) for run_id, plan_texts in texts.items()}


def _parse_plan(run_id: str, texts: list[str]) -> tuple[PlanEntry, ...]:
    try:
        *lines, seal = map(Line.parse, texts)
        if seal.kind != "sealed" or planned_digest(lines) != seal.body.get("planned"):
            raise IntegrityError(f"{problem_location(run_id)}: its plan is not the one that the seal names")
        tests = [test for line in lines if line.kind == "planned" for test in line.body["tests"]]
        return tuple(map(PlanEntry.from_plain, tests))
    except UNREADABLE as error:
        raise IntegrityError(f"{problem_location(run_id)}: its plan is damaged: {one_line(str(error))}") from None
