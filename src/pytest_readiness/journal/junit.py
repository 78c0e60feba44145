"""JUnit XML as it comes from anywhere: read without trust, into plain executions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from ..errors import ConfigError, count, one_line, place
from ..facts.clock import parse
from ..facts.evidence import BADNESS, Result
from ..frozen import dataclass
from .junit_files import JUnitFile

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
_OF_PLAYWRIGHT = re.compile(r"\.[cm]?[jt]sx?\Z")
"""A suite of Playwright is a file of tests; it says the project as ``hostname``, where others say the machine."""
_MOST_SUITES = 50
"""Suites of a path: what nests deeper than that is not told apart by all of them."""


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

    cases: tuple[Case, ...]
    """In their order."""
    notes: tuple[str, ...]
    """What whoever imports it should know, a sentence each."""


def read_junit(file: JUnitFile) -> Read:
    """Return the test cases of a JUnit XML file; what has no timestamp started when the file was written.

    Raises:
        ConfigError: it is no XML, no JUnit XML, a list of tests that were not run, has a document type (and so could
            have entities), or a time in it is none.
    """
    root = _parsed(file.path, file.data)
    if _tag(root) not in ("testsuites", "testsuite"):
        found = one_line(_tag(root), 40)
        raise ConfigError(f"{place(file.path)}: is no JUnit XML: its root is <{found}>, not <testsuites>")
    elements = list(_cases(file.path, root, file.modified))
    if elements and not _was_run(root, [element for element, _, _ in elements]):
        raise ConfigError(
            f"{place(file.path)}: is a list of tests, and no report of a run: none has a time or a status"
        )
    cases = [_case(*found) for found in elements]
    notes = [*file.notes, *(f"{place(file.path)}: {note}" for note in _counted(root))]
    return Read(tuple(cases), tuple(notes))


_OF_A_RUN = frozenset({"failures", "errors", "skipped", "time", "timestamp"})
"""What only the suite of a run says of itself."""


def _was_run(root: Element, cases: Iterable[Element]) -> bool:
    """Return whether anything tells that the tests were run: a list of tests has their names alone (GoogleTest)."""
    if any(len(case) or not {"time", "status", "result", "classname"}.isdisjoint(case.keys()) for case in cases):
        return True
    return any(not _OF_A_RUN.isdisjoint(suite.keys()) for suite in root.iter() if len(suite))


def _counted(root: Element) -> Iterator[str]:
    """Yield where a suite has more test cases than it says: some may not have run (``test.todo`` of jest)."""
    suites = [root]
    for suite in suites:  # grows: suites nest deeper than Python's own stack
        suites += [child for child in suite if _tag(child) in ("testsuite", "testsuites")]
    many: dict[Element, int] = {}
    for suite in reversed(suites):
        many[suite] = sum(many[child] if child in many else _tag(child) == "testcase" for child in suite)
    for suite in suites:
        said = suite.get("tests", "").strip()
        if said.isdecimal() and many[suite] > int(said) and _tag(suite) == "testsuite":
            name = one_line(suite.get("name", ""), 60)
            says = count(int(said), "test")
            yield f"the suite '{name}' says that it has {says}, and has {many[suite]}: perhaps some did not run"


class _NoDocumentType(TreeBuilder):
    """Refuses a document type before anything that it declares can be expanded."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002 - the parser's call
        raise ConfigError("has a document type, which JUnit XML needs not: take <!DOCTYPE out")


def _parsed(path: Path, data: bytes) -> Element:
    parser = XMLParser(target=_NoDocumentType())  # noqa: S314 - no document type, no entities
    try:
        parser.feed(data)
        root = parser.close()
    except ParseError as error:
        raise ConfigError(f"{place(path, error.position[0])}: is no XML: {error}") from None
    except ConfigError as error:
        raise ConfigError(f"{place(path)}: {error}") from None
    except (LookupError, ValueError) as error:
        raise ConfigError(f"{place(path)}: is in an encoding that cannot be read: {one_line(str(error))}") from None
    if not isinstance(root, Element):
        raise ConfigError(f"{place(path)}: is no XML: there is nothing in it")
    return root


