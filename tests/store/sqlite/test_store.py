"""SQLite store: the contract, and files, processes and full disks."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pytest_readiness.errors import StorageError
from pytest_readiness.facts.stored_verdict import StoredVerdict
from pytest_readiness.store.address import open_store
from pytest_readiness.store.protocol import Store
from pytest_readiness.store.sqlite import schema, tables
from pytest_readiness.store.sqlite.queries import FAILURES, INTERRUPTED, LATEST, MISSING, NEWEST, PARTS
from pytest_readiness.store.sqlite.store import SQLiteStore
from tests.store.contracts.store import StoreContract
from tests.store.older import older
from tests.store.runs import VERDICT, blocker, finished, planned, run, run_id, snapshot, statement

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals, limits, pipes and permissions of folders are POSIX")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store of a test is."""
    return tmp_path / "evidence.db"


def opened_at(path: Path, *, create: bool = True) -> SQLiteStore:
    """The store in this file, made where there is none."""
    store = open_store(f"sqlite:///{path}", Path(), create=create)
    assert isinstance(store, SQLiteStore)
    OPENED.append(store)
    return store


OPENED: list[SQLiteStore] = []
"""What the test that runs has opened by itself."""


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Close what a test opened: newer Pythons complain about what is left open, and then a later test fails."""
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    """A store with a row in every table."""
    stored = snapshot()
    store = opened_at(path)
    signed = run(1, planned("test_a"), finished(), finished("test_b"), requirements=stored.digest)
    store.save([signed], [stored], envelopes=[statement(signed)])
    store.decide([blocker()])
    store.save_verdict(VERDICT)
    yield store
    store.close()


def worker(*arguments: object) -> subprocess.Popen[str]:
    """Start a process that does what ``worker.py`` says."""
    command = [sys.executable, "-m", "tests.store.sqlite.worker", *map(str, arguments)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), *sys.path])}
    return subprocess.Popen(command, cwd=ROOT, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


class TestSQLite(StoreContract):
    """SQLite keeps what the port promises."""

    @pytest.fixture
    def opened(self, path: Path) -> Iterator[Callable[[], Store]]:
        """Opens the file of this test."""
        stores: list[Store] = []

        def opened() -> Store:
            stores.append(opened_at(path))
            return stores[-1]

        yield opened
        for store in stores:
            store.close()


def test_the_file_says_whose_it_is(store: SQLiteStore, path: Path) -> None:
    """Application id, version, journal mode and strict tables are as this version makes them."""
    with closing(sqlite3.connect(path)) as plain:
        message = [
            plain.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version", "journal_mode")
        ]
        result = plain.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    assert message == [schema.APPLICATION_ID, schema.VERSION, "delete"]
    assert {name for name, sql in result if "STRICT" in sql} >= set(tables.TABLES)


def test_writes_are_synchronous_and_keep_references(store: SQLiteStore) -> None:
    """The connection syncs fully, checks foreign keys, and does not trust the schema of a file."""
    names = ("synchronous", "foreign_keys", "trusted_schema", "cell_size_check")
    assert [store._rows(f"PRAGMA {name}") for name in names] == [[(2,)], [(1,)], [(0,)], [(1,)]]


REPLACE_BY_ROWID = (
    "INSERT OR REPLACE INTO line (rowid, run_id, seq, text, digest) SELECT rowid, 'x', seq, 'x', 'x' FROM line"
)


@pytest.mark.parametrize(
    "sql",
    [
        *(f"DELETE FROM {table}" for table in tables.TABLES),
        *(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}" for table in tables.TABLES),
        *(f"INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT DO NOTHING" for table in tables.TABLES),
        "UPDATE run SET actor = 'eve'",
        "UPDATE line SET text = ''",
        "UPDATE slot SET use_case = 'UC-002'",
        "UPDATE evidence SET badness = 0",
        "UPDATE snapshot SET text = ''",
        "UPDATE decision SET decided_by = 'eve'",
        "UPDATE verdict SET text = ''",
        "UPDATE envelope SET text = ''",
        "UPDATE identity SET origin = 'x'",
        "INSERT INTO identity VALUES ('x')",
        "UPDATE leaf SET digest = ''",
        "INSERT INTO leaf VALUES (5, 'run', 'x', 'x')",
        "INSERT INTO leaf SELECT count(*), 'run', min(id), 'x' FROM leaf WHERE kind = 'run'",
        "INSERT OR REPLACE INTO leaf SELECT number + 3, kind, id, 'x' FROM leaf WHERE number = 0",
        "UPDATE OR REPLACE line SET seq = 1",
        REPLACE_BY_ROWID,
        "INSERT OR REPLACE INTO slot SELECT id + 100, key, '', '', '', '', '', '', '', '', '', '', '' FROM slot",
        f"INSERT INTO line VALUES ('{run_id(1)}', 99, 'x', 'x')",
        f"INSERT INTO evidence VALUES ('{run_id(1)}', 99, 1, 1, 'x', 0, 'PASSED')",
    ],
)
def test_the_triggers_refuse_every_way_to_change_a_record(store: SQLiteStore, path: Path, sql: str) -> None:
    """Update, delete, replace and additions to a kept run are refused in any connection, and change nothing."""
    with closing(sqlite3.connect(path)) as plain:
        before = list(plain.iterdump())
        with pytest.raises(sqlite3.IntegrityError, match="is append-only"):
            plain.execute(sql)
        assert list(plain.iterdump()) == before


def test_processes_that_keep_at_the_same_time_all_succeed(path: Path) -> None:
    """Four processes make the store and keep ten runs each: all are there, whole."""
    workers = [worker("race", f"sqlite:///{path}", first) for first in (0, 100, 200, 300)]
    failures = [process.communicate(timeout=60)[1] for process in workers]
    assert failures == [""] * 4
    store = opened_at(path)
    expected = {run_id(first + number) for first in (0, 100, 200, 300) for number in range(10)}
    assert {summary.id for summary in store.runs()} == expected
    assert list(store.verify()) == []


@POSIX
@pytest.mark.parametrize("when", ["BEGIN", "INSERT INTO line", "INSERT INTO evidence", "INSERT INTO run", "COMMIT"])
def test_a_process_killed_while_keeping_leaves_nothing_of_it(store: SQLiteStore, path: Path, when: str) -> None:
    """Killed at any step, what was kept before is whole, and the run can be kept again."""
    process = worker("die", f"sqlite:///{path}", when)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    torn = path.with_name("evidence.db-journal").exists()
    assert torn is (when != "BEGIN"), "the kill did not come in the middle of writing"
    assert [summary.id for summary in store.runs()] == [run_id(1)]
    assert store.save([run(2, finished())]) == [run_id(2)]
    assert list(store.verify()) == []


@POSIX
@pytest.mark.parametrize("room", [0, 20_000])
def test_a_full_disk_is_one_line_and_leaves_nothing_torn(store: SQLiteStore, path: Path, room: int) -> None:
    """Where the file cannot grow, the error says so, earlier runs can be read, and nothing of the new one is kept."""
    message, trouble = worker("fill", f"sqlite:///{path}", room).communicate(timeout=60)
    assert trouble == ""
    error, runs = message.splitlines()
    assert "evidence.db could not be written" in error or "the disk reports an error" in error
    assert runs == str([run_id(1)])
    assert list(store.verify()) == []


@POSIX
def test_a_read_only_store_can_be_read_and_not_written() -> None:
    """In a folder where nobody may write, every question is answered, and keeping is one clear line."""
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), Path(name) / "evidence.db"
        store = opened_at(path)
        store.save([run(1, finished())])
        store.close()
        path.chmod(0o444)
        folder.chmod(0o555)
        message, trouble = worker("read", f"sqlite:///{path}").communicate(timeout=60)
        folder.chmod(0o755)
    assert trouble == ""
    answer, error = message.splitlines()
    assert answer == "1 0"
    assert "cannot be written (read-only); nothing was written" in error


def foreign_database(path: Path) -> None:
    """Make a database of somebody else."""
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("CREATE TABLE theirs (x)")


def other_application(path: Path) -> None:
    """Make an empty database that another application claims."""
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("PRAGMA application_id = 1")


def newer_schema(path: Path) -> None:
    """Make a store of a later version."""
    opened_at(path).close()
    with closing(sqlite3.connect(path)) as plain:
        plain.execute(f"PRAGMA user_version = {schema.VERSION + 1}")


def altered_table(path: Path) -> None:
    """Make a store with one more column."""
    opened_at(path).close()
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("ALTER TABLE run ADD COLUMN more TEXT")


def missing_table(path: Path) -> None:
    """Make a store with one table less."""
    opened_at(path).close()
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("DROP TABLE snapshot")


def truncated(path: Path) -> None:
    """Make a store, and cut it off."""
    opened_at(path).close()
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (foreign_database, "another program's SQLite database: name another file"),
        (other_application, "another program's SQLite database"),
        (newer_schema, "written by a newer version of pytest-readiness .*: upgrade"),
        (altered_table, "the table 'run' was altered: restore"),
        (missing_table, "the table 'snapshot' is missing: restore"),
        (truncated, "is damaged"),
        (lambda path: path.write_bytes(b"\0" * 5000), "is not a SQLite database"),
        (lambda path: path.write_text("text"), "is not a SQLite database"),
        (lambda path: path.write_bytes(b"SQLite format 3\0" + b"\xff" * 500), "is damaged"),
    ],
)
def test_what_is_no_store_of_ours_is_left_alone(
    path: Path, make: Callable[[Path], object], message: str, create: bool
) -> None:
    """Anything else than our own store is one line that says what to do, and not a byte of it changes."""
    make(path)
    before = path.read_bytes()
    with pytest.raises(StorageError, match=message) as caught:
        open_store(f"sqlite:///{path}", Path(), create=create)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@POSIX
def test_a_folder_a_pipe_and_a_file_as_folder_are_refused(tmp_path: Path) -> None:
    """What cannot be a store is refused before SQLite would wait for it, or fail in its own words."""
    with pytest.raises(StorageError, match="is a folder"):
        opened_at(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be read"):
        opened_at(tmp_path / "file" / "evidence.db")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="is not a regular file"):
        opened_at(tmp_path / "pipe")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StorageError, match=r"the folder .*gone cannot be created"):
        opened_at(tmp_path / "gone" / "evidence.db")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "gone", "pipe"]


def test_an_sqlite_without_strict_tables_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a Python with an SQLite that is too old, the error says which one is needed."""
    monkeypatch.setattr(schema, "OLDEST_SQLITE", (99,))
    with pytest.raises(StorageError, match=r"is too old: use a Python with SQLite 3\.37"):
        opened_at(path)


