"""Relative paths from the config's folder, which distinguish tests of different folders."""

from __future__ import annotations

from functools import cache
from os import environ
from os.path import islink, relpath
from pathlib import Path


@cache
def _installed() -> tuple[Path, ...]:
    """Return the folders of this Python's installed packages, which differ per machine and Python."""
    import site  # both imports only if a path looks like a package folder
    import sysconfig

    names = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), site.getusersitepackages())
    paths = [Path(name) for name in (*names, *site.getsitepackages()) if name]
    return tuple(dict.fromkeys(folder for path in paths for folder in (path, path.resolve())))


def relative_path(path: Path, base: Path) -> str:
    """Return the path from a folder to a file or another folder, with slashes; empty if both are the same.

    Installed packages have the same path on each machine (``//site-packages/...``). So does a checkout beside the
    folder if its repository has a name (``//repository/...``). A project's folder that is only named like a package
    folder is an ordinary folder: there may be several.
    """
    if "-packages" in str(path):
        for folder in _installed():
            if path != folder and path.is_relative_to(folder):
                return f"//site-packages/{path.relative_to(folder).as_posix()}"
    real_base, logical = base.resolve(), _logical_path(path)
    for candidate in dict.fromkeys((logical, path)):
        if (relative := _inside(candidate, real_base)) is not None:
            return relative
    return _outside(path, logical, real_base)


def _inside(path: Path, base: Path) -> str | None:
    """Return the path relative to the base if it is inside, else None. Links inside the base are not resolved."""
    for parent in (path, *path.parents):
        if parent == base or parent.resolve() == base:
            relative = path.relative_to(parent).as_posix()
            return "" if relative == "." else relative
    return None


def _outside(path: Path, logical: Path, base: Path) -> str:
    from .checkout import path_in_repository  # calls git: only for paths outside the config's folder

    if (in_repository := path_in_repository(path, base)) is not None:
        return in_repository
    linked = next((parent for parent in (logical, *logical.parents) if islink(parent)), None)
    is_near = linked is not None and linked.parent.resolve() in base.parents
    real = logical if is_near else path.parent.resolve() / path.name
    try:
        return Path(relpath(real, base)).as_posix()
    except ValueError:  # on another drive
        return real.as_posix()


def _logical_path(path: Path) -> Path:
    """Return the path through the link by which the shell entered the working folder, such as ``current``."""
    physical, logical = Path.cwd(), Path(environ.get("PWD", ""))
    if physical == logical or not logical.is_absolute() or ".." in logical.parts:
        return path
    while physical.name == logical.name and physical.name:
        physical, logical = physical.parent, logical.parent
    try:
        return logical / path.relative_to(physical) if logical.resolve() == physical else path
    except ValueError:  # it is outside
        return path
