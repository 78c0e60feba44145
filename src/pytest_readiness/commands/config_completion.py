"""Completion of a config that so far only says how the tracker is read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from ..errors import ConfigError, location
from ..regular_files import read_regular
from ..settings import load_settings
from ..settings.toml_text import parsed_toml

_ABOUT = frozenset({"tracker_columns", "statuses", "tracker_skip"})
"""Top-level keys of which such a config has at least one."""
_ALSO_ALLOWED = frozenset({"tracker", "environments", "provider_modes"})
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)


class UserConfig(Struct, frozen=True):
    """A config file that a user wrote before ``init`` was called; empty if there is none."""

    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def table(self, name: str) -> dict[str, Any]:
        """Return the entries of one of its tables."""
        return dict(self.data.get(name, {}))


def user_config(config: Path) -> UserConfig | None:
    """Return a config that only describes its tracker; None: it has other keys too, or cannot be read.

    Raises:
        ConfigError: its values are wrong.
    """
    try:
        text = read_regular(config).decode("utf-8-sig")
        data = parsed_toml(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    if not data.keys() & _ABOUT or data.keys() - _ABOUT - _ALSO_ALLOWED:
        return None
    load_settings(config)
    return UserConfig(text, data)


def complete_config(existing: UserConfig, written: str, lines: Mapping[str, Sequence[str]], config: Path) -> str:
    """Return the user's config, every line of it, completed by what ``init`` writes.

    Args:
        existing: the user's config.
        written: a complete config, without the tables that describe the tracker.
        lines: the lines that those tables lack, by the table's name.
        config: path of the config, for messages.

    Raises:
        ConfigError: its layout does not allow a safe addition.
    """
    first_table = _TABLE.search(existing.text)
    at = first_table.start() if first_table else len(existing.text)
    top, tables = existing.text[:at], existing.text[at:]
    given = "|".join(key for key in ("tracker", "tracker_skip") if key in existing.data)
    new = re.sub(rf"^(?:{given}) = .*\n", "", written, count=2, flags=re.MULTILINE) if given else written
    for name, added in lines.items():
        head = re.search(rf"^[ \t]*\[[ \t]*{name}[ \t]*\].*\n?", tables, re.MULTILINE)
        if head is not None:
            tables = "\n".join([tables[: head.end()].rstrip("\n"), *added, tables[head.end() :]])
        else:
            tables = "\n".join([tables.rstrip("\n"), "", f"[{name}]", *added, ""]).lstrip("\n")
    whole = "\n".join(part.strip("\n") + "\n" for part in (top, new, tables) if part.strip())
    wanted = {**tomllib.loads(written), **existing.data}
    for name, added in lines.items():
        wanted[name] = {**existing.table(name), **tomllib.loads("\n".join(added))}
    try:
        if tomllib.loads(whole) == wanted:
            return whole
    except tomllib.TOMLDecodeError:
        pass
    raise ConfigError(f"{location(config)} already exists: edit it, or move it away to start again")
