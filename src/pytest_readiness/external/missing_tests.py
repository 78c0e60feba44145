"""Notes on what an import lacks: tests of the import before it, and failures under another name.

These notes do not change what counts: the last result of a test counts until it runs again or is retired. A report that
is shorter than the one before it may lack a file that did not load.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from sys import intern
from typing import Any, NamedTuple

from msgspec import Struct

from ..claims.claim import Claim
from ..errors import ReadinessError, count, one_line
from ..facts.decision import Retirement
from ..facts.evidence import BADNESS, CONCLUSIVE, IMPORTED, Result
from ..facts.ledger.line import canonical, escape_surrogates
from ..facts.suite_failure import ABSENT
from ..pipeline.project import Project
from ..recording.context import RunContext
from ..store.protocol import EvidenceStore
from .mapping import MappedTest, MappingRule

_COMPARED = 20
"""Number of earlier imports that are compared, newest first."""
_NAMED = 5
"""Number of classes that are named."""


class ImportOrigin(Struct, frozen=True):
    """Origin of the cases of an import. Imports with the same mapping and suites are imports of the same report."""

    mapping: str
    """Digest of the rules, regardless of their order."""
    suites: str
    """Digest of the names of the outermost suites."""

    def to_plain(self) -> dict[str, str]:
        """Return the origin as plain data for the first line of the run."""
        return {"mapping": self.mapping, "suites": self.suites}


def origin_of(rules: Iterable[MappingRule], suites: Iterable[str]) -> ImportOrigin:
    """Return the origin of cases from the rules and the names of the outermost suites."""
    pairs = sorted({(rule.pattern, rule.target) for rule in rules})
    return ImportOrigin(_digest([list(pair) for pair in pairs]), _digest(sorted(set(suites))))


def _digest(value: list[Any]) -> str:
    return sha256(canonical(escape_surrogates(value)).encode()).hexdigest()


def _grouped_by_class(missing: Sequence[str], imported: Iterable[str]) -> str:
    """Return the missing tests as text, grouped by class: a file that did not load is one class."""
    classes_left = set(map(_class, imported))
    classes: dict[str, list[str]] = {}
    for name in missing:
        classes.setdefault(_class(name), []).append(name)
    texts, others = [], len(missing)
    for name, tests in sorted(classes.items(), key=lambda pair: -len(pair[1]))[:_NAMED]:
        amount = "" if len(tests) == 1 else f"{len(tests)} of " if name in classes_left else f"all {len(tests)} of "
        texts.append(f"{amount}'{one_line(name if amount else tests[0], 100)}'")
        others -= len(tests)
    return ", ".join(texts) + (f" and {others} more" if others else "")


def _class(name: str) -> str:
    """Return the class of a test, or the test's name if it has no class."""
    return name.rpartition("::")[0] or name


class _Execution(NamedTuple):
    """An imported execution: of its evidence only what the notes need, since there may be very many of them."""

    use_case: str
    item: str
    test_id: str
    run_id: str
    started_at: str
    result: Result
    method: str


