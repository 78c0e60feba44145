"""Run groups: what one run says of the logical run that it is a part of, such as a CI shard of its pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import IntegrityError, one_line
from ..fast_values import dataclass
from .evidence import Result
from .run import PlanEntry, Run

UNENDED = frozenset({Result.INTERRUPTED, Result.NOT_RUN})
"""Results of a test that did not run to its end, whatever that may be."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run was to do, and how far it came."""

    tests: tuple[PlanEntry, ...]
    """The evidence tests that it collected, left out or not."""
    ended: frozenset[str]
    """Those that ran to their end."""
    environments: frozenset[str]
    """The environments in which they took place."""

    @classmethod
    def from_run(cls, run: Run) -> RunPlan:
        """Return what the lines of a run say of its plan."""
        evidence = list(run.evidence())
        return cls(
            run.planned,
            frozenset(execution.test_id for execution in evidence if execution.result not in UNENDED),
            frozenset(execution.environment for execution in evidence if execution.environment is not None),
        )


@dataclass(frozen=True, slots=True)
class GroupPart:
    """A run that is a part of a run group."""

    run_id: str
    group: str
    number: int
    """Which part, from 1; 0: it does not say."""
    parts: int
    """How many there are."""
    started_at: str
    environment: str | None = None
    """That the run named."""
    provider_mode: str | None = None
    pipeline: str | None = None
    """The CI run, by an id that its jobs share and a re-run keeps; None: no CI, or none with such an id."""
    collected: bool = True
    """All that holds tests could be collected: else nobody knows what it was to run, and it has not arrived."""
    all_finished: bool = True
    """Every test that it was to run ran to its end."""
    plan: RunPlan | None = None
    """None: that was not read."""

    @classmethod
    def from_lines(cls, head: Mapping[str, Any], seal: Mapping[str, Any], *, all_finished: bool) -> GroupPart | None:
        """Return what the first line of a run and its seal say of its group; None where it is no part of any.

        Raises:
            IntegrityError: what it says cannot be read.
        """
        if not head.get("group"):
            return None
        try:
            group, context = head["group"], head.get("context") or {}
            return cls(
                run_id=_text(head["run"]),
                group=_text(group["id"]),
                number=int(group.get("part", 0)),
                parts=int(group["parts"]),
                started_at=_text(head["started_at"]),
                environment=_text(context["environment"]) if "environment" in context else None,
                provider_mode=_text(context.get("provider_mode") or context.get("usual_provider_mode") or "") or None,
                pipeline=_pipeline(head.get("ci") or {}),
                collected=not (seal.get("uncollected") or seal.get("unread_marks")),
                all_finished=all_finished,
            )
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            reason = f"{type(error).__name__} {one_line(str(error))}"
            raise IntegrityError(f"run {head.get('run')}: what it says of its run group is damaged: {reason}") from None

    @classmethod
    def from_run(cls, run: Run) -> GroupPart | None:
        """Return what a sealed run says of its group, with its plan; None where it is no part of any."""
        if not run.head.get("group"):
            return None
        seal = run.seal.body if run.seal is not None else {}
        return cls.from_lines(
            run.head, seal, all_finished=all(execution.result not in UNENDED for execution in run.evidence())
        )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _pipeline(ci: Mapping[str, Any]) -> str | None:
    """Most providers number the pipeline; ``pipeline`` is said by those whose ``run`` is something else."""
    number = ci.get("pipeline", ci.get("run"))
    return f"{ci.get('provider', '')}/{number}" if number else None
