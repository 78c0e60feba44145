"""Skipped tests: deselected evidence tests that no later run ran. Their older passes still count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from ...facts.evidence import CONCLUSIVE, Evidence
from ..coverage import RealPlaces
from ..inputs import UNKNOWN, RunOrigin
from ..readiness import Readiness, UseCaseReadiness


class SkippedTest(Struct, frozen=True):
    """Test that a deciding run deselected, and that was not run since."""

    run_id: str
    test_id: str
    use_case: str


def find_skipped(readiness: Readiness, origins: Mapping[str, RunOrigin]) -> Iterator[SkippedTest]:
    """Yield the deselected tests of the runs that decide each use case, by use case, run and test.

    A test counts as run since if it ran to an end in a real place, in a run that started later or in another part of
    the same logical run. A retired test need not run.

    Args:
        readiness: the use cases in scope.
        origins: by run id; each with its deselected tests.
    """
    if not any(origin.deselected_tests for origin in origins.values()):
        return
    elsewhere: dict[str, list[Evidence]] = {}
    for execution in readiness.other_evidence:
        elsewhere.setdefault(execution.uc, []).append(execution)
    for use_case in readiness.use_cases:
        yield from _skipped_of_use_case(use_case, elsewhere.get(use_case.use_case.id, ()), origins, readiness.places)


def _skipped_of_use_case(
    use_case: UseCaseReadiness, elsewhere: Sequence[Evidence], origins: Mapping[str, RunOrigin], places: RealPlaces
) -> Iterator[SkippedTest]:
    name = use_case.use_case.id
    shown = [execution for requirement in use_case.requirements for execution in requirement.evidence]
    executions: dict[str, list[Evidence]] = {}
    for execution in (*shown, *elsewhere):
        if execution.result in CONCLUSIVE and places.counts(execution):
            executions.setdefault(execution.test_id, []).append(execution)
    retired = {retirement.decision.test_id for retirement in use_case.retirements if retirement.void is None}
    deciding = {execution.run_id for requirement in use_case.required for execution in requirement.deciding}
    for run_id in sorted(deciding):
        run = origins.get(run_id, UNKNOWN)
        for test in run.deselected_tests:
            claims = any(claimed == name for claimed, _ in test.claims)
            ran = (_ran_since(execution, run, origins) for execution in executions.get(test.test_id, ()))
            if claims and test.test_id not in retired and not any(ran):
                yield SkippedTest(run_id, test.test_id, name)


def _ran_since(execution: Evidence, run: RunOrigin, origins: Mapping[str, RunOrigin]) -> bool:
    other = origins.get(execution.run_id, UNKNOWN)
    return execution.started_at > run.started_at or (run.group is not None and other.group == run.group)
