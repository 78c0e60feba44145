"""Options that several commands take, and what their values may be."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path
from typing import Any

import click

from ..facts.timestamps import parse_timestamp

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LINK = re.compile(r"https?://\S+")


def day(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Return a UTC date, ``YYYY-MM-DD`` and nothing else."""
    if value is None:
        return None
    try:
        if _DAY.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise click.BadParameter(f"'{value}' is no date: write YYYY-MM-DD (UTC)")


def moment(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Return a moment in ISO 8601 as ``facts.timestamps`` writes it."""
    if value is None:
        return None
    try:
        at = parse_timestamp(value)
    except (ValueError, OverflowError):
        told = f"'{value}' is no time: write 2026-02-12T18:29:00Z, or a date (its first moment, UTC)"
        raise click.BadParameter(told) from None
    return f"{at.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def text(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Return a text that says something."""
    if value is not None and not value.strip():
        raise click.BadParameter("it says nothing")
    return value


def asked_about(_context: click.Context, _argument: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Return the patterns that are given, else those of the variable; an empty one says nothing."""
    return value or tuple(word for part in os.environ.get("READINESS_UC", "").split(",") if (word := part.strip()))


def link(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Return an http(s) URL."""
    if value is not None and not _LINK.fullmatch(value):
        raise click.BadParameter(f"'{value}' is no http(s) URL")
    return value


class _NamedPath(click.Path):
    """A path that is named: not the empty text that a shell makes of a variable that is not set."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and not value.strip():
            self.fail("is empty: name a file, or leave the option out", param, ctx)
        return super().convert(value, param, ctx)


FILE = _NamedPath(path_type=Path, dir_okay=False)
PATH = _NamedPath(path_type=Path)
"""Of a file or a folder."""

checkpoints = click.option(
    "--checkpoint",
    "checkpoints",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="A checkpoint that was kept elsewhere, which the store must have grown out of; repeatable.",
)
by = click.option("--by", metavar="NAME", help="Who decides; else who the CI says, else git's user.email.")
reason = click.option("--reason", callback=text, required=True, metavar="TEXT", help="Why; every report shows it.")
release = click.option(
    "--release", callback=text, metavar="R", help="Judge by this release; else READINESS_RELEASE, where asked for."
)
use_cases = click.argument("use_cases", nargs=-1, metavar="[UC]...", callback=asked_about)
"""Ids or globs; none: those of ``READINESS_UC``, else all."""
