"""Where an execution that was cut short counts besides where its run took place: where it would have gone on to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from ...facts.evidence import CONCLUSIVE, Evidence
from ..coverage import Place, RealPlaces, is_within


def find_other_places(executions: Sequence[Evidence], places: RealPlaces) -> Mapping[str, tuple[Place, ...]]:
    """Return the places, by id, against which executions count that ended before their test said where it runs.

    These are the environments and provider modes, each by itself as a test may say either, where an earlier execution
    of the test placed itself; and those that its mark names, other than the run's, and an earlier execution covered.
    Where a run states no provider mode, the one that the mark names needs no earlier execution: the test can be for no
    other. What the test never said is as the run had it: a failure on a laptop is nowhere else, unless its test says
    where.

    Args:
        executions: of one item of one use case, in any order.
        places: what is declared real.
    """
    places_by_id: dict[str, tuple[Place, ...]] = {}
    cut_short = {execution.test_id for execution in executions if execution.is_cut_short}
    by_test: dict[str, list[Evidence]] = {}
    for execution in executions:
        if execution.test_id in cut_short:
            by_test.setdefault(execution.test_id, []).append(execution)
    for test_executions in by_test.values():
        places_by_id.update(_places_of_test(sorted(test_executions, key=_start), places))
    return places_by_id


def _start(evidence: Evidence) -> str:
    return evidence.started_at


def _places_of_test(oldest_first: Sequence[Evidence], places: RealPlaces) -> Iterable[tuple[str, tuple[Place, ...]]]:
    earlier = _EarlierExecutions()
    for _, simultaneous in groupby(oldest_first, key=_start):
        together = list(simultaneous)
        for execution in together:
            if execution.is_cut_short and (further := earlier.places_of(execution, places)):
                yield execution.id, further
        for execution in together:
            earlier.add(execution, places)


@dataclass
class _EarlierExecutions:
    """What is known of the earlier executions of a test."""

    environments: set[str | None] = field(default_factory=set)
    """Where it placed itself."""
    modes: set[str | None] = field(default_factory=set)
    covered: set[Place] = field(default_factory=set)
    """Where it ran for real, whoever said so."""
    beside: dict[str | None, set[str | None]] = field(default_factory=dict)
    """Mode, and the modes that one execution proved beside it."""

    def add(self, execution: Evidence, places: RealPlaces) -> None:
        if execution.environment_by is not None:
            self.environments.add(execution.environment)
        if execution.provider_mode_by is not None:
            self.modes.add(execution.provider_mode)
        if (
            execution.result in CONCLUSIVE
            and places.counts(execution)
            and is_within(execution, (execution.environment, execution.provider_mode))
        ):
            self.covered.add((execution.environment, execution.provider_mode))
        if execution.beside is not None:
            self.beside.setdefault(execution.provider_mode, set()).update(execution.beside.split("/"))

    def places_of(self, execution: Evidence, places: RealPlaces) -> tuple[Place, ...]:
        own, limit, mode_limit = (
            (execution.environment, execution.provider_mode),
            execution.claim_environment,
            execution.claim_provider_mode,
        )
        environments, modes = {execution.environment}, {execution.provider_mode}
        if execution.environment_by is None:
            environments |= self.environments
            if limit is not None and any(limit == environment for environment, _ in self.covered):
                environments.add(limit)
        if execution.provider_mode_by is None:
            modes |= self.modes
            if mode_limit is not None and (own[1] is None or any(mode_limit == mode for _, mode in self.covered)):
                modes.add(mode_limit)
        elif execution.provider_mode_by == "credential":
            modes |= self.beside.get(execution.provider_mode, set())
        candidates = ((environment, mode) for environment in environments for mode in modes)
        found_places = [
            place for place in candidates if place != own and places.is_real(place) and is_within(execution, place)
        ]
        return tuple(sorted(found_places, key=lambda place: (place[0] or "", place[1] or "")))
