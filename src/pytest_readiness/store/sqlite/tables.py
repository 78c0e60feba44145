"""SQL schema of the store: tables, indexes, and triggers that make the records append-only.

The triggers also refuse more lines for a stored run. They protect against accidents. Against attacks there are the hash
chain, ids that are digests, and ``verify``.
"""

from __future__ import annotations

from collections.abc import Mapping

MIGRATIONS_TABLE = "_sqlite_migrations"

_EVIDENCE_TABLES = {
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

_DECISION_TABLES = {
    "decision": """CREATE TABLE decision (
    id TEXT NOT NULL PRIMARY KEY,
    register TEXT NOT NULL,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    "verdict": """CREATE TABLE verdict (
    id TEXT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
}

_TREE_TABLES = {
    "identity": """CREATE TABLE identity (
    origin TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID""",
    "leaf": """CREATE TABLE leaf (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (kind, id)
) STRICT""",
}

_ENVELOPE_TABLES = {
    "envelope": """CREATE TABLE envelope (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_digest TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
}

_HERE_TABLES = {
    # A bundle can declare any identity level. Only decisions that were made in this store keep theirs.
    "decided_here": """CREATE TABLE decided_here (
    id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID""",
}

TABLES = {**_EVIDENCE_TABLES, **_DECISION_TABLES, **_TREE_TABLES, **_ENVELOPE_TABLES, **_HERE_TABLES}

_EVIDENCE_INDEXES = {
    # Covers the query for the newest execution of a slot: one index lookup per slot, however long its history.
    "evidence_newest": """CREATE INDEX evidence_newest
    ON evidence (slot_id, started_at, badness, run_id, seq, number)""",
    "slot_scope": "CREATE INDEX slot_scope ON slot (register, use_case, item)",
}

_DECISION_INDEXES = {
    # Cover the queries for failures since a review: one index lookup per slot, however long its history.
    "evidence_failed": """CREATE INDEX evidence_failed
    ON evidence (slot_id, started_at, badness, run_id, seq, number) WHERE badness >= 6""",
    "evidence_interrupted": """CREATE INDEX evidence_interrupted
    ON evidence (slot_id, started_at, badness, run_id, seq, number) WHERE badness = 5""",
    "run_group": "CREATE INDEX run_group ON run (register, group_id, group_parts) WHERE group_id IS NOT NULL",
    "decision_time": "CREATE INDEX decision_time ON decision (register, at, id)",
}

_ENVELOPE_INDEXES = {
    "envelope_subject": "CREATE INDEX envelope_subject ON envelope (subject, id)",
}

_CONFLICTS = {
    # INSERT OR REPLACE deletes without running the delete triggers. By rowid it could replace a row with another key.
    "run": "EXISTS (SELECT 1 FROM run WHERE id = NEW.id)",
    "line": """EXISTS (SELECT 1 FROM run WHERE id = NEW.run_id)
    OR EXISTS (SELECT 1 FROM line WHERE rowid = NEW.rowid)
    OR EXISTS (SELECT 1 FROM line WHERE run_id = NEW.run_id AND seq = NEW.seq)""",
    "slot": "EXISTS (SELECT 1 FROM slot WHERE id = NEW.id OR key = NEW.key)",
    "evidence": """EXISTS (SELECT 1 FROM run WHERE id = NEW.run_id)
    OR EXISTS (SELECT 1 FROM evidence WHERE run_id = NEW.run_id AND seq = NEW.seq AND number = NEW.number)""",
    "snapshot": "EXISTS (SELECT 1 FROM snapshot WHERE digest = NEW.digest)",
    "decision": "EXISTS (SELECT 1 FROM decision WHERE id = NEW.id)",
    "verdict": "EXISTS (SELECT 1 FROM verdict WHERE id = NEW.id)",
    "identity": "EXISTS (SELECT 1 FROM identity)",
    "leaf": """NEW.number <> (SELECT coalesce(max(number), -1) + 1 FROM leaf)
    OR EXISTS (SELECT 1 FROM leaf WHERE kind = NEW.kind AND id = NEW.id)""",
    "envelope": "EXISTS (SELECT 1 FROM envelope WHERE id = NEW.id)",
    "decided_here": "EXISTS (SELECT 1 FROM decided_here WHERE id = NEW.id)",
}


def _guards(table: str) -> dict[str, str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    return {
        f"{table}_no_update": f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
        f"{table}_no_delete": f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
        f"{table}_no_replace": f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}\n"
        f"WHEN {_CONFLICTS[table]}\n{refuse}",
    }


TRIGGERS = {name: sql for table in TABLES for name, sql in _guards(table).items()}

Schema = Mapping[tuple[str, str], str]
"""(type, name) -> the SQL that creates it, as in ``sqlite_master``."""


def _schema(tables: Mapping[str, str], indexes: Mapping[str, str]) -> Schema:
    return {
        **{("table", name): sql for name, sql in tables.items()},
        **{("index", name): sql for name, sql in indexes.items()},
        **{("trigger", name): sql for table in tables for name, sql in _guards(table).items()},
    }


MIGRATIONS: dict[str, Schema] = {
    "0001_evidence": _schema(_EVIDENCE_TABLES, _EVIDENCE_INDEXES),
    "0002_decisions": _schema(_DECISION_TABLES, _DECISION_INDEXES),
    "0003_tree": _schema(_TREE_TABLES, {}),
    "0004_envelopes": _schema(_ENVELOPE_TABLES, _ENVELOPE_INDEXES),
    "0005_decided_here": _schema(_HERE_TABLES, {}),
}
"""The additions of each migration, oldest first. A released migration is never changed."""

VERSION = len(MIGRATIONS)
"""``user_version`` of the newest schema."""


def schema_of(version: int) -> Schema:
    """Return the whole schema of this version."""
    steps = list(MIGRATIONS.values())[:version]
    return {name: sql for step in steps for name, sql in step.items()}


SCHEMA_QUERY = f"""SELECT type, name, sql FROM sqlite_master
WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
AND NOT (type IN ('table', 'index') AND tbl_name = '{MIGRATIONS_TABLE}') ORDER BY type, name"""  # noqa: S608 - a constant
"""Query for the schema of a file, to compare with ``schema_of``. sqlite-utils owns the migrations table."""
