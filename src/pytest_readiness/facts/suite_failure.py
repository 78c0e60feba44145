"""What a failure of something that is no test concerned: a hook of a suite, or a file that did not load."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from ..fast_values import dataclass

ABSENT = "absent"
"""Method of evidence that something which exists only while it fails is no more there: it replaces that failure, and
satisfies nothing."""


class FailureScope(StrEnum):
    """Which cases of a report such a failure concerns."""

    SUITE = "suite"
    """Those of the suite of its name."""
    CLASS = "class"
    """Those of the class that it names."""
    MODULE = "module"
    """Those of the module that it names."""
    REPORT = "report"
    """All."""


@dataclass(frozen=True, slots=True)
class SuiteFailure:
    """What a case is that exists only while it fails."""

    producer: str
    scope: FailureScope
    names: tuple[str, ...]
    """Names of the suites from the outermost on, or the name of the class or module; nothing for a whole report."""
    test: str = ""
    """The test that it names: of a hook that ran for this one."""


@dataclass(frozen=True, slots=True)
class RequiredCases:
    """What a report must hold for such a failure to be over."""

    failure: SuiteFailure
    name: str
    """Of its case: no case of this name may be there."""
    since: str
    """The latest start in the report that tells of the failure: what is to replace it began later."""
    ran: tuple[str, ...]
    """Names of the cases within reach that ran to their end, as often as there were such."""
    others: tuple[str, ...] = ()
    """Names of the others, which were skipped, say."""
    suites: tuple[str, ...] = ()
    """Names of suites without a case."""

    def to_plain(self) -> dict[str, Any]:
        """Return it as a line holds it."""
        what = self.failure
        plain: dict[str, Any] = {"producer": what.producer, "reach": what.scope.value, "of": list(what.names)}
        plain |= {"name": self.name, "since": self.since, "ran": list(self.ran)}
        more = {"test": what.test, "others": list(self.others), "suites": list(self.suites)}
        return plain | {key: value for key, value in more.items() if value}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> RequiredCases:
        """Return what a line holds.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        what = SuiteFailure(plain["producer"], FailureScope(plain["reach"]), tuple(plain["of"]), plain.get("test", ""))
        others, suites = tuple(plain.get("others", ())), tuple(plain.get("suites", ()))
        return cls(what, plain["name"], plain["since"], tuple(plain["ran"]), others, suites)
