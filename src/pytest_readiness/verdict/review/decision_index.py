"""Index of the decisions up to a moment, with their validity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from ...facts.decision import Blocker, Decision, Departure, Retirement, Review, Unblock, Waiver, counts_at
from ...facts.evidence import Evidence, Result
from ...facts.subject import Subjects, counts_for
from ..explanations import execution_text, first_line, other_subjects_text
from ..inputs import Facts, JudgedVersion
from ..policy import Policy
from ..readiness import BlockerStanding, Explanation, RequirementReadiness, RetirementStanding, State, WaiverStanding
from .authority import excluded_people, may_decide
from .waivers import last_day, void_because

D = TypeVar("D", bound=Decision)


class DecisionIndex(Struct, frozen=True):
    """Decisions that count at the moment being judged."""

    policy: Policy
    facts: Facts
    now: str
    reviews: Mapping[str, Sequence[Review]] = field(default_factory=dict)
    """By use case, as are blockers and unblocks."""
    blockers: Mapping[str, Sequence[Blocker]] = field(default_factory=dict)
    unblocks: Mapping[str, Sequence[Unblock]] = field(default_factory=dict)
    waivers: Mapping[str, Sequence[Waiver]] = field(default_factory=dict)
    """By requirement, the newest first."""
    retirements: Mapping[str, RetirementStanding] = field(default_factory=dict)
    """By test."""
    departures: Mapping[str, Sequence[Departure]] = field(default_factory=dict)
    """Retirements of use cases that left the register, by use case."""

    @classmethod
    def build(cls, facts: Facts, policy: Policy, register: str, now: str) -> DecisionIndex:
        """Return the decisions of a register that count at a moment (``counts_at``)."""
        decisions = sorted(
            (decision for decision in facts.decisions if decision.register == register and counts_at(decision, now)),
            key=_by_time,
        )
        reviews = _group_by(
            (decision for decision in decisions if isinstance(decision, Review)), lambda decision: decision.use_case
        )
        blockers = _group_by(
            (decision for decision in decisions if isinstance(decision, Blocker)), lambda decision: decision.use_case
        )
        unblocks = _group_by(
            (decision for decision in decisions if isinstance(decision, Unblock)), lambda decision: decision.use_case
        )
        waivers = _group_by(
            (decision for decision in reversed(decisions) if isinstance(decision, Waiver)),
            lambda decision: decision.requirement,
        )
        retirements = _group_by(
            (decision for decision in decisions if isinstance(decision, Retirement)), lambda decision: decision.test_id
        )
        departures = _group_by(
            (decision for decision in decisions if isinstance(decision, Departure)), lambda decision: decision.use_case
        )
        index = cls(policy, facts, now, reviews, blockers, unblocks, waivers, departures=departures)
        return replace(index, retirements=index._retirement_standings(retirements))

    def _retirement_standings(self, retirements: Mapping[str, Sequence[Retirement]]) -> dict[str, RetirementStanding]:
        """Return for each test the first valid retirement, else the newest."""
        standings_by_test: dict[str, RetirementStanding] = {}
        for test, test_retirements in retirements.items():
            concerned = [execution for execution in self.facts.evidence if execution.test_id == test]
            standings = [
                RetirementStanding(retirement, self._refusal(retirement, concerned)) for retirement in test_retirements
            ]
            standings_by_test[test] = next((standing for standing in standings if standing.void is None), standings[-1])
        return standings_by_test

    def _refusal(self, decision: Decision, concerned: Iterable[Evidence]) -> str | None:
        """Return why a person could not decide, by the evidence known at that time; None: they could."""
        return may_decide(decision.by, decision.known_by, self.policy, self._recorders(decision, concerned))

    def _recorders(self, decision: Decision, concerned: Iterable[Evidence]) -> set[str]:
        origins = (self.facts.origin(execution.id) for execution in concerned if execution.started_at <= decision.at)
        return excluded_people(origins, self.policy)

    def is_retired(self, test: str) -> bool:
        """Return whether a test has a valid retirement."""
        standing = self.retirements.get(test)
        return standing is not None and standing.void is None

    def excluded_executions(self, evidence: Iterable[Evidence], judged: JudgedVersion) -> dict[str, str]:
        """Return the ids of executions that ran but do not count, with one sentence why.

        A void retirement excuses no failure, and still excludes the test's passes: otherwise these would count again
        once the reviewer leaves the list.
        """
        reasons: dict[str, str] = {}
        if not self.retirements and self.policy.release == "ignore" and self.policy.subject == "ignore":
            return reasons
        for execution in evidence:
            retired = self.retirements.get(execution.test_id)
            if retired is not None and (retired.void is None or execution.result is Result.PASSED):
                reasons[execution.id] = _retirement_text(retired)
            elif self._is_of_unknown_version(execution):
                continue
            elif self.policy.release != "ignore" and not self._is_of(execution, judged.release):
                reasons[execution.id] = (
                    f"{execution_text(execution)} for {_release_text(self.facts.origin(execution.id).release)}"
                )
            elif self.policy.subject != "ignore" and not self.is_for(execution.id, judged.subjects):
                recorded = self.facts.origin(execution.id).subjects
                reasons[execution.id] = f"{execution_text(execution)}, {other_subjects_text(recorded, judged.subjects)}"
        return reasons

    def _is_of_unknown_version(self, evidence: Evidence) -> bool:
        """Return whether it ended badly in a retired run whose first line is lost: it may be of any release."""
        is_lost = evidence.run_id in self.facts.run_retirements and evidence.run_id not in self.facts.origins
        return is_lost and evidence.result is not Result.PASSED

    def is_for(self, evidence_id: str, subjects: Subjects) -> bool:
        """Return whether a piece of evidence counts for the judged subjects."""
        return counts_for(self.facts.origin(evidence_id).subjects, subjects)

    def _is_of(self, evidence: Evidence, release: str | None) -> bool:
        return release is not None and self.facts.origin(evidence.id).release == release

    def apply_waivers(
        self, requirement: RequirementReadiness
    ) -> tuple[RequirementReadiness, tuple[WaiverStanding, ...]]:
        """Return a requirement with its waivers applied, and the waivers to report.

        A waiver changes nothing if the state could be signed without it.
        """
        waivers = self.waivers.get(requirement.requirement.id, ())
        if not waivers:
            return requirement, ()
        standings = [self._waiver(waiver, requirement) for waiver in waivers]
        holding = next((standing for standing in standings if standing.void is None), None)
        newest = standings[:1] if standings[0].void is not None else []
        if holding is None:
            return requirement, tuple(newest)
        if requirement.state is State.NOT_APPLICABLE or all(map(self.policy.reviewable, requirement.policy_states)):
            return requirement, (*newest, holding)
        return _waived_readiness(requirement, holding), (*newest, replace(holding, used=True))

    def _waiver(self, waiver: Waiver, requirement: RequirementReadiness) -> WaiverStanding:
        recorders = self._recorders(waiver, requirement.deciding)
        return WaiverStanding(waiver, last_day(waiver), void_because(waiver, self.policy, recorders, self.now))

    def open_blockers(self, use_case: str, required: Iterable[RequirementReadiness]) -> tuple[BlockerStanding, ...]:
        """Return the open blockers of a use case; ``required``: its counting requirements."""
        if use_case not in self.blockers:
            return ()
        return self.remaining_blockers(
            use_case, [execution for requirement in required for execution in requirement.deciding]
        )

    def remaining_blockers(self, use_case: str, concerned: Sequence[Evidence]) -> tuple[BlockerStanding, ...]:
        """Return the open blockers of a use case; ``concerned``: the evidence concerned."""
        unblocks = [(unblock, self._refusal(unblock, concerned)) for unblock in self.unblocks.get(use_case, ())]
        return tuple(
            BlockerStanding(
                blocker,
                tuple(
                    f"the unblock at {unblock.at} does not count: {wrong}"
                    for unblock, wrong in unblocks
                    if wrong is not None and blocker.id in unblock.ends
                ),
            )
            for blocker in self.blockers.get(use_case, ())
            if not any(wrong is None and blocker.id in unblock.ends for unblock, wrong in unblocks)
        )

    def closed_by_departure(
        self, use_case: str, concerned: Sequence[Evidence]
    ) -> tuple[frozenset[str], tuple[str, ...]]:
        """Return the ids that a use case's retirement closes, and why a retirement of it is void.

        The ids are those of the blockers, rejections and runs that were known at that time.

        ``concerned``: the known evidence of the use case.
        """
        ended: set[str] = set()
        void = []
        for departure in self.departures.get(use_case, ()):
            wrong = self._refusal(departure, concerned)
            if wrong is None:
                ended.update(departure.ends, departure.failed_runs)
            else:
                void.append(f"its retirement at {departure.at} does not count: {wrong}")
        return frozenset(ended), tuple(void)

    def unmatched_decisions(
        self, requirements: Callable[[str], Iterable[str]], use_cases: Iterable[str]
    ) -> tuple[str, ...]:
        """Return a sentence for each decision about a use case or a requirement that is not in force."""
        known_use_cases = set(use_cases)
        near = {name.partition("/")[0] for name in self.waivers} & known_use_cases
        known_requirements = {name for use_case in near for name in requirements(use_case)}
        waived = sorted(name for name in self.waivers if name not in known_requirements)
        others = sorted({*self.reviews, *self.blockers, *self.unblocks} - known_use_cases)
        return (
            *(f"a waiver of {first_line(name)} is void: there is no such requirement" for name in waived),
            *(f"a decision is about {first_line(name)}, which is no use case of the register" for name in others),
        )


def _waived_readiness(requirement: RequirementReadiness, holding: WaiverStanding) -> RequirementReadiness:
    waiver = holding.decision
    why = f"waived by {first_line(waiver.by)} until {holding.until}: {first_line(waiver.reason)}"
    return replace(
        requirement,
        state=State.WAIVED,
        waived_from=requirement.state,
        explanation=Explanation(
            f"{why}; without the waiver it is {requirement.state.value}: {requirement.why}", requirement.completes_it
        ),
    )


def _retirement_text(standing: RetirementStanding) -> str:
    decision = standing.decision
    void = f", but the retirement is void: {standing.void}" if standing.void else ""
    return (
        f"{first_line(decision.test_id)} was retired by {first_line(decision.by)}: {first_line(decision.reason)}{void}"
    )


def _release_text(name: str | None) -> str:
    return f"release {first_line(name)}, which is not the one judged" if name else "no release"


def _by_time(decision: Decision) -> tuple[str, str, str]:
    return decision.at, decision.KIND, decision.by


def _group_by(decisions: Iterable[D], key: Callable[[D], str]) -> dict[str, list[D]]:
    groups: dict[str, list[D]] = {}
    for decision in decisions:
        groups.setdefault(key(decision), []).append(decision)
    return groups
