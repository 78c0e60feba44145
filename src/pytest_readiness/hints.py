"""Hints to commands, in the form in which they can be typed where the user stands.

A config or store that was given as an option, or found elsewhere than from the working folder, is part of each hint.
Only what is printed for people has it: a report in a file is read elsewhere.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from .late_pattern import late_pattern

_NAME = "readiness"
_PROGRAM: ContextVar[str] = ContextVar("readiness_program", default=_NAME)
_COMMANDS = (
    "artifact|block|bundle|check|checkpoint|diff|gate|history|merge|next|open|record|recover|report|retire|review|show|"
    "status|sync|unblock|verify|waive|why"
)
"""Commands that a hint may name and that read the config. ``init`` writes another one."""
_QUOTED = late_pattern(rf"(?<=[`']){_NAME}(?= (?:{_COMMANDS})\b)")


def options_for(config: str | None, store: str | None) -> list[str]:
    """Return the options that name a config and a store. A store is left out if its URL may hold a password."""
    words = ["--config", config] if config else []
    return [*words, "--store", store] if store and store.startswith("sqlite:///") and "?" not in store else words


def use_options(options: Sequence[str]) -> None:
    """Have the hints of this process carry these options, such as ``("--config", "x/readiness.toml")``."""
    _PROGRAM.set(" ".join((_NAME, *map(shlex.quote, options))))


@contextmanager
def options_used(options: Sequence[str]) -> Iterator[None]:
    """Have the hints in the block carry these options."""
    token = _PROGRAM.set(" ".join((_NAME, *map(shlex.quote, options))))
    try:
        yield
    finally:
        _PROGRAM.reset(token)


def typed(arguments: str) -> str:
    """Return a command with these arguments, to be typed: ``readiness why UC-001``."""
    return f"{_PROGRAM.get()} {arguments}"


def typable(text: str) -> str:
    """Return a text with the commands that it names in backticks or quotes as they can be typed."""
    program = _PROGRAM.get()
    return text if program == _NAME else _QUOTED.sub(lambda _: program, text)
