"""Error messages for a config that pydantic refuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from ..errors import suggestion
from .key_lines import KeyPath
from .model import (
    LOCATION_FIELDS,
    ContextSettings,
    EnvironmentSettings,
    GateSettings,
    ItemSettings,
    KeySettings,
    PersonSettings,
    ProviderModeSettings,
    ReviewSettings,
    Settings,
    UseCaseSettings,
)

_TABLES: dict[str, type[BaseModel]] = {
    "context": ContextSettings,
    "environments": EnvironmentSettings,
    "gate": GateSettings,
    "items": ItemSettings,
    "keys": KeySettings,
    "people": PersonSettings,
    "provider_modes": ProviderModeSettings,
    "review": ReviewSettings,
    "use_cases": UseCaseSettings,
}
_EXPECTED_TYPES = {
    "bool_type": "true or false",
    "dict_type": "a table",
    "int_type": "a whole number",
    "mapping_type": "a table",
    "model_type": "a table",
    "path_type": "a path in quotes",
    "string_type": "a text in quotes",
    "tuple_type": "a list of texts",
}
_FIXED_MESSAGES = {
    "missing": "is missing",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}
_MAX_SHOWN = 60
"""Maximum number of characters of a value in a message."""


def describe_error(error: ErrorDetails) -> tuple[KeyPath, str]:
    """Return the key path of an error, and a message for it."""
    path = tuple(error["loc"])
    if path and path[-1] == "[key]":
        return path[:-1], _key_message(path[:-1], error)
    if error["type"] == "extra_forbidden":
        return path, unknown_key(path)
    return path, f"{dotted_key(path)} {_value_message(error)}"


def unknown_key(path: KeyPath) -> str:
    """Return the message for a key that does not exist."""
    if path == ("context", "environment"):
        ways = "--readiness-environment, READINESS_ENVIRONMENT or scope() in the test"
        return f"the config cannot set the environment, only a run can: use {ways}"
    return f"unknown key '{path[-1]}'{suggestion(str(path[-1]), _known_keys(path))}"


def dotted_key(path: Iterable[str | int]) -> str:
    """Return a key path as it is written in TOML: ``review.required``; an entry of a list has the key of its list."""
    return ".".join(key if _is_bare(key) else f'"{key}"' for key in path if isinstance(key, str))


def _is_bare(key: str) -> bool:
    """Return whether TOML needs no quotes around a key."""
    return bool(key) and key.replace("-", "").replace("_", "").isalnum() and key.isascii()


def _known_keys(path: KeyPath) -> set[str]:
    model = Settings if len(path) == 1 else _TABLES.get(str(path[0]))
    return set(model.model_fields) - LOCATION_FIELDS if model else set()


def _key_message(path: KeyPath, error: ErrorDetails) -> str:
    if error["type"] == "literal_error":
        choices = _choices(error)
        hint = suggestion(str(path[-1]), choices) or f" (known are {', '.join(choices)})"
        return f"unknown key '{path[-1]}'{hint}"
    return f"'{path[-1]}' {_value_message(error).removesuffix(f', not {_shown(path[-1])}')}"


def _value_message(error: ErrorDetails) -> str:
    kind, value = error["type"], error.get("input")
    if kind == "value_error":
        return f"{error['ctx']['error']}, not {_shown(value)}"
    if kind == "literal_error":
        choices = _choices(error)
        hint = suggestion(value, choices) if isinstance(value, str) else ""
        return f"must be {' or '.join(map(repr, choices))}, not {_shown(value)}{hint}"
    if kind == "greater_than_equal":
        return f"must be at least {error['ctx']['ge']}, not {_shown(value)}"
    if kind in _FIXED_MESSAGES:
        return _FIXED_MESSAGES[kind]
    if kind in _EXPECTED_TYPES:
        return f"must be {_EXPECTED_TYPES[kind]}, not {_shown(value)}"
    return f"is wrong: {error['msg']}"


def _choices(error: ErrorDetails) -> list[str]:
    return [choice.strip(" '") for choice in error["ctx"]["expected"].replace(" or ", ", ").split(", ")]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
