"""Executions that decide a requirement: the newest of each test, environment and provider mode."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from ...claims.catalogue import Requirement
from ...facts.evidence import BAD, BADNESS, Evidence, ExecutionStanding, Result, by_number, execution_of
from ..coverage import Place, RealPlaces, is_within, lies_in, names_part
from .interrupted_scope import find_other_places

BROKEN = BAD | {Result.INTERRUPTED}
"""Results that count against a requirement."""
ENDED = BAD | {Result.PASSED}
"""Results of an execution that ran to its end."""

Scope = tuple[str, str | None, str | None]
"""Test, environment and provider mode."""


def recency_key(evidence: Evidence) -> tuple[str, int, str, int, int]:
    """Return the sort key whose greatest value is the newest execution; of equal starts the worse result."""
    return evidence.started_at, BADNESS[evidence.result], *by_number(evidence)


def in_order(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return executions by run, the newest first, and within a run by test and place.

    The clock does not order them within a run: parallel tests end in a different order each time.
    """
    executions = tuple(evidence)
    if len(executions) < 2:  # noqa: PLR2004 - the usual case, four times for each requirement
        return executions
    by_test = sorted(executions, key=_by_test)
    return tuple(sorted(by_test, key=lambda execution: execution.run_id, reverse=True))


def _by_test(evidence: Evidence) -> tuple[str | int, ...]:
    place = evidence.environment or "", evidence.provider_mode or ""
    return evidence.uc, evidence.item, evidence.test_id, *place, evidence.started_at, *by_number(evidence)


def scope_of(evidence: Evidence) -> Scope:
    """Return the scope within which an execution replaces older ones. Parts do not split it."""
    return evidence.test_id, evidence.environment, evidence.provider_mode


class RequirementExecutions(Struct, frozen=True):
    """Executions about one requirement, each tuple by run, the newest first, and within a run by test."""

    deciding: tuple[Evidence, ...]
    """The counting executions, one for each test, environment and provider mode, with all their claims."""
    uncounted: tuple[Evidence, ...]
    """The newest execution of each test, environment and provider mode in which none counts."""
    rehearsals: tuple[Evidence, ...]
    future_passes: tuple[Evidence, ...]
    """Passes that start after the moment being judged."""
    matching: tuple[Evidence, ...]
    """All executions about the requirement, replaced or not."""
    excluded: Mapping[str, str]
    """Reasons for executions that ran but do not count, by id."""
    other_places: Mapping[str, Place]
    """For executions that were cut short: the other place in which they decide, by id."""


_NO_EXECUTIONS = RequirementExecutions((), (), (), (), (), {}, {})
_Deciding = dict[tuple[Scope, bool], list[Evidence]]
"""Claims of one execution by scope, and by whether it starts after the moment being judged."""


