"""Next actions: one action, with its owner, for each thing that keeps a use case from being ready."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from ..errors import count
from .explanations import first_line
from .owners import UNASSIGNED, owner_of
from .policy import Policy
from .readiness import (
    Action,
    Phase,
    Readiness,
    RemovedUseCase,
    RequirementReadiness,
    ReviewState,
    State,
    UseCaseReadiness,
)
from .requirement.levels import how_to_reach
from .status import is_reviewed
from .tracker_drift import cell_differences, drift_remedy

_URGENCY = ("fix", "rerun", "finish", "declare", "renew", "collect", "prove", "retire", "review", "sync")
_ACTION_OF_STATE = {
    State.FAILING: "fix",
    State.INTERRUPTED: "rerun",
    State.FLAKY: "rerun",
    State.STALE: "renew",
    State.REHEARSED: "collect",
    State.MISSING: "collect",
    State.ASSERTED: "prove",
}
OR_ACKNOWLEDGE = ", or have a reviewer acknowledge it"
"""End of an action's text if a review may accept the pass as it is."""

DIFFERENCE = ": the row says "
"""What separates the remedy from the difference in the text of the action ``sync``."""

_Ranked = tuple[int, str, Action]


def next_actions(readiness: Readiness, policy: Policy, *, has_store: bool = True) -> tuple[Action, ...]:
    """Return the actions for the states of all requirements, the most urgent first.

    Within the same urgency, the earliest expiry comes first, then the order of the register. Without a store, the
    tracker may be right: see ``drift_remedy``.
    """
    ranked = [
        action for use_case in readiness.use_cases for action in _use_case_actions(use_case, policy, readiness.at)
    ]
    ranked += _drift_actions(readiness, has_store=has_store)
    ranked += [(_URGENCY.index("retire"), "", _removed_action(use_case, policy)) for use_case in readiness.removed_here]
    return tuple(action for _, _, action in sorted(ranked, key=lambda entry: entry[:2]))


