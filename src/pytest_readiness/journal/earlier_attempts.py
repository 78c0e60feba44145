"""Claims of earlier attempts that ended badly in another place than the last attempt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..facts.evidence import CUT_SHORT, Result, standing_in
from ..facts.ledger.line import canonical

BROKEN = frozenset({Result.FAILED.value, Result.ERROR.value, Result.INTERRUPTED.value})
IDLE = frozenset({Result.SKIPPED.value, Result.XFAILED.value, Result.XPASSED.value, Result.NOT_RUN.value})
"""Results that neither satisfy nor replace anything."""

_COVERED = "the test was run again here: where it counts is elsewhere"
_Claim = dict[str, Any]


class EarlierAttempt(NamedTuple):
    """An attempt that ended badly before the test was run again."""

    attempt: dict[str, Any]
    claims: Sequence[_Claim]
    """The claims with the place of this attempt."""
    is_lost: bool = False
    """Its process died, so its place may be incomplete."""


def merge_earlier_attempts(claims: list[_Claim], result: str, earlier: Iterable[EarlierAttempt]) -> list[_Claim]:
    """Return the claims of a line, followed by those of earlier attempts in other places, with results of their own.

    If the last attempt showed nothing at all, only the attempts that ended badly count. If a later attempt covers one
    that had not stated all of its place, it may still count elsewhere.
    """
    merged = [] if result in IDLE else list(claims)
    covered: list[_Claim] = []
    for attempt, attempt_claims, is_lost in reversed(list(earlier)):
        outcome = {name: attempt[name] for name in ("result", "message") if name in attempt}
        for claim in attempt_claims:
            remaining = claim if is_lost else _uncovered(claim, merged)
            if remaining is not None:
                merged.append({**remaining, "proofs": [], **outcome})
            if remaining is not claim and standing_in(claim, Result(attempt["result"])) in CUT_SHORT:
                covered.append({"not_real_because": _COVERED, **claim, "covered": True, "proofs": [], **outcome})
    return [*merged, *_unique(covered)] or claims


def _unique(covered: Iterable[_Claim]) -> Iterable[_Claim]:
    """Return equal claims once: of attempts that failed alike the last one is enough."""
    unique: dict[str, _Claim] = {}
    for claim in covered:
        unique.setdefault(canonical({name: value for name, value in claim.items() if name != "message"}), claim)
    return unique.values()


def _uncovered(claim: _Claim, later: Iterable[_Claim]) -> _Claim | None:
    """Return a claim without the parts that later attempts in the same place named again. None: nothing remains."""
    same = [other for other in later if _place_of(other) == _place_of(claim) and _is_as_real(other, claim)]
    if not same:
        return claim
    named = {part for other in same for part in other.get("parts", ())}
    remaining = [part for part in claim.get("parts", ()) if part not in named]
    return {**claim, "parts": remaining} if remaining and all(other.get("parts") for other in same) else None


def _is_as_real(later: _Claim, claim: _Claim) -> bool:
    return "not_real_because" in claim or "not_real_because" not in later


_PLACE = ("use_case", "item", "environment", "provider_mode", "claim_environment", "claim_provider_mode")


def _place_of(claim: _Claim) -> list[Any]:
    return [claim.get(name) for name in _PLACE]
