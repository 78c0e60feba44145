"""Reader of JUnit XML from any producer: untrusted input becomes plain test executions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from pathlib import Path

from msgspec import Struct

from ...errors import ConfigError, count, location, one_line
from ...facts.evidence import BADNESS, Result
from ...facts.suite_failure import SuiteFailure
from .failure_only_cases import find_suite_failure
from .files import JUnitFile, TextBlocks
from .parser import BAD, OpenSuite, XmlElement, message_in, parse_junit
from .suite_statements import FAILED, PASSED_VALUES, RESULT_OF_STATUS, ZERO_VALUES, suite_failures, unexecuted
from .timestamps import TimestampReader

PROPERTY = "readiness"
"""Name of the property with which a test case names its target, such as ``UC-003/4``."""
_RESULT_ELEMENTS = {"error": Result.ERROR, "failure": Result.FAILED, "skipped": Result.SKIPPED}
_ATTEMPT_ELEMENTS = {
    "flakyError": Result.ERROR,
    "flakyFailure": Result.FAILED,
    "rerunError": Result.ERROR,
    "rerunFailure": Result.FAILED,
}
"""Elements for further attempts, as Maven's Surefire and others write them."""
_FLAKY_ELEMENTS = frozenset({"flakyError", "flakyFailure"})
"""Those of them for a test that finally passed."""
_NEUTRAL_ELEMENTS = frozenset({"properties", "system-out", "system-err"})
"""Elements that a passed test case may contain."""
_SKIPPED_VALUES = frozenset({"untested"})
"""Values that appear together with ``<skipped>`` (behave, for tests that it only lists)."""
_COUNTS = {"failures": Result.FAILED, "failure": Result.FAILED, "errors": Result.ERROR, "error": Result.ERROR,
           "skipped": Result.SKIPPED, "incomplete": Result.ERROR}  # fmt: skip
"""Attributes of a test case that count against it unless they are zero or empty."""
_XFAIL_TYPES = frozenset({"pytest.xfail", "xfail"})
"""Types of ``<skipped>`` for a test that was expected to fail (pytest, unittest-xml-reporting)."""
_EXPECTED_TO_FAIL = "fail"
"""Property of Playwright for a test that was expected to fail, and failed."""


class CaseAttempt(Struct, frozen=True):
    """One attempt of a test case."""

    result: Result
    message: str
    duration_ms: int


class JUnitCase(Struct, frozen=True):
    """A test case. Several cases with one name are one test."""

    name: str
    """``classname::name``."""
    started: float
    """Start, in seconds since the epoch."""
    attempts: tuple[CaseAttempt, ...]
    """The attempts in order; the last one is the result."""
    claims: tuple[str, ...]
    """Values of its property ``readiness``."""
    suites: tuple[str, ...] = ()
    """Names of the suites around it, outermost first; for Playwright the project comes before them."""
    class_name: str = ""
    suite_failure: SuiteFailure | None = None
    """The failure of a suite, hook or module, if this case is no test."""
    covered_cases: tuple[JUnitCase, ...] | None = None
    """The test cases of a failed suite, if this case represents one; else None.

    An inner suite that failed itself takes the place of its cases.
    """

    @property
    def path(self) -> str:
        """``suite/classname::name``, with all suites around it: separates equal names of two suites."""
        return "/".join((*self.suites, self.name))

    @property
    def result(self) -> Result:
        """The result of the last attempt."""
        return self.attempts[-1].result

    @property
    def duration_ms(self) -> int:
        """Duration of all attempts, in milliseconds."""
        return sum(attempt.duration_ms for attempt in self.attempts)


class JUnitReport(Struct, frozen=True):
    """The content of a file."""

    file: JUnitFile
    cases: tuple[JUnitCase, ...]
    """The test cases in order."""
    notes: tuple[str, ...]
    """Notes for the person who imports, a sentence each."""
    empty: tuple[str, ...] = ()
    """Names of the suites without a case."""


def read_junit(path: Path, size_limit: int, timezone: tzinfo | None = None) -> JUnitReport:
    """Return the test cases of a JUnit XML file. A case without a timestamp started when the file was written.

    Args:
        path: the file.
        size_limit: size of the largest file that is read, in bytes.
        timezone: the time zone of times that name none.

    Raises:
        ConfigError: the file cannot be read, is not XML or JUnit XML, is a list of tests that were not run, has a
            document type, which could declare entities, or has an invalid time.
    """
    blocks = TextBlocks(path, size_limit)
    builder = _CaseBuilder(blocks, timezone)
    parse_junit(path, blocks, builder.add_case, builder.end_suite)
    if blocks.file is None:
        raise ConfigError(f"{location(path)}: was not read to its end")
    notes = [f"{location(path)}: {note}" for note in (*blocks.notes, *builder.notes())]
    return JUnitReport(blocks.file, tuple(builder.cases), tuple(notes), tuple(builder.empty))


