"""Readiness: a pure function of the requirements, the policy, the facts and a moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from ..claims.catalogue import Catalogue, Requirement, UseCase
from ..facts.decision import RunRetirement
from ..facts.evidence import BAD, Evidence
from ..facts.review_basis import ReviewBasis as Signed
from ..fast_values import dataclass, fast_constructor
from .coverage import RealPlaces
from .inputs import Facts
from .policy import Policy
from .readiness import (
    ItemReadiness,
    Readiness,
    RemovedUseCase,
    RequirementReadiness,
    RetirementStanding,
    ReviewState,
    ReviewSummary,
    State,
    UseCaseReadiness,
    WaiverStanding,
    worst_state,
)
from .removed_use_cases import find_removed
from .requirement.execution_ledger import ExecutionLedger, Scope, in_order
from .requirement.later_runs import LaterRuns
from .requirement.state import EvaluationContext, requirement_state
from .review.basis import RequirementBasis
from .review.decision_index import DecisionIndex
from .review.invalidation import ReviewFacts, failures_from
from .review.pins import pin_requirements
from .review.standing import review_summary
from .run_groups import GroupHold, GroupRelease, find_group_holds
from .status import status_of

__all__ = ["Facts", "evaluate"]


def evaluate(
    catalogue: Catalogue,
    policy: Policy,
    facts: Facts,
    now: str,
    use_cases: Collection[str] | None = None,
    *,
    release: str | None = None,
    removed: Collection[str] = (),
) -> Readiness:
    """Return where the use cases stand at a moment.

    Args:
        catalogue: the requirements in force.
        policy: which states a review can accept, whose review counts, and how many are enough.
        facts: evidence, decisions, open runs and parts of run groups.
        now: the moment (UTC, ``2026-02-12T18:29:00.000Z``).
        use_cases: ids of those to judge; None: the whole register.
        removed: ids of those without a row that are asked about beside ``use_cases``; with the whole register all are.
        release: the release that is judged; where the policy requires one, nothing made for another counts.

    Raises:
        ClaimError: one of ``use_cases`` does not exist.
    """
    wanted = _wanted(catalogue, facts, use_cases)
    known = _Known.build(catalogue, policy, facts, now, release, wanted=[use_case.id for use_case in wanted])
    judged = [known.judge(use_case) for use_case in wanted]
    fitting = {piece.id for one in judged for piece in one.fitting}
    in_scope = None if use_cases is None else {use_case.id for use_case in wanted}
    asked = [one for one in facts.evidence if in_scope is None or one.uc in in_scope]
    other = [one for one in asked if one.id not in fitting and not one.covered]
    return Readiness(
        register=catalogue.register,
        at=now,
        use_cases=tuple(one.readiness for one in judged),
        other_evidence=in_order(other),
        removed=known.removed(None if in_scope is None else removed),
        places=known.nothing.places,
        notes=()
        if in_scope is not None
        else known.decided.unmatched_decisions(known.requirement_ids, catalogue.use_cases),
    )


def _wanted(catalogue: Catalogue, facts: Facts, names: Collection[str] | None) -> list[UseCase]:
    """Return the use cases to judge, each once: in the order of the register, then those that only a marker named."""
    if names is None:
        named = {one.uc for one in facts.evidence if one.register == catalogue.register}
        ids = dict.fromkeys((*catalogue.use_cases, *sorted(named if catalogue.open_world else ())))
    else:
        asked = {catalogue.use_case(name).id for name in names}
        ids = dict.fromkeys(name for name in catalogue.use_cases if name in asked) | dict.fromkeys(sorted(asked))
    return [catalogue.use_case(name) for name in ids]


@dataclass(frozen=True, slots=True)
class _Judged:
    readiness: UseCaseReadiness
    fitting: Sequence[Evidence]
    """The evidence that speaks of its requirements."""


@dataclass(frozen=True)
class _Known:
    """The facts, indexed once, and what they are judged with."""

    catalogue: Catalogue
    policy: Policy
    facts: Facts
    basis: RequirementBasis
    moment: EvaluationContext
    ledgers: Mapping[str, Mapping[str, ExecutionLedger]]
    """By use case and item; only where there is evidence."""
    nothing: ExecutionLedger
    decided: DecisionIndex
    adverse: Mapping[str, Sequence[Evidence]]
    """By use case: what went wrong, as the store knows, though something newer may hide it."""
    release: str | None
    group_holds: Mapping[str, tuple[GroupHold, ...]]
    """By use case: the incomplete run groups that keep its gate closed."""
    open_runs: Mapping[str, Collection[str]]
    """Use case, and the open runs that planned or recorded something for it."""

    @classmethod
    def build(
        cls,
        catalogue: Catalogue,
        policy: Policy,
        facts: Facts,
        now: str,
        release: str | None,
        *,
        wanted: Sequence[str],
    ) -> _Known:
        """Return the facts of the catalogue's register, by what they are looked up by; ``wanted``: what to judge."""
        places = RealPlaces.from_catalogue(catalogue)
        evidence = [one for one in facts.evidence if one.register == catalogue.register]
        later = LaterRuns(evidence, facts.origins)
        moment = EvaluationContext(now, facts.open_runs.keys(), bool(places.environments), facts.signed, later)
        settled = (one for one in evidence if one.run_id not in facts.open_runs and one.started_at <= now)
        decided = DecisionIndex.build(facts, policy, catalogue.register, now)
        adverse = [one for one in facts.adverse if one.register == catalogue.register]
        left_out = decided.excluded_executions([*evidence, *adverse], release)
        grounds = GroupRelease(
            now, catalogue.longest_max_age_days, places, settled, decided.is_retired, facts.retired_runs
        )

        def ledger(executions: Iterable[Evidence]) -> ExecutionLedger:
            return ExecutionLedger.build(executions, now, moment.open_runs, places, left_out)

        return cls(
            catalogue=catalogue,
            policy=policy,
            facts=facts,
            basis=RequirementBasis.build(catalogue, policy),
            moment=moment,
            ledgers={
                use_case: {item: ledger(ones) for item, ones in items.items()}
                for use_case, items in _by_item(evidence).items()
            },
            nothing=ledger(()),
            decided=decided,
            adverse=_by_use_case(adverse),
            release=release,
            group_holds=find_group_holds(facts.parts, grounds, wanted),
            open_runs=_open_runs(facts, evidence),
        )

    def removed(self, scope: Collection[str] | None) -> tuple[RemovedUseCase, ...]:
        """Return the use cases without a row that have something open; where every name is one there are none."""
        if self.catalogue.open_world:
            return ()
        return tuple(find_removed(self.ledgers, self.decided, self.catalogue.use_cases, scope))

    def requirement_ids(self, use_case: str) -> list[str]:
        """Return the ids of what a use case requires."""
        return [one.id for one in self.catalogue.requirements(use_case)]

    def judge(self, use_case: UseCase) -> _Judged:
        """Return where a use case stands."""
        ledgers = self.ledgers.get(use_case.id, {})
        requirements = self.catalogue.requirements(use_case.id)
        judged: list[RequirementReadiness] = []
        waivers: list[WaiverStanding] = []
        fitting: list[Evidence] = []
        for requirement in requirements:
            alone, found = requirement_state(requirement, ledgers.get(requirement.item, self.nothing), self.moment)
            one, theirs = self.decided.apply_waivers(alone)
            judged.append(one)
            waivers.extend(theirs)
            fitting.extend(found)
        definition = self.basis.definition(requirements)
        digest = self.basis.digest(definition, requirements)

        def make_basis() -> Signed:
            failed = self._failed_runs(use_case.id, requirements, ledgers)
            pins, retired = pin_requirements(judged, self.facts.origins), self._retired(use_case.id, ledgers)
            return Signed(digest, pins, definition, self.basis.policy, failed, retired)

        return _Judged(self._with_people(use_case, judged, waivers, digest, make_basis, ledgers), fitting)

    def _failed_runs(
        self, use_case: str, requirements: Iterable[Requirement], ledgers: Mapping[str, ExecutionLedger]
    ) -> tuple[str, ...]:
        """Return the runs of which a reviewer knows that they failed; of one that is open nobody knows all yet."""
        since = failures_from((one.max_age_days for one in requirements), self.moment.now)
        found = {
            one.run_id
            for ledger in ledgers.values()
            for one in ledger.executions
            if one.result in BAD and one.started_at > since and one.run_id not in self.moment.open_runs
        }
        return tuple(sorted(found.union(self.facts.failed_runs.get(use_case, ()))))

    def _with_people(
        self,
        use_case: UseCase,
        judged: Sequence[RequirementReadiness],
        waivers: Iterable[WaiverStanding],
        digest: str,
        make_basis: Callable[[], Signed],
        ledgers: Mapping[str, ExecutionLedger],
    ) -> UseCaseReadiness:
        """Return a use case as its requirements and what people decided make it."""
        required = [one for one in judged if one.state is not State.NOT_APPLICABLE]
        retirements = self._retirements(use_case.id, ledgers)
        review = self._review(use_case.id, required, retirements, digest, make_basis, ledgers)
        blockers = self.decided.open_blockers(use_case.id, required)
        started = _in_force(review, waivers) or any(
            ledger.is_relevant(one) for ledger in ledgers.values() for one in ledger.executions
        )
        status, phase = status_of(required, review, self.policy, started=started, blocked=bool(blockers))
        return UseCaseReadiness(
            use_case=use_case,
            status=status,
            phase=phase,
            items=self._items(judged),
            review=review,
            group_holds=self.group_holds.get(use_case.id, ()),
            open_runs=tuple(sorted(self.open_runs.get(use_case.id, ()))),
            blockers=blockers,
            waivers=tuple(waivers),
            retirements=retirements,
            make_basis=make_basis,
        )

    def _items(self, judged: Iterable[RequirementReadiness]) -> tuple[ItemReadiness, ...]:
        items: dict[str, list[RequirementReadiness]] = {}
        for one in judged:
            items.setdefault(one.requirement.item, []).append(one)
        return tuple([_item(self.catalogue.items[key], _worst(ones), tuple(ones)) for key, ones in items.items()])

    def _retirements(self, use_case: str, ledgers: Mapping[str, ExecutionLedger]) -> tuple[RetirementStanding, ...]:
        """Return the retirements of tests that ran for a use case, and not as a rehearsal, or went wrong for it."""
        if not self.decided.retirements:
            return ()
        tests = {one.test_id for ledger in ledgers.values() for one in ledger.executions if ledger.ran_for_real(one)}
        tests |= {one.test_id for one in self.adverse.get(use_case, ())}
        return tuple(one for test, one in self.decided.retirements.items() if test in tests)

    def _retired(self, use_case: str, ledgers: Mapping[str, ExecutionLedger]) -> tuple[str, ...]:
        """Return what a reviewer of a use case knows to be retired: tests and runs with anything of it."""
        tests = {one.test_id for ledger in ledgers.values() for one in ledger.executions}
        tests |= {one.test_id for one in self.adverse.get(use_case, ())}
        return tuple(
            sorted(
                {*(tests & self.decided.retirements.keys()), *(one.run_id for one in self._run_retirements(ledgers))}
            )
        )

    def _review(
        self,
        use_case: str,
        required: Sequence[RequirementReadiness],
        retirements: Sequence[RetirementStanding],
        digest: str,
        make_basis: Callable[[], Signed],
        ledgers: Mapping[str, ExecutionLedger],
    ) -> ReviewSummary:
        reviews = self.decided.reviews.get(use_case, ())
        if not reviews:
            return ReviewSummary(required=self.policy.required, basis_digest=digest)
        counts_in = self._adverse_scopes(use_case, required, ledgers)
        seen = ReviewFacts(
            required=required,
            digest=digest,
            make_basis=make_basis,
            policy=self.policy,
            adverse=[one for one, _ in counts_in.values()],
            adverse_scopes={id_: scopes for id_, (_, scopes) in counts_in.items()},
            retirements=retirements,
            run_retirements=self._run_retirements(ledgers),
            missing=self.facts.missing,
            release=self.release,
        )
        return review_summary(reviews, seen, self.facts.origins)

    def _run_retirements(self, ledgers: Mapping[str, ExecutionLedger]) -> Sequence[RunRetirement]:
        """Return the retirements of runs that showed something of a use case, or were to show it."""
        set_aside = self.facts.run_retirements
        if not set_aside:
            return ()
        runs = {one.run_id for ledger in ledgers.values() for one in ledger.executions}.union(self.facts.unknown_runs)
        return [one for id_, one in set_aside.items() if id_ in runs]

    def _adverse_scopes(
        self, use_case: str, required: Iterable[RequirementReadiness], ledgers: Mapping[str, ExecutionLedger]
    ) -> dict[str, tuple[Evidence, set[Scope]]]:
        """Return what went wrong for something that is required, by id, and where each counts."""
        hidden: dict[str, dict[str, Evidence]] = {}
        for one in self.adverse.get(use_case, ()):
            hidden.setdefault(one.item, {})[one.id] = one
        broken = [item for item, ledger in ledgers.items() if ledger.has_broken]
        if not broken and not hidden:  # most often so
            return {}
        wrong: dict[str, tuple[ExecutionLedger, list[Evidence]]] = {}
        for item in hidden.keys() | broken:
            ledger = self._with_hidden(ledgers.get(item, self.nothing), hidden.get(item, {}))
            told = [one for one in hidden.get(item, {}).values() if ledger.is_adverse(one)]
            wrong[item] = ledger, list({one.id: one for one in (*told, *ledger.adverse_executions())}.values())
        found: dict[str, tuple[Evidence, set[Scope]]] = {}
        for need in required:
            ledger, ones = wrong.get(need.requirement.item, (self.nothing, []))
            for one in ones:
                if scopes := ledger.adverse_scopes(need.requirement, one):
                    found.setdefault(one.id, (one, set()))[1].update(scopes)
        return found

    def _with_hidden(self, ledger: ExecutionLedger, hidden: Mapping[str, Evidence]) -> ExecutionLedger:
        """Return a ledger with what newer executions hide."""
        new = hidden.keys() - {one.id for one in ledger.executions} if hidden else ()
        if not new:
            return ledger
        executions = (*ledger.executions, *[hidden[id_] for id_ in new])
        return ExecutionLedger.build(executions, ledger.now, ledger.open_runs, ledger.places, ledger.excluded)