class PriorImport:
    """Earlier imports for the same use cases in the same environment and provider mode."""

    def __init__(self, project: Project, context: RunContext, claims: Iterable[Claim]) -> None:
        """Read the store. If it cannot be read there are no notes; storing the run reports the error."""
        self._store: EvidenceStore | None = None
        self._executions: list[_Execution] = []
        self._retired: set[str] = set()
        with suppress(ReadinessError):
            store = project.store()
            if store is None:
                return
            place = (context.environment, context.provider_mode or context.usual_provider_mode)
            self._executions = [
                _Execution(
                    use_case=intern(piece.uc),
                    item=intern(piece.item),
                    test_id=intern(piece.test_id),
                    run_id=intern(piece.run_id),
                    started_at=intern(piece.started_at),
                    result=piece.result,
                    method=intern(piece.method),
                )
                for piece in store.each_newest(project.catalogue.register, {claim.use_case for claim in claims})
                if piece.method in (IMPORTED, ABSENT) and (piece.environment, piece.provider_mode) == place
            ]
            # Not from the sources of an evaluation: these include the journals, and so all of this run.
            decisions = project.register_decisions(store).decisions if self._executions else ()
            self._retired = {decision.test_id for decision in decisions if isinstance(decision, Retirement)}
            self._store = store

    def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            self._store.close()

    def notes(
        self,
        origin: ImportOrigin,
        tests: Sequence[MappedTest],
        test_id: Callable[[str], str],
        resolved_ids: Collection[str] = (),
    ) -> Iterator[str]:
        """Yield the notes on an import.

        Args:
            origin: the origin of its cases.
            tests: the mapped tests.
            test_id: returns the id for a name.
            resolved_ids: ids of failed suites and hooks that are resolved.
        """
        imported = {test_id(test.name) for test in tests}
        newest = {piece.test_id: piece for piece in sorted(self._executions, key=lambda piece: piece.started_at)}
        absent = {id_ for id_, piece in newest.items() if piece.method == ABSENT}
        yield from self._missing_tests(origin, imported, absent.union(resolved_ids))
        yield from self._renamed_failures(tests, imported, test_id)

    def _missing_tests(self, origin: ImportOrigin, imported: set[str], resolved_ids: set[str]) -> Iterator[str]:
        run_id, planned, later_runs = self._previous_import(origin, imported)
        present = (
            imported
            | resolved_ids
            | self._retired
            | {piece.test_id for piece in self._executions if piece.run_id in later_runs}
        )
        if missing := [test for test in planned if test not in present]:
            verb = "is" if len(missing) == 1 else "are"
            tests = f"{count(len(missing), 'test')} of the earlier import {run_id}"
            advice = "their last results count until they are imported again or retired"
            yield f"{tests} {verb} missing ({_grouped_by_class(missing, imported)}): {advice}"

    def _previous_import(self, origin: ImportOrigin, imported: set[str]) -> tuple[str, Sequence[str], Collection[str]]:
        """Return the newest import by the same mapping that has one of these tests, else the newest of the same suites.

        The result is its id, its tests, and the ids of later imports.
        """
        fallback: tuple[str, Sequence[str], Collection[str]] = ("", (), ())
        if self._store is None or not self._executions:
            return fallback
        with suppress(ReadinessError):
            runs = self._newest_first(self._store)
            conditions = self._store.run_conditions(runs)
            candidates = [
                (run_id, position)
                for position, run_id in enumerate(runs)
                if conditions[run_id].imported[:1] == (origin.mapping,)
            ]
            for run_id, position in candidates[:_COMPARED]:
                planned = [test.test_id for test in self._store.plans([run_id])[run_id]]
                if not imported.isdisjoint(planned):
                    return run_id, planned, set(runs[:position])
                if not fallback[0] and conditions[run_id].imported[1:] == (origin.suites,):
                    fallback = run_id, planned, set(runs[:position])
        return fallback

    def _newest_first(self, store: EvidenceStore) -> list[str]:
        """Return the imports, newest first. Their ids tell the start only to the second."""
        started = {
            run_id: run.started_at
            for run_id, run in store.summaries({piece.run_id for piece in self._executions}).items()
        }
        return sorted(started, key=lambda run_id: (started[run_id], run_id), reverse=True)

    def _renamed_failures(
        self, tests: Sequence[MappedTest], imported: set[str], test_id: Callable[[str], str]
    ) -> Iterator[str]:
        """Yield a note on tests that failed under another name: with a suite before it, or without."""
        newest: dict[tuple[str, str, str], _Execution] = {}
        for piece in sorted(self._executions, key=lambda piece: (piece.started_at, BADNESS[piece.result])):
            if piece.result in CONCLUSIVE:
                newest[piece.test_id, piece.use_case, piece.item] = piece
        failed_ids = (
            {piece.test_id for piece in newest.values() if piece.result is not Result.PASSED} - imported - self._retired
        )
        renamed = {
            other_name: test.name
            for test in (tests if failed_ids else ())
            for case in test.members
            for other_name in (test_id(case.name), test_id(case.path))
            if other_name in failed_ids
        }
        for other_name, name in list(renamed.items())[:1]:
            example = f"'{one_line(other_name, 100)}' (here '{one_line(name, 100)}')"
            verb = "counts" if len(renamed) == 1 else "count"
            yield (
                f"{count(len(renamed), 'failure')} of an earlier import under another name still {verb}, "
                f"such as {example}: import under that name, or retire it"
            )
