"""Standing of a use case's reviews: approvals, suspect approvals and rejections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...facts.decision import Decision, Review as SignOff, ReviewMeaning, counts_at
from ..explanations import first_line
from ..inputs import RunOrigin, run_of
from ..policy import Policy
from ..readiness import ReviewStanding, ReviewState, ReviewSummary
from .authority import may_decide
from .invalidation import ReviewFacts, ReviewHorizon, invalidation_reasons
from .pins import recorders_now


def review_summary(reviews: Iterable[SignOff], facts: ReviewFacts, origins: Mapping[str, RunOrigin]) -> ReviewSummary:
    """Return the state of a use case's reviews.

    Args:
        reviews: its reviews up to the moment being judged, in any order.
        facts: the known facts of the use case.
        origins: origin of each run, by run id.
    """
    policy = facts.policy
    standings = tuple(_standing(review, facts, origins) for review in _newest_of_each(reviews, policy))
    rejections = [standing for standing in standings if standing.state is ReviewState.REJECTED]
    current = [standing for standing in standings if standing.state is ReviewState.CURRENT]
    suspect = [standing for standing in standings if standing.state is ReviewState.SUSPECT]
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
        by=tuple(standing.decision.by for standing in givers),
        basis_digest=facts.digest,
        why=tuple(dict.fromkeys(sentence for standing in (*rejections, *suspect) for sentence in standing.why)),
        standings=standings,
    )


def standing_rejections(reviews: Iterable[SignOff], policy: Policy) -> list[SignOff]:
    """Return the rejections in force, oldest first."""
    return [review for review in _newest_of_each(reviews, policy) if review.meaning is ReviewMeaning.REJECTED]


def horizons_of(counting: Iterable[SignOff]) -> dict[str, list[ReviewHorizon]]:
    """Return the horizons of these approvals by use case."""
    horizons: dict[str, list[ReviewHorizon]] = {}
    for review in counting:
        horizons.setdefault(review.use_case, []).append(ReviewHorizon.from_review(review))
    return horizons


def starts_of(counting: Iterable[SignOff]) -> dict[str, str]:
    """Return for each use case the moment after which an interruption can make one of these approvals suspect.

    It is the start of the oldest execution that they rest on.
    """
    earliest: dict[str, str] = {}
    for review in counting:
        starts = [pin.started_at for row in review.basis.requirements for pin in row.pins]
        earliest[review.use_case] = min([*starts, review.seen_until, earliest.get(review.use_case, review.seen_until)])
    return earliest


def pinned_ids(decisions: Sequence[Decision], policy: Policy, now: str) -> set[str]:
    """Return the ids of the evidence that the newest approvals rest on."""
    return pins_of(newest_approvals(decisions, policy, now))


def pins_of(counting: Iterable[SignOff]) -> set[str]:
    """Return the ids of the evidence that these approvals rest on."""
    return {pin.evidence_id for review in counting for row in review.basis.requirements for pin in row.pins}


def newest_approvals(decisions: Iterable[Decision], policy: Policy, now: str) -> list[SignOff]:
    """Return each listed reviewer's newest review of each use case if it is an approval."""
    return [
        review
        for reviews in _by_use_case(decisions, now).values()
        for review in _newest_of_each(reviews, policy)
        if review.meaning is ReviewMeaning.APPROVED_FOR_GO_LIVE and policy.is_reviewer(review.by)
    ]


def _by_use_case(decisions: Iterable[Decision], now: str) -> dict[str, list[SignOff]]:
    reviews_by_use_case: dict[str, list[SignOff]] = {}
    for decision in decisions:
        if isinstance(decision, SignOff) and counts_at(decision, now):
            reviews_by_use_case.setdefault(decision.use_case, []).append(decision)
    return reviews_by_use_case


def _newest_of_each(reviews: Iterable[SignOff], policy: Policy) -> list[SignOff]:
    """Return each person's newest review, oldest first.

    An approval with an insufficient identity replaces nothing, as anybody can give a name. A rejection makes things
    worse, which anybody may; it must not vanish when its author leaves the list.
    """
    ordered = list(reviews)
    newest: dict[str, SignOff] = {}
    for review in sorted(ordered, key=_recency) if len(ordered) > 1 else ordered:
        if review.meaning is ReviewMeaning.REJECTED or policy.trusts(review.known_by):
            newest[policy.people.person(review.by)] = review
    return sorted(newest.values(), key=_recency) if len(newest) > 1 else list(newest.values())


def _recency(review: SignOff) -> tuple[str, bool, str, str, tuple[str, ...]]:
    """Return the sort key by which the newest review is the greatest; at the same moment a rejection is newer."""
    rejects = review.meaning is ReviewMeaning.REJECTED
    return review.at, rejects, review.by, review.basis.digest, review.acknowledged


def _standing(review: SignOff, facts: ReviewFacts, origins: Mapping[str, RunOrigin]) -> ReviewStanding:
    if review.meaning is not ReviewMeaning.APPROVED_FOR_GO_LIVE:
        sentence = f"{first_line(review.by)} rejected it: {first_line(review.comment) or 'no comment'}"
        return ReviewStanding(review, ReviewState.REJECTED, (sentence,))
    recorders = recorders_now(facts.required, review.basis, origins, facts.policy)
    wrong = may_decide(review.by, review.known_by, facts.policy, recorders)
    if wrong:
        return ReviewStanding(review, ReviewState.NONE, (wrong,))
    why = invalidation_reasons(review, facts)
    state = ReviewState.SUSPECT if why else ReviewState.CURRENT
    return ReviewStanding(review, state, why, lacks_evidence=bool(facts.missing) and _lacks_evidence(review, facts))


def _lacks_evidence(review: SignOff, facts: ReviewFacts) -> bool:
    """Return whether the store lacks evidence behind an approval that was not taken away with a retired run."""
    retired = {run.run_id for run in facts.run_retirements}
    return any(id_ in facts.missing and run_of(id_) not in retired for id_ in pins_of([review]))
