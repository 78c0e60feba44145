"""What attempts that ended badly say of where they took place, beside what the last one says of its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..facts.evidence import CUT_SHORT, Result, standing_in
from ..facts.ledger.line import canonical

BROKEN = frozenset({Result.FAILED.value, Result.ERROR.value, Result.INTERRUPTED.value})
IDLE = frozenset({Result.SKIPPED.value, Result.XFAILED.value, Result.XPASSED.value, Result.NOT_RUN.value})
"""They satisfy and replace nothing."""

_COVERED = "the test was run again here: where it counts is elsewhere"
_Claim = dict[str, Any]


class EarlierAttempt(NamedTuple):
    """An attempt that ended badly, before the test was run again."""

    attempt: dict[str, Any]
    claims: Sequence[_Claim]
    """As they were placed when it ended."""
    is_lost: bool = False
    """Its process died, and nobody knows what it said of its place."""


def merge_earlier_attempts(claims: list[_Claim], result: str, earlier: Iterable[EarlierAttempt]) -> list[_Claim]:
    """Return the claims of a line, and with results of their own those of attempts that took place elsewhere.

    Where the last attempt showed nothing at all, only those that ended badly say where the test ran. One that a later
    attempt covers, and that had not said all of where it runs, may still count elsewhere.
    """
    found = [] if result in IDLE else list(claims)
    covered: list[_Claim] = []
    for attempt, mine, is_lost in reversed(list(earlier)):
        told = {name: attempt[name] for name in ("result", "message") if name in attempt}
        for claim in mine:
            left = claim if is_lost else _uncovered(claim, found)
            if left is not None:
                found.append({**left, "proofs": [], **told})
            if left is not claim and standing_in(claim, Result(attempt["result"])) in CUT_SHORT:
                covered.append({"not_real_because": _COVERED, **claim, "covered": True, "proofs": [], **told})
    return [*found, *_each_once(covered)] or claims


def _each_once(covered: Iterable[_Claim]) -> Iterable[_Claim]:
    """Several attempts that failed alike say as much as the last of them."""
    found: dict[str, _Claim] = {}
    for claim in covered:
        found.setdefault(canonical({name: value for name, value in claim.items() if name != "message"}), claim)
    return found.values()


def _uncovered(claim: _Claim, later: Iterable[_Claim]) -> _Claim | None:
    """Return a claim as far as no later attempt says the same of the same place: the parts that none named again."""
    same = [one for one in later if _place(one) == _place(claim) and _is_as_real(one, claim)]
    if not same:
        return claim
    named = {part for one in same for part in one.get("parts", ())}
    left = [part for part in claim.get("parts", ()) if part not in named]
    return {**claim, "parts": left} if left and all(one.get("parts") for one in same) else None


def _is_as_real(later: _Claim, claim: _Claim) -> bool:
    return "not_real_because" in claim or "not_real_because" not in later


_PLACE = ("use_case", "item", "environment", "provider_mode", "claim_environment", "claim_provider_mode")


def _place(claim: _Claim) -> list[Any]:
    return [claim.get(name) for name in _PLACE]
