"""Who may decide: a listed reviewer, known well enough, who did not record what the decision is about."""

from __future__ import annotations

from collections.abc import Iterable

from ...facts.decision import IdentityLevel
from ..inputs import RunOrigin
from ..policy import Policy


def excluded_people(origins: Iterable[RunOrigin], policy: Policy) -> set[str]:
    """Return who must not decide on what came from there: who recorded it, and where the policy says so who started it.

    Nobody, where the policy keeps nobody apart.
    """
    if not policy.separate:
        return set()
    recorders = {(origin.actor, origin.started_by) for origin in origins}  # of many runs few are different
    names = {name for actor, started_by in recorders for name in recorded_by(actor, started_by, policy)}
    return names - {""}


def recorded_by(actor: str, started_by: str, policy: Policy) -> tuple[str, ...]:
    """Return who counts as having recorded something; perhaps an empty name, where that is not known."""
    return (actor, started_by) if policy.separate == "started_by" else (actor,)


def may_decide(by: str, known_by: IdentityLevel, policy: Policy, apart: Iterable[str] = ()) -> str | None:
    """Return one sentence why a person may not decide, or None where they may.

    Args:
        by: who decides.
        known_by: how that is known.
        policy: whose word counts.
        apart: who recorded the evidence concerned, as ``excluded_people`` says.
    """
    if not policy.reviewers:
        return f"nobody may decide: no reviewers are listed ([review] reviewers); {by} is none"
    if not policy.is_reviewer(by):
        return f"{by} is not a listed reviewer ([review] reviewers)"
    if not policy.trusts(known_by):
        least = f'[review] identity = "{policy.identity}"'
        return f"who {by} is, is known only as {known_by.value}, and {least} asks for more"
    if policy.people.includes((name for name in apart if name), by):
        how = "recorded, or started the job that recorded," if policy.separate == "started_by" else "recorded"
        return f"{by} {how} the evidence concerned, and who recorded it cannot decide on it (four eyes)"
    return None
