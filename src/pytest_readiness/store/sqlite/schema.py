"""SQLite file of a store: opening, ownership check, schema migrations, and error messages."""

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
ALL_ROWS = 2**31 - 1
"""The largest number of rows that can be fetched at once."""
APPLICATION_ID = 0x52445931
"""``RDY1``: the mark of a file that belongs to this program."""
BUSY_SECONDS = 30.0
SQLITE = sqlite3.sqlite_version
"""Version of the SQLite library in use."""
OLDEST_SQLITE = (3, 37, 0)
"""The first version with STRICT tables."""


def open_file(path: Path, *, create: bool) -> sqlite3.Connection | None:
    """Return a connection to the store in a file. Without ``create``, None means that there is no store yet.

    With ``create`` the schema is migrated to the newest version. Without it an older store is opened as it is, and
    migrated by the next write (``migrate``). A file that cannot be written is opened for reading.

    Raises:
        StorageError: the path is a folder, a file of another program, a store of a newer version, or a damaged or
            unreadable file. Nothing was written to it.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StorageError(f"SQLite {sqlite3.sqlite_version} is too old: use a Python with SQLite 3.37 or newer")
    exists = _is_database_file(path)
    if not exists and not create:
        return None
    if not exists:
        _make_folder(path.parent)
    with storage_errors(path):
        connection = _connect(path, create=create)
        try:
            _harden(connection)
            is_store = _prepare(connection, path, create=create)
        except BaseException:
            connection.close()
            raise
        if not is_store:
            connection.close()
            return None
        return connection


_SIDE_FILES = ("-journal", "-wal", "-shm")
"""Suffixes of the files that SQLite opens with a database."""


def _is_database_file(path: Path) -> bool:
    """Return whether a database file exists. Refuse everything that SQLite must not open."""
    try:
        status = path.stat()
        if S_ISDIR(status.st_mode):
            raise StorageError(
                f"{location(path)} is a folder: the URL of a store names a file in it, such as evidence.db"
            )
        if not S_ISREG(status.st_mode):
            raise StorageError(f"{location(path)} is not a regular file: name another file as the store")
        for suffix in _SIDE_FILES:
            other = path.with_name(path.name + suffix)
            if other.exists() and not other.is_file():
                raise StorageError(f"{location(other)} is not a regular file, and SQLite would wait for it: remove it")
        with path.open("rb") as file:
            start = file.read(16)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageError(f"{location(path)} cannot be read: {error.strerror}") from None
    if start and start != b"SQLite format 3\0":
        raise StorageError(f"{location(path)} is not a SQLite database: name another file, or restore it from a copy")
    return True


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"the folder {location(folder)} cannot be created: {error.strerror}") from None


def _connect(path: Path, *, create: bool) -> sqlite3.Connection:
    # SQLite opens a file that cannot be written for reading. The cache is private, and no setting is left to a default,
    # because a test may have changed the defaults of the process.
    address = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}&cache=private"
    connection = PlainConnection(address, timeout=BUSY_SECONDS, detect_types=0, isolation_level=None, uri=True)
    # Damaged bytes must not stop reading; they are found by their digest.
    connection.text_factory = _decode
    return connection


def _harden(connection: sqlite3.Connection) -> None:
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def fetch_rows(
    connection: sqlite3.Connection, query: str, parameters: Sequence[Any] | dict[str, Any] = ()
) -> list[Any]:
    """Return all rows. Damaged text is decoded with escapes. A parameter that SQLite cannot store gives no rows."""
    return read_rows(connection, query, parameters, list, ALL_ROWS)


def read_rows(
    connection: sqlite3.Connection,
    query: str,
    parameters: Sequence[Any] | dict[str, Any],
    take: Callable[[list[Any]], list[T]],
    at_once: int,
) -> list[T]:
    """Return the results of ``take`` for all rows, in batches, so that not all texts are in memory together.

    The store is locked until the last batch was read. If damaged text is found, ``take`` gets all rows again.

    Args:
        connection: the connection.
        query: the query.
        parameters: its parameters.
        take: is called with each batch of rows.
        at_once: the number of rows in a batch.
    """
    lenient = connection.text_factory
    try:
        connection.text_factory = str  # several times faster than a Python function
        return _take_batches(connection.execute(query, parameters), take, at_once)
    except (UnicodeEncodeError, OverflowError):
        return []  # a parameter that SQLite cannot store, so it matches no row
    except sqlite3.OperationalError as error:
        if "decode" not in str(error):
            raise
        connection.text_factory = lenient
        return _take_batches(connection.execute(query, parameters), take, at_once)
    finally:
        connection.text_factory = lenient


def _take_batches(cursor: sqlite3.Cursor, take: Callable[[list[Any]], list[T]], at_once: int) -> list[T]:
    results: list[T] = []
    while rows := cursor.fetchmany(at_once):
        results += take(rows)
    return results


def _prepare(connection: sqlite3.Connection, path: Path, *, create: bool) -> bool:
    """Check that the file is a store, and migrate it with ``create``. Return False if it is an empty file."""
    version = _version(connection, path)
    if version == 0 and not create:
        return False
    if create:
        migrate(connection, path)
        version = VERSION
    _check_tables(connection, path, version)
    return True


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the schema in this file; 0: an empty file."""
    owner, version, objects = connection.execute(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),"
        " (SELECT count(*) FROM sqlite_master)"
    ).fetchone()
    if owner == APPLICATION_ID and version > VERSION:
        raise StorageError(
            f"{location(path)} was written by a newer version of pytest-readiness (schema {version}, this one has "
            f"{VERSION}): upgrade pytest-readiness"
        )
    if (owner != APPLICATION_ID or version < 1) and (owner, version, objects) != (0, 0, 0):
        raise StorageError(f"{location(path)} is another program's SQLite database: name another file as the store")
    return int(version)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Migrate the schema to the newest version. Nothing is written if it has that version.

    Raises:
        StorageError: another program, or a newer version, has changed the file.
        sqlite3.Error: the file cannot be written.
    """
    if _version(connection, path) == VERSION:
        return
    # Imported here, because it takes 70 ms and only the first run of a project, or of a new version, needs it.
    from sqlite_utils import Database, Migrations

    with write_transaction(connection):
        # Another process may have migrated it before this one got the lock.
        if _version(connection, path) == VERSION:
            return
        migrations = Migrations("pytest-readiness")
        for name, additions in MIGRATIONS.items():
            migrations(name=name)(_step(additions, _INITIALISERS.get(name)))
        migrations.apply(Database(connection, execute_plugins=False, strict=True))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


_INITIALISERS: dict[str, Callable[[Callable[..., Any]], None]] = {"0003_tree": initialise_leaves}
"""Functions that write the first rows of a migration's tables."""


