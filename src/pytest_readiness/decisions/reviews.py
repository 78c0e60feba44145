"""Reviews: the sheet that a reviewer signs, and the storing of all its sign-offs or none."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from ..errors import RefusedError
from ..facts.decision import Review, ReviewMeaning
from ..facts.subject import NO_SUBJECTS, Subjects
from ..pipeline.damage import refuse_damage
from ..pipeline.evaluate_project import EvaluatedReport, EvaluationRequest, Project, evaluate_with_facts
from ..verdict.inputs import Facts
from ..verdict.policy import Policy
from ..verdict.readiness import Phase, ReviewState, State, UseCaseReadiness
from ..verdict.remedies import NAME_RELEASE
from ..verdict.review.preview import ReviewRefusal, changes_since, expand_acknowledged, review_refusal
from ..verdict.subject_rule import NAME_SUBJECT
from ..views.gate import status_text
from ..views.review_preview import ReviewPreview
from ..views.skips import skips_since
from ..views.text_format import name_list
from .decision_time import ClockError, PriorDecisions
from .identity import Decider
from .repository import DecisionDraft, StoredDecisions, decision_fields, draft_decision, redact_text, store_decisions

REVIEWABLE = (Phase.AWAITING_REVIEW, Phase.REVIEW_SUSPECT)
"""Phases in which a use case can be reviewed."""
_MOST_COUNTED = 6
"""Use cases of a refusal whose requirements are counted."""


class ReviewedVersion(Struct, frozen=True):
    """The release and the digests that the options of a review name."""

    release: str | None = None
    subjects: Subjects = NO_SUBJECTS
    """Digests by name."""

    def request(self, project: Project, patterns: Sequence[str] = (), *, to_sign: bool = True) -> EvaluationRequest:
        """Return the request for the evaluation to review. Named digests, also those of a release, are judged."""
        only = bool(self._of_release(project))
        names = tuple(patterns)
        return EvaluationRequest(
            names, release=self.release, only_release=only, subjects=self.subjects, to_sign=to_sign
        )

    def named_subjects(self, project: Project) -> Subjects:
        """Return the named digests, with those that the config gives the release."""
        return dict(sorted({**self.subjects, **self._of_release(project)}.items()))

    def _of_release(self, project: Project) -> Subjects:
        release = project.settings.releases.get(self.release or "")
        return release.subjects if release is not None else NO_SUBJECTS


class ReviewSheet(Struct, frozen=True):
    """The use cases to sign, and the facts that a sign-off is checked against."""

    signings: tuple[ReviewPreview, ...]
    at: str
    """Time of the evaluation (UTC)."""
    release: str | None
    """Release that the sign-offs are for."""
    policy: Policy
    facts: Facts
    """Facts that the basis itself does not contain."""
    problems: tuple[str, ...] = ()
    """Integrity problems of the evidence."""
    left_out: tuple[str, ...] = ()
    """A sentence for each use case that needs a review and cannot be reviewed yet."""
    seen_at: str = ""
    """Time of the JSON report that is signed instead of the store (UTC); empty: the store is signed."""
    subjects: Subjects = NO_SUBJECTS
    """Digests that the sign-offs are for, by name; empty: the evidence was not judged by digests."""


class ReviewStatement(Struct, frozen=True):
    """The statement of a reviewer on all use cases of a sheet."""

    meaning: ReviewMeaning
    comment: str = ""
    acknowledged: tuple[str, ...] = ()
    """Ids of acknowledged requirements, of any use case of the sheet."""


def prepare_sheet(
    project: Project,
    patterns: Sequence[str],
    *,
    suspect: bool = False,
    version: ReviewedVersion = ReviewedVersion(),  # noqa: B008 - frozen
) -> ReviewSheet:
    """Return the sheet of the use cases, from the store.

    Args:
        project: the project.
        patterns: ids or globs of use cases; none: all.
        suspect: only use cases whose review is suspect, or no longer counts.
        version: the release and the digests to judge by.

    Raises:
        ConfigError: a pattern matches no use case.
        StorageError, IntegrityError: the store or the decisions cannot be read.
    """
    judged = evaluate_with_facts(project, version.request(project, patterns))
    use_cases = judged.report.readiness.use_cases
    left_out: tuple[str, ...] = ()
    if suspect:
        wanted = [use_case for use_case in use_cases if _needs_another_review(use_case)]
        use_cases = tuple(use_case for use_case in wanted if use_case.phase in REVIEWABLE)
        left_out = tuple(
            left_out_text(use_case.use_case.id, status_text(use_case))
            for use_case in wanted
            if use_case.phase not in REVIEWABLE
        )
    context = judged.report.context
    return ReviewSheet(
        signings=tuple(_signing(judged, use_case) for use_case in use_cases),
        at=context.generated_at,
        release=context.release,
        subjects=context.subjects,
        policy=judged.policy,
        facts=judged.facts,
        problems=context.problems,
        left_out=left_out,
    )


def _needs_another_review(use_case: UseCaseReadiness) -> bool:
    """Return whether its review is suspect or no longer counts."""
    if use_case.review.state is ReviewState.SUSPECT:
        return True
    lapsed = any(standing.state in (ReviewState.SUSPECT, ReviewState.NONE) for standing in use_case.review.standings)
    return lapsed and use_case.phase in REVIEWABLE


def left_out_text(use_case: str, status: str) -> str:
    """Return a sentence about a use case that needs a review and cannot be reviewed yet."""
    return f"{use_case} needs a review too, but cannot be reviewed yet: it is {status}"


def _signing(judged: EvaluatedReport, use_case: UseCaseReadiness) -> ReviewPreview:
    last = use_case.review.standings[-1].decision if use_case.review.standings else None
    return ReviewPreview(
        use_case=use_case.use_case.id,
        title=use_case.use_case.title,
        standing=status_text(use_case),
        basis=use_case.basis,
        to_acknowledge=requirements_to_acknowledge(use_case, judged.policy),
        whys={
            readiness.requirement.id: readiness.why
            for readiness in use_case.requirements
            if readiness.state is not State.COMPLETE
        },
        skipped={
            readiness.requirement.id: skips_since(readiness)
            for readiness in use_case.requirements
            if readiness.skipped_since
        },
        last=last,
        changes=tuple(changes_since(last, use_case, judged.facts)) if last is not None else (),
    )


def requirements_to_acknowledge(use_case: UseCaseReadiness, policy: Policy) -> tuple[str, ...]:
    """Return the ids of the requirements of a use case that an approval must acknowledge."""
    rows = use_case.basis.requirements
    return to_acknowledge(((row.requirement, row.state, row.unproven) for row in rows), policy)


def to_acknowledge(states: Iterable[tuple[str, str, bool]], policy: Policy) -> tuple[str, ...]:
    """Return the ids of the requirements that an approval must acknowledge.

    Args:
        states: id and state of each requirement, and whether it lacks its proof.
        policy: the policy of the gate.
    """
    return tuple(
        name
        for name, state, unproven in states
        if policy.must_be_named(state, unproven=unproven) and policy.can_be_signed(state, unproven=unproven)
    )


def acknowledged_ids(sheet: ReviewSheet, names: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of the requirements that the names of ``--acknowledge`` stand for.

    Raises:
        ConfigError: a name stands for nothing that can be acknowledged.
    """
    return expand_acknowledged(names, *(signing.basis for signing in sheet.signings))


