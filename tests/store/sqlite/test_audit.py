"""Audit of SQLite stores: every edit is reported by run, line and column."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from pytest_readiness.errors import IntegrityError, ReadinessError
from pytest_readiness.facts.evidence import Evidence
from pytest_readiness.facts.ledger.line import line_digest
from pytest_readiness.store.address import open_store
from pytest_readiness.store.integrity.index import RunRow, SlotRow
from pytest_readiness.store.protocol import Store
from pytest_readiness.store.sqlite import tables
from tests.store.runs import VERDICT, blocker, claim, finished, moment, planned, run, run_id, snapshot, statement

pytestmark = pytest.mark.slow

RUN = run_id(1)
REQUIREMENTS = snapshot()
DECISION = blocker()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with two runs in it."""
    path = tmp_path / "evidence.db"
    store = open_store(f"sqlite:///{path}", Path(), create=True)
    assert store is not None
    bodies = (planned("test_a", "test_b"), finished("test_a", claim(environment="staging")), finished("test_b", at=59))
    head = {"requirements": REQUIREMENTS.digest, "release": "1.2"}
    signed = run(1, *bodies, **head)
    store.save([signed, run(2, finished("test_c"), **head)], [REQUIREMENTS], envelopes=[statement(signed)])
    store.decide([DECISION], envelopes=[statement(DECISION)])
    store.save_verdict(VERDICT)
    store.close()
    return path


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """The store in that file, opened while it is still sound."""
    store = open_store(f"sqlite:///{path}", Path(), create=False)
    assert store is not None
    yield store
    store.close()


def tamper(path: Path, *statements: str) -> None:
    """Do what somebody does who has the file: drop the triggers, edit, and put them back."""
    with closing(sqlite3.connect(path)) as plain:
        for name in tables.TRIGGERS:
            plain.execute(f"DROP TRIGGER {name}")
        changed = sum(plain.execute(sql).rowcount for sql in statements)
        assert changed, "nothing was tampered with"
        for sql in tables.TRIGGERS.values():
            plain.execute(sql)
        plain.commit()


def verified(store: Store) -> list[str]:
    """What verify tells."""
    return [str(problem) for problem in store.verify()]


