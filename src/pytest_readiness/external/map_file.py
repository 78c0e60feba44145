"""Files of maps: which test cases of a report are evidence for what, in TOML, every line that is wrong told at once."""

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


def read_map_file(path: Path, wrong: Callable[[str], str]) -> tuple[list[MappingRule], list[str]]:
    """Return the rules of a file of maps, and what is wrong with it: a line for each, in its order.

    Args:
        path: the file: a table ``[map]`` of patterns, each with one target or a list of them.
        wrong: returns what is wrong with a target, such as a use case that does not exist; empty: nothing.

    Raises:
        ConfigError: it cannot be read, or is no TOML.
    """
    text, data = _read(path)
    lines = key_lines(text)
    rules: list[MappingRule] = []
    faults: list[tuple[int, str]] = []
    for key, found, is_wrong in _entries(data, wrong):
        line = nearest_line(lines, key) or 1
        if is_wrong:
            faults.append((line, found))
        else:
            rules.append(MappingRule(str(key[1]), found, location(path, line)))
    if not rules and not faults:
        faults.append((1, f"has no table [{TABLE}] with a pattern: {_FORM}"))
    return rules, [f"{location(path, line)}: {told}" for line, told in sorted(faults)]


def _entries(data: Mapping[str, Any], wrong: Callable[[str], str]) -> Iterator[tuple[KeyPath, str, bool]]:
    """Yield where each target stands with the target, or with what is wrong, and which of both it is."""
    for name in data:
        if name != TABLE:
            yield (name,), f"'{one_line(name, 60)}' is not known here: patterns stand under [{TABLE}]", True
    table = data.get(TABLE, {})
    if not isinstance(table, dict):
        yield (TABLE,), f"'{TABLE}' is a table: {_FORM}", True
        return
    for pattern, given in table.items():
        key: KeyPath = (TABLE, pattern)
        if fault := _fault(pattern, given):
            yield key, fault, True
        for number, target in enumerate(given if isinstance(given, list) else [given]):
            at = (*key, number) if isinstance(given, list) else key
            if not fault and not isinstance(target, str):
                yield at, f"'{one_line(pattern, 60)}': {_FORM}", True
            elif not fault:
                told = wrong(target)
                yield at, f"'{one_line(pattern, 60)}': {told}" if told else target, bool(told)


def _fault(pattern: str, given: Any) -> str:
    if not pattern.strip():
        return f"the pattern is empty: {_FORM}"
    if isinstance(given, dict):
        return f"'{one_line(pattern, 60)}': a pattern with a dot in it stands in quotes: {_FORM}"
    if given == []:
        return f"'{one_line(pattern, 60)}' is evidence for nothing: {_FORM}"
    return ""


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = read_regular(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{location(path)}: there is no such file: it holds a table [{TABLE}]; {_FORM}") from None
    except IrregularError as error:
        raise ConfigError(f"{location(path)}: cannot be read: {error.description}") from None
    except OSError as error:
        raise ConfigError(f"{location(path)}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{location(path)}: is not UTF-8 text: save it as UTF-8") from None
    try:
        return text, parsed_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_no_toml(path, text, str(error))) from None


def _no_toml(path: Path, text: str, message: str) -> str:
    """Return what is wrong with the line, and how a pattern is written."""
    reason, _, position = message.rpartition(" (at ")
    line = position.removeprefix("line ").split(",")[0]
    number = int(line) if line.isdigit() else text.rstrip().count("\n") + 1
    if "overwrite" in reason:
        return f'{location(path, number)}: the pattern is there twice: give it a list: ["UC/ITEM", ...]'
    return f"{location(path, number)}: is not TOML: {reason or message}: {_FORM}"
