"""Reasons why an approval is suspect: later failures, and changed requirements."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from ...facts.decision import Review, RunRetirement
from ...facts.evidence import Evidence, Result, by_number
from ...facts.review_basis import PinnedEvidence, PinnedRequirement, ReviewBasis
from ...facts.subject import covers
from ...facts.timestamps import days_before
from ..explanations import execution_text, first_line, other_subjects_text
from ..inputs import JudgedVersion
from ..policy import Policy, could_sign, weaker_settings
from ..readiness import RequirementReadiness, RetirementStanding, State
from ..requirement.execution_ledger import Scope, scope_of

NAMED = 3
"""Most sentences of one kind; the rest is counted."""


class ReviewHorizon(Struct, frozen=True):
    """Limit of the failures that a reviewer could see."""

    at: str
    """The time (UTC) up to which they saw the evidence."""
    since: str
    """The longest max age of the items before it; older failures do not matter. Empty: all matter."""
    runs: frozenset[str]
    """Ids of the failed runs that they knew since then."""

    @classmethod
    def from_review(cls, review: Review) -> ReviewHorizon:
        """Return the horizon of a review's author."""
        ages = [row.max_age_days for row in review.basis.requirements]
        return cls(review.seen_until, failures_from(ages, review.seen_until), frozenset(review.basis.failed_runs))

    def hides(self, run_id: str, started_at: str) -> bool:
        """Return whether a failure matters and was not visible: it is later, or in an unknown run."""
        return started_at > self.at or (started_at > self.since and run_id not in self.runs)


def failures_from(ages: Iterable[int | None], at: str) -> str:
    """Return the moment after which failures matter for a review at ``at``: the longest max age before it.

    The empty text, so that all failures matter, if an age has no limit (0 or None) or there are no ages.
    """
    known_ages = [age or 0 for age in ages]
    return days_before(at, max(known_ages)) if known_ages and all(known_ages) else ""


class ReviewFacts(Struct, frozen=True):
    """Known facts of one use case when its approvals are judged."""

    required: Sequence[RequirementReadiness]
    digest: str
    """Digest of its requirements."""
    make_basis: Callable[[], ReviewBasis]
    """Builds the basis that a review would pin now; rarely needed."""
    policy: Policy
    adverse: Sequence[Evidence] = ()
    """Known adverse executions of its requirements."""
    adverse_scopes: Mapping[str, Collection[Scope]] = field(default_factory=dict)
    """Scopes in which each of them counts, by id."""
    retirements: Sequence[RetirementStanding] = ()
    """Retirements of tests with evidence for it."""
    run_retirements: Sequence[RunRetirement] = ()
    """Retirements of runs that have, or should have had, evidence for it."""
    missing: Collection[str] = ()
    """Ids of pinned evidence that the store lacks."""
    judged: JudgedVersion = JudgedVersion()
    """The release and the digests being judged."""
    counts_pin: Callable[[str], bool] = lambda _: True
    """Returns whether evidence counts for the judged digests, by its id; asked only if the policy requires that."""

    @property
    def pin_filter(self) -> Callable[[str], bool] | None:
        """Returns whether signed evidence counts, by its id; None: all of it does."""
        return self.counts_pin if self.policy.subject != "ignore" else None


def invalidation_reasons(review: Review, facts: ReviewFacts) -> tuple[str, ...]:
    """Return why an approval is suspect, one sentence each; empty: it is current."""
    return tuple(_reasons(review, facts))


def _reasons(review: Review, facts: ReviewFacts) -> Iterator[str]:
    changes = (
        [] if review.basis.digest == facts.digest else list(changed_requirements(review.basis, facts.make_basis()))
    )
    yield from changes
    if not changes:
        yield from _limited(_never_signed(review, facts))
    if facts.adverse:
        yield from _limited(
            [
                execution_text(execution) + _next_run_text(execution)
                for execution in adverse_to(review, facts.adverse, facts.adverse_scopes, facts.pin_filter)
            ]
        )
    yield from _unacknowledged(review, facts)
    # Retirements that were made elsewhere and not yet known count, whatever the clocks say.
    retired = review.basis.retired
    for retirement in facts.retirements:
        # Void ones count too: nothing may become current because a reviewer left the list.
        if retirement.decision.test_id not in retired:
            decision = retirement.decision
            yield f"{first_line(decision.test_id)} was retired since: {first_line(decision.reason)}"
    for run in facts.run_retirements:
        # Failures in it may be lost with its lines, and earlier reviewers have not seen that.
        if run.run_id not in retired:
            yield f"run {run.run_id} was retired since: {first_line(run.reason)}"
    if facts.missing:
        yield from _limited(_missing_pins(review, facts))
    if facts.policy.release != "ignore" and (review.release is None or review.release != facts.judged.release):
        target = f"release {first_line(review.release)}" if review.release else "no release"
        yield f"it was made for {target}, not for {first_line(facts.judged.release or '') or 'a named release'}"
    asks_for_subject = facts.policy.subject != "ignore" and facts.policy.review_subject != "any"
    if asks_for_subject and not covers(dict(review.subjects), facts.judged.subjects):
        yield f"it was {other_subjects_text(dict(review.subjects), facts.judged.subjects, 'made')}"


