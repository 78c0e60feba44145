"""Result types of an evaluation: frozen values from the requirement up to the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct

from ..claims.catalogue import Item, Requirement, UseCase
from ..facts import decision as decisions
from ..facts.evidence import Evidence
from ..facts.review_basis import ReviewBasis
from .coverage import RealPlaces
from .run_groups import GroupHold

NO_BASIS = ReviewBasis("")
NOWHERE = RealPlaces(frozenset(), frozenset())


class State(StrEnum):
    """State of a requirement. Several requirements together show the worst state."""

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
        """Sign of the state in a matrix, so that colour is never the only mark."""
        return _SIGNS[self]


_SIGNS = {
    State.COMPLETE: "✓",
    State.ASSERTED: "a",
    State.WAIVED: "w",
    State.NOT_APPLICABLE: "–",  # noqa: RUF001 - the documented sign
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
    """Return the worst of the states; MISSING if there are none."""
    return min(states, key=_RANK.__getitem__, default=State.MISSING)


def policy_states_of(state: State, *, unproven: bool) -> tuple[State, ...]:
    """Return the states whose policies apply: for a FLAKY requirement without its proof, also that of ASSERTED."""
    return (state, State.ASSERTED) if unproven and state is State.FLAKY else _ALONE[state]


_ALONE = {state: (state,) for state in State}  # built once, as each requirement needs it several times


class Status(StrEnum):
    """Derived readiness of a use case. Nobody sets it."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    BLOCKED = "BLOCKED"
    READY_FOR_GO_LIVE = "READY_FOR_GO_LIVE"


class Phase(StrEnum):
    """Phase of a use case that is IN_PROGRESS."""

    COLLECTING = "COLLECTING"
    REVIEW_SUSPECT = "REVIEW_SUSPECT"
    AWAITING_REVIEW = "AWAITING_REVIEW"


class ReviewState(StrEnum):
    """State of the reviews of a use case."""

    NONE = "NONE"
    CURRENT = "CURRENT"
    SUSPECT = "SUSPECT"
    REJECTED = "REJECTED"


class Explanation(NamedTuple):
    """Explanation of a requirement's state."""

    why: str
    """Reason for the state, in one sentence."""
    completes_it: str = ""
    """What would complete it, in one sentence; empty if COMPLETE or NOT_APPLICABLE."""


class RequirementReadiness(Struct, frozen=True):
    """Readiness of one requirement: state, explanation and evidence."""

    requirement: Requirement
    state: State
    explanation: Explanation
    evidence: tuple[Evidence, ...]
    """The deciding execution for each test and scope; if none counts, the newest one."""
    expires_at: str | None = None
    """Time when it turns STALE (UTC); None: never."""
    expires_soon: bool = False  # 75 % of its max age has passed
    level: str | None = None
    """Weakest evidence level it rests on: ``L0`` recorded, ``L1`` sealed, ``L2`` signed, ``L3`` with a receipt."""
    deciding: tuple[Evidence, ...] = ()
    """The part of ``evidence`` that counts."""
    waived_from: State | None = None
    """The state without its waiver; None: it is not waived."""
    unproven: bool = False
    """It rests on a pass without the item's proof."""
    uncounted: Mapping[str, tuple[State, str]] = {}
    """The rest of ``evidence``: what it shows (STALE, REHEARSED or MISSING), and why it does not count, by id."""
    skipped_since: tuple[Evidence, ...] = ()
    """The newest skip or expected failure of each test that decides and did not run since; not in ``evidence``."""

    @property
    def why(self) -> str:
        """Reason for the state, in one sentence."""
        return self.explanation.why

    @property
    def completes_it(self) -> str:
        """What would complete it, in one sentence; empty if COMPLETE or NOT_APPLICABLE."""
        return self.explanation.completes_it

    @property
    def underlying(self) -> State:
        """The state from the evidence alone."""
        return self.waived_from or self.state

    @property
    def policy_states(self) -> tuple[State, ...]:
        """The states whose policies apply: a retry must not open what a clean pass would not."""
        return policy_states_of(self.state, unproven=True) if self.unproven else _ALONE[self.state]

    @property
    def described(self) -> str:
        """The state as text."""
        return self.state.value if len(self.policy_states) == 1 else f"{self.state.value} without its proof"