class ExecutionLedger(Struct, frozen=True, dict=True):
    """Executions for one item of one use case at a moment."""

    executions: tuple[Evidence, ...]
    """Newest first."""
    now: str
    open_runs: Collection[str]
    """Ids of the runs that are not sealed."""
    places: RealPlaces
    excluded: Mapping[str, str]
    """Reasons for executions that ran but do not count (a retired test, another release), by id."""
    has_broken: bool
    """Whether any execution ended badly."""

    @classmethod
    def build(
        cls,
        executions: Iterable[Evidence],
        now: str,
        open_runs: Collection[str],
        places: RealPlaces,
        excluded: Mapping[str, str] | None = None,
    ) -> ExecutionLedger:
        """Return the ledger of executions in any order."""
        ordered = tuple(executions)
        if len(ordered) > 1:
            ordered = tuple(sorted(ordered, key=recency_key, reverse=True))
        has_broken = not BROKEN.isdisjoint([execution.result for execution in ordered])
        return cls(ordered, now, open_runs, places, excluded or {}, has_broken)

    def is_future(self, evidence: Evidence) -> bool:
        """Return whether it starts after the moment being judged."""
        return evidence.started_at > self.now

    def counts(self, evidence: Evidence) -> bool:
        """Return whether it may count for or against a requirement."""
        return evidence.id not in self.excluded and self.is_relevant(evidence)

    def is_relevant(self, evidence: Evidence) -> bool:
        """Return whether it may count at all: every execution except idle ones, and passes from open or future runs."""
        if evidence.standing is ExecutionStanding.IDLE:
            return False
        return evidence.result is not Result.PASSED or self._is_settled(evidence)

    def ran_for_real(self, evidence: Evidence) -> bool:
        """Return whether it is relevant and real, even if it is excluded."""
        return self.is_relevant(evidence) and self._is_real(evidence)

    def _is_real(self, evidence: Evidence) -> bool:
        return self.places.counts(evidence) or evidence.id in self._other_places

    @cached_property
    def _other_places(self) -> Mapping[str, tuple[Place, ...]]:
        """Further places in which executions count that were cut short, by id."""
        if not any(execution.is_cut_short for execution in self.executions):
            return {}
        candidates = [
            execution
            for execution in self.executions
            if execution.result in BROKEN or execution.run_id not in self.open_runs
        ]
        # Evidence for other releases also shows where a test places itself.
        places_by_id = find_other_places(candidates, self.places)
        if not self.excluded:
            return places_by_id
        return {id_: places for id_, places in places_by_id.items() if id_ not in self.excluded}

    def adverse_executions(self) -> Sequence[Evidence]:
        """Return the counting executions that ended badly, replaced or not.

        Interruptions whose next run passed are omitted. For an execution that was cut short, ``adverse_scopes`` returns
        the places in which it still counts.
        """
        if not self.has_broken:
            return ()
        adverse = [execution for execution in self.executions if self.is_adverse(execution)]
        interrupted = {
            execution.id
            for execution in adverse
            if execution.result is Result.INTERRUPTED and not execution.is_cut_short
        }
        return [
            execution
            for execution in adverse
            if execution.id not in interrupted or not self._passed_next(execution, scope_of(execution))
        ]

    def is_adverse(self, evidence: Evidence) -> bool:
        """Return whether it ended badly for real, and is not excluded."""
        return evidence.result in BROKEN and self.counts(evidence) and self._is_real(evidence)

    def claimed_scopes(self, requirement: Requirement, evidence: Evidence) -> tuple[Scope, ...]:
        """Return the scopes in which evidence is about a requirement: its own, and its further places."""
        scopes = (scope_of(evidence),) if self.places.could_cover(requirement, evidence) else ()
        if not self.has_broken:
            return scopes
        return (*scopes, *((evidence.test_id, *place) for place in self._other_places_for(requirement, evidence)))

    def adverse_scopes(self, requirement: Requirement, adverse: Evidence) -> list[Scope]:
        """Return the scopes in which an adverse execution counts against a requirement, replaced or not.

        An interruption that was cut short does not count in a scope where its test passed when it next ran to its end.
        """
        own_scopes = [scope_of(adverse)] if self.places.covers(requirement, adverse) else []
        scopes = [*own_scopes, *((adverse.test_id, *place) for place in self._other_places_for(requirement, adverse))]
        if adverse.result is not Result.INTERRUPTED or not adverse.is_cut_short:
            return scopes
        return [scope for scope in scopes if not self._passed_next(adverse, scope)]

    def _passed_next(self, interrupted: Evidence, scope: Scope) -> bool:
        if (last := self._last_attempt(interrupted, scope)) is not None:
            return last.result is Result.PASSED
        following = [
            ends[first]
            for ends in self._ends_in(interrupted, scope)
            if (first := bisect_right(ends, interrupted.started_at, key=_start)) < len(ends)
        ]
        return bool(following) and min(following, key=_start).result is Result.PASSED

    def _scopes_of(self, evidence: Evidence) -> list[Scope]:
        own = [scope_of(evidence)] if self.places.counts(evidence) else []
        return [*own, *((evidence.test_id, *place) for place in self._other_places.get(evidence.id, ()))]

    def sole_pass(self, requirement: Requirement) -> Evidence | None:
        """Return the only execution about a requirement if it is a counting pass, which is the usual case.

        None: ``select`` must find the deciding executions.
        """
        sole = None
        for execution in self.executions:
            if self.places.could_cover(requirement, execution):
                if sole is not None:
                    return None
                sole = execution
        if sole is None or sole.result is not Result.PASSED or not self.places.is_exact(requirement, sole):
            return None
        if len(self.executions) > 1 and self.has_broken:
            return None
        return sole if self.counts(sole) else None

    def select(self, requirement: Requirement) -> RequirementExecutions:
        """Return the executions that decide a requirement, and the others about it."""
        claimed = [
            (execution, scopes)
            for execution in self.executions
            if (scopes := self.claimed_scopes(requirement, execution))
        ]
        if not claimed:
            return _NO_EXECUTIONS
        matching = tuple([execution for execution, _ in claimed])
        deciding: _Deciding = {}
        if not requirement.undeclared_environment:
            for execution in matching:
                for scope in self._decides_in(requirement, execution):
                    # A future execution is considered in addition: it replaces no present one.
                    counted = deciding.setdefault((scope, self.is_future(execution)), [execution])
                    if execution is not counted[0] and _is_of_one_pass(execution, counted[0]):
                        counted.append(execution)
            self._count_unnamed_parts(requirement, deciding)
        decisive = {execution.id: execution for executions in deciding.values() for execution in executions}
        return RequirementExecutions(
            deciding=in_order(decisive.values()),
            uncounted=in_order(self._uncounted(claimed, {scope for scope, _ in deciding}, decisive).values()),
            rehearsals=in_order(
                execution for execution in matching if execution.id not in decisive and self._is_rehearsal(execution)
            ),
            future_passes=in_order(
                execution for execution in matching if execution.result is Result.PASSED and self.is_future(execution)
            ),
            matching=matching,
            excluded=self._excluded_of(matching),
            other_places=_other_places_of(deciding),
        )

    def _uncounted(
        self,
        claimed: Iterable[tuple[Evidence, tuple[Scope, ...]]],
        decided_scopes: Collection[Scope],
        ids: Collection[str],
    ) -> dict[Scope, Evidence]:
        newest: dict[Scope, Evidence] = {}
        for execution, scopes in claimed:
            scope = scope_of(execution)
            other_scopes = [other for other in scopes if other != scope]
            if (
                scope not in decided_scopes
                and execution.id not in ids
                and not (other_scopes and all(self._is_replaced(execution, other) for other in other_scopes))
            ):
                newest.setdefault(scope, execution)
        return newest

    def _is_rehearsal(self, evidence: Evidence) -> bool:
        return self.counts(evidence) and not self.places.counts(evidence)

    def _excluded_of(self, matching: Iterable[Evidence]) -> Mapping[str, str]:
        if not self.excluded:
            return self.excluded
        return {execution.id: self.excluded[execution.id] for execution in matching if execution.id in self.excluded}

    def _decides_in(self, requirement: Requirement, evidence: Evidence) -> Iterator[Scope]:
        """Yield the scopes in which evidence decides, unless a newer execution does."""
        if not self.counts(evidence):
            return
        if self.places.covers(requirement, evidence):
            scope = scope_of(evidence)
            if evidence.result not in BROKEN or not self._is_superseded(requirement, evidence, scope):
                yield scope
        for place in self._other_places_for(requirement, evidence):
            scope = (evidence.test_id, *place)
            if not self._is_replaced(evidence, scope):
                yield scope

    def _is_superseded(self, requirement: Requirement, broken: Evidence, scope: Scope) -> bool:
        """Return whether a newer execution replaces a broken one: one of the same part if that is known, else any."""
        unnamed = requirement.part is not None and not broken.parts and broken.open_scope
        by_last = broken.followed and (requirement.part is None or not broken.parts)
        return self._is_replaced(broken, scope) if unnamed or by_last else self._is_followed(requirement, broken)

    def _other_places_for(self, requirement: Requirement, evidence: Evidence) -> Sequence[Place]:
        if not self.has_broken or evidence.id not in self._other_places or not names_part(requirement, evidence):
            return ()
        return [place for place in self._other_places[evidence.id] if lies_in(requirement, place)]

    def _is_replaced(self, broken: Evidence, scope: Scope) -> bool:
        """Return whether the same test later ran to its end in a scope, whatever part it named."""
        if any(ends[-1].started_at > broken.started_at for ends in self._ends_in(broken, scope)):
            return True
        return self._last_attempt(broken, scope) is not None

    def _last_attempt(self, broken: Evidence, scope: Scope) -> Evidence | None:
        """Return the last attempt of the same execution if it ran to its end in a scope."""
        if not broken.followed:
            return None
        ends = (end for ends in self._ends_in(broken, scope) for end in ends)
        return next((end for end in ends if not end.followed and execution_of(end) == execution_of(broken)), None)

    def _is_followed(self, requirement: Requirement, evidence: Evidence) -> bool:
        """Return whether the same test later ran to its end in its environment and stated the missing provider mode."""
        if evidence.provider_mode is not None or not evidence.is_cut_short or (requirement.part and evidence.parts):
            return False
        ends = self._ends[1].get((evidence.test_id, evidence.environment))
        return ends is not None and ends[-1].started_at > evidence.started_at

    def _ends_in(self, broken: Evidence, scope: Scope) -> Iterator[list[Evidence]]:
        """Yield the executions that ran to their end in a scope, and those that stated the missing provider mode."""
        ends, ends_with_mode = self._ends
        test, environment, mode = scope
        if scope in ends:
            yield ends[scope]
        if mode is None and broken.provider_mode_by is None and (test, environment) in ends_with_mode:
            yield ends_with_mode[test, environment]

    @cached_property
    def _ends(self) -> tuple[dict[Scope, list[Evidence]], dict[tuple[str, str | None], list[Evidence]]]:
        """Real executions that ran to their end, oldest first: by scope, and with a stated mode by environment."""
        ends: dict[Scope, list[Evidence]] = {}
        ends_with_mode: dict[tuple[str, str | None], list[Evidence]] = {}
        for execution in reversed(self.executions):
            if execution.result not in ENDED or not self._is_settled(execution) or execution.id in self.excluded:
                continue
            if self.places.counts(execution) and is_within(execution, (execution.environment, execution.provider_mode)):
                ends.setdefault(scope_of(execution), []).append(execution)
                if execution.provider_mode_by is not None:
                    ends_with_mode.setdefault((execution.test_id, execution.environment), []).append(execution)
        return ends, ends_with_mode

    def _is_settled(self, evidence: Evidence) -> bool:
        return evidence.run_id not in self.open_runs and not self.is_future(evidence)

    def _count_unnamed_parts(self, requirement: Requirement, deciding: _Deciding) -> None:
        """Let a failure replace the same test's older pass for a part that it did not reach.

        A test that shows rotation and then revocation, and fails in between, names only the first. A newer pass
        replaces an older failure.
        """
        if requirement.part is None:
            return
        for execution in self.executions:
            if (
                execution.result not in BROKEN
                or not execution.open_scope
                or names_part(requirement, execution)
                or not self.counts(execution)
            ):
                continue
            for scope in self._scopes_of(execution):
                older = deciding.get((scope, False))
                if older and older[0].result is Result.PASSED and not self._is_replaced(execution, scope):
                    deciding[scope, self.is_future(execution)] = [execution]


def _is_of_one_pass(execution: Evidence, other: Evidence) -> bool:
    """Return whether both are claims of one execution that passed: several marks add up."""
    return execution.result is Result.PASSED and execution_of(execution) == execution_of(other)


def _other_places_of(deciding: _Deciding) -> Mapping[str, Place]:
    """Return the place of executions that decide only in another place than their run's, by id."""
    places: dict[str, Place] = {}
    at_home = set()
    for (scope, _), (execution, *_more) in deciding.items():
        if scope == scope_of(execution):
            at_home.add(execution.id)
        else:
            places.setdefault(execution.id, scope[1:])
    return {id_: place for id_, place in places.items() if id_ not in at_home}


def _start(evidence: Evidence) -> str:
    return evidence.started_at
