"""What somebody does who has the files of a store, as data: each attack, and which command shows it.

`docs/explanation/attacks.md` shows the same table, and a test compares the two.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_readiness.facts.leaf import leaf_of
from pytest_readiness.facts.ledger.line import Line, LineChain, line_digest
from pytest_readiness.facts.requirements_snapshot import Snapshot
from pytest_readiness.facts.run import Run, planned_digest
from pytest_readiness.store.address import open_store
from pytest_readiness.store.integrity.index import evidence_of_line, run_row
from pytest_readiness.store.sqlite import queries
from pytest_readiness.store.sqlite.tables import SCHEMA_QUERY

COMMANDS = {
    "verify": ("verify",),
    "gate": ("gate",),
    "verify --checkpoint": ("verify", "--checkpoint", "elsewhere/kept.txt"),
    "gate --checkpoint": ("gate", "--checkpoint", "elsewhere/kept.txt"),
}
"""What may show an attack: with exit code 3. The checkpoint was kept where the attacker cannot write."""
EVERY = frozenset(COMMANDS)
VERIFY = frozenset({"verify", "verify --checkpoint"})
"""What reads everything."""
KEPT = frozenset({"verify --checkpoint", "gate --checkpoint"})
"""What knows something that was kept elsewhere."""
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Attack:
    """One thing that can be done, carried out on a project's folder."""

    does: Callable[[Path], object]
    shown_by: frozenset[str]
    told: str = ""
    """What the first command that shows it says."""


def database(folder: Path) -> Path:
    """The file of the store."""
    return folder / ".readiness" / "evidence.db"


@contextmanager
def opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """The store with its triggers out of the way; they are put back, and nothing shows that they were gone."""
    with closing(sqlite3.connect(database(folder))) as plain:
        kept = {name: text for kind, name, text in plain.execute(SCHEMA_QUERY) if kind == "trigger"}
        for name in kept:
            plain.execute(f"DROP TRIGGER {name}")
        before = plain.total_changes
        yield plain
        assert plain.total_changes > before, "nothing was attacked"
        for text in kept.values():
            plain.execute(text)
        plain.commit()


def sql(*statements: str) -> Callable[[Path], None]:
    """An attack of a few statements."""

    def attack(folder: Path) -> None:
        with opened(folder) as plain:
            for statement in statements:
                plain.execute(statement)

    return attack


# -- what attacks are made of ---------------------------------------------------------------------------------------

FAILED = "SELECT run_id FROM evidence WHERE result = 'FAILED'"
FAILED_LINE = f"run_id = ({FAILED}) AND seq = (SELECT seq FROM evidence WHERE result = 'FAILED')"
FIRST = "SELECT id FROM leaf WHERE number = 0"
MOVE_UP = "UPDATE leaf SET number = number - 1 WHERE number > {0}"
"""As if the leaf with this number had never been there."""


def texts(plain: sqlite3.Connection, run_id: str) -> list[str]:
    """The lines of a run."""
    return [text for (text,) in plain.execute("SELECT text FROM line WHERE run_id = ? ORDER BY seq", (run_id,))]


def rechained(lines: list[str], change: Callable[[dict[str, Any]], dict[str, Any] | None], name: str = "") -> Run:
    """The run that says what was changed, with every digest and the seal made anew; what becomes None is left out."""
    bodies = [body for text in lines if (body := change(json.loads(text))) is not None]
    chain = LineChain(name or bodies[0]["run"])
    made: list[Line] = []
    for body in bodies:
        said = {key: value for key, value in body.items() if key not in ("kind", "prev", "run", "seq")}
        if body["kind"] == "sealed":
            said |= {"count": chain.seq, "planned": planned_digest(made)}
        made.append(chain.next(body["kind"], said))
    return Run(tuple(made))