LINE_2 = f"FROM line WHERE run_id = '{RUN}' AND seq = 2"
OF_LINE_2 = f"WHERE run_id = '{RUN}' AND seq = 2"
EDITS = {
    "the text of a line": (
        f"UPDATE line SET text = replace(text, 'PASSED', 'FAILED') {OF_LINE_2}",
        f"run {RUN}, line 2: column digest",
    ),
    "the digest of a line": (f"UPDATE line SET digest = 'x' {OF_LINE_2}", f"run {RUN}, line 2: column digest"),
    "a line that is no JSON": (f"UPDATE line SET text = 'x' {OF_LINE_2}", f"run {RUN}, line 2: column text"),
    "a line that is no UTF-8": (
        f"UPDATE line SET text = CAST(x'7bff7d' AS TEXT) {OF_LINE_2}",
        f"run {RUN}, line 2: column text",
    ),
    "a deleted line": (f"DELETE {LINE_2}", f"run {RUN}: line 2 is missing"),
    "a deleted seal": (f"DELETE FROM line WHERE run_id = '{RUN}' AND seq = 4", f"run {RUN}: it is not sealed"),
    "all lines deleted": (f"DELETE FROM line WHERE run_id = '{RUN}'", f"run {RUN}: all its lines are missing"),
    "an inserted line": (
        f'INSERT INTO line VALUES (\'{RUN}\', 5, \'{{"kind":"finished","run":"{RUN}","seq":5}}\', \'x\')',
        f"run {RUN}, line 4: there are lines after the seal",
    ),
    "a deleted run": (
        f"DELETE FROM run WHERE id = '{RUN}'",
        f"run {RUN}: the table line has rows of a run whose own row was deleted",
    ),
    "an inserted run": (
        f"INSERT INTO run SELECT 'other', {', '.join(RunRow._fields[1:])} FROM run LIMIT 1",
        "run other: all its lines are missing",
    ),
    "a deleted piece of evidence": (f"DELETE FROM evidence {OF_LINE_2}", f"run {RUN}, line 2, evidence 1: is missing"),
    "an inserted piece of evidence": (
        f"INSERT INTO evidence SELECT run_id, seq, 2, slot_id, started_at, badness, result FROM evidence {OF_LINE_2}",
        f"run {RUN}, line 2, evidence 2: is in the index, but not in its line",
    ),
    "evidence in another slot": (
        f"UPDATE evidence SET slot_id = (SELECT max(id) FROM slot) {OF_LINE_2}",
        f"run {RUN}, line 2, evidence 1, column slot.test_id: the index has 'test_c', the lines have 'test_a'",
    ),
    "a deleted slot": (
        "DELETE FROM slot WHERE test_id = 'test_a'",
        f"run {RUN}, line 2, evidence 1, column evidence.slot_id: its slot is missing",
    ),
    "an inserted slot": (
        f"INSERT INTO slot SELECT 99, 'k', {', '.join(SlotRow._fields[1:])} FROM slot LIMIT 1",
        "table slot: no evidence belongs to k",
    ),
    "an edited decision": (
        "UPDATE decision SET text = replace(text, 'not yet', 'fine by me')",
        f"decision {DECISION.id}: the decision {DECISION.id} was changed in the store",
    ),
    "a decision that is none": ("UPDATE decision SET text = '{}'", f"decision {DECISION.id}: the decision"),
    "who decided": ("UPDATE decision SET decided_by = 'eve'", f"decision {DECISION.id}, column decided_by: the index"),
    "when it was decided": ("UPDATE decision SET at = ''", f"decision {DECISION.id}, column at: the index"),
    "what was decided": ("UPDATE decision SET kind = 'unblock'", f"decision {DECISION.id}, column kind: the index"),
    "where it counts": ("UPDATE decision SET register = 'x'", f"decision {DECISION.id}, column register: the index"),
    "an edited verdict": ("UPDATE verdict SET text = replace(text, 'false', 'true')", "verdict "),
    "when the verdict was": ("UPDATE verdict SET at = ''", "verdict "),
    "an edited signature": ("UPDATE envelope SET text = replace(text, '\"sig\"', '\"gis\"')", "signature "),
    "a signature of another run": (
        f"UPDATE envelope SET subject = '{run_id(2)}' WHERE kind = 'run'",
        "signature ",
    ),
    "what a signature is about": ("UPDATE envelope SET kind = 'x'", "signature "),
    "which seal was signed": ("UPDATE envelope SET subject_digest = 'x'", "signature "),
    "a signed decision that was deleted": (
        "DELETE FROM decision",
        f"decision {DECISION.id}: it was signed, but is not in the store",
    ),
    "edited requirements": ("UPDATE snapshot SET text = '{}'", f"requirements {REQUIREMENTS.digest}: column text"),
    "a deleted leaf": ("DELETE FROM leaf WHERE number = 1", "leaf 1: was deleted, or its number was changed"),
    "a record without a leaf": ("DELETE FROM leaf WHERE number = 1", f"run {run_id(2)}: has no leaf in the tree"),
    "a leaf of another digest": (
        "UPDATE leaf SET digest = 'x' WHERE number = 0",
        f"leaf 0, run {RUN}: does not match its leaf",
    ),
    "a leaf of another decision": (
        "UPDATE leaf SET digest = 'x' WHERE kind = 'decision'",
        f"leaf 2, decision {DECISION.id}: does not match its leaf",
    ),
    "a decision that is gone": ("DELETE FROM decision", f"leaf 2, decision {DECISION.id}: is not in the store"),
    "a verdict that is gone": ("DELETE FROM verdict", "leaf 3, verdict "),
    "an inserted leaf": (
        f"INSERT INTO leaf VALUES (4, 'run', '{run_id(9)}', 'x')",
        f"leaf 4, run {run_id(9)}: is not in the store: it was deleted",
    ),
    "a leaf of no kind": ("UPDATE leaf SET kind = 'x' WHERE number = 0", "leaf 0: 'x' is not a kind of record"),
    "the store's name": ("UPDATE identity SET origin = 'x'", "table identity: the name of the store was changed"),
    "deleted requirements": ("DELETE FROM snapshot", f"requirements {REQUIREMENTS.digest}: are not in the store"),
}
"""What was done -> the statement, and how verify names it."""


