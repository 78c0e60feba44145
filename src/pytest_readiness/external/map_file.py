"""Mapping files: TOML that maps test cases to evidence; all its problems are reported at once."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigError, location, one_line
from ..regular_files import IrregularError, read_regular
from ..settings.key_lines import KeyPath, key_lines, nearest_line
from ..settings.toml_text import parsed_toml
from .mapping import MappingRule

TABLE = "map"
_FORM = 'write "PATTERN" = "UC/ITEM", or a list: ["UC/ITEM", ...]'


def read_map_file(path: Path, find_problem: Callable[[str], str]) -> tuple[list[MappingRule], list[str]]:
    """Return the rules of a mapping file, and a message for each problem, in the order of its lines.

    Args:
        path: the file, with a table ``[map]`` of patterns. Each pattern has one target or a list of targets.
        find_problem: returns the problem of a target, such as a use case that does not exist; empty if there is none.

    Raises:
        ConfigError: the file cannot be read, or is not TOML.
    """
    source, data = _read(path)
    lines = key_lines(source)
    rules: list[MappingRule] = []
    problems: list[tuple[int, str]] = []
    for key, text, is_problem in _entries(data, find_problem):
        line = nearest_line(lines, key) or 1
        if is_problem:
            problems.append((line, text))
        else:
            rules.append(MappingRule(str(key[1]), text, location(path, line)))
    if not rules and not problems:
        problems.append((1, f"has no table [{TABLE}] with a pattern: {_FORM}"))
    return rules, [f"{location(path, line)}: {message}" for line, message in sorted(problems)]


def _entries(data: Mapping[str, Any], find_problem: Callable[[str], str]) -> Iterator[tuple[KeyPath, str, bool]]:
    """Yield the key of each entry, its target or a message, and whether it is a message."""
    for name in data:
        if name != TABLE:
            yield (name,), f"'{one_line(name, 60)}' is unknown: patterns belong in [{TABLE}]", True
    table = data.get(TABLE, {})
    if not isinstance(table, dict):
        yield (TABLE,), f"'{TABLE}' is a table: {_FORM}", True
        return
    for pattern, targets in table.items():
        key: KeyPath = (TABLE, pattern)
        if pattern_problem := _pattern_problem(pattern, targets):
            yield key, pattern_problem, True
        for number, target in enumerate(targets if isinstance(targets, list) else [targets]):
            target_key = (*key, number) if isinstance(targets, list) else key
            if not pattern_problem and not isinstance(target, str):
                yield target_key, f"'{one_line(pattern, 60)}': {_FORM}", True
            elif not pattern_problem:
                problem = find_problem(target)
                yield target_key, f"'{one_line(pattern, 60)}': {problem}" if problem else target, bool(problem)


def _pattern_problem(pattern: str, targets: Any) -> str:
    if not pattern.strip():
        return f"the pattern is empty: {_FORM}"
    if isinstance(targets, dict):
        return f"'{one_line(pattern, 60)}': a pattern with a dot needs quotes: {_FORM}"
    if targets == []:
        return f"'{one_line(pattern, 60)}' has no target: {_FORM}"
    return ""


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = read_regular(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{location(path)}: no such file: create it with a table [{TABLE}]; {_FORM}") from None
    except IrregularError as error:
        raise ConfigError(f"{location(path)}: cannot be read: {error.description}") from None
    except OSError as error:
        raise ConfigError(f"{location(path)}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{location(path)}: is not UTF-8 text: save it as UTF-8") from None
    try:
        return text, parsed_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_toml_message(path, text, str(error))) from None


def _toml_message(path: Path, text: str, message: str) -> str:
    """Return a message with the line that is not TOML, and with the form of a pattern."""
    reason, _, position = message.rpartition(" (at ")
    line = position.removeprefix("line ").split(",")[0]
    number = int(line) if line.isdigit() else text.rstrip().count("\n") + 1
    if "overwrite" in reason:
        return f'{location(path, number)}: duplicate pattern: give it a list: ["UC/ITEM", ...]'
    return f"{location(path, number)}: is not TOML: {reason or message}: {_FORM}"
