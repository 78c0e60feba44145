"""Cases of JUnit XML that exist only while something fails: hooks, and files that do not load.

A report without failures has no such case, so that no later result of it could replace the failure. The cases that the
failure concerned may replace it. The table is closed: the failure of any other case ends only by retirement.
"""

from __future__ import annotations

import re

from msgspec import Struct

from ...facts.suite_failure import FailureScope, SuiteFailure


class _Kind(Struct, frozen=True):
    """An entry of the table."""

    producer: str
    name: re.Pattern[str]
    """Pattern of ``classname::name`` as the file has it, with the groups ``of``, ``package`` and ``test``."""
    reach: FailureScope
    suite: re.Pattern[str] = re.compile(r"")
    """Pattern that the name of the innermost suite must contain."""
    message: str = ""
    """Beginning of the failure message."""


_DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_SCRIPT = r"[^\n]+\.[cm]?[jt]sx?"


def _kind(producer: str, name: str, reach: FailureScope, suite: str = "", message: str = "") -> _Kind:
    return _Kind(producer, re.compile(name), reach, re.compile(suite), message)


_TABLE = (
    # The hooks of a class or module: unittest-xml-reporting, python-subunit, stestr; nose2 splits the name at its dot.
    _kind("unittest", rf"::(?:setUp|tearDown)Class \((?P<of>{_DOTTED})\)", FailureScope.CLASS),
    _kind("unittest", rf"::(?:setUp|tearDown)Module \((?P<of>{_DOTTED})\)", FailureScope.MODULE),
    _kind("nose2", rf"(?:setUp|tearDown)Class \((?P<package>{_DOTTED})::(?P<of>\w+)\)", FailureScope.CLASS),
    _kind("nose2", rf"(?:setUp|tearDown)Module \((?P<package>{_DOTTED})::(?P<of>\w+)\)", FailureScope.MODULE),
    # A module that cannot be imported.
    _kind(
        "unittest",
        rf"unittest\.loader\._FailedTest(?:\.(?P<package>{_DOTTED}))?::(?P<of>{_DOTTED})",
        FailureScope.MODULE,
    ),
    _kind("nose2", rf"nose2\.loader\.\w+Failure(?:\.(?P<package>{_DOTTED}))?::(?P<of>{_DOTTED})", FailureScope.MODULE),
    _kind("pytest", rf"::(?P<of>{_DOTTED})", FailureScope.MODULE, r"\Apytest\Z", "collection failure"),
    # A file that does not load, if the suite has the name of the file.
    _kind("vitest", rf"(?P<of>{_SCRIPT})::(?P=of)", FailureScope.SUITE, rf"\A{_SCRIPT}\Z"),
    _kind("jest-junit", rf"Test suite failed to run::(?P<of>{_SCRIPT})", FailureScope.SUITE, rf"\A{_SCRIPT}\Z"),
    # The hooks of a suite.
    _kind(
        "jest-junit",
        r"(?P<of>[^\n]*Test execution failure: could be caused by test hooks like 'afterAll'\.)::(?P=of)",
        FailureScope.SUITE,
    ),
    _kind(
        "mocha", r'"(?:before|after) (?:all|each)" hook(?:: [^\n"]*)?(?: for "(?P<test>.+)")?::.+', FailureScope.SUITE
    ),
    _kind("mocha", r'"(?:before|after) (?:all|each)" hook(?:: [^\n"]*)? in "[^\n"]+"::.+', FailureScope.SUITE),
    # Hooks of a file, which is not named, and of all files, which then do not run.
    _kind(
        "bats",
        r"setup_suite::(?:setup_file failed|setup_suite|teardown_suite)",
        FailureScope.REPORT,
        r"\Asetup_suite\Z",
    ),
    # Cases without a name: GoogleTest's environment of all tests, and a bats file that does not load.
    _kind("GoogleTest", r"::", FailureScope.REPORT, r"\ANonTestSuiteFailure\Z"),
    _kind("bats", r"[^\n]+\.bats::", FailureScope.SUITE, r"\.bats\Z"),
)  # fmt: skip


_MAX_NAME_LENGTH = 2000
"""Maximal length of the names of a case that is matched."""


def find_suite_failure(suites: tuple[str, ...], class_name: str, name: str, message: str) -> SuiteFailure | None:
    """Return the failure of a suite if a failed case is of a kind that exists only while it fails, else None.

    Args:
        suites: the names of the suites around it, outermost first.
        class_name: the class name in the file.
        name: the name in the file.
        message: the failure message.
    """
    full_name, innermost = f"{class_name}::{name}", suites[-1] if suites else ""
    if len(full_name) > _MAX_NAME_LENGTH:
        return None
    for kind in _TABLE:
        match = kind.name.fullmatch(full_name)
        if match is not None and kind.suite.search(innermost) and message.startswith(kind.message):
            return _build_failure(kind, match.groupdict(), suites)
    return None


def _build_failure(kind: _Kind, groups: dict[str, str | None], suites: tuple[str, ...]) -> SuiteFailure | None:
    """Return the failure with its reach; None if the file does not name what it concerns, and no report resolves it."""
    if kind.reach is FailureScope.REPORT:
        return SuiteFailure(kind.producer, kind.reach, ())
    name = groups.get("of") or ""
    if kind.reach is not FailureScope.SUITE:
        return SuiteFailure(kind.producer, kind.reach, (".".join(filter(None, (groups.get("package"), name))),))
    # The suite is the file that did not load only if it has the name of the file.
    if not suites or (kind.suite.pattern and name not in ("", suites[-1])):
        return None
    return SuiteFailure(kind.producer, kind.reach, suites, groups.get("test") or "")
