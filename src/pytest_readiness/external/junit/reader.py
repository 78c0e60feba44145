"""JUnit XML as it comes from anywhere: read without trust, into plain executions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from pathlib import Path

from ...errors import ConfigError, count, location, one_line
from ...facts.evidence import BADNESS, Result
from ...facts.suite_failure import SuiteFailure
from ...fast_values import dataclass, field
from .failure_only_cases import find_suite_failure
from .files import JUnitFile, TextBlocks
from .parser import BAD, MOST_OF_A_TEXT, OpenSuite, XmlElement, parse_junit
from .timestamps import TimestampReader

PROPERTY = "readiness"
"""Name of the property by which a test case says what it is evidence for: ``UC-003/4``."""
_BAD = {"error": Result.ERROR, "failure": Result.FAILED, "skipped": Result.SKIPPED}
_AGAIN = {
    "flakyError": Result.ERROR,
    "flakyFailure": Result.FAILED,
    "rerunError": Result.ERROR,
    "rerunFailure": Result.FAILED,
}
"""What Maven's Surefire and others write of further attempts."""
_FLAKY = frozenset({"flakyError", "flakyFailure"})
"""Those of a test that passed in the end."""
_TELLS_NOTHING = frozenset({"properties", "system-out", "system-err"})
"""What may be in a test case that passed."""
_GOOD = frozenset({"", "run", "completed", "passed"})
"""Words in ``status`` and ``result`` of a test that passed, as 26 producers write them."""
_STATUS = {
    "disabled": Result.SKIPPED,
    "error": Result.ERROR,
    "fail": Result.FAILED,
    "failed": Result.FAILED,
    "failure": Result.FAILED,
    "ignored": Result.SKIPPED,
    "notrun": Result.SKIPPED,
    "skipped": Result.SKIPPED,
    "suppressed": Result.SKIPPED,
}
"""Words of those who write no element for it (GoogleTest). Any other may mean anything, and is an ERROR."""
_BESIDE_SKIPPED = frozenset({"untested"})
"""Words of those who write ``<skipped>`` as well (behave, of what it only lists)."""
_COUNTS = {"failures": Result.FAILED, "failure": Result.FAILED, "errors": Result.ERROR, "error": Result.ERROR,
           "skipped": Result.SKIPPED, "incomplete": Result.ERROR}  # fmt: skip
"""Attributes of a test case that speak against it, where they say more than nothing."""
_NOTHING = frozenset({"", "0", "false", "no"})
_EXPECTED = frozenset({"pytest.xfail", "xfail"})
"""Types of ``<skipped>`` of a test that was expected to fail (pytest; unittest-xml-reporting)."""
_EXPECTED_TO_FAIL = "fail"
"""The property that Playwright gives a test that is expected to fail, and failed."""


@dataclass(frozen=True, slots=True)
class CaseAttempt:
    """One try of a test case."""

    result: Result
    message: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class JUnitCase:
    """A test case; those with one name are one."""

    name: str
    """``classname::name``."""
    started: float
    """Seconds since the epoch."""
    attempts: tuple[CaseAttempt, ...]
    """In their order; the last one is how it ended."""
    claims: tuple[str, ...]
    """Values of its property ``readiness``."""
    suites: tuple[str, ...] = ()
    """Names of the suites around it, the outermost first; before them the project of Playwright."""
    class_name: str = ""
    suite_failure: SuiteFailure | None = None
    """What it is, if it failed and is no test."""
    covered_cases: tuple[JUnitCase, ...] | None = field(default=None, compare=False)
    """Of a suite with something against it as a whole: the test cases in it, in whose place it stands as well; of
    suites in it that have such a case of their own, that one. None: it is a test case."""

    @property
    def path(self) -> str:
        """``suite/classname::name``, with each suite around it: tells namesakes of two suites apart."""
        return "/".join((*self.suites, self.name))

    @property
    def result(self) -> Result:
        """How it ended."""
        return self.attempts[-1].result

    @property
    def duration_ms(self) -> int:
        """Of all attempts."""
        return sum(attempt.duration_ms for attempt in self.attempts)


@dataclass(frozen=True, slots=True)
class JUnitReport:
    """What a file tells."""

    file: JUnitFile
    cases: tuple[JUnitCase, ...]
    """In their order."""
    notes: tuple[str, ...]
    """What whoever imports it should know, a sentence each."""
    empty: tuple[str, ...] = ()
    """Names of the suites without a case."""


def read_junit(path: Path, most: int, zone: tzinfo | None = None) -> JUnitReport:
    """Return the test cases of a JUnit XML file; what has no timestamp started when the file was written.

    Args:
        path: of the file.
        most: the largest file that is read, in bytes.
        zone: of times that say none.

    Raises:
        ConfigError: it cannot be read, is no XML, no JUnit XML, a list of tests that were not run, has a document type
            (and so could have entities), or a time in it is none.
    """
    blocks = TextBlocks(path, most)
    reading = _Reading(blocks, zone)
    parse_junit(path, blocks, reading.found, reading.ended)
    if blocks.file is None:
        raise ConfigError(f"{location(path)}: was not read to its end")
    notes = [*blocks.notes, *reading.notes()]
    told = tuple(f"{location(path)}: {note}" for note in notes)
    return JUnitReport(blocks.file, tuple(reading.cases), told, tuple(reading.empty))