def _step(additions: Schema, initialise: Callable[[Callable[..., Any]], None] | None) -> Callable[[Database], None]:
    def step(database: Database) -> None:
        for sql in additions.values():
            database.execute(sql)
        if initialise is not None:
            initialise(database.conn.execute)

    return step


def _check_tables(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Refuse missing or altered tables. ``verify`` checks the rest of the schema."""
    tables = {name: sql for kind, name, sql in connection.execute(SCHEMA_QUERY) if kind == "table"}
    for (kind, name), sql in schema_of(version).items():
        if kind == "table" and tables.get(name) != sql:
            what = "was altered" if name in tables else "is missing"
            raise StorageError(f"{location(path)}: the table '{name}' {what}: restore the store from a copy")


@contextmanager
def write_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block as one transaction, with the write lock from the start."""
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
    """Turn SQLite errors in the block into one line with advice.

    Raises:
        StorageError: SQLite raised an error.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(f"{location(path)} {_advice(error)}") from error
    except UnicodeDecodeError as error:  # raised by sqlite3 for its own message with damaged bytes
        raise StorageError(f"{location(path)} {_ADVICE['CORRUPT']}") from error


_ADVICE = {
    "BUSY": f"is locked by another process for more than {BUSY_SECONDS:.0f} seconds; nothing was written: try again",
    "LOCKED": "is in use by this process; nothing was written: try again",
    "FULL": "cannot be written, the disk is full; nothing was stored: free some space and try again",
    "READONLY": "cannot be written (read-only); nothing was written: check the permissions of the file and its folder",
    "CANTOPEN": "cannot be opened: check that the folder exists, and its permissions",
    "PERM": "cannot be opened: check its permissions",
    "IOERR": "cannot be read or written, the disk reports an error; nothing was stored: check the disk",
    "CORRUPT": "is damaged: restore it from a copy; 'readiness verify' lists the problems",
    "NOTADB": "is damaged, it is no longer a SQLite database: restore it from a copy",
}


def _advice(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorname", "").split("_")
    advice = _ADVICE.get(code[1]) if len(code) > 1 else None
    return f"{advice} ({one_line(str(error))})" if advice else f"cannot be used: {one_line(str(error))}"