@pytest.mark.parametrize("edit", EDITS)
def test_verify_names_each_edit(path: Path, edit: str) -> None:
    """Edited, deleted and inserted rows of every table are named by their place."""
    sql, messages = EDITS[edit]
    tamper(path, sql)
    store = open_store(f"sqlite:///{path}", Path(), create=False)
    assert store is not None
    with closing(store):
        assert [text for text in verified(store) if text.startswith(messages)]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE decision SET text = replace(text, 'not yet', 'fine by me')",
        "UPDATE decision SET text = '{}'",
        "UPDATE decision SET id = 'x'",
    ],
)
def test_an_edited_decision_is_not_read(store: Store, path: Path, sql: str) -> None:
    """What a person decided is never given out changed, also where nobody ran verify."""
    tamper(path, sql)
    with pytest.raises(IntegrityError, match=r"the decision .* (was changed|is damaged)"):
        store.decisions("payments")


def test_an_edited_verdict_is_not_read(store: Store, path: Path) -> None:
    """A kept verdict whose text is not that of its id is an error."""
    tamper(path, "UPDATE verdict SET text = replace(text, 'false', 'true')")
    with pytest.raises(IntegrityError, match="was changed in the store"):
        store.verdicts()


def columns(table: str) -> list[tuple[str, str]]:
    """The columns that an index derives, each with the table it is in."""
    with closing(sqlite3.connect(":memory:")) as plain:
        plain.execute(tables.TABLES[table])
        names = [row[1] for row in plain.execute(f"PRAGMA table_info({table})")]
    return [(table, name) for name in names if name not in ("id", "run_id", "seq", "number", "slot_id")]


@pytest.mark.parametrize(("table", "column"), [*columns("run"), *columns("slot"), *columns("evidence")])
def test_every_column_of_the_index_is_derived_again(store: Store, path: Path, table: str, column: str) -> None:
    """An edit of any column is named with that column; check sees it as far as the answer rests on it."""
    resting = store.newest("payments")
    key = {"run": f"id = '{RUN}'", "slot": "test_id = 'test_a'", "evidence": f"run_id = '{RUN}' AND seq = 2"}[table]
    number = column in ("dirty", "group_parts", "line_count", "evidence_count", "badness")
    tamper(path, f"UPDATE {table} SET {column} = {7 if number else repr('edited')} WHERE {key}")
    assert [text for text in verified(store) if text.startswith(f"run {RUN}") and f"column {table}.{column}" in text]
    assert list(store.check(resting)) != []


@pytest.mark.parametrize(
    "statements",
    [
        ("DELETE FROM slot WHERE id = 1",),
        ("DELETE FROM slot WHERE id = 2",),
        ("DELETE FROM slot WHERE id = 3",),
        ("DELETE FROM slot",),
        ("DELETE FROM slot WHERE id = 3", "UPDATE evidence SET slot_id = 99 WHERE slot_id = 3"),
        ("DELETE FROM slot WHERE id = 1", "UPDATE evidence SET slot_id = 0 WHERE slot_id = 1"),
        ("DELETE FROM slot WHERE id = 1", "UPDATE slot SET id = 1 WHERE id = 3"),
        (
            "DELETE FROM slot WHERE id = 1",
            f"INSERT INTO slot SELECT 0, 'k', {', '.join(SlotRow._fields[1:])} FROM slot LIMIT 1",
        ),
    ],
    ids=["first", "middle", "last", "all", "beyond", "before", "closed gap", "made up for"],
)
def test_check_sees_evidence_whose_slot_is_gone(store: Store, path: Path, statements: tuple[str, ...]) -> None:
    """Evidence without a slot is found by no question: that it is there is told before an answer is relied on."""
    tamper(path, *statements)
    messages = [str(problem) for problem in store.check([])]
    assert [text for text in messages if text.startswith("table slot: slot ") and "which hides its evidence" in text]


def test_two_lines_that_changed_places_are_named(store: Store, path: Path) -> None:
    """Rows whose numbers were exchanged are told as lines out of order, each by its column."""
    tamper(
        path, *(f"UPDATE line SET seq = {n} WHERE run_id = '{RUN}' AND seq = {m}" for m, n in ((2, 9), (3, 2), (9, 3)))
    )
    messages = verified(store)
    assert f"run {RUN}, line 2: column seq: the text is of line 3" in messages
    assert f"run {RUN}, line 3: column seq: the text is of line 2" in messages


