"""What a checkout beside the config's folder is called: by its repository, so that it does not matter where it lies."""

from __future__ import annotations

import re
from functools import cache
from os.path import lexists
from pathlib import Path
from urllib.parse import urlsplit

from .hidden_changes import GitError, ask_git

_SHORT = re.compile(r"(?:[^@/]*@)?(?P<host>[^:/\\]{2,}):(?P<path>[^\\]+)", re.DOTALL)
"""``git@host:path``; one letter before the colon is a drive."""
_PORTS = {"ssh": 22, "git+ssh": 22, "git": 9418, "http": 80, "https": 443}


def path_in_repository(path: Path, base: Path) -> str | None:
    """Return the way to a path from its repository on; None: it is none, the config's too, or nobody says which.

    Of repositories within each other the outermost counts, so that it does not matter where pytest was called.
    """
    shared = {base, *base.parents}
    above = [one for one in (path, *path.parents) if one.resolve() not in shared]
    tops = [one for one in above if lexists(one / ".git")]
    name = _repository(tops[-1]) if tops else None
    return None if name is None else "/".join((f"//{name}", *path.relative_to(tops[-1]).parts))


def unnamed_note(way: str, base: Path) -> str | None:
    """Return what is to be said of a way that another checkout of the same tests has not; None: nothing."""
    up = way.count("../")
    if not up or not way.startswith("../"):
        return None
    shared = base.resolve().parents[up - 1]
    if any(lexists(one / ".git") for one in (shared, *shared.parents)):
        return None  # the config is part of the checkout
    return (
        f"the names of tests begin with {way.rstrip('/')}, the way from the config's folder: those of another checkout "
        "are other tests, as git names no remote 'origin' that says that they are the same: put the config into the "
        "checkout, or retire what is gone"
    )


@cache
def _repository(top: Path) -> str | None:
    # Whose the folder is does not matter: git reads its config here, and runs nothing.
    whoever = ("-c", "safe.directory=*")
    try:
        if Path(ask_git(top, *whoever, "rev-parse", "--show-toplevel").removesuffix("\n")).resolve() != top.resolve():
            return None  # nothing of git lies in its .git, and another repository lies around it
        return repository_name(ask_git(top, *whoever, "config", "--get", "remote.origin.url").strip())
    except GitError:
        return None


def repository_name(url: str) -> str | None:
    """Return what a repository is called whatever protocol, user and password it is fetched with; None: not told.

    A port that is not the protocol's own may be another forge's on the same host.
    """
    if "://" in url:
        try:
            parts = urlsplit(url)
            port = "" if parts.port in (None, _PORTS.get(parts.scheme.lower())) else f":{parts.port}"
            host, path = f"{parts.hostname or ''}{port}", parts.path
        except ValueError:
            return None
    elif short := _SHORT.fullmatch(url):
        host, path = short["host"].lower(), short["path"]
    elif url.startswith("/"):
        host, path = "", url
    else:
        return None
    path = path.strip("/").removesuffix(".git").rstrip("/")
    return "/".join(part for part in (host, path) if part) if path else None
