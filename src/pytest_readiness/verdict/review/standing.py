"""The standing of the reviews of a use case: who approves, what made an approval suspect, who rejects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...facts.decision import Decision, Review as SignOff, ReviewMeaning, counts_at
from ..explanations import first_line
from ..inputs import RunOrigin
from ..policy import Policy
from ..readiness import ReviewStanding, ReviewState, ReviewSummary
from .authority import may_decide
from .invalidation import ReviewFacts, ReviewHorizon, invalidation_reasons
from .pins import recorders_now


def review_summary(reviews: Iterable[SignOff], seen: ReviewFacts, origins: Mapping[str, RunOrigin]) -> ReviewSummary:
    """Return how a use case is reviewed.

    Args:
        reviews: its reviews up to the moment being judged, in any order.
        seen: what is known of it.
        origins: who recorded each run, by run id.
    """
    policy = seen.policy
    standings = tuple(_standing(one, seen, origins) for one in _newest_of_each(reviews, policy))
    rejections = [one for one in standings if one.state is ReviewState.REJECTED]
    current = [one for one in standings if one.state is ReviewState.CURRENT]
    suspect = [one for one in standings if one.state is ReviewState.SUSPECT]
    if rejections:
        state, givers = ReviewState.REJECTED, rejections
    elif suspect and len(current) < policy.required:
        state, givers = ReviewState.SUSPECT, suspect
    else:
        state, givers = (ReviewState.CURRENT if current else ReviewState.NONE), current
    return ReviewSummary(
        state=state,
        approvals=len(current),
        required=policy.required,
        by=tuple(one.decision.by for one in givers),
        basis_digest=seen.digest,
        why=tuple(dict.fromkeys(sentence for one in (*rejections, *suspect) for sentence in one.why)),
        standings=standings,
    )


def standing_rejections(reviews: Iterable[SignOff], policy: Policy) -> list[SignOff]:
    """Return the rejections that stand, oldest first."""
    return [one for one in _newest_of_each(reviews, policy) if one.meaning is ReviewMeaning.REJECTED]


def horizons_of(counting: Iterable[SignOff]) -> dict[str, list[ReviewHorizon]]:
    """Return for each use case up to where those who gave these approvals saw what had failed."""
    found: dict[str, list[ReviewHorizon]] = {}
    for one in counting:
        found.setdefault(one.use_case, []).append(ReviewHorizon.from_review(one))
    return found


def starts_of(counting: Iterable[SignOff]) -> dict[str, str]:
    """Return for each use case the moment after which an interruption can make one of these approvals of it suspect.

    It is the start of the oldest execution that they rest on.
    """
    found: dict[str, str] = {}
    for one in counting:
        starts = [pin.started_at for row in one.basis.requirements for pin in row.pins]
        found[one.use_case] = min([*starts, one.seen_until, found.get(one.use_case, one.seen_until)])
    return found


def pinned_ids(decisions: Sequence[Decision], policy: Policy, now: str) -> set[str]:
    """Return the ids of the evidence that the newest approvals rest on."""
    return pins_of(newest_approvals(decisions, policy, now))


def pins_of(counting: Iterable[SignOff]) -> set[str]:
    """Return the ids of the evidence that these approvals rest on."""
    return {pin.evidence_id for one in counting for row in one.basis.requirements for pin in row.pins}


def newest_approvals(decisions: Iterable[Decision], policy: Policy, now: str) -> list[SignOff]:
    """Return each listed reviewer's newest review of each use case, where it approves."""
    return [
        one
        for reviews in _by_use_case(decisions, now).values()
        for one in _newest_of_each(reviews, policy)
        if one.meaning is ReviewMeaning.APPROVED_FOR_GO_LIVE and policy.is_reviewer(one.by)
    ]


def _by_use_case(decisions: Iterable[Decision], now: str) -> dict[str, list[SignOff]]:
    found: dict[str, list[SignOff]] = {}
    for one in decisions:
        if isinstance(one, SignOff) and counts_at(one, now):
            found.setdefault(one.use_case, []).append(one)
    return found


def _newest_of_each(reviews: Iterable[SignOff], policy: Policy) -> list[SignOff]:
    """Return each person's newest review, oldest first.

    An approval by someone who is not known well enough replaces nothing: a name is easily given. A rejection makes
    things worse, which anyone may; and it must not vanish with its reviewer's place on the list.
    """
    found = list(reviews)
    newest: dict[str, SignOff] = {}
    for one in sorted(found, key=_recency) if len(found) > 1 else found:
        if one.meaning is ReviewMeaning.REJECTED or policy.trusts(one.known_by):
            newest[policy.people.person(one.by)] = one
    return sorted(newest.values(), key=_recency) if len(newest) > 1 else list(newest.values())


def _recency(review: SignOff) -> tuple[str, bool, str, str, tuple[str, ...]]:
    """Of two reviews at the same moment the rejection is the newer one."""
    rejects = review.meaning is ReviewMeaning.REJECTED
    return review.at, rejects, review.by, review.basis.digest, review.acknowledged


def _standing(review: SignOff, seen: ReviewFacts, origins: Mapping[str, RunOrigin]) -> ReviewStanding:
    if review.meaning is not ReviewMeaning.APPROVED_FOR_GO_LIVE:
        said = f"{first_line(review.by)} rejected it: {first_line(review.comment) or 'no comment'}"
        return ReviewStanding(review, ReviewState.REJECTED, (said,))
    apart = recorders_now(seen.required, review.basis, origins, seen.policy)
    wrong = may_decide(review.by, review.known_by, seen.policy, apart)
    if wrong:
        return ReviewStanding(review, ReviewState.NONE, (wrong,))
    why = invalidation_reasons(review, seen)
    return ReviewStanding(review, ReviewState.SUSPECT if why else ReviewState.CURRENT, why)
