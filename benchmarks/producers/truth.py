"""The truth: what can become of a test, and what may be recorded of it.

Each suite has a test for each outcome, whose name holds the outcome's word: no word is part of another.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a test."""

    word: str
    """In the name of its test, its class or its file."""
    title: str
    """Of its column."""
    passed: bool = False
    """Whether it is to be recorded as PASSED."""


OUTCOMES = (
    Outcome("passing", "pass", passed=True),
    Outcome("failing", "failure"),
    Outcome("erring", "error"),
    Outcome("skipping", "skip"),
    Outcome("disabled", "disabled, todo"),
    Outcome("flaking", "flaky"),
    Outcome("expectedfailure", "expected failure"),
    Outcome("unexpectedpass", "unexpected pass"),
    Outcome("badsetup", "setup fails"),
    Outcome("badteardown", "teardown fails"),
    Outcome("badsuiteteardown", "teardown of the suite fails"),
    Outcome("timingout", "timeout"),
    Outcome("unloadable", "file does not load"),
)
WORDS = frozenset(outcome.word for outcome in OUTCOMES)
