"""Cases of JUnit XML that exist only while something fails: hooks, and files that do not load.

When all is well there is no such case, so no later result of it could ever replace the failure. What may stand for that
result is what ran within its reach. The table is closed: every other case goes only by retirement.
"""

from __future__ import annotations

import re

from ...facts.suite_failure import FailureScope, SuiteFailure
from ...fast_values import dataclass


@dataclass(frozen=True, slots=True)
class _Kind:
    """An entry of the table."""

    producer: str
    name: re.Pattern[str]
    """Of ``classname::name``, both as the file says them; its groups ``of``, ``package`` and ``test`` name these."""
    reach: FailureScope
    suite: re.Pattern[str] = re.compile(r"")
    """What the name of the innermost suite must hold."""
    message: str = ""
    """What its failure says."""


_DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_SCRIPT = r"[^\n]+\.[cm]?[jt]sx?"


def _kind(producer: str, name: str, reach: FailureScope, suite: str = "", message: str = "") -> _Kind:
    return _Kind(producer, re.compile(name), reach, re.compile(suite), message)


_TABLE = (
    # The hooks of a class or module: unittest-xml-reporting, python-subunit, stestr; nose2 parts the name at its dot.
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
    # A file that does not load, where the suite is called as the file.
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
    # Of the file, which is not named, and of all files, which do not begin then.
    _kind(
        "bats",
        r"setup_suite::(?:setup_file failed|setup_suite|teardown_suite)",
        FailureScope.REPORT,
        r"\Asetup_suite\Z",
    ),
    # What has no name: of GoogleTest the environment of all tests, of bats a file that does not load.
    _kind("GoogleTest", r"::", FailureScope.REPORT, r"\ANonTestSuiteFailure\Z"),
    _kind("bats", r"[^\n]+\.bats::", FailureScope.SUITE, r"\.bats\Z"),
)  # fmt: skip


_LONGEST = 2000
"""Of the names of a case that is looked at."""


def find_suite_failure(suites: tuple[str, ...], class_name: str, name: str, message: str) -> SuiteFailure | None:
    """Return what a case is that failed, if it is of a kind that exists only while it fails.

    Args:
        suites: the names of the suites around it, the outermost first.
        class_name: as the file says it.
        name: as the file says it.
        message: of its failure.
    """
    called, innermost = f"{class_name}::{name}", suites[-1] if suites else ""
    if len(called) > _LONGEST:
        return None
    for kind in _TABLE:
        match = kind.name.fullmatch(called)
        if match is not None and kind.suite.search(innermost) and message.startswith(kind.message):
            return _reaching(kind, match.groupdict(), suites)
    return None


def _reaching(kind: _Kind, found: dict[str, str | None], suites: tuple[str, ...]) -> SuiteFailure | None:
    """Return what it concerns; None: that is not named, so that nothing tells when it is over."""
    if kind.reach is FailureScope.REPORT:
        return SuiteFailure(kind.producer, kind.reach, ())
    of = found.get("of") or ""
    if kind.reach is not FailureScope.SUITE:
        return SuiteFailure(kind.producer, kind.reach, (".".join(filter(None, (found.get("package"), of))),))
    # A file that did not load is meant by its suite only where that is called as the file.
    if not suites or (kind.suite.pattern and of not in ("", suites[-1])):
        return None
    return SuiteFailure(kind.producer, kind.reach, suites, found.get("test") or "")
