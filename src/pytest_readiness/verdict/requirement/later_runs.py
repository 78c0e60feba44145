"""Later runs: shows whether a failed test was run again, was renamed, or no longer exists."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, cached_property
from operator import attrgetter

from msgspec import Struct, field

from ...facts.evidence import IMPORTED, Evidence
from ..coverage import Place
from ..explanations import first_line, has_wrong_mark
from ..inputs import RunOrigin

_Newest = dict[str | None, Evidence]
"""By environment."""
_recency = attrgetter("started_at", "run_id", "test_id")


class LaterRuns(Struct, frozen=True, dict=True):
    """The newest runs by the evidence of their tests.

    A run of selected tests, or with deselected ones, says nothing about the tests that it did not run. Nor does a run
    say anything about a file that it was not to collect, such as a run of other files, or could not.
    """

    evidence: Sequence[Evidence]
    origins: Mapping[str, RunOrigin] = field(default_factory=dict)
    """By run id."""
    plans_known: bool = False
    """The caller checks the plans of runs and the work tree, and so knows the deselected tests and the files."""

    @cached_property
    def _tests(self) -> list[Evidence]:
        silent = self._partial_runs
        return [
            execution for execution in self.evidence if execution.method == "test" and execution.run_id not in silent
        ]

    @property
    def _partial_runs(self) -> set[str]:
        """Ids of the runs that say nothing about tests they did not run."""
        conducts = ((run, origin.conditions) for run, origin in self.origins.items())
        return {
            run
            for run, conditions in conducts
            if conditions.is_partial or (conditions.deselected != 0 and not self.plans_known)
        }

    @cached_property
    def _files(self) -> Mapping[str, list[Evidence]]:
        return _by_part(self._tests, "::")

    @cached_property
    def _newest_of_runs(self) -> Sequence[Evidence]:
        """The newest execution of each run in each environment."""
        newest: dict[tuple[str, str | None], Evidence] = {}
        for execution in self._tests:
            key = execution.run_id, execution.environment
            if key not in newest or _recency(execution) > _recency(newest[key]):
                newest[key] = execution
        return tuple(newest.values())

    @cached_property
    def _newest_beside(self) -> Callable[[str], _Newest]:
        """The newest executions of runs that collected a file, or would have if it was there."""
        return cache(
            lambda file: _newest(
                [execution for execution in self._newest_of_runs if self.plans_known or self._collects(execution, file)]
            )
        )

    def _collects(self, execution: Evidence, file: str) -> bool:
        origin = self.origins.get(execution.run_id)
        return origin is None or origin.conditions.collects(file)

    @cached_property
    def _newest_of_file(self) -> Callable[[str], _Newest]:
        """The newest executions of a file. Computed only for files that are asked for, as most have no failure."""
        return cache(lambda file: _newest(self._files[file]))

    @cached_property
    def _newest_of_case(self) -> Callable[[str], _Newest]:
        """The newest executions of a test without its parameters."""
        cases = cache(lambda file: _by_part(self._files[file], "["))
        return cache(lambda case: _newest(cases(_file(case))[case]))

    @cached_property
    def _run_tests(self) -> set[tuple[str, str]]:
        """Each run with each test that it ran or planned."""
        return {(execution.run_id, execution.test_id) for execution in self.evidence}

    def later_run_without(self, failure: Evidence) -> Evidence | None:
        """Return the newest execution in its environment if its run is later and lacks the test; else None."""
        if failure.method != "test":
            return None
        for newest in (
            self._newest_of_case(_unparametrised(failure.test_id)),
            self._newest_of_file(_file(failure.test_id)),
            self._newest_beside(_file(failure.test_id)),
        ):
            run = newest.get(failure.environment)
            if run is not None and run.started_at > failure.started_at and run.run_id != failure.run_id:
                return None if (run.run_id, failure.test_id) in self._run_tests else run
        return None

    def later_runs_without(self, tests: Collection[str]) -> dict[str, list[Evidence]]:
        """Return, by test, the later executions from runs without the test, in each environment in which it ever ran.

        A test is omitted if, in one of them, no later run is without it.
        """
        newest: dict[tuple[str, str | None], Evidence] = {}
        for execution in self.evidence:
            key = execution.test_id, execution.environment
            if execution.test_id in tests and (key not in newest or execution.started_at > newest[key].started_at):
                newest[key] = execution
        later_by_test: dict[str, list[Evidence]] = {}
        running: set[str] = set()
        for (test, _), execution in sorted(newest.items(), key=lambda row: row[0][0]):
            later = self.later_run_without(execution)
            if later is None:
                running.add(test)
            else:
                later_by_test.setdefault(test, []).append(later)
        return {test: later for test, later in later_by_test.items() if test not in running}

    def retirement_advice(self, failure: Evidence, elsewhere: Place | None = None) -> str:
        """Return how to retire a test that may never run again, to follow the remedy; empty if nothing suggests that.

        The test no longer exists; or it was cut short, and may never run in the place where it counts: ``elsewhere``.
        """
        if failure.method == IMPORTED:
            # A failure outside tests is replaced by a later import.
            return "" if failure.required_cases else self._import_advice(failure)
        run = self.later_run_without(failure)
        if run is None:
            place = " with ".join(map(first_line, filter(None, elsewhere or ())))
            advice = f"; if it never runs in {place} again, a reviewer retires it: `{retire_command(failure.test_id)}`"
            if has_wrong_mark(failure):
                return f"; if it was deleted, a reviewer retires it: `{retire_command(failure.test_id)}`"
            return advice if place else ""
        renamed = is_sibling_case(failure.test_id, run.test_id)
        name = f"{_unparametrised(failure.test_id)}[*" if renamed else failure.test_id
        others = f"ran {'others' if renamed else 'other tests'} but not this one"
        return f"; if it was removed (run {run.run_id} {others}), a reviewer retires it: `{retire_command(name)}`"

    def _import_advice(self, failure: Evidence) -> str:
        """Return how to retire an imported test that the next report with the same mapping lacks."""
        mapping, place = self._mapping(failure), (failure.environment, failure.provider_mode)
        run, started_at = self._newest_imports.get((mapping, *place), ("", ""))
        if not mapping or run == failure.run_id or started_at <= failure.started_at:
            return ""
        reason = f"run {run} imported others but not this one"
        return f"; if it was removed ({reason}), a reviewer retires it: `{retire_command(failure.test_id)}`"

    @cached_property
    def _newest_imports(self) -> Mapping[tuple[str | None, ...], tuple[str, str]]:
        """The newest import of each mapping, environment and provider mode, with the start of its newest test."""
        newest: dict[tuple[str | None, ...], tuple[str, str, str]] = {}
        for execution in self.evidence:
            if execution.method == IMPORTED and (mapping := self._mapping(execution)):
                key = mapping, execution.environment, execution.provider_mode
                candidate = self.origins[execution.run_id].started_at, execution.run_id, execution.started_at
                newest[key] = max(candidate, newest.get(key, ("", "", "")))
        return {key: (run, started_at) for key, (_, run, started_at) in newest.items()}

    def _mapping(self, execution: Evidence) -> str:
        """Return the digest of the mapping that a result was imported with; empty: not known."""
        origin = self.origins.get(execution.run_id)
        return origin.conditions.imported[0] if origin and origin.conditions.imported else ""


def _by_part(evidence: Sequence[Evidence], end: str) -> Mapping[str, list[Evidence]]:
    """Return the evidence by the part of its test id before a separator."""
    grouped: defaultdict[str, list[Evidence]] = defaultdict(list)
    for execution in evidence:
        grouped[execution.test_id.partition(end)[0]].append(execution)
    return grouped


def _newest(evidence: Sequence[Evidence]) -> _Newest:
    newest: _Newest = {}
    for execution in evidence:
        newest_so_far = newest.get(execution.environment)
        if newest_so_far is None or (
            execution.started_at >= newest_so_far.started_at and _recency(execution) > _recency(newest_so_far)
        ):
            newest[execution.environment] = execution
    return newest


def is_sibling_case(test_id: str, other: str) -> bool:
    """Return whether two tests are cases of one parametrised test."""
    base = _unparametrised(test_id)
    return base != test_id and _unparametrised(other) == base


def retire_command(name: str) -> str:
    """Return the command that retires a test, as a shell takes it; without its name if that is not printable."""
    return f"readiness retire {shlex.quote(name)} --reason ..." if first_line(name) == name else "readiness retire"


def _file(test_id: str) -> str:
    return test_id.partition("::")[0]


def _unparametrised(test_id: str) -> str:
    return test_id.partition("[")[0]
