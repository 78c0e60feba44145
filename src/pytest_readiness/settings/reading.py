"""Reading the config: every problem with its file and line, or the settings in force."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..errors import ConfigError, Problem, location, suggestion
from ..regular_files import IrregularError, read_regular
from .finder import PYPROJECT_NAME, TRACKER_NAME, has_config_name
from .key_lines import KeyPath, key_lines, nearest_line
from .messages import describe_error, unknown_key
from .model import LOCATION_FIELDS, Settings, StatusWord
from .toml_text import parsed_toml

_OUR_TABLE: KeyPath = ("tool", "readiness")


class _File(NamedTuple):
    path: Path
    text: str
    data: dict[str, Any]
    """What our table holds."""
    prefix: KeyPath
    """Where our table is: nowhere in particular, or ``tool.readiness``."""


class _Found(NamedTuple):
    path: KeyPath
    what: str


def load_settings(path: Path) -> Settings:
    """Return what the config at ``path`` says.

    Raises:
        ConfigError: it cannot be read, or says something wrong; the message is the first problem, with file and line.
    """
    file = _read(path)
    settings, found = _judge(file)
    first = next(iter(_placed(file, found)), None)
    if settings is None or first is not None:
        raise ConfigError(str(first))
    return settings


def config_problems(path: Path) -> list[Problem]:
    """Return everything that is wrong with the config at ``path``, in the order of its lines."""
    try:
        file = _read(path)
    except ConfigError as error:
        return [Problem("", str(error))]
    return _placed(file, _judge(file)[1])


def default_settings(folder: Path) -> Settings:
    """Return the settings where there is no config: the defaults, and the folder's tracker if it has one."""
    tracker = folder.absolute() / TRACKER_NAME
    return Settings(folder=folder.absolute(), tracker=tracker if has_config_name(tracker) else None)


def override_settings(  # noqa: PLR0913 - one keyword for each option that stands above the config
    settings: Settings,
    *,
    store: str | None = None,
    artifacts: str | None = None,
    provider_mode: str | None = None,
    tenant_id: str | None = None,
    project_id: str | None = None,
    on: str | None = None,
    waivers: str | None = None,
) -> Settings:
    """Return the settings with what options or variables say instead; None or an empty text says nothing.

    Raises:
        ConfigError: a value is none that the config could have.
    """
    top = {"store": store, "artifacts": artifacts}
    context = {"provider_mode": provider_mode, "tenant_id": tenant_id, "project_id": project_id}
    changed: dict[str, Any] = {name: value for name, value in top.items() if value}
    for table, said in (("context", context), ("gate", {"on": on, "waivers": waivers})):
        chosen = {name: value for name, value in said.items() if value}
        if chosen:
            changed[table] = {**getattr(settings, table).model_dump(), **chosen}
    try:
        return Settings.model_validate({**vars(settings), **changed}) if changed else settings
    except ValidationError as error:
        raise ConfigError(describe_error(error.errors(include_url=False)[0])[1]) from None


def key_location(settings: Settings, *keys: str) -> str:
    """Return ``file:line`` of a key of the config that was read, for a problem that shows only later."""
    if settings.path is None:
        return "without a config"
    try:
        file = _read(settings.path)
    except ConfigError:  # changed since it was read: the file alone is still true
        return location(settings.path)
    return location(file.path, nearest_line(key_lines(file.text), (*file.prefix, *keys)))


def shared_names(kinds: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str, str]]:
    """Yield (name, kind, kind) for each name that stands for two kinds of scope: a requirement's id would not tell."""
    seen: dict[str, str] = {}
    for kind, names in kinds.items():
        for name in dict.fromkeys(names):
            if name in seen:
                yield name, seen[name], kind
            else:
                seen[name] = kind


