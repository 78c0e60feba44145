"""Findings of a report: what keeps use cases from going live, one by one, the worst first."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ..facts.evidence import CONCLUSIVE, Evidence, Result
from ..verdict.explanations import first_line
from ..verdict.readiness import (
    WORST_FIRST,
    RequirementReadiness,
    ReviewState,
    State,
    UseCaseReadiness,
)
from .report import Report

BLOCKING = frozenset({"problem", "failing", "blocker", "rejected", "departed"})
"""Kinds of findings that block, whatever else is complete."""
_MET = frozenset({State.COMPLETE, State.NOT_APPLICABLE})


class Finding(Struct, frozen=True):
    """One thing that keeps a use case, or everything, from going live."""

    kind: str
    """``problem``, ``blocker``, ``rejected``, ``departed``, ``suspect``, or a state in small letters."""
    text: str
    """A sentence, which names the use case or requirement. It is not sanitised."""
    use_case: str = ""
    """Empty: it is about the store or the whole register."""
    requirement: str | None = None
    test_id: str | None = None
    """The test behind it; None: no test is."""

    @property
    def blocks(self) -> bool:
        """Whether it blocks, whatever else is complete."""
        return self.kind in BLOCKING


def findings(report: Report) -> list[Finding]:
    """Return the findings of a report: problems, then what blocks, then the other requirements by their state.

    Findings of the same kind are in the order of the register.
    """
    readiness = report.readiness
    problems = [Finding("problem", problem) for problem in report.context.problems]
    departed = [
        Finding("departed", f"left the register with something open: {removed.sentence}", removed.use_case)
        for removed in readiness.removed_here
    ]
    others = [finding for use_case in readiness.use_cases for finding in _of_use_case(use_case)]
    return [*problems, *sorted([*departed, *others], key=_urgency)]


_ORDER = {"failing": 0, "blocker": 1, "rejected": 2, "departed": 3, "interrupted": 4, "flaky": 5, "suspect": 6}


def _urgency(finding: Finding) -> int:
    if finding.kind in _ORDER:
        return _ORDER[finding.kind]
    return len(_ORDER) + WORST_FIRST.index(State(finding.kind.upper()))


def _of_use_case(use_case: UseCaseReadiness) -> Iterator[Finding]:
    name = use_case.use_case.id
    for requirement in use_case.required:
        if requirement.state not in _MET:
            yield from _of_requirement(name, requirement)
    for blocker in use_case.blockers:
        by, due = first_line(blocker.decision.by), f" (due {blocker.decision.due})" if blocker.decision.due else ""
        yield Finding("blocker", f"{name} is blocked by {by}{due}: {first_line(blocker.decision.reason)}", name)
    for review in use_case.review.standings:
        if review.state is ReviewState.REJECTED:
            by, comment = first_line(review.decision.by), first_line(review.decision.comment)
            yield Finding("rejected", f"{name} was rejected by {by}: {comment or 'no comment'}", name)
    if use_case.review.state is ReviewState.SUSPECT:
        why = use_case.review.why[0] if use_case.review.why else "something changed"
        yield Finding("suspect", f"{name} needs another review: {why}", name)


def _of_requirement(use_case: str, requirement: RequirementReadiness) -> Iterator[Finding]:
    """Yield a finding for each test that ended badly, else one for the requirement."""
    kind, id_ = requirement.state.value.lower(), requirement.requirement.id
    text = f"{id_} is {requirement.described}: {requirement.why}"
    tests = {piece.test_id: piece for piece in requirement.deciding if _is_behind(piece, requirement.state)}
    if len(tests) < 2:  # noqa: PLR2004 - the requirement's own sentence names a single test
        yield Finding(kind, text, use_case, id_, next(iter(tests), None))
        return
    for piece in tests.values():
        message = f": {first_line(piece.message)}" if piece.message.strip() else ""
        where = f" in {piece.environment}" if piece.environment else ""
        described = f"{id_} is {requirement.described}: {piece.test_id} {piece.result.value}{where}{message}"
        yield Finding(kind, described, use_case, id_, piece.test_id)


def _is_behind(piece: Evidence, state: State) -> bool:
    """Return whether a deciding execution is a reason for the state of its requirement."""
    if state is State.FLAKY:
        return piece.flaky
    return piece.result in CONCLUSIVE and piece.result is not Result.PASSED