def changed_requirements(signed: ReviewBasis, now: ReviewBasis) -> Iterator[str]:
    """Yield how the requirements differ from the signed ones, except if they only became stricter."""
    if signed.digest == now.digest:
        return
    if signed.definition and signed.definition == now.definition:
        yield from _limited(_weaker_terms(signed, now))
        return
    before, after = (
        [row.requirement for row in basis.requirements if row.state != State.NOT_APPLICABLE] for basis in (signed, now)
    )
    added = [name for name in after if name not in before]
    removed = [name for name in before if name not in after]
    if added:
        yield f"now also required: {', '.join(added)}"
    if removed:
        yield f"no longer required: {', '.join(removed)}"
    if not added and not removed:
        yield "what its requirements ask for (items, scopes or environments) changed"


def _weaker_terms(signed: ReviewBasis, now: ReviewBasis) -> Iterator[str]:
    """Yield the terms that are weaker than the signed ones; a stricter policy invalidates nothing."""
    for name, then, is_now in weaker_settings(signed.policy, now.policy):
        before, after = _setting_text(then), _setting_text(is_now)
        table, key = ("review", "subject") if name == "review_subject" else ("gate", name)
        yield f"[{table}] {key} was {before} when it was signed, and is {after}, which is weaker"
    rows = {row.requirement: row for row in signed.requirements}
    for row in now.requirements:
        then_row = rows.get(row.requirement, row)
        if row.state != State.NOT_APPLICABLE and then_row != row:
            yield from _weaker_row(then_row, row)


def _weaker_row(then: PinnedRequirement, now: PinnedRequirement) -> Iterator[str]:
    if then.proof and now.proof != then.proof:
        proof_now = f"the {now.proof} proof" if now.proof else "no proof"
        yield f"{now.requirement} asked for the {then.proof} proof when it was signed, and asks for {proof_now} now"
    if then.max_age_days and not 0 < now.max_age_days <= then.max_age_days:
        age_now = f"for {now.max_age_days} days" if now.max_age_days else "without limit"
        before = f"was valid for {then.max_age_days} days when it was signed"
        yield f"a pass of {now.requirement} {before}, and is valid {age_now} now"


def _setting_text(setting: object) -> str:
    return str(setting).lower() if isinstance(setting, bool) else f'"{setting}"'


def _never_signed(review: Review, facts: ReviewFacts) -> Iterator[str]:
    """Yield the requirements that could not be signed: an approval in advance does not count.

    The same holds for a requirement that was waived and is not any more: nobody signed its present evidence.
    """
    signed = {row.requirement: row for row in review.basis.requirements}
    for requirement in facts.required:
        row = signed.get(requirement.requirement.id)
        if row is not None and row.pins and row.state == State.COMPLETE:  # the usual case
            continue
        if row is None or not could_sign(review.basis.policy, row.state, unproven=row.unproven):
            yield f"{requirement.requirement.id} was {row.state if row else 'not shown'} when it was signed"
        elif row.state == State.WAIVED:
            if requirement.state is not State.WAIVED:
                yield f"{row.requirement} was WAIVED when it was signed, and is not any more"
        elif not row.pins:
            yield f"it names no evidence for {row.requirement}"


