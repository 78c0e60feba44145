"""A config that says how a tracker is to be read, and nothing else yet: it is kept, and the rest written around it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConfigError, location
from ..fast_values import dataclass, field
from ..regular_files import read_regular
from ..settings import load_settings
from ..settings.toml_text import parsed_toml

_ABOUT = frozenset({"tracker_columns", "statuses", "tracker_skip"})
"""What makes such a config."""
_BESIDE = frozenset({"tracker", "environments", "provider_modes"})
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class UserConfig:
    """What somebody wrote before ``init`` was called."""

    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def table(self, name: str) -> dict[str, Any]:
        """Return what a table of it says."""
        return dict(self.data.get(name, {}))


def user_config(config: Path) -> UserConfig | None:
    """Return what the config says of its tracker; None: it says something else too, or cannot be read.

    Raises:
        ConfigError: what it says is wrong.
    """
    try:
        text = read_regular(config).decode("utf-8-sig")
        data = parsed_toml(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    if not data.keys() & _ABOUT or data.keys() - _ABOUT - _BESIDE:
        return None
    load_settings(config)
    return UserConfig(text, data)


def complete_config(own: UserConfig, written: str, lines: Mapping[str, Sequence[str]], config: Path) -> str:
    """Return what somebody wrote, each line of it, with what ``init`` writes around it.

    Args:
        own: what was there.
        written: a whole config, without tables for the tracker's words.
        lines: of these tables, by their name: those that ``own`` does not have.
        config: where it lies, for messages.

    Raises:
        ConfigError: it is written in a way in which nothing can be added with certainty.
    """
    found = _TABLE.search(own.text)
    top, tables = (own.text[: found.start()], own.text[found.start() :]) if found else (own.text, "")
    said = "|".join(key for key in ("tracker", "tracker_skip") if key in own.data)
    kept = re.sub(rf"^(?:{said}) = .*\n", "", written, count=2, flags=re.MULTILINE) if said else written
    for name, added in lines.items():
        head = re.search(rf"^[ \t]*\[[ \t]*{name}[ \t]*\].*\n?", tables, re.MULTILINE)
        if head is not None:
            tables = "\n".join([tables[: head.end()].rstrip("\n"), *added, tables[head.end() :]])
        else:
            tables = "\n".join([tables.rstrip("\n"), "", f"[{name}]", *added, ""]).lstrip("\n")
    whole = "\n".join(part.strip("\n") + "\n" for part in (top, kept, tables) if part.strip())
    wanted = {**tomllib.loads(written), **own.data}
    for name, added in lines.items():
        wanted[name] = {**own.table(name), **tomllib.loads("\n".join(added))}
    try:
        if tomllib.loads(whole) == wanted:
            return whole
    except tomllib.TOMLDecodeError:
        pass
    raise ConfigError(f"{location(config)} is there already: edit it, or move it away to begin anew")