class _CaseBuilder:
    """Builder of test cases from the parser's elements."""

    def __init__(self, blocks: TextBlocks, timezone: tzinfo | None) -> None:
        self.cases: list[JUnitCase] = []
        self.empty: list[str] = []
        self._blocks, self._timezone = blocks, timezone
        self._timestamps: TimestampReader | None = None
        self._uncovered: list[tuple[int, JUnitCase]] = []
        """Cases that no failed suite covers yet, with the number of cases before each."""
        self._number_of_cases = 0
        self._count_notes: list[tuple[int, str]] = []
        self._suite_errors: list[tuple[int, str]] = []

    def add_case(self, element: XmlElement, suite: OpenSuite) -> None:
        """Add a test case."""
        attempts = _attempts(element)
        case = JUnitCase(
            name="::".join(filter(None, (element.get("classname"), element.get("name"))))
            or suite.effective_name
            or _UNNAMED_CASE,
            started=self._started(element.get("timestamp") or suite.timestamp, attempts[-1].result, suite),
            attempts=attempts,
            claims=tuple(
                prop.get("value") or prop.text.strip() for prop in _properties(element) if prop.get("name") == PROPERTY
            ),
            suites=suite.names,
            class_name=element.get("classname"),
            suite_failure=_suite_failure(element, suite, attempts[-1]),
        )
        suite.bad += sum(child.tag in BAD for child in element.children) or case.result in FAILED
        suite.passed += case.result is Result.PASSED
        self._add(self._number_of_cases, case)
        self._number_of_cases += 1

    def end_suite(self, suite: OpenSuite) -> None:
        """Add a suite. A failure of the suite itself becomes a case that covers the cases in it."""
        if not suite.cases and suite.get("name"):
            self.empty.append(suite.get("name"))
        if note := _count_note(suite):
            self._count_notes.append((suite.number, note))
        if failures := suite_failures(suite):
            covered = []
            while self._uncovered and self._uncovered[-1][0] >= suite.first:
                covered.append(self._uncovered.pop()[1])
            message = "; ".join(failures)
            case = JUnitCase(
                name=suite.effective_name or _UNNAMED_SUITE,
                started=self._started(suite.timestamp, Result.ERROR, suite),
                attempts=(CaseAttempt(Result.ERROR, message, 0),),
                claims=(),
                suites=() if suite.outer is None else suite.outer.names,
                covered_cases=tuple(reversed(covered)),
            )
            self._add(suite.first, case)
            note = f"the suite '{one_line(case.name, 60)}' is an ERROR of its own: {one_line(message, 300)}"
            self._suite_errors.append((suite.number, note))
        if suite.outer is not None:
            suite.outer.bad += suite.bad
            suite.outer.passed += suite.passed

    def _add(self, cases_before: int, case: JUnitCase) -> None:
        self.cases.append(case)
        self._uncovered.append((cases_before, case))

    def _started(self, timestamp: str, result: Result, suite: OpenSuite) -> float:
        if self._timestamps is None:
            self._timestamps = TimestampReader(self._blocks.modified, self._timezone)
        try:
            duration = _milliseconds(suite.get("time")) / 1000
            return self._timestamps.started(timestamp, passed=result is Result.PASSED, duration=duration)
        except (ValueError, OverflowError):
            shown = f"the timestamp '{one_line(timestamp, 60)}' is not a valid time: use ISO 8601"
            raise ConfigError(f"{location(self._blocks.path)}: {shown}") from None

    def notes(self) -> list[str]:
        """Return the notes, a sentence each."""
        times = self._timestamps.notes() if self._timestamps is not None else []
        return [*_first_notes(self._suite_errors), *_first_notes(self._count_notes), *times]


_MAX_NOTES = 5


def _first_notes(numbered_notes: list[tuple[int, str]]) -> list[str]:
    """Return the first notes of a kind, in the order of the suites."""
    first_notes = [note for _, note in sorted(numbered_notes)[:_MAX_NOTES]]
    more = len(numbered_notes) - len(first_notes)
    return [*first_notes, f"the same for {count(more, 'more suite')}"] if more else first_notes


_DIGITS = 18
"""Digits of the number of tests of a suite."""