def adverse_to(
    review: Review,
    wrong: Iterable[Evidence],
    adverse_scopes: Mapping[str, Collection[Scope]] | None = None,
    counts_pin: Callable[[str], bool] | None = None,
) -> list[Evidence]:
    """Return the adverse executions that the reviewer could not see, oldest first, each once.

    They started after the review; or before it, within the longest max age of the items, in a run that the reviewer did
    not know, unless a signed pass of the same test in the same place started later. An interruption counts if it
    started after the signed executions in its place.

    Args:
        review: the review.
        wrong: the adverse executions.
        adverse_scopes: the scopes in which each counts, by id, if there are others than its own.
        counts_pin: returns whether signed evidence counts, by its id, and so can excuse a failure; None: it does.
    """
    scopes_by_id, horizon, pinned, passes = (
        adverse_scopes or {},
        ReviewHorizon.from_review(review),
        _PinnedStarts(),
        _PinnedStarts(),
    )
    for row in review.basis.requirements:
        passed = row.state in _PASSING
        for pin in row.pins:
            if counts_pin is not None and not counts_pin(pin.evidence_id):
                pinned.add_start(pin, "")  # it says nothing about what was cut short for the judged digests
                continue
            pinned.add(pin)
            if passed:
                passes.add(pin)

    def unseen(execution: Evidence) -> bool:
        scopes = scopes_by_id.get(execution.id) or [scope_of(execution)]
        if execution.result is Result.INTERRUPTED:
            return execution.started_at > pinned.earliest(scopes, review.seen_until)
        return horizon.hides(execution.run_id, execution.started_at) and (
            execution.started_at > horizon.at or execution.started_at >= passes.earliest(scopes, "")
        )

    by_execution = {
        (execution.run_id, execution.test_id, execution.started_at, execution.result): execution
        for execution in wrong
        if unseen(execution)
    }
    return sorted(by_execution.values(), key=lambda execution: (execution.started_at, by_number(execution)))


_PASSING = frozenset({State.COMPLETE.value, State.ASSERTED.value, State.FLAKY.value})
"""States in which all pinned executions passed."""


class _PinnedStarts:
    """Start of the newest pinned execution of each test in each place."""

    def __init__(self) -> None:
        self.by_scope: dict[Scope, str] = {}

    def add(self, pin: PinnedEvidence) -> None:
        self.add_start(pin, pin.started_at)

    def add_start(self, pin: PinnedEvidence, start: str) -> None:
        """Add a start in the place of a pinned execution."""
        scope = _scope(pin)
        self.by_scope[scope] = max(start, self.by_scope.get(scope, ""))

    def earliest(self, scopes: Collection[Scope], otherwise: str) -> str:
        """Return the earliest of the pinned starts in these scopes."""
        return min(self.by_scope.get(scope, otherwise) for scope in scopes)


def _scope(pin: PinnedEvidence) -> Scope:
    return pin.test_id, pin.environment, pin.provider_mode


def _next_run_text(execution: Evidence) -> str:
    return " and did not pass when it ran next" if execution.result is Result.INTERRUPTED else ""


def _unacknowledged(review: Review, facts: ReviewFacts) -> Iterator[str]:
    """Yield the requirements whose present state was not acknowledged: asserted does not include flaky.

    A requirement that was flaky without its proof, and now has it, is better than what was acknowledged.
    """
    to_acknowledge = [
        requirement for requirement in facts.required if requirement.state in (State.ASSERTED, State.FLAKY)
    ]
    signed = {row.requirement: (row.state, row.unproven) for row in review.basis.requirements} if to_acknowledge else {}
    for requirement in to_acknowledge:
        name, lacks_too = requirement.requirement.id, len(requirement.policy_states) > 1
        if not facts.policy.must_be_named(requirement.state, unproven=lacks_too):
            continue
        was, lacked_too = signed.get(name, ("", False))
        if name not in review.acknowledged or was != requirement.state or (lacks_too and not lacked_too):
            yield f"{name} is {requirement.described}, which it does not acknowledge"


def _missing_pins(review: Review, facts: ReviewFacts) -> Iterator[str]:
    now = {requirement.requirement.id: requirement for requirement in facts.required}
    for row in review.basis.requirements:
        for pin in row.pins:
            if pin.evidence_id in facts.missing and not _is_replaced(pin, now.get(row.requirement)):
                yield f"the store lacks {pin.evidence_id}, on which {row.requirement} rested"


def _is_replaced(pin: PinnedEvidence, now: RequirementReadiness | None) -> bool:
    """Return whether a newer pass of the same test with the same kinds of proof replaces pinned evidence."""
    return any(
        execution.result is Result.PASSED
        and scope_of(execution) == _scope(pin)
        and execution.started_at > pin.started_at
        and {proof.kind for proof in execution.proofs} >= set(pin.proofs)
        for execution in (now.deciding if now else ())
    )


def _limited(sentences: Iterable[str]) -> Iterator[str]:
    listed = list(sentences)
    yield from listed[:NAMED]
    if len(listed) > NAMED:
        yield f"and {len(listed) - NAMED} more of the kind"