def test_the_newest_execution_is_one_step_into_an_index(store: SQLiteStore) -> None:
    """However long its history, a slot is answered from the covering index, and no table is read from end to end."""
    named = {"register": "payments", "use_cases": None, "until": LATEST}
    plan = [detail for *_, detail in store._rows(f"EXPLAIN QUERY PLAN {NEWEST}", named)]
    assert any("USING COVERING INDEX evidence_newest (slot_id=? AND started_at<?)" in step for step in plan)
    assert [step for step in plan if step.startswith("SCAN") and "json_each" not in step] == []


def test_what_went_wrong_is_one_step_into_a_partial_index(store: SQLiteStore) -> None:
    """Adverse events are found among what went wrong, and incomplete groups among what has a group: nothing is scanned."""
    named = {"register": "payments", "since": "{}", "until": LATEST}
    queries = {
        FAILURES: "COVERING INDEX evidence_failed (slot_id=? AND started_at>?)",
        INTERRUPTED: "INDEX evidence_interrupted (slot_id=? AND started_at>? AND started_at<?)",
        PARTS: "INDEX run_group (register=? AND group_id=?)",
        MISSING: "PRIMARY KEY (run_id=? AND seq=? AND number=?)",
    }
    for query, step in queries.items():
        given = ("[]",) if query is MISSING else named
        plan = [detail for *_, detail in store._rows(f"EXPLAIN QUERY PLAN {query}", given)]
        assert any(step in detail for detail in plan), plan
        assert [step for step in plan if step.startswith("SCAN") and "VIRTUAL TABLE" not in step] == []


