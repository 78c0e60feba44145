"""Command ``readiness check``: prints the problems of config, tracker and store."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import click

from ..claims.catalogue import Catalogue, Item
from ..claims.register import examine_catalogue, skipped_rows
from ..errors import ConfigError, Problem, ReadinessError, StorageError, location
from ..pipeline.evaluate_project import Project
from ..pipeline.extensions import Plugins, load_plugins
from ..pipeline.idle_rules import idle_rules
from ..pipeline.verification import verify_store
from ..settings import (
    DEFAULT_REGISTER,
    Settings,
    config_problems,
    find_config,
    key_location,
    load_settings,
    override_settings,
)
from ..signing.keys import key_problems
from ..store.address import sqlite_path
from ..store.decision_files.git_history import STORE
from ..store.decision_files.git_repository import is_ignored
from ..views.sanitise import sanitise
from ..views.text_format import count
from . import options, output
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand

_HELP = """Check config, tracker and store for problems.

It reads at most 200 pieces of evidence; of a larger store it takes a sample, and says so. `readiness verify` reads all.
Exits 0 if there are no problems, 1 if there are some, 2 if a plugin cannot be used.
"""
_SAMPLE = 200
"""Number of pieces of evidence that are read. Of a larger store the rest is for ``readiness verify``."""
_CONFIG = 2
"""Exit code if a plugin cannot be used, as of every other command."""


@click.command("check", cls=ExitCodeCommand, help=_HELP)
@options.as_json
@pass_cli_context
def command(cli: CliContext, *, as_json: bool) -> int:
    """Print every problem, and how each item is configured.

    Exits 1 if there are problems, 2 if a plugin cannot be used.
    """
    settings, problems = _config(cli)
    catalogue = None
    row_notes: list[str] = []
    notes: tuple[Problem, ...] = ()
    sampled = False
    plugins = Plugins()
    if settings is not None:
        plugins = load_plugins(settings)
        kinds, problems = _kinds(plugins)
        catalogue, register_problems = examine_catalogue(settings, proofs=kinds)
        wrong_keys = list(key_problems(settings))
        problems += [*register_problems, *wrong_keys, *_ignored_folder_problems(settings)]
        row_notes = list(_row_notes(settings))
        if not wrong_keys:
            store_problems, notes, sampled = _verify(settings, catalogue)
            problems += store_problems
            if catalogue is not None:
                idle, unknown = _idle_rules(settings, catalogue)
                problems, notes = [*problems, *idle], (*notes, *unknown)
    meaning: list[str] = []
    config_notes: list[str] = []
    if settings is not None and catalogue is not None:
        meaning, config_notes = list(_meaning(settings, catalogue)), list(_config_notes(settings, catalogue))
    if as_json:
        from ..views.command_documents import check_document  # late: most calls print text

        output.print_json(check_document(problems, [*map(str, notes), *row_notes, *config_notes], catalogue))
    else:
        lines = [*map(str, problems), *meaning, *map(_note, (*notes, *row_notes, *config_notes))]
        none = "no problems in what was read" if sampled else "no problems"
        for line in (*lines, count(len(problems), "problem") if problems else none):
            _print(line)
    return _CONFIG if plugins.unusable_reason else int(bool(problems))


def _row_notes(settings: Settings) -> Iterator[str]:
    """Yield a note for each row of the tracker that is not a use case by its status word."""
    for line, why in skipped_rows(settings):
        yield f"{location(settings.tracker, line)}: this row is not a use case: {why}" if settings.tracker else why


def _config(cli: CliContext) -> tuple[Settings | None, list[Problem]]:
    path = cli.config or find_config(Path.cwd())
    if path is None:
        return None, [Problem("", "there is no config: write one with `readiness init`")]
    problems = config_problems(path)
    if problems:
        return None, problems
    artifacts = os.environ.get("READINESS_ARTIFACTS")
    return override_settings(load_settings(path), store=cli.store, artifacts=artifacts), []


def _ignored_folder_problems(settings: Settings) -> Iterator[Problem]:
    """Yield a problem if decisions are files that git ignores: none of them would ever count."""
    if settings.decisions == STORE:
        return
    with suppress(StorageError):  # without git no decision counts either: that is a problem of the folder
        if is_ignored(settings.folder / settings.decisions / "20260101T000000Z-0123456789abcdef.json"):
            message = f"git ignores '{settings.decisions}', and a decision takes effect once it is committed"
            yield Problem(
                key_location(settings, "decisions"),
                f"{message}: remove it from .gitignore, or configure another folder",
            )


def _kinds(plugins: Plugins) -> tuple[Collection[str], list[Problem]]:
    """Return the proof kinds that the config may name, and the problems of plugins."""
    if (reason := plugins.unusable_reason) is None:
        return plugins.kinds, []
    return plugins.requested_kinds, [Problem("", line) for line in plugins.problems or (reason,)]


def _verify(settings: Settings, catalogue: Catalogue | None) -> tuple[list[Problem], tuple[Problem, ...], bool]:
    """Return the problems of the store and its decisions, the notes on them, and whether only a sample was read.

    A store that does not exist yet is empty and has no problems; nothing is created.
    """
    project = Project(settings, catalogue or Catalogue(settings.register))
    try:
        result, missing = verify_store(project, sample=_SAMPLE), project.missing_store
    except ReadinessError as error:
        return [Problem("", str(error))], (), False
    lines = [*result.retired_runs, *([missing] if missing else [])]
    if result.sampled is not None:
        pieces = f"sampled {result.sampled} of {result.evidence:,} pieces of evidence"
        lines.append(f"{pieces}: `readiness verify` reads all")
    return result.problems, (*(Problem("", line) for line in lines), *result.notes), result.sampled is not None


def _idle_rules(settings: Settings, catalogue: Catalogue) -> tuple[list[Problem], list[Problem]]:
    """Return the rules for claims that matched no test in the recorded runs, and notes on those without a run."""
    try:
        return idle_rules(Project(settings, catalogue))
    except ReadinessError:  # reported as a problem of the store
        return [], []


def _meaning(settings: Settings, catalogue: Catalogue) -> Iterator[str]:
    """Yield what the config means: the register, and a table of its items."""
    if settings.path is not None:
        rows = f" from {location(settings.tracker)}" if settings.tracker else ""
        many = count(len(catalogue.use_cases), "use case")
        yield f"{location(settings.path)}: register '{catalogue.register}', {many}{rows}"
    yield from _table([("item", "name", "scope", "proof", "expires after", "required evidence"), *_rows(catalogue)])
    counts = sorted({len(catalogue.requirements(name)) for name in catalogue.use_cases})
    if counts:
        span = "" if len(counts) == 1 else f"{counts[0]} to "
        yield f"each use case has {span}{count(counts[-1], 'requirement')}"


def _note(note: object) -> str:
    return f"note: {note}"


def _config_notes(settings: Settings, catalogue: Catalogue) -> Iterator[str]:
    """Yield what is no problem, and makes evidence or approvals impossible or ambiguous."""
    if not any(environment.real for environment in catalogue.environments.values()):
        yield "no real environment is declared, so no evidence counts: add [environments.NAME] real = true"
    yield from _idle_columns(settings)
    if settings.register == DEFAULT_REGISTER and settings.path is not None and _is_elsewhere(settings):
        yield (
            f"the store is outside this project, and the register has the default name '{DEFAULT_REGISTER}',"
            ' which other projects may use too: set register = "..." in the config'
        )
    if not settings.review.reviewers:
        yield "[review] reviewers is empty, so no use case can be approved"


def _idle_columns(settings: Settings) -> Iterator[str]:
    """Yield a note on the status columns of environments that are not real: they are not compared."""
    columns = settings.tracker_columns.get("status")
    if not isinstance(columns, Mapping):
        return
    idle = {name: header for name, header in columns.items() if not settings.environments[name].real}
    if idle:
        headers, names = ("'" + "', '".join(shown) + "'" for shown in (idle.values(), idle))
        where = key_location(settings, "tracker_columns", "status")
        are = "is" if len(idle) == 1 else "are"
        yield f"{where}: {headers} {are} neither compared nor updated: {names} {are} declared with real = false"


def _is_elsewhere(settings: Settings) -> bool:
    """Return whether the store is outside the project's folder, so that other projects may share it."""
    try:
        path = sqlite_path(settings.store, settings.folder)
    except ConfigError:  # reported as a problem of the store
        return False
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(settings.folder))


def _rows(catalogue: Catalogue) -> Iterator[tuple[str, ...]]:
    for item in catalogue.items.values():
        age = f"{item.max_age_days} d" if item.max_age_days else "never"
        proof = f"{item.proof}, connection" if item.connection == "seen" else item.proof
        yield item.key, item.name or "-", _scope(item), proof, age, item.title


def _scope(item: Item) -> str:
    return ", ".join((*item.scope, *item.parts)) or "once"


def _table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield the lines of a table. Each column but the last is as wide as its widest cell."""
    clean_rows = [tuple(sanitise(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean_rows, strict=True)][:-1]
    for *cells, last in clean_rows:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)), last])


def _print(line: str) -> None:
    click.echo(sanitise(line))