def test_a_run_written_anew_from_its_start_is_seen_by_what_was_given(store: Store, path: Path) -> None:
    """A run that was rehashed as a whole passes every chain: only what somebody kept elsewhere shows it."""
    forged = run(2, finished("test_c", message="better"), requirements=REQUIREMENTS.digest, release="1.2")
    given = [piece for piece in store.newest("payments") if piece.test_id == "test_c"]
    tamper(
        path,
        *(
            f"UPDATE line SET text = '{line.text}', digest = '{line.digest}' WHERE run_id = '{run_id(2)}' AND seq = {line.seq}"
            for line in forged.lines
        ),
        f"UPDATE run SET head = '{forged.lines[-1].digest}' WHERE id = '{run_id(2)}'",
    )
    leaf = f"leaf 1, run {run_id(2)}: does not match its leaf: one of them was changed"
    assert verified(store) == [leaf]
    tamper(path, f"UPDATE leaf SET digest = '{forged.lines[-1].digest}' WHERE id = '{run_id(2)}'")
    assert verified(store) == []
    assert ["that was read" in problem.what for problem in store.check(given)] == [True]


@pytest.mark.parametrize("name", tables.TRIGGERS)
def test_each_dropped_trigger_is_named(store: Store, path: Path, name: str) -> None:
    """A guard that is gone is told, by verify and by check."""
    with closing(sqlite3.connect(path)) as plain:
        plain.execute(f"DROP TRIGGER {name}")
    messages = f"trigger {name}: was dropped from the schema: records may have been changed since"
    assert verified(store) == [messages]
    assert [str(problem) for problem in store.check([])] == [messages]


@pytest.mark.parametrize(
    ("sql", "messages"),
    [
        ("CREATE TRIGGER theirs AFTER INSERT ON line BEGIN SELECT 1; END", "trigger theirs: does not belong"),
        ("CREATE VIEW theirs AS SELECT 1", "view theirs: does not belong"),
        ("CREATE TABLE theirs (x)", "table theirs: does not belong"),
        ("CREATE TRIGGER theirs AFTER INSERT ON _sqlite_migrations BEGIN SELECT 1; END", "trigger theirs: does not"),
        ("CREATE TEMP TABLE x (y)", None),
        ("DROP INDEX evidence_newest", "index evidence_newest: was dropped"),
    ],
)
def test_what_was_added_to_or_taken_from_the_schema_is_named(
    store: Store, path: Path, sql: str, messages: str | None
) -> None:
    """Triggers, views, tables and indexes that do not belong, or are gone, are told by name."""
    with closing(sqlite3.connect(path)) as plain:
        plain.execute(sql)
    assert [text.startswith(messages or "") for text in verified(store)] == ([True] if messages else [])


def test_a_trigger_of_the_same_name_that_does_nothing_is_named(store: Store, path: Path) -> None:
    """A guard that was replaced by an empty one is told as changed."""
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("DROP TRIGGER run_no_delete")
        plain.execute("CREATE TRIGGER run_no_delete BEFORE DELETE ON run BEGIN SELECT 1; END")
    assert verified(store) == ["trigger run_no_delete: was changed in the schema"]


def test_every_occurrence_of_a_value_in_the_file_is_guarded(path: Path) -> None:
    """Wherever the bytes of a start time stand (line, table or index), changing them there is found."""
    data = path.read_bytes()
    needle, other = moment(59).encode(), moment(58).encode()
    places = [at for at in range(len(data)) if data.startswith(needle, at)]
    assert len(places) >= 3
    for at in places:
        path.write_bytes(data[:at] + other + data[at + len(other) :])
        store = open_store(f"sqlite:///{path}", Path(), create=False)
        assert store is not None
        assert verified(store) != [], f"a change at byte {at} went unseen"
        store.close()


Answers = list[object]
"""What a store says to each question: the answer, or the type of our own error."""