def _in_force(review: ReviewSummary, waivers: Iterable[WaiverStanding]) -> bool:
    """Return whether a decision stands that starts a use case as evidence does; an open blocker blocks it anyway."""
    return any(one.state is not ReviewState.NONE for one in review.standings) or any(
        one.void is None for one in waivers
    )


_item = fast_constructor(ItemReadiness)


def _worst(judged: Sequence[RequirementReadiness]) -> State:
    return judged[0].state if len(judged) == 1 else worst_state(one.state for one in judged)


def _by_item(evidence: Iterable[Evidence]) -> dict[str, dict[str, list[Evidence]]]:
    """Return the evidence by use case and item, each piece once: a run may be in the store and still in a journal."""
    index: dict[str, dict[str, list[Evidence]]] = {}
    for one in {one.id: one for one in evidence}.values():
        index.setdefault(one.uc, {}).setdefault(one.item, []).append(one)
    return index


def _by_use_case(evidence: Iterable[Evidence]) -> dict[str, list[Evidence]]:
    index: dict[str, list[Evidence]] = {}
    for one in evidence:
        index.setdefault(one.uc, []).append(one)
    return index


def _open_runs(facts: Facts, evidence: Iterable[Evidence]) -> dict[str, set[str]]:
    runs: dict[str, set[str]] = {}
    for run, use_cases in facts.open_runs.items():
        for use_case in use_cases:
            runs.setdefault(use_case, set()).add(run)
    for one in evidence:
        if one.run_id in facts.open_runs:
            runs.setdefault(one.uc, set()).add(one.run_id)
    return runs