def put_in(plain: sqlite3.Connection, run: Run, leaf: int | None) -> None:
    """Write a run as the store itself would; as the leaf with this number."""
    found = [piece for line in run.lines for piece in evidence_of_line(line, run.register)]
    for _, row, slot in found:
        if not plain.execute("SELECT 1 FROM slot WHERE key = ?", (slot.key,)).fetchall():
            ((last,),) = plain.execute("SELECT max(id) FROM slot")
            plain.execute(queries.INSERT_SLOT, (last + 1, *slot))
        ((number,),) = plain.execute("SELECT id FROM slot WHERE key = ?", (slot.key,))
        plain.execute(queries.INSERT_EVIDENCE, (*row, number))
    plain.executemany(queries.INSERT_LINE, [(run.id, line.seq, line.text, line.digest) for line in run.lines])
    plain.execute(queries.INSERT_RUN, run_row(run, len(run.lines), len(found)))
    if leaf is not None:
        plain.execute("INSERT INTO leaf VALUES (?, ?, ?, ?)", (leaf, *leaf_of(run)))
    plain.execute("DELETE FROM slot WHERE id NOT IN (SELECT slot_id FROM evidence)")


def take_out(plain: sqlite3.Connection, run_id: str) -> int:
    """Delete every row of a run but its leaf, whose number is returned."""
    plain.execute("DELETE FROM evidence WHERE run_id = ?", (run_id,))
    plain.execute("DELETE FROM line WHERE run_id = ?", (run_id,))
    plain.execute("DELETE FROM run WHERE id = ?", (run_id,))
    plain.execute("DELETE FROM slot WHERE id NOT IN (SELECT slot_id FROM evidence)")
    ((number,),) = plain.execute("SELECT number FROM leaf WHERE id = ?", (run_id,))
    return int(number)


def one(plain: sqlite3.Connection, query: str) -> Any:
    """The only value that a query gives."""
    ((value,),) = plain.execute(query)
    return value


def passed(body: dict[str, Any]) -> dict[str, Any]:
    """The line of a test that failed, as if it had passed."""
    if body.get("result") != "FAILED":
        return body
    attempts = [{**attempt, "result": "PASSED", "message": ""} for attempt in body["attempts"]]
    return {**body, "result": "PASSED", "message": "", "attempts": attempts}


# -- the attacks ----------------------------------------------------------------------------------------------------


def flip_bytes(folder: Path) -> None:
    """Turn FAILED into PASSED wherever it stands in the file."""
    data = database(folder).read_bytes()
    assert b"FAILED" in data
    database(folder).write_bytes(data.replace(b"FAILED", b"PASSED"))


def edit_two_lines(folder: Path) -> None:
    """Edit a line with its digest, and make the line after it name that digest."""
    with opened(folder) as plain:
        run_id, seq = plain.execute("SELECT run_id, seq FROM evidence WHERE result = 'FAILED'").fetchone()
        old = texts(plain, run_id)
        text = Line.parse(old[seq].replace("FAILED", "PASSED")).text
        after = old[seq + 1].replace(line_digest(old[seq]), line_digest(text))
        for number, written in ((seq, text), (seq + 1, after)):
            place = (written, line_digest(written), run_id, number)
            plain.execute("UPDATE line SET text = ?, digest = ? WHERE run_id = ? AND seq = ?", place)
        plain.execute("UPDATE evidence SET result = 'PASSED', badness = 0 WHERE result = 'FAILED'")


def exchange_lines(folder: Path) -> None:
    """Let the line that failed and the one after it change places."""
    with opened(folder) as plain:
        run_id, seq = plain.execute("SELECT run_id, seq FROM evidence WHERE result = 'FAILED'").fetchone()
        for old, new in ((seq, 999), (seq + 1, seq), (999, seq + 1)):
            plain.execute("UPDATE line SET seq = ? WHERE run_id = ? AND seq = ?", (new, run_id, old))


def delete_run(*, leaf: bool, run: str = FAILED) -> Callable[[Path], None]:
    """Delete a run, with or without its leaf."""

    def attack(folder: Path) -> None:
        with opened(folder) as plain:
            number = take_out(plain, one(plain, run))
            if leaf:
                plain.execute(f"DELETE FROM leaf WHERE number = {number}")
                plain.execute(MOVE_UP.format(number))

    return attack


