"""Options that several commands share, and the checks of option values."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from ..facts.subject import NO_SUBJECTS, Subjects, parse_subjects
from ..facts.timestamps import parse_timestamp, timestamp
from . import completion

_Command = TypeVar("_Command", bound=Callable[..., Any])

TERMINAL = "terminal"
"""Name of the format for people, which is the default."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_AHEAD = re.compile(r"\+(?P<number>\d{1,5})(?P<unit>[dw])", re.ASCII)
_LINK = re.compile(r"https?://\S+")


def day(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Return a UTC date, given as ``YYYY-MM-DD``, or as days or weeks from today such as ``+21d`` or ``+3w``."""
    if value is None:
        return None
    try:
        if ahead := _AHEAD.fullmatch(value):
            days = int(ahead["number"]) * (7 if ahead["unit"] == "w" else 1)
            return (date.fromisoformat(timestamp()[:10]) + timedelta(days=days)).isoformat()
        if _DAY.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    except (ValueError, OverflowError):
        pass
    raise click.BadParameter(f"'{value}' is not a date: write YYYY-MM-DD (UTC), or +21d or +3w from today")


def moment(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Return a moment in ISO 8601 as ``facts.timestamps`` writes it."""
    if value is None:
        return None
    try:
        at = parse_timestamp(value)
    except (ValueError, OverflowError):
        message = f"'{value}' is not a time: write 2026-02-12T18:29:00Z, or a date (its first moment, UTC)"
        raise click.BadParameter(message) from None
    return f"{at.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def text(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Return a text, which must not be blank."""
    if value is not None and not value.strip():
        raise click.BadParameter("must not be empty")
    return value


def asked_about(_context: click.Context, _argument: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Return the given patterns, else those of READINESS_UC. An empty variable counts as not set."""
    variable = os.environ.get("READINESS_UC", "")
    return value or tuple(pattern for part in variable.split(",") if (pattern := part.strip()))


def chosen_format(form: str, *, as_json: bool) -> str:
    """Return the format that ``--format`` and ``--json`` name together.

    Raises:
        UsageError: they name two.
    """
    if not as_json:
        return form
    if form not in (TERMINAL, "json"):
        raise click.UsageError(f"--json is the same as --format json: omit one of --json and --format {form}")
    return "json"


def link(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Return an http(s) URL."""
    if value is not None and not _LINK.fullmatch(value):
        raise click.BadParameter(f"'{value}' is not an http(s) URL")
    return value


def judged_subjects(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> Subjects:
    """Return digests by name."""
    return parse_subjects(value, "--subject") if value else NO_SUBJECTS


class _NamedPath(click.Path):
    """A path that must not be empty, as a shell makes it of a variable that is not set."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and not value.strip():
            self.fail("is empty: name a file, or omit the option", param, ctx)
        return super().convert(value, param, ctx)


FILE = _NamedPath(path_type=Path, dir_okay=False)
PATH = _NamedPath(path_type=Path)
"""Path of a file or a folder."""

checkpoints = click.option(
    "--checkpoint",
    "checkpoints",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="A checkpoint saved elsewhere, whose records the store must still contain; repeatable.",
)
by = click.option("--by", metavar="NAME", help="Who decides; default: the CI's user, else git's user.email.")
reason = click.option("--reason", callback=text, required=True, metavar="TEXT", help="Reason; reports show it.")
release = click.option(
    "--release",
    callback=text,
    metavar="R",
    help="Release to judge by; default: READINESS_RELEASE, if the config requires a release.",
)
subjects = click.option(
    "--subject",
    "subjects",
    multiple=True,
    callback=judged_subjects,
    metavar="[NAME=]sha256:HEX",
    help="Digest to judge by, repeatable; default: READINESS_SUBJECT, if the config requires a subject.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
json_format = click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
use_cases = click.argument(
    "use_cases", nargs=-1, metavar="[UC]...", callback=asked_about, shell_complete=completion.use_cases
)
"""Ids or globs; default: those of READINESS_UC, else all."""


def owner(help_text: str) -> Callable[[_Command], _Command]:
    """Return the option ``--owner`` with this help."""
    return click.option("--owner", callback=text, metavar="NAME", shell_complete=completion.owners, help=help_text)