class _Reading:
    """Makes cases of what the parser tells."""

    def __init__(self, blocks: TextBlocks, zone: tzinfo | None) -> None:
        self.cases: list[JUnitCase] = []
        self.empty: list[str] = []
        self._blocks, self._zone = blocks, zone
        self._times: TimestampReader | None = None
        self._waiting: list[tuple[int, JUnitCase]] = []
        """Cases that no suite with something against it has taken in yet, with how many came before each."""
        self._many = 0
        self._short: list[tuple[int, str]] = []
        self._whole: list[tuple[int, str]] = []

    def found(self, element: XmlElement, suite: OpenSuite) -> None:
        """Take in a test case."""
        attempts = _attempts(element)
        case = JUnitCase(
            name="::".join(filter(None, (element.get("classname"), element.get("name")))) or suite.called or _NAMELESS,
            started=self._started(element.get("timestamp") or suite.timestamp, attempts[-1].result, suite),
            attempts=attempts,
            claims=tuple(
                prop.get("value") or prop.text.strip() for prop in _properties(element) if prop.get("name") == PROPERTY
            ),
            suites=suite.names,
            class_name=element.get("classname"),
            suite_failure=_no_test(element, suite, attempts[-1]),
        )
        suite.bad += sum(child.tag in BAD for child in element.children) or case.result in _FAILED
        self._add(self._many, case)
        self._many += 1

    def ended(self, suite: OpenSuite) -> None:
        """Take in a suite: what is against it as a whole is a case of its own, which takes in those of the suite."""
        if not suite.cases and suite.get("name"):
            self.empty.append(suite.get("name"))
        if note := _counted(suite):
            self._short.append((suite.number, note))
        if against := _against_suite(suite):
            covered = []
            while self._waiting and self._waiting[-1][0] >= suite.first:
                covered.append(self._waiting.pop()[1])
            message = "; ".join(against)
            case = JUnitCase(
                name=suite.called or _NAMELESS_SUITE,
                started=self._started(suite.timestamp, Result.ERROR, suite),
                attempts=(CaseAttempt(Result.ERROR, message, 0),),
                claims=(),
                suites=() if suite.outer is None else suite.outer.names,
                covered_cases=tuple(reversed(covered)),
            )
            self._add(suite.first, case)
            told = f"the suite '{one_line(case.name, 60)}' is an ERROR of its own: {one_line(message, 300)}"
            self._whole.append((suite.number, told))
        if suite.outer is not None:
            suite.outer.bad += suite.bad

    def _add(self, before: int, case: JUnitCase) -> None:
        self.cases.append(case)
        self._waiting.append((before, case))

    def _started(self, timestamp: str, result: Result, suite: OpenSuite) -> float:
        if self._times is None:
            self._times = TimestampReader(self._blocks.modified, self._zone)
        try:
            took = _milliseconds(suite.get("time")) / 1000
            return self._times.started(timestamp, passed=result is Result.PASSED, took=took)
        except (ValueError, OverflowError):
            shown = f"the timestamp '{one_line(timestamp, 60)}' is no time: write ISO 8601"
            raise ConfigError(f"{location(self._blocks.path)}: {shown}") from None

    def notes(self) -> list[str]:
        """Return what is to be told, a sentence each."""
        times = self._times.notes() if self._times is not None else []
        return [*_first(self._whole), *_first(self._short), *times]


_MOST_NOTES = 5


def _first(notes: list[tuple[int, str]]) -> list[str]:
    """Return the first notes of a kind, in the order of the suites."""
    shown = [note for _, note in sorted(notes)[:_MOST_NOTES]]
    more = len(notes) - len(shown)
    return [*shown, f"so with {count(more, 'more suite')}"] if more else shown


_DIGITS = 18
"""Of a number of tests that a suite may say."""


def _counted(suite: OpenSuite) -> str:
    """Tell where a suite has more test cases than it says: some may not have run (``test.todo`` of jest)."""
    said = suite.get("tests")
    if suite.tag != "testsuite" or not said.isdecimal() or len(said) > _DIGITS or suite.cases <= int(said):
        return ""
    says = f"says that it has {count(int(said), 'test')}, and has {suite.cases}"
    return f"the suite '{one_line(suite.get('name'), 60)}' {says}: perhaps some did not run"


