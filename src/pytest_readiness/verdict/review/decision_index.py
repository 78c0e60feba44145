"""The decisions up to a moment, by what they are about, and what they are worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import TypeVar

from ...facts.decision import Blocker, Decision, Departure, Retirement, Review, Unblock, Waiver, counts_at
from ...facts.evidence import Evidence, Result
from ...fast_values import dataclass
from ..explanations import execution_text, first_line
from ..inputs import Facts
from ..policy import Policy
from ..readiness import BlockerStanding, Explanation, RequirementReadiness, RetirementStanding, State, WaiverStanding
from .authority import excluded_people, may_decide
from .waivers import last_day, void_because

D = TypeVar("D", bound=Decision)


@dataclass(frozen=True, slots=True)
class DecisionIndex:
    """What was decided, as it counts at the moment being judged."""

    policy: Policy
    facts: Facts
    now: str
    reviews: Mapping[str, Sequence[Review]] = field(default_factory=dict)
    """By use case; so are the blockers and their ends."""
    blockers: Mapping[str, Sequence[Blocker]] = field(default_factory=dict)
    unblocks: Mapping[str, Sequence[Unblock]] = field(default_factory=dict)
    waivers: Mapping[str, Sequence[Waiver]] = field(default_factory=dict)
    """By requirement, the newest first."""
    retirements: Mapping[str, RetirementStanding] = field(default_factory=dict)
    """By test."""
    departures: Mapping[str, Sequence[Departure]] = field(default_factory=dict)
    """By use case: the retirements of those that left the register."""

    @classmethod
    def build(cls, facts: Facts, policy: Policy, register: str, now: str) -> DecisionIndex:
        """Return the decisions of a register that count at a moment (``counts_at``)."""
        every = sorted((one for one in facts.decisions if one.register == register and counts_at(one, now)), key=_age)
        reviews = _grouped((one for one in every if isinstance(one, Review)), lambda one: one.use_case)
        blockers = _grouped((one for one in every if isinstance(one, Blocker)), lambda one: one.use_case)
        unblocks = _grouped((one for one in every if isinstance(one, Unblock)), lambda one: one.use_case)
        waivers = _grouped((one for one in reversed(every) if isinstance(one, Waiver)), lambda one: one.requirement)
        retirements = _grouped((one for one in every if isinstance(one, Retirement)), lambda one: one.test_id)
        departures = _grouped((one for one in every if isinstance(one, Departure)), lambda one: one.use_case)
        found = cls(policy, facts, now, reviews, blockers, unblocks, waivers, departures=departures)
        return replace(found, retirements=found._retired(retirements))

    def _retired(self, retirements: Mapping[str, Sequence[Retirement]]) -> dict[str, RetirementStanding]:
        """Return for each test the first retirement that holds, else the newest."""
        found: dict[str, RetirementStanding] = {}
        for test, ones in retirements.items():
            mine = [piece for piece in self.facts.evidence if piece.test_id == test]
            standings = [RetirementStanding(one, self._refusal(one, mine)) for one in ones]
            found[test] = next((one for one in standings if one.void is None), standings[-1])
        return found

    def _refusal(self, decision: Decision, concerned: Iterable[Evidence]) -> str | None:
        """Return why a person could not decide, by what is known of the evidence that there was at that moment."""
        return may_decide(decision.by, decision.known_by, self.policy, self._recorders(decision, concerned))

    def _recorders(self, decision: Decision, concerned: Iterable[Evidence]) -> set[str]:
        origins = (self.facts.origin(one.id) for one in concerned if one.started_at <= decision.at)
        return excluded_people(origins, self.policy)

    def is_retired(self, test: str) -> bool:
        """Return whether a reviewer took a test out of what must pass."""
        standing = self.retirements.get(test)
        return standing is not None and standing.void is None

    def excluded_executions(self, evidence: Iterable[Evidence], release: str | None) -> dict[str, str]:
        """Return the ids of the executions that do not count though they ran, and why, in a sentence each.

        A retirement that does not hold excuses no failure, and what its test shows is in doubt all the same: else the
        passes of a retired test would count again once its reviewer leaves the list.
        """
        found: dict[str, str] = {}
        if not self.retirements and self.policy.release == "ignore":
            return found
        for one in evidence:
            retired = self.retirements.get(one.test_id)
            if retired is not None and (retired.void is None or one.result is Result.PASSED):
                found[one.id] = _retired(retired)
            elif self.policy.release != "ignore" and not self._is_of(one, release):
                found[one.id] = f"{execution_text(one)} for {_release(self.facts.origin(one.id).release)}"
        return found

    def _is_of(self, evidence: Evidence, release: str | None) -> bool:
        return release is not None and self.facts.origin(evidence.id).release == release

    def apply_waivers(self, judged: RequirementReadiness) -> tuple[RequirementReadiness, tuple[WaiverStanding, ...]]:
        """Return a requirement as its waivers leave it, and the waivers that are told.

        A waiver changes nothing where the state could be signed without it.
        """
        waivers = self.waivers.get(judged.requirement.id, ())
        if not waivers:
            return judged, ()
        standings = [self._waiver(one, judged) for one in waivers]
        holding = next((one for one in standings if one.void is None), None)
        newest = standings[:1] if standings[0].void is not None else []
        if holding is None:
            return judged, tuple(newest)
        if judged.state is State.NOT_APPLICABLE or all(map(self.policy.reviewable, judged.policy_states)):
            return judged, (*newest, holding)
        return _waived(judged, holding), (*newest, replace(holding, used=True))

    def _waiver(self, waiver: Waiver, judged: RequirementReadiness) -> WaiverStanding:
        recorders = self._recorders(waiver, judged.deciding)
        return WaiverStanding(waiver, last_day(waiver), void_because(waiver, self.policy, recorders, self.now))

    def open_blockers(self, use_case: str, required: Iterable[RequirementReadiness]) -> tuple[BlockerStanding, ...]:
        """Return the blockers of a use case that no unblock ended; ``required`` is what counts of its requirements."""
        if use_case not in self.blockers:
            return ()
        return self.remaining_blockers(use_case, [piece for one in required for piece in one.deciding])

    def remaining_blockers(self, use_case: str, concerned: Sequence[Evidence]) -> tuple[BlockerStanding, ...]:
        """Return the blockers of a use case that no unblock ended, where this is the evidence concerned."""
        unblocks = [(one, self._refusal(one, concerned)) for one in self.unblocks.get(use_case, ())]
        return tuple(
            BlockerStanding(
                blocker,
                tuple(
                    f"the unblock at {one.at} does not count: {wrong}"
                    for one, wrong in unblocks
                    if wrong is not None and blocker.id in one.ends
                ),
            )
            for blocker in self.blockers.get(use_case, ())
            if not any(wrong is None and blocker.id in one.ends for one, wrong in unblocks)
        )

    def closed_by_departure(
        self, use_case: str, concerned: Sequence[Evidence]
    ) -> tuple[frozenset[str], tuple[str, ...]]:
        """Return what was let go of with a use case that left, and why a retirement of it does not hold.

        Return the ids of the blockers, rejections and runs that were known of it when it was retired.

        ``concerned``: the evidence that is known of it.
        """
        known: set[str] = set()
        void = []
        for one in self.departures.get(use_case, ()):
            wrong = self._refusal(one, concerned)
            if wrong is None:
                known.update(one.ends, one.failed_runs)
            else:
                void.append(f"its retirement at {one.at} does not count: {wrong}")
        return frozenset(known), tuple(void)

    def unmatched_decisions(
        self, requirements: Callable[[str], Iterable[str]], use_cases: Iterable[str]
    ) -> tuple[str, ...]:
        """Return a sentence for each decision that concerns no use case, or no requirement, in force."""
        known = set(use_cases)
        near = {name.partition("/")[0] for name in self.waivers} & known
        asked = {name for use_case in near for name in requirements(use_case)}
        waived = sorted(name for name in self.waivers if name not in asked)
        others = sorted({*self.reviews, *self.blockers, *self.unblocks} - known)
        return (
            *(f"a waiver of {first_line(name)} is void: there is no such requirement" for name in waived),
            *(f"a decision is about {first_line(name)}, which is no use case of the register" for name in others),
        )


def _waived(judged: RequirementReadiness, holding: WaiverStanding) -> RequirementReadiness:
    waiver = holding.decision
    why = f"waived by {first_line(waiver.by)} until {holding.until}: {first_line(waiver.reason)}"
    return replace(
        judged,
        state=State.WAIVED,
        waived_from=judged.state,
        explanation=Explanation(
            f"{why}; without the waiver it is {judged.state.value}: {judged.why}", judged.completes_it
        ),
    )


def _retired(standing: RetirementStanding) -> str:
    decision = standing.decision
    void = f", which does not hold: {standing.void}" if standing.void else ""
    return (
        f"{first_line(decision.test_id)} was retired by {first_line(decision.by)}: {first_line(decision.reason)}{void}"
    )


def _release(name: str | None) -> str:
    return f"release {first_line(name)}, which is not the one judged" if name else "no release"


def _age(decision: Decision) -> tuple[str, str, str]:
    return decision.at, decision.KIND, decision.by


def _grouped(decisions: Iterable[D], key: Callable[[D], str]) -> dict[str, list[D]]:
    found: dict[str, list[D]] = {}
    for one in decisions:
        found.setdefault(key(one), []).append(one)
    return found
