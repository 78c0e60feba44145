"""What failed and is no test is over when a later report holds all that it concerned: the rule, kept while importing.

A hook that fails, or a file that does not load, is a case of the report only then
(``external.junit.failure_only_cases``). Its failure keeps what a report must hold (``facts.suite_failure``). A report
that does, and in which there is no such case, is recorded as an execution of it that passed, of the method ``absent``:
it replaces that failure, and satisfies nothing.
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
_MOST = 20_000
"""Names that a failure keeps: of what concerns more cases, nothing is kept, and only a retirement lets go of it."""


class ResolvedFailure(NamedTuple):
    """Something that fails no more."""

    test_id: str
    started: float
    cases: int
    """How many cases stand for it."""
    claims: list[Claim]


class _Named(NamedTuple):
    """A case, named as evidence names it."""

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
    """The reports of one import, and what was known before them."""

    def __init__(self, session: ExternalRun, read: Sequence[JUnitReport]) -> None:
        self._session = session
        self._read = read
        self._known = self._standing()
        self._all: list[list[_Named]] = []
        cases = list(chain.from_iterable(one.cases for one in read))
        if self._known or any(case.suite_failure is not None for case in cases):  # most often not so
            self._all = [[self._named(case) for case in one.cases] for one in read]
        every = list(chain.from_iterable(self._all))
        self._names = {one.name for one in every}
        self._reached = CaseIndex(CaseName(one.class_name, one.suites, one) for one in every if one.is_test)
        self._file_of = {id(one.case): number for number, ones in enumerate(self._all) for one in ones}
        """The number of the file that a case is of."""
        self._latest = timestamp(max((case.started for case in cases), default=0.0))

    def _named(self, case: JUnitCase) -> _Named:
        name = self._session.name
        return _Named(case, name(case.name), name(case.class_name), tuple(map(name, case.suites)))

    def _standing(self) -> dict[str, list[Evidence]]:
        """Return what is known of each test of which a failure is kept that is no test's."""
        place = self._session.pending.project
        try:
            store = place.store()
            if store is None:
                return {}
            with closing(store):
                newest = store.newest(place.catalogue.register)
        except (IntegrityError, StorageError):  # the run itself is kept, or that is told; nothing is let go
            return {}
        concerned = {one.test_id for one in newest if one.required_cases is not None}
        known: dict[str, list[Evidence]] = defaultdict(list)
        for one in newest:
            if one.test_id in concerned:
                known[one.test_id].append(one)
        return known

    def required_cases(self, test: MappedTest) -> RequiredCases | None:
        """Return what must be there for a failure to be over; None: it is a test's, or nothing tells when it is."""
        kinds = {case.suite_failure for case in test.members}
        (kind,) = kinds if len(kinds) == 1 else (None,)
        if kind is None:
            return None
        what = self._renamed(kind)
        where = sorted({self._file_of[id(case)] for case in test.members})
        concerned = self._concerned(what, where)
        empty = {self._session.name(name) for n in where for name in self._read[n].empty}
        if what.scope is FailureScope.REPORT and not concerned:
            return None
        before = self._before(self._session.name(test.name))
        ran = Counter(one.name for one in concerned if one.ran) | Counter(before.ran if before else ())
        others = Counter(one.name for one in concerned if not one.ran) | Counter(before.others if before else ())
        suites = {*(empty if what.scope is FailureScope.REPORT else ()), *(before.suites if before else ())}
        if ran.total() + others.total() + len(suites) > _MOST:
            return None
        names = sorted(ran.elements()), sorted(others.elements()), sorted(suites)
        name = self._session.name(test.members[0].name)
        return RequiredCases(what, name, max(self._latest, before.since if before else ""), *map(tuple, names))

    def _renamed(self, kind: SuiteFailure) -> SuiteFailure:
        name = self._session.name
        return SuiteFailure(kind.producer, kind.scope, tuple(map(name, kind.names)), kind.test and name(kind.test))

    def _before(self, test_id: str) -> RequiredCases | None:
        """Return what is still held from an earlier failure: a narrower report that fails takes nothing of it."""
        bad = self._bad(test_id)
        return bad[-1].required_cases if bad and not self._is_over(test_id, bad[-1].started_at) else None

    def _here(self, test_id: str) -> list[Evidence]:
        context = self._session.pending.context
        place = context.environment, context.provider_mode or context.usual_provider_mode
        return [one for one in self._known.get(test_id, ()) if (one.environment, one.provider_mode) == place]

    def _bad(self, test_id: str) -> list[Evidence]:
        """Return its failures in the environment and the provider mode of this run, the newest last."""
        return sorted((one for one in self._here(test_id) if one.result in BAD), key=lambda one: one.started_at)

    def _is_over(self, test_id: str, since: str) -> bool:
        return any(one.method == ABSENT and one.started_at > since for one in self._here(test_id))

    def _concerned(self, what: SuiteFailure, where: Sequence[int]) -> Sequence[_Named]:
        """Return the cases within reach; ``where``: of these files, if it is all of a report."""
        if what.scope is FailureScope.REPORT:
            return [one for number in where for one in self._all[number] if one.is_test]
        return self._reached.reached_by(what)

    def resolved_failures(self, recorded: Collection[str]) -> Iterator[ResolvedFailure]:
        """Yield what fails no more; ``recorded``: ids of the tests that this import records."""
        found = list(self._may_be_over(recorded))
        tests = self._failed_as_tests([one.test_id for one in found]) if found else frozenset()
        yield from (one for one in found if one.test_id not in tests)

    def _may_be_over(self, recorded: Collection[str]) -> Iterator[ResolvedFailure]:
        """Yield what fails no more as far as its newest failure tells."""
        for test_id in self._known:
            bad = self._bad(test_id)
            is_test = any(one.method != ABSENT and one.result not in BAD for one in self._known[test_id])
            if not bad or is_test or test_id in recorded or self._is_over(test_id, bad[-1].started_at):
                continue
            held = bad[-1].required_cases
            if held is None or held.name in self._names:
                continue
            stands = self._all_of(held)
            started = min((one.case.started for one in stands), default=0.0)
            is_later = bool(stands) and timestamp(started) > max(held.since, bad[-1].started_at)
            if is_later and (claims := list(self._claims(bad))):
                yield ResolvedFailure(test_id, started, len(stands), claims)

    def _failed_as_tests(self, test_ids: Sequence[str]) -> Collection[str]:
        """Return those of which an older failure is of a test of that name, or of what nothing tells when it is over.

        The newest failure of a name stands before it; where that is one of a hook, it speaks for no test.
        """
        bad = [one for test_id in test_ids for one in self._bad(test_id)]
        place = self._session.pending.project
        register, known = place.catalogue.register, {one.id for one in bad}
        try:
            store = place.store()
            if store is None:
                return test_ids
            with closing(store):
                failures = store.failures(register, dict.fromkeys((one.uc for one in bad), ""))
                slots = {one.slot for one in failures if one.evidence_id in known}
                older = store.evidence_by_ids(register, [one.evidence_id for one in failures if one.slot in slots])
        except (IntegrityError, StorageError):
            return test_ids
        older += bad
        return {
            one.test_id
            for one in older
            if one.required_cases is None and not self._is_over(one.test_id, one.started_at)
        }

    def _all_of(self, held: RequiredCases) -> Sequence[_Named]:
        """Return the cases that stand for the end of a failure: none, unless all are there, each as it must be."""
        there = self._concerned(held.failure, range(len(self._read)))
        ran = [one for one in there if one.ran]
        names, ended = Counter(one.name for one in there), Counter(one.name for one in ran)
        if Counter(held.ran) - ended or Counter(held.others) - names:
            return []
        test = held.failure.test
        if test and not any(one.class_name == test or one.name.endswith(f"::{test}") for one in ran):
            return []
        alive = {name for one in ran for name in one.suites}
        return there if ran and alive.issuperset(held.suites) else []

    def _claims(self, bad: Sequence[Evidence]) -> Iterator[Claim]:
        """Yield what the failures claimed, as far as it is in the register still."""
        claimed = (
            Claim(one.uc, one.item, one.claim_environment, one.claim_provider_mode, part=part)
            for one in bad
            for part in one.parts or (None,)
        )
        for claim in dict.fromkeys(claimed):
            try:
                yield self._session.pending.project.catalogue.resolve(claim)
            except ClaimError:
                continue


def resolve_failures(session: ExternalRun, over: ResolvedFailure) -> str:
    """Record that something fails no more, and return that as a sentence."""
    told = (
        f"'{one_line(over.test_id, 100)}' is no test, and fails no more: it is not there, and "
        f"{count(over.cases, 'case')} that it concerned {'has' if over.cases == 1 else 'have'} run"
    )
    account, recording = session.recorder_for(over.claims)
    account.note(told)
    started = timestamp(over.started)
    attempt = {"result": Result.PASSED.value, "started_at": started, "duration_ms": 0}
    body = {"test": over.test_id, "method": ABSENT, "result": Result.PASSED.value, "attempts": [attempt]}
    session.record(body | {"started_at": started, "finished_at": started}, recording, over.claims)
    del session.pieces[-len(over.claims) :]  # nobody is told of a pass that is none of a test
    return told