def _tag(element: Element) -> str:
    """Return the element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def _cases(path: Path, root: Element, modified: float) -> Iterator[tuple[Element, float, tuple[str, ...]]]:
    """Yield each test case with the start that the innermost suite says, and its suites; they nest without end."""
    waiting: list[tuple[Element, float, tuple[str, ...]]] = [(root, modified, ())]
    while waiting:
        element, started, suites = waiting.pop()
        if _tag(element) == "testcase":
            yield element, started, suites
        elif _tag(element) in ("testsuite", "testsuites"):
            started = _started(path, element, started)
            if _tag(element) == "testsuite":
                suites = _within(suites, element, root)
            waiting += [(child, started, suites) for child in reversed(element)]


def _within(suites: tuple[str, ...], suite: Element, root: Element) -> tuple[str, ...]:
    """Return the names of the suites around what is in one more; of very many the innermost is among them."""
    name = (suite.get("name") or "").strip()
    if not suites and "id" in root.keys() and _OF_PLAYWRIGHT.search(name):  # noqa: SIM118 - an element is no mapping
        suites = tuple(filter(None, [(suite.get("hostname") or "").strip()]))
    return (*suites[: _MOST_SUITES - 1], name) if name else suites


def _started(path: Path, suite: Element, otherwise: float) -> float:
    text = suite.get("timestamp", "").strip()
    if not text:
        return otherwise
    try:
        return parse(text).timestamp()
    except (ValueError, OverflowError):
        raise ConfigError(f"{place(path)}: the timestamp '{one_line(text, 60)}' is no time: write ISO 8601") from None


def _case(element: Element, started: float, suites: tuple[str, ...]) -> Case:
    """What has no name is called as its suite."""
    class_name, name = element.get("classname", "").strip(), element.get("name", "").strip()
    took = _milliseconds(element.get("time", ""))
    properties = [prop for child in element if _tag(child) == "properties" for prop in child]
    last = _last(element, took)
    if last.result is Result.PASSED and any(prop.get("name") == _EXPECTED_TO_FAIL for prop in properties):
        last = Attempt(Result.XFAILED, "expected to fail", took)
    again = [
        Attempt(_AGAIN[_tag(child)], _message(child), _milliseconds(child.get("time", "")))
        for child in element
        if _tag(child) in _AGAIN
    ]
    # A test that passed in the end tells its failures as flaky ones, one that never did its first as the failure.
    attempts = [*again, last] if last.result is Result.PASSED else [last, *again]
    return Case(
        name="::".join(filter(None, (class_name, name))) or (suites[-1] if suites else _NAMELESS),
        started=started,
        attempts=tuple(attempts),
        claims=tuple(
            (prop.get("value") or prop.text or "").strip() for prop in properties if prop.get("name") == PROPERTY
        ),
        suites=suites,
    )


_NAMELESS = "a test case without a name"


def _last(element: Element, took: int) -> Attempt:
    """Return how it ended: PASSED where nothing speaks against it, and nothing is there whose meaning is not known."""
    told = [Attempt(_result(child), _message(child), took) for child in element if _tag(child) in _BAD]
    if told:
        return _worst(told)
    said = [Attempt(*one, took) for one in _against(element)]
    return _worst(said) if said else Attempt(Result.PASSED, "", took)


def _against(element: Element) -> Iterator[tuple[Result, str]]:
    """Yield what speaks against a test case without a failure, an error or a skip, and why."""
    for name in ("status", "result"):
        word = element.get(name, "").strip().lower()
        if word not in _GOOD:
            unknown = f"{name}='{one_line(word, 60)}' is not known to be said of a test that passed"
            yield (_STATUS[word], word) if word in _STATUS else (Result.ERROR, unknown)
    for name, result in _COUNTS.items():
        value = element.get(name, "").strip()
        if value.lower() not in _NOTHING:
            yield result, f"{name}='{one_line(value, 200)}'"
    if (executed := element.get("executed", "true").strip().lower()) not in ("true", "yes", "1"):
        yield Result.SKIPPED if executed in _NOTHING else Result.ERROR, f"executed='{one_line(executed, 60)}'"
    for child in element:
        tag = _tag(child)
        if tag in _AGAIN and tag not in _FLAKY:
            yield _AGAIN[tag], f"<{tag}>, and no end"
        elif tag not in _TELLS_NOTHING and tag not in _AGAIN:
            yield Result.ERROR, f"<{one_line(tag, 60)}> is not known to be said of a test that passed"


def _result(child: Element) -> Result:
    if _tag(child) == "skipped" and child.get("type", "").strip().lower() in _EXPECTED:
        return Result.XFAILED
    return _BAD[_tag(child)]


def _worst(attempts: Iterable[Attempt]) -> Attempt:
    return max(attempts, key=lambda attempt: BADNESS[attempt.result])


def _message(child: Element) -> str:
    return child.get("message") or (child.text or "").strip() or child.get("type") or ""


def _milliseconds(text: str) -> int:
    """Return a duration in seconds as milliseconds; what is none counts as none."""
    try:
        seconds = float(text.replace(",", ""))
    except ValueError:
        return 0
    return round(seconds * 1000) if math.isfinite(seconds) and 0 < seconds < 1e9 else 0  # noqa: PLR2004 - 31 years
