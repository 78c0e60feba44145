"""The way from the config's folder to where something lies or runs: with it names of two packages are told apart."""

from __future__ import annotations

from functools import cache
from os import environ
from os.path import islink, relpath
from pathlib import Path


@cache
def _installed() -> tuple[Path, ...]:
    """Return the folders in which this Python keeps what is installed: each machine, and each Python, has its own."""
    import site  # these two: only where a path looks like one of theirs
    import sysconfig

    named = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), site.getusersitepackages())
    paths = [Path(name) for name in (*named, *site.getsitepackages()) if name]
    return tuple(dict.fromkeys(each for path in paths for each in (path, path.resolve())))


def relative_path(path: Path, base: Path) -> str:
    """Return the way from a folder to a file or another folder, with slashes; empty: it is the same.

    What is installed has the same way on each machine, wherever that keeps it; and so has a checkout beside the folder,
    where it says of which repository it is: then the way begins with that (``//``). A folder of a project that is only
    called like those of a Python is any folder: there may be several.
    """
    if "-packages" in str(path):
        for folder in _installed():
            if path != folder and path.is_relative_to(folder):
                return f"//site-packages/{path.relative_to(folder).as_posix()}"
    real, called = base.resolve(), _as_called(path)
    for one in dict.fromkeys((called, path)):
        if (way := _below(one, real)) is not None:
            return way
    return _beside(path, called, real)


def _below(path: Path, base: Path) -> str | None:
    """Links below the base keep their names: what they are called is what is named."""
    for above in (path, *path.parents):
        if above == base or above.resolve() == base:
            way = path.relative_to(above).as_posix()
            return "" if way == "." else way
    return None


def _beside(path: Path, called: Path, base: Path) -> str:
    from .checkout import path_in_repository  # asks git: only where something lies beside the config

    if (way := path_in_repository(path, base)) is not None:
        return way
    linked = next((above for above in (called, *called.parents) if islink(above)), None)
    is_near = linked is not None and linked.parent.resolve() in base.parents
    real = called if is_near else path.parent.resolve() / path.name
    try:
        return Path(relpath(real, base)).as_posix()
    except ValueError:  # on another drive
        return real.as_posix()


def _as_called(path: Path) -> Path:
    """Return a path over the link by which the shell came here, such as ``current``; else as it is."""
    here, there = Path.cwd(), Path(environ.get("PWD", ""))
    if here == there or not there.is_absolute() or ".." in there.parts:
        return path
    while here.name == there.name and here.name:
        here, there = here.parent, there.parent
    try:
        return there / path.relative_to(here) if there.resolve() == here else path
    except ValueError:  # it lies elsewhere
        return path