def _read(path: Path) -> _File:
    try:
        text = read_regular(path).decode("utf-8-sig")
        data = parsed_toml(text)
    except FileNotFoundError:
        raise ConfigError(f"{location(path)}: there is no such file: write it with `readiness init`") from None
    except IrregularError as error:
        told = "is a folder: name the config file in it" if error.is_folder else f"cannot be read: {error.strerror}"
        raise ConfigError(f"{location(path)}: {told}") from None
    except OSError as error:
        raise ConfigError(f"{location(path)}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{location(path)}: is not UTF-8 text: save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(path, text, str(error))) from None
    if path.name != PYPROJECT_NAME:
        return _File(path, text, data, ())
    tool = data.get("tool")
    table = tool.get("readiness") if isinstance(tool, dict) else None
    if not isinstance(table, dict):
        raise ConfigError(
            f"{location(path)}: has no table [tool.readiness]: write readiness.toml with `readiness init`"
        )
    return _File(path, text, table, _OUR_TABLE)


def _syntax(path: Path, text: str, message: str) -> str:
    """Put the line that the reader names at its end to where an editor finds it."""
    reason, _, position = message.rpartition(" (at ")
    line = position.removeprefix("line ").split(",")[0]
    number = int(line) if line.isdigit() else text.rstrip().count("\n") + 1
    return f"{location(path, number)}: is not TOML: {reason or message}"


def _judge(file: _File) -> tuple[Settings | None, list[_Found]]:
    """Return the settings and no problem, or what is wrong."""
    found = [_Found((key,), unknown_key((key,))) for key in sorted(LOCATION_FIELDS & file.data.keys())]
    data = {key: value for key, value in file.data.items() if key not in LOCATION_FIELDS}
    folder = file.path.absolute().parent
    tracker = data.get("tracker")
    if isinstance(tracker, str):
        data["tracker"] = folder / tracker
        if not tracker.strip():
            found.append(_Found(("tracker",), "tracker must not be empty"))
    try:
        settings = Settings.model_validate({**data, "path": file.path.absolute(), "folder": folder})
    except ValidationError as error:
        return None, [*found, *(_Found(*describe_error(detail)) for detail in _true(error))]
    return settings, [*found, *_contradictions(settings)]


def _true(error: ValidationError) -> list[ErrorDetails]:
    """Return what is wrong, but for lists that are called empty since what stands in them is wrong."""
    found = error.errors(include_url=False)
    lists = {detail["loc"][:-1] for detail in found}
    return [one for one in found if one["type"] != "too_short" or one["loc"] not in lists]


def _contradictions(settings: Settings) -> Iterator[_Found]:
    drills = {name for use_case in settings.use_cases.values() for name in use_case.drills}
    kinds = {
        "environment": settings.environments,
        "provider mode": settings.provider_modes,
        "part": sorted({part for item in settings.items.values() for part in item.parts} | drills),
    }
    for name, one, other in shared_names(kinds):
        table = "environments" if one == "environment" else "provider_modes"
        yield _Found((table, name), f"'{name}' is the name of both {_a(one)} and {_a(other)}: rename one")
    for name, key in settings.keys.items():
        if "reviews" in key.roles and key.person is None:
            yield _Found(("keys", name), f"keys.{name} signs reviews and does not say whose: give it a person")
    yield from _about_the_tracker(settings)


def _about_the_tracker(settings: Settings) -> Iterator[_Found]:
    for key, header in settings.tracker_columns.items():
        if isinstance(header, int) and key != "uc":
            yield _Found(("tracker_columns", key), f"tracker_columns.{key} must be a header, not {header}")
        elif isinstance(header, Mapping) and key != "status":
            yield _Found(("tracker_columns", key), f"tracker_columns.{key} must be a header, not a table")
        elif isinstance(header, Mapping):
            yield from (_Found(("tracker_columns", key, *path), what) for path, what in _undeclared(settings, header))
    left_out = {word.casefold() for word in settings.statuses.get("skip", ())}
    for status in get_args(StatusWord):
        for word in settings.statuses.get(status, (status,)):
            if word.casefold() in left_out:
                yield _Found(("statuses", "skip"), f"'{word}' leaves a row out, and stands for {status}: use two words")


def _undeclared(settings: Settings, names: Iterable[str]) -> Iterator[tuple[KeyPath, str]]:
    """Yield what is wrong with the environments that columns of the tracker are for."""
    for name in names:
        if name not in settings.environments:
            what = f"tracker_columns.status names environment '{name}', which is not declared"
            yield (name,), what + suggestion(name, settings.environments)


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _placed(file: _File, found: Iterable[_Found]) -> list[Problem]:
    every = list(found)
    if not every:
        return []
    lines = key_lines(file.text)
    numbered = [(nearest_line(lines, (*file.prefix, *one.path)), one.what) for one in every]
    return [Problem(location(file.path, line), what) for line, what in sorted(numbered, key=lambda pair: pair[0] or 0)]