@pytest.fixture
def first(path: Path) -> Path:
    """A store of the first version, with a run in it."""
    store = opened_at(path)
    store.save([run(1, finished(), group={"id": "g", "parts": 2})])
    store.close()
    older(path, 1)
    return path


def schema_at(path: Path) -> tuple[int, set[str]]:
    """Version and tables of a file."""
    with closing(sqlite3.connect(path)) as plain:
        names = {name for (name,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return plain.execute("PRAGMA user_version").fetchone()[0], names & set(tables.TABLES)


def test_an_older_store_is_read_as_it_is(first: Path) -> None:
    """Every question is answered, and nothing is written: another machine may still have the older version."""
    before = first.read_bytes()
    store = opened_at(first, create=False)
    evidence = store.newest("payments")
    assert [piece.id for piece in evidence] == [f"{run_id(1)}.1.1"]
    assert store.decisions("payments") == store.verdicts() == store.failures("payments", {"UC-001": ""}) == []
    assert [(part.run_id, part.number) for part in store.group_parts("payments")] == [(run_id(1), 0)]
    assert [*store.check(evidence), *store.verify()] == []
    assert first.read_bytes() == before


def test_an_older_store_is_brought_up_to_date_by_the_next_write(first: Path) -> None:
    """The first write adds what is new, in the same connection, and what was kept stays."""
    store = opened_at(first, create=False)
    assert schema_at(first)[0] == 1
    assert store.decide([blocker()]) == [blocker().id]
    assert schema_at(first) == (tables.VERSION, set(tables.TABLES))
    assert store.decisions("payments") == [blocker()]
    assert [summary.id for summary in store.runs()] == [run_id(1)]
    assert list(store.verify()) == []


def test_the_records_of_an_older_store_get_their_leaves_by_time(path: Path) -> None:
    """Before the next write there is no tree; then whoever brings it up to date makes the same leaves, and a new name."""
    store = opened_at(path)
    store.save([run(2, at=10), run(1, at=20)], [], [blocker(at=15), blocker("UC-002", at=5)])
    store.save_verdict(VERDICT)
    names, stored = set(), [leaf.id for leaf in (store.tree() or pytest.fail("no tree")).leaves]
    for _ in range(2):
        store.close()
        older(path, 2)
        store = opened_at(path, create=False)
        assert store.tree() is None
        assert [*store.check_tree([run_id(1)]), *store.check([]), *store.verify()] == []
        store.save([])
        tree = store.tree()
        assert tree is not None
        names.add(tree.origin)
        order = [StoredVerdict.parse(VERDICT).id, blocker("UC-002", at=5).id, run_id(2), blocker(at=15).id, run_id(1)]
        assert [leaf.id for leaf in tree.leaves] == order
        assert sorted(stored) == sorted(order)
        assert list(store.verify()) == []
    assert len(names) == 2
    store.close()


def test_a_store_that_another_process_brings_up_to_date_is_read_on(first: Path) -> None:
    """A reader that opened the older store sees what is decided in the newer one."""
    reader = opened_at(first, create=False)
    opened_at(first).decide([blocker()])
    assert reader.decisions("payments") == [blocker()]
    assert list(reader.verify()) == []


def test_a_released_migration_is_never_changed() -> None:
    """Stores out there were made by this very SQL: what is new goes into another step."""
    text = "\n".join(tables.MIGRATIONS["0001_evidence"].values())
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "d9d5978154e12b377395bcbaaebf7f493afebddd6b90d5691c9ef96e105157f1"
    )


def vacuum(path: Path) -> None:
    """Make an empty database."""
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("VACUUM")


@pytest.mark.parametrize("make", [Path.touch, vacuum])
def test_an_empty_file_is_no_store_yet(path: Path, make: Callable[[Path], object]) -> None:
    """What a crash before the first write leaves is an empty store, and becomes one when asked for."""
    make(path)
    assert open_store(f"sqlite:///{path}", Path(), create=False) is None
    assert opened_at(path).save([run(1)]) == [run_id(1)]


def test_a_migration_that_fails_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making the schema is one transaction: half of it is never seen."""
    monkeypatch.setitem(tables.MIGRATIONS, "9999_wrong", {("trigger", "wrong"): "CREATE TRIGGER wrong"})
    with pytest.raises(StorageError):
        opened_at(path)
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_a_locked_store_is_one_line(store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another process holds the store for too long, nothing is written, and the error says to try again."""
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.05)
    second = opened_at(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match=r"is locked by another process .*: try again"):
            second.save([run(2)])
        other.execute("ROLLBACK")
    assert second.save([run(2)]) == [run_id(2)]


def test_a_store_switched_to_wal_is_switched_back(store: SQLiteStore, path: Path) -> None:
    """A journal mode that can lose data is named by verify, and undone by the next run that is kept."""
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("PRAGMA journal_mode = WAL")
    assert [problem.where for problem in store.verify()] == ["database"]
    store.save([run(2)])
    assert list(store.verify()) == []


def test_an_interrupted_keep_is_undone(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a transaction leaves the store usable, and nothing of the run in it."""

    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "_slot_ids", interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.save([run(2), run(3, finished("test_c"))])
    assert [summary.id for summary in store.runs()] == [run_id(1)]
    assert store.save([run(3, finished("test_c"))]) == [run_id(3)]


def test_a_closed_store_raises_no_error_of_sqlite(store: SQLiteStore) -> None:
    """Using a store after its end is our error, on one line."""
    store.close()
    with pytest.raises(StorageError, match="closed"):
        store.runs()
