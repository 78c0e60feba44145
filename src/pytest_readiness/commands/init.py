"""Command ``readiness init``: writes a config with every item, and a tracker if there is none."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ..atomic_write import write_atomically
from ..claims.builtin_items import BUILTIN_ITEMS
from ..claims.tracker.formats import DELIMITED_SUFFIXES, YAML_SUFFIXES
from ..claims.tracker.tracker_content import Tracker
from ..errors import ConfigError, location
from ..facts.timestamps import timestamp
from ..regular_files import read_regular
from ..settings import CONFIG_NAME, PYPROJECT_NAME, TRACKER_NAME, find_config
from ..views.sanitise import sanitise
from ..views.text_format import count
from . import options
from .cli_context import CliContext, pass_cli_context
from .config_completion import UserConfig, complete_config, user_config
from .exit_code import ExitCodeCommand
from .templates import config_text, keys, table_lines, tracker_text
from .tracker_adoption import AdoptedTracker, GuessError, adopt, named_columns

_DATA_FOLDER = ".readiness"
_IGNORE_LINES = frozenset(f"{before}{_DATA_FOLDER}{after}" for before in ("", "/", "**/") for after in ("", "/"))


@click.command("init", cls=ExitCodeCommand, help="Create readiness.toml; adopt the tracker, or write a new one.")
@click.option(
    "--tracker",
    type=options.PATH,
    metavar="PATH",
    help=f"Tracker to adopt, or to create if there is none.  [default: {TRACKER_NAME}]",
)
@click.option(
    "--column",
    "column_options",
    multiple=True,
    metavar="WORD=HEADER",
    help="The tracker's header for uc, status, title ...; repeatable.  [default: guessed]",
)
@click.option("--reviewer", "reviewers", multiple=True, metavar="ID", help="Reviewer who may approve; repeatable.")
@pass_cli_context
def command(cli: CliContext, tracker: Path | None, column_options: tuple[str, ...], reviewers: tuple[str, ...]) -> int:
    """Print what is guessed. Write the config, a tracker if there is none, and a line in .gitignore."""
    config = (cli.config or Path(CONFIG_NAME)).absolute()
    existing = _existing_config(config)
    _refuse_empty(reviewers)
    path = _tracker_path(tracker, existing, config)
    columns = {**existing.table("tracker_columns"), **named_columns(column_options)}
    is_adopted = path.exists()
    if not is_adopted:
        _refuse_new_tracker(path, columns)
        _write_new(path, tracker_text(timestamp()[:10]))
    try:
        adopted = adopt(path, columns, existing.table("statuses"), tuple(existing.data.get("tracker_skip", ())))
    except GuessError as error:
        _print_lines(error.lines)
        raise
    _print_lines(adopted.guess_lines)
    names = tuple(dict.fromkeys(name.strip() for name in reviewers))
    _write_config(config, existing, adopted, names)
    gitignore = _add_to_gitignore(config.parent)
    _print_lines(_summary(adopted.tracker, config, names, is_adopted=is_adopted, gitignore=gitignore))
    return 0


def _refuse_new_tracker(path: Path, columns: Mapping[str, Any]) -> None:
    """Raise if a new tracker cannot be written: it is Markdown, and has the default headers."""
    if columns:
        raise ConfigError(f"{location(path)} does not exist, and columns are given: name the tracker with --tracker")
    if path.suffix.casefold() in (*DELIMITED_SUFFIXES, *YAML_SUFFIXES):
        raise ConfigError(f"{location(path)} does not exist, and init writes only Markdown: use a name with .md")


def _tracker_path(option: Path | None, existing: UserConfig, config: Path) -> Path:
    configured = existing.data.get("tracker")
    if option is not None and configured and option.absolute() != config.parent / configured:
        raise ConfigError(f"{location(config)} names another tracker than --tracker: remove one of them")
    return (option or config.parent / (configured or TRACKER_NAME)).absolute()


def _write_config(config: Path, existing: UserConfig, adopted: AdoptedTracker, reviewers: tuple[str, ...]) -> None:
    path = os.path.relpath(adopted.tracker.path, config.parent).replace(os.sep, "/")
    items, ids = adopted.tracker.items or BUILTIN_ITEMS, [row.id for row in adopted.tracker.rows]
    new = {
        name: {key: value for key, value in table.items() if key not in existing.table(name)}
        for name, table in (("tracker_columns", adopted.columns), ("statuses", adopted.statuses))
    }
    tables = table_lines(new["tracker_columns"], new["statuses"])
    status = adopted.columns.get("status")
    if isinstance(status, Mapping) and "environments" not in existing.data:
        tables["environments"] = [
            f"{key} = {{ real = false }}  # true: evidence from there counts" for key in keys(status)
        ]
    if existing.text:
        text = complete_config(existing, config_text(path, items, ids, reviewers, adopted.skip), tables, config)
        write_atomically(config.resolve(), text.encode())
        return
    lines = [line for name, table in tables.items() for line in ("", f"[{name}]", *table)]
    _write_new(config, config_text(path, items, ids, reviewers, adopted.skip, lines[1:]))


def _print_lines(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(sanitise(line))


def _existing_config(config: Path) -> UserConfig:
    """Return the config that exists already and only describes the tracker; raise if there is another one."""
    if config.name == PYPROJECT_NAME:
        raise ConfigError(f"init writes {CONFIG_NAME}, not {PYPROJECT_NAME}: name another file with --config")
    existing = user_config(config) if os.path.lexists(config) else UserConfig()
    if existing is None:
        raise ConfigError(f"{location(config)} already exists: edit it, or move it away to start again")
    shared = config.parent / PYPROJECT_NAME
    if find_config(config.parent) == shared:
        raise ConfigError(f"{location(shared)} already has a table [tool.readiness]: edit it, or remove it first")
    return existing


def _refuse_empty(reviewers: tuple[str, ...]) -> None:
    if not all(name.strip() and name.isprintable() for name in reviewers):
        raise ConfigError("--reviewer needs a name such as release-manager@example.com")


def _write_new(path: Path, text: str) -> None:
    """Write a file that must not exist yet, so that a file written meanwhile is not overwritten."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"{location(path)} already exists: edit it, or move it away to start again") from None
    except OSError as error:
        raise ConfigError(f"{location(path)} cannot be written: {error.strerror}") from None


