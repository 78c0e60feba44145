"""Addresses of stores: valid URLs, and their printable form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_readiness.errors import ConfigError
from pytest_readiness.store.address import open_store, printable_url, sqlite_path

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///evidence.db", "/project/evidence.db"),
        ("sqlite:///.readiness/evidence.db", "/project/.readiness/evidence.db"),
        ("sqlite:////var/lib/evidence.db", "/var/lib/evidence.db"),
        ("SQLite:///a b@c%20.db", "/project/a b@c%20.db"),
    ],
)
def test_sqlite_urls_name_a_file(url: str, path: str) -> None:
    """Three slashes are relative to the folder, four are absolute, and nothing in a name is decoded."""
    assert sqlite_path(url, Path("/project")) == Path(path)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://host/db", "'postgresql' is not supported by this version; known: sqlite"),
        ("s3://bucket/prefix", "'s3' is not supported by this version"),
        ("sqllite:///evidence.db", r"'sqllite' is unknown \(did you mean 'sqlite'\?\)"),
        ("evidence.db", "is not a URL: write sqlite:///relative.db"),
        ("sqlite://evidence.db", "does not name a file"),
        ("sqlite:///", "does not name a file"),
        ("sqlite:///folder/", "does not name a file"),
        ("sqlite:///:memory:", "would be lost at exit"),
        ("sqlite:///evidence.db?mode=ro", "has options"),
        ("", "is not a URL"),
    ],
)
def test_other_addresses_are_told_on_one_line(url: str, message: str, tmp_path: Path) -> None:
    """An address that names no store of a known kind is an error that says what to write; nothing is created."""
    with pytest.raises(ConfigError, match=message) as caught:
        open_store(url, tmp_path, create=True)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ada:{SECRET}@host/db",
        f"postgresql://ada:x/{SECRET}@host/db",
        f"postgresql://ada:x?{SECRET}@host/db",
        f"postgresql://ada:x://{SECRET}@host/db",
        f"postgresql://host/db?password={SECRET}",
        f"postgresql://host/db?password=x@{SECRET}",
        f"postgresql://ada:x@host/db#{SECRET}",
        f"https://{SECRET}@host",
        f"ada:{SECRET}@host",
        f"host=h password={SECRET}",
        f"sqlite://ada:{SECRET}@host/db",
        f"sqlite:///evidence.db?key={SECRET}",
    ],
)
def test_credentials_are_never_printed(url: str, tmp_path: Path) -> None:
    """Wherever a password stands in an address, neither ``shown`` nor an error repeats it."""
    assert SECRET not in printable_url(url)
    with pytest.raises(ConfigError) as caught:
        open_store(url, tmp_path, create=False)
    assert SECRET not in str(caught.value)


def test_shown_keeps_what_tells_where() -> None:
    """What is left of an address still says which store it is, on one line."""
    assert printable_url("postgresql://ada:x@host:5432/db") == "postgresql://host:5432/db"
    assert printable_url("sqlite:///a@b.db") == "sqlite:///a@b.db"
    assert printable_url("sqlite:///a\nb.db") == "sqlite:///a\\nb.db"


def test_nothing_is_created_where_that_is_not_asked_for(tmp_path: Path) -> None:
    """Asking for a store that is not there yields None and leaves no trace."""
    assert open_store("sqlite:///deep/evidence.db", tmp_path, create=False) is None
    assert list(tmp_path.iterdir()) == []


def test_a_new_store_makes_its_folder_and_tells_its_address(tmp_path: Path) -> None:
    """A store is created with the folders it needs, and knows its own address."""
    store = open_store("sqlite:///deep/er/evidence.db", tmp_path, create=True)
    assert store is not None
    assert store.url == "sqlite:///deep/er/evidence.db"
    assert (tmp_path / "deep" / "er" / "evidence.db").is_file()
    store.close()


def test_adapters_and_heavy_libraries_are_imported_when_needed(tmp_path: Path) -> None:
    """Knowing addresses costs no adapter, and a store that exists costs no sqlite-utils."""
    store = open_store("sqlite:///evidence.db", tmp_path, create=True)
    assert store is not None
    store.close()
    code = (
        "import sys; from pathlib import Path; from pytest_readiness.store.address import open_store;"
        "print('sqlite3' in sys.modules);"
        f"store = open_store('sqlite:///evidence.db', Path({str(tmp_path)!r}), create=True); store.save([]);"
        "print('sqlite3' in sys.modules, 'sqlite_utils' in sys.modules)"
    )
    message = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert message.stdout.split() == ["False", "True", "False"]
