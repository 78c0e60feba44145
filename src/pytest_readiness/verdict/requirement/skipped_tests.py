"""Skipped tests: deselected evidence tests that no later run ran. Their older passes still count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from ...facts.evidence import CONCLUSIVE, Evidence
from ..coverage import RealPlaces
from ..inputs import UNKNOWN, RunOrigin
from ..readiness import Readiness, UseCaseReadiness
from ..run_version import RunVersion


class SkippedTest(Struct, frozen=True):
    """Test that a deciding run deselected, and that was not run since."""

    run_id: str
    test_id: str
    use_case: str


def find_skipped(
    readiness: Readiness, origins: Mapping[str, RunOrigin], version: RunVersion | None = None
) -> Iterator[SkippedTest]:
    """Yield the deselected tests of the runs that decide each use case, by use case, run and test.

    A test counts as run since if it ran to an end in a real place, in a run that started later or in another part of
    the same logical run, and not for another version than the judged one. A retired test need not run.

    Args:
        readiness: the use cases in scope.
        origins: by run id; each with its deselected tests.
        version: what is judged; None: any.
    """
    if not any(origin.deselected_tests for origin in origins.values()):
        return
    elsewhere: dict[str, list[Evidence]] = {}
    for execution in readiness.other_evidence:
        elsewhere.setdefault(execution.uc, []).append(execution)
    for use_case in readiness.use_cases:
        name = use_case.use_case.id
        executions = _executions(use_case, elsewhere.get(name, ()), readiness.places)
        retired = {retirement.decision.test_id for retirement in use_case.retirements if retirement.void is None}
        deciding = {execution.run_id for requirement in use_case.required for execution in requirement.deciding}
        for run_id in sorted(deciding):
            run = origins.get(run_id, UNKNOWN)
            for test in run.deselected_tests:
                claims = any(claimed == name for claimed, _ in test.claims)
                ran = (_ran_since(execution, run, origins, version) for execution in executions.get(test.test_id, ()))
                if claims and test.test_id not in retired and not any(ran):
                    yield SkippedTest(run_id, test.test_id, name)


def _executions(
    use_case: UseCaseReadiness, elsewhere: Sequence[Evidence], places: RealPlaces
) -> Mapping[str, Sequence[Evidence]]:
    """Return by test the real executions of a use case that ran to an end."""
    shown = [execution for requirement in use_case.requirements for execution in requirement.evidence]
    executions: dict[str, list[Evidence]] = {}
    for execution in (*shown, *elsewhere):
        if execution.result in CONCLUSIVE and places.counts(execution):
            executions.setdefault(execution.test_id, []).append(execution)
    return executions


def _ran_since(
    execution: Evidence, run: RunOrigin, origins: Mapping[str, RunOrigin], version: RunVersion | None
) -> bool:
    other = origins.get(execution.run_id, UNKNOWN)
    if execution.started_at > run.started_at and (version is None or version.counts(other)):
        return True
    is_of_group = run.group is not None and other.group == run.group
    return is_of_group and (version is None or not version.contradicts(other))
