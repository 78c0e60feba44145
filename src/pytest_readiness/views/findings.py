"""Findings of a report: what keeps use cases from going live, one by one, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

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
from .text_format import requirement_groups

BLOCKING = frozenset({"problem", "failing", "blocker", "rejected", "departed"})
"""Kinds of findings that block, whatever else is complete."""
_MET = frozenset({State.COMPLETE, State.NOT_APPLICABLE})


class Finding(Struct, frozen=True):
    """One thing that keeps use cases, or everything, from going live."""

    kind: str
    """``problem``, ``blocker``, ``rejected``, ``departed``, ``suspect``, or a state in small letters."""
    text: str
    """A sentence, which names the use case or requirement. It is not sanitised."""
    use_case: str = ""
    """Empty: it is about the store or the whole register."""
    requirements: tuple[str, ...] = ()
    """Ids of the requirements that it is about: several if one test ended badly for them; empty: of none."""
    test_id: str | None = None
    """The test behind it; None: no test is."""

    @property
    def subject(self) -> str:
        """The requirements, such as ``items 1 to 7 of UC-002``; else the use case; empty if it is about neither."""
        return _subject(self.requirements) or self.use_case

    @property
    def blocks(self) -> bool:
        """Whether it blocks, whatever else is complete."""
        return self.kind in BLOCKING


def findings(report: Report) -> list[Finding]:
    """Return the findings of a report: problems, then what blocks, then the other requirements by their state.

    What is accepted as it is, by a review or by the config, is no finding. A test that ended badly is one finding, with
    all requirements that show it. Findings of the same kind are in the order of the register.
    """
    readiness = report.readiness
    problems = [Finding("problem", problem) for problem in report.context.problems]
    departed = [
        Finding("departed", f"left the register with something open: {removed.sentence}", removed.use_case)
        for removed in readiness.removed_here
    ]
    others = [finding for use_case in readiness.use_cases for finding in _of_decisions(use_case)]
    return [*problems, *sorted([*departed, *_of_requirements(readiness.use_cases), *others], key=_urgency)]


_ORDER = {"failing": 0, "blocker": 1, "rejected": 2, "departed": 3, "interrupted": 4, "flaky": 5, "suspect": 6}


def _urgency(finding: Finding) -> int:
    if finding.kind in _ORDER:
        return _ORDER[finding.kind]
    return len(_ORDER) + WORST_FIRST.index(State(finding.kind.upper()))


def _of_decisions(use_case: UseCaseReadiness) -> Iterator[Finding]:
    name = use_case.use_case.id
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


def _of_requirements(use_cases: Iterable[UseCaseReadiness]) -> Iterator[Finding]:
    """Yield a finding for each test that ended badly, and for each other requirement that is open."""
    by_cause: dict[tuple[str, ...], list[_Open]] = {}
    for use_case in use_cases:
        for requirement in use_case.required:
            if requirement.state not in _MET and requirement.requirement.id not in use_case.accepted:
                for case in _open_by_test(use_case.use_case.id, requirement):
                    by_cause.setdefault(case.cause, []).append(case)
    for cases in by_cause.values():
        first, ids = cases[0], tuple(case.id for case in cases)
        verb = "is" if len(ids) == 1 else "are"
        text = f"{_subject(ids)} {verb} {first.described}: {first.why}"
        yield Finding(first.kind, text, first.use_case, ids, first.test_id)


class _Open(Struct, frozen=True):
    """Requirement that is open, with a test behind that, if there is one."""

    use_case: str
    id: str
    kind: str
    described: str
    why: str
    test_id: str | None

    @property
    def cause(self) -> tuple[str, ...]:
        """What it shares with the other requirements for which the same test ended in the same way."""
        return (self.described, self.test_id) if self.test_id and self.kind in _ORDER else (self.id, self.why)


def _open_by_test(use_case: str, requirement: RequirementReadiness) -> Iterator[_Open]:
    """Yield it once for each test that ended badly, else once."""
    kind, id_ = requirement.state.value.lower(), requirement.requirement.id
    tests = {piece.test_id: piece for piece in requirement.deciding if _is_behind(piece, requirement.state)}
    if len(tests) < 2:  # noqa: PLR2004 - the requirement's own sentence names a single test
        yield _Open(use_case, id_, kind, requirement.described, requirement.why, next(iter(tests), None))
        return
    for piece in tests.values():
        message = f": {first_line(piece.message)}" if piece.message.strip() else ""
        where = f" in {piece.environment}" if piece.environment else ""
        why = f"{piece.test_id} {piece.result.value}{where}{message}"
        yield _Open(use_case, id_, kind, requirement.described, why, piece.test_id)


def _subject(ids: Sequence[str]) -> str:
    """Return requirements as text; each id begins with its use case."""
    return "; ".join(text for text, _ in requirement_groups((id_.partition("/")[0], id_) for id_ in ids))


def _is_behind(piece: Evidence, state: State) -> bool:
    """Return whether a deciding execution is a reason for the state of its requirement."""
    if state is State.FLAKY:
        return piece.flaky
    return piece.result in CONCLUSIVE and piece.result is not Result.PASSED
