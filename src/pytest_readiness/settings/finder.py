"""Where the config is: upward from a folder, ``readiness.toml`` before a pyproject.toml that has our table."""

from __future__ import annotations

import os
from pathlib import Path

from ..regular_files import IrregularError, read_regular

CONFIG_NAME = "readiness.toml"
PYPROJECT_NAME = "pyproject.toml"
TRACKER_NAME = "PROD_READINESS_TRACKER.md"


def find_config(start: Path) -> Path | None:
    """Return the config nearest to ``start``, looking upward, or None where there is none."""
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        own = candidate / CONFIG_NAME
        if has_config_name(own):
            return own
        shared = candidate / PYPROJECT_NAME
        if has_config_name(shared) and _has_our_table(shared):
            return shared
    return None


def has_config_name(path: Path) -> bool:
    """Return whether there is something to read under a name, or to say why it cannot be: a folder is meant by nobody.

    A pipe or a broken link in the place of a config must not do away with it.
    """
    return os.path.lexists(path) and not path.is_dir()


def _has_our_table(pyproject: Path) -> bool:
    try:
        data = read_regular(pyproject)
    except IrregularError:
        return True  # reading it tells what is wrong
    except OSError:
        return False
    if b"readiness" not in data:
        return False
    from .toml_text import parsed_toml  # late: most pyproject.toml do not speak of us, and this costs every session

    try:
        tool = parsed_toml(data.decode("utf-8-sig")).get("tool")
    except ValueError:
        # A broken file that speaks of us is ours: reading it tells what is wrong, passing it over would tell nothing.
        return b"tool.readiness" in data
    return isinstance(tool, dict) and "readiness" in tool
