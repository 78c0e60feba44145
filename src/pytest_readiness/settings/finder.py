"""Where the config is: upward from a folder, ``readiness.toml`` before a pyproject.toml that has our table."""

from __future__ import annotations

from pathlib import Path

CONFIG_NAME = "readiness.toml"
PYPROJECT_NAME = "pyproject.toml"
TRACKER_NAME = "PROD_READINESS_TRACKER.md"


def find(start: Path) -> Path | None:
    """Return the config nearest to ``start``, looking upward, or None where there is none."""
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        own = candidate / CONFIG_NAME
        if own.is_file():
            return own
        shared = candidate / PYPROJECT_NAME
        if shared.is_file() and _has_our_table(shared):
            return shared
    return None


def _has_our_table(pyproject: Path) -> bool:
    try:
        data = pyproject.read_bytes()
    except OSError:
        return False
    if b"readiness" not in data:
        return False
    import tomllib  # late: most pyproject.toml do not speak of us, and this costs every session

    try:
        tool = tomllib.loads(data.decode("utf-8-sig")).get("tool")
    except ValueError:
        # A broken file that speaks of us is ours: reading it tells what is wrong, passing it over would tell nothing.
        return b"tool.readiness" in data
    return isinstance(tool, dict) and "readiness" in tool
