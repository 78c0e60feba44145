"""Tests of which it cannot be told whether something was replaced while they ran, as the user is told of them."""

from __future__ import annotations

from collections.abc import Sequence

_MOST_NAMED = 5
_MOST_REASONS = 5
_WORTH = "a pass is a rehearsal, and a failure counts"


class UnwatchedTests:
    """Remembers them by reason, each once however often it is run again."""

    def __init__(self) -> None:
        self._tests: dict[str, dict[str, None]] = {}

    def take_in(self, test: str, because: Sequence[str]) -> None:
        """A test ended, for which there are such reasons."""
        for reason in because:
            self._tests.setdefault(reason, {})[test] = None

    def notes(self) -> list[str]:
        """Return a line for each reason, the first few of them."""
        lines = [f"{_named(list(tests))}: {reason}: {_WORTH}" for reason, tests in self._tests.items()]
        left = len(lines) - _MOST_REASONS
        return lines if left <= 0 else [*lines[:_MOST_REASONS], f"and {left} more such reasons: {_WORTH}"]


def _named(tests: Sequence[str]) -> str:
    named, left = ", ".join(tests[:_MOST_NAMED]), len(tests) - _MOST_NAMED
    return f"{named} and {left} more" if left > 0 else named
