"""Detection of removed tests, which a pattern may retire."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Set as AbstractSet
from functools import cached_property
from operator import attrgetter
from pathlib import Path

from ..facts.evidence import IMPORTED, Evidence
from ..pipeline.evaluate_project import EvaluatedReport, Project
from ..verdict.readiness import Readiness
from ..verdict.requirement.execution_ledger import BROKEN
from ..verdict.requirement.later_runs import LaterRuns, is_sibling_case

_MAX_LATER_IMPORTS = 20
"""Later imports to compare, newest first."""
_Scope = tuple[str | None, str | None]
"""Environment and provider mode."""


def removed_tests(project: Project, judged: EvaluatedReport, tests: Collection[str]) -> list[str]:
    """Return the tests that later runs no longer contain, in every environment in which they ever ran.

    A case of a parametrised test is removed if a later run had other cases of it. Any other test is removed only if
    the work tree has no test of its name in its file, since the later run may have been about other files or tests. A
    deselected test is not removed, and a run of single tests of a file does not show that others are removed. An
    imported test is removed if a later import by the same mapping lacks it, and has at least half of the tests of the
    test's own import.

    Raises:
        StorageError, IntegrityError: the plans of the runs cannot be read.
    """
    facts = judged.facts
    later_tests = LaterRuns(facts.evidence, facts.origins, plans_known=True).later_runs_without(tests)
    planned = _planned(project, {later.run_id for laters in later_tests.values() for later in laters})
    removed_imports = _Imports(project, judged).removed(set(tests) - later_tests.keys())
    removed = [
        test
        for test, laters in later_tests.items()
        if not any((later.run_id, test) in planned for later in laters)
        and (
            all(is_sibling_case(test, later.test_id) for later in laters)
            or not _may_exist(project.settings.folder, test)
        )
    ]
    return sorted([*removed, *removed_imports])


def failing_and_removed(folder: Path, readiness: Readiness) -> set[str]:
    """Return the tests that keep requirements from being complete, and are no longer in the work tree.

    ``folder``: that of the config, to which node ids are relative.
    """
    requirements = (requirement for use_case in readiness.use_cases for requirement in use_case.required)
    broken = {
        evidence.test_id
        for requirement in requirements
        for evidence in requirement.deciding
        if evidence.result in BROKEN and evidence.method == "test"
    }
    return {test for test in broken if not _may_exist(folder, test)}


class _Imports:
    """The imported JUnit reports, compared by the tests that they contain."""

    def __init__(self, project: Project, judged: EvaluatedReport) -> None:
        self._project = project
        self._evidence = judged.facts.evidence
        self._origins = judged.facts.origins

    def removed(self, tests: AbstractSet[str]) -> Iterator[str]:
        """Yield the tests that were imported, and that the next import lacks in every environment."""
        newest: dict[str, dict[_Scope, Evidence]] = defaultdict(dict)
        for evidence in sorted(self._evidence, key=attrgetter("started_at")):
            if evidence.test_id in tests:
                newest[evidence.test_id][evidence.environment, evidence.provider_mode] = evidence
        imported = [
            evidence for scopes in newest.values() for evidence in scopes.values() if evidence.method == IMPORTED
        ]
        later = {key: self._later(*key) for key in {self._key(evidence) for evidence in imported}}
        runs = {key[0] for key in later} | {run for imports in later.values() for run, _ in imports}
        plans: defaultdict[str, set[str]] = defaultdict(set)
        for run, test in _planned(self._project, runs):
            plans[run].add(test)
        next_imports = {
            key: next(((run, at) for run, at in imports if _is_same_report(plans[key[0]], plans[run])), None)
            for key, imports in later.items()
        }
        for test, scopes in newest.items():
            pairs = [(evidence, next_imports.get(self._key(evidence))) for evidence in scopes.values()]
            if all(next_ and next_[1] > old.started_at and test not in plans[next_[0]] for old, next_ in pairs):
                yield test

    def _key(self, evidence: Evidence) -> tuple[str, _Scope]:
        return evidence.run_id, (evidence.environment, evidence.provider_mode)

    @cached_property
    def _newest_starts(self) -> Mapping[_Scope, Mapping[str, str]]:
        """Newest start of a test of each import, by scope and run id."""
        starts: defaultdict[_Scope, dict[str, str]] = defaultdict(dict)
        for evidence in self._evidence:
            if evidence.method == IMPORTED:
                of_scope = starts[evidence.environment, evidence.provider_mode]
                of_scope[evidence.run_id] = max(evidence.started_at, of_scope.get(evidence.run_id, ""))
        return starts

    def _later(self, run_id: str, scope: _Scope) -> list[tuple[str, str]]:
        """Return the later imports by the same mapping in the same scope, newest first, with their newest start."""
        origin = self._origins[run_id]
        later = [
            (run, at)
            for run, at in self._newest_starts[scope].items()
            if self._origins[run].conditions.imported[:1] == origin.conditions.imported[:1] != ()
            and self._origins[run].started_at > origin.started_at
        ]
        return sorted(later, key=lambda pair: self._origins[pair[0]].started_at, reverse=True)[:_MAX_LATER_IMPORTS]


def _is_same_report(earlier: AbstractSet[str], later: AbstractSet[str]) -> bool:
    """Return whether a later report has at least half of the tests of an earlier one."""
    return 2 * len(earlier & later) >= len(earlier)


def _planned(project: Project, runs: AbstractSet[str]) -> set[tuple[str, str]]:
    """Return pairs of run id and test id: the tests that each run collected, deselected ones included."""
    store = project.store()
    try:
        in_journals = project.sources(store).journal_runs
        plans = {id_: in_journals[id_].planned for id_ in runs if id_ in in_journals}
        if store is not None:
            plans |= store.plans(runs - plans.keys())
        return {(run, test.test_id) for run, tests in plans.items() for test in tests}
    finally:
        if store is not None:
            store.close()


def _may_exist(folder: Path, test_id: str) -> bool:
    """Return whether the work tree may still have a test: its file contains the name of its function."""
    file, _, rest = test_id.partition("::")
    if file.startswith("//"):  # in another checkout, which is not read
        return True
    function = re.escape(rest.partition("[")[0].rpartition("::")[2])
    try:
        text = (folder / file).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return re.search(rf"(?<!\w){function}(?!\w)", text) is not None