def _drafts(project: Project, sheet: ReviewSheet, decider: Decider, statement: ReviewStatement) -> list[DecisionDraft]:
    """Return the sign-off of each use case, with exactly the basis on the sheet."""
    reviews = (
        Review(
            **decision_fields(project, decider, sheet.at),
            use_case=signing.use_case,
            meaning=statement.meaning,
            basis=signing.basis,
            comment=redact_text(project, statement.comment),
            acknowledged=_acknowledged_in(signing, statement.acknowledged),
            release=sheet.release,
            subjects=tuple(sheet.subjects.items()),
            seen_at=sheet.seen_at,
        )
        for signing in sheet.signings
    )
    earlier = PriorDecisions.load(project)
    return [draft_decision(project, review, earlier) for review in reviews]


def _acknowledged_in(signing: ReviewPreview, acknowledged: Collection[str]) -> tuple[str, ...]:
    return tuple(row.requirement for row in signing.basis.requirements if row.requirement in acknowledged)


def refusal_reasons(project: Project, sheet: ReviewSheet, decider: Decider, statement: ReviewStatement) -> list[str]:
    """Return a sentence for each reason why sign-offs would be refused, with the use cases concerned."""
    try:
        return list(_refusals(sheet, _drafts(project, sheet, decider, statement)))
    except ClockError as error:
        return [str(error)]


