"""Which executions decide a requirement: the newest of each test, environment and provider mode."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

from ..claims.catalogue import Requirement
from ..facts.evidence import BAD, BADNESS, Evidence, Result, Standing
from .coverage import Places, is_exact, names_part

BROKEN = BAD | {Result.INTERRUPTED}
"""Ended badly: counts against a requirement."""
ENDED = BAD | {Result.PASSED}
"""Ran to its end."""

Scope = tuple[str, str | None, str | None]
"""Test, environment and provider mode."""


def recency(evidence: Evidence) -> tuple[str, int, str]:
    """Return the key by which the newest execution is the greatest: of equal starts the worse result wins."""
    return evidence.started_at, BADNESS[evidence.result], evidence.id


def in_order(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return executions by run, the newest first, and within a run by test and place.

    Within a run the clock does not decide: tests that run side by side end in another order each time.
    """
    found = tuple(evidence)
    if len(found) < 2:  # noqa: PLR2004 - most often so, and asked four times for each requirement
        return found
    by_test = sorted(found, key=_by_test)
    return tuple(sorted(by_test, key=lambda one: one.run_id, reverse=True))


def _by_test(evidence: Evidence) -> tuple[str, ...]:
    place = evidence.environment or "", evidence.provider_mode or ""
    return evidence.uc, evidence.item, evidence.test_id, *place, evidence.started_at, evidence.id


def scope_of(evidence: Evidence) -> Scope:
    """Return within what an execution replaces older ones; parts do not split."""
    return evidence.test_id, evidence.environment, evidence.provider_mode


@dataclass(frozen=True, slots=True)
class Selection:
    """What there is about one requirement, each by run, the newest first, and within a run by test."""

    deciding: tuple[Evidence, ...]
    """The executions that count, one for each test, environment and provider mode."""
    rest: tuple[Evidence, ...]
    """Where nothing counts for a test, environment and provider mode: the newest there, whatever it is."""
    rehearsals: tuple[Evidence, ...]
    future_passes: tuple[Evidence, ...]
    """Passes that start after the moment being judged."""
    fitting: tuple[Evidence, ...]
    """Everything that speaks of the requirement, replaced or not."""
    left_out: Mapping[str, str]
    """Ids of those that do not count though they ran, and why."""


_NOTHING = Selection((), (), (), (), (), {})


