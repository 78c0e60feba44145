"""Tests that show something else for a requirement than before, whatever the state of the requirement."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from operator import itemgetter
from typing import NamedTuple

from .readiness import State
from .snapshots import RequirementSnapshot, ShownEvidence

VERBS = {
    State.COMPLETE: "passed",
    State.ASSERTED: "passed without its proof",
    State.WAIVED: "was waived",
    State.NOT_APPLICABLE: "does not apply any more",
    State.STALE: "expired",
    State.REHEARSED: "is only rehearsed",
    State.MISSING: "is missing",
    State.FLAKY: "passed only at a later attempt",
    State.INTERRUPTED: "was interrupted",
    State.FAILING: "failed",
}
_RANKS = {State.FAILING: 0, State.INTERRUPTED: 1, State.FLAKY: 2, State.ASSERTED: 4, State.COMPLETE: 5}
"""Rank of what a test alone shows, the worst first; a flaky pass with its proof is one above that without it."""
_LEAST_PASS = _RANKS[State.FLAKY]


class TestStep(NamedTuple):
    """One test that shows something else for a requirement."""

    test: str
    before: str
    """The earlier result; of two passes, what each shows; empty: it had none."""
    after: str
    because: str
    evidence: str | None = None
    better: bool = False


def changed_tests(
    first: RequirementSnapshot, last: RequirementSnapshot, retired: Collection[str], *, by_result: bool
) -> Iterator[TestStep]:
    """Yield the tests that show something else for a requirement than before, by test and by place.

    A test is worse that ran and no longer does, anywhere or in one place, that fails or was interrupted and did not
    before, that passes only at a later attempt or without the proof and did better before, or that no longer counts.
    It is better if it is the other way round, or if a reviewer retired it. A new test that passes changes nothing, and
    neither does a pass that expired.

    Args:
        first: the requirement before.
        last: the requirement after.
        retired: the retired tests.
        by_result: compare results only, as one side says no more of them.
    """
    if State.NOT_APPLICABLE in (first.state, last.state):
        return
    tests = last.tests
    for test, piece in sorted(first.tests.items(), key=itemgetter(0)):
        if piece.ran and (test not in tests or not tests[test].ran):
            yield _idle_step(test, piece, tests.get(test))
    earlier, later = first.places, last.places
    for place, piece in sorted(earlier.items(), key=itemgetter(0)):
        is_known = place in later or piece.test_id in retired or _rank(piece, by_result=by_result) is None
        if not is_known and piece.ran and piece.test_id in tests and tests[piece.test_id].ran:
            yield TestStep(piece.test_id, piece.result, "", f"is gone{_in_place(last.id, piece)}")
    for place, piece in sorted(later.items(), key=itemgetter(0)):
        was = earlier.get(place)
        ranks = [
            None if shown is None or shown.test_id in retired else _rank(shown, by_result=by_result)
            for shown in (was, piece)
        ]
        if tests[piece.test_id].ran and (step := _step(last.id, was, piece, *ranks)) is not None:
            yield step
        elif piece.test_id in retired and was is not None and not was.why_not and was.ran:
            yield TestStep(piece.test_id, was.result, "", "was retired", piece.id, better=True)


def _idle_step(test: str, before: ShownEvidence, after: ShownEvidence | None) -> TestStep:
    """Return that a test which ran no longer does."""
    if after is None:
        return TestStep(test, before.result, "", "is gone")
    because = f"is {after.result}" if after.real else "is only rehearsed"
    return TestStep(test, before.result, after.result, because, after.id)


def _rank(piece: ShownEvidence, *, by_result: bool) -> int | None:
    """Return the rank of what evidence shows; None: it does not count."""
    if by_result:
        passed = piece.ran and piece.shows not in (State.FAILING, State.INTERRUPTED)
        return _RANKS[State.COMPLETE] if passed else _RANKS.get(piece.shows)
    if piece.why_not:
        return None
    rank = _RANKS.get(piece.shows)
    return rank + 1 if rank is not None and piece.shows is State.FLAKY and piece.proven else rank


def _step(
    requirement: str, was: ShownEvidence | None, piece: ShownEvidence, before: int | None, after: int | None
) -> TestStep | None:
    """Return what changed about a test in one place; None: nothing that matters."""
    if before == after:
        return None
    if after is None:
        is_lost = before is not None and before >= _LEAST_PASS and piece.shows is not State.STALE and piece.why_not
        if was is None or not is_lost:
            return None
        because = f"no longer counts: {piece.why_not}"
        return TestStep(piece.test_id, was.result, piece.shows.value, because, piece.id)
    if before is None and after >= _LEAST_PASS:
        return None
    words = _words(was, piece, counted=before is not None)
    because = f"{VERBS[piece.shows]}{_in_place(requirement, piece)}"
    return TestStep(piece.test_id, *words, because, piece.id, better=before is not None and after > before)


def _words(was: ShownEvidence | None, piece: ShownEvidence, *, counted: bool) -> tuple[str, str]:
    """Return the two results; of two equal ones what each shows; and what does not count by what it shows."""
    if was is None:
        return "", piece.result
    if not counted:
        return was.shows.value if was.ran or not was.real else was.result, piece.result
    return (was.result, piece.result) if was.result != piece.result else (_shown(was), _shown(piece))


def _shown(piece: ShownEvidence) -> str:
    unproven = piece.shows is State.FLAKY and not piece.proven
    return f"{piece.shows.value} without its proof" if unproven else piece.shows.value


def _in_place(requirement: str, piece: ShownEvidence) -> str:
    """Return the place in which a test ran, unless the id of the requirement names it."""
    scope = requirement.split("/")
    environment = f" in {piece.environment}" if piece.environment and piece.environment not in scope else ""
    mode = f" with {piece.provider_mode}" if piece.provider_mode and piece.provider_mode not in scope else ""
    return environment + mode
