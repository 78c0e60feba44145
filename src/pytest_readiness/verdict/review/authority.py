"""Authority to decide: listed reviewers with a sufficient identity who did not record the evidence."""

from __future__ import annotations

from collections.abc import Iterable

from ...facts.decision import IdentityLevel
from ..inputs import RunOrigin
from ..policy import Policy


def excluded_people(origins: Iterable[RunOrigin], policy: Policy) -> set[str]:
    """Return the people who must not decide on evidence of these origins: recorders, by policy also who started them.

    Empty if the policy does not separate recorders from reviewers.
    """
    if not policy.separate:
        return set()
    recorders = {(origin.actor, origin.started_by) for origin in origins}  # few of many runs differ
    names = {name for actor, started_by in recorders for name in recorded_by(actor, started_by, policy)}
    return names - {""}


def recorded_by(actor: str, started_by: str, policy: Policy) -> tuple[str, ...]:
    """Return the names that count as recorders; a name may be empty, if it is not known."""
    return (actor, started_by) if policy.separate == "started_by" else (actor,)


def may_decide(by: str, known_by: IdentityLevel, policy: Policy, recorders: Iterable[str] = ()) -> str | None:
    """Return one sentence why a person may not decide; None: they may.

    Args:
        by: the person who decides.
        known_by: how their identity is known.
        policy: names the reviewers.
        recorders: recorders of the evidence concerned, from ``excluded_people``.
    """
    if not policy.reviewers:
        return f"{by} may not decide: no reviewers are listed ([review] reviewers)"
    if not policy.is_reviewer(by):
        return f"{by} is not a listed reviewer ([review] reviewers)"
    if not policy.trusts(known_by):
        least = f'[review] identity = "{policy.identity}"'
        return f"the identity of {by} is only {known_by.value}, and {least} requires more"
    if policy.people.includes((name for name in recorders if name), by):
        how = "recorded, or started the job that recorded," if policy.separate == "started_by" else "recorded"
        return f"{by} {how} the evidence concerned, and cannot decide on it (four eyes)"
    return None
