"""Index of the cases of a report that the failure of a suite, class or module concerns."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from ..facts.suite_failure import FailureScope, SuiteFailure

T = TypeVar("T")


class CaseName(NamedTuple, Generic[T]):
    """A case, with the names by which it is found."""

    class_name: str
    suites: tuple[str, ...]
    case: T


class CaseIndex(Generic[T]):
    """Index of the cases of reports. It is fast also for thousands of hooks that concern a few cases each."""

    def __init__(self, cases: Iterable[CaseName[T]]) -> None:
        """Index the cases of tests, in their order."""
        self._all: list[T] = []
        self._classes: defaultdict[str, list[T]] = defaultdict(list)
        self._suites: defaultdict[tuple[str, ...], list[T]] = defaultdict(list)
        for class_name, suites, case in cases:
            self._all.append(case)
            self._classes[class_name].append(case)
            self._suites[suites].append(case)
        self._class_names = sorted(self._classes)

    def reached_by(self, failure: SuiteFailure) -> Sequence[T]:
        """Return the cases that a failure concerns; all cases if it concerns a whole report."""
        if failure.scope is FailureScope.REPORT:
            return self._all
        if failure.scope is FailureScope.SUITE:
            return self._suites.get(failure.names, ())
        (name,) = failure.names
        cases = list(self._classes.get(name, ()))
        if failure.scope is FailureScope.MODULE:
            # "/" is the character after ".".
            nested = self._class_names[
                bisect_left(self._class_names, f"{name}.") : bisect_left(self._class_names, f"{name}/")
            ]
            cases += [case for class_name in nested for case in self._classes[class_name]]
        return cases