def by_urgency(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Return actions with the most urgent first, otherwise in their order."""
    return tuple(sorted(actions, key=lambda action: _URGENCY.index(action.action)))


def _removed_action(use_case: RemovedUseCase, policy: Policy) -> Action:
    name = use_case.use_case
    text = f"{name} left the register with something open: put its row back, or retire it: {retire_command(name)}"
    return Action(", ".join(policy.reviewers) or UNASSIGNED, "retire", name, None, text)


def retire_command(use_case: str) -> str:
    """Return the command that retires a use case which left the register."""
    return f"`readiness retire {shlex.quote(use_case)} --reason ...`"


def _use_case_actions(use_case: UseCaseReadiness, policy: Policy, at: str) -> Iterator[_Ranked]:
    yield from _decision_actions(use_case, policy, at)
    undeclared = [requirement for requirement in use_case.required if requirement.requirement.undeclared_environment]
    for requirement in use_case.required:
        if requirement not in undeclared:
            yield from _requirement_actions(use_case, requirement, policy)
    if undeclared:
        yield _action(use_case, "declare", undeclared[0].completes_it)
    for group in use_case.group_holds:
        yield _action(use_case, "finish", f"{group.remedy} (run group {group})")
    for run in use_case.open_runs:
        yield _action(
            use_case, "finish", f"wait until run {run} ends, or import it with `readiness recover` if it was killed"
        )
    if use_case.phase in (Phase.AWAITING_REVIEW, Phase.REVIEW_SUSPECT) and not is_reviewed(use_case.review):
        reviewers = ", ".join(policy.reviewers) or UNASSIGNED
        nobody = "" if policy.reviewers else "; first list the reviewers ([review] reviewers)"
        yield _action(use_case, "review", f"{_review_text(use_case, policy)}{nobody}", who=reviewers)


def _drift_actions(readiness: Readiness, *, has_store: bool) -> Iterator[_Ranked]:
    """Yield an action for each cell of the tracker that differs; what mends one mends all."""
    drift = [(use_case, cell) for use_case in readiness.use_cases for cell in cell_differences(use_case)]
    remedy = drift_remedy(readiness.use_cases, has_store=has_store) if drift else ""
    for use_case, cell in drift:
        says = f"{DIFFERENCE}{cell.declared or 'nothing'}{cell.where}, not {cell.derived}"
        yield _action(use_case, "sync", f"{remedy}{says}")


def _decision_actions(use_case: UseCaseReadiness, policy: Policy, at: str) -> Iterator[_Ranked]:
    """Yield actions for blockers and rejections. Without an owner, they go to the people who can end them."""
    name, owner = use_case.use_case.id, owner_of(use_case)
    is_owned = owner != UNASSIGNED
    for blocker in use_case.blockers:
        late = ", overdue" if blocker.decision.due and blocker.decision.due < at[:10] else ""
        due = f" (due {first_line(blocker.decision.due)}{late})" if blocker.decision.due else ""
        by, reason = first_line(blocker.decision.by), first_line(blocker.decision.reason)
        text = f"resolve the blocker of {name} by {by}{due}: {reason}"
        who = owner if is_owned else ", ".join(policy.reviewers)
        yield _action(use_case, "fix", f"{text}; then a reviewer runs `readiness unblock {shlex.quote(name)}`", who=who)
    for review in use_case.review.standings:
        if review.state is ReviewState.REJECTED:
            by = first_line(review.decision.by)
            text = f"address the rejection of {name} by {by}: {first_line(review.decision.comment) or 'no comment'}"
            who = owner if is_owned else review.decision.by
            yield _action(use_case, "fix", f"{text}; it ends when {by} approves", who=who)


def _review_text(use_case: UseCaseReadiness, policy: Policy) -> str:
    name, review = use_case.use_case.id, use_case.review
    waived = [requirement.requirement.id for requirement in use_case.required if requirement.state is State.WAIVED]
    if waived and policy.declared is not None and policy.declared.waivers != "accept":
        condition = (
            f'a review approves what is waived ({", ".join(waived)}) only if the config has [gate] waivers = "accept"'
        )
        return f"review {name}: {condition}; or ask for the evidence alone: --on evidence"
    if review.state is ReviewState.SUSPECT:
        more = f" (and {len(review.why) - 1} more)" if len(review.why) > 1 else ""
        return f"review {name} again: {review.why[0] if review.why else 'something changed'}{more}"
    if review.approvals:
        return f"review {name}: it has {review.approvals} of {review.required} approvals"
    return f"review {name}: its evidence is complete{_acknowledgement_text(use_case, policy)}"


def _acknowledgement_text(use_case: UseCaseReadiness, policy: Policy) -> str:
    """Return the requirements that a review must acknowledge by name, as the end of a sentence."""
    states = [
        requirement.state
        for requirement in use_case.required
        if policy.must_be_named(requirement.state.value, unproven=requirement.unproven)
    ]
    kinds = " ".join(f"--acknowledge {state.value.lower()}" for state in dict.fromkeys(states))
    return f", with {count(len(states), 'requirement')} to be acknowledged ({kinds})" if states else ""


def _requirement_actions(
    use_case: UseCaseReadiness, requirement: RequirementReadiness, policy: Policy
) -> Iterator[_Ranked]:
    todo = _ACTION_OF_STATE.get(requirement.underlying)
    if (
        todo is not None
        and any(policy.leniency(state) != "accept" for state in requirement.policy_states)
        and not policy.accepts_waiver(requirement.state)
    ):
        if requirement.requirement.id not in use_case.accepted:
            yield _action(use_case, todo, requirement.completes_it + _other_way(requirement, policy), requirement)
    elif requirement.level is not None and requirement.level < policy.level:
        text = f"{how_to_reach(policy.level)}: it rests on {requirement.level}, and the gate asks for {policy.level}"
        yield _action(use_case, "rerun", text, requirement)
    if requirement.expires_soon and todo != "rerun":
        yield _action(
            use_case, "renew", f"run its tests again before {requirement.expires_at}, when they turn stale", requirement
        )


def _other_way(requirement: RequirementReadiness, policy: Policy) -> str:
    """Return the other way out of an unproven or flaky pass, as the end of a sentence: a review that names it."""
    state = requirement.state.value
    can_be_named = policy.must_be_named(state, unproven=requirement.unproven) and policy.can_be_signed(
        state, unproven=requirement.unproven
    )
    return OR_ACKNOWLEDGE if can_be_named else ""


def _action(
    use_case: UseCaseReadiness, todo: str, text: str, about: RequirementReadiness | None = None, who: str | None = None
) -> _Ranked:
    expires = (about.expires_at if about else None) or "9"
    requirement = about.requirement.id if about else None
    action = Action(who or owner_of(use_case), todo, use_case.use_case.id, requirement, text)
    return _URGENCY.index(todo), expires if todo == "renew" else "", action
