"""Reviews: what is put before whoever signs, and the sign-offs that come of it, all of them or none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from ..errors import RefusedError
from ..facts.decision import Review, ReviewMeaning
from ..fast_values import dataclass, field
from ..pipeline.evaluate_project import EvaluatedReport, EvaluationRequest, Project, evaluate_with_facts
from ..pipeline.maintenance import refuse_damage
from ..verdict.inputs import Facts
from ..verdict.policy import Policy
from ..verdict.readiness import Phase, ReviewState, State, UseCaseReadiness
from ..verdict.remedies import NAME_RELEASE
from ..verdict.review.preview import changes_since, expand_acknowledged, review_refusal_reason
from ..views.gate import status_text
from ..views.review_preview import ReviewPreview
from .decision_time import ClockError, PriorDecisions
from .identity import Decider
from .repository import DecisionDraft, StoredDecisions, decision_fields, draft_decision, redact_text, store_decisions

AGAIN = (Phase.AWAITING_REVIEW, Phase.REVIEW_SUSPECT)
"""Phases in which a review can be given."""


@dataclass(frozen=True)
class ReviewSheet:
    """What is to be signed, and what is known of it."""

    signings: tuple[ReviewPreview, ...]
    at: str
    """The moment that was looked at."""
    release: str | None
    """For which it is signed."""
    seen_at: str = field(default="", kw_only=True)
    """The moment of the report that is signed instead of the store; empty: the store is looked at."""
    policy: Policy
    facts: Facts
    """Those that are not in the basis itself."""
    problems: tuple[str, ...] = ()
    """What is not intact in what it rests on."""
    left_out: tuple[str, ...] = ()
    """Use cases that need a review and cannot have one yet; a sentence each."""


@dataclass(frozen=True, slots=True)
class ReviewStatement:
    """What a reviewer says."""

    meaning: ReviewMeaning
    comment: str = ""
    acknowledged: tuple[str, ...] = ()
    """Ids of requirements, of any of the use cases."""


def prepare_sheet(
    place: Project, patterns: Sequence[str], *, suspect: bool = False, release: str | None = None
) -> ReviewSheet:
    """Return what is to be signed, as the store knows it.

    Args:
        place: whose register.
        patterns: use cases (ids or globs); none: all.
        suspect: only those whose review is suspect, or no longer counts.
        release: the release that is judged.

    Raises:
        ConfigError: a pattern matches no use case.
        StorageError, IntegrityError: the store or the decisions cannot be read.
    """
    judged = evaluate_with_facts(place, EvaluationRequest(tuple(patterns), release=release))
    use_cases = judged.report.readiness.use_cases
    left_out: tuple[str, ...] = ()
    if suspect:
        wanted = [one for one in use_cases if _needs_another(one)]
        use_cases = tuple(one for one in wanted if one.phase in AGAIN)
        left_out = tuple(_not_yet(one) for one in wanted if one.phase not in AGAIN)
    context = judged.report.context
    return ReviewSheet(
        signings=tuple(_signing(judged, one) for one in use_cases),
        at=context.generated_at,
        release=context.release,
        policy=judged.policy,
        facts=judged.facts,
        problems=context.problems,
        left_out=left_out,
    )


def _needs_another(use_case: UseCaseReadiness) -> bool:
    """Whether it was approved, and the approval is suspect or counts no longer."""
    if use_case.review.state is ReviewState.SUSPECT:
        return True
    lapsed = any(one.state in (ReviewState.SUSPECT, ReviewState.NONE) for one in use_case.review.standings)
    return lapsed and use_case.phase in AGAIN


def _not_yet(use_case: UseCaseReadiness) -> str:
    return f"{use_case.use_case.id} needs a review too, once it is mended: it is {status_text(use_case)}"


def _signing(judged: EvaluatedReport, use_case: UseCaseReadiness) -> ReviewPreview:
    last = use_case.review.standings[-1].decision if use_case.review.standings else None
    return ReviewPreview(
        use_case=use_case.use_case.id,
        title=use_case.use_case.title,
        standing=status_text(use_case),
        basis=use_case.basis,
        to_acknowledge=to_acknowledge(
            ((row.requirement, row.state, row.unproven) for row in use_case.basis.requirements), judged.policy
        ),
        whys={one.requirement.id: one.why for one in use_case.requirements if one.state is not State.COMPLETE},
        last=last,
        changes=tuple(changes_since(last, use_case, judged.facts)) if last is not None else (),
    )


def to_acknowledge(states: Iterable[tuple[str, str, bool]], policy: Policy) -> tuple[str, ...]:
    """Return which requirements an approval has to name, of these ids, states, and whether a proof lacks as well."""
    return tuple(
        name
        for name, state, unproven in states
        if policy.must_be_named(state, unproven=unproven) and policy.can_be_signed(state, unproven=unproven)
    )


def acknowledged_ids(desk: ReviewSheet, names: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of the requirements that names acknowledge.

    Raises:
        ConfigError: a name is nothing that could be acknowledged.
    """
    return expand_acknowledged(names, *(one.basis for one in desk.signings))


def _written(place: Project, desk: ReviewSheet, who: Decider, word: ReviewStatement) -> list[DecisionDraft]:
    """Return the sign-off of each use case, resting on exactly what was laid out."""
    reviews = (
        Review(
            **decision_fields(place, who, desk.at),
            use_case=one.use_case,
            meaning=word.meaning,
            basis=one.basis,
            comment=redact_text(place, word.comment),
            acknowledged=_own(one, word.acknowledged),
            release=desk.release,
            seen_at=desk.seen_at,
        )
        for one in desk.signings
    )
    earlier = PriorDecisions.of(place)
    return [draft_decision(place, one, earlier) for one in reviews]


def _own(signing: ReviewPreview, named: Collection[str]) -> tuple[str, ...]:
    return tuple(row.requirement for row in signing.basis.requirements if row.requirement in named)


def refusal_reasons(place: Project, desk: ReviewSheet, who: Decider, word: ReviewStatement) -> list[str]:
    """Return why sign-offs would be refused, a sentence for each one that is."""
    try:
        return list(_refusals(desk, _written(place, desk, who, word)))
    except ClockError as error:
        return [str(error)]


def _refusals(desk: ReviewSheet, reviews: Iterable[DecisionDraft]) -> Iterator[str]:
    for each in reviews:
        one = each.counted
        assert isinstance(one, Review)  # noqa: S101 - for the type checker: nothing else was written
        why = review_refusal_reason(one, desk.policy, desk.facts.origins)
        if why is not None:
            lacks = f"; {NAME_RELEASE}" if desk.policy.release == "required" and desk.release is None else ""
            yield f"{one.use_case}: {each.refused(why, desk.policy)}{lacks}"


def sign_reviews(place: Project, desk: ReviewSheet, who: Decider, word: ReviewStatement) -> StoredDecisions:
    """Keep a sign-off of each use case, or none of them where one is refused.

    Raises:
        RefusedError: one is refused.
        IntegrityError: what an approval would rest on is not intact.
        StorageError: they cannot be kept.
    """
    if word.meaning is not ReviewMeaning.REJECTED:
        refuse_damage(desk.problems)
    reviews = _written(place, desk, who, word)
    if why := list(_refusals(desk, reviews)):
        raise RefusedError(*why)
    return store_decisions(place, reviews)
