"""In which histories a known fault can show at all: the others need not be driven to know that nothing differs.

A sign may miss a history that would show its fault; then the fault is found later than it could be, and never sooner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .model import Judgement
from .words import Decide, Edit, Execution, History, Run, Tamper

Sign = Callable[[History, Judgement], bool]


def _runs(history: History) -> Iterator[Run]:
    return (step.event for step in history.steps if isinstance(step.event, Run))


def _executions(history: History) -> Iterator[Execution]:
    return (one for run in _runs(history) for one in run.executions)


def marked_elsewhere(history: History, _: Judgement) -> bool:
    """A test ran where its mark does not say."""
    return any(
        (claim.environment or run.environment) != run.environment or (claim.mode or run.mode) != run.mode
        for run in _runs(history) for one in run.executions for claim in one.claims
    )  # fmt: skip


def decided(*kinds: str) -> Sign:
    """Decisions of these kinds were made, in this order."""

    def shows(history: History, _: Judgement) -> bool:
        left = list(kinds)
        for step in history.steps:
            if left and isinstance(step.event, Decide) and step.event.kind == left[0]:
                left.pop(0)
        return not left

    return shows


def approved_before(what: type) -> Sign:
    """Something of this kind happened after an approval."""

    def shows(history: History, _: Judgement) -> bool:
        approved = False
        for step in history.steps:
            approved |= isinstance(step.event, Decide) and step.event.kind == "approve"
            if approved and isinstance(step.event, what):
                return True
        return False

    return shows


def edited(*how: str) -> Sign:
    """The config or the tracker was edited so."""
    return lambda history, _: any(isinstance(step.event, Edit) and step.event.why in how for step in history.steps)


def tampered(history: History, _: Judgement) -> bool:
    """Somebody touched the files of decisions."""
    return any(isinstance(step.event, Tamper) for step in history.steps)


def ran(*doors: str) -> Sign:
    """A run was run so."""
    return lambda history, _: any(run.door in doors for run in _runs(history))


def namesakes(history: History, _: Judgement) -> bool:
    """A run had several tests with one id."""
    return any(len({one.test for one in run.executions}) < len(run.executions) for run in _runs(history))


def crashed(history: History, _: Judgement) -> bool:
    """A worker crashed, and its test ran again."""
    return any(attempt.end == "crashed" for one in _executions(history) for attempt in one.attempts)


def tried_again(history: History, _: Judgement) -> bool:
    """A test was tried more than once."""
    return any(len(one.attempts) > 1 for one in _executions(history))


def failed_unplaced(history: History, _: Judgement) -> bool:
    """A test that places itself elsewhere failed before it did."""
    placing = {
        one.test for one in _executions(history)
        for attempt in one.attempts for say in attempt.says if say.what == "scope"
    }  # fmt: skip
    return any(
        one.test in placing and attempt.end != "passed" and not any(say.what == "scope" for say in attempt.says)
        for one in _executions(history) for attempt in one.attempts
    )  # fmt: skip


def grouped(_: History, judged: Judgement) -> bool:
    """Nothing but a group closes the gate, or makes it another answer."""
    return bool(judged.reasons) and all(reason.startswith("group ") for reason in judged.reasons)


def grouped_twice(history: History, _: Judgement) -> bool:
    """An id of a group was used on another day."""
    starts: dict[str, set[int]] = {}
    for step in history.steps:
        if isinstance(step.event, Run) and step.event.group:
            starts.setdefault(step.event.group[0], set()).add(step.at // 40_000)
    return any(len(days) > 1 for days in starts.values())
