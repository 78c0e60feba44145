"""What is left of a run that a person set aside: its failures, and doubt about everything else that it was to show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ..facts.evidence import BAD, Evidence, Result
from ..facts.run import Planned
from ..frozen import dataclass


@dataclass(frozen=True, slots=True)
class Remains:
    """What can still be read of a run that was retired."""

    run_id: str
    register: str
    started_at: str
    environment: str | None = None
    """Where the run took place, as far as it says."""
    provider_mode: str | None = None
    evidence: Sequence[Evidence] = ()
    """What its lines hold that can be read."""
    planned: Sequence[Planned] | None = None
    """What it was to run; None: that is not what its seal names, or cannot be read."""
    why: str = ""
    """Who retired it and why, in a sentence."""


def doubted(remains: Remains, known: Iterable[Evidence]) -> list[Evidence]:
    """Return what counts of a retired run: what ended badly, and everything else as interrupted from its start.

    Args:
        remains: the run.
        known: the evidence of other runs. Where the plan is not intact, each test among it that ran in the same
            environment may have failed in the run: it counts as interrupted too.
    """
    bad = [one for one in remains.evidence if one.result in BAD]
    return bad + [_interrupted(remains, one, number) for number, one in enumerate(_others(remains, known), 1)]


def _others(remains: Remains, known: Iterable[Evidence]) -> Iterator[Evidence]:
    yield from (one for one in remains.evidence if one.result not in BAD)
    if remains.planned is None:
        yield from (one for one in known if _ran_there(remains, one))
        return
    told = {(one.test_id, one.uc, one.item) for one in remains.evidence}
    real = not remains.evidence or any(one.real for one in remains.evidence)
    for test in remains.planned:
        for use_case, item in test.claims:
            if test.selected and (test.test_id, use_case, item) not in told:
                yield _silent(remains, test.test_id, use_case, item, real=real)


def _ran_there(remains: Remains, one: Evidence) -> bool:
    same = remains.environment in (None, one.environment)
    return same and one.run_id != remains.run_id and one.started_at <= remains.started_at


def _silent(remains: Remains, test: str, use_case: str, item: str, *, real: bool) -> Evidence:
    return Evidence(
        id="",
        uc=use_case,
        item=item,
        environment=remains.environment,
        provider_mode=remains.provider_mode,
        test_id=test,
        result=Result.INTERRUPTED,
        timestamp=remains.started_at,
        register=remains.register,
        run_id=remains.run_id,
        seq=0,
        started_at=remains.started_at,
        real=real,
        open_scope=True,
    )


def _interrupted(remains: Remains, one: Evidence, number: int) -> Evidence:
    return replace(
        one,
        id=f"{remains.run_id}.0.{number}",
        run_id=remains.run_id,
        seq=0,
        result=Result.INTERRUPTED,
        started_at=remains.started_at,
        timestamp=remains.started_at,
        attempts=(),
        proofs=(),
        artifacts=(),
        message=remains.why,
    )