def _refusals(sheet: ReviewSheet, drafts: Iterable[DecisionDraft]) -> Iterator[str]:
    """Yield a sentence for each reason. Of several use cases the requirements are counted: each has a list of them."""
    refused: dict[tuple[str, str], dict[str, ReviewRefusal]] = {}
    for draft in drafts:
        review = draft.counted
        assert isinstance(review, Review)  # noqa: S101 - for the type checker
        refusal = review_refusal(review, sheet.policy, sheet.facts.origins)
        if refusal is not None:
            needs_release = sheet.policy.release == "required" and sheet.release is None
            hint = f"{refusal.hint}; {NAME_RELEASE}" if needs_release else refusal.hint
            if sheet.policy.subject == "required" and not sheet.subjects:
                hint += f"; name the digests that are reviewed: {NAME_SUBJECT}"
            refused.setdefault((draft.refused(refusal.why, sheet.policy), hint), {})[review.use_case] = refusal
    for (why, hint), refusals in refused.items():
        use_case, refusal = next(iter(refusals.items()))
        if refusal.requirements and len(refusals) > 1:
            command = f"readiness review {shlex.quote(use_case)}"
            yield f"{why}: {_counts(refusals)}{hint}; `{command}` names those of a use case"
        else:
            names = f": {', '.join(refusal.requirements)}" if refusal.requirements else ""
            yield f"{name_list([*refusals])}: {why}{names}{hint}"


def _counts(refusals: Mapping[str, ReviewRefusal]) -> str:
    """Return how many requirements of each use case are concerned."""
    texts = [f"{len(refusal.requirements)} in {use_case}" for use_case, refusal in refusals.items()]
    more = f" and in {len(texts) - _MOST_COUNTED} more use cases" if len(texts) > _MOST_COUNTED else ""
    return f"{', '.join(texts[:_MOST_COUNTED])}{more}"


def can_be_approved(sheet: ReviewSheet) -> bool:
    """Return whether some reviewer could approve all use cases of a sheet, as their requirements stand."""
    rows = [signing.basis.requirements for signing in sheet.signings]
    can_be_signed = sheet.policy.can_be_signed
    return all(
        any(row.state != State.NOT_APPLICABLE for row in requirements)
        and all(
            row.state == State.NOT_APPLICABLE or can_be_signed(row.state, unproven=row.unproven) for row in requirements
        )
        for requirements in rows
    )


def sign_reviews(project: Project, sheet: ReviewSheet, decider: Decider, statement: ReviewStatement) -> StoredDecisions:
    """Store a sign-off of each use case of the sheet, or none of them if one is refused.

    Raises:
        RefusedError: a sign-off is refused.
        IntegrityError: the evidence of an approval is not intact.
        StorageError: the sign-offs cannot be stored.
    """
    if statement.meaning is not ReviewMeaning.REJECTED:
        refuse_damage(sheet.problems)
    drafts = _drafts(project, sheet, decider, statement)
    if reasons := list(_refusals(sheet, drafts)):
        raise RefusedError(*reasons)
    return store_decisions(project, drafts)
