"""Which cases of a report the failure of something that is no test concerns: of its suite, its class or its module."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from ..facts.suite_failure import FailureScope, SuiteFailure

T = TypeVar("T")


class CaseName(NamedTuple, Generic[T]):
    """A case, by what it may be found."""

    class_name: str
    suites: tuple[str, ...]
    case: T


class CaseIndex(Generic[T]):
    """The cases of reports: thousands of hooks may fail that concern a few of them each."""

    def __init__(self, cases: Iterable[CaseName[T]]) -> None:
        """Take in the tests among the cases, in their order."""
        self._all: list[T] = []
        self._classes: defaultdict[str, list[T]] = defaultdict(list)
        self._suites: defaultdict[tuple[str, ...], list[T]] = defaultdict(list)
        for class_name, suites, case in cases:
            self._all.append(case)
            self._classes[class_name].append(case)
            self._suites[suites].append(case)
        self._sorted = sorted(self._classes)

    def reached_by(self, what: SuiteFailure) -> Sequence[T]:
        """Return the cases within reach; for a whole report, all."""
        if what.scope is FailureScope.REPORT:
            return self._all
        if what.scope is FailureScope.SUITE:
            return self._suites.get(what.names, ())
        (of,) = what.names
        found = list(self._classes.get(of, ()))
        if what.scope is FailureScope.MODULE:
            inside = self._sorted[bisect_left(self._sorted, f"{of}.") : bisect_left(self._sorted, f"{of}/")]
            found += [case for name in inside for case in self._classes[name]]  # "/" comes next to "."
        return found
