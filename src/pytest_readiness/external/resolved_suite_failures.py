"""Resolution of failed hooks and modules by a later report with everything that they concerned.

A hook that fails, or a file that does not load, is a case of the report only while it fails
(``external.junit.failure_only_cases``). Its failure stores what a later report must contain (``facts.suite_failure``).
If a report contains all of it and no such case, an execution of the method ``absent`` is recorded as passed. It
replaces the failure and satisfies no requirement.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from itertools import chain
from typing import NamedTuple

from ..claims.claim import Claim
from ..errors import ClaimError, IntegrityError, StorageError, count, one_line
from ..facts.evidence import BAD, Evidence, Result
from ..facts.suite_failure import ABSENT, FailureScope, RequiredCases, SuiteFailure
from ..facts.timestamps import timestamp
from .junit.reader import JUnitCase, JUnitReport
from .mapping import MappedTest
from .record import ExternalRun
from .suite_scope import CaseIndex, CaseName

_RAN = frozenset({Result.PASSED, Result.FAILED, Result.ERROR})
"""Results of a case that ran to its end."""
_MAX_NAMES = 20_000
"""Maximal number of names stored with a failure. A failure that concerns more cases ends only by retirement."""


class ResolvedFailure(NamedTuple):
    """A failed suite or hook that is resolved."""

    test_id: str
    started: float
    cases: int
    """Number of cases that replace it."""
    claims: list[Claim]


class _NamedCase(NamedTuple):
    """A case with its names as evidence stores them."""

    case: JUnitCase
    name: str
    class_name: str
    suites: tuple[str, ...]

    @property
    def is_test(self) -> bool:
        return self.case.suite_failure is None and self.case.covered_cases is None

    @property
    def ran(self) -> bool:
        return self.case.result in _RAN


class ImportedReports:
    """The reports of one import, with the failures recorded before it."""

    def __init__(self, session: ExternalRun, reports: Sequence[JUnitReport]) -> None:
        self._session = session
        self._reports = reports
        self._stored = self._stored_failures()
        self._cases: list[list[_NamedCase]] = []
        cases = list(chain.from_iterable(report.cases for report in reports))
        if self._stored or any(case.suite_failure is not None for case in cases):  # rare
            self._cases = [[self._named_case(case) for case in report.cases] for report in reports]
        all_cases = list(chain.from_iterable(self._cases))
        self._case_names = {case.name for case in all_cases}
        self._index = CaseIndex(CaseName(case.class_name, case.suites, case) for case in all_cases if case.is_test)
        self._file_of = {id(case.case): number for number, file_cases in enumerate(self._cases) for case in file_cases}
        """The number of the file of each case."""
        self._latest = timestamp(max((case.started for case in cases), default=0.0))

    def _named_case(self, case: JUnitCase) -> _NamedCase:
        name = self._session.name
        return _NamedCase(case, name(case.name), name(case.class_name), tuple(map(name, case.suites)))

    def _stored_failures(self) -> dict[str, list[Evidence]]:
        """Return the stored evidence of each test id with a failure of a suite or hook.

        The store may hold very many tests, and such failures are rare: all evidence is passed through, and only theirs
        is kept.
        """
        project = self._session.pending.project
        register, stored = project.catalogue.register, defaultdict[str, list[Evidence]](list)
        try:
            store = project.store()
            if store is None:
                return {}
            with closing(store):
                concerned = {piece.test_id for piece in store.each_newest(register) if piece.required_cases is not None}
                for piece in store.each_newest(register) if concerned else ():
                    if piece.test_id in concerned:
                        stored[piece.test_id].append(piece)
        except (IntegrityError, StorageError):  # the run is stored or its error is reported; no failure is resolved
            return {}
        return stored

    def required_cases(self, test: MappedTest) -> RequiredCases | None:
        """Return the cases that a report must contain to resolve a failure.

        None means that a test failed, or that no report can resolve the failure.
        """
        kinds = {case.suite_failure for case in test.members}
        (original,) = kinds if len(kinds) == 1 else (None,)
        if original is None:
            return None
        failure = self._renamed(original)
        files = sorted({self._file_of[id(case)] for case in test.members})
        cases = self._concerned_cases(failure, files)
        empty = {self._session.name(name) for n in files for name in self._reports[n].empty}
        if failure.scope is FailureScope.REPORT and not cases:
            return None
        earlier = self._unresolved_requirements(self._session.name(test.name))
        ran = Counter(case.name for case in cases if case.ran) | Counter(earlier.ran if earlier else ())
        others = Counter(case.name for case in cases if not case.ran) | Counter(earlier.others if earlier else ())
        suites = {*(empty if failure.scope is FailureScope.REPORT else ()), *(earlier.suites if earlier else ())}
        if ran.total() + others.total() + len(suites) > _MAX_NAMES:
            return None
        names = sorted(ran.elements()), sorted(others.elements()), sorted(suites)
        name = self._session.name(test.members[0].name)
        return RequiredCases(failure, name, max(self._latest, earlier.since if earlier else ""), *map(tuple, names))

    def _renamed(self, kind: SuiteFailure) -> SuiteFailure:
        name = self._session.name
        return SuiteFailure(kind.producer, kind.scope, tuple(map(name, kind.names)), kind.test and name(kind.test))

    def _unresolved_requirements(self, test_id: str) -> RequiredCases | None:
        """Return the required cases of an unresolved earlier failure, of which a narrower report must not drop any."""
        bad = self._failures(test_id)
        return bad[-1].required_cases if bad and not self._is_resolved(test_id, bad[-1].started_at) else None

    def _evidence_in_place(self, test_id: str) -> list[Evidence]:
        context = self._session.pending.context
        place = context.environment, context.provider_mode or context.usual_provider_mode
        return [piece for piece in self._stored.get(test_id, ()) if (piece.environment, piece.provider_mode) == place]

    def _failures(self, test_id: str) -> list[Evidence]:
        """Return its failures in the environment and provider mode of this run, newest last."""
        return sorted(
            (piece for piece in self._evidence_in_place(test_id) if piece.result in BAD),
            key=lambda piece: piece.started_at,
        )

    def _is_resolved(self, test_id: str, since: str) -> bool:
        return any(piece.method == ABSENT and piece.started_at > since for piece in self._evidence_in_place(test_id))

    def _concerned_cases(self, failure: SuiteFailure, files: Sequence[int]) -> Sequence[_NamedCase]:
        """Return the cases that a failure concerns.

        ``files``: numbers of the files to search if it concerns a whole report.
        """
        if failure.scope is FailureScope.REPORT:
            return [case for number in files for case in self._cases[number] if case.is_test]
        return self._index.reached_by(failure)

    def resolved_failures(self, recorded: Collection[str]) -> Iterator[ResolvedFailure]:
        """Yield the failures that this import resolves.

        ``recorded``: ids of the tests that this import records.
        """
        candidates = list(self._resolution_candidates(recorded))
        test_ids = self._failed_as_tests([candidate.test_id for candidate in candidates]) if candidates else frozenset()
        yield from (candidate for candidate in candidates if candidate.test_id not in test_ids)

    def _resolution_candidates(self, recorded: Collection[str]) -> Iterator[ResolvedFailure]:
        """Yield the failures that are resolved if only the newest failure of each id is regarded."""
        for test_id in self._stored:
            failures = self._failures(test_id)
            is_test = any(piece.method != ABSENT and piece.result not in BAD for piece in self._stored[test_id])
            if not failures or is_test or test_id in recorded or self._is_resolved(test_id, failures[-1].started_at):
                continue
            required = failures[-1].required_cases
            if required is None or required.name in self._case_names:
                continue
            replacements = self._replacing_cases(required)
            started = min((case.case.started for case in replacements), default=0.0)
            is_later = bool(replacements) and timestamp(started) > max(required.since, failures[-1].started_at)
            if is_later and (claims := list(self._claims(failures))):
                yield ResolvedFailure(test_id, started, len(replacements), claims)

    def _failed_as_tests(self, test_ids: Sequence[str]) -> Collection[str]:
        """Return the ids with an older failure that is a test's, or that no report can resolve.

        The newest failure of an id hides the older ones. If a hook failed last, that is no statement about a test.
        """
        newest_failures = [piece for test_id in test_ids for piece in self._failures(test_id)]
        project = self._session.pending.project
        register, failure_ids = project.catalogue.register, {piece.id for piece in newest_failures}
        try:
            store = project.store()
            if store is None:
                return test_ids
            with closing(store):
                records = store.failures(register, dict.fromkeys((piece.uc for piece in newest_failures), ""))
                slots = {failure.slot for failure in records if failure.evidence_id in failure_ids}
                older = store.evidence_by_ids(
                    register, [failure.evidence_id for failure in records if failure.slot in slots]
                )
        except (IntegrityError, StorageError):
            return test_ids
        older += newest_failures
        return {
            piece.test_id
            for piece in older
            if piece.required_cases is None and not self._is_resolved(piece.test_id, piece.started_at)
        }

    def _replacing_cases(self, required: RequiredCases) -> Sequence[_NamedCase]:
        """Return the cases that resolve a failure; empty unless all required cases are present and ran as required."""
        cases = self._concerned_cases(required.failure, range(len(self._reports)))
        ran = [case for case in cases if case.ran]
        names, ran_names = Counter(case.name for case in cases), Counter(case.name for case in ran)
        if Counter(required.ran) - ran_names or Counter(required.others) - names:
            return []
        test = required.failure.test
        if test and not any(case.class_name == test or case.name.endswith(f"::{test}") for case in ran):
            return []
        suites_that_ran = {name for case in ran for name in case.suites}
        return cases if ran and suites_that_ran.issuperset(required.suites) else []

    def _claims(self, failures: Sequence[Evidence]) -> Iterator[Claim]:
        """Yield the claims of the failures that are still in the register."""
        claims = (
            Claim(failure.uc, failure.item, failure.claim_environment, failure.claim_provider_mode, part=part)
            for failure in failures
            for part in failure.parts or (None,)
        )
        for claim in dict.fromkeys(claims):
            try:
                yield self._session.pending.project.catalogue.resolve(claim)
            except ClaimError:
                continue


def resolve_failures(session: ExternalRun, failure: ResolvedFailure) -> str:
    """Record that a failure is resolved, and return the recorded note."""
    note = (
        f"'{one_line(failure.test_id, 100)}' is no test, and fails no more: it is not there, and "
        f"{count(failure.cases, 'case')} that it concerned {'has' if failure.cases == 1 else 'have'} run"
    )
    recorder, recording = session.recorder_for(failure.claims)
    recorder.note(note)
    started = timestamp(failure.started)
    attempt = {"result": Result.PASSED.value, "started_at": started, "duration_ms": 0}
    body = {"test": failure.test_id, "method": ABSENT, "result": Result.PASSED.value, "attempts": [attempt]}
    session.record(body | {"started_at": started, "finished_at": started}, recording, failure.claims)
    del session.pieces[-len(failure.claims) :]  # not printed: it is no pass of a test
    return note