class ItemReadiness(Struct, frozen=True):
    """Requirements of one item, and the worst of their states."""

    item: Item
    state: State
    requirements: tuple[RequirementReadiness, ...]


class ReviewStanding(Struct, frozen=True):
    """Newest review of one person, and its current state."""

    decision: decisions.Review
    state: ReviewState
    """``CURRENT``, ``SUSPECT`` or ``REJECTED``; ``NONE``: it does not count."""
    why: tuple[str, ...] = ()
    """Reasons why it is suspect or does not count, one sentence each."""
    lacks_evidence: bool = False
    """The store does not have all that it rests on, and no retired run explains that: it may be another store."""


class ReviewSummary(Struct, frozen=True):
    """Reviews of a use case, and the digest of the basis that a review would pin."""

    state: ReviewState = ReviewState.NONE
    approvals: int = 0
    """Number of people with a current approval."""
    required: int = 1
    by: tuple[str, ...] = ()
    """People behind the state: those who rejected, else those with current approvals, else with suspect ones."""
    basis_digest: str = ""
    """Digest (``sha256:...``) of the use case's requirements."""
    why: tuple[str, ...] = ()
    """Reasons for suspect approvals and rejections, one sentence each."""
    standings: tuple[ReviewStanding, ...] = ()
    """Newest review of each person, oldest first."""


class WaiverStanding(Struct, frozen=True):
    """Waiver, with its validity."""

    decision: decisions.Waiver
    until: str
    """Last valid day (UTC); the cap may end a waiver before the day that it names."""
    void: str | None = None
    """Reason why it is void, in a sentence; None: it is valid."""
    used: bool = False
    """Its requirement is WAIVED by it."""


class BlockerStanding(Struct, frozen=True):
    """Open blocker."""

    decision: decisions.Blocker
    still_open: tuple[str, ...] = ()
    """Reasons why later unblocks did not end it, one sentence each."""


class RetirementStanding(Struct, frozen=True):
    """Retirement of a test with evidence in the use case, with its validity."""

    decision: decisions.Retirement
    void: str | None = None
    """Reason why it is void, in a sentence; None: it is valid."""


class UseCaseReadiness(Struct, frozen=True, dict=True):
    """Readiness of one use case."""

    use_case: UseCase
    status: Status
    phase: Phase | None
    """Only set while IN_PROGRESS."""
    items: tuple[ItemReadiness, ...]
    review: ReviewSummary
    group_holds: tuple[GroupHold, ...] = ()
    """Incomplete run groups that keep its gate closed."""
    open_runs: tuple[str, ...] = ()
    """Ids of unsealed runs that planned or recorded evidence for it."""
    blockers: tuple[BlockerStanding, ...] = ()
    """Open blockers, oldest first."""
    waivers: tuple[WaiverStanding, ...] = ()
    """For each waived requirement the valid waiver; also the newest one if that is void."""
    retirements: tuple[RetirementStanding, ...] = ()
    """Retirements of tests with evidence for it."""
    accepted: tuple[str, ...] = ()
    """Ids of the ASSERTED and FLAKY requirements that the config accepts, or that a current review acknowledged."""
    make_basis: Callable[[], ReviewBasis] = lambda: NO_BASIS
    """Builds ``basis``, which takes a while and is rarely needed."""

    def __eq__(self, other: object) -> bool:
        """Whether both were judged alike. A function such as ``make_basis`` is equal only to itself."""
        return isinstance(other, UseCaseReadiness) and _judged(self) == _judged(other)

    __hash__ = None  # type: ignore[assignment]

    @cached_property
    def basis(self) -> ReviewBasis:
        """The basis that a review would pin now."""
        return self.make_basis()

    @cached_property
    def requirements(self) -> tuple[RequirementReadiness, ...]:
        """All requirements, in order."""
        return tuple([req for item in self.items for req in item.requirements])

    @cached_property
    def required(self) -> tuple[RequirementReadiness, ...]:
        """The requirements that count: all except NOT_APPLICABLE."""
        return tuple([req for req in self.requirements if req.state is not State.NOT_APPLICABLE])

    @property
    def complete(self) -> int:
        """Number of required requirements that are COMPLETE."""
        return sum(req.state is State.COMPLETE for req in self.required)

    @property
    def done(self) -> int:
        """Number of required requirements that are COMPLETE or accepted."""
        return self.complete + len(self.accepted)

    @property
    def waived(self) -> int:
        """Number of required requirements that are WAIVED."""
        return sum(req.state is State.WAIVED for req in self.required)

    @property
    def drift(self) -> bool:
        """Whether the tracker's row declares another status."""
        return bool(self.declared) and self.declared != self.status.value

    @property
    def declared(self) -> str:
        """The status in the tracker's row; the derived one if the word in the row also stands for that."""
        row = self.use_case
        return self.status.value if self.status.value in row.declared_also else row.declared_status


