"""Error classes of the package, and helpers for one-line messages.

Every error that a user can cause is one line: what happened, where (file:line), what to do next.
The class determines the exit code of the command.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct


class _RaisedInTests:
    """Base of the errors that tests raise.

    These name ``builtins`` as their module, as pytest's own do. The name of the real one in front of the reason would
    push that out of pytest's short summary, which is cut at the terminal's width.
    """

    args: tuple[Any, ...]

    def __reduce__(self) -> tuple[Callable[..., BaseException], tuple[Any, ...]]:
        """Return how to copy the error into another process, where the named module does not have its class."""
        return _restored, (type(self).__name__, self.args)


def _restored(name: str, arguments: tuple[Any, ...]) -> BaseException:
    error: BaseException = globals()[name](*arguments)
    return error


class ReadinessError(Exception):
    """Base class of the package's errors; ``str(error)`` is one line for people."""

    exit_code: ClassVar[int] = 2
    """Exit code of the command: 1 refused, 2 usage or config, 3 integrity or storage."""


class ConfigError(ReadinessError):
    """The config, the tracker or an option is wrong."""


class SeveralError(ConfigError):
    """Several mistakes, reported together: one line for each."""

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


class ClaimError(_RaisedInTests, ReadinessError):
    """A marker or a ``scope()`` call names something that does not exist, or has a wrong form."""

    __module__ = "builtins"


class RefusedError(ReadinessError):
    """A decision is refused and not stored. It has one reason for each decision of the call."""

    exit_code = 1

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class EvidenceError(_RaisedInTests, ReadinessError):
    """An argument of ``record_evidence`` cannot be recorded (a missing file, a folder, too large, a wrong type)."""

    __module__ = "builtins"
    exit_code = 1


class StorageError(ReadinessError):
    """The store, the journal or the artifact folder cannot be read or written."""

    exit_code = 3


_USER_MISTAKES = frozenset({
    None, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP,
    errno.ENAMETOOLONG,
})  # fmt: skip
"""Error numbers that mean a wrong path. None: the error was raised by this package."""


def write_error(path: Path, content: str, error: OSError) -> ConfigError | StorageError:
    """Return the error for an output file that cannot be written: a wrong path, or a failing storage.

    Args:
        path: the file that the user named.
        content: what would be written, such as "the report".
        error: the system's error.
    """
    reason = error.strerror or str(error)
    if error.errno == errno.ENOENT and not path.parent.exists():
        reason = f"there is no folder {location(path.parent)}: create it, or name another file"
    message = f"{location(path)}: {content} cannot be written: {reason}"
    return ConfigError(message) if error.errno in _USER_MISTAKES else StorageError(message)


class IntegrityError(ReadinessError):
    """Stored data differs from what was recorded."""

    exit_code = 3


class UnansweredError(ReadinessError):
    """A command ended without an answer, which is never a yes."""

    exit_code = 3


class ProofError(_RaisedInTests, AssertionError):
    """A proof does not hold: the test fails, and the message names the difference and its place."""

    __module__ = "builtins"


class Problem(Struct, frozen=True):
    """A problem that is reported and not raised: ``check`` and ``verify`` yield these."""

    where: str
    """A file, ``file:line``, or the name of the object."""
    what: str
    """The problem, and what to do next."""

    def __str__(self) -> str:
        return one_line(f"{self.where}: {self.what}" if self.where else self.what, 1000)


def location(path: Path, line: int | None = None) -> str:
    """Return ``file`` or ``file:line`` as an editor opens it: relative if the file is in the working folder."""
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{shown}:{line}" if line else str(shown)


def suggestion(name: str, candidates: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the candidate closest to ``name``, or an empty text.

    A wrong guess is worse than none: names with other numbers are other names, and ``UC-3`` is ``UC-003``.
    """
    from difflib import get_close_matches  # imported only for an error

    wanted, numbers = _normalized(name)
    by_normalized: dict[str, str] = {}
    for candidate in candidates:
        normalized, candidate_numbers = _normalized(candidate)
        if candidate_numbers == numbers or not candidate_numbers:
            by_normalized.setdefault(normalized, candidate)
    matches = get_close_matches(wanted, by_normalized, n=1, cutoff=0.6)
    return f" (did you mean '{by_normalized[matches[0]]}'?)" if matches else ""


def _normalized(name: str) -> tuple[str, list[str]]:
    """Return a name in lower case without leading zeros of its numbers, and these numbers."""
    lower = re.sub(r"(?<![0-9])0+(?=[0-9])", "", name.lower())
    return lower, re.findall(r"[0-9]+", lower)


def count(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 use case`` or ``3 use cases``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def first_names(names: Sequence[str], most: int) -> str:
    """Return the first names as text, and the number of the others: ``a, b and 3 more``."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def one_line(text: str, limit: int = 300) -> str:
    """Return the text on one line, with unprintable characters escaped, cut at ``limit`` characters."""
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text[: limit + 1]
    )
    return shown if len(text) <= limit and len(shown) <= 2 * limit else shown[: limit - 1] + "…"
