"""The SQLite file: whether it is ours, how a connection to it is opened, and how its schema is brought up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import StorageError, location, one_line
from ..integrity.merkle_leaves import initialise_leaves
from .connection import PlainConnection
from .tables import MIGRATIONS, SCHEMA_QUERY, VERSION, Schema, schema_of

if TYPE_CHECKING:
    from sqlite_utils.db import Database

T = TypeVar("T")
EVERYTHING = 2**31 - 1
"""As many rows at once as can be asked for."""
APPLICATION_ID = 0x52445931
"""``RDY1``: how SQLite files say whose they are."""
BUSY_SECONDS = 30.0
SQLITE = sqlite3.sqlite_version
"""The SQLite that keeps what is recorded here."""
OLDEST_SQLITE = (3, 37, 0)
"""The first with STRICT tables."""


def open_file(path: Path, *, create: bool) -> sqlite3.Connection | None:
    """Return a connection to the store in this file; without ``create`` None where no store is yet.

    With ``create`` the schema is brought to the newest version; without, an older store is opened as it is, and is
    brought up to date by the next write (``migrate``). A file that cannot be written is opened for reading.

    Raises:
        StorageError: a folder, another program's file, a newer version's store, a damaged or unreachable file.
            Nothing was written to it.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StorageError(f"SQLite {sqlite3.sqlite_version} is too old: use a Python with SQLite 3.37 or newer")
    there = _is_there(path)
    if not there and not create:
        return None
    if not there:
        _make_folder(path.parent)
    with storage_errors(path):
        connection = _connect(path, create=create)
        try:
            _harden(connection)
            kept = _prepared(connection, path, create=create)
        except BaseException:
            connection.close()
            raise
        if not kept:
            connection.close()
            return None
        return connection


_BESIDE = ("-journal", "-wal", "-shm")
"""Of a database, the files beside it that SQLite opens."""


def _is_there(path: Path) -> bool:
    """Return whether there is a file that SQLite may open; refuse everything it must not be asked to open."""
    try:
        status = path.stat()
        if S_ISDIR(status.st_mode):
            raise StorageError(
                f"{location(path)} is a folder: the URL of a store names a file in it, such as evidence.db"
            )
        if not S_ISREG(status.st_mode):
            raise StorageError(f"{location(path)} is no ordinary file: name another file as the store")
        for beside in _BESIDE:
            other = path.with_name(path.name + beside)
            if other.exists() and not other.is_file():
                raise StorageError(f"{location(other)} is no ordinary file, and SQLite would wait for it: remove it")
        with path.open("rb") as file:
            start = file.read(16)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageError(f"{location(path)} cannot be read: {error.strerror}") from None
    if start and start != b"SQLite format 3\0":
        raise StorageError(f"{location(path)} is no SQLite database: name another file, or restore it from a copy")
    return True


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"the folder {location(folder)} cannot be made: {error.strerror}") from None


def _connect(path: Path, *, create: bool) -> sqlite3.Connection:
    # Where the file cannot be written, SQLite itself falls back to reading.
    # Its own cache, and nothing left to a default: a test may have changed that for the whole process.
    address = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}&cache=private"
    connection = PlainConnection(address, timeout=BUSY_SECONDS, detect_types=0, isolation_level=None, uri=True)
    # Damaged bytes are to be found by their digest, and not to end reading.
    connection.text_factory = _text
    return connection


def _harden(connection: sqlite3.Connection) -> None:
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def fetch_rows(
    connection: sqlite3.Connection, query: str, parameters: Sequence[Any] | dict[str, Any] = ()
) -> list[Any]:
    """Return all rows; of damaged bytes what can be read, nothing for what no store can hold."""
    return read_rows(connection, query, parameters, list, EVERYTHING)


def read_rows(
    connection: sqlite3.Connection,
    query: str,
    parameters: Sequence[Any] | dict[str, Any],
    take: Callable[[list[Any]], list[T]],
    at_once: int,
) -> list[T]:
    """Return what ``take`` makes of all rows, of so many at a time: their texts need not all be held together.

    Nobody can write until the last was taken. Where bytes cannot be read as text, ``take`` gets all rows again.
    """
    lenient = connection.text_factory
    try:
        connection.text_factory = str  # several times as fast as a function of ours for each text
        return _taken(connection.execute(query, parameters), take, at_once)
    except (UnicodeEncodeError, OverflowError):
        return []  # asked for a text or a number that no store can hold
    except sqlite3.OperationalError as error:
        if "decode" not in str(error):
            raise
        connection.text_factory = lenient
        return _taken(connection.execute(query, parameters), take, at_once)
    finally:
        connection.text_factory = lenient


