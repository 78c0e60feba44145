"""What the evaluation says: frozen values from the smallest requirement up to the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, Protocol

from ..claims.catalogue import Item, Requirement, UseCase
from ..facts import decision as decisions
from ..facts.evidence import Evidence
from ..facts.review_basis import ReviewBasis
from ..fast_values import dataclass, field
from .coverage import RealPlaces
from .run_groups import GroupHold

NO_BASIS = ReviewBasis("")
NOWHERE = RealPlaces(frozenset(), frozenset())


class State(StrEnum):
    """State of a requirement; several shown as one show the worst."""

    __hash__ = str.__hash__  # an Enum's own is several times as slow, and every dict asks for it

    COMPLETE = "COMPLETE"
    ASSERTED = "ASSERTED"
    WAIVED = "WAIVED"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    STALE = "STALE"
    REHEARSED = "REHEARSED"
    MISSING = "MISSING"
    FLAKY = "FLAKY"
    INTERRUPTED = "INTERRUPTED"
    FAILING = "FAILING"

    @property
    def sign(self) -> str:
        """The sign that stands for it in a matrix: never colour alone."""
        return _SIGNS[self]


_SIGNS = {
    State.COMPLETE: "✓",
    State.ASSERTED: "a",
    State.WAIVED: "w",
    State.NOT_APPLICABLE: "–",  # noqa: RUF001 - the sign that stands in the rules
    State.STALE: "s",
    State.REHEARSED: "r",
    State.MISSING: "·",
    State.FLAKY: "~",
    State.INTERRUPTED: "?",
    State.FAILING: "✗",
}

WORST_FIRST = (
    State.FAILING,
    State.INTERRUPTED,
    State.FLAKY,
    State.MISSING,
    State.REHEARSED,
    State.STALE,
    State.WAIVED,
    State.ASSERTED,
    State.COMPLETE,
    State.NOT_APPLICABLE,
)
_RANK = {state: rank for rank, state in enumerate(WORST_FIRST)}


def worst_state(states: Iterable[State]) -> State:
    """Return the worst of the states; of none at all: MISSING, since nothing has been shown."""
    return min(states, key=_RANK.__getitem__, default=State.MISSING)


def policy_states_of(state: State, *, unproven: bool) -> tuple[State, ...]:
    """Return the states whose policies are asked: of what is FLAKY and lacks its proof, that of ASSERTED as well."""
    return (state, State.ASSERTED) if unproven and state is State.FLAKY else _ALONE[state]


_ALONE = {state: (state,) for state in State}
"""Made once: of each requirement it is asked several times."""


class Status(StrEnum):
    """Derived readiness of a use case. Nobody types it."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    BLOCKED = "BLOCKED"
    READY_FOR_GO_LIVE = "READY_FOR_GO_LIVE"


class Phase(StrEnum):
    """Where a use case IN_PROGRESS stands."""

    COLLECTING = "COLLECTING"
    REVIEW_SUSPECT = "REVIEW_SUSPECT"
    AWAITING_REVIEW = "AWAITING_REVIEW"


class ReviewState(StrEnum):
    """Standing of the reviews of a use case."""

    NONE = "NONE"
    CURRENT = "CURRENT"
    SUSPECT = "SUSPECT"
    REJECTED = "REJECTED"


class Explained(Protocol):
    """What is said of a requirement, however it comes to be worded."""

    @property
    def why(self) -> str:
        """Why it stands where it stands, in one sentence."""

    @property
    def completes_it(self) -> str:
        """What would complete it, in one sentence; empty when COMPLETE or NOT_APPLICABLE."""


class Explanation(NamedTuple):
    """What is said of a requirement, worded."""

    why: str
    completes_it: str = ""


