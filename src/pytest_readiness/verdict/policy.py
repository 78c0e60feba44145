"""The policy in force: what the gate and the review ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from ..facts.decision import RANKS, IdentityLevel
from ..facts.review_basis import Setting
from ..fast_values import dataclass
from .people import People
from .readiness import State, policy_states_of

NO_ALIASES = People()
Level = Literal["L0", "L1", "L2", "L3"]
_STATE_NAMES = frozenset(state.value for state in State)
Leniency = Literal["refuse", "acknowledge", "accept"]
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
}
"""The settings that say what is enough, each with its values from the weakest; any other value of ``architecture`` is
stricter than that, and neither stricter nor weaker than another."""


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key that the config trusts."""

    name: str
    public: str
    """SubjectPublicKeyInfo, as base64."""
    roles: tuple[str, ...]
    """What it may sign: ``runs``, ``reviews``, ``checkpoints``."""
    person: str | None = None
    """Whose decisions it signs."""


@dataclass(frozen=True, slots=True)
class Policy:
    """``[gate]`` and ``[review]`` of the config, with their defaults."""

    on: Literal["review", "evidence"] = "review"
    """What eligible means: reviewed, or every requirement in a state that a review could accept."""
    asserted: Leniency = "acknowledge"
    """What becomes of a pass without the item's proof."""
    flaky: Leniency = "acknowledge"
    """What becomes of a pass after a failed attempt."""
    waivers: Literal["refuse", "accept"] = "refuse"
    """Whether the gate accepts a waived requirement."""
    release: Literal["ignore", "required"] = "ignore"
    """Whether only evidence made for the release being judged counts."""
    clean_commit: bool = False
    """Whether evidence must come from a commit without local changes."""
    architecture: str = "ignore"
    """The architecture status that must stand beside; ``ignore``: any."""
    clock: Literal["refuse", "ignore"] = "refuse"
    """What becomes of evidence of a run whose clocks disagree."""
    deselected: Literal["accept", "refuse"] = "accept"
    """What becomes of a use case for which a run left out a test that no later run ran."""
    checkpoint: Literal["ignore", "required"] = "ignore"
    """Whether the gate asks for a checkpoint that was kept elsewhere."""
    reviewers: tuple[str, ...] = ()
    """Whose review counts; empty: nobody's."""
    required: int = 1
    """How many reviews are enough."""
    separate: bool | Literal["started_by"] = True
    """Who recorded the evidence cannot decide on it; ``started_by``: nor who started the job that recorded it."""
    identity: Literal["declared", "git", "ci", "signed"] = "declared"
    """Least identity of a reviewer."""
    people: People = NO_ALIASES
    """Who goes by several names."""
    level: Level = "L1"
    """Least level of the evidence."""
    keys: tuple[TrustedKey, ...] = ()
    """Whose signatures count."""
    declared: Policy | None = None
    """The policy of the config, where a single gate is asked for something else; None: this is it."""

    @property
    def signed(self) -> tuple[tuple[str, Setting], ...]:
        """What a review is signed under: each setting of the config that says what is enough, unless at its default.

        So a setting that a later version adds changes nothing that was signed before.
        """
        policy = self.declared or self
        named = ((name, getattr(policy, name)) for name in sorted(STRICTNESS))
        return tuple((name, value) for name, value in named if value != DEFAULTS[name])

    def acceptable(self, state: State) -> bool:
        """Return whether the gate could open on a requirement in this state (a review may still have to name it)."""
        return self.reviewable(state) or self.accepts_waiver(state)

    def can_be_signed(self, state: str, *, unproven: bool) -> bool:
        """Return whether a requirement that a review pins in this state can be approved; an unknown word never."""
        return state in _STATE_NAMES and all(map(self.acceptable, policy_states_of(State(state), unproven=unproven)))

    def must_be_named(self, state: str, *, unproven: bool) -> bool:
        """Return whether a review has to acknowledge a requirement in this state by name."""
        asked = policy_states_of(State(state), unproven=unproven) if state in (State.ASSERTED, State.FLAKY) else ()
        return any(self.leniency(asked_state) != "accept" for asked_state in asked)

    def accepts_waiver(self, state: State) -> bool:
        """Return whether this is the state of a waived requirement, and the gate accepts that."""
        return state is State.WAIVED and self.waivers == "accept"

    def reviewable(self, state: State) -> bool:
        """Return whether a use case with a requirement in this state can be READY_FOR_GO_LIVE once it is reviewed."""
        # Named values, not "anything but refuse": a value that nobody knows must not let anything through.
        return state is State.COMPLETE or self.leniency(state) in ("acknowledge", "accept")

    @property
    def asks_for_plans(self) -> bool:
        """Whether it must be known which tests a run left out."""
        return self.deselected != "accept"

    def leniency(self, state: State) -> Leniency:
        """Return what becomes of a requirement in this state, in a review: only ASSERTED and FLAKY have a policy."""
        if state is State.ASSERTED:
            return self.asserted
        return self.flaky if state is State.FLAKY else "refuse"

    def has_architecture(self, status: str) -> bool:
        """Return whether this is the architecture status that is asked for, whatever Markdown is around it."""
        return _plain_status(status) == _plain_status(self.architecture)

    def is_reviewer(self, name: str) -> bool:
        """Return whether this is one of the names of a listed reviewer."""
        return self.people.includes(self.reviewers, name)

    def trusts(self, known_by: IdentityLevel) -> bool:
        """Return whether an identity that is known in this way is good enough to decide."""
        return RANKS[known_by] >= RANKS[self.identity]

    def weaker(self) -> Iterator[str]:
        """Yield one sentence for each setting that is weaker than its default."""
        if self.on != "review":
            yield f'[gate] on = "{self.on}": nobody has to review'
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
        if not self.separate:
            yield "[review] separate = false: who recorded the evidence may review it, and waive, unblock and retire"


def _plain_status(status: str) -> str:
    return status.strip("`*_ ").casefold()


DEFAULTS: Mapping[str, Setting] = {name: getattr(Policy(), name) for name in STRICTNESS}


def weaker_settings(
    then: tuple[tuple[str, Setting], ...], now: tuple[tuple[str, Setting], ...]
) -> Iterator[tuple[str, Setting, Setting]]:
    """Yield the settings that are weaker now than then, with both values; each is told where not at its default."""
    before, after = dict(then), dict(now)
    for name in sorted({*before, *after}):
        was, is_ = before.get(name, DEFAULTS.get(name, False)), after.get(name, DEFAULTS.get(name, False))
        if was != is_ and not _is_stricter(name, is_, was):
            yield name, was, is_


def _is_stricter(name: str, now: Setting, then: Setting) -> bool:
    """Return whether a value is known to ask for more than another one."""
    order = STRICTNESS.get(name, ())
    if name == "architecture":
        return then in order
    return now in order and then in order and order.index(now) > order.index(then)


def could_sign(policy: tuple[tuple[str, Setting], ...], state: str, *, unproven: bool) -> bool:
    """Return whether a requirement in this state could be approved under these settings, as a review was signed."""
    settings = {name: value for name, value in policy if name in ("asserted", "flaky", "waivers")}
    return Policy(**settings).can_be_signed(state, unproven=unproven)  # type: ignore[arg-type]  # of whatever it says, known words count