@dataclass(frozen=True)
class Ledger:
    """The executions that claim one item of one use case, seen at a moment."""

    executions: tuple[Evidence, ...]
    """Newest first."""
    now: str
    open_runs: Collection[str]
    """Ids of the runs that are not sealed."""
    places: Places
    left_out: Mapping[str, str]
    """Ids of the executions that do not count though they ran (of a retired test, for another release), and why."""
    any_broken: bool
    """Some execution ended badly."""

    @classmethod
    def of(
        cls,
        executions: Iterable[Evidence],
        now: str,
        open_runs: Collection[str],
        places: Places,
        left_out: Mapping[str, str] | None = None,
    ) -> Ledger:
        """Return the ledger of executions in any order."""
        found = tuple(executions)
        if len(found) > 1:
            found = tuple(sorted(found, key=recency, reverse=True))
        ledger = object.__new__(cls)
        # Not by its frozen __init__, which sets field after field: there is one for each item of each use case.
        values = {
            "executions": found,
            "now": now,
            "open_runs": open_runs,
            "places": places,
            "left_out": left_out or {},
            "any_broken": not BROKEN.isdisjoint([one.result for one in found]),
        }
        object.__setattr__(ledger, "__dict__", values)
        return ledger

    def is_future(self, evidence: Evidence) -> bool:
        """Return whether it starts after the moment being judged."""
        return evidence.started_at > self.now

    def counts(self, evidence: Evidence) -> bool:
        """Return whether it may speak for or against a requirement."""
        return evidence.id not in self.left_out and self.speaks(evidence)

    def speaks(self, evidence: Evidence) -> bool:
        """Return whether it may speak at all: a pass from an open run or from the future does not, the rest does."""
        if evidence.standing is Standing.IDLE:
            return False
        return evidence.result is not Result.PASSED or self._is_settled(evidence)

    def ran(self, evidence: Evidence) -> bool:
        """Return whether it speaks, and not as a rehearsal, whether it counts or is left out."""
        return evidence.standing is not Standing.REHEARSAL and self.speaks(evidence)

    def went_wrong(self) -> Sequence[Evidence]:
        """Return what counts and ended badly, replaced or not; an interruption only if its test did not pass next."""
        if not self.any_broken:
            return ()
        adverse = [one for one in self.executions if self.is_adverse(one)]
        return [one for one in adverse if one.result is not Result.INTERRUPTED or not self._passed_next(one)]

    def is_adverse(self, evidence: Evidence) -> bool:
        """Return whether it ended badly, and not as a rehearsal, for a test and a release that count."""
        return evidence.result in BROKEN and evidence.standing is not Standing.REHEARSAL and self.counts(evidence)

    def _passed_next(self, interrupted: Evidence) -> bool:
        later = [
            one
            for one in self.executions
            if one.started_at > interrupted.started_at and one.result in ENDED and self._follows(one, interrupted)
        ]
        return bool(later) and later[-1].result is Result.PASSED

    def _follows(self, later: Evidence, interrupted: Evidence) -> bool:
        if later.test_id != interrupted.test_id or not self.counts(later) or not later.real:
            return False
        return scope_of(later) == scope_of(interrupted) or (interrupted.open_scope and _can_replace(later, interrupted))

    def sole_pass(self, requirement: Requirement) -> Evidence | None:
        """Return the only execution that speaks of a requirement, where it is a pass that counts: most often so.

        None: it takes ``select`` to tell what decides.
        """
        sole = None
        for one in self.executions:
            if self.places.could_cover(requirement, one):
                if sole is not None:
                    return None
                sole = one
        if sole is None or sole.result is not Result.PASSED or not is_exact(requirement, sole):
            return None
        if len(self.executions) > 1 and self.any_broken:
            return None
        return sole if self.counts(sole) else None

    def select(self, requirement: Requirement) -> Selection:
        """Return the executions that decide a requirement, and what else there is about it."""
        fitting = tuple([one for one in self.executions if self.places.could_cover(requirement, one)])
        if not fitting:
            return _NOTHING
        deciding: dict[tuple[Scope, bool], Evidence] = {}
        if not requirement.undeclared_environment:
            for one in fitting:
                if self._decides(requirement, one):
                    # One from the future counts beside what is known, and hides none of it.
                    deciding.setdefault((scope_of(one), self.is_future(one)), one)
            self._count_unnamed_parts(requirement, deciding)
        decided = {scope for scope, _ in deciding}
        rest: dict[Scope, Evidence] = {}
        for one in fitting:
            if scope_of(one) not in decided and not (self._is_loose(requirement, one) and self._is_replaced(one)):
                rest.setdefault(scope_of(one), one)
        return Selection(
            deciding=in_order(deciding.values()),
            rest=in_order(rest.values()),
            rehearsals=in_order(one for one in fitting if one.standing is Standing.REHEARSAL and self.counts(one)),
            future_passes=in_order(one for one in fitting if one.result is Result.PASSED and self.is_future(one)),
            fitting=fitting,
            left_out=self._left_out_of(fitting),
        )

    def _left_out_of(self, fitting: Iterable[Evidence]) -> Mapping[str, str]:
        if not self.left_out:
            return self.left_out
        return {one.id: self.left_out[one.id] for one in fitting if one.id in self.left_out}

    def _decides(self, requirement: Requirement, evidence: Evidence) -> bool:
        if not self.counts(evidence):
            return False
        if self._is_loose(requirement, evidence):
            return not self._is_replaced(evidence)
        return self.places.covers(requirement, evidence)

    def _is_loose(self, requirement: Requirement, evidence: Evidence) -> bool:
        """Whether it ended badly before it named its scope or part, so that it counts against all it could cover."""
        if evidence.result not in BROKEN or not evidence.open_scope or evidence.standing is Standing.REHEARSAL:
            return False
        unnamed_part = requirement.part is not None and not evidence.parts
        return unnamed_part or not self.places.covers(requirement, evidence)

    def _is_replaced(self, loose: Evidence) -> bool:
        """Whether the same test ran to its end later, whatever that named where this one had named nothing yet."""
        later = takewhile(lambda one: one.started_at > loose.started_at, self._ends.get(loose.test_id, ()))
        return any(_can_replace(one, loose) for one in later)

    @cached_property
    def _ends(self) -> dict[str, list[Evidence]]:
        """What ran to its end, by test, newest first."""
        ends: dict[str, list[Evidence]] = {}
        for one in self.executions:
            if one.result in ENDED and self._is_settled(one) and one.id not in self.left_out:
                ends.setdefault(one.test_id, []).append(one)
        return ends

    def _is_settled(self, evidence: Evidence) -> bool:
        return evidence.run_id not in self.open_runs and not self.is_future(evidence)

    def _count_unnamed_parts(self, requirement: Requirement, deciding: dict[tuple[Scope, bool], Evidence]) -> None:
        """Let a failure beat the same test's older pass for a part that it had no time to name.

        A test that shows rotation and then revocation, and fails in between, names the first only. A failure older
        than the pass is replaced by it.
        """
        if requirement.part is None:
            return
        for one in self.executions:
            older = deciding.get((scope_of(one), False))
            if older is None or older.result is not Result.PASSED:
                continue
            cut_short = one.real and one.open_scope and one.result in BROKEN and not names_part(requirement, one)
            if cut_short and self.counts(one) and not self._is_replaced(one):
                deciding[scope_of(one), self.is_future(one)] = one


def _can_replace(later: Evidence, loose: Evidence) -> bool:
    """A rehearsal never replaces a real execution, nor does one place hide what went wrong in another."""
    if not loose.real:
        return True
    same_place = later.environment == loose.environment and loose.provider_mode in (None, later.provider_mode)
    return later.real and same_place
