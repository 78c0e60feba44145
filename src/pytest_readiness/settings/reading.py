"""Reader of the config: the settings in force, or each problem with its file and line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

from msgspec.structs import replace

from ..errors import ConfigError, Problem, location, one_line, suggestion
from ..regular_files import IrregularError, read_regular
from .conversion import Conversion, KeyProblem, unknown_key
from .finder import PYPROJECT_NAME, TRACKER_NAME, has_config_name
from .key_lines import KeyPath, key_lines, nearest_line
from .model import LOCATION_FIELDS, Settings, StatusName
from .toml_text import parsed_toml

_OUR_TABLE: KeyPath = ("tool", "readiness")


class _ConfigFile(NamedTuple):
    path: Path
    text: str
    data: dict[str, Any]
    """The content of our table."""
    prefix: KeyPath
    """The key of our table: empty, or ``tool.readiness``."""


def load_settings(path: Path) -> Settings:
    """Return the settings of the config at ``path``.

    Raises:
        ConfigError: it cannot be read or has a problem; the message is the first problem, with file and line.
    """
    file = _read(path)
    settings, key_problems = _validate(file)
    first = next(iter(_located(file, key_problems)), None)
    if settings is None or first is not None:
        raise ConfigError(str(first))
    return settings


def config_problems(path: Path) -> list[Problem]:
    """Return each problem of the config at ``path``, in the order of its lines."""
    try:
        file = _read(path)
    except ConfigError as error:
        return [Problem("", str(error))]
    return _located(file, _validate(file)[1])


def default_settings(folder: Path) -> Settings:
    """Return the settings without a config: the defaults, and the folder's tracker if it has one."""
    tracker = folder.absolute() / TRACKER_NAME
    return Settings(folder=folder.absolute(), tracker=tracker if has_config_name(tracker) else None)


def override_settings(  # noqa: PLR0913 - one keyword for each option that overrides the config
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
    """Return the settings with the values of options or variables; None or an empty text changes nothing.

    Raises:
        ConfigError: a value is not allowed in the config.
    """
    conversion = Conversion()
    changed = conversion.changed(settings, _given(store=store, artifacts=artifacts))
    options = _given(provider_mode=provider_mode, tenant_id=tenant_id, project_id=project_id)
    context = conversion.changed(settings.context, options, ("context",))
    gate = conversion.changed(settings.gate, _given(on=on, waivers=waivers), ("gate",))
    for problem in conversion.problems:
        raise ConfigError(problem.message)
    return replace(changed, context=context, gate=gate)


def _given(**options: str | None) -> dict[str, str]:
    return {name: value for name, value in options.items() if value}


def key_location(settings: Settings, *keys: str | int) -> str:
    """Return ``file:line`` of a key of the config, for a problem that is found after it was read."""
    return key_locations(settings, [keys])[0]


def key_locations(settings: Settings, paths: Sequence[KeyPath]) -> list[str]:
    """Return ``file:line`` of each of these keys of the config, which is read once."""
    if settings.path is None:
        return ["without a config"] * len(paths)
    try:
        file = _read(settings.path)
    except ConfigError:  # The file was changed since it was read, so that its lines are unknown.
        return [location(settings.path)] * len(paths)
    lines = key_lines(file.text)
    return [location(file.path, nearest_line(lines, (*file.prefix, *path))) for path in paths]


def shared_names(kinds: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str, str]]:
    """Yield (name, kind, kind) for each name of two kinds of scope, which would make requirement ids ambiguous."""
    kinds_by_name: dict[str, str] = {}
    for kind, names in kinds.items():
        for name in dict.fromkeys(names):
            if name in kinds_by_name:
                yield name, kinds_by_name[name], kind
            else:
                kinds_by_name[name] = kind


