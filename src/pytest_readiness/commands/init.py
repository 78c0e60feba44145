"""``readiness init``: a config with every item written out, beside the tracker that is there or a new one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ..atomic_write import write_atomically
from ..claims.builtin_items import BUILTIN_ITEMS
from ..claims.tracker.formats import DELIMITED_SUFFIXES, YAML_SUFFIXES
from ..claims.tracker.reader import Tracker
from ..errors import ConfigError, location
from ..facts.timestamps import timestamp
from ..regular_files import read_regular
from ..settings import CONFIG_NAME, PYPROJECT_NAME, TRACKER_NAME, find_config
from ..views.sanitise import sanitise
from ..views.text_format import count
from . import options
from .cli_context import CliContext, pass_door
from .config_completion import UserConfig, complete_config, user_config
from .exit_code import ExitCodeCommand
from .templates import config_text, keys, tracker_text, word_lines
from .tracker_adoption import AdoptedTracker, GuessError, adopt, named_columns

_HOME = ".readiness"
_IGNORING = frozenset({_HOME, f"{_HOME}/", f"/{_HOME}", f"/{_HOME}/", f"**/{_HOME}", f"**/{_HOME}/"})


@click.command("init", cls=ExitCodeCommand, help="Write readiness.toml, adopting the tracker or writing a new one.")
@click.option(
    "--tracker",
    type=options.PATH,
    metavar="PATH",
    help=f"The tracker to adopt, or to write where there is none.  [default: {TRACKER_NAME}]",
)
@click.option(
    "--column",
    "said",
    multiple=True,
    metavar="WORD=HEADER",
    help="The tracker's header for uc, status, title ...; can be given again.  [default: guessed]",
)
@click.option("--reviewer", "reviewers", multiple=True, metavar="ID", help="Who may sign off; can be given again.")
@pass_door
def command(door: CliContext, tracker: Path | None, said: tuple[str, ...], reviewers: tuple[str, ...]) -> int:
    """Show what is guessed; write the config, the tracker where there is none, and a line in .gitignore."""
    config = (door.config or Path(CONFIG_NAME)).absolute()
    own = _refuse_existing(config)
    _refuse_empty(reviewers)
    where = _tracker(tracker, own, config)
    columns = {**own.table("tracker_columns"), **named_columns(said)}
    adopted = where.exists()
    if not adopted:
        _refuse_unwritten(where, columns)
        _write_new(where, tracker_text(timestamp()[:10]))
    try:
        found = adopt(where, columns, own.table("statuses"), tuple(own.data.get("tracker_skip", ())))
    except GuessError as error:
        _show(error.lines)
        raise
    _show(found.told)
    names = tuple(dict.fromkeys(name.strip() for name in reviewers))
    _write(config, own, found, names)
    ignored = _keep_out_of_git(config.parent)
    _show(_told(found.tracker, config, names, adopted=adopted, ignored=ignored))
    return 0


def _refuse_unwritten(where: Path, columns: Mapping[str, Any]) -> None:
    """A tracker that is to be written has our headers, and is Markdown."""
    if columns:
        raise ConfigError(
            f"{location(where)}: there is no such tracker whose columns these are: name it with --tracker"
        )
    if where.suffix.casefold() in (*DELIMITED_SUFFIXES, *YAML_SUFFIXES):
        raise ConfigError(f"{location(where)}: there is no such tracker, and init writes Markdown alone: name it .md")


def _tracker(option: Path | None, own: UserConfig, config: Path) -> Path:
    said = own.data.get("tracker")
    if option is not None and said and option.absolute() != config.parent / said:
        raise ConfigError(f"{location(config)} names another tracker than --tracker: take one of them out")
    return (option or config.parent / (said or TRACKER_NAME)).absolute()


def _write(config: Path, own: UserConfig, found: AdoptedTracker, reviewers: tuple[str, ...]) -> None:
    shown = os.path.relpath(found.tracker.path, config.parent).replace(os.sep, "/")
    items, ids = found.tracker.items or BUILTIN_ITEMS, [row.id for row in found.tracker.rows]
    new = {
        name: {key: value for key, value in table.items() if key not in own.table(name)}
        for name, table in (("tracker_columns", found.columns), ("statuses", found.statuses))
    }
    lines = word_lines(new["tracker_columns"], new["statuses"])
    status = found.columns.get("status")
    if isinstance(status, Mapping) and "environments" not in own.data:
        lines["environments"] = [f"{key} = {{ real = false }}  # true: what runs there counts" for key in keys(status)]
    if own.text:
        text = complete_config(own, config_text(shown, items, ids, reviewers, found.skip), lines, config)
        write_atomically(config.resolve(), text.encode())
        return
    words = [line for name, ones in lines.items() for line in ("", f"[{name}]", *ones)]
    _write_new(config, config_text(shown, items, ids, reviewers, found.skip, words[1:]))


def _show(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(sanitise(line))


def _refuse_existing(config: Path) -> UserConfig:
    """Return what is there already of what ``init`` keeps."""
    if config.name == PYPROJECT_NAME:
        raise ConfigError(f"init writes a {CONFIG_NAME}, and no {PYPROJECT_NAME}: name another file with --config")
    own = user_config(config) if os.path.lexists(config) else UserConfig()
    if own is None:
        raise ConfigError(f"{location(config)} is there already: edit it, or move it away to begin anew")
    shared = config.parent / PYPROJECT_NAME
    if find_config(config.parent) == shared:
        raise ConfigError(f"{location(shared)} has a table [tool.readiness] already: edit it, or take it out first")
    return own


def _refuse_empty(reviewers: tuple[str, ...]) -> None:
    if not all(name.strip() and name.isprintable() for name in reviewers):
        raise ConfigError("--reviewer wants a name such as release-manager@example.com")


def _write_new(path: Path, text: str) -> None:
    """Write a file that must not exist yet: what somebody else has written meanwhile stays."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"{location(path)} is there already: edit it, or move it away to begin anew") from None
    except OSError as error:
        raise ConfigError(f"{location(path)} cannot be written: {error.strerror}") from None


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
        raise ConfigError(f"{location(own)} cannot be written: {error.strerror}: add a line {_HOME}/ to it") from None
    return own


def _ignores(gitignore: Path) -> bool:
    if not gitignore.is_file():
        return False
    return any(
        line.strip() in _IGNORING for line in gitignore.read_text(encoding="utf-8", errors="replace").splitlines()
    )


def _told(read: Tracker, config: Path, reviewers: tuple[str, ...], *, adopted: bool, ignored: Path | None) -> list[str]:
    rows, items = len(read.rows), len(read.items) or len(BUILTIN_ITEMS)
    listed = count(len(read.items), "required item") if read.items else "no required items"
    written = (
        ("1 item and its meaning" if items == 1 else f"{items} items and their meanings")
        if read.items or not adopted
        else f"our own {items} items, as the tracker lists none: keep, change or take out what each use case must show"
    )
    how = "adopted, not changed" if adopted else "written, with two example rows to replace"
    lines = [
        f"{location(read.path)}: {how} ({count(rows, 'use case')}, {listed} listed)",
        f"{location(config)}: written, with {written}",
    ]
    if ignored is not None:
        lines.append(f"{location(ignored)}: {_HOME}/ is kept out of git")
    lines += ["", "To do in it: declare your [environments]" + ("" if reviewers else ", and name who reviews")]
    lines += ["Then:", "  readiness check", "  pytest --readiness-plan"]
    return lines
