"""Changes between two evaluations: what became ready, what no longer is, and by which evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from ..facts.evidence import BAD, Result
from .changed_tests import VERBS, TestStep, changed_tests
from .explanations import first_line
from .natural_order import natural_key
from .readiness import WORST_FIRST, ReviewState, State
from .snapshots import EvaluationSnapshot, RequirementSnapshot, ShownEvidence, UseCaseSnapshot
from .standing_order import STATUSES, standing_rank

_BAD = frozenset(result.value for result in BAD)
_PASSED = frozenset({Result.PASSED.value})
_RESULTS = {
    State.FAILING: _BAD,
    State.INTERRUPTED: frozenset({Result.INTERRUPTED.value}),
    State.COMPLETE: _PASSED,
    State.ASSERTED: _PASSED,
    State.FLAKY: _PASSED,
    State.REHEARSED: frozenset(result.value for result in Result),
}
"""Results of the evidence that brings a requirement into a state; others have another cause."""
_WORTH = {
    State.FAILING: 0,
    State.INTERRUPTED: 1,
    # None of these satisfies anything: to go from one to another loses nothing.
    State.MISSING: 2,
    State.REHEARSED: 2,
    State.STALE: 2,
    # A late pass is more than none, and can be accepted.
    State.FLAKY: 3,
    State.WAIVED: 4,
    State.ASSERTED: 5,
    State.COMPLETE: 6,
    State.NOT_APPLICABLE: 7,
}
"""What a state is worth for going live. A lower worth is a regression, unlike a mere change of what needs a look."""


class Change(Struct, frozen=True):
    """One use case, requirement or test that stands differently than before."""

    use_case: str
    before: str
    """The earlier status, phase, state or result, such as ``READY_FOR_GO_LIVE``; empty: it did not exist."""
    after: str
    """The later one; empty: it no longer exists."""
    requirement: str | None = None
    """The requirement that changed; None: the use case itself did."""
    because: str = ""
    """What caused the change, in a few words, such as ``6/rotation failed`` or ``item 7 failed``; empty: unknown."""
    evidence: str | None = None
    """Id of the evidence behind it; None: a decision, the clock or the register changed it."""
    test: str | None = None
    """The test of the requirement that no longer runs or shows something else; None: the requirement or use case."""
    better: bool = False
    """Whether the test shows more than before, or a reviewer retired it; for a test only."""

    @property
    def is_worse(self) -> bool:
        """Whether it is a regression: a lower status, a worse state, or something that disappeared."""
        if self.test is not None:
            return not self.better
        if self.requirement is None:
            return not self.after or _is_lower(self.before, self.after)
        if not self.before or not self.after:
            return self.before not in ("", State.NOT_APPLICABLE.value)
        before, after = State(self.before), State(self.after)
        # What applies again and is complete has lost nothing, though NOT_APPLICABLE ranks above it.
        return after is not State.COMPLETE and _WORTH[after] < _WORTH[before]

    @property
    def words(self) -> tuple[str, str]:
        """The earlier and the later standing for people: ``new`` if it did not exist, ``gone`` if it no longer does."""
        return self.before or "new", self.after or "gone"

    @property
    def subject(self) -> str:
        """Id of what changed: of the test within its requirement, the requirement, or the use case."""
        return " ".join(filter(None, (self.requirement or self.use_case, self.test)))


def changes_between(before: EvaluationSnapshot, after: EvaluationSnapshot) -> tuple[Change, ...]:
    """Return what stands differently in the later of two evaluations, by use case, each before its requirements.

    The requirements are in the order of the later evaluation, each before its tests. Of a use case that only one of
    them has, its requirements are not listed. A test is listed where it shows something else for its requirement than
    before (see ``changed_tests``), unless the change of the requirement names the same evidence. A use case outside
    the scope of either is not compared: it is neither new nor gone.
    """
    by_result = before.by_result or after.by_result
    names = sorted(before.use_cases.keys() | after.use_cases.keys(), key=natural_key)
    return tuple(
        change
        for name in names
        if not (before.leaves_out(name) or after.leaves_out(name))
        for change in _use_case_changes(
            name, before.use_cases.get(name), after.use_cases.get(name), by_result=by_result
        )
    )


def _use_case_changes(
    name: str, before: UseCaseSnapshot | None, after: UseCaseSnapshot | None, *, by_result: bool
) -> Iterator[Change]:
    if before is None or after is None:
        first, last = (row.status.value if row is not None else "" for row in (before, after))
        yield Change(name, first, last, because="is new" if before is None else "is gone")
        return
    if before == after:
        return
    changed = list(_requirement_changes(before, after, by_result=by_result))
    if before.status is not after.status or before.phase is not after.phase:
        because, evidence = _cause(before, after, [change for change in changed if change.test is None])
        first, last = before.status.value, after.status.value
        if before.status is after.status and before.phase is not None and after.phase is not None:
            first, last = before.phase.value, after.phase.value
        yield Change(name, first, last, because=because, evidence=evidence)
    yield from changed


def _requirement_changes(before: UseCaseSnapshot, after: UseCaseSnapshot, *, by_result: bool) -> Iterator[Change]:
    for id_ in dict.fromkeys((*after.requirements, *before.requirements)):
        first, last = before.requirements.get(id_), after.requirements.get(id_)
        if first is not None and last is not None:
            changed = [_state_change(first, last, after)] if first.state is not last.state else []
            yield from changed
            shown = {(change.evidence, change.is_worse) for change in changed if change.evidence}
            for step in changed_tests(first, last, after.retired, by_result=by_result):
                if (step.evidence, not step.better) not in shown:
                    yield _test_change(after.id, last.id, step)
        elif first is not None:
            yield Change(after.id, first.state.value, "", id_, "is no longer required")
        elif last is not None:
            yield Change(after.id, "", last.state.value, id_, "is new", _evidence_of(last))


def _test_change(use_case: str, requirement: str, step: TestStep) -> Change:
    names = step.because, step.evidence, step.test
    return Change(use_case, step.before, step.after, requirement, *names, better=step.better)


def _state_change(first: RequirementSnapshot, last: RequirementSnapshot, use_case: UseCaseSnapshot) -> Change:
    earlier = {piece.id for piece in first.evidence}
    because, evidence = VERBS[last.state], _evidence_of(last, earlier)
    ran_in_vain = (piece for piece in last.evidence if piece.ran and piece.why_not and piece.id not in earlier)
    if last.state is State.MISSING and (vain := next(ran_in_vain, None)) is not None:
        because, evidence = f"does not count: {vain.why_not}", vain.id
    if last.state is State.WAIVED and last.id in use_case.waived:
        because = f"was waived by {first_line(use_case.waived[last.id])}"
    elif first.state is State.WAIVED and evidence in {None, *earlier}:
        because = "is no longer waived"
    elif first.state is State.NOT_APPLICABLE and evidence in {None, *earlier}:
        because = "applies now"
    return Change(use_case.id, first.state.value, last.state.value, last.id, because, evidence)


def _evidence_of(requirement: RequirementSnapshot, earlier: Collection[str] = ()) -> str | None:
    """Return the id of the evidence that brought a requirement into its state, new evidence first; None: none did."""
    results = _RESULTS.get(requirement.state, frozenset())
    fitting = [piece for piece in requirement.evidence if piece.result in results and _fits(requirement.state, piece)]
    new = [piece for piece in fitting if piece.id not in earlier]
    return next((piece.id for piece in (*new, *fitting)), None)


def _fits(state: State, piece: ShownEvidence) -> bool:
    """Return whether evidence counts where it must: only a rehearsal is not real."""
    return not piece.real if state is State.REHEARSED else True


# -- the cause of a new status -------------------------------------------------------------------------------------


def _cause(before: UseCaseSnapshot, after: UseCaseSnapshot, changed: Sequence[Change]) -> tuple[str, str | None]:
    """Return why a use case stands differently, and the evidence behind it."""
    is_worse = standing_rank(after.status, after.phase) < standing_rank(before.status, before.phase)
    decided = _worse_decision(before, after) if is_worse else _better_decision(before, after)
    if decided:
        return decided, None
    fitting = [change for change in changed if change.is_worse is is_worse] or changed
    if fitting:
        return _requirement_cause(after, fitting, is_worse=is_worse)
    if after.review is ReviewState.SUSPECT and before.review is not ReviewState.SUSPECT:
        return f"review: suspect{_reason(after.review_why)}", None
    if before.review is ReviewState.CURRENT and after.review is ReviewState.NONE:
        return "review: no longer counts", None
    if after.review is ReviewState.CURRENT and set(after.reviewers) != set(before.reviewers):
        return f"review: approved by {_names(after.reviewers)}", None
    return "", None


def _worse_decision(before: UseCaseSnapshot, after: UseCaseSnapshot) -> str:
    blocked = [by for id_, by in after.blockers.items() if id_ not in before.blockers]
    if blocked:
        return f"blocked by {_names(blocked)}"
    if after.review is ReviewState.REJECTED and before.review is not ReviewState.REJECTED:
        return f"review: rejected by {_names(after.reviewers)}"
    return ""


def _better_decision(before: UseCaseSnapshot, after: UseCaseSnapshot) -> str:
    if after.review is ReviewState.CURRENT and before.review is not ReviewState.CURRENT:
        return f"review: approved by {_names(after.reviewers)}"
    if before.blockers and not after.blockers:
        return "unblocked"
    if before.review is ReviewState.REJECTED and after.review is not ReviewState.REJECTED:
        return "review: no longer rejected"
    return ""


def _requirement_cause(after: UseCaseSnapshot, changes: Sequence[Change], *, is_worse: bool) -> tuple[str, str | None]:
    """Return the requirement that explains a new status best, and how many others changed alike."""

    def rank(change: Change) -> int:
        return _rank(State(change.after)) if change.after else len(WORST_FIRST)

    chosen = min(changes, key=rank) if is_worse else max(changes, key=rank)
    name = (chosen.requirement or "").removeprefix(f"{after.id}/")
    if name.isdigit():
        name = f"item {name}"  # "7 failed" would read as a number of failures
    others = sum(change.because == chosen.because for change in changes) - 1
    more = f" and {others} more" if others else ""
    return f"{name} {chosen.because}{more}", chosen.evidence


def _reason(sentences: Sequence[str]) -> str:
    return f", {first_line(sentences[0])}" if sentences else ""


def _names(people: Sequence[str]) -> str:
    return " and ".join(sorted({first_line(person) for person in people})) or "nobody"


def _is_lower(before: str, after: str) -> bool:
    """Return whether a status is lower than another. Phases are no regression: their use case is in progress."""
    statuses = [status.value for status in STATUSES]
    return before in statuses and after in statuses and statuses.index(after) < statuses.index(before)


def _rank(state: State) -> int:
    return WORST_FIRST.index(state)
