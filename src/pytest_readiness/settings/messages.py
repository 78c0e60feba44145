"""What pydantic found, in our words: which key, what it must be, and the nearest thing that is known."""

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
_MUST_BE = {
    "bool_type": "true or false",
    "dict_type": "a table",
    "int_type": "a whole number",
    "mapping_type": "a table",
    "model_type": "a table",
    "path_type": "a path in quotes",
    "string_type": "a text in quotes",
    "tuple_type": "a list of texts",
}
_PLAIN = {
    "missing": "is missing",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}
_SHOWN = 60


def describe_error(error: ErrorDetails) -> tuple[KeyPath, str]:
    """Return the key path that an error is about, and one sentence that says what is wrong with it."""
    path = tuple(error["loc"])
    if path and path[-1] == "[key]":
        return path[:-1], _key_sentence(path[:-1], error)
    if error["type"] == "extra_forbidden":
        return path, unknown_key(path)
    return path, f"{dotted_key(path)} {_sentence(error)}"


def unknown_key(path: KeyPath) -> str:
    """Return the sentence for a key that does not exist."""
    if path == ("context", "environment"):
        return "an environment is not committed but said by who runs: use --readiness-environment or a marker"
    return f"unknown key '{path[-1]}'{suggestion(str(path[-1]), _known_keys(path))}"


def dotted_key(path: Iterable[str | int]) -> str:
    """Return a key path as it is written: ``review.required``; a list's entry is told by its list."""
    return ".".join(part if _bare(part) else f'"{part}"' for part in path if isinstance(part, str))


def _bare(key: str) -> bool:
    return bool(key) and key.replace("-", "").replace("_", "").isalnum() and key.isascii()


def _known_keys(path: KeyPath) -> set[str]:
    model = Settings if len(path) == 1 else _TABLES.get(str(path[0]))
    return set(model.model_fields) - LOCATION_FIELDS if model else set()


def _key_sentence(path: KeyPath, error: ErrorDetails) -> str:
    if error["type"] == "literal_error":
        known = _choices(error)
        every = f" (known are {', '.join(known)})"
        return f"unknown key '{path[-1]}'{suggestion(str(path[-1]), known) or every}"
    return f"'{path[-1]}' {_sentence(error).removesuffix(f', not {_shown(path[-1])}')}"


def _sentence(error: ErrorDetails) -> str:
    kind, value = error["type"], error.get("input")
    if kind == "value_error":
        return f"{error['ctx']['error']}, not {_shown(value)}"
    if kind == "literal_error":
        known = _choices(error)
        hint = suggestion(value, known) if isinstance(value, str) else ""
        return f"must be {' or '.join(repr(word) for word in known)}, not {_shown(value)}{hint}"
    if kind == "greater_than_equal":
        return f"must be at least {error['ctx']['ge']}, not {_shown(value)}"
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _MUST_BE:
        return f"must be {_MUST_BE[kind]}, not {_shown(value)}"
    return f"is wrong: {error['msg']}"


def _choices(error: ErrorDetails) -> list[str]:
    return [word.strip(" '") for word in error["ctx"]["expected"].replace(" or ", ", ").split(", ")]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