def cut_off(*, resealed: bool) -> Callable[[Path], None]:
    """Cut off what a run recorded from its failure on; with a new seal, or without any."""

    def attack(folder: Path) -> None:
        with opened(folder) as plain:
            run_id, seq = plain.execute("SELECT run_id, seq FROM evidence WHERE result = 'FAILED'").fetchone()
            if resealed:
                kept = texts(plain, run_id)
                kept = [*kept[: seq - 1], kept[-1]]
                number = take_out(plain, run_id)
                plain.execute(f"DELETE FROM leaf WHERE number = {number}")
                put_in(plain, rechained(kept, lambda body: body), number)
            else:
                plain.execute("DELETE FROM line WHERE run_id = ? AND seq >= ?", (run_id, seq))
                plain.execute("DELETE FROM evidence WHERE run_id = ? AND seq >= ?", (run_id, seq))

    return attack


def insert_line(folder: Path) -> None:
    """Put a line in before the seal of a run."""
    with opened(folder) as plain:
        run_id = one(plain, FAILED)
        seal, count = texts(plain, run_id)[-1], len(texts(plain, run_id))
        plain.execute("UPDATE line SET seq = ? WHERE run_id = ? AND seq = ?", (count, run_id, count - 1))
        text = Line.parse(seal.replace('"kind":"sealed"', '"kind":"started"')).text
        plain.execute(queries.INSERT_LINE, (run_id, count - 1, text, line_digest(text)))
        plain.execute("UPDATE run SET line_count = line_count + 1 WHERE id = ?", (run_id,))


def invent_run(*, leaf: bool) -> Callable[[Path], None]:
    """Put a run in that never was: the failing one as if it had passed, under another id, a second later."""

    def attack(folder: Path) -> None:
        def later(body: dict[str, Any]) -> dict[str, Any]:
            return json.loads(json.dumps(passed(body)).replace(at, f"{at[:-4]}999Z"))  # type: ignore[no-any-return]

        with opened(folder) as plain:
            at = one(plain, "SELECT started_at FROM evidence WHERE result = 'FAILED'")
            run_id = one(plain, FAILED)
            made = rechained(texts(plain, run_id), later, f"{run_id[:-8]}0badc0de")
            put_in(plain, made, one(plain, "SELECT count(*) FROM leaf") if leaf else None)

    return attack


def replay_lines(*, newest: bool) -> Callable[[Path], None]:
    """Let the lines of a run that passed stand once more, under a new id; in the index they are the newest, or not."""

    def attack(folder: Path) -> None:
        with opened(folder) as plain:
            run_id = one(plain, FIRST)
            new = f"{run_id[:-8]}0badc0de"
            names = [name for _, name, *_ in plain.execute("PRAGMA table_info(run)") if name != "id"]
            plain.execute(f"INSERT INTO run SELECT '{new}', {', '.join(names)} FROM run WHERE id = '{run_id}'")
            plain.execute(f"INSERT INTO line SELECT '{new}', seq, text, digest FROM line WHERE run_id = '{run_id}'")
            starts = "(SELECT max(finished_at) FROM run)" if newest else "started_at"
            plain.execute(
                f"INSERT INTO evidence SELECT '{new}', seq, number, slot_id, {starts}, badness, result"
                f" FROM evidence WHERE run_id = '{run_id}'"
            )
            leaf = "INSERT INTO leaf SELECT (SELECT count(*) FROM leaf), 'run', ?, digest FROM leaf WHERE id = ?"
            plain.execute(leaf, (new, run_id))

    return attack


def recompute(*, leaf: bool, run: str = FAILED) -> Callable[[Path], None]:
    """Write a run anew as if everything in it had passed, with every digest; and its leaf, or not."""

    def attack(folder: Path) -> None:
        with opened(folder) as plain:
            run_id = one(plain, run)
            made = rechained(
                texts(plain, run_id),
                lambda body: {**passed(body), "host": "elsewhere"} if body["seq"] == 0 else passed(body),
            )
            number = take_out(plain, run_id)
            if leaf:
                plain.execute(f"DELETE FROM leaf WHERE number = {number}")
            put_in(plain, made, number if leaf else None)

    return attack


