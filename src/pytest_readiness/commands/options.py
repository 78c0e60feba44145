"""Options that several commands take, and what their values may be."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import click

from ..facts.clock import parse

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
    """Return a moment in ISO 8601 as ``facts.clock`` writes it."""
    if value is None:
        return None
    try:
        at = parse(value)
    except (ValueError, OverflowError):
        told = f"'{value}' is no time: write 2026-02-12T18:29:00Z, or a date (its first moment, UTC)"
        raise click.BadParameter(told) from None
    return f"{at.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def text(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Return a text that says something."""
    if value is not None and not value.strip():
        raise click.BadParameter("it says nothing")
    return value


def link(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Return an http(s) URL."""
    if value is not None and not _LINK.fullmatch(value):
        raise click.BadParameter(f"'{value}' is no http(s) URL")
    return value


FILE = click.Path(path_type=Path, dir_okay=False)

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
release = click.option("--release", metavar="R", help="The release that is judged; else READINESS_RELEASE.")
