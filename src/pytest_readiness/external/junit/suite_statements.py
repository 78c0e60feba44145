"""Statements of a JUnit suite about itself, and the words that suites and test cases share."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...errors import count, one_line
from ...facts.evidence import Result
from .parser import BAD, OpenSuite, XmlElement, message_in

FAILED = (Result.FAILED, Result.ERROR)
PASSED_VALUES = frozenset({"", "run", "completed", "passed"})
"""Values of ``status`` and ``result`` for a test that passed, from 26 producers; none writes any for a suite."""
RESULT_OF_STATUS = {
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
"""Values for results without an element of their own (GoogleTest). Any other value is unknown and counts as ERROR."""
ZERO_VALUES = frozenset({"", "0", "false", "no"})
_TRUE_VALUES = frozenset({"true", "yes", "1"})
_BAD_COUNTS = ("failures", "errors", "failure", "error")
"""Attributes with the failures and errors of a suite."""


def suite_failures(suite: OpenSuite) -> list[str]:
    """Return the failures of a suite that none of its test cases reports, and add them to its count.

    These are errors and failures of the suite itself (TAP), counts larger than the failures it contains (newman), words
    that are not known to be said of a suite that passed, and the statement that it did not run, although test cases in
    it would count as passed.
    """
    bad = [child for child in suite.children if child.tag.lower() in BAD]
    suite.bad += len(bad)
    failures = [message_in(child) or f"it has an <{child.tag}>" for child in bad]
    declared = 0.0
    for name in _BAD_COUNTS:
        if (value := suite.get(name)).lower() in ZERO_VALUES:
            continue
        number = _number(value)
        if number is None:
            failures.append(f"it says {name}='{one_line(value, 60)}'")
        declared += number or 0.0
    if declared > suite.bad:
        failures.append(f"it says that it has {declared:,.0f} failures and errors, and has {suite.bad:,}")
        suite.bad = math.ceil(declared)
    failures += _bad_words(suite)
    if failures:
        suite.bad = max(suite.bad, 1)
    return failures


def _bad_words(suite: OpenSuite) -> Iterator[str]:
    """Yield the words of a suite that contradict its test cases, or are unknown, and the reasons why it did not run."""
    skipped = [f"has a <{child.tag}>" for child in suite.children if child.tag.lower() not in BAD]
    for name in ("status", "result"):
        word = suite.get(name).lower()
        shown, result = f"says {name}='{one_line(word, 60)}'", RESULT_OF_STATUS.get(word)
        if word in PASSED_VALUES:
            continue
        if result is None:
            yield f"it {shown}, which is not known to be said of a suite that passed"
        elif result is Result.SKIPPED:
            skipped.append(shown)
        elif not suite.bad:
            yield f"it {shown}, and none of its test cases failed"
    for result, shown in unexecuted(suite):
        if result is Result.SKIPPED:
            skipped.append(f"says {shown}")
        else:
            yield f"it says {shown}, which is not known to be said of a suite that passed"
    if suite.passed:
        passed = f"{count(suite.passed, 'test case')} of it would count as passed"
        yield from (f"it {statement}, and {passed}" for statement in skipped)


def unexecuted(element: XmlElement) -> Iterator[tuple[Result, str]]:
    """Yield the result and the statement of a test case or suite that says ``executed`` with another word than true."""
    value = (element.get("executed") or "true").lower()
    if value not in _TRUE_VALUES:
        yield Result.SKIPPED if value in ZERO_VALUES else Result.ERROR, f"executed='{one_line(value, 60)}'"


def _number(text: str) -> float | None:
    """Return a count; None if the text is not one."""
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
