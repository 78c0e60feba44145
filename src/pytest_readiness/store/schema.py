"""The SQLite file: what it is made of, whether a file is ours, and how a connection to it is opened.

Every table of records is append-only by triggers, and a run that is kept takes no more lines: a guard against
accidents. Against attackers there is the hash chain, and ``verify``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING

from ..errors import StorageError, one_line, place

if TYPE_CHECKING:
    from sqlite_utils.db import Database

APPLICATION_ID = 0x52445931
"""``RDY1``: how SQLite files say whose they are."""
VERSION = 1
"""``user_version`` of the newest schema that this version knows."""
BUSY_SECONDS = 30.0
OLDEST_SQLITE = (3, 37, 0)
"""The first with STRICT tables."""

MIGRATIONS_TABLE = "_sqlite_migrations"

TABLES = {
    "run": """CREATE TABLE run (
    id TEXT NOT NULL PRIMARY KEY,
    register TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    commit_id TEXT,
    dirty INTEGER,
    release TEXT,
    group_id TEXT,
    group_parts INTEGER,
    requirements TEXT NOT NULL,
    line_count INTEGER NOT NULL,
    evidence_count INTEGER NOT NULL,
    head TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    "line": """CREATE TABLE line (
    run_id TEXT NOT NULL REFERENCES run (id) DEFERRABLE INITIALLY DEFERRED,
    seq INTEGER NOT NULL,
    text TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT""",
    "slot": """CREATE TABLE slot (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    register TEXT NOT NULL,
    use_case TEXT NOT NULL,
    item TEXT NOT NULL,
    test_id TEXT NOT NULL,
    environment TEXT,
    provider_mode TEXT,
    claim_environment TEXT,
    claim_provider_mode TEXT,
    replay_mode TEXT,
    parts TEXT NOT NULL,
    standing TEXT NOT NULL
) STRICT""",
    "evidence": """CREATE TABLE evidence (
    run_id TEXT NOT NULL REFERENCES run (id) DEFERRABLE INITIALLY DEFERRED,
    seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    slot_id INTEGER NOT NULL REFERENCES slot (id),
    started_at TEXT NOT NULL,
    badness INTEGER NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY (run_id, seq, number)
) STRICT, WITHOUT ROWID""",
    "snapshot": """CREATE TABLE snapshot (
    digest TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
}

INDEXES = {
    # Covers the question for the newest execution of a slot: one step into the index per slot, however long its past.
    "evidence_newest": """CREATE INDEX evidence_newest
    ON evidence (slot_id, started_at, badness, run_id, seq, number)""",
    "slot_scope": "CREATE INDEX slot_scope ON slot (register, use_case, item)",
}

_TAKEN = {
    # INSERT OR REPLACE deletes without asking the delete triggers; and by rowid it could hit a row of another key.
    "run": "EXISTS (SELECT 1 FROM run WHERE id = NEW.id)",
    "line": """EXISTS (SELECT 1 FROM run WHERE id = NEW.run_id)
    OR EXISTS (SELECT 1 FROM line WHERE rowid = NEW.rowid)
    OR EXISTS (SELECT 1 FROM line WHERE run_id = NEW.run_id AND seq = NEW.seq)""",
    "slot": "EXISTS (SELECT 1 FROM slot WHERE id = NEW.id OR key = NEW.key)",
    "evidence": """EXISTS (SELECT 1 FROM run WHERE id = NEW.run_id)
    OR EXISTS (SELECT 1 FROM evidence WHERE run_id = NEW.run_id AND seq = NEW.seq AND number = NEW.number)""",
    "snapshot": "EXISTS (SELECT 1 FROM snapshot WHERE digest = NEW.digest)",
}


def _guards(table: str) -> dict[str, str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    return {
        f"{table}_no_update": f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
        f"{table}_no_delete": f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
        f"{table}_no_replace": f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}\n"
        f"WHEN {_TAKEN[table]}\n{refuse}",
    }


TRIGGERS = {name: sql for table in TABLES for name, sql in _guards(table).items()}

SCHEMA = {
    **{("table", name): sql for name, sql in TABLES.items()},
    **{("index", name): sql for name, sql in INDEXES.items()},
    **{("trigger", name): sql for name, sql in TRIGGERS.items()},
}
"""(kind, name) -> the SQL that makes it, as ``sqlite_master`` holds it."""

SCHEMA_QUERY = f"""SELECT type, name, sql FROM sqlite_master
WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
AND NOT (type IN ('table', 'index') AND tbl_name = '{MIGRATIONS_TABLE}') ORDER BY type, name"""  # noqa: S608 - a constant
"""What ``SCHEMA`` is compared with; the table that says which migrations were applied belongs to sqlite-utils."""


def open_file(path: Path, *, create: bool) -> sqlite3.Connection | None:
    """Return a connection to the store in this file; without ``create`` None where no store is yet.

    The schema is brought to the newest version. A file that cannot be written is opened for reading.

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
    with troubles(path):
        connection = _connect(path, create=create)
        try:
            kept = _prepared(connection, path, create=create)
        except BaseException:
            connection.close()
            raise
        if not kept:
            connection.close()
            return None
        return connection


def _is_there(path: Path) -> bool:
    """Return whether there is a file that SQLite may open; refuse everything it must not be asked to open."""
    try:
        status = path.stat()
        if S_ISDIR(status.st_mode):
            raise StorageError(f"{place(path)} is a folder: the URL of a store names a file in it, such as evidence.db")
        if not S_ISREG(status.st_mode):
            raise StorageError(f"{place(path)} is no ordinary file: name another file as the store")
        with path.open("rb") as file:
            start = file.read(16)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageError(f"{place(path)} cannot be read: {error.strerror}") from None
    if start and start != b"SQLite format 3\0":
        raise StorageError(f"{place(path)} is no SQLite database: name another file, or restore it from a copy")
    return True


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"the folder {place(folder)} cannot be made: {error.strerror}") from None


