"""JUnit XML as it comes from anywhere: read without trust, into plain executions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import ConfigError, count, one_line, place
from ..facts.clock import parse as parse_time
from ..facts.evidence import BADNESS, Result
from ..frozen import dataclass
from .junit_files import Blocks, JUnitFile
from .junit_parsing import MOST_OF_A_TEXT, Element, Suite, parse

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
_COUNTS = {"failures": Result.FAILED, "failure": Result.FAILED, "errors": Result.ERROR, "error": Result.ERROR,
           "skipped": Result.SKIPPED, "incomplete": Result.ERROR}  # fmt: skip
"""Attributes of a test case that speak against it, where they say more than nothing."""
_NOTHING = frozenset({"", "0", "false", "no"})
_EXPECTED = frozenset({"pytest.xfail", "xfail"})
"""Types of ``<skipped>`` of a test that was expected to fail (pytest; unittest-xml-reporting)."""
_EXPECTED_TO_FAIL = "fail"
"""The property that Playwright gives a test that is expected to fail, and failed."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a test case."""

    result: Result
    message: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Case:
    """A test case; those with one name are one."""

    name: str
    """``classname::name``."""
    started: float
    """Seconds since the epoch."""
    attempts: tuple[Attempt, ...]
    """In their order; the last one is how it ended."""
    claims: tuple[str, ...]
    """Values of its property ``readiness``."""
    suites: tuple[str, ...] = ()
    """Names of the suites around it, the outermost first; before them the project of Playwright."""

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
class Read:
    """What a file tells."""

    file: JUnitFile
    cases: tuple[Case, ...]
    """In their order."""
    notes: tuple[str, ...]
    """What whoever imports it should know, a sentence each."""


def read_junit(path: Path, most: int) -> Read:
    """Return the test cases of a JUnit XML file; what has no timestamp started when the file was written.

    Args:
        path: of the file.
        most: the largest file that is read, in bytes.

    Raises:
        ConfigError: it cannot be read, is no XML, no JUnit XML, a list of tests that were not run, has a document type
            (and so could have entities), or a time in it is none.
    """
    blocks = Blocks(path, most)
    cases, notes = cases_of(blocks)
    if blocks.file is None:
        raise ConfigError(f"{place(path)}: was not read to its end")
    return Read(blocks.file, tuple(cases), tuple(f"{place(path)}: {note}" for note in (*blocks.notes, *notes)))


def cases_of(blocks: Blocks) -> tuple[list[Case], list[str]]:
    """Return the test cases in their order, and what is to be told of them.

    Raises:
        ConfigError: as ``read_junit`` says.
    """
    cases: list[Case] = []
    short: list[tuple[int, str]] = []

    def found(element: Element, suite: Suite) -> None:
        cases.append(_case(element, _started(blocks, suite.timestamp), suite))

    def ended(suite: Suite) -> None:
        if note := _counted(suite):
            short.append((suite.number, note))

    parse(blocks.path, blocks, found, ended)
    return cases, [note for _, note in sorted(short)]


_DIGITS = 18
"""Of a number of tests that a suite may say."""


def _counted(suite: Suite) -> str:
    """Tell where a suite has more test cases than it says: some may not have run (``test.todo`` of jest)."""
    said = suite.get("tests")
    if suite.tag != "testsuite" or not said.isdecimal() or len(said) > _DIGITS or suite.cases <= int(said):
        return ""
    says = f"says that it has {count(int(said), 'test')}, and has {suite.cases}"
    return f"the suite '{one_line(suite.get('name'), 60)}' {says}: perhaps some did not run"


def _started(blocks: Blocks, timestamp: str) -> float:
    if not timestamp:
        return blocks.modified
    try:
        return parse_time(timestamp).timestamp()
    except (ValueError, OverflowError):
        shown = one_line(timestamp, 60)
        raise ConfigError(f"{place(blocks.path)}: the timestamp '{shown}' is no time: write ISO 8601") from None


def _case(element: Element, started: float, suite: Suite) -> Case:
    """A case without a name is called as its suite."""
    took = _milliseconds(element.get("time"))
    properties = [prop for child in element.children if child.tag == "properties" for prop in child.children]
    last = _last(element, took)
    if last.result is Result.PASSED and any(prop.get("name") == _EXPECTED_TO_FAIL for prop in properties):
        last = Attempt(Result.XFAILED, "expected to fail", took)
    again = [
        Attempt(_AGAIN[child.tag], _message(child), _milliseconds(child.get("time")))
        for child in element.children
        if child.tag in _AGAIN
    ]
    # A test that passed in the end tells its failures as flaky ones, one that never did its first as the failure.
    attempts = [*again, last] if last.result is Result.PASSED else [last, *again]
    return Case(
        name="::".join(filter(None, (element.get("classname"), element.get("name")))) or suite.called or _NAMELESS,
        started=started,
        attempts=tuple(attempts),
        claims=tuple(prop.get("value") or prop.text.strip() for prop in properties if prop.get("name") == PROPERTY),
        suites=suite.names,
    )


_NAMELESS = "a test case without a name"


def _last(element: Element, took: int) -> Attempt:
    """Return how it ended: PASSED where nothing speaks against it, and nothing is there whose meaning is not known."""
    told = [Attempt(_result(child), _message(child), took) for child in element.children if child.tag in _BAD]
    if told:
        return _worst(told)
    said = [Attempt(*one, took) for one in _against(element)]
    return _worst(said) if said else Attempt(Result.PASSED, "", took)


def _against(element: Element) -> Iterator[tuple[Result, str]]:
    """Yield what speaks against a test case without a failure, an error or a skip, and why."""
    for name in ("status", "result"):
        word = element.get(name).lower()
        if word not in _GOOD:
            unknown = f"{name}='{one_line(word, 60)}' is not known to be said of a test that passed"
            yield (_STATUS[word], word) if word in _STATUS else (Result.ERROR, unknown)
    for name, result in _COUNTS.items():
        value = element.get(name)
        if value.lower() not in _NOTHING:
            yield result, f"{name}='{one_line(value, 200)}'"
    if (executed := (element.get("executed") or "true").lower()) not in ("true", "yes", "1"):
        yield Result.SKIPPED if executed in _NOTHING else Result.ERROR, f"executed='{one_line(executed, 60)}'"
    for tag in (child.tag for child in element.children):
        if tag in _AGAIN and tag not in _FLAKY:
            yield _AGAIN[tag], f"<{tag}>, and no end"
        elif tag not in _TELLS_NOTHING and tag not in _AGAIN:
            yield Result.ERROR, f"<{one_line(tag, 60)}> is not known to be said of a test that passed"


def _result(child: Element) -> Result:
    if child.tag == "skipped" and child.get("type").lower() in _EXPECTED:
        return Result.XFAILED
    return _BAD[child.tag]


def _worst(attempts: Iterable[Attempt]) -> Attempt:
    return max(attempts, key=lambda attempt: BADNESS[attempt.result])


def _message(child: Element) -> str:
    return child.attributes.get("message", "")[:MOST_OF_A_TEXT] or child.text.strip() or child.get("type")


def _milliseconds(text: str) -> int:
    """Return a duration in seconds as milliseconds; what is none counts as none."""
    try:
        seconds = float(text.replace(",", ""))
    except ValueError:
        return 0
    return round(seconds * 1000) if math.isfinite(seconds) and 0 < seconds < 1e9 else 0  # noqa: PLR2004 - 31 years
