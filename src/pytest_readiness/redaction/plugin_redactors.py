"""Redactors that plugins bring: code that is not ours, asked after our own redaction.

What one of them fails over is replaced as a whole, as nobody knows what is secret in it. So is every text where plugins
cannot be loaded: one of them may have been a redactor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from ..errors import ReadinessError
from ..third_party import describe_exception, is_failure, plain_text

HOOK_FAILED = "[REDACTED:hook-failed]"
"""Stands for a text that a plugin's redactor failed over."""
_RULE = "hook-failed"
_LIMIT = 600
"""Characters of what is told of a plugin."""

PluginRedactor = Callable[[str], object]
"""A plugin's redactor: returns a text without what it knows to be secret, or None for an unchanged one."""


class _UnloadedError(Exception):
    """Plugins cannot be loaded: that is told once, and not of each text."""


class PluginRedactors:
    """What plugins redact, and what went wrong in it. Loaded with the first text."""

    def __init__(
        self, find: Callable[[], Sequence[PluginRedactor]], ours: Callable[[str], str], counts: Counter[str]
    ) -> None:
        """Take in what will be needed.

        Args:
            find: Returns the redactors.
            ours: Our own redaction, for what is told of theirs.
            counts: How often each rule applied.
        """
        self._find = find
        self._ours = ours
        self._counts = counts
        self._found: Sequence[PluginRedactor] | None = None
        self.failure: str | None = None
        """What first went wrong in one, until it is told."""
        self.load_failure: str | None = None
        """Why plugins cannot be loaded, until it is told."""

    @property
    def is_empty(self) -> bool:
        """They were asked for, and there are none."""
        return self._found is not None and not self._found

    def text(self, text: str) -> str:
        """Return what they leave of a text, one after the other."""
        by = ""
        try:
            for redact in self._loaded():
                by = getattr(redact, "by", "")
                text = _changed(redact, text)
        except BaseException as error:
            if not is_failure(error):
                raise
            if not isinstance(error, _UnloadedError):
                self.failure = self.failure or self._ours(
                    f"{by}: {describe_exception(error, _LIMIT)}" if by else describe_exception(error, _LIMIT)
                )
            self._counts[_RULE] += 1
            return HOOK_FAILED
        return text

    def _loaded(self) -> Sequence[PluginRedactor]:
        if self._found is None:
            self._found = ()  # a plugin that asks us in turn while it is loaded finds none
            try:
                self._found = self._find()
            except BaseException as error:
                if not is_failure(error):
                    self._found = None  # it was not the plugins
                    raise
                told = str(error) if isinstance(error, ReadinessError) else describe_exception(error, _LIMIT)
                self.load_failure = self._ours(told)
                self._found = (_unloaded,)
        return self._found

    def take_failures(self) -> list[str | None]:
        """Return what went wrong in one, and in loading them, and begin again."""
        found = [self.failure, self.load_failure]
        self.failure = self.load_failure = None
        return found

    def merge_failures(self, found: Sequence[str | None]) -> None:
        """Take in what those of another process returned so."""
        if found:
            self.failure, self.load_failure = self.failure or found[0], self.load_failure or found[1]


def _unloaded(_: str) -> object:
    raise _UnloadedError


def _changed(redact: PluginRedactor, text: str) -> str:
    found = redact(text)
    if found is None:
        return text
    if not isinstance(found, str):
        raise TypeError(f"it returned {type(found).__name__}, and must return a text or None")
    return plain_text(found)
