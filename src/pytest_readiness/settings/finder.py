"""Finder of the config: ``readiness.toml`` or a pyproject.toml with our table, in a folder or above."""

from __future__ import annotations

import os
from pathlib import Path

from ..regular_files import IrregularError, read_regular

CONFIG_NAME = "readiness.toml"
PYPROJECT_NAME = "pyproject.toml"
TRACKER_NAME = "PROD_READINESS_TRACKER.md"


def find_config(start: Path) -> Path | None:
    """Return the path of the nearest config, from ``start`` upward; None: there is none."""
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        config = candidate / CONFIG_NAME
        if has_config_name(config):
            return config
        pyproject = candidate / PYPROJECT_NAME
        if has_config_name(pyproject) and _has_our_table(pyproject):
            return pyproject
    return None


def has_config_name(path: Path) -> bool:
    """Return whether there is anything but a folder at a path, even if it cannot be read.

    So a pipe or a broken link with the name of a config is an error, and not a missing config.
    """
    return os.path.lexists(path) and not path.is_dir()


def _has_our_table(pyproject: Path) -> bool:
    try:
        data = read_regular(pyproject)
    except IrregularError:
        return True  # The reader of the config reports the problem.
    except OSError:
        return False
    if b"readiness" not in data:
        return False
    # Imported here: most pyproject.toml have no such word, and this code runs in each session.
    from .toml_text import parsed_toml

    try:
        tool = parsed_toml(data.decode("utf-8-sig")).get("tool")
    except ValueError:
        # A broken file with our table is the config, so that the reader reports the problem.
        return b"tool.readiness" in data
    return isinstance(tool, dict) and "readiness" in tool