def _taken(cursor: sqlite3.Cursor, take: Callable[[list[Any]], list[T]], at_once: int) -> list[T]:
    found: list[T] = []
    while some := cursor.fetchmany(at_once):
        found += take(some)
    return found


def _prepared(connection: sqlite3.Connection, path: Path, *, create: bool) -> bool:
    """Check that it is a store of ours; return False where there is no store, and none is to be created."""
    version = _version(connection, path)
    if version == 0 and not create:
        return False
    if create:
        migrate(connection, path)
        version = VERSION
    _check_tables(connection, path, version)
    return True


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of our schema in this file, 0 for an empty file."""
    owner, version, objects = connection.execute(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),"
        " (SELECT count(*) FROM sqlite_master)"
    ).fetchone()
    if owner == APPLICATION_ID and version > VERSION:
        raise StorageError(
            f"{location(path)} was written by a newer version of pytest-readiness (schema {version}, this one knows "
            f"{VERSION}): upgrade pytest-readiness"
        )
    if (owner != APPLICATION_ID or version < 1) and (owner, version, objects) != (0, 0, 0):
        raise StorageError(f"{location(path)} is another program's SQLite database: name another file as the store")
    return int(version)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema to the newest version; nothing is written where it is.

    Raises:
        StorageError: another program, or a newer version of ours, has taken the file over.
        sqlite3.Error: it cannot be written.
    """
    if _version(connection, path) == VERSION:
        return
    # Imported here: it takes 70 ms, and only the first run of a project, or of a new version, needs it.
    from sqlite_utils import Database, Migrations

    with write_transaction(connection):
        # Only now, with the lock, is it certain that no other process is doing the same.
        if _version(connection, path) == VERSION:
            return
        migrations = Migrations("pytest-readiness")
        for name, adds in MIGRATIONS.items():
            migrations(name=name)(_step(adds, _FILLS.get(name)))
        migrations.apply(Database(connection, execute_plugins=False, strict=True))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


_FILLS: dict[str, Callable[[Callable[..., Any]], None]] = {"0003_tree": initialise_leaves}
"""What a step writes into the tables that it adds."""


def _step(adds: Schema, fill: Callable[[Callable[..., Any]], None] | None) -> Callable[[Database], None]:
    def step(database: Database) -> None:
        for sql in adds.values():
            database.execute(sql)
        if fill is not None:
            fill(database.conn.execute)

    return step


def _check_tables(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Refuse tables that are not ours: what they answer could be anything. ``verify`` looks at the rest."""
    found = {name: sql for kind, name, sql in connection.execute(SCHEMA_QUERY) if kind == "table"}
    for (kind, name), sql in schema_of(version).items():
        if kind == "table" and found.get(name) != sql:
            what = "was altered" if name in found else "is missing"
            raise StorageError(f"{location(path)}: the table '{name}' {what}: restore the store from a copy")


@contextmanager
def write_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block as one transaction that has the write lock from its start: all of it, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite raises in the block into one line that says what to do.

    Raises:
        StorageError: something went wrong with the database.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(f"{location(path)} {_advice(error)}") from error
    except UnicodeDecodeError as error:  # sqlite3 trips over its own message, which quotes damaged bytes
        raise StorageError(f"{location(path)} {_ADVICE['CORRUPT']}") from error


_ADVICE = {
    "BUSY": f"is held by another process for more than {BUSY_SECONDS:.0f} seconds; nothing was written: try again",
    "LOCKED": "is in use by this process; nothing was written: try again",
    "FULL": "could not be written, the disk is full; nothing of it was kept: free some space and try again",
    "READONLY": "cannot be written (read-only); nothing was written: check who may write the file and its folder",
    "CANTOPEN": "cannot be opened: check that the folder exists and who may read and write it",
    "PERM": "cannot be opened: check who may read and write it",
    "IOERR": "could not be read or written, the disk reports an error; nothing of it was kept: check the disk",
    "CORRUPT": "is damaged: restore it from a copy; 'readiness verify' names what does not fit",
    "NOTADB": "is damaged, it is no SQLite database any more: restore it from a copy",
}


def _advice(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorname", "").split("_")
    told = _ADVICE.get(code[1]) if len(code) > 1 else None
    return f"{told} ({one_line(str(error))})" if told else f"could not be used: {one_line(str(error))}"
