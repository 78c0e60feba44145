"""``readiness init``: a config with every item written out, beside the tracker that is there or a new one."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..claims.items import SEVEN
from ..claims.tracker import Tracker, read_tracker
from ..errors import ConfigError, place
from ..facts.clock import moment
from ..regular import read_regular
from ..settings import CONFIG_NAME, PYPROJECT_NAME, TRACKER_NAME, find
from ..views.sanitise import sanitise
from ..views.words import count
from .answering import Answering
from .door import Door, pass_door
from .starter import config_text, tracker_text

_HOME = ".readiness"
_IGNORING = frozenset({_HOME, f"{_HOME}/", f"/{_HOME}", f"/{_HOME}/", f"**/{_HOME}", f"**/{_HOME}/"})


@click.command("init", cls=Answering, help="Write readiness.toml, adopting the tracker or writing a new one.")
@click.option(
    "--tracker",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help=f"The tracker to adopt, or to write where there is none.  [default: {TRACKER_NAME}]",
)
@click.option("--reviewer", "reviewers", multiple=True, metavar="ID", help="Who may sign off; can be given again.")
@pass_door
def command(door: Door, tracker: Path | None, reviewers: tuple[str, ...]) -> int:
    """Write the config, the tracker where there is none, and a line in .gitignore; say what was done."""
    config = (door.config or Path(CONFIG_NAME)).absolute()
    _refuse_existing(config)
    _refuse_empty(reviewers)
    where = (tracker or config.parent / TRACKER_NAME).absolute()
    adopted = where.exists()
    if not adopted:
        _write_new(where, tracker_text(moment()[:10]))
    read = read_tracker(where)
    shown = os.path.relpath(where, config.parent).replace(os.sep, "/")
    names = tuple(dict.fromkeys(name.strip() for name in reviewers))
    _write_new(config, config_text(shown, read.items or SEVEN, [row.id for row in read.rows], names))
    ignored = _keep_out_of_git(config.parent)
    for line in _told(read, config, names, adopted=adopted, ignored=ignored):
        click.echo(sanitise(line))
    return 0


def _refuse_existing(config: Path) -> None:
    if config.name == PYPROJECT_NAME:
        raise ConfigError(f"init writes a {CONFIG_NAME}, and no {PYPROJECT_NAME}: name another file with --config")
    if os.path.lexists(config):
        raise ConfigError(f"{place(config)} is there already: edit it, or move it away to begin anew")
    shared = config.parent / PYPROJECT_NAME
    if find(config.parent) == shared:
        raise ConfigError(f"{place(shared)} has a table [tool.readiness] already: edit it, or take it out first")


def _refuse_empty(reviewers: tuple[str, ...]) -> None:
    if not all(name.strip() and name.isprintable() for name in reviewers):
        raise ConfigError("--reviewer wants a name such as release-manager@example.com")


def _write_new(path: Path, text: str) -> None:
    """Write a file that must not exist yet: what somebody else has written meanwhile stays."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"{place(path)} is there already: edit it, or move it away to begin anew") from None
    except OSError as error:
        raise ConfigError(f"{place(path)} cannot be written: {error.strerror}") from None


def _keep_out_of_git(folder: Path) -> Path | None:
    """Return the .gitignore that a line was added to; None outside a work tree, or where a line is there already."""
    root = next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), None)
    if root is None:
        return None
    between = [parent for parent in (folder, *folder.parents) if parent.is_relative_to(root)]
    own = folder / ".gitignore"
    try:
        if any(_ignores(parent / ".gitignore") for parent in between):
            return None
        before = read_regular(own) if own.exists() else b""
        newline = b"\r\n" if b"\r\n" in before else b"\n"
        gap = newline if before and not before.endswith(b"\n") else b""
        with own.open("ab") as file:
            file.write(gap + f"{_HOME}/".encode() + newline)
    except OSError as error:
        raise ConfigError(f"{place(own)} cannot be written: {error.strerror}: add a line {_HOME}/ to it") from None
    return own


def _ignores(gitignore: Path) -> bool:
    if not gitignore.is_file():
        return False
    return any(
        line.strip() in _IGNORING for line in gitignore.read_text(encoding="utf-8", errors="replace").splitlines()
    )


def _told(read: Tracker, config: Path, reviewers: tuple[str, ...], *, adopted: bool, ignored: Path | None) -> list[str]:
    rows, items = len(read.rows), len(read.items) or len(SEVEN)
    listed = count(len(read.items), "required item") if read.items else "no required items"
    how = "adopted, not changed" if adopted else "written, with two example rows to replace"
    lines = [
        f"{place(read.path)}: {how} ({count(rows, 'use case')}, {listed} listed)",
        f"{place(config)}: written, with {items} items and their meanings",
    ]
    if ignored is not None:
        lines.append(f"{place(ignored)}: {_HOME}/ is kept out of git")
    lines += ["", "To do in it: declare your [environments]" + ("" if reviewers else ", and name who reviews")]
    lines += ["Then:", "  readiness check", "  pytest --readiness-plan"]
    return [sanitise(line) for line in lines]
