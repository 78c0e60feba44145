"""The model, second part: requirements and their states (§4 and §5.2 to 5.6, 5.9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .recorded import BAD, ENDED, WORST_FIRST, Piece, is_real
from .words import DAY, Config, UseCase

Place = tuple[str | None, str | None]


@dataclass(frozen=True)
class Requirement:
    """§2: use case x item x scope."""

    id: str
    uc: str
    item: str
    environment: str | None
    mode: str | None
    part: str | None
    proof: str
    max_age: int | None
    any_mode: bool = False
    undeclared: bool = False


@dataclass
class State:
    """Where a requirement stands."""

    word: str
    asserted: bool = False
    """FLAKY, and its proof is missing as well (§5.5)."""
    deciding: list[Piece] = field(default_factory=list)


def requirements_of(config: Config, use_case: UseCase) -> Iterator[Requirement]:
    """§2, §4 and the config's reference: what a use case needs; what is declared not applicable is left out.

    A use case that lists no environments needs each declared real one, and so for provider modes. Where no real
    environment is declared, an item scoped by environment is one requirement that nothing satisfies; where no mode is
    declared, an item scoped by mode is one that any stated mode satisfies.
    """
    for item in config.items:
        environments: Sequence[str | None] = (None,)
        modes: Sequence[str | None] = (None,)
        undeclared = any_mode = False
        if "environment" in item.scope:
            real = tuple(name for name, is_one in config.environments if is_one)
            named = real if use_case.environments is None else use_case.environments
            environments, undeclared = named or (None,), not named
        if "provider_mode" in item.scope:
            real = tuple(name for name, is_one in config.modes if is_one)
            named = real if use_case.modes is None else use_case.modes
            modes, any_mode = named or (None,), not named
        parts = use_case.drills if item.proof == "drill" and use_case.drills else item.parts
        for environment in environments:
            for mode in modes:
                for part in parts or (None,):
                    tail = "/".join(name for name in (item.key, environment, mode, part) if name)
                    proof = (part or "none") if item.proof == "part" else item.proof
                    if item.key not in use_case.not_applicable:
                        yield Requirement(
                            f"{use_case.id}/{tail}", use_case.id, item.key, environment, mode, part, proof,
                            item.max_age, any_mode, undeclared,
                        )  # fmt: skip


def within(piece: Piece, place: Place) -> bool:
    """§4: "a claim's environment and provider mode are a limit"."""
    return piece.limit_environment in (None, place[0]) and piece.limit_mode in (None, place[1])


def could_hold(needed: Requirement, place: Place) -> bool:
    """Whether a place is one that the requirement asks about; where modes matter, one has to be stated (§4)."""
    environment, mode = place
    if needed.undeclared or needed.environment not in (None, environment) or needed.mode not in (None, mode):
        return False
    return not needed.any_mode or mode is not None


def names(piece: Piece, part: str | None) -> bool:
    """Whether a piece speaks of a part: of those that it names, and where it names none, of all (§4, §5.4)."""
    return part is None or not piece.parts or part in piece.parts


def bad_places(piece: Piece, all_pieces: Sequence[Piece], config: Config) -> set[Place]:
    """§5.4: where an execution that ended badly counts.

    Where its run took place, if that is real. If it ended before it named a scope: also in each environment and mode
    where an earlier execution of that test placed itself, or that its mark names (other than the run's) and an earlier
    execution covered. Our reading: each of environment and mode by itself, since either can be named alone; the other
    one is the run's. What was skipped or expected to fail has covered nothing, as it satisfies and replaces nothing.
    Where the run states no mode, a mode that the mark names needs no earlier execution: it can be no other.
    """
    own = (piece.environment, piece.mode)
    found = {own} if piece.real and within(piece, own) else set()
    earlier = [
        one for one in all_pieces
        if (one.test, one.uc, one.item) == (piece.test, piece.uc, piece.item) and one.start < piece.start
    ]  # fmt: skip
    environments, modes = {piece.environment}, {piece.mode}
    if not piece.own_environment:
        environments |= {one.environment for one in earlier if one.own_environment}
        named = {environment for environment, _ in piece.marked if environment}
        environments |= {one.environment for one in earlier if one.environment in named and _covered(one)}
    for one in earlier if piece.mode in piece.proven else ():
        modes |= one.proven if piece.mode in one.proven else set()  # which it showed beside this one
    if not piece.own_mode:
        modes |= {one.mode for one in earlier if one.own_mode}
        named = {mode for _, mode in piece.marked if mode}
        modes |= named if piece.mode is None else set()
        modes |= {one.mode for one in earlier if one.mode in named and _covered(one)}
    for place in ((environment, mode) for environment in environments for mode in modes):
        if place != own and is_real(config, *place) and within(piece, place):
            found.add(place)
    return found


def _covered(piece: Piece) -> bool:
    ran = piece.result in (*BAD, "PASSED")
    return ran and piece.real and within(piece, (piece.environment, piece.mode))


def in_force(config: Config, environment: str | None) -> bool:
    """§5.9: "evidence counts where the requirements in force declare its environment real"."""
    return environment is not None and dict(config.environments).get(environment, False)


def state_of(needed: Requirement, known: Sequence[Piece], config: Config, now: int, ever: Sequence[Piece]) -> State:
    """§5.2 to 5.6: the state of a requirement, waivers aside.

    ``ever``: pieces of any release. Our reading of §5.7: a failure counts only for its release, and where its test
    places itself is known by all.
    """
    pieces = [one for one in known if (one.uc, one.item) == (needed.uc, needed.item)]
    bad, passed = [], []
    for test in sorted({one.test for one in pieces}):
        mine = [one for one in pieces if one.test == test]
        for place in _places(mine, config, ever):
            if could_hold(needed, place):
                worse, good = _slot(needed, mine, place, config, now, ever)
                bad += worse
                passed += good
    if bad:
        word = "FAILING" if any(one.result != "INTERRUPTED" for one in bad) else "INTERRUPTED"
        return State(word, deciding=bad + passed)
    if passed:
        return _passed(needed, passed, now)
    ran = any(_counts(one, config) and one.result in (*BAD, "PASSED") and _speaks(needed, one) for one in pieces)
    rehearsed = not ran and any(_rehearses(needed, one, config) for one in pieces)  # "only rehearsals"
    return State("REHEARSED" if rehearsed else "MISSING")


def concerns(needed: Requirement, piece: Piece, config: Config) -> bool:
    """Our reading of §8: whether a gate has something to look at in a piece, for or against what is required.

    It has where the piece is about the requirement and states nothing against that, whatever became of it.
    """
    if (piece.uc, piece.item) != (needed.uc, needed.item) or (piece.covered and not piece.real):
        return False
    return names(piece, needed.part) and _could_be_about(needed, piece, config)


def _speaks(needed: Requirement, piece: Piece) -> bool:
    place = (piece.environment, piece.mode)
    return could_hold(needed, place) and within(piece, place) and names(piece, needed.part)


def _rehearses(needed: Requirement, piece: Piece, config: Config) -> bool:
    """§5.1, §5: whether a rehearsal speaks of a requirement.

    Our reading: of any, but where it ran in a real environment or mode, only of that; and where its mark names one,
    only of that. What was real when it was recorded ran where it ran (that is fixed at recording): once its
    environment is not real any more it shows nothing (§5.9), of the others least of all.
    """
    if (
        _counts(piece, config)
        or piece.covered
        or piece.result not in (*BAD, "PASSED")
        or not names(piece, needed.part)
        or needed.undeclared
    ):
        return False
    return _could_be_about(needed, piece, config)


def _could_be_about(needed: Requirement, piece: Piece, config: Config) -> bool:
    """Whether a piece states no place or limit that excludes what is needed."""
    real_environment = piece.real or in_force(config, piece.environment)
    real_mode = piece.mode is not None and (piece.real or dict(config.modes).get(piece.mode, not config.modes))
    for wanted, limit, place, is_real_place in (
        (needed.environment, piece.limit_environment, piece.environment, real_environment),
        (needed.mode, piece.limit_mode, piece.mode, real_mode),
    ):
        if is_real_place and (wanted not in (None, place) or limit not in (None, place)):
            return False
        if not is_real_place and wanted is not None and limit not in (None, wanted):
            return False
    return True


def _counts(piece: Piece, config: Config) -> bool:
    return piece.real and in_force(config, piece.environment)


def _places(mine: Sequence[Piece], config: Config, ever: Sequence[Piece]) -> set[Place]:
    found = {(one.environment, one.mode) for one in mine if _counts(one, config)}
    for one in mine:
        if one.result in BAD:
            found |= {place for place in bad_places(one, ever, config) if in_force(config, place[0])}
    return found


def _slot(
    needed: Requirement, mine: Sequence[Piece], place: Place, config: Config, now: int, ever: Sequence[Piece]
) -> tuple[list[Piece], list[Piece]]:
    """§5.2 to 5.4: what decides for one test in one environment and mode: the newest that ended badly, or passed.

    What ended badly is replaced only by the test's next real execution that runs to its end there; what ended before it
    named a part, whatever part that names. Our reading: what is replaced counts no more, and an older pass of another
    part stands again. Equal start times: the worse result wins. What starts after the moment being judged never passes.

    Our reading of a test that says its provider mode: what ended before that, in a run of no mode, is replaced where
    the test runs in that environment and says it, as it never ends in no mode.
    """
    here = [one for one in mine if _counts(one, config) and (one.environment, one.mode) == place and within(one, place)]
    every = [one for one in mine if one.result in BAD and place in bad_places(one, ever, config)]
    bad = [one for one in every if names(one, needed.part)]
    ended = [one for one in here if one.result in ENDED and (one.start <= now or one.result != "PASSED")]
    said = [
        one for one in mine
        if one.own_mode and one.result in ENDED and (one.start <= now or one.result != "PASSED")
        and one.environment == place[0] and _counts(one, config) and within(one, (one.environment, one.mode))
    ]  # fmt: skip

    def is_replaced(one: Piece, part: str | None) -> bool:
        unsaid = place[1] is None and one.mode is None and not one.own_mode and not (needed.part and one.parts)
        return _is_replaced(one, (*ended, *(said if unsaid else ())), place, part)

    standing = [one for one in bad if not is_replaced(one, needed.part)]
    if standing:
        newest = max(one.start for one in standing)
        last = [one for one in standing if one.start == newest]
        worst = min((one.result for one in last), key=WORST_FIRST.index)
        return [one for one in last if one.result == worst], []
    passes = [one for one in here if one.result == "PASSED" and one.start <= now and names(one, needed.part)]
    newest = max((one.start for one in passes), default=0)
    passes = [one for one in passes if one.start == newest]
    if any(item.key == needed.item and item.proof == "replay" for item in config.items):
        stated = {one.execution for one in passes if one.replay}  # several marks of one test add up
        passes = [one for one in passes if one.execution in stated]
    # Our reading: what named another part had not come to this one yet, and beats the same test's older pass of it.
    others = [one for one in every if one not in bad and passes and one.start >= newest]
    others = [one for one in others if not is_replaced(one, None)]
    if others:
        newest = max(one.start for one in others)
        return [one for one in others if one.start == newest], []
    return [], passes


def _is_replaced(one: Piece, ended: Sequence[Piece], place: Place, part: str | None) -> bool:
    """§5.4, and §5.2 for what named its part: of a requirement of that part only what names it too is newer.

    An attempt is replaced by the last one of its execution too, but for a part that only it named there.
    """
    named = part is not None and bool(one.parts) and place == (one.environment, one.mode)
    if any(other.start > one.start and (not named or names(other, part)) for other in ended):
        return True
    if not one.followed or named:
        return False
    return any(other.execution == one.execution and not other.followed for other in ended)


def _passed(needed: Requirement, passed: list[Piece], now: int) -> State:
    """§4, §5.5, §5.6: a pass, with its proof or without, after a failed attempt or not, and not too old.

    Our reading of several tests of different ages: the newest pass says whether it is STALE, and a proof that is too
    old itself proves nothing any more. STALE goes before FLAKY: what is stale is in no acceptable state.
    """
    fresh = [one for one in passed if needed.max_age is None or now - one.start <= needed.max_age * DAY]
    if not fresh:
        return State("STALE", deciding=passed)
    proven = needed.proof == "none" or any(_shows(one, needed) for one in fresh)
    if any(one.flaky for one in passed):
        return State("FLAKY", asserted=not proven, deciding=passed)
    return State("COMPLETE" if proven else "ASSERTED", asserted=not proven, deciding=passed)


def _shows(piece: Piece, needed: Requirement) -> bool:
    return any(
        what == needed.proof and (what != "drill" or needed.part in (None, value)) for what, value in piece.proofs
    )