@dataclass(frozen=True, slots=True)
class RequirementReadiness:
    """Where one requirement stands, why, and what would complete it."""

    requirement: Requirement
    state: State
    explanation: Explained
    """Worded when it is asked for: a gate asks for few."""
    evidence: tuple[Evidence, ...]
    """For each test and scope the execution that decides; where none counts, the newest, whatever it is."""
    expires_at: str | None = None
    """When it turns STALE (UTC)."""
    expires_soon: bool = False
    """75 % of its age has passed."""
    level: str | None = None
    """Weakest evidence level that it rests on: ``L0`` recorded, ``L1`` sealed, ``L2`` signed, ``L3`` with a receipt."""
    deciding: tuple[Evidence, ...] = ()
    """The part of ``evidence`` that counts."""
    waived_from: State | None = None
    """The state it would have without its waiver; None: it is not waived."""
    unproven: bool = False
    """It rests on a pass without the item's proof."""

    @property
    def why(self) -> str:
        """Why it stands where it stands, in one sentence."""
        return self.explanation.why

    @property
    def completes_it(self) -> str:
        """What would complete it, in one sentence; empty when COMPLETE or NOT_APPLICABLE."""
        return self.explanation.completes_it

    @property
    def underlying(self) -> State:
        """The state that the evidence alone gives it."""
        return self.waived_from or self.state

    @property
    def policy_states(self) -> tuple[State, ...]:
        """The states whose policies are asked: a retry does not open what a clean pass would not."""
        return policy_states_of(self.state, unproven=True) if self.unproven else _ALONE[self.state]

    @property
    def described(self) -> str:
        """Its state in words."""
        return self.state.value if len(self.policy_states) == 1 else f"{self.state.value} without its proof"


@dataclass(frozen=True, slots=True)
class ItemReadiness:
    """The requirements of one item, and the worst of their states."""

    item: Item
    state: State
    requirements: tuple[RequirementReadiness, ...]


@dataclass(frozen=True, slots=True)
class ReviewStanding:
    """The newest review of one person, and what it is worth now."""

    decision: decisions.Review
    state: ReviewState
    """``CURRENT``, ``SUSPECT`` or ``REJECTED``; ``NONE``: it does not count."""
    why: tuple[str, ...] = ()
    """Why it is suspect, or does not count; a sentence each."""


@dataclass(frozen=True, slots=True)
class ReviewSummary:
    """The sign-offs of a use case, and the basis that a sign-off pins."""

    state: ReviewState = ReviewState.NONE
    approvals: int = 0
    """How many people's approvals are current."""
    required: int = 1
    by: tuple[str, ...] = ()
    """Who gave it its state: who rejected, else whose approvals are current, else whose are suspect."""
    basis_digest: str = ""
    """Digest (``sha256:...``) of the use case's requirements."""
    why: tuple[str, ...] = ()
    """What made approvals suspect, what a rejection said; a sentence each."""
    standings: tuple[ReviewStanding, ...] = ()
    """The newest review of each person, oldest first."""


@dataclass(frozen=True, slots=True)
class WaiverStanding:
    """A waiver, and whether it holds."""

    decision: decisions.Waiver
    until: str
    """The last day (UTC) that it can hold: the cap may end it earlier than it says."""
    void: str | None = None
    """Why it does not hold, in a sentence; None: it holds."""
    used: bool = False
    """Its requirement is WAIVED by it."""


@dataclass(frozen=True, slots=True)
class BlockerStanding:
    """An open blocker."""

    decision: decisions.Blocker
    still_open: tuple[str, ...] = ()
    """Why a later unblock did not end it; a sentence each."""


@dataclass(frozen=True, slots=True)
class RetirementStanding:
    """A retirement of a test that has evidence in the use case, and whether it holds."""

    decision: decisions.Retirement
    void: str | None = None
    """Why it does not hold, in a sentence; None: it holds."""


