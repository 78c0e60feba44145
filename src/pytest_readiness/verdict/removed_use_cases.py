"""Use cases without a row that left something open, which still keeps the gate closed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ..claims.catalogue import Requirement
from ..facts.evidence import Evidence
from .explanations import cut_short, execution_text, first_line
from .readiness import RemovedUseCase
from .requirement.execution_ledger import BROKEN, ExecutionLedger
from .review.decision_index import DecisionIndex
from .review.standing import standing_rejections

Ledgers = Mapping[str, Mapping[str, ExecutionLedger]]
_OpenMatter = tuple[str, str, str]
"""Since when it is open (UTC), the reason as a sentence, and the id of its decision or run."""


def find_removed(
    ledgers: Ledgers, decisions: DecisionIndex, register: Collection[str], scope: Collection[str] | None
) -> tuple[tuple[RemovedUseCase, ...], frozenset[str]]:
    """Return the use cases without a row that have something open, by id, and the ids of those that were let go.

    Open is a blocker, a standing rejection, or a newest real execution that ended badly, unless a listed reviewer
    who knew of it retired the use case.

    Args:
        ledgers: the executions, by use case and item.
        decisions: the index of decisions.
        register: ids of the use cases with a row.
        scope: ids without a row to consider; None: all.
    """
    removed, let_go = list[RemovedUseCase](), set[str]()
    names = {*ledgers, *decisions.blockers, *decisions.reviews} - set(register)
    for name in sorted(names if scope is None else names & set(scope)):
        executions = [execution for ledger in ledgers.get(name, {}).values() for execution in ledger.executions]
        wrong = sorted((*_open_decisions(name, decisions, executions), *_open_failures(name, ledgers.get(name, {}))))
        if wrong:
            closed, void = decisions.closed_by_departure(name, executions)
            still_open = [sentence for _, sentence, id_ in wrong if id_ not in closed]
            if still_open:
                removed.append(RemovedUseCase(name, tuple(dict.fromkeys(still_open)), void))
            else:
                let_go.add(name)
    return tuple(removed), frozenset(let_go)


def _open_decisions(name: str, decisions: DecisionIndex, executions: Sequence[Evidence]) -> Iterator[_OpenMatter]:
    for blocker in decisions.remaining_blockers(name, executions):
        by, reason = first_line(blocker.decision.by), first_line(blocker.decision.reason)
        yield blocker.decision.at, f"{by} blocks it: {reason}", blocker.decision.id
    for review in standing_rejections(decisions.reviews.get(name, ()), decisions.policy):
        yield review.at, f"{first_line(review.by)} rejected it: {first_line(review.comment) or 'no comment'}", review.id


def _open_failures(name: str, ledgers: Mapping[str, ExecutionLedger]) -> Iterator[_OpenMatter]:
    """Yield the newest counting execution of each test and place that ended badly."""
    for item, ledger in ledgers.items():
        if ledger.has_broken:
            anywhere = Requirement(id=f"{name}/{item}", use_case=name, item=item)
            selected = ledger.select(anywhere)
            for execution in (execution for execution in selected.deciding if execution.result in BROKEN):
                sentence = f"{execution_text(execution)}{cut_short(selected.other_places.get(execution.id))}"
                yield execution.started_at, sentence, execution.run_id
