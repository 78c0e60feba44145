"""JUnit XML as it comes from anywhere: read without trust, into plain executions."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from ..errors import ConfigError, one_line, place
from ..facts.clock import parse
from ..facts.evidence import BADNESS, Result
from ..frozen import dataclass
from ..regular import regular_file

MOST_BYTES = 64 << 20
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
_STATUS = {
    "disabled": Result.SKIPPED,
    "error": Result.ERROR,
    "failed": Result.FAILED,
    "failure": Result.FAILED,
    "ignored": Result.SKIPPED,
    "notrun": Result.SKIPPED,
    "skipped": Result.SKIPPED,
    "suppressed": Result.SKIPPED,
}
"""Words in ``status`` and ``result`` of those who write no element for it (GoogleTest)."""


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

    @property
    def result(self) -> Result:
        """How it ended."""
        return self.attempts[-1].result

    @property
    def duration_ms(self) -> int:
        """Of all attempts."""
        return sum(attempt.duration_ms for attempt in self.attempts)


def load_junit(path: Path) -> tuple[bytes, float]:
    """Return what a file holds (no more than a byte above what is allowed), and when it was written.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        with regular_file(path) as file:
            return file.read(MOST_BYTES + 1), os.fstat(file.fileno()).st_mtime
    except OSError as error:
        raise ConfigError(f"{place(path)}: cannot be read: {error.strerror}") from None


def read_junit(path: Path, data: bytes, modified: float) -> list[Case]:
    """Return the test cases of a JUnit XML file, in their order.

    Args:
        path: Where it lies, for messages.
        data: What it holds.
        modified: When it was written, in seconds since the epoch: the start of what has no timestamp.

    Raises:
        ConfigError: it is too large, no XML, no JUnit XML, has a document type (and so could have entities), or a
            time in it is none.
    """
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{place(path)}: is larger than {MOST_BYTES >> 20} MiB: split it")
    if b"\0" in data:
        raise ConfigError(f"{place(path)}: is not UTF-8 text: write it as UTF-8")
    root = _parsed(path, data)
    if _tag(root) not in ("testsuites", "testsuite"):
        raise ConfigError(f"{place(path)}: is no JUnit XML: its root is <{one_line(_tag(root), 40)}>, not <testsuites>")
    found: dict[str, Case] = {}
    for element, started in _cases(path, root, modified):
        case = _case(element, started)
        found[case.name] = _worse(found[case.name], case) if case.name in found else case
    return list(found.values())


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


def _cases(path: Path, root: Element, modified: float) -> Iterator[tuple[Element, float]]:
    """Yield each test case with the start of the innermost suite that says one; suites nest without end."""
    waiting = [(root, modified)]
    while waiting:
        element, started = waiting.pop()
        if _tag(element) == "testcase":
            yield element, started
        elif _tag(element) in ("testsuite", "testsuites"):
            started = _started(path, element, started)
            waiting += [(child, started) for child in reversed(element)]


def _started(path: Path, suite: Element, otherwise: float) -> float:
    text = suite.get("timestamp", "").strip()
    if not text:
        return otherwise
    try:
        return parse(text).timestamp()
    except (ValueError, OverflowError):
        raise ConfigError(f"{place(path)}: the timestamp '{one_line(text, 60)}' is no time: write ISO 8601") from None


def _case(element: Element, started: float) -> Case:
    class_name, name = element.get("classname", "").strip(), element.get("name", "").strip()
    took = _milliseconds(element.get("time", ""))
    last = _last(element, took)
    again = [
        Attempt(_AGAIN[_tag(child)], _message(child), _milliseconds(child.get("time", "")))
        for child in element
        if _tag(child) in _AGAIN
    ]
    # A test that passed in the end tells its failures as flaky ones, one that never did its first as the failure.
    attempts = [*again, last] if last.result is Result.PASSED else [last, *again]
    properties = (prop for child in element if _tag(child) == "properties" for prop in child)
    return Case(
        name="::".join(filter(None, (class_name, name))),
        started=started,
        attempts=tuple(attempts),
        claims=tuple(
            (prop.get("value") or prop.text or "").strip() for prop in properties if prop.get("name") == PROPERTY
        ),
    )


def _last(element: Element, took: int) -> Attempt:
    told = [Attempt(_result(child), _message(child), took) for child in element if _tag(child) in _BAD]
    if told:
        return _worst(told)
    words = (element.get(name, "").strip().lower() for name in ("status", "result"))
    said = [Attempt(_STATUS[word], word, took) for word in words if word in _STATUS]
    return _worst(said) if said else Attempt(Result.PASSED, "", took)


def _result(child: Element) -> Result:
    if _tag(child) == "skipped" and child.get("type") == "pytest.xfail":
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


def _worse(one: Case, other: Case) -> Case:
    """Return two cases of one name as one: the later start, the worse end, what either claims."""
    worse = max(one, other, key=lambda case: BADNESS[case.result])
    claims = tuple(dict.fromkeys((*one.claims, *other.claims)))
    return replace(worse, started=max(one.started, other.started), claims=claims)
