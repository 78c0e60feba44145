"""Policy in force: the settings of the gate and of reviews."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from ..facts.decision import RANKS, IdentityLevel
from ..facts.review_basis import Setting
from ..facts.subject import NO_SUBJECTS
from ..settings.model import GateSettings, Leniency, Level, ReviewSettings
from .inputs import JudgedVersion
from .people import People
from .readiness import State, policy_states_of
from .run_version import RunVersion

NO_ALIASES = People()
_GATE, _REVIEW = GateSettings(), ReviewSettings()
_STATE_NAMES = frozenset(state.value for state in State)
STRICTNESS: Mapping[str, tuple[Setting, ...]] = {
    "asserted": ("accept", "acknowledge", "refuse"),
    "flaky": ("accept", "acknowledge", "refuse"),
    "waivers": ("accept", "refuse"),
    "release": ("ignore", "required"),
    "clean_commit": (False, True),
    "architecture": ("ignore",),
    "level": ("L0", "L1", "L2", "L3"),
    "clock": ("ignore", "refuse"),
    "deselected": ("accept", "refuse"),
    "checkpoint": ("ignore", "required"),
    "subject": ("ignore", "required"),
    "review_subject": ("any", "same"),
}
"""Settings that define what is enough, each with its values from the weakest. Any other value of ``architecture`` is
stricter than the listed one, and incomparable with other such values."""


class TrustedKey(Struct, frozen=True):
    """Public key that the config trusts."""

    name: str
    public: str
    """SubjectPublicKeyInfo as base64."""
    roles: tuple[str, ...]
    """What it may sign: ``runs``, ``reviews``, ``checkpoints``."""
    person: str | None = None
    """The person whose decisions it signs."""


class Policy(Struct, frozen=True):
    """``[gate]`` and ``[review]`` of the config, with their defaults."""

    on: Literal["review", "evidence"] = _GATE.on
    """Meaning of eligible: reviewed, or every requirement in a state that a review could accept."""
    asserted: Leniency = _GATE.asserted
    """How to treat a pass that lacks the item's proof."""
    flaky: Leniency = _GATE.flaky
    """How to treat a pass that follows a failed attempt."""
    waivers: Literal["refuse", "accept"] = _GATE.waivers
    """Whether the gate accepts a waived requirement."""
    release: Literal["ignore", "required"] = _GATE.release
    """Whether only evidence for the judged release counts."""
    clean_commit: bool = _GATE.clean_commit
    """Whether evidence must come from a commit without local changes."""
    architecture: str = _GATE.architecture
    """The required architecture status; ``ignore``: any."""
    clock: Literal["refuse", "ignore"] = _GATE.clock
    """How to treat evidence of a run whose clocks disagree."""
    deselected: Literal["accept", "refuse"] = _GATE.deselected
    """How to treat a use case with a deselected test that no later run ran."""
    checkpoint: Literal["ignore", "required"] = _GATE.checkpoint
    """Whether the gate requires a checkpoint that was stored elsewhere."""
    subject: Literal["ignore", "required"] = _GATE.subject
    """Whether only evidence and reviews for the judged digests count."""
    enforce: bool = _GATE.enforce
    """Whether the gate closes; False: it only says what it would refuse."""
    reviewers: tuple[str, ...] = _REVIEW.reviewers
    """People whose reviews count; empty: nobody's do."""
    required: int = _REVIEW.required
    """Number of required reviews."""
    separate: bool | Literal["started_by"] = _REVIEW.separate
    """Recorders of the evidence cannot decide on it; ``started_by``: nor can the people who started their jobs."""
    identity: Literal["declared", "git", "ci", "signed"] = _REVIEW.identity
    """Least identity level of a reviewer."""
    review_subject: Literal["same", "any"] = _REVIEW.subject
    """Whether an approval counts only for the digests that it was given for."""
    people: People = NO_ALIASES
    """Joined names of people."""
    level: Level = _GATE.level
    """Least level of the evidence."""
    keys: tuple[TrustedKey, ...] = ()
    """Keys whose signatures count."""
    declared: Policy | None = None
    """The policy of the config, if a single gate overrides it; None: this is it."""

    @property
    def signed(self) -> tuple[tuple[str, Setting], ...]:
        """Settings that a review signs: those of the config that define what is enough, unless they have their default.

        A setting that a later version adds therefore changes nothing that was signed before.
        """
        policy = self.declared or self
        named = ((name, getattr(policy, name)) for name in sorted(STRICTNESS))
        return tuple((name, value) for name, value in named if value != DEFAULTS[name])

    def acceptable(self, state: State) -> bool:
        """Return whether the gate can open with a requirement in this state (a review may have to acknowledge it)."""
        return self.reviewable(state) or self.accepts_waiver(state)

    def can_be_signed(self, state: str, *, unproven: bool) -> bool:
        """Return whether a requirement that a review pins in this state can be approved; False for an unknown state."""
        return state in _STATE_NAMES and all(map(self.acceptable, policy_states_of(State(state), unproven=unproven)))

    def must_be_named(self, state: str, *, unproven: bool) -> bool:
        """Return whether a review has to acknowledge a requirement in this state by name."""
        states = policy_states_of(State(state), unproven=unproven) if state in (State.ASSERTED, State.FLAKY) else ()
        return any(self.leniency(asked_state) != "accept" for asked_state in states)

    def accepts_waiver(self, state: State) -> bool:
        """Return whether this is the state of a waived requirement, and the gate accepts waivers."""
        return state is State.WAIVED and self.waivers == "accept"

    def reviewable(self, state: State) -> bool:
        """Return whether a use case with a requirement in this state can be READY_FOR_GO_LIVE after a review."""
        # Allowed values are named, so that an unknown value never opens the gate.
        return state is State.COMPLETE or self.leniency(state) in ("acknowledge", "accept")

    @property
    def asks_for_plans(self) -> bool:
        """Whether the evaluation needs the tests that each run deselected."""
        return self.deselected != "accept"

    def run_version(self, judged: JudgedVersion) -> RunVersion | None:
        """Return what is judged of runs; None: no release and no digest is asked for, or none was named."""
        release = judged.release if self.release != "ignore" else None
        subjects = judged.subjects if self.subject != "ignore" else NO_SUBJECTS
        return RunVersion(release, subjects) if release is not None or subjects else None

    def leniency(self, state: State) -> Leniency:
        """Return how a review treats a requirement in this state. Only ASSERTED and FLAKY have a policy."""
        if state is State.ASSERTED:
            return self.asserted
        return self.flaky if state is State.FLAKY else "refuse"

    def has_architecture(self, status: str) -> bool:
        """Return whether this is the required architecture status, whatever Markdown is around it."""
        return _plain_status(status) == _plain_status(self.architecture)

    def is_reviewer(self, name: str) -> bool:
        """Return whether this is one of the names of a listed reviewer."""
        return self.people.includes(self.reviewers, name)

    def trusts(self, known_by: IdentityLevel) -> bool:
        """Return whether this identity level is high enough to decide."""
        return RANKS[known_by] >= RANKS[self.identity]

    def weaker(self) -> Iterator[str]:
        """Yield one sentence for each setting that is weaker than its default."""
        if self.on != "review":
            yield f'[gate] on = "{self.on}": no review is required'
        if self.asserted == "accept":
            yield '[gate] asserted = "accept": a pass without its proof needs no acknowledgement'
        if self.flaky == "accept":
            yield '[gate] flaky = "accept": a pass after a failed attempt needs no acknowledgement'
        if self.waivers == "accept":
            yield '[gate] waivers = "accept": a waived requirement does not keep the gate closed'
        if self.clock == "ignore":
            yield '[gate] clock = "ignore": a run whose clocks disagree counts'
        if self.level == "L0":
            yield '[gate] level = "L0": evidence need not be sealed'
        if self.review_subject == "any":
            yield '[review] subject = "any": an approval also counts for digests that nobody reviewed'
        if not self.enforce:
            yield "[gate] enforce = false: the gate exits with 0 whatever its verdict"
        if not self.separate:
            yield "[review] separate = false: recorders of the evidence may review it, and waive, unblock and retire"