def _read(path: Path) -> _ConfigFile:
    try:
        text = read_regular(path).decode("utf-8-sig")
        data = parsed_toml(text)
    except FileNotFoundError:
        raise ConfigError(f"{location(path)}: there is no such file: write it with `readiness init`") from None
    except IrregularError as error:
        advice = "is a folder: name the config file in it"
        message = advice if error.is_folder else f"cannot be read: {error.strerror}"
        raise ConfigError(f"{location(path)}: {message}") from None
    except OSError as error:
        raise ConfigError(f"{location(path)}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{location(path)}: is not UTF-8 text: save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax_message(path, text, str(error))) from None
    if path.name != PYPROJECT_NAME:
        return _ConfigFile(path, text, data, ())
    tool = data.get("tool")
    table = tool.get("readiness") if isinstance(tool, dict) else None
    if not isinstance(table, dict):
        raise ConfigError(
            f"{location(path)}: has no table [tool.readiness]: write readiness.toml with `readiness init`"
        )
    return _ConfigFile(path, text, table, _OUR_TABLE)


def _syntax_message(path: Path, text: str, message: str) -> str:
    """Return the parser's message with its line, which ends it, moved to the front as ``file:line``."""
    reason, _, position = message.rpartition(" (at ")
    line = position.removeprefix("line ").split(",")[0]
    number = int(line) if line.isdigit() else text.rstrip().count("\n") + 1
    return f"{location(path, number)}: is not TOML: {one_line(reason or message)}"


def _validate(file: _ConfigFile) -> tuple[Settings | None, list[KeyProblem]]:
    """Return the settings (None: a value is not allowed), and the problems."""
    conversion = Conversion()
    for key in sorted(LOCATION_FIELDS & file.data.keys()):
        conversion.problems.append(KeyProblem((key,), unknown_key((key,), Settings.__struct_fields__)))
    data = {key: value for key, value in file.data.items() if key not in LOCATION_FIELDS}
    folder = file.path.absolute().parent
    tracker = data.get("tracker")
    if isinstance(tracker, str):
        data["tracker"] = folder / tracker
        if not tracker.strip():
            conversion.problems.append(KeyProblem(("tracker",), "tracker must not be empty"))
    settings: Settings | None = conversion.table(Settings, {**data, "path": file.path.absolute(), "folder": folder})
    if settings is not None:
        conversion.problems.extend(_contradictions(settings))
    return settings, conversion.problems


def _contradictions(settings: Settings) -> Iterator[KeyProblem]:
    drills = {name for use_case in settings.use_cases.values() for name in use_case.drills}
    kinds = {
        "environment": settings.environments,
        "provider mode": settings.provider_modes,
        "part": sorted({part for item in settings.items.values() for part in item.parts} | drills),
    }
    for name, kind, other_kind in shared_names(kinds):
        table = "environments" if kind == "environment" else "provider_modes"
        message = f"'{name}' is the name of both {_with_article(kind)} and {_with_article(other_kind)}: rename one"
        yield KeyProblem((table, name), message)
    for name, key in settings.keys.items():
        if "reviews" in key.roles and key.person is None:
            yield KeyProblem(("keys", name), f'keys.{name} signs reviews but has no person: add person = "..."')
    yield from _tracker_contradictions(settings)


def _tracker_contradictions(settings: Settings) -> Iterator[KeyProblem]:
    for key, header in settings.tracker_columns.items():
        path = ("tracker_columns", key)
        if isinstance(header, int) and key != "uc":
            yield KeyProblem(path, f"tracker_columns.{key} must be a header, not {header}")
        elif isinstance(header, Mapping) and key != "status":
            yield KeyProblem(path, f"tracker_columns.{key} must be a header, not a table")
        elif isinstance(header, Mapping):
            yield from _undeclared_environments(settings, path, header)
    skip_words = {word.casefold() for word in settings.statuses.get("skip", ())}
    for status in get_args(StatusName):
        for word in settings.statuses.get(status, (status,)):
            if word.casefold() in skip_words:
                message = f"'{word}' skips a row, and stands for {status}: use two words"
                yield KeyProblem(("statuses", "skip"), message)


def _undeclared_environments(settings: Settings, path: KeyPath, names: Iterable[str]) -> Iterator[KeyProblem]:
    """Yield a problem for each status column of an environment that is not declared."""
    for name in names:
        if name not in settings.environments:
            message = f"tracker_columns.status names environment '{name}', which is not declared"
            yield KeyProblem((*path, name), message + suggestion(name, settings.environments))


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _located(file: _ConfigFile, key_problems: Iterable[KeyProblem]) -> list[Problem]:
    """Return the problems with their lines, in that order."""
    problems = list(key_problems)
    if not problems:
        return []
    lines = key_lines(file.text)
    numbered = [(nearest_line(lines, (*file.prefix, *problem.path)), problem.message) for problem in problems]
    return [
        Problem(location(file.path, line), message) for line, message in sorted(numbered, key=lambda pair: pair[0] or 0)
    ]
