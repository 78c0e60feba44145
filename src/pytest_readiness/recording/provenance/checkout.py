"""Names of checkouts beside the config's folder: by their repository, independent of their location."""

from __future__ import annotations

import re
from functools import cache
from os.path import lexists
from pathlib import Path
from urllib.parse import urlsplit

from .hidden_changes import GitError, ask_git

_SHORT = re.compile(r"(?:[^@/]*@)?(?P<host>[^:/\\]{2,}):(?P<path>[^\\]+)", re.DOTALL)
"""``git@host:path``; a single letter before the colon is a drive."""
_PORTS = {"ssh": 22, "git+ssh": 22, "git": 9418, "http": 80, "https": 443}


def path_in_repository(path: Path, base: Path) -> str | None:
    """Return ``//repository/path`` of a path in another repository than the config's; else, or without a name, None.

    Of nested repositories the outermost counts: the name must not depend on where pytest is called.
    """
    shared = {base, *base.parents}
    folders = [folder for folder in (path, *path.parents) if folder.resolve() not in shared]
    tops = [folder for folder in folders if lexists(folder / ".git")]
    name = _repository(tops[-1]) if tops else None
    return None if name is None else "/".join((f"//{name}", *path.relative_to(tops[-1]).parts))


def unnamed_note(path: str, base: Path) -> str | None:
    """Return a note if another checkout of the same tests would have another relative path; else None."""
    levels = path.count("../")
    if not levels or not path.startswith("../"):
        return None
    shared = base.resolve().parents[levels - 1]
    if any(lexists(folder / ".git") for folder in (shared, *shared.parents)):
        return None  # the config is part of the checkout
    return (
        f"the names of tests begin with {path.rstrip('/')}, the path from the config's folder: in another checkout the "
        "tests have other names, as git has no remote 'origin' that identifies the repository: put the config into the "
        "checkout, or retire the old names"
    )


@cache
def _repository(top: Path) -> str | None:
    # The owner of the folder does not matter: git only reads its config here, and runs nothing.
    any_owner = ("-c", "safe.directory=*")
    try:
        if Path(ask_git(top, *any_owner, "rev-parse", "--show-toplevel").removesuffix("\n")).resolve() != top.resolve():
            return None  # its .git is no repository, and another one is around it
        return repository_name(ask_git(top, *any_owner, "config", "--get", "remote.origin.url").strip())
    except GitError:
        return None


def repository_name(url: str) -> str | None:
    """Return host and path of a repository's URL, without protocol, user and password; None: the URL has no name.

    A port other than the protocol's default is included: it may be another server on the same host.
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
