"""Evaluation of readiness: a pure function of requirements, policy, facts and a moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from ..claims.catalogue import Catalogue, Requirement, UseCase
from ..facts.decision import RunRetirement
from ..facts.evidence import BAD, Evidence
from ..facts.review_basis import ReviewBasis as Signed
from ..facts.subject import NO_SUBJECTS, Subjects
from .coverage import RealPlaces
from .indexes import by_item, by_use_case, open_runs_by_use_case
from .inputs import Facts, JudgedVersion
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
from .status import accepted_requirements, status_of

__all__ = ["Facts", "evaluate"]


def evaluate(  # noqa: PLR0913 - all inputs of an evaluation
    catalogue: Catalogue,
    policy: Policy,
    facts: Facts,
    now: str,
    use_cases: Collection[str] | None = None,
    *,
    release: str | None = None,
    subjects: Subjects = NO_SUBJECTS,
    removed: Collection[str] = (),
) -> Readiness:
    """Return the readiness of the use cases at a moment.

    Args:
        catalogue: the requirements in force.
        policy: the states that a review can accept, the reviewers, and the number of reviews that is enough.
        facts: evidence, decisions, open runs and parts of run groups.
        now: the moment (UTC, ``2026-02-12T18:29:00.000Z``).
        use_cases: ids of the use cases to evaluate; None: the whole register.
        removed: ids without a row to evaluate as well; with the whole register, all of them are.
        release: the release that is judged; if the policy requires one, evidence for others does not count.
        subjects: the digests that are judged; if the policy requires them, evidence for others does not count.

    Raises:
        ClaimError: one of ``use_cases`` does not exist.
    """
    wanted = _selected_use_cases(catalogue, facts, use_cases)
    judged = JudgedVersion(release, subjects)
    inputs = _EvaluationInputs.build(catalogue, policy, facts, now, judged, [use_case.id for use_case in wanted])
    results = [inputs.evaluate_use_case(use_case) for use_case in wanted]
    matching = {execution.id for result in results for execution in result.matching}
    in_scope = None if use_cases is None else {use_case.id for use_case in wanted}
    in_question = [execution for execution in facts.evidence if in_scope is None or execution.uc in in_scope]
    other = [execution for execution in in_question if execution.id not in matching and not execution.covered]
    still_open, let_go = inputs.removed(None if in_scope is None else removed)
    return Readiness(
        register=catalogue.register,
        at=now,
        use_cases=tuple(result.readiness for result in results),
        other_evidence=in_order(other),
        removed=still_open,
        let_go=let_go,
        places=inputs.empty_ledger.places,
        notes=()
        if in_scope is not None
        else inputs.decisions.unmatched_decisions(inputs.requirement_ids, catalogue.use_cases),
    )


def _selected_use_cases(catalogue: Catalogue, facts: Facts, names: Collection[str] | None) -> list[UseCase]:
    """Return the use cases to evaluate, each once: in the order of the register, then those named only by markers."""
    if names is None:
        named = {execution.uc for execution in facts.evidence if execution.register == catalogue.register}
        ids = dict.fromkeys((*catalogue.use_cases, *sorted(named if catalogue.open_world else ())))
    else:
        requested = {catalogue.use_case(name).id for name in names}
        ids = dict.fromkeys(name for name in catalogue.use_cases if name in requested) | dict.fromkeys(
            sorted(requested)
        )
    return [catalogue.use_case(name) for name in ids]


class _UseCaseResult(Struct, frozen=True):
    readiness: UseCaseReadiness
    matching: Sequence[Evidence]
    """The evidence that is about its requirements."""


class _EvaluationInputs(Struct, frozen=True):
    """Indexed facts, and the rules to evaluate them by."""

    catalogue: Catalogue
    policy: Policy
    facts: Facts
    basis: RequirementBasis
    context: EvaluationContext
    ledgers: Mapping[str, Mapping[str, ExecutionLedger]]
    """By use case and item; only those with evidence."""
    empty_ledger: ExecutionLedger
    decisions: DecisionIndex
    adverse: Mapping[str, Sequence[Evidence]]
    """By use case: adverse executions from the store, even if newer ones replace them."""
    judged: JudgedVersion
    group_holds: Mapping[str, tuple[GroupHold, ...]]
    """By use case: incomplete run groups that keep its gate closed."""
    open_runs: Mapping[str, Collection[str]]
    """By use case: open runs that planned or recorded something for it."""

    @classmethod
    def build(
        cls, catalogue: Catalogue, policy: Policy, facts: Facts, now: str, judged: JudgedVersion, wanted: Sequence[str]
    ) -> _EvaluationInputs:
        """Return the indexed facts of the catalogue's register. ``wanted``: ids of the use cases to evaluate."""
        places = RealPlaces.from_catalogue(catalogue)
        evidence = [execution for execution in facts.evidence if execution.register == catalogue.register]
        later = LaterRuns(evidence, facts.origins)
        context = EvaluationContext(now, facts.open_runs.keys(), bool(places.environments), facts.signed, later)
        settled = (
            execution
            for execution in evidence
            if execution.run_id not in facts.open_runs and execution.started_at <= now
        )
        decisions = DecisionIndex.build(facts, policy, catalogue.register, now)
        adverse = [execution for execution in facts.adverse if execution.register == catalogue.register]
        excluded = decisions.excluded_executions([*evidence, *adverse], judged)
        max_age, version = catalogue.longest_max_age_days, policy.run_version(judged)
        conditions = GroupRelease(
            now, max_age, places, settled, decisions.is_retired, facts.retired_runs, version=version, excluded=excluded
        )

        def ledger(executions: Iterable[Evidence]) -> ExecutionLedger:
            return ExecutionLedger.build(executions, now, context.open_runs, places, excluded)

        return cls(
            catalogue=catalogue,
            policy=policy,
            facts=facts,
            basis=RequirementBasis.build(catalogue, policy),
            context=context,
            ledgers={
                use_case: {item: ledger(executions) for item, executions in items.items()}
                for use_case, items in by_item(evidence).items()
            },
            empty_ledger=ledger(()),
            decisions=decisions,
            adverse=by_use_case(adverse),
            judged=judged,
            group_holds=find_group_holds(facts.parts, conditions, wanted),
            open_runs=open_runs_by_use_case(facts, evidence),
        )

    def removed(self, scope: Collection[str] | None) -> tuple[tuple[RemovedUseCase, ...], frozenset[str]]:
        """Return the use cases without a row that have something open, and the ids of those that were let go.

        There are none if the register accepts any name.
        """
        if self.catalogue.open_world:
            return (), frozenset()
        return find_removed(self.ledgers, self.decisions, self.catalogue.use_cases, scope)

    def requirement_ids(self, use_case: str) -> list[str]:
        """Return the ids of a use case's requirements."""
        return [requirement.id for requirement in self.catalogue.requirements(use_case)]

    def evaluate_use_case(self, use_case: UseCase) -> _UseCaseResult:
        """Return the readiness of a use case, and its evidence."""
        ledgers = self.ledgers.get(use_case.id, {})
        requirements = self.catalogue.requirements(use_case.id)
        required_states: list[RequirementReadiness] = []
        waivers: list[WaiverStanding] = []
        fitting: list[Evidence] = []
        for requirement in requirements:
            unwaived, matching = requirement_state(
                requirement, ledgers.get(requirement.item, self.empty_ledger), self.context
            )
            readiness, requirement_waivers = self.decisions.apply_waivers(unwaived)
            required_states.append(readiness)
            waivers.extend(requirement_waivers)
            fitting.extend(matching)
        definition = self.basis.definition(requirements)
        digest = self.basis.digest(definition, requirements)

        def make_basis() -> Signed:
            failed = self._failed_runs(use_case.id, requirements, ledgers)
            pins, retired = (
                pin_requirements(required_states, self.facts.origins),
                self._retired_ids(use_case.id, ledgers),
            )
            return Signed(digest, pins, definition, self.basis.policy, failed, retired)

        return _UseCaseResult(
            self._readiness_of(use_case, required_states, waivers, digest, make_basis, ledgers), fitting
        )

    def _failed_runs(
        self, use_case: str, requirements: Iterable[Requirement], ledgers: Mapping[str, ExecutionLedger]
    ) -> tuple[str, ...]:
        """Return the ids of the failed runs that a reviewer can know: those of open runs are not final."""
        since = failures_from((requirement.max_age_days for requirement in requirements), self.context.now)
        runs = {
            execution.run_id
            for ledger in ledgers.values()
            for execution in ledger.executions
            if execution.result in BAD
            and execution.started_at > since
            and execution.run_id not in self.context.open_runs
        }
        return tuple(sorted(runs.union(self.facts.failed_runs.get(use_case, ()))))

    def _readiness_of(
        self,
        use_case: UseCase,
        requirements: Sequence[RequirementReadiness],
        waivers: Iterable[WaiverStanding],
        digest: str,
        make_basis: Callable[[], Signed],
        ledgers: Mapping[str, ExecutionLedger],
    ) -> UseCaseReadiness:
        """Return the readiness of a use case from its requirements and the decisions about it."""
        required = [requirement for requirement in requirements if requirement.state is not State.NOT_APPLICABLE]
        retirements = self._retirements(use_case.id, ledgers)
        review = self._review(use_case.id, required, retirements, digest, make_basis, ledgers)
        blockers = self.decisions.open_blockers(use_case.id, required)
        started = _has_decision_in_force(review, waivers) or any(
            ledger.is_relevant(execution) for ledger in ledgers.values() for execution in ledger.executions
        )
        status, phase = status_of(required, review, self.policy, started=started, blocked=bool(blockers))
        return UseCaseReadiness(
            use_case=use_case,
            status=status,
            phase=phase,
            items=self._items(requirements),
            review=review,
            group_holds=self.group_holds.get(use_case.id, ()),
            open_runs=tuple(sorted(self.open_runs.get(use_case.id, ()))),
            blockers=blockers,
            waivers=tuple(waivers),
            retirements=retirements,
            accepted=accepted_requirements(required, review, self.policy),
            make_basis=make_basis,
        )

    def _items(self, requirements: Iterable[RequirementReadiness]) -> tuple[ItemReadiness, ...]:
        items: dict[str, list[RequirementReadiness]] = {}
        for requirement in requirements:
            items.setdefault(requirement.requirement.item, []).append(requirement)
        return tuple(
            [
                ItemReadiness(self.catalogue.items[key], _worst(requirements), tuple(requirements))
                for key, requirements in items.items()
            ]
        )

    def _retirements(self, use_case: str, ledgers: Mapping[str, ExecutionLedger]) -> tuple[RetirementStanding, ...]:
        """Return the retirements of tests that ran for real for a use case, also if newer executions replaced them."""
        if not self.decisions.retirements:
            return ()
        replaced: dict[str, dict[str, Evidence]] = {}
        for execution in self.adverse.get(use_case, ()):
            replaced.setdefault(execution.item, {})[execution.id] = execution
        ledgers_with_replaced = {
            item: self._with_replaced(ledgers.get(item, self.empty_ledger), replaced.get(item, {}))
            for item in ledgers.keys() | replaced.keys()
        }
        tests = {
            execution.test_id
            for ledger in ledgers_with_replaced.values()
            for execution in ledger.executions
            if ledger.ran_for_real(execution)
        }
        return tuple(retirement for test, retirement in self.decisions.retirements.items() if test in tests)

    def _retired_ids(self, use_case: str, ledgers: Mapping[str, ExecutionLedger]) -> tuple[str, ...]:
        """Return the retired tests and runs with evidence for a use case, sorted."""
        tests = {execution.test_id for ledger in ledgers.values() for execution in ledger.executions}
        tests |= {execution.test_id for execution in self.adverse.get(use_case, ())}
        return tuple(
            sorted(
                {
                    *(tests & self.decisions.retirements.keys()),
                    *(retirement.run_id for retirement in self._run_retirements(ledgers)),
                }
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
        reviews = self.decisions.reviews.get(use_case, ())
        if not reviews:
            return ReviewSummary(required=self.policy.required, basis_digest=digest)
        adverse = self._adverse_scopes(use_case, required, ledgers)
        review_facts = ReviewFacts(
            required=required,
            digest=digest,
            make_basis=make_basis,
            policy=self.policy,
            adverse=[execution for execution, _ in adverse.values()],
            adverse_scopes={id_: scopes for id_, (_, scopes) in adverse.items()},
            retirements=retirements,
            run_retirements=self._run_retirements(ledgers),
            missing=self.facts.missing,
            judged=self.judged,
            counts_pin=lambda evidence_id: self.decisions.is_for(evidence_id, self.judged.subjects),
        )
        return review_summary(reviews, review_facts, self.facts.origins)

    def _run_retirements(self, ledgers: Mapping[str, ExecutionLedger]) -> Sequence[RunRetirement]:
        """Return the retirements of runs that have, or should have had, evidence for a use case."""
        set_aside = self.facts.run_retirements
        if not set_aside:
            return ()
        runs = {execution.run_id for ledger in ledgers.values() for execution in ledger.executions}.union(
            self.facts.unknown_runs
        )
        return [retirement for id_, retirement in set_aside.items() if id_ in runs]

    def _adverse_scopes(
        self, use_case: str, required: Iterable[RequirementReadiness], ledgers: Mapping[str, ExecutionLedger]
    ) -> dict[str, tuple[Evidence, set[Scope]]]:
        """Return the adverse executions of the required requirements by id, with the scopes in which each counts."""
        hidden: dict[str, dict[str, Evidence]] = {}
        for execution in self.adverse.get(use_case, ()):
            hidden.setdefault(execution.item, {})[execution.id] = execution
        broken = [item for item, ledger in ledgers.items() if ledger.has_broken]
        if not broken and not hidden:  # the usual case
            return {}
        wrong: dict[str, tuple[ExecutionLedger, list[Evidence]]] = {}
        for item in hidden.keys() | broken:
            ledger = self._with_replaced(ledgers.get(item, self.empty_ledger), hidden.get(item, {}))
            hidden_adverse = [execution for execution in hidden.get(item, {}).values() if ledger.is_adverse(execution)]
            wrong[item] = (
                ledger,
                list(
                    {execution.id: execution for execution in (*hidden_adverse, *ledger.adverse_executions())}.values()
                ),
            )
        adverse: dict[str, tuple[Evidence, set[Scope]]] = {}
        for requirement in required:
            ledger, executions = wrong.get(requirement.requirement.item, (self.empty_ledger, []))
            for execution in executions:
                if scopes := ledger.adverse_scopes(requirement.requirement, execution):
                    adverse.setdefault(execution.id, (execution, set()))[1].update(scopes)
        return adverse

    def _with_replaced(self, ledger: ExecutionLedger, hidden: Mapping[str, Evidence]) -> ExecutionLedger:
        """Return a ledger with the executions that newer ones replaced."""
        new = hidden.keys() - {execution.id for execution in ledger.executions} if hidden else ()
        if not new:
            return ledger
        executions = (*ledger.executions, *[hidden[id_] for id_ in new])
        return ExecutionLedger.build(executions, ledger.now, ledger.open_runs, ledger.places, ledger.excluded)


def _has_decision_in_force(review: ReviewSummary, waivers: Iterable[WaiverStanding]) -> bool:
    """Return whether a review or waiver in force starts the use case, as evidence does. Blockers block it anyway."""
    return any(standing.state is not ReviewState.NONE for standing in review.standings) or any(
        waiver.void is None for waiver in waivers
    )


def _worst(requirements: Sequence[RequirementReadiness]) -> State:
    return (
        requirements[0].state
        if len(requirements) == 1
        else worst_state(requirement.state for requirement in requirements)
    )
