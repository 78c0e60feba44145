"""``readiness check``: config, tracker and store are sound, or every problem with its file and line."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import click

from ..claims.catalogue import Catalogue, Item
from ..claims.register import examine_catalogue, rows_left_out
from ..errors import ConfigError, Problem, ReadinessError, StorageError, place
from ..pipeline.extensions import Plugins, load_plugins
from ..pipeline.judging import Place
from ..pipeline.keys import key_problems
from ..pipeline.upkeep import verify
from ..settings import DEFAULT_REGISTER, Settings, find, key_place, load, override, problems
from ..store.address import sqlite_path
from ..store.history import STORE
from ..store.repository import is_ignored
from ..views.sanitise import sanitise
from ..views.words import count
from .answering import Answering
from .door import Door, pass_door

_CONFIG = 2
"""Exit code where a plugin cannot be used, as that of every other command."""


@click.command("check", cls=Answering, help="Say whether config, tracker and store are sound.")
@pass_door
def command(door: Door) -> int:
    """Print every problem, and the meaning that each item got.

    Exit code 1 where there are problems, 2 where a plugin cannot be used, with which no other command answers either.
    """
    settings, found = _config(door)
    catalogue = None
    left_out: list[str] = []
    notes: tuple[Problem, ...] = ()
    plugins = Plugins()
    if settings is not None:
        plugins = load_plugins(settings)
        kinds, found = _kinds(plugins)
        catalogue, misfits = examine_catalogue(settings, proofs=kinds)
        wrong = list(key_problems(settings))
        found += [*misfits, *wrong, *_uncommittable(settings)]
        left_out = list(_left_out(settings))
        if not wrong:
            kept, notes = _kept(settings, catalogue)
            found += kept
    for problem in found:
        _say(str(problem))
    for note in (*notes, *left_out):
        _say(f"note: {note}")
    if settings is not None and catalogue is not None:
        for line in _meaning(settings, catalogue):
            _say(line)
    _say("sound" if not found else count(len(found), "problem"))
    return _CONFIG if plugins.trouble else int(bool(found))


def _left_out(settings: Settings) -> Iterator[str]:
    """Yield each row of the tracker that is no use case by its words: it is said, and no problem."""
    for line, why in rows_left_out(settings):
        yield f"{place(settings.tracker, line)}: this row is no use case: {why}" if settings.tracker else why


def _config(door: Door) -> tuple[Settings | None, list[Problem]]:
    path = door.config or find(Path.cwd())
    if path is None:
        return None, [Problem("", "there is no config: write one with `readiness init`")]
    found = problems(path)
    if found:
        return None, found
    artifacts = os.environ.get("READINESS_ARTIFACTS")
    return override(load(path), store=door.store, artifacts=artifacts), []


def _uncommittable(settings: Settings) -> Iterator[Problem]:
    """Yield a problem where decisions are files that git ignores: none of them would ever count."""
    if settings.decisions == STORE:
        return
    with suppress(StorageError):  # without git they count for nothing either, which is told of the folder
        if is_ignored(settings.folder / settings.decisions / "20260101T000000Z-0123456789abcdef.json"):
            told = f"git ignores '{settings.decisions}', and a decision counts once it is committed"
            yield Problem(
                key_place(settings, "decisions"), f"{told}: take it out of .gitignore, or name another folder"
            )


def _kinds(plugins: Plugins) -> tuple[Collection[str], list[Problem]]:
    """Return the proof kinds that the config may name, and which plugins cannot be used."""
    if (trouble := plugins.trouble) is None:
        return plugins.kinds, []
    return plugins.asked, [Problem("", line) for line in plugins.problems or (trouble,)]


def _kept(settings: Settings, catalogue: Catalogue | None) -> tuple[list[Problem], tuple[Problem, ...]]:
    """Return what does not fit in what is kept, and what counts for nothing.

    A store that is not there yet is an empty one, and sound; nothing is created.
    """
    try:
        found = verify(Place(settings, catalogue or Catalogue(settings.register)))
    except ReadinessError as error:
        return [Problem("", str(error))], ()
    return found.problems, (*(Problem("", one) for one in found.aside), *found.notes)


def _meaning(settings: Settings, catalogue: Catalogue) -> Iterator[str]:
    if settings.path is not None:
        rows = f" from {place(settings.tracker)}" if settings.tracker else ""
        many = count(len(catalogue.use_cases), "use case")
        yield f"{place(settings.path)}: register '{catalogue.register}', {many}{rows}"
    yield from _table([("item", "name", "scope", "proof", "stale after", "required evidence"), *_rows(catalogue)])
    counts = sorted({len(catalogue.requirements(name)) for name in catalogue.use_cases})
    if counts:
        span = "" if len(counts) == 1 else f"{counts[0]} to "
        yield f"each use case has {span}{count(counts[-1], 'requirement')}"
    if not any(environment.real for environment in catalogue.environments.values()):
        yield "note: no real environment is declared, so that no evidence counts: add [environments.NAME] real = true"
    yield from _idle_columns(settings)
    if settings.register == DEFAULT_REGISTER and settings.path is not None and _is_elsewhere(settings):
        yield (
            f"note: the store is outside this project, and its register is called '{DEFAULT_REGISTER}': another"
            ' project\'s would be the same one; give it a name (register = "..." in the config)'
        )
    if not settings.review.reviewers:
        yield "note: nobody is listed in [review] reviewers, so that nothing can be signed off"


def _idle_columns(settings: Settings) -> Iterator[str]:
    """Yield which columns of the tracker are nobody's to compare: their environments are declared, and not real."""
    columns = settings.tracker_columns.get("status")
    if not isinstance(columns, Mapping):
        return
    idle = {name: header for name, header in columns.items() if not settings.environments[name].real}
    if idle:
        headers, names = ("'" + "', '".join(shown) + "'" for shown in (idle.values(), idle))
        where = key_place(settings, "tracker_columns", "status")
        yield (
            f"note: {where}: nothing is compared with, or written into, {headers}: {names} "
            f"{'is' if len(idle) == 1 else 'are'} declared with real = false"
        )


def _is_elsewhere(settings: Settings) -> bool:
    """Return whether the store lies where others may share it: in no folder of the project."""
    try:
        path = sqlite_path(settings.store, settings.folder)
    except ConfigError:  # told as a problem of the store
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
    """Columns are as wide as their widest cell; the last one may be any length."""
    every = [tuple(sanitise(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)][:-1]
    for *cells, last in every:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)), last])


def _say(line: str) -> None:
    click.echo(sanitise(line))