def roll_back(folder: Path) -> None:
    """Put an older copy in the store's place."""
    shutil.copyfile(folder / "older.db", database(folder))


def make_anew(folder: Path) -> None:
    """Put a new store in the place of the old one, with every run but the one that failed."""
    with closing(sqlite3.connect(database(folder))) as plain:
        bad = one(plain, FAILED)
        names = [name for (name,) in plain.execute("SELECT id FROM run ORDER BY id") if name != bad]
        runs = [Run.parse(texts(plain, name)) for name in names]
        snapshots = [Snapshot(text, digest) for digest, text in plain.execute("SELECT digest, text FROM snapshot")]
    database(folder).unlink()
    store = open_store(f"sqlite:///{database(folder)}", folder, create=True)
    assert store is not None
    store.save(runs, snapshots)
    store.close()


def swap_artifact(folder: Path) -> None:
    """Write something else into the file of an artifact."""
    for path in (folder / ".readiness" / "artifacts").rglob("*"):
        if path.is_file():
            path.write_bytes(b"another log")


def delete_blocker(folder: Path) -> None:
    """Delete a blocker with its leaf, and that it was decided here, as if nobody had blocked."""
    with opened(folder) as plain:
        plain.execute("DELETE FROM decided_here WHERE id = (SELECT id FROM decision WHERE kind = 'blocker')")
        number = one(plain, "SELECT number FROM leaf WHERE id = (SELECT id FROM decision WHERE kind = 'blocker')")
        plain.execute("DELETE FROM decision WHERE kind = 'blocker'")
        plain.execute(f"DELETE FROM leaf WHERE number = {number}")
        plain.execute(MOVE_UP.format(number))


def plainly(*statements: str) -> Callable[[Path], None]:
    """An attack on the schema itself, which is left as it then is."""

    def attack(folder: Path) -> None:
        with closing(sqlite3.connect(database(folder))) as plain:
            for statement in statements:
                plain.execute(statement)
            plain.commit()

    return attack


def plant_journal(folder: Path) -> None:
    """Put a journal beside the store that says of the run that failed that it passed."""
    with closing(sqlite3.connect(database(folder))) as plain:
        made = rechained(texts(plain, one(plain, FAILED)), passed)
    path = folder / ".readiness" / "journal" / f"{made.id}.jsonl"
    path.write_text("".join(f"{line.text}\n" for line in made.lines), encoding="utf-8", newline="")


PLANTED = """CREATE TRIGGER theirs AFTER INSERT ON evidence WHEN NEW.badness >= 5
BEGIN UPDATE evidence SET badness = 0 WHERE run_id = NEW.run_id; END"""
LAST = "SELECT id FROM leaf ORDER BY number DESC LIMIT 1"
"""Came in after the checkpoint was made."""