def _add_to_gitignore(folder: Path) -> Path | None:
    """Return the .gitignore that a line was added to; None: no work tree, or the folder is ignored already."""
    root = next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), None)
    if root is None:
        return None
    folders = [parent for parent in (folder, *folder.parents) if parent.is_relative_to(root)]
    gitignore = folder / ".gitignore"
    try:
        if any(_ignores(parent / ".gitignore") for parent in folders):
            return None
        before = read_regular(gitignore) if gitignore.exists() else b""
        newline = b"\r\n" if b"\r\n" in before else b"\n"
        gap = newline if before and not before.endswith(b"\n") else b""
        with gitignore.open("ab") as file:
            file.write(gap + f"{_DATA_FOLDER}/".encode() + newline)
    except OSError as error:
        message = f"{location(gitignore)} cannot be written: {error.strerror}: add a line {_DATA_FOLDER}/ to it"
        raise ConfigError(message) from None
    return gitignore


def _ignores(gitignore: Path) -> bool:
    if not gitignore.is_file():
        return False
    return any(
        line.strip() in _IGNORE_LINES for line in gitignore.read_text(encoding="utf-8", errors="replace").splitlines()
    )


def _summary(
    tracker: Tracker, config: Path, reviewers: tuple[str, ...], *, is_adopted: bool, gitignore: Path | None
) -> list[str]:
    rows, items = len(tracker.rows), len(tracker.items) or len(BUILTIN_ITEMS)
    listed = count(len(tracker.items), "required item") if tracker.items else "no required items"
    written = (
        ("1 item and its meaning" if items == 1 else f"{items} items and their meanings")
        if tracker.items or not is_adopted
        else f"the {items} built-in items, since the tracker lists none: edit them as needed"
    )
    how = "adopted, not changed" if is_adopted else "written, with two example rows to replace"
    lines = [
        f"{location(tracker.path)}: {how} ({count(rows, 'use case')}, {listed} listed)",
        f"{location(config)}: written, with {written}",
    ]
    if gitignore is not None:
        lines.append(f"{location(gitignore)}: {_DATA_FOLDER}/ added")
    lines += ["", f"Next: declare your [environments]{'' if reviewers else ' and name the reviewers'} in {config.name}"]
    lines += ["Then:", "  readiness check", "  pytest --readiness-plan"]
    return lines
