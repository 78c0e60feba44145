"""Run groups: the role of one run in a logical run, such as a CI shard in its pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from ..errors import IntegrityError, one_line
from .evidence import Result
from .run import PlanEntry, Run
from .subject import NO_SUBJECTS, Subjects, read_subjects

UNENDED = frozenset({Result.INTERRUPTED, Result.NOT_RUN})
"""Results of a test that did not run to its end."""


class RunPlan(Struct, frozen=True):
    """Plan of a run, and the tests that ended."""

    tests: tuple[PlanEntry, ...]
    """The collected evidence tests, deselected ones included."""
    ended: frozenset[str]
    """Ids of the tests that ran to their end."""
    environments: frozenset[str]
    """The environments of its executions."""

    @classmethod
    def from_run(cls, run: Run) -> RunPlan:
        """Return the plan from the lines of a run."""
        evidence = list(run.evidence())
        return cls(
            run.planned,
            frozenset(execution.test_id for execution in evidence if execution.result not in UNENDED),
            frozenset(execution.environment for execution in evidence if execution.environment is not None),
        )


class GroupPart(Struct, frozen=True):
    """Run that is a part of a run group."""

    run_id: str
    group: str
    number: int
    """Number of the part, from 1; 0: not recorded."""
    parts: int
    """Number of parts of the group."""
    started_at: str
    environment: str | None = None
    """Environment of the run; None: not stated."""
    provider_mode: str | None = None
    pipeline: str | None = None
    """The CI run, by an id that its jobs share and a re-run keeps; None: no CI, or no such id."""
    collected: bool = True
    """Everything was collected. Otherwise its plan is not known, and the part has not arrived."""
    all_finished: bool = True
    """Every test of its plan ran to its end."""
    plan: RunPlan | None = None
    """Plan of the run; None: not read."""
    release: str | None = None
    """The release that was under test; None: not stated."""
    subjects: Subjects = NO_SUBJECTS
    """Digests of what was under test, by name."""

    @classmethod
    def from_lines(cls, head: Mapping[str, Any], seal: Mapping[str, Any], *, all_finished: bool) -> GroupPart | None:
        """Return the part from the first line and the seal of a run; None: it is not part of a group.

        Raises:
            IntegrityError: the group in the first line is damaged.
        """
        if not head.get("group"):
            return None
        try:
            group, context, release = head["group"], head.get("context") or {}, head.get("release")
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
                release=release if isinstance(release, str) else None,
                subjects=read_subjects(head.get("subjects")),
            )
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            reason = f"{type(error).__name__} {one_line(str(error))}"
            raise IntegrityError(f"run {head.get('run')}: what it says of its run group is damaged: {reason}") from None

    @classmethod
    def from_run(cls, run: Run) -> GroupPart | None:
        """Return the part of a sealed run; None: it is not part of a group."""
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
    """Return the id of the CI run. Providers whose ``run`` is not the pipeline record ``pipeline`` too."""
    number = ci.get("pipeline", ci.get("run"))
    return f"{ci.get('provider', '')}/{number}" if number else None
