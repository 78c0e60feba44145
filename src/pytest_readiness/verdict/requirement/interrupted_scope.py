"""Where an execution that was cut short counts besides where its run took place: where it would have gone on to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from ...facts.evidence import CONCLUSIVE, Evidence
from ..coverage import Place, RealPlaces, is_within


def executions_elsewhere(executions: Sequence[Evidence], places: RealPlaces) -> Mapping[str, tuple[Place, ...]]:
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
    found: dict[str, tuple[Place, ...]] = {}
    cut_short = {one.test_id for one in executions if one.is_cut_short}
    by_test: dict[str, list[Evidence]] = {}
    for one in executions:
        if one.test_id in cut_short:
            by_test.setdefault(one.test_id, []).append(one)
    for ones in by_test.values():
        found.update(_of_test(sorted(ones, key=_start), places))
    return found


def _start(evidence: Evidence) -> str:
    return evidence.started_at


def _of_test(oldest_first: Sequence[Evidence], places: RealPlaces) -> Iterable[tuple[str, tuple[Place, ...]]]:
    earlier = _Earlier()
    for _, ones in groupby(oldest_first, key=_start):
        together = list(ones)
        for one in together:
            if one.is_cut_short and (further := earlier.places_of(one, places)):
                yield one.id, further
        for one in together:
            earlier.take_in(one, places)


@dataclass
class _Earlier:
    """What is known of the earlier executions of a test."""

    environments: set[str | None] = field(default_factory=set)
    """Where it placed itself."""
    modes: set[str | None] = field(default_factory=set)
    covered: set[Place] = field(default_factory=set)
    """Where it ran for real, whoever said so."""
    beside: dict[str | None, set[str | None]] = field(default_factory=dict)
    """Mode, and the modes that one execution proved beside it."""

    def take_in(self, one: Evidence, places: RealPlaces) -> None:
        if one.environment_by is not None:
            self.environments.add(one.environment)
        if one.provider_mode_by is not None:
            self.modes.add(one.provider_mode)
        if one.result in CONCLUSIVE and places.counts(one) and is_within(one, (one.environment, one.provider_mode)):
            self.covered.add((one.environment, one.provider_mode))
        if one.beside is not None:
            self.beside.setdefault(one.provider_mode, set()).update(one.beside.split("/"))

    def places_of(self, one: Evidence, places: RealPlaces) -> tuple[Place, ...]:
        own, limit, mode_limit = (one.environment, one.provider_mode), one.claim_environment, one.claim_provider_mode
        environments, modes = {one.environment}, {one.provider_mode}
        if one.environment_by is None:
            environments |= self.environments
            if limit is not None and any(limit == environment for environment, _ in self.covered):
                environments.add(limit)
        if one.provider_mode_by is None:
            modes |= self.modes
            if mode_limit is not None and (own[1] is None or any(mode_limit == mode for _, mode in self.covered)):
                modes.add(mode_limit)
        elif one.provider_mode_by == "credential":
            modes |= self.beside.get(one.provider_mode, set())
        every = ((environment, mode) for environment in environments for mode in modes)
        found = [place for place in every if place != own and places.is_real(place) and is_within(one, place)]
        return tuple(sorted(found, key=lambda place: (place[0] or "", place[1] or "")))
