"""Remains of a retired run: its failures count, and everything else it planned counts as interrupted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ...facts.evidence import BAD, Evidence, Result


class RunRemains(Struct, frozen=True):
    """Readable remains of a retired run."""

    run_id: str
    register: str
    started_at: str
    environment: str | None = None
    """Environment of the run; None: not stated."""
    provider_mode: str | None = None
    evidence: Sequence[Evidence] = ()
    """Evidence of the readable lines."""
    unreported: Sequence[Evidence] | None = None
    """Planned evidence that no line reports, as interrupted. None: the plan is unreadable, or not the sealed one."""
    why: str = ""
    """Who retired it and why, in a sentence."""


def remaining_evidence(remains: RunRemains, other_evidence: Iterable[Evidence]) -> list[Evidence]:
    """Return the evidence of a retired run: bad results as they are, and all else as interrupted from its start.

    Args:
        remains: the run.
        other_evidence: the evidence of other runs. If the plan is not intact, each test in it that ran in the same
            environment, or states its own place, may have failed in the run, and counts as interrupted.
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
    """Yield the planned evidence that no line reports, in the place of the plan, as real unless that place is not.

    Reported tests, for example those that replaced the network, say nothing about these.
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
    """Return whether a test that ran before may have failed in the run.

    That holds for tests in the place of the run, and for tests that state their own place or whose mark names one.
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
