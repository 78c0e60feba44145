"""The model, third part: what people decided, and whether it holds (§6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .recorded import BAD, ENDED, Piece
from .standing import Place, Requirement, State, bad_places, could_hold, in_force, requirements_of
from .words import DAY, Config, Policy, UseCase

STRICT_FIRST = {
    "asserted": ("refuse", "acknowledge", "accept"),
    "flaky": ("refuse", "acknowledge", "accept"),
    "waivers": ("refuse", "accept"),
    "release": ("required", "ignore"),
    "clean_commit": (True, False),
    "level": ("L1", "L0"),
    "clock": ("refuse", "ignore"),
    "deselected": ("refuse", "accept"),
}
WAIVER_DAYS = 90


@dataclass(frozen=True)
class Word:
    """A decision that was made, and for a review what it rests on."""

    kind: str
    by: str
    at: int
    target: str
    home: str = "store"
    until: int = 0
    requested_by: str = ""
    config: Config | None = None
    states: tuple[tuple[str, str], ...] = ()
    pins: tuple[tuple[str, Piece], ...] = ()
    """(requirement, piece)."""
    acknowledged: frozenset[tuple[str, str]] = frozenset()
    """(requirement, state): our reading, what was named as ASSERTED and is FLAKY now has to be named anew.

    What was FLAKY and lacked its proof stands there as both: with its proof it would have been named as well.
    """
    seen: frozenset[str] = frozenset()
    """Runs then known with a FAILED or ERROR in the use case."""
    retired: frozenset[str] = frozenset()
    """Tests with anything of the use case that were then known to be retired."""
    runs: frozenset[str] = frozenset()
    """Of the retirement of a use case: the runs that were known."""
    release: str | None = None


@dataclass
class Known:
    """What is known of one use case at a moment."""

    config: Config
    use_case: UseCase
    now: int
    pieces: Sequence[Piece]
    """All of it, retired tests aside, of the release that is judged."""
    every: Sequence[Piece]
    """The same, of whatever release and of retired tests too: what started the use case."""
    bare: dict[str, State] = field(default_factory=dict)
    """The state of each requirement, waivers aside."""
    states: dict[str, State] = field(default_factory=dict)
    needed: dict[str, Requirement] = field(default_factory=dict)


def same(policy: Policy, one: str, other: str) -> bool:
    """§6: ``[people]`` joins the names one person goes by."""
    return _person(policy, one) == _person(policy, other)


def _person(policy: Policy, name: str) -> str:
    return next((who for who, also in policy.people if name == who or name in also), name)


def listed(policy: Policy, name: str) -> bool:
    """§6: "only listed reviewers count, an empty list means nobody"."""
    return any(same(policy, name, one) for one in policy.reviewers)


def counting(words: Iterable[Word], config: Config, now: int) -> list[Word]:
    """§6: both homes are read; of the one that is not in force only blockers and rejections stand."""
    return [
        one for one in words
        if one.at <= now and (one.home == config.decisions or one.kind in ("block", "reject"))
    ]  # fmt: skip


def blockers(words: Sequence[Word], use_case: str, policy: Policy, deciding: Sequence[Piece] = ()) -> list[Word]:
    """§6: blockers that no later unblock ended. Anyone may block; who ends it must be listed and no recorder."""
    ends = [one for one in words if one.kind == "unblock" and one.target == use_case and may(policy, one, deciding)]
    return [
        one for one in words
        if one.kind == "block" and one.target == use_case and not any(end.at > one.at for end in ends)
    ]  # fmt: skip


def may(policy: Policy, word: Word, concerned: Iterable[Piece]) -> bool:
    """§6: "need a listed reviewer who recorded none of the evidence concerned".

    Our reading: concerned is, of a requirement or use case, what decides; of a test, all that it recorded; as far as it
    had started when the decision was made.
    """
    mine = (one for one in concerned if one.start <= word.at and same(policy, one.recorder, word.by))
    return listed(policy, word.by) and not (policy.separate and any(mine))


def rejections(words: Sequence[Word], use_case: str, policy: Policy) -> list[Word]:
    """§6: "a rejection stands until its reviewer approves"."""
    reviews = [one for one in words if one.kind in ("approve", "reject") and one.target == use_case]
    return [
        one for one in reviews
        if one.kind == "reject" and listed(policy, one.by) and not any(
            other.kind == "approve" and other.at > one.at and same(policy, other.by, one.by) for other in reviews
        )
    ]  # fmt: skip


def waived(words: Sequence[Word], requirement: str, state: State, policy: Policy, now: int) -> bool:
    """§6: a waiver in force: by a listed reviewer who is not the requester and recorded none of the evidence.

    Our reading: it changes nothing where the state could be signed without it.
    """
    return not acceptable(policy, state) and any(
        one.kind == "waive" and one.target == requirement and may(policy, one, state.deciding)
        and not same(policy, one.by, one.requested_by) and now < one.until <= one.at + (WAIVER_DAYS + 1) * DAY
        for one in words
    )  # fmt: skip


def acceptable(policy: Policy, state: State) -> bool:
    """§6: COMPLETE; ASSERTED or FLAKY unless its policy is ``refuse``; WAIVED where waivers are accepted.

    §5.5: FLAKY without its proof asks both policies.
    """
    if state.word == "WAIVED":
        return policy.waivers == "accept"
    if state.word not in ("COMPLETE", "ASSERTED", "FLAKY"):
        return False
    return all(policy_of(policy, word) != "refuse" for word in asked(state))


def asked(state: State) -> list[str]:
    """§5.5: which policies a state asks: asserted, flaky, or both."""
    return (["FLAKY"] if state.word == "FLAKY" else []) + (["ASSERTED"] if state.asserted else [])


def lacks(state: State) -> tuple[str, ...]:
    """§5.5: what is said behind the word where the proof is missing too."""
    return (" without its proof",) if state.word == "FLAKY" and state.asserted else ()


def policy_of(policy: Policy, word: str) -> str:
    return policy.flaky if word == "FLAKY" else policy.asserted


def must_be_named(policy: Policy, state: State) -> bool:
    """§6: whether a review has to acknowledge it by name."""
    return state.word in ("ASSERTED", "FLAKY") and any(
        policy_of(policy, word) == "acknowledge" for word in asked(state)
    )


def refused(known: Known, by: str, acknowledged: frozenset[str]) -> bool:
    """§6: whether an approval is refused."""
    policy = known.config.policy
    if not listed(policy, by) or not known.states:
        return True
    for name, state in known.states.items():
        if not acceptable(policy, state) or (must_be_named(policy, state) and name not in acknowledged):
            return True
    return bool(policy.separate) and recorded_what_decides(known, by)


def recorded_what_decides(known: Known, by: str) -> bool:
    """§6, four eyes."""
    policy = known.config.policy
    return any(same(policy, by, piece.recorder) for state in known.states.values() for piece in state.deciding)


def may_sign(word: Word, known: Known) -> bool:
    """§6, four eyes: "an approval does not hold while its reviewer recorded evidence that decides now"."""
    return not (known.config.policy.separate and recorded_what_decides(known, word.by))


def suspect(word: Word, known: Known, words: Sequence[Word], release: str | None) -> bool:
    """§6: "a review goes SUSPECT on adverse or definitional change"; §5.7: or was made for another release."""
    if known.config.policy.release == "required" and (word.release is None or word.release != release):
        return True
    return (
        _newer_failure(word, known)
        or _interruption(word, known)
        or _unnamed(word, known)
        or _defined_otherwise(word, known)
        or any(one.kind == "retire" and one.target not in word.retired and _is_of(one, word, known) for one in words)
        or any(state == "WAIVED" and known.states.get(name, State("")).word != "WAIVED" for name, state in word.states)
    )


def _is_of(retirement: Word, word: Word, known: Known) -> bool:
    """Our reading: of a test that ran for the use case, and not as a rehearsal, or that was signed for it."""
    tests = {
        piece.test for piece in known.every
        if piece.uc == known.use_case.id and piece.result in (*BAD, "PASSED")
        and piece.real and in_force(known.config, piece.environment)
    }  # fmt: skip
    tests |= {piece.test for _, piece in word.pins}
    return retirement.target in tests


def counted_places(piece: Piece, known: Known) -> set[Place]:
    """§5.4, §5.9: the places in which what ended badly says something about a requirement of this use case."""
    if piece.uc != known.use_case.id or piece.result not in BAD:
        return set()
    asked_for = [needed for needed in known.needed.values() if needed.item == piece.item]
    return {
        place for place in bad_places(piece, known.every, known.config)
        if in_force(known.config, place[0]) and any(could_hold(needed, place) for needed in asked_for)
    }  # fmt: skip


def counts_bad(piece: Piece, known: Known) -> bool:
    """Whether what ended badly says something about a requirement of this use case."""
    return bool(counted_places(piece, known))


def longest_age(config: Config) -> int | None:
    """The longest max age of the items, in seconds; None: one of them never turns stale."""
    ages = [item.max_age for item in config.items]
    return None if None in ages else max(ages) * DAY


def runs_with_failures(known: Known) -> frozenset[str]:
    """§6: "the ids of the runs then known with a FAILED or ERROR within the longest max age of its items".

    Of all that is known: where else a failure counts may turn out later, and its reviewer saw it all the same.
    """
    age = longest_age(known.config)
    return frozenset(
        piece.run for piece in known.every
        if piece.uc == known.use_case.id
        and piece.result in ("FAILED", "ERROR")
        and (age is None or piece.start >= known.now - age)
    )  # fmt: skip


def _newer_failure(word: Word, known: Known) -> bool:
    """§6: a newer FAILED or ERROR, even if a later execution passes; and one that the reviewer could not see.

    That is one of another run than those known at the signing, since then or within the longest max age, unless a
    pinned pass of the same test in the same environment and mode started after it.
    """
    age = longest_age(word.config or known.config)
    for piece in known.pieces:
        if not counts_bad(piece, known) or piece.result == "INTERRUPTED":
            continue
        if piece.start > word.at:
            return True
        unseen = piece.run not in word.seen and (age is None or piece.start >= word.at - age)
        places = {
            (pin.environment, pin.mode) for _, pin in word.pins if pin.test == piece.test and pin.start > piece.start
        }
        if unseen and not counted_places(piece, known) <= places:
            return True
    return False


def _interruption(word: Word, known: Known) -> bool:
    """§6: "an INTERRUPTED one whose next execution that ran to its end did not pass".

    Our reading: nor did it where there is none yet; and it comes after what was signed in its place, or where nothing
    was, after the signing. An attempt that was run again in the same place has its next execution in that.
    """
    for piece in known.pieces:
        if piece.result != "INTERRUPTED":
            continue
        wrong = [place for place in counted_places(piece, known) if not _passed_next(piece, place, known)]
        pinned = [
            max((pin.start for _, pin in word.pins if (pin.test, pin.environment, pin.mode) == (piece.test, *place)),
                default=word.at)
            for place in wrong
        ]  # fmt: skip
        if wrong and piece.start > min(pinned):
            return True
    return False


def _passed_next(piece: Piece, place: Place, known: Known) -> bool:
    there = [
        one for one in known.pieces
        if (one.test, one.uc, one.item) == (piece.test, piece.uc, piece.item)
        and (one.environment, one.mode) == place and one.result in ENDED and one.real
    ]  # fmt: skip
    last = [one for one in there if piece.followed and not one.followed and one.execution == piece.execution]
    later = [one for one in there if one.start > piece.start]
    return bool(last or later) and min(last or later, key=lambda one: one.start).result == "PASSED"


def _unnamed(word: Word, known: Known) -> bool:
    """§6: "a requirement that is FLAKY or ASSERTED now and that the review did not name"; where that has to be (§7)."""
    policy = known.config.policy
    return any(
        state.word in ("FLAKY", "ASSERTED")
        and any((name, f"{state.word}{more}") not in word.acknowledged for more in ("", *lacks(state)))
        and any(policy_of(policy, one) != "accept" for one in asked(state))
        for name, state in known.states.items()
    )  # fmt: skip


def _defined_otherwise(word: Word, known: Known) -> bool:
    """§6: changed requirements (items, scopes, environments), or a weaker policy, proof or max age."""
    before, now = word.config, known.config
    row = next(one for one in before.use_cases if one.id == word.target)
    old = {one.id: one for one in requirements_of(before, row)}
    if {(one.id, one.undeclared, one.any_mode) for one in old.values()} != {
        (one.id, one.undeclared, one.any_mode) for one in known.needed.values()
    }:
        return True
    if _real(before) != _real(now):
        return True
    for name, needed in known.needed.items():
        was = old[name]
        if was.proof not in ("none", needed.proof):
            return True
        if was.max_age is not None and (needed.max_age is None or needed.max_age > was.max_age):
            return True
    if before.policy.architecture not in ("ignore", now.policy.architecture):
        return True
    return any(
        order.index(getattr(now.policy, key)) > order.index(getattr(before.policy, key))
        for key, order in STRICT_FIRST.items()
    )


def _real(config: Config) -> set[str]:
    return {name for name, is_real in config.environments if is_real}
