"""Scope of interrupted executions: the further places in which they count against a test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from msgspec import Struct, field

from ...facts.evidence import CONCLUSIVE, Evidence
from ..coverage import Place, RealPlaces, is_within


def find_other_places(executions: Sequence[Evidence], places: RealPlaces) -> Mapping[str, tuple[Place, ...]]:
    """Return the further places, by id, of executions that ended before their test stated its place.

    These are the environments and provider modes (each separately, as a test may state either) in which an earlier
    execution of the test placed itself, and those that its mark names other than the run's, if an earlier execution
    covered them. If a run states no provider mode, the mode of the mark needs no earlier execution, as the test can be
    for no other. What the test never states is as the run states it: a failure on a laptop counts nowhere else, unless
    the test states its place.

    Args:
        executions: of one item of one use case, in any order.
        places: the places that are declared real.
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
        executions = list(simultaneous)
        for execution in executions:
            if execution.is_cut_short and (other_places := earlier.places_of(execution, places)):
                yield execution.id, other_places
        for execution in executions:
            earlier.add(execution, places)


class _EarlierExecutions(Struct):
    """Known places of the earlier executions of a test."""

    environments: set[str | None] = field(default_factory=set)
    """Environments that the test stated itself."""
    modes: set[str | None] = field(default_factory=set)
    covered: set[Place] = field(default_factory=set)
    """Places in which it ran for real, whoever stated them."""
    beside: dict[str | None, set[str | None]] = field(default_factory=dict)
    """Further modes that one execution proved, by its mode."""

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
