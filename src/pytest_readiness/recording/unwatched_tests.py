"""Report lines about tests that could not be watched for replaced networks and clocks."""

from __future__ import annotations

from collections.abc import Sequence

_MAX_NAMES = 5
_MAX_REASONS = 5
_CONSEQUENCE = "a pass is a rehearsal, and a failure counts"


class UnwatchedTests:
    """Unwatched tests by reason, each once however often it is run again."""

    def __init__(self) -> None:
        self._tests: dict[str, dict[str, None]] = {}

    def add(self, test: str, reasons: Sequence[str]) -> None:
        """Add a test that could not be watched, with the reasons."""
        for reason in reasons:
            self._tests.setdefault(reason, {})[test] = None

    def notes(self) -> list[str]:
        """Return one line for each reason, up to five, and one for the rest."""
        lines = [f"{_name_list(list(tests))}: {reason}: {_CONSEQUENCE}" for reason, tests in self._tests.items()]
        rest = len(lines) - _MAX_REASONS
        return lines if rest <= 0 else [*lines[:_MAX_REASONS], f"and {rest} more such reasons: {_CONSEQUENCE}"]


def _name_list(tests: Sequence[str]) -> str:
    names, rest = ", ".join(tests[:_MAX_NAMES]), len(tests) - _MAX_NAMES
    return f"{names} and {rest} more" if rest > 0 else names
