"""The way from the config's folder to where something lies or runs: with it names of two packages are told apart."""

from __future__ import annotations

from os.path import relpath
from pathlib import Path

_INSTALLED = ("site-packages", "dist-packages")
"""Folders of which each machine, and each Python, has its own."""


def way_to(path: Path, base: Path) -> str:
    """Return the way from a folder to a file or another folder, with slashes; empty: it is the same.

    What is installed has the same way on each machine, wherever that keeps it.
    """
    parts = path.parts
    last = max((index for index, part in enumerate(parts) if part in _INSTALLED), default=None)
    if last is not None and len(parts) > last + 1:
        return "/".join(("//site-packages", *parts[last + 1 :]))
    real = base.resolve()
    for above in (path, *path.parents):  # links below the base keep their names: what they are called is what is named
        if above == real or above.resolve() == real:
            way = path.relative_to(above).as_posix()
            return "" if way == "." else way
    try:
        return Path(relpath(path.parent.resolve() / path.name, real)).as_posix()
    except ValueError:  # on another drive
        return path.as_posix()
