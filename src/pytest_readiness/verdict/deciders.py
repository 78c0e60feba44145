"""Who may decide: a listed reviewer, known well enough, who did not record what the decision is about."""

from __future__ import annotations

from collections.abc import Iterable

from ..facts.decision import Known
from .policy import Policy


def may_decide(by: str, known_by: Known, policy: Policy, recorders: Iterable[str] = ()) -> str | None:
    """Return one sentence why a person may not decide, or None where they may.

    Args:
        by: who decides.
        known_by: how that is known.
        policy: whose word counts.
        recorders: who recorded the evidence concerned; for a review only where the policy keeps the two apart.
    """
    if not policy.reviewers:
        return f"nobody may decide: no reviewers are listed ([review] reviewers); {by} is none"
    if not policy.is_reviewer(by):
        return f"{by} is not a listed reviewer ([review] reviewers)"
    if not policy.trusts(known_by):
        least = f'[review] identity = "{policy.identity}"'
        return f"who {by} is, is known only as {known_by.value}, and {least} asks for more"
    if policy.people.includes((one for one in recorders if one), by):
        return f"{by} recorded the evidence concerned, and who recorded it cannot decide on it (four eyes)"
    return None