@dataclass(frozen=True)
class UseCaseReadiness:
    """Where one use case stands."""

    use_case: UseCase
    status: Status
    phase: Phase | None
    """Only while IN_PROGRESS."""
    items: tuple[ItemReadiness, ...]
    review: ReviewSummary
    group_holds: tuple[GroupHold, ...] = ()
    """Incomplete run groups that keep the gate closed for it."""
    open_runs: tuple[str, ...] = ()
    """Unsealed runs that planned or recorded evidence for it."""
    blockers: tuple[BlockerStanding, ...] = ()
    """The open ones, oldest first."""
    waivers: tuple[WaiverStanding, ...] = ()
    """For each waived requirement the waiver that holds, and the newest where that one is void."""
    retirements: tuple[RetirementStanding, ...] = ()
    """Of tests that have evidence for it."""
    make_basis: Callable[[], ReviewBasis] = field(default=lambda: NO_BASIS, repr=False, compare=False)
    """Makes ``basis``, which takes a while and is asked of few."""

    @cached_property
    def basis(self) -> ReviewBasis:
        """What a review made now would rest on."""
        return self.make_basis()

    @cached_property
    def requirements(self) -> tuple[RequirementReadiness, ...]:
        """Every requirement, in order."""
        return tuple([req for item in self.items for req in item.requirements])

    @cached_property
    def required(self) -> tuple[RequirementReadiness, ...]:
        """The requirements that count: all but NOT_APPLICABLE."""
        return tuple([req for req in self.requirements if req.state is not State.NOT_APPLICABLE])

    @property
    def complete(self) -> int:
        """How many of them are COMPLETE."""
        return sum(req.state is State.COMPLETE for req in self.required)

    @property
    def drift(self) -> bool:
        """The tracker's row declares another status."""
        return bool(self.declared) and self.declared != self.status.value

    @property
    def declared(self) -> str:
        """The status that the tracker's row says; the derived one, where its word stands for that as well."""
        row = self.use_case
        return self.status.value if self.status.value in row.declared_also else row.declared_status


@dataclass(frozen=True, slots=True)
class RemovedUseCase:
    """A use case that has no row any more, and something open."""

    use_case: str
    why: tuple[str, ...]
    """What is open; a sentence each."""
    void: tuple[str, ...] = ()
    """Why its retirement does not hold; a sentence each."""
    in_other_commits: bool = False
    """Its row is known only from commits that the judged one does not contain: it did not leave this register."""

    @property
    def sentence(self) -> str:
        """All of it in a sentence."""
        return f"{self.use_case}: {'; '.join((*self.why, *self.void))}"


@dataclass(frozen=True, slots=True)
class Action:
    """Who must do what next."""

    who: str
    action: str
    """``fix``, ``rerun``, ``finish``, ``collect``, ``declare``, ``renew``, ``retire``, ``review``, ``sync``."""
    use_case: str
    requirement: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """Where a set of use cases stands at a moment."""

    register: str
    at: str
    """The moment that is judged (UTC)."""
    use_cases: tuple[UseCaseReadiness, ...]
    other_evidence: tuple[Evidence, ...] = ()
    """Evidence that fits no requirement in force."""
    notes: tuple[str, ...] = ()
    """Decisions that concern nothing in force; a sentence each."""
    removed: tuple[RemovedUseCase, ...] = ()
    """Use cases without a row that have something open, by id."""
    places: RealPlaces = NOWHERE
    """Where evidence can count."""

    @property
    def removed_here(self) -> tuple[RemovedUseCase, ...]:
        """Those that left this register, and keep its gate closed."""
        return tuple(use_case for use_case in self.removed if not use_case.in_other_commits)

    @property
    def totals(self) -> dict[Status, int]:
        """How many use cases have each status."""
        return {status: sum(uc.status is status for uc in self.use_cases) for status in Status}


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule of the gate, with what it found."""

    rule: str
    passed: bool
    looked_at: int
    """How many things it looked at; a rule that looked at none has not passed."""
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of a set of use cases."""

    eligible: bool
    on: str
    """``review`` or ``evidence``."""
    rules: tuple[RuleResult, ...]
    weaker: tuple[str, ...] = ()
    """Settings that are weaker than their default."""
    failing: tuple[str, ...] = ()
    """Use cases that keep it closed."""
    reliable: bool = False
    """What was judged can be relied on: there is a config and something in scope, sealed and intact."""
    regression: RuleResult | None = None
    """Whether anything is worse than in an earlier report; None: that was not asked."""

    @property
    def passes(self) -> bool:
        """Whether the gate lets through: what is eligible, or where only that is asked, what is not worse than before.

        What is not eligible is still told as that: not worse than before is no leave to go live.
        """
        return self.eligible if self.regression is None else self.reliable and self.regression.passed