def _count_note(suite: OpenSuite) -> str:
    """Return a note if a suite declares more tests than it contains: some may not have run (``test.todo`` of jest)."""
    declared = suite.get("tests")
    if suite.tag != "testsuite" or not declared.isdecimal() or len(declared) > _DIGITS or suite.cases <= int(declared):
        return ""
    numbers = f"declares {count(int(declared), 'test')} and contains {suite.cases}"
    return f"the suite '{one_line(suite.get('name'), 60)}' {numbers}: perhaps some did not run"


def _suite_failure(element: XmlElement, suite: OpenSuite, last: CaseAttempt) -> SuiteFailure | None:
    """Return the failure of a suite if the case exists only while it fails; None if it did not fail or is a test."""
    if last.result not in FAILED:
        return None
    return find_suite_failure(suite.names, element.get("classname"), element.get("name"), last.message)


def _properties(element: XmlElement) -> list[XmlElement]:
    return [prop for child in element.children if child.tag == "properties" for prop in child.children]


def _attempts(element: XmlElement) -> tuple[CaseAttempt, ...]:
    """Return the attempts of a test case in order."""
    duration = _milliseconds(element.get("time"))
    last = _last_attempt(element, duration)
    if last.result is Result.PASSED and any(prop.get("name") == _EXPECTED_TO_FAIL for prop in _properties(element)):
        last = CaseAttempt(Result.XFAILED, "expected to fail", duration)
    earlier = [
        CaseAttempt(_ATTEMPT_ELEMENTS[child.tag], message_in(child), _milliseconds(child.get("time")))
        for child in element.children
        if child.tag in _ATTEMPT_ELEMENTS
    ]
    # A test that finally passed reports its failures as flaky; otherwise its first failure is the main one.
    return (*earlier, last) if last.result is Result.PASSED else (last, *earlier)


_UNNAMED_CASE, _UNNAMED_SUITE = "a test case without a name", "a test suite without a name"


def _last_attempt(element: XmlElement, duration: int) -> CaseAttempt:
    """Return the last attempt: PASSED if nothing counts against it and no element or value is unknown."""
    attempts = [
        CaseAttempt(_result(child), message_in(child), duration)
        for child in element.children
        if child.tag in _RESULT_ELEMENTS
    ]
    if any(attempt.result in FAILED for attempt in attempts):
        return _worst(attempts)
    # A skip does not revoke what counts against the test.
    attempts += [CaseAttempt(result, message, duration) for result, message in _adverse_results(element)]
    return _worst(attempts) if attempts else CaseAttempt(Result.PASSED, "", duration)


def _adverse_results(element: XmlElement) -> Iterator[tuple[Result, str]]:
    """Yield the results and reasons that count against a test case without a failure or an error."""
    is_skipped = any(child.tag == "skipped" for child in element.children)
    for name in ("status", "result"):
        status = element.get(name).lower()
        if status not in PASSED_VALUES and not (is_skipped and status in _SKIPPED_VALUES):
            unknown = f"{name}='{one_line(status, 60)}' is not known to be said of a test that passed"
            yield (RESULT_OF_STATUS[status], status) if status in RESULT_OF_STATUS else (Result.ERROR, unknown)
    for name, result in _COUNTS.items():
        value = element.get(name)
        if value.lower() not in ZERO_VALUES:
            yield result, f"{name}='{one_line(value, 200)}'"
    yield from unexecuted(element)
    for tag in (child.tag for child in element.children):
        if tag in _ATTEMPT_ELEMENTS and tag not in _FLAKY_ELEMENTS and not is_skipped:
            yield _ATTEMPT_ELEMENTS[tag], f"<{tag}>, and no end"
        elif tag not in _NEUTRAL_ELEMENTS and tag not in _ATTEMPT_ELEMENTS and tag not in _RESULT_ELEMENTS:
            yield Result.ERROR, f"<{one_line(tag, 60)}> is not known to be said of a test that passed"


def _result(child: XmlElement) -> Result:
    if child.tag == "skipped" and child.get("type").lower() in _XFAIL_TYPES:
        return Result.XFAILED
    return _RESULT_ELEMENTS[child.tag]


def _worst(attempts: Iterable[CaseAttempt]) -> CaseAttempt:
    return max(attempts, key=lambda attempt: BADNESS[attempt.result])


def _milliseconds(text: str) -> int:
    """Return a duration in seconds as milliseconds; 0 if it is invalid."""
    try:
        seconds = float(text.replace(",", ""))
    except ValueError:
        return 0
    return round(seconds * 1000) if math.isfinite(seconds) and 0 < seconds < 1e9 else 0  # noqa: PLR2004 - 31 years
