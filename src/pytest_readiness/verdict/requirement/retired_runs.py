"""What is left of a run that a person set aside: its failures, and doubt about everything else that it was to show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ...facts.evidence import BAD, Evidence, Result
from ...fast_values import dataclass


@dataclass(frozen=True, slots=True)
class RunRemains:
    """What can still be read of a run that was retired."""

    run_id: str
    register: str
    started_at: str
    environment: str | None = None
    """Where the run took place, as far as it says."""
    provider_mode: str | None = None
    evidence: Sequence[Evidence] = ()
    """What its lines hold that can be read."""
    unreported: Sequence[Evidence] | None = None
    """What it was to run, and no line tells: as interrupted, where its plan says. None: what it was to run is not what
    its seal names, or cannot be read."""
    why: str = ""
    """Who retired it and why, in a sentence."""


def remaining_evidence(remains: RunRemains, other_evidence: Iterable[Evidence]) -> list[Evidence]:
    """Return what counts of a retired run: what ended badly, and everything else as interrupted from its start.

    Args:
        remains: the run.
        known: the evidence of other runs. Where the plan is not intact, each test among it that ran in the same
            environment, or says itself where it runs, may have failed in the run: it counts as interrupted too.
    """
    bad = [execution for execution in remains.evidence if execution.result in BAD]
    others = (
        *_readable_evidence(remains),
        *(_possible_evidence(remains, other_evidence) if remains.unreported is None else _unreported_evidence(remains)),
    )
    return bad + [_interrupted(remains, execution, number) for number, execution in enumerate(others, 1)]


def _readable_evidence(remains: RunRemains) -> Iterator[Evidence]:
    return (
        replace(execution, started_at=remains.started_at)
        for execution in remains.evidence
        if execution.result not in BAD
    )


def _unreported_evidence(remains: RunRemains) -> Iterator[Evidence]:
    """Yield what nobody knows of: where the plan places it, for real unless that is known to be no real place.

    What else the run tells, of tests that replaced the network, say, says nothing of these.
    """
    for execution in remains.unreported or ():
        yield replace(
            execution,
            environment=execution.environment or remains.environment,
            provider_mode=execution.provider_mode or remains.provider_mode,
            started_at=max(execution.started_at, remains.started_at),
        )


def _possible_evidence(remains: RunRemains, other_evidence: Iterable[Evidence]) -> Iterator[Evidence]:
    return (
        replace(execution, started_at=remains.started_at)
        for execution in other_evidence
        if _may_have_run(remains, execution)
    )


def _may_have_run(remains: RunRemains, execution: Evidence) -> bool:
    """Whether a test may have failed in the run where it ran before.

    That is where the run took place; and, wherever that was, where the test itself says, or its mark names.
    """
    in_same_place = remains.environment in (None, execution.environment)
    elsewhere = execution.environment_by is not None or execution.claim_environment is not None
    return (
        (in_same_place or elsewhere)
        and execution.run_id != remains.run_id
        and execution.started_at <= remains.started_at
    )


def _interrupted(remains: RunRemains, execution: Evidence, number: int) -> Evidence:
    return replace(
        execution,
        id=f"{remains.run_id}.0.{number}",
        run_id=remains.run_id,
        seq=0,
        result=Result.INTERRUPTED,
        timestamp=execution.started_at,
        attempts=(),
        proofs=(),
        artifacts=(),
        message=remains.why,
    )
