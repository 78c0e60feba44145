"""Preview of a decision: why it is refused, what it acknowledges, and what changed since a review."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from ...errors import ConfigError, suggestion
from ...facts.decision import Blocker, Decision, Departure, Retirement, Review, ReviewMeaning, Unblock, Waiver
from ...facts.evidence import Result
from ...facts.review_basis import PinnedRequirement, ReviewBasis
from ..explanations import execution_text, first_line
from ..inputs import Facts, RunOrigin
from ..policy import Policy
from ..readiness import Readiness, RequirementReadiness, ReviewState, State, UseCaseReadiness, policy_states_of
from .authority import excluded_people, may_decide
from .invalidation import adverse_to, changed_requirements
from .pins import recorders_of
from .waivers import CAP_DAYS, last_day, void_because

ACKNOWLEDGED = (State.ASSERTED, State.FLAKY)
"""States that a review must acknowledge by name."""


WAIVED_NEEDS_CONFIG = (
    'a review can approve what is waived only if the config has [gate] waivers = "accept"; without it, only '
    "`readiness gate --waivers accept --on evidence` lets it pass"
)
"""Way out of a refused approval of a waived requirement: the option of the gate does not reach reviews."""


def expand_acknowledged(names: Iterable[str], *shown: UseCaseReadiness | ReviewBasis) -> tuple[str, ...]:
    """Return the ids of the requirements that names acknowledge, in order.

    Args:
        names: each a requirement id, a test id, ``asserted`` or ``flaky`` (every requirement that is only that; a flaky
            one without its proof needs both words, except one that the policy accepts).
        shown: what is being signed; may be several use cases.

    Raises:
        ConfigError: a name is none of these, or the requirement is neither asserted nor flaky.
    """
    given = list(names)
    words = {name.upper() for name in given if name.upper() in ACKNOWLEDGED}
    bases = [_basis(use_case) for use_case in shown]
    rows = [row for basis in bases for row in basis.requirements]
    open_rows = [row for row in rows if row.state in ACKNOWLEDGED]
    wanted = {id_ for name in given if name.upper() not in words for id_ in _acknowledged_ids(name, rows, open_rows)}
    for basis in bases if words else ():
        wanted |= {row.requirement for row in basis.requirements if _is_named_by(words, row, basis)}
    return tuple(row.requirement for row in open_rows if row.requirement in wanted)


def _is_named_by(words: set[str], row: PinnedRequirement, basis: ReviewBasis) -> bool:
    """Return whether state words acknowledge a requirement. ``flaky`` alone does not include a missing proof."""
    if row.state not in ACKNOWLEDGED:
        return False
    states = policy_states_of(State(row.state), unproven=row.unproven)
    accepted = {name.upper() for name, setting in basis.policy if setting == "accept"}
    needed = [state for state in states if state not in accepted] or states[:1]
    return words >= {str(state) for state in needed}


def _acknowledged_ids(
    name: str, rows: Sequence[PinnedRequirement], open_rows: Sequence[PinnedRequirement]
) -> list[str]:
    matching = [row for row in rows if row.requirement == name or any(pin.test_id == name for pin in row.pins)]
    if not matching:
        names = [*(row.requirement for row in rows), *(pin.test_id for row in rows for pin in row.pins)]
        hint = suggestion(name, [*names, "asserted", "flaky"])
        raise ConfigError(f"'{name}' is no requirement and no test of what is signed{hint}")
    named = [row.requirement for row in matching if row in open_rows]
    if not named:
        raise ConfigError(f"'{name}' is {matching[0].state}: there is nothing to acknowledge")
    return named


def _basis(shown: UseCaseReadiness | ReviewBasis) -> ReviewBasis:
    return shown if isinstance(shown, ReviewBasis) else shown.basis


def refusal_reason(
    decision: Decision, readiness: Readiness, policy: Policy, facts: Facts, recorders: Iterable[str] = ()
) -> str | None:
    """Return one sentence why a decision is refused; None: it may be stored.

    Args:
        decision: the decision with its time.
        readiness: current readiness of the use cases concerned; for a retirement, of the whole register.
        policy: the reviewers, and the states that a review can accept.
        facts: the facts that ``readiness`` was evaluated from.
        recorders: further recorders of the evidence concerned (of executions that newer ones have replaced).
    """
    if isinstance(decision, Review):
        return review_refusal_reason(decision, policy, facts.origins)
    if isinstance(decision, Waiver):
        return _waiver_refusal(decision, readiness, policy, facts, recorders)
    if isinstance(decision, Retirement):
        return _retirement_refusal(decision, readiness, policy, facts, recorders)
    if isinstance(decision, Departure):
        return _departure_refusal(decision, readiness, policy, recorders)
    if isinstance(decision, Blocker | Unblock):
        return _blocker_refusal(decision, readiness, policy, facts, recorders)
    return f"unknown kind of decision: '{decision.KIND}'"


class ReviewRefusal(Struct, frozen=True):
    """Why a review is refused."""

    why: str
    """A sentence, or the part of it before the names of the requirements."""
    requirements: tuple[str, ...] = ()
    """The requirements concerned, each with its state."""
    hint: str = ""

    @property
    def text(self) -> str:
        """The whole sentence."""
        return f"{self.why}: {', '.join(self.requirements)}{self.hint}" if self.requirements else self.why


def review_refusal_reason(review: Review, policy: Policy, origins: Mapping[str, RunOrigin]) -> str | None:
    """Return one sentence why a review is refused, as ``review_refusal``; None: it may be stored."""
    refusal = review_refusal(review, policy, origins)
    return refusal.text if refusal is not None else None


def review_refusal(review: Review, policy: Policy, origins: Mapping[str, RunOrigin]) -> ReviewRefusal | None:
    """Return why a review is refused; None: it may be stored. The review's own basis is judged.

    Args:
        review: the review.
        policy: the reviewers, and the states that a review can accept.
        origins: origin of each run by id, in addition to the pins of the basis.
    """
    approves = review.meaning is ReviewMeaning.APPROVED_FOR_GO_LIVE
    recorders = recorders_of(review.basis, origins, policy) if approves else ()
    wrong = may_decide(review.by, review.known_by, policy, recorders)
    if wrong:
        return ReviewRefusal(wrong)
    if not approves:
        missing = not review.comment.strip()
        return ReviewRefusal(f"say why: a rejection of {review.use_case} needs a comment") if missing else None
    rows = [row for row in review.basis.requirements if row.state != State.NOT_APPLICABLE]
    if not rows:
        return ReviewRefusal(f"{review.use_case} requires nothing: there is nothing to sign")
    return _not_acceptable(rows, policy) or _not_acknowledged(review, rows, policy)


def _not_acceptable(rows: Sequence[PinnedRequirement], policy: Policy) -> ReviewRefusal | None:
    wrong = [
        f"{row.requirement} is {row.state}"
        for row in rows
        if not policy.can_be_signed(row.state, unproven=row.unproven)
    ]
    if not wrong:
        return None
    waived = any(row.state == State.WAIVED and not policy.accepts_waiver(State.WAIVED) for row in rows)
    hint = f"; {WAIVED_NEEDS_CONFIG}" if waived else ""
    return ReviewRefusal("some requirements cannot be approved", tuple(wrong), hint)


def _not_acknowledged(review: Review, rows: Iterable[PinnedRequirement], policy: Policy) -> ReviewRefusal | None:
    wrong = [
        f"{row.requirement} ({row.state})"
        for row in rows
        if policy.must_be_named(row.state, unproven=row.unproven) and row.requirement not in review.acknowledged
    ]
    return ReviewRefusal("acknowledge by name what is asserted or flaky", tuple(wrong)) if wrong else None


def _blocker_refusal(
    decision: Blocker | Unblock, readiness: Readiness, policy: Policy, facts: Facts, recorders: Iterable[str]
) -> str | None:
    use_cases = {use_case.use_case.id: use_case for use_case in readiness.use_cases}
    use_case = use_cases.get(decision.use_case)
    if use_case is None:
        return f"there is no use case '{decision.use_case}'{suggestion(decision.use_case, use_cases)}"
    if not decision.reason.strip():
        return f"say why: to {decision.KIND.removesuffix('er')} {decision.use_case} needs a reason"
    if isinstance(decision, Blocker):
        return None
    if not use_case.blockers:
        if use_case.review.state is ReviewState.REJECTED:
            by = ", ".join(map(first_line, use_case.review.by))
            return f"{decision.use_case} has no open blocker: it was rejected, until {by} approves"
        return f"{decision.use_case} has no open blocker"
    recorded_by = excluded_people(
        (facts.origin(execution.id) for requirement in use_case.required for execution in requirement.deciding), policy
    )
    return may_decide(decision.by, decision.known_by, policy, {*recorded_by, *recorders})


def _waiver_refusal(
    waiver: Waiver, readiness: Readiness, policy: Policy, facts: Facts, recorders: Iterable[str]
) -> str | None:
    requirements = {
        requirement.requirement.id: requirement
        for use_case in readiness.use_cases
        for requirement in use_case.requirements
    }
    requirement = requirements.get(waiver.requirement)
    if requirement is None:
        return f"there is no requirement '{waiver.requirement}'{suggestion(waiver.requirement, requirements)}"
    excluded = excluded_people((facts.origin(execution.id) for execution in requirement.deciding), policy)
    wrong = void_because(waiver, policy, {*excluded, *recorders}, waiver.at)
    if wrong:
        return wrong
    if waiver.until > last_day(waiver):
        return f"a waiver lasts {CAP_DAYS} days at most: until {last_day(waiver)}"
    if requirement.state is State.NOT_APPLICABLE or all(
        map(policy.reviewable, policy_states_of(requirement.underlying, unproven=requirement.unproven))
    ):
        return f"{waiver.requirement} is {requirement.state.value}: there is nothing to waive"
    return None


def _retirement_refusal(
    retirement: Retirement, readiness: Readiness, policy: Policy, facts: Facts, recorders: Iterable[str]
) -> str | None:
    tests = {execution.test_id for execution in facts.evidence}
    if retirement.test_id not in tests:
        return (
            f"there is no evidence of a test '{first_line(retirement.test_id)}'{suggestion(retirement.test_id, tests)}"
        )
    if not retirement.reason.strip():
        return f"say why: retiring {first_line(retirement.test_id)} needs a reason"
    standing = [
        retirement for use_case in readiness.use_cases for retirement in use_case.retirements if retirement.void is None
    ]
    if any(other.decision.test_id == retirement.test_id for other in standing):
        return f"{first_line(retirement.test_id)} is retired already"
    excluded = excluded_people(
        (facts.origin(execution.id) for execution in facts.evidence if execution.test_id == retirement.test_id), policy
    )
    return may_decide(retirement.by, retirement.known_by, policy, {*excluded, *recorders})


def _departure_refusal(
    departure: Departure, readiness: Readiness, policy: Policy, recorders: Iterable[str]
) -> str | None:
    if departure.use_case not in {removed.use_case for removed in readiness.removed}:
        return f"{first_line(departure.use_case)} has no row, and nothing is open: there is nothing to retire"
    if not departure.reason.strip():
        return f"say why: retiring {first_line(departure.use_case)} needs a reason"
    return may_decide(departure.by, departure.known_by, policy, recorders)


def changes_since(review: Review, use_case: UseCaseReadiness, facts: Facts) -> list[str]:
    """Return what changed since a review, one sentence each; empty if the same would be signed again.

    Args:
        review: the review to compare with, of this use case.
        use_case: its current readiness.
        facts: the facts that ``use_case`` was evaluated from.
    """
    return list(_changes(review, use_case, facts))


def _changes(review: Review, use_case: UseCaseReadiness, facts: Facts) -> Iterator[str]:
    if review.basis.digest != use_case.review.basis_digest:
        yield from changed_requirements(review.basis, use_case.basis)
    signed = {row.requirement: row for row in review.basis.requirements}
    for requirement in use_case.required:
        row = signed.get(requirement.requirement.id)
        if row is not None and row.state != requirement.state:
            yield f"{row.requirement} was {row.state} and is {requirement.state.value}: {requirement.why}"
    wrong = [execution for execution in facts.adverse if execution.uc == use_case.use_case.id]
    wrong += [
        execution
        for requirement in use_case.required
        for execution in requirement.deciding
        if execution.result is not Result.PASSED
    ]
    yield from (f"{execution_text(execution)}" for execution in adverse_to(review, wrong))
    for retirement in use_case.retirements:
        if retirement.void is None and retirement.decision.test_id not in review.basis.retired:
            test, by = first_line(retirement.decision.test_id), first_line(retirement.decision.by)
            yield f"{test} was retired by {by}: {first_line(retirement.decision.reason)}"
    for requirement in use_case.required:
        row = signed.get(requirement.requirement.id)
        if row is not None:
            yield from _newer(row, requirement)


def _newer(row: PinnedRequirement, now: RequirementReadiness) -> Iterator[str]:
    pinned = {pin.evidence_id for pin in row.pins}
    newer = [
        execution for execution in now.deciding if execution.id not in pinned and execution.result is Result.PASSED
    ]
    if newer:
        more = f" (and {len(newer) - 1} more)" if len(newer) > 1 else ""
        yield f"{row.requirement} has newer evidence: {execution_text(newer[0])}{more}"