def everything(path: Path) -> tuple[Answers, list[str]] | None:
    """Ask every question, and what does not fit; only our own errors may come out. None: the file is refused."""
    try:
        store = open_store(f"sqlite:///{path}", Path(), create=True)
        assert store is not None
    except ReadinessError:
        return None
    pieces: list[Evidence] = []
    questions = (
        lambda: pieces.extend(store.newest("payments")) or list(pieces),
        lambda: [str(problem) for problem in store.check(pieces)],
        lambda: list(store.history("payments", "UC-001")),
        lambda: list(store.artifacts()),
        lambda: [store.run(summary.id) for summary in store.runs()],
        lambda: store.snapshot(REQUIREMENTS.digest),
        lambda: store.evidence(f"{RUN}.2.1"),
        lambda: store.use_cases("payments"),
        lambda: store.decisions("payments"),
    )
    answers: Answers = []
    for question in questions:
        try:
            answers.append(question())
        except ReadinessError as error:
            answers.append(type(error))
    findings = verified(store)  # never raises
    with suppress(ReadinessError):
        store.save([run(3, finished())])
    list(store.verify())
    store.close()
    return answers, findings


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_file_reads_back_equal_or_is_found(path: Path, tmp_path: Path, seed: int) -> None:
    """After random damage (flipped bytes, garbage pages, a cut-off end) all is read back as it was, or is found."""
    sound = tmp_path / "sound.db"
    sound.write_bytes(path.read_bytes())
    before = everything(sound)
    assert before is not None
    assert before[1] == []
    chance = random.Random(seed)
    data = bytearray(path.read_bytes())
    if seed % 4 == 0:
        del data[chance.randrange(17, len(data)) :]
    elif seed % 4 == 1:
        page = chance.randrange(len(data) // 4096) * 4096
        data[page + 100 : page + 4096] = chance.randbytes(3996)
    else:
        for _ in range(chance.choice([1, 10, 100])):
            data[chance.randrange(100, len(data))] = chance.randrange(256)
    path.write_bytes(data)
    after = everything(path)
    assert after is None or after[1] or after[0] == before[0]


@pytest.mark.parametrize(
    "text", ["x", "{}", "[]", '{"seq":2}', '{"kind":"finished","seq":2}', "[" * 100_000, "\\ud800"]
)
def test_a_line_of_any_text_is_told(store: Store, path: Path, text: str) -> None:
    """Whatever somebody writes into a line, it is named, and every question ends in our own errors."""
    tamper(path, f"UPDATE line SET text = '{text}' {OF_LINE_2}")
    assert any(f"run {RUN}, line 2" in messages for messages in verified(store))
    everything(path)


@pytest.mark.parametrize(
    ("sql", "messages"),
    [
        ("DELETE FROM decision", "table leaf: there are 4 leaves up to number 3, but 3 records"),
        ("DELETE FROM verdict", "table leaf: there are 4 leaves up to number 3, but 3 records"),
        ("DELETE FROM leaf WHERE number = 3", "table leaf: there are 3 leaves up to number 2, but 4 records"),
    ],
)
def test_check_sees_that_a_record_or_its_leaf_is_missing(store: Store, path: Path, sql: str, messages: str) -> None:
    """A decision that was deleted cannot be missed unseen: its leaf is one too many."""
    tamper(path, sql)
    assert [str(problem) for problem in store.check([])] == [
        f"{messages}: run 'readiness verify' to find the differences"
    ]


def test_check_sees_evidence_of_another_register(store: Store, path: Path) -> None:
    """What was moved into this register in the index, key and all, still is of the run that says another."""
    store.save([run(3, finished("test_d"), register="other")])
    tamper(path, "UPDATE slot SET register = 'payments', key = replace(key, '\"other\"', '\"payments\"')")
    resting = [piece for piece in store.newest("payments") if piece.test_id == "test_d"]
    assert len(resting) == 1
    messages = f"run {run_id(3)}, column slot.register: the run belongs to 'other'"
    assert [str(problem) for problem in store.check(resting)] == [messages]
    assert any("column slot.register" in problem for problem in verified(store))


def test_check_tree_walks_the_runs_it_is_asked_about(store: Store, path: Path) -> None:
    """Two lines that were made to follow each other do not lead up to the seal; a run that nobody asked about may."""
    old = {line.seq: line for line in next(each for each in [store.run(RUN)] if each).lines}
    text = old[2].text.replace("PASSED", "FAILED")
    following = old[3].text.replace(old[2].digest, line_digest(text))
    tamper(path, rewritten(2, text), rewritten(3, following))
    messages = f"run {RUN}: line 4 does not follow the line before it: one of them was changed"
    assert [str(problem) for problem in store.check_tree([RUN, run_id(2)])] == [messages]
    assert list(store.check_tree([run_id(2)])) == []


@pytest.mark.parametrize("table", ["line", "evidence", "slot"])
def test_check_sees_that_records_are_missing(store: Store, path: Path, table: str) -> None:
    """A failure that was deleted cannot let an older pass stand for it unseen, though no answer rests on it."""
    store.save([run(3, finished("test_c", at=30, result="FAILED", environment="x"))])
    resting = [piece for piece in store.newest("payments") if piece.run_id == RUN]
    where = "id = (SELECT slot_id FROM evidence WHERE" if table == "slot" else "(true AND"
    tamper(path, f"DELETE FROM {table} WHERE {where} run_id = '{run_id(3)}')")
    assert [problem.where for problem in store.check(resting)] == [f"table {table}"]


def rewritten(seq: int, text: str) -> str:
    """SQL that writes a line anew, with the digest of its new text."""
    return f"UPDATE line SET text = '{text}', digest = '{line_digest(text)}' WHERE run_id = '{RUN}' AND seq = {seq}"


@pytest.mark.parametrize(
    ("sql", "messages"),
    [
        (f"DELETE {LINE_2}", f"run {RUN}, line 2: is missing"),
        (f"DELETE FROM line WHERE run_id = '{RUN}' AND seq = 0", f"run {RUN}: its first line or its seal is missing"),
        (f"DELETE FROM line WHERE run_id = '{RUN}' AND seq = 4", f"run {RUN}: its first line or its seal is missing"),
        (f"UPDATE line SET text = replace(text, 'PASSED', 'FAILED') {OF_LINE_2}", f"run {RUN}, line 2: column digest"),
        (rewritten(2, '{"kind":"finished","seq":2}'), f"run {RUN}, line 2: cannot be read as evidence"),
        (rewritten(3, '{"kind":"note","seq":3}'), f"run {RUN}, line 2: the next line does not follow it"),
        (rewritten(0, f'{{"kind":"run","run":"{RUN}","seq":0}}'), f"run {RUN}: its first line or its seal cannot"),
        (rewritten(4, '{"count":9,"kind":"sealed","seq":4}'), f"run {RUN}, line 4: the seal does not match the run"),
        (f"UPDATE run SET state = 'OPEN' WHERE id = '{RUN}'", f"run {RUN}, column run.state: the index has 'OPEN'"),
        (f"DELETE FROM run WHERE id = '{RUN}'", f"run {RUN}: is not in the store"),
    ],
)
def test_check_names_what_an_answer_rests_on(store: Store, path: Path, sql: str, messages: str) -> None:
    """First line, seal, the line itself, the line after it and the index: each is looked at for each answer."""
    resting = store.newest("payments")
    tamper(path, sql)
    assert [text for text in map(str, store.check(resting)) if text.startswith(messages)]


def test_check_leaves_alone_what_an_answer_does_not_rest_on(store: Store, path: Path) -> None:
    """An edit in another run is for verify to find: check answers for its evidence only."""
    resting = [piece for piece in store.newest("payments") if piece.run_id == RUN]
    tamper(path, f"UPDATE line SET digest = 'x' WHERE run_id = '{run_id(2)}'")
    assert list(store.check(resting)) == []
    assert len(verified(store)) == 3


@pytest.mark.parametrize("line", [2, 3], ids=["of the evidence", "after it"])
def test_a_line_that_is_changed_after_it_was_read_for_an_answer_is_found_by_the_check_of_that_answer(
    store: Store, path: Path, line: int
) -> None:
    """What was read for an answer spares the check no look at the file."""
    answer = store.newest("payments", ["UC-001"])
    tamper(path, f"UPDATE line SET text = replace(text, 'PASSED', 'FAILED') WHERE run_id = '{RUN}' AND seq = {line}")
    assert any(f"{RUN}, line {line}" in str(problem) for problem in store.check(answer))


def test_bytes_that_are_no_text_are_named_where_they_stand(store: Store, path: Path) -> None:
    """Damaged bytes end no reading: they are found by what they damage."""
    answer = store.newest("payments", ["UC-001"])
    tamper(path, f"UPDATE line SET text = CAST(X'7BFF' || text AS TEXT) {OF_LINE_2}")
    assert any(f"{RUN}, line 2" in str(problem) for problem in store.check(answer))
    assert any(f"{RUN}, line 2" in problem for problem in verified(store))