def _plain_status(status: str) -> str:
    return status.strip("`*_ ").casefold()


DEFAULTS: Mapping[str, Setting] = {name: getattr(Policy(), name) for name in STRICTNESS}


def weaker_settings(
    then: tuple[tuple[str, Setting], ...], now: tuple[tuple[str, Setting], ...]
) -> Iterator[tuple[str, Setting, Setting]]:
    """Yield the settings that are weaker now than before, with both values. The inputs omit defaults."""
    before, after = dict(then), dict(now)
    for name in sorted({*before, *after}):
        before_value, now_value = (
            before.get(name, DEFAULTS.get(name, False)),
            after.get(name, DEFAULTS.get(name, False)),
        )
        if before_value != now_value and not _is_stricter(name, now_value, before_value):
            yield name, before_value, now_value


def _is_stricter(name: str, now: Setting, then: Setting) -> bool:
    """Return whether a value is known to be stricter than another one."""
    order = STRICTNESS.get(name, ())
    if name == "architecture":
        return then in order
    return now in order and then in order and order.index(now) > order.index(then)


def could_sign(policy: tuple[tuple[str, Setting], ...], state: str, *, unproven: bool) -> bool:
    """Return whether a requirement in this state could be approved under the settings that a review was signed with."""
    settings = {name: value for name, value in policy if name in ("asserted", "flaky", "waivers")}
    return Policy(**settings).can_be_signed(state, unproven=unproven)  # type: ignore[arg-type]  # unknown values count as refused
