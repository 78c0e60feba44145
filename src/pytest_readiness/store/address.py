"""Addresses of stores: a URL is parsed, and its store opened. Only the adapter of the URL is imported."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import ConfigError, one_line, suggestion
from ..late_pattern import late_pattern
from .protocol import Store

SCHEMES = ("sqlite",)
PLANNED = frozenset({"postgresql", "postgres", "s3", "gs", "az", "file"})
"""Schemes for later versions."""

_FORM = "write sqlite:///relative.db or sqlite:////absolute.db"
_SCHEME = late_pattern(r"([A-Za-z][A-Za-z0-9+.-]*):(?=//)")


def open_store(url: str, folder: Path, *, create: bool) -> Store | None:
    """Return the open store at a URL. Relative paths start at ``folder``.

    Without ``create`` nothing is created, and None means that there is no store yet.

    Raises:
        ConfigError: the URL is not the address of a store.
        StorageError: the file is not a store, has a newer version, or cannot be read.
    """
    path = sqlite_path(url, folder)
    # Imported here, because a session without this store must not load its adapter.
    from .sqlite.store import SQLiteStore

    return SQLiteStore.open(path, printable_url(url), create=create)


def check_address(url: str, folder: Path) -> None:
    """Raise ConfigError if a URL is not the address of a store. Nothing is opened."""
    sqlite_path(url, folder)


def sqlite_path(url: str, folder: Path) -> Path:
    """Return the file that a ``sqlite:///`` URL names.

    Raises:
        ConfigError: the scheme is unknown, or the URL does not name a file.
    """
    match = _SCHEME.match(url)
    if match is None:
        raise ConfigError(f"store '{printable_url(url)}' is not a URL: {_FORM}")
    scheme = match[1].lower()
    if scheme not in SCHEMES:
        why = "not supported by this version" if scheme in PLANNED else f"unknown{suggestion(scheme, SCHEMES)}"
        raise ConfigError(f"store '{printable_url(url)}': '{scheme}' is {why}; known: {', '.join(SCHEMES)} ({_FORM})")
    rest = url[match.end() :]
    path = rest.removeprefix("///")
    if not rest.startswith("///") or not path or path.endswith(("/", "\\")) or "\0" in path:
        raise ConfigError(f"store '{printable_url(url)}' does not name a file: {_FORM}")
    if path == ":memory:":
        raise ConfigError(f"store '{printable_url(url)}' would be lost at exit: {_FORM}")
    if "?" in path or "#" in path:
        raise ConfigError(f"store '{printable_url(url)}' has options, which SQLite stores do not support: {_FORM}")
    return folder / path


def printable_url(url: str) -> str:
    """Return a URL for messages: on one line, without credentials and options."""
    if url.lower().startswith("sqlite:///"):
        return one_line(url.partition("?")[0])
    scheme, slashes, rest = url.partition("://")
    if not slashes:
        # Not a URL. It may be a path, but also 'user:password@host' or 'host=… password=…'.
        return "…" if re.search(r"[@=:?]", url) else one_line(url)
    before, _, host = rest.rpartition("@")
    if re.search(r"[?#]", before):  # a password with a '?', or an option with an '@': show neither
        return one_line(f"{scheme}://…")
    return one_line(f"{scheme}://{re.split('[?#]', host)[0]}")


def missing_store(url: str) -> str:
    """Return the message for a store that does not exist."""
    return f"there is no store at {printable_url(url)}: record a run, restore the store, or name the right one"