def _against_suite(suite: OpenSuite) -> list[str]:
    """Return what is against a suite that no test case in it tells, and count it as told.

    That are errors and failures of the suite itself (TAP), and more failures and errors said than there are (newman).
    """
    suite.bad += len(suite.children)
    against = [_message(child) or f"it has an <{child.tag}>" for child in suite.children]
    said = 0.0
    for name in _OF_SUITES:
        if (value := suite.get(name)).lower() in _NOTHING:
            continue
        number = _number(value)
        if number is None:
            against.append(f"it says {name}='{one_line(value, 60)}'")
        said += number or 0.0
    if said > suite.bad:
        against.append(f"it says that it has {said:,.0f} failures and errors, and has {suite.bad:,}")
        suite.bad = math.ceil(said)
    words = {name: suite.get(name).lower() for name in ("status", "result")}
    against += [
        f"it says {name}='{word}', and none of its test cases failed"
        for name, word in words.items()
        if not suite.bad and _STATUS.get(word) in _FAILED
    ]
    if against:
        suite.bad = max(suite.bad, 1)
    return against


def _number(text: str) -> float | None:
    """Return a count; None: it is none."""
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _no_test(element: XmlElement, suite: OpenSuite, last: CaseAttempt) -> SuiteFailure | None:
    """Return what a case is that exists only while it fails; None: it did not fail, or is a test."""
    if last.result not in _FAILED:
        return None
    return find_suite_failure(suite.names, element.get("classname"), element.get("name"), last.message)


def _properties(element: XmlElement) -> list[XmlElement]:
    return [prop for child in element.children if child.tag == "properties" for prop in child.children]


def _attempts(element: XmlElement) -> tuple[CaseAttempt, ...]:
    """Return the tries of a test case in their order."""
    took = _milliseconds(element.get("time"))
    last = _last(element, took)
    if last.result is Result.PASSED and any(prop.get("name") == _EXPECTED_TO_FAIL for prop in _properties(element)):
        last = CaseAttempt(Result.XFAILED, "expected to fail", took)
    again = [
        CaseAttempt(_AGAIN[child.tag], _message(child), _milliseconds(child.get("time")))
        for child in element.children
        if child.tag in _AGAIN
    ]
    # A test that passed in the end tells its failures as flaky ones, one that never did its first as the failure.
    return (*again, last) if last.result is Result.PASSED else (last, *again)


_NAMELESS, _NAMELESS_SUITE = "a test case without a name", "a test suite without a name"
_FAILED = (Result.FAILED, Result.ERROR)
_OF_SUITES = ("failures", "errors", "failure", "error")
"""Counts of a suite that speak against it."""


def _last(element: XmlElement, took: int) -> CaseAttempt:
    """Return how it ended: PASSED where nothing speaks against it, and nothing is there whose meaning is not known."""
    told = [CaseAttempt(_result(child), _message(child), took) for child in element.children if child.tag in _BAD]
    if any(one.result in _FAILED for one in told):
        return _worst(told)
    told += [CaseAttempt(*one, took) for one in _against(element)]  # a skip takes nothing back
    return _worst(told) if told else CaseAttempt(Result.PASSED, "", took)


def _against(element: XmlElement) -> Iterator[tuple[Result, str]]:
    """Yield what speaks against a test case without a failure or an error, and why."""
    is_skipped = any(child.tag == "skipped" for child in element.children)
    for name in ("status", "result"):
        word = element.get(name).lower()
        if word not in _GOOD and not (is_skipped and word in _BESIDE_SKIPPED):
            unknown = f"{name}='{one_line(word, 60)}' is not known to be said of a test that passed"
            yield (_STATUS[word], word) if word in _STATUS else (Result.ERROR, unknown)
    for name, result in _COUNTS.items():
        value = element.get(name)
        if value.lower() not in _NOTHING:
            yield result, f"{name}='{one_line(value, 200)}'"
    if (executed := (element.get("executed") or "true").lower()) not in ("true", "yes", "1"):
        yield Result.SKIPPED if executed in _NOTHING else Result.ERROR, f"executed='{one_line(executed, 60)}'"
    for tag in (child.tag for child in element.children):
        if tag in _AGAIN and tag not in _FLAKY and not is_skipped:
            yield _AGAIN[tag], f"<{tag}>, and no end"
        elif tag not in _TELLS_NOTHING and tag not in _AGAIN and tag not in _BAD:
            yield Result.ERROR, f"<{one_line(tag, 60)}> is not known to be said of a test that passed"


def _result(child: XmlElement) -> Result:
    if child.tag == "skipped" and child.get("type").lower() in _EXPECTED:
        return Result.XFAILED
    return _BAD[child.tag]


def _worst(attempts: Iterable[CaseAttempt]) -> CaseAttempt:
    return max(attempts, key=lambda attempt: BADNESS[attempt.result])


def _message(child: XmlElement) -> str:
    return child.attributes.get("message", "")[:MOST_OF_A_TEXT] or child.text.strip() or child.get("type")


def _milliseconds(text: str) -> int:
    """Return a duration in seconds as milliseconds; what is none counts as none."""
    try:
        seconds = float(text.replace(",", ""))
    except ValueError:
        return 0
    return round(seconds * 1000) if math.isfinite(seconds) and 0 < seconds < 1e9 else 0  # noqa: PLR2004 - 31 years
