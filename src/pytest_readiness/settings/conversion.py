"""Conversion of a config's plain data to settings, with every problem that it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, get_args, get_origin

from msgspec import Struct
from msgspec.structs import FieldInfo, fields, replace

from ..errors import suggestion
from .key_lines import KeyPath
from .model import LOCATION_FIELDS
from .toml_text import BARE_KEY
from .value_rules import EmptyError, OtherKeys, Shorthand

Table = TypeVar("Table", bound=Struct)
_NAMES: Mapping[type, str] = {bool: "true or false", str: "a text in quotes", Path: "a path in quotes"}
_MAX_SHOWN = 60
"""Maximum number of characters of a value in a message."""


class KeyProblem(NamedTuple):
    """A problem of a key: a sentence, which names the key."""

    path: KeyPath
    message: str


class _ChoiceError(ValueError):
    """A text is none of the allowed ones."""

    def __init__(self, choices: tuple[str, ...]) -> None:
        super().__init__(f"must be {' or '.join(map(repr, choices))}")
        self.choices = choices


class Conversion:
    """A conversion of values to their types, which notes the problems and goes on."""

    def __init__(self) -> None:
        self.problems: list[KeyProblem] = []

    def table(self, kind: type[Struct], value: Any, path: KeyPath = ()) -> Any:
        """Return a table as its class; what is returned after a problem means nothing."""
        if not isinstance(value, Mapping):
            raise ValueError("must be a table")  # noqa: TRY004 - its text is the message for the user
        before = len(self.problems)
        fields_by_name, rest = _fields(kind), _field_of_other_keys(kind)
        converted = {}
        for name, field in fields_by_name.items():
            if field is rest:
                continue
            if name in value:
                converted[name] = self._convert(field.type, value[name], (*path, name))
            elif field.required:
                self.problems.append(KeyProblem((*path, name), f"{dotted_key((*path, name))} is missing"))
        names = [name for name, field in fields_by_name.items() if field is not rest]
        others = {key: part for key, part in value.items() if key not in names}
        for key, part in others.items():
            if rest is None or isinstance(part, Mapping):
                self.problems.append(KeyProblem((*path, key), unknown_key((*path, key), names)))
        if rest is not None:
            plain = {key: part for key, part in others.items() if not isinstance(part, Mapping)}
            converted[rest.name] = self._convert(get_args(rest.type)[0], plain, path)
        return kind(**converted) if len(self.problems) == before else None

    def changed(self, table: Table, values: Mapping[str, Any], path: KeyPath = ()) -> Table:
        """Return a table with some other values; what is returned after a problem means nothing."""
        fields_by_name = _fields(type(table))
        converted = {
            name: self._convert(fields_by_name[name].type, value, (*path, name)) for name, value in values.items()
        }
        return replace(table, **converted)

    def _convert(self, kind: Any, value: Any, path: KeyPath) -> Any:
        try:
            return self._as_kind(kind, value, path)
        except ValueError as error:
            self.problems.append(KeyProblem(path, f"{dotted_key(path)} {_reason(error, value)}"))
            return None

    def _as_kind(self, kind: Any, value: Any, path: KeyPath) -> Any:
        """Return a value as its type.

        Raises:
            ValueError: it is wrong as a whole. Problems of its parts are noted.
        """
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Annotated:
            rule = arguments[1]
            is_short = isinstance(rule, Shorthand)
            return self._as_kind(arguments[0], rule.expand(value), path) if is_short else rule.parse(value)
        if origin is Literal:
            return _choice(arguments, value)
        if origin is Mapping:
            return self._mapping(arguments[0], arguments[1], value, path)
        if origin is tuple:
            return self._list(arguments[0], value, path)
        if NoneType in arguments:  # TOML has no null
            return self._as_kind(arguments[0], value, path)
        return self.table(kind, value, path) if issubclass(kind, Struct) else _plain(kind, value)

    def _list(self, kind: Any, value: Any, path: KeyPath) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError("must be a list of texts")  # noqa: TRY004 - as above
        return tuple([self._convert(kind, part, (*path, at)) for at, part in enumerate(value)])

    def _mapping(self, key_kind: Any, kind: Any, value: Any, path: KeyPath) -> dict[Any, Any]:
        if not isinstance(value, Mapping):
            raise ValueError("must be a table")  # noqa: TRY004 - as above
        converted = {}
        for key, part in value.items():
            name = self._key(key_kind, key, (*path, key))
            converted[name] = self._convert(kind, part, (*path, key))
        return converted

    def _key(self, kind: Any, key: str, path: KeyPath) -> Any:
        arguments = get_args(kind)
        try:
            if get_origin(kind) is Literal:
                return _choice(arguments, key)
            return arguments[1].parse(key) if get_origin(kind) is Annotated else key
        except _ChoiceError as error:
            hint = suggestion(key, error.choices) or f" (known are {', '.join(error.choices)})"
            self.problems.append(KeyProblem(path, f"unknown key '{key}'{hint}"))
        except ValueError as error:
            self.problems.append(KeyProblem(path, f"'{key}' {error}"))
        return None


def unknown_key(path: KeyPath, keys: Iterable[str]) -> str:
    """Return the message for a key that does not exist."""
    if path == ("context", "environment"):
        ways = "--readiness-environment, READINESS_ENVIRONMENT or scope() in the test"
        return f"the config cannot set the environment, only a run can: use {ways}"
    return f"unknown key '{path[-1]}'{suggestion(str(path[-1]), set(keys) - LOCATION_FIELDS)}"


def dotted_key(path: Iterable[str | int]) -> str:
    """Return a key path as it is written in TOML: ``review.required``; an entry of a list has the key of its list."""
    return ".".join(key if BARE_KEY.fullmatch(key) else f'"{key}"' for key in path if isinstance(key, str))


@cache
def _fields(kind: type[Struct]) -> dict[str, FieldInfo]:
    return {field.name: field for field in fields(kind)}


@cache
def _field_of_other_keys(kind: type[Struct]) -> FieldInfo | None:
    """Return the field of a table that holds the keys of no other field; None: there is no such field."""
    others = (field for field in _fields(kind).values() if OtherKeys in map(type, get_args(field.type)))
    return next(others, None)


def _plain(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"must be {_NAMES[kind]}")  # noqa: TRY004 - as above
    return value


def _choice(choices: tuple[str, ...], value: Any) -> str:
    if not isinstance(value, str) or value not in choices:
        raise _ChoiceError(choices)
    return value


def _reason(error: ValueError, value: Any) -> str:
    """Return the rest of a message, after the key."""
    if isinstance(error, EmptyError):
        return str(error)
    hint = suggestion(value, error.choices) if isinstance(error, _ChoiceError) and isinstance(value, str) else ""
    return f"{error}, not {_shown(value)}{hint}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of several thousand digits, as a hexadecimal one can be.
        return "a number of so many digits"
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