ATTACKS: dict[str, Attack] = {
    "a result edited in its column": Attack(
        sql("UPDATE evidence SET result = 'PASSED', badness = 0 WHERE result = 'FAILED'"),
        EVERY,
        "column evidence.result: the index has 'PASSED', the lines have 'FAILED'",
    ),
    "a result edited in the stored line": Attack(
        sql(f"UPDATE line SET text = replace(text, 'FAILED', 'PASSED') WHERE {FAILED_LINE}"),
        EVERY,
        "column digest: it does not match the text",
    ),
    "`FAILED` turned into `PASSED` in the bytes of the file": Attack(
        flip_bytes, EVERY, "column digest: it does not match"
    ),
    "a line edited with its digest, and the next line adjusted": Attack(
        edit_two_lines, EVERY, "does not follow the line before it"
    ),
    "a failure made older in the index, so that a pass is the newest": Attack(
        sql("UPDATE evidence SET started_at = '2020-01-01T00:00:00.000Z' WHERE result = 'FAILED'"),
        EVERY,
        "column evidence.started_at: the index has '2020",
    ),
    "a line deleted": Attack(
        sql(f"DELETE FROM line WHERE {FAILED_LINE}", "DELETE FROM evidence WHERE result = 'FAILED'"),
        EVERY,
        "is missing or out of order",
    ),
    "two lines exchanged": Attack(exchange_lines, EVERY, "column seq: the text is of line"),
    "a line inserted": Attack(insert_line, EVERY, "the seal names 5 lines, and there are 6"),
    "the tail of a run cut off": Attack(cut_off(resealed=False), EVERY, "it is not sealed"),
    "the tail of a run cut off, and a new seal made": Attack(cut_off(resealed=True), KEPT, "are not those of then"),
    "a run deleted": Attack(delete_run(leaf=False), EVERY, "is not in the store: it was deleted"),
    "a run deleted with its leaf, and the later leaves moved up": Attack(
        delete_run(leaf=True), KEPT, "are not those of then"
    ),
    "a run deleted with its leaf, stored after the checkpoint": Attack(delete_run(leaf=True, run=LAST), NONE),
    "a whole run recomputed": Attack(recompute(leaf=True), KEPT, "are not those of then"),
    "a whole run recomputed, its leaf unchanged": Attack(
        recompute(leaf=False), VERIFY | KEPT, "does not match its leaf"
    ),
    "a whole run recomputed, stored after the checkpoint": Attack(recompute(leaf=True, run=LAST), NONE),
    "an old run replayed: its lines once more, under a new id": Attack(
        replay_lines(newest=False), EVERY, "column run.id: the index has"
    ),
    "an old run replayed, and marked as the newest in the index": Attack(
        replay_lines(newest=True), EVERY, "column run.id: the index has"
    ),
    "an invented run without a leaf": Attack(invent_run(leaf=False), EVERY, "has no leaf in the tree"),
    "an invented run with everything that belongs to it": Attack(invent_run(leaf=True), NONE),
    "the store rolled back to an older copy": Attack(roll_back, KEPT, "it was rolled back to an older copy"),
    "the store deleted": Attack(lambda folder: database(folder).unlink(), KEPT, "it was deleted or replaced"),
    "the store rebuilt from the runs that passed": Attack(make_anew, KEPT, "is of another store"),
    "the name of the store changed": Attack(
        sql(f"UPDATE identity SET origin = 'readiness-store/{'0' * 32}'"), KEPT, "is of another store"
    ),
    "two leaves exchanged": Attack(
        sql(
            "UPDATE leaf SET number = -1 WHERE number = 0",
            "UPDATE leaf SET number = 0 WHERE number = 3",
            "UPDATE leaf SET number = 3 WHERE number = -1",
        ),
        KEPT,
        "are not those of then",
    ),
    "a decision edited": Attack(
        sql("UPDATE decision SET text = replace(text, 'the provider is late', 'no reason')"), EVERY, "was changed"
    ),
    "a blocker moved to another register in its column": Attack(
        sql("UPDATE decision SET register = 'other' WHERE kind = 'blocker'"),
        VERIFY,
        "column register: the index has 'other'",
    ),
    "a blocker deleted": Attack(
        sql("DELETE FROM decision WHERE kind = 'blocker'"), EVERY, "is not in the store: it was deleted"
    ),
    "a blocker deleted with its leaf, and the later leaves moved up": Attack(
        delete_blocker, KEPT, "are not those of then"
    ),
    "a stored verdict deleted": Attack(sql("DELETE FROM verdict"), EVERY, "is not in the store: it was deleted"),
    "the requirements of a run edited": Attack(
        sql("UPDATE snapshot SET text = replace(text, 'UC-001', 'UC-009')"),
        VERIFY,
        "column text: it does not match the digest",
    ),
    "an artifact swapped": Attack(swap_artifact, VERIFY, "was changed: its content has another digest"),
    "a journal beside the store that contradicts a run": Attack(
        plant_journal, EVERY, "differs from the run with this id in the store"
    ),
    "a trigger dropped": Attack(plainly("DROP TRIGGER line_no_update"), EVERY, "was dropped from the schema"),
    "a trigger added": Attack(plainly(PLANTED), EVERY, "trigger theirs: does not belong to the schema"),
    "a view added": Attack(
        plainly("CREATE VIEW theirs AS SELECT * FROM evidence"), EVERY, "view theirs: does not belong to the schema"
    ),
}
"""What is done, as the docs call it."""
