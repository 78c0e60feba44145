"""Failures outside tests: of a suite's hook, or of a file that did not load."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

ABSENT = "absent"
"""Method of evidence that such a failure is over: it replaces the failure, and satisfies nothing."""


class FailureScope(StrEnum):
    """The cases of a report that such a failure concerns."""

    SUITE = "suite"
    """Cases of the named suite."""
    CLASS = "class"
    """Cases of the named class."""
    MODULE = "module"
    """Cases of the named module."""
    REPORT = "report"
    """All cases."""


class SuiteFailure(Struct, frozen=True):
    """Identity of a case that exists only while it fails."""

    producer: str
    scope: FailureScope
    names: tuple[str, ...]
    """Names of the suites from the outermost on, or the name of the class or module; empty: the whole report."""
    test: str = ""
    """The test whose hook failed; empty: none is named."""


class RequiredCases(Struct, frozen=True):
    """Conditions for such a failure to be over: the cases that a later report must contain."""

    failure: SuiteFailure
    name: str
    """Name of the failure's case, which must no longer occur."""
    since: str
    """Latest start in the report of the failure; the replacing cases must start later."""
    ran: tuple[str, ...]
    """Names of the concerned cases that ran to their end, with repetitions."""
    others: tuple[str, ...] = ()
    """Names of the other concerned cases, such as skipped ones."""
    suites: tuple[str, ...] = ()
    """Names of suites without a case."""

    def to_plain(self) -> dict[str, Any]:
        """Return the conditions as plain data for a line."""
        what = self.failure
        plain: dict[str, Any] = {"producer": what.producer, "reach": what.scope.value, "of": list(what.names)}
        plain |= {"name": self.name, "since": self.since, "ran": list(self.ran)}
        optional = {"test": what.test, "others": list(self.others), "suites": list(self.suites)}
        return plain | {key: value for key, value in optional.items() if value}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> RequiredCases:
        """Return the conditions from the plain data of a line.

        Raises:
            KeyError, TypeError, ValueError: the data is malformed.
        """
        what = SuiteFailure(plain["producer"], FailureScope(plain["reach"]), tuple(plain["of"]), plain.get("test", ""))
        others, suites = tuple(plain.get("others", ())), tuple(plain.get("suites", ()))
        return cls(what, plain["name"], plain["since"], tuple(plain["ran"]), others, suites)