def _connect(path: Path, *, create: bool) -> sqlite3.Connection:
    # Where the file cannot be written, SQLite itself falls back to reading.
    address = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    connection = sqlite3.connect(address, timeout=BUSY_SECONDS, isolation_level=None, uri=True)
    # Damaged bytes are to be found by their digest, and not to end reading.
    connection.text_factory = _text
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _prepared(connection: sqlite3.Connection, path: Path, *, create: bool) -> bool:
    """Bring the schema to the newest version; return False where there is no store, and none is to be created."""
    version = _version(connection, path)
    if version == 0 and not create:
        return False
    if version < VERSION:
        _migrate(connection, path)
    _check_tables(connection, path)
    return True


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of our schema in this file, 0 for an empty file."""
    owner, version, objects = connection.execute(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),"
        " (SELECT count(*) FROM sqlite_master)"
    ).fetchone()
    if owner == APPLICATION_ID and version > VERSION:
        raise StorageError(
            f"{place(path)} was written by a newer version of pytest-readiness (schema {version}, this one knows "
            f"{VERSION}): upgrade pytest-readiness"
        )
    if (owner != APPLICATION_ID or version < 1) and (owner, version, objects) != (0, 0, 0):
        raise StorageError(f"{place(path)} is another program's SQLite database: name another file as the store")
    return int(version)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    # Imported here: it takes 70 ms, and only the first run of a project needs it.
    from sqlite_utils import Database, Migrations

    with writing(connection):
        # Only now, with the lock, is it certain that no other process is doing the same.
        if _version(connection, path) == VERSION:
            return
        migrations = Migrations("pytest-readiness")
        migrations(name="0001_evidence")(_evidence)
        migrations.apply(Database(connection, execute_plugins=False, strict=True))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _evidence(database: Database) -> None:
    for sql in SCHEMA.values():
        database.execute(sql)


def _check_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse tables that are not ours: what they answer could be anything. ``verify`` looks at the rest."""
    found = {name: sql for kind, name, sql in connection.execute(SCHEMA_QUERY) if kind == "table"}
    for name, sql in TABLES.items():
        if found.get(name) != sql:
            what = "was altered" if name in found else "is missing"
            raise StorageError(f"{place(path)}: the table '{name}' {what}: restore the store from a copy")


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
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
def troubles(path: Path) -> Iterator[None]:
    """Turn what SQLite raises in the block into one line that says what to do.

    Raises:
        StorageError: something went wrong with the database.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(f"{place(path)} {_advice(error)}") from error
    except UnicodeDecodeError as error:  # sqlite3 trips over its own message, which quotes damaged bytes
        raise StorageError(f"{place(path)} {_ADVICE['CORRUPT']}") from error


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
