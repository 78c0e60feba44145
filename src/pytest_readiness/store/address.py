"""The address of a store: a URL in, an open store out. Only the adapter that it names is imported."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import ConfigError, one_line, suggestion
from .protocol import Store

KNOWN = ("sqlite",)
LATER = frozenset({"postgresql", "postgres", "s3", "gs", "az", "file"})
"""Schemes that a later version is to have."""

_FORM = "write sqlite:///relative.db or sqlite:////absolute.db"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?=//)")


def open_store(url: str, folder: Path, *, create: bool) -> Store | None:
    """Return the open store at a URL; relative paths start at ``folder``.

    Without ``create`` nothing is created, and the answer is None where no store is yet.

    Raises:
        ConfigError: the URL names no store of a known kind.
        StorageError: what is there is no store of ours, is of a newer version, or cannot be read.
    """
    path = sqlite_path(url, folder)
    # Here and not above: another adapter, or none at all, must not pay for this one.
    from .sqlite.store import SQLiteStore

    return SQLiteStore.open(path, printable_url(url), create=create)


def check_address(url: str, folder: Path) -> None:
    """Raise ConfigError if a URL names no store of a known kind; nothing is opened."""
    sqlite_path(url, folder)


def sqlite_path(url: str, folder: Path) -> Path:
    """Return the file that a ``sqlite:///`` URL names.

    Raises:
        ConfigError: the scheme is another, or the URL names no file.
    """
    found = _SCHEME.match(url)
    if found is None:
        raise ConfigError(f"store '{printable_url(url)}' is not a URL: {_FORM}")
    scheme = found[1].lower()
    if scheme not in KNOWN:
        why = "not supported by this version" if scheme in LATER else f"unknown{suggestion(scheme, KNOWN)}"
        raise ConfigError(f"store '{printable_url(url)}': '{scheme}' is {why}; known: {', '.join(KNOWN)} ({_FORM})")
    rest = url[found.end() :]
    path = rest.removeprefix("///")
    if not rest.startswith("///") or not path or path.endswith(("/", "\\")) or "\0" in path:
        raise ConfigError(f"store '{printable_url(url)}' names no file: {_FORM}")
    if path == ":memory:":
        raise ConfigError(f"store '{printable_url(url)}' would keep nothing: {_FORM}")
    if "?" in path or "#" in path:
        raise ConfigError(f"store '{printable_url(url)}' has options, and SQLite stores take none: {_FORM}")
    return folder / path


def printable_url(url: str) -> str:
    """Return the URL as it may be printed: on one line, without credentials and options."""
    if url.lower().startswith("sqlite:///"):
        return one_line(url.partition("?")[0])
    scheme, slashes, rest = url.partition("://")
    if not slashes:
        # No URL at all: perhaps a path, perhaps 'user:password@host' or 'host=… password=…'.
        return "…" if re.search(r"[@=:?]", url) else one_line(url)
    before, _, place = rest.rpartition("@")
    if re.search(r"[?#]", before):  # a password with a '?' in it, or an option with an '@': not worth the risk
        return one_line(f"{scheme}://…")
    return one_line(f"{scheme}://{re.split('[?#]', place)[0]}")
