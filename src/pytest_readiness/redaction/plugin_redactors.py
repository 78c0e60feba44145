"""Redactors of plugins, which run after the built-in redaction.

If one of them fails on a text, the whole text is replaced, because it may hold a secret. If the plugins cannot be
loaded, every text is replaced: one of them might have been a redactor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from ..errors import ReadinessError
from ..third_party import describe_exception, is_failure, plain_text

HOOK_FAILED = "[REDACTED:hook-failed]"
"""Replaces a text if the redactor of a plugin failed on it."""
_RULE = "hook-failed"
_LIMIT = 600
"""Greatest length of the message about a failure."""

PluginRedactor = Callable[[str], object]
"""A redactor of a plugin. It returns a text without secrets, or None for an unchanged one."""
FindRedactors = Callable[[], Sequence[PluginRedactor]]
"""Returns the redactors of all plugins."""


class _UnloadedError(Exception):
    """The plugins cannot be loaded. This is reported once, and not for each text."""


class PluginRedactors:
    """The redactors of all plugins, and their first failure. They are loaded with the first text."""

    def __init__(self, find: FindRedactors, redact: Callable[[str], str], counts: Counter[str]) -> None:
        """Begin without redactors.

        Args:
            find: Returns the redactors.
            redact: The built-in redaction, for messages about failures.
            counts: Number of redactions by rule.
        """
        self._find = find
        self._redact = redact
        self._counts = counts
        self._redactors: Sequence[PluginRedactor] | None = None
        self.failure: str | None = None
        """Message about the first failure of a redactor; None after it was reported."""
        self.load_failure: str | None = None
        """Why the plugins cannot be loaded; None after it was reported."""

    @property
    def is_empty(self) -> bool:
        """The plugins are loaded, and none of them has a redactor."""
        return self._redactors is not None and not self._redactors

    def text(self, text: str) -> str:
        """Return a text after all redactors, one after the other."""
        by = ""
        try:
            for redact in self._load():
                by = getattr(redact, "by", "")
                text = _apply(redact, text)
        except BaseException as error:
            if not is_failure(error):
                raise
            if not isinstance(error, _UnloadedError):
                self.failure = self.failure or self._redact(
                    f"{by}: {describe_exception(error, _LIMIT)}" if by else describe_exception(error, _LIMIT)
                )
            self._counts[_RULE] += 1
            return HOOK_FAILED
        return text

    def _load(self) -> Sequence[PluginRedactor]:
        if self._redactors is None:
            self._redactors = ()  # a plugin may redact while it is loaded; then there are none
            try:
                self._redactors = self._find()
            except BaseException as error:
                if not is_failure(error):
                    self._redactors = None  # not an error of the plugins
                    raise
                message = str(error) if isinstance(error, ReadinessError) else describe_exception(error, _LIMIT)
                self.load_failure = self._redact(message)
                self._redactors = (_raise_unloaded,)
        return self._redactors

    def take_failures(self) -> list[str | None]:
        """Return the messages about a failed redactor and about loading, and clear them."""
        failures = [self.failure, self.load_failure]
        self.failure = self.load_failure = None
        return failures

    def merge_failures(self, failures: Sequence[str | None]) -> None:
        """Store the failures of another process, as its ``take_failures`` returned them."""
        if failures:
            self.failure, self.load_failure = self.failure or failures[0], self.load_failure or failures[1]


def _raise_unloaded(_: str) -> object:
    raise _UnloadedError


def _apply(redact: PluginRedactor, text: str) -> str:
    changed = redact(text)
    if changed is None:
        return text
    if not isinstance(changed, str):
        raise TypeError(f"it returned {type(changed).__name__}, and must return a text or None")
    return plain_text(changed)
