"""What can go wrong, in words a user can act on.

Every error that a user can cause is one line: what happened, where (file:line), what to do next.
The class says which exit code of the command it means.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from .fast_values import dataclass


class ReadinessError(Exception):
    """Base of every error of this package; ``str(error)`` is one line for people."""

    exit_code: ClassVar[int] = 2
    """Exit code of the command: 1 refused, 2 usage or config, 3 integrity or storage."""


class ConfigError(ReadinessError):
    """The config, the tracker or an option cannot be used as it stands."""


class SeveralError(ConfigError):
    """Several things cannot be used as they stand, and are told at once: a line for each."""

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


class ClaimError(ReadinessError):
    """A marker or a ``scope()`` names something that does not exist, or names it wrongly."""


class RefusedError(ReadinessError):
    """A decision is refused: nothing was kept of it. One reason for each decision of the call."""

    exit_code = 1

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class EvidenceError(ReadinessError):
    """Something given to ``record_evidence`` cannot be kept (a missing file, a folder, too large, a wrong type)."""

    exit_code = 1


class StorageError(ReadinessError):
    """The store, the journal or the artifact folder cannot be read or written."""

    exit_code = 3


_MISTAKEN = frozenset({
    None, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP,
    errno.ENAMETOOLONG,
})  # fmt: skip
"""Why a file cannot be written where it was asked for; None: that is said by us."""


def write_error(path: Path, what: str, error: OSError) -> ConfigError | StorageError:
    """Return the error for a file that somebody named and that cannot be written: a mistake, or a failing storage.

    Args:
        path: that was named.
        what: is to be in it, such as "the report".
        error: what the system said.
    """
    told = f"{location(path)}: {what} cannot be written: {error.strerror or error}"
    return ConfigError(told) if error.errno in _MISTAKEN else StorageError(told)


class IntegrityError(ReadinessError):
    """What is stored is not what was recorded."""

    exit_code = 3


class UnansweredError(ReadinessError):
    """A command ended before it had answered: that is no yes, whatever it was asked."""

    exit_code = 3


class ProofError(AssertionError):
    """A proof does not hold: the test that offers it fails, and the message says what differed, and where."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, told and not raised: ``check`` and ``verify`` yield these."""

    where: str
    """A file, ``file:line``, or the name of the thing."""
    what: str
    """What is wrong, and what to do next."""

    def __str__(self) -> str:
        return one_line(f"{self.where}: {self.what}" if self.where else self.what, 1000)


def location(path: Path, line: int | None = None) -> str:
    """Return ``file`` or ``file:line`` as an editor opens it: relative where the file is in the working folder."""
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{shown}:{line}" if line else str(shown)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the known word closest to ``word``, or an empty text.

    A wrong guess is worse than none: names with other numbers are other names, and ``UC-3`` is ``UC-003``.
    """
    from difflib import get_close_matches  # only where something is wrong

    asked, numbers = _by_numbers(word)
    near: dict[str, str] = {}
    for name in known:
        spelled, others = _by_numbers(name)
        if others == numbers or not others:
            near.setdefault(spelled, name)
    close = get_close_matches(asked, near, n=1, cutoff=0.6)
    return f" (did you mean '{near[close[0]]}'?)" if close else ""


def _by_numbers(word: str) -> tuple[str, list[str]]:
    """Return a word in small letters with its numbers as numbers, and these numbers."""
    lower = re.sub(r"(?<![0-9])0+(?=[0-9])", "", word.lower())
    return lower, re.findall(r"[0-9]+", lower)


def count(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 use case`` or ``3 use cases``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def one_line(text: str, limit: int = 300) -> str:
    """Return the text on one line, with everything that does not print spelled out, cut at ``limit`` characters."""
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text[: limit + 1]
    )
    return shown if len(text) <= limit and len(shown) <= 2 * limit else shown[: limit - 1] + "…"