_judged = attrgetter(*(name for name in UseCaseReadiness.__struct_fields__ if name != "make_basis"))


class RemovedUseCase(Struct, frozen=True):
    """Use case without a row in the register that has something open."""

    use_case: str
    why: tuple[str, ...]
    """What is open, one sentence each."""
    void: tuple[str, ...] = ()
    """Reasons why its retirement is void, one sentence each."""
    in_other_commits: bool = False
    """Its row is known only from commits that the judged one does not contain: it did not leave this register."""

    @property
    def sentence(self) -> str:
        """All reasons in one sentence."""
        return f"{self.use_case}: {'; '.join((*self.why, *self.void))}"


class Action(Struct, frozen=True):
    """Next action, and the person who must act."""

    who: str
    action: str
    """Its kind, from ``fix`` to ``sync``: see ``verdict.actions``, which has them by urgency."""
    use_case: str
    requirement: str | None
    text: str


class Readiness(Struct, frozen=True):
    """Readiness of a set of use cases at a moment."""

    register: str
    at: str
    """The moment that is judged (UTC)."""
    use_cases: tuple[UseCaseReadiness, ...]
    other_evidence: tuple[Evidence, ...] = ()
    """Evidence that matches no requirement in force."""
    notes: tuple[str, ...] = ()
    """Decisions about nothing in force, one sentence each."""
    removed: tuple[RemovedUseCase, ...] = ()
    """Use cases without a row that have something open, by id."""
    let_go: frozenset[str] = frozenset()
    """Ids of use cases without a row whose retirement closed everything that was open."""
    places: RealPlaces = NOWHERE
    """Places in which evidence can count."""

    @property
    def removed_here(self) -> tuple[RemovedUseCase, ...]:
        """Use cases that left this register and keep its gate closed."""
        return tuple(use_case for use_case in self.removed if not use_case.in_other_commits)

    @property
    def totals(self) -> dict[Status, int]:
        """Number of use cases with each status."""
        return {status: sum(uc.status is status for uc in self.use_cases) for status in Status}


class RuleResult(Struct, frozen=True):
    """Result of one rule of the gate."""

    rule: str
    passed: bool
    looked_at: int
    """Number of things it checked. A rule that checked none has not passed."""
    detail: str
    wrong: int = 0
    """Number of things that fail it."""


class Verdict(Struct, frozen=True):
    """Verdict of the gate on a set of use cases."""

    eligible: bool
    on: str
    """``review`` or ``evidence``."""
    rules: tuple[RuleResult, ...]
    weaker: tuple[str, ...] = ()
    """Settings that are weaker than their defaults."""
    failing: tuple[str, ...] = ()
    """Ids of the use cases that keep it closed."""
    reliable: bool = False
    """Whether the result can be relied on: config present, use cases in scope, runs sealed and intact."""
    regression: RuleResult | None = None
    """Comparison with an earlier report; None: not requested."""
    enforced: bool = True
    """Whether the gate closes if it does not pass; False: the config asks it only to say so."""

    @property
    def passes(self) -> bool:
        """Whether it passes: eligible; or, if only that is asked, not worse than before, which is no permission."""
        return self.eligible if self.regression is None else self.reliable and self.regression.passed
