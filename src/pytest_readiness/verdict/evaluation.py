"""Readiness: a pure function of the requirements, the policy, the facts and a moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..claims.catalogue import Catalogue, UseCase
from ..facts.evidence import Evidence
from .basis import Basis
from .coverage import Places
from .deciding import Ledger, in_order
from .groups import RunGroup, held_use_cases
from .policy import Policy
from .readiness import ItemReadiness, Readiness, RequirementReadiness, Review, State, UseCaseReadiness, worst
from .rules import Moment, judge
from .status import status_of


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known. Decisions of people will stand beside the evidence."""

    evidence: Sequence[Evidence] = ()
    """At least the newest execution of each use case, item, test, environment, provider mode, parts and standing that
    started by the moment being judged, in any order; the evaluation itself picks the newest."""
    open_runs: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Runs that are not sealed: id, and the use cases that their planned tests claim."""
    groups: Sequence[RunGroup] = ()
    """Run groups with missing parts."""


def evaluate(
    catalogue: Catalogue, policy: Policy, facts: Facts, now: str, use_cases: Collection[str] | None = None
) -> Readiness:
    """Return where the use cases stand at a moment.

    Args:
        catalogue: the requirements in force.
        policy: which states a review can accept, and how many reviews are enough.
        facts: evidence, open runs and groups.
        now: the moment (UTC, ``2026-02-12T18:29:00.000Z``).
        use_cases: ids of those to judge; None: the whole register.

    Raises:
        ClaimError: one of ``use_cases`` does not exist.
    """
    known = _Known.of(catalogue, policy, facts, now)
    wanted = _wanted(catalogue, facts, use_cases)
    judged = [known.judge(use_case) for use_case in wanted]
    fitting = {name for one in judged for name in one.fitting}
    in_scope = None if use_cases is None else {use_case.id for use_case in wanted}
    other = [one for one in facts.evidence if one.id not in fitting and (in_scope is None or one.uc in in_scope)]
    return Readiness(
        register=catalogue.register,
        at=now,
        use_cases=tuple(one.readiness for one in judged),
        other_evidence=in_order(other),
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
    fitting: tuple[str, ...]
    """Ids of the evidence that speaks of its requirements."""


@dataclass(frozen=True)
class _Known:
    """The facts, indexed once, and what they are judged with."""

    catalogue: Catalogue
    policy: Policy
    basis: Basis
    moment: Moment
    ledgers: Mapping[str, Mapping[str, Ledger]]
    """By use case and item; only where there is evidence."""
    nothing: Ledger
    held: Mapping[str, tuple[str, ...]]
    open_runs: Mapping[str, Collection[str]]
    """Use case, and the open runs that planned or recorded something for it."""

    @classmethod
    def of(cls, catalogue: Catalogue, policy: Policy, facts: Facts, now: str) -> _Known:
        """Return the facts of the catalogue's register, by what they are looked up by."""
        places = Places.of(catalogue)
        moment = Moment(now, facts.open_runs.keys(), bool(places.environments))
        evidence = [one for one in facts.evidence if one.register == catalogue.register]
        settled = [one for one in evidence if one.run_id not in facts.open_runs and one.started_at <= now]
        return cls(
            catalogue=catalogue,
            policy=policy,
            basis=Basis.of(catalogue, policy),
            moment=moment,
            ledgers={
                use_case: {item: Ledger.of(ones, now, moment.open_runs, places) for item, ones in items.items()}
                for use_case, items in _by_item(evidence).items()
            },
            nothing=Ledger((), now, moment.open_runs, places),
            held=held_use_cases(facts.groups, settled),
            open_runs=_open_runs(facts, evidence),
        )

    def judge(self, use_case: UseCase) -> _Judged:
        """Return where a use case stands."""
        ledgers = self.ledgers.get(use_case.id, {})
        requirements = self.catalogue.requirements(use_case.id)
        items: dict[str, list[RequirementReadiness]] = {}
        fitting: list[str] = []
        for requirement in requirements:
            judged, found = judge(requirement, ledgers.get(requirement.item, self.nothing), self.moment)
            items.setdefault(requirement.item, []).append(judged)
            fitting.extend(one.id for one in found.fitting)
        # A decision of a person starts a use case as evidence does; reviews, waivers and blockers come in here.
        started = any(ledger.counts(one) for ledger in ledgers.values() for one in ledger.executions)
        review = Review(required=self.policy.required, basis_digest=self.basis.digest(requirements))
        required = [one for ones in items.values() for one in ones if one.state is not State.NOT_APPLICABLE]
        status, phase = status_of(required, review, self.policy, started=started)
        readiness = UseCaseReadiness(
            use_case=use_case,
            status=status,
            phase=phase,
            items=tuple(
                ItemReadiness(self.catalogue.items[key], worst(one.state for one in ones), tuple(ones))
                for key, ones in items.items()
            ),
            review=review,
            held_by_groups=self.held.get(use_case.id, ()),
            open_runs=tuple(sorted(self.open_runs.get(use_case.id, ()))),
        )
        return _Judged(readiness, tuple(fitting))


def _by_item(evidence: Iterable[Evidence]) -> dict[str, dict[str, list[Evidence]]]:
    """Return the evidence by use case and item, each piece once: a run may be in the store and still in a journal."""
    index: dict[str, dict[str, list[Evidence]]] = {}
    for one in {one.id: one for one in evidence}.values():
        index.setdefault(one.uc, {}).setdefault(one.item, []).append(one)
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
