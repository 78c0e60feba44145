"""Regression rule: nothing may be worse than in an earlier report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import ConfigError
from .readiness import WORST_FIRST, Readiness, RuleResult, State, Status, UseCaseReadiness

SCHEMA = "readiness/report/v1"
NAMED = 5
_STATUSES = (Status.BLOCKED, Status.NOT_STARTED, Status.IN_PROGRESS, Status.READY_FOR_GO_LIVE)
"""The worst first."""


def no_regression(before_document: object, readiness: Readiness) -> RuleResult:
    """Return whether nothing in scope has a worse status or state than in an earlier JSON report.

    Use cases that the report lacks cannot be worse. If it has none of those in scope, the rule has not passed.

    Raises:
        ConfigError: the document is not a JSON report of this register.
    """
    if not isinstance(before_document, Mapping) or before_document.get("schema") != SCHEMA:
        raise ConfigError(f"this is no JSON report ({SCHEMA}): write one with `readiness report --format json`")
    try:
        register = before_document["context"]["register"]
        before = {row["id"]: (Status(row["status"]), _states(row)) for row in before_document["use_cases"]}
    except (LookupError, TypeError, ValueError) as error:
        raise ConfigError(f"this JSON report cannot be read: {type(error).__name__}: {error}") from None
    if register != readiness.register:
        raise ConfigError(f"this JSON report is of register '{register}', and not of '{readiness.register}'")
    compared = [use_case for use_case in readiness.use_cases if use_case.use_case.id in before]
    looked_at = sum(1 + len(before[use_case.use_case.id][1]) for use_case in compared)
    worse = [text for use_case in compared for text in _worse(*before[use_case.use_case.id], use_case)]
    if not compared:
        return RuleResult("no regression", passed=False, looked_at=0, detail="the earlier report has nothing in scope")
    more = f" and {len(worse) - NAMED} more" if len(worse) > NAMED else ""
    detail = ", ".join(worse[:NAMED]) + more if worse else "nothing is worse than before"
    return RuleResult("no regression", passed=not worse, looked_at=looked_at, detail=detail)


def _states(row: Mapping[str, Any]) -> dict[str, State]:
    return {
        requirement["id"]: State(requirement["state"]) for item in row["items"] for requirement in item["requirements"]
    }


def _worse(status: Status, states: Mapping[str, State], now: UseCaseReadiness) -> Iterator[str]:
    if _STATUSES.index(now.status) < _STATUSES.index(status):
        yield f"{now.use_case.id} was {status.value} and is {now.status.value}"
    for requirement in now.requirements:
        was = states.get(requirement.requirement.id, requirement.state)
        if WORST_FIRST.index(requirement.state) < WORST_FIRST.index(was):
            yield f"{requirement.requirement.id} was {was.value} and is {requirement.state.value}"
