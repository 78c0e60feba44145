"""SQL queries and inserts of the SQLite store. Every value is a bound parameter."""

from __future__ import annotations

from collections.abc import Sequence

from ..integrity.index import DecisionRow, EnvelopeRow, EvidenceRow, RunRow, SlotRow, VerdictRow

LATEST = "9999-12-31T23:59:59.999Z"

_BY_START = "started_at DESC, badness DESC, run_id DESC, seq DESC, number DESC"
_BY_AGE = "started_at, badness, run_id, seq, number"
_RUN_COLUMNS = ", ".join(RunRow._fields)

# Everything that an answer and its check need: the index of each piece of evidence, its line, and the next line.
_RECORD = ", ".join(
    (
        *(f"e.{name}" for name in EvidenceRow._fields),
        *(f"s.{name}" for name in SlotRow._fields),
        *("l.text", "l.digest", "f.text"),
    )
)
# The next line was inserted next. If it has another rowid it is not found here, and the check looks it up.
_JOIN_LINES = """LEFT JOIN line AS l ON l.run_id = e.run_id AND l.seq = e.seq
LEFT JOIN line AS f ON f.rowid = l.rowid + 1 AND f.run_id = e.run_id AND f.seq = e.seq + 1"""

_NEWEST_OF_SLOT = f"""FROM slot AS s JOIN evidence AS e
ON (e.run_id, e.seq, e.number) = (
    SELECT run_id, seq, number FROM evidence WHERE slot_id = s.id AND started_at <= :until ORDER BY {_BY_START} LIMIT 1
)"""  # noqa: S608 - constants
_OF_REGISTER = """WHERE s.register = :register
AND (:use_cases IS NULL OR s.use_case IN (SELECT value FROM json_each(:use_cases)))"""
# Not sorted here: SQLite would write the texts of all lines to a temporary file.
NEWEST = f"SELECT {_RECORD} {_NEWEST_OF_SLOT}\n{_JOIN_LINES}\n{_OF_REGISTER}"
NEWEST_KEYS = f"""SELECT e.run_id, e.seq, e.number {_NEWEST_OF_SLOT}
{_OF_REGISTER}
ORDER BY e.run_id, e.seq, e.number"""
HISTORY = f"""SELECT run_id, seq, number FROM evidence
WHERE slot_id IN (
    SELECT id FROM slot WHERE register = :register AND use_case = :use_case AND (:item IS NULL OR item = :item)
)
ORDER BY {_BY_START}"""  # noqa: S608 - constants

# Only the keys are sorted. The end of an execution is in its line alone; a damaged line is found when it is read.
RECORDED = """SELECT e.run_id, e.seq, e.number FROM slot AS s CROSS JOIN evidence AS e ON e.slot_id = s.id
LEFT JOIN line AS l ON l.run_id = e.run_id AND l.seq = e.seq
WHERE s.register = :register AND e.run_id NOT IN (SELECT value FROM json_each(:aside))
AND (:use_cases IS NULL OR s.use_case IN (SELECT value FROM json_each(:use_cases)))
ORDER BY CASE WHEN json_valid(l.text) THEN json_extract(l.text, '$.finished_at') END DESC,
e.run_id DESC, e.seq DESC, e.number DESC"""
RECORDS = f"""SELECT {_RECORD} FROM json_each(?) AS asked
CROSS JOIN evidence AS e ON (e.run_id, e.seq, e.number)
= (json_extract(asked.value, '$[0]'), json_extract(asked.value, '$[1]'), json_extract(asked.value, '$[2]'))
CROSS JOIN slot AS s ON s.id = e.slot_id
{_JOIN_LINES}
ORDER BY asked.key"""  # noqa: S608 - constants

TEXTS = "SELECT text FROM line WHERE run_id = ? ORDER BY seq"
LINES = "SELECT seq, text FROM line WHERE run_id = ? AND seq IN (SELECT value FROM json_each(?)) ORDER BY seq"

# CROSS JOIN makes SQLite keep this order. It starts from the slots of the given use cases, with one lookup in a partial
# index for each. Started from the evidence, it would read all failures of the whole history.
FAILURES = """SELECT s.use_case, s.id, e.run_id, e.started_at, e.run_id || '.' || e.seq || '.' || e.number
FROM json_each(:since) AS asked
CROSS JOIN slot AS s ON s.register = :register AND s.use_case = asked.key
CROSS JOIN evidence AS e ON e.slot_id = s.id AND e.badness >= 6 AND e.started_at > asked.value
ORDER BY e.started_at DESC, e.run_id DESC, e.seq DESC, e.number DESC"""
# The next completed execution is of the same test and item. With other parts, another limit of its claim or another
# standing it is in another slot. An execution that was cut short may count in other places too, so all are returned.
INTERRUPTED = f"""SELECT {_RECORD} FROM json_each(:since) AS asked
CROSS JOIN slot AS s ON s.register = :register AND s.use_case = asked.key
CROSS JOIN evidence AS e ON e.slot_id = s.id AND e.badness = 5
AND e.started_at > asked.value AND e.started_at <= :until
{_JOIN_LINES}
WHERE s.standing GLOB 'cut short*' OR s.standing GLOB 'unscoped*' OR coalesce((
    SELECT n.badness FROM slot AS o CROSS JOIN evidence AS n ON (n.run_id, n.seq, n.number) = (
        SELECT run_id, seq, number FROM evidence
        WHERE slot_id = o.id AND started_at > e.started_at AND started_at <= :until AND badness IN (0, 6, 7)
        ORDER BY started_at, badness DESC LIMIT 1
    )
    WHERE o.register = s.register AND o.use_case = s.use_case AND o.item = s.item AND o.test_id = s.test_id
    AND (o.standing GLOB 'real*' OR o.standing GLOB 'cut short*' OR s.standing GLOB 'rehearsal*')
    AND o.environment IS s.environment AND o.provider_mode IS s.provider_mode
    ORDER BY n.started_at, n.badness DESC LIMIT 1
), 1) <> 0
ORDER BY s.use_case, s.item, s.key, e.started_at DESC, e.run_id DESC, e.seq DESC, e.number DESC"""  # noqa: S608

# The places that tests named, and where they ran for real, for tests of these items that were cut short since.
OLDEST = f"""SELECT {_RECORD} FROM json_each(:items) AS asked
CROSS JOIN slot AS s ON s.register = :register
AND s.use_case = json_extract(asked.value, '$[0]') AND s.item = json_extract(asked.value, '$[1]')
AND (instr(s.standing, '+') OR s.standing GLOB 'real*' OR s.standing GLOB 'cut short*')
AND s.test_id IN (SELECT value FROM json_each(:tests))
CROSS JOIN evidence AS e ON (e.run_id, e.seq, e.number) = (
    SELECT run_id, seq, number FROM evidence WHERE slot_id = s.id ORDER BY {_BY_AGE} LIMIT 1
)
{_JOIN_LINES}"""  # noqa: S608 - constants

MISSING = """SELECT asked.key FROM json_each(?) AS asked WHERE NOT EXISTS (
    SELECT 1 FROM evidence WHERE run_id = json_extract(asked.value, '$[0]')
    AND seq = json_extract(asked.value, '$[1]') AND number = json_extract(asked.value, '$[2]')
)"""
RUNS = f"""SELECT {_RUN_COLUMNS} FROM run WHERE register = :only OR :only IS NULL
ORDER BY started_at DESC, id DESC"""  # noqa: S608 - constants
NEWEST_RUN = """SELECT id FROM run WHERE register = ? AND finished_at <= ? ORDER BY started_at DESC, id DESC LIMIT 1"""
RUNS_BY_ID = f"SELECT {_RUN_COLUMNS} FROM run WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608 - constants
# One lookup for each needed line of the given runs. The kind of a line is searched for in its text. A test cannot write
# this text, because its quotes would be escaped.
ENDS = """SELECT r.id, l.seq, l.text FROM json_each(?) AS asked CROSS JOIN run AS r ON r.id = asked.value
CROSS JOIN line AS l ON l.run_id = r.id AND l.seq IN (0, r.line_count - 1) ORDER BY r.id, l.seq"""
PLANS = """SELECT r.id, l.text FROM json_each(?) AS asked CROSS JOIN run AS r ON r.id = asked.value
CROSS JOIN line AS l ON l.run_id = r.id
AND (instr(l.text, '"kind":"planned"') OR l.seq = r.line_count - 1) ORDER BY r.id, l.seq"""
# All runs of groups with a run since a moment, because the newest generation depends on earlier ones. A run is whole if
# it has no unfinished test.
PARTS = """SELECT r.id, f.text, r.line_count - 1, s.text, NOT EXISTS (
    SELECT 1 FROM evidence AS e WHERE e.run_id = r.id AND e.result IN ('INTERRUPTED', 'NOT_RUN')
)
FROM run AS r LEFT JOIN line AS f ON f.run_id = r.id AND f.seq = 0
LEFT JOIN line AS s ON s.run_id = r.id AND s.seq = r.line_count - 1
WHERE r.register = :register AND r.group_id IN (
    SELECT group_id FROM run WHERE register = :register AND group_id IS NOT NULL AND started_at >= :since
)
ORDER BY r.id"""
# The texts are searched too. With the column alone, an edit of it would hide a blocker. Not sorted here, as above.
DECISIONS = """SELECT id, text FROM decision
WHERE register = :only OR :only IS NULL OR instr(text, :said)"""

RUNS_ELSEWHERE = "SELECT register, count(*) FROM run WHERE register <> ? GROUP BY register"
DECISIONS_ELSEWHERE = "SELECT register, count(*) FROM decision WHERE register <> ? GROUP BY register"

_ASIDE = "NOT IN (SELECT value FROM json_each(:aside))"


def without_excluded_runs(query: str) -> str:
    """Return a query of evidence that excludes the runs in the parameter ``:aside``."""
    filtered = query.replace("WHERE slot_id", f"WHERE run_id {_ASIDE} AND slot_id")
    for badness in ("AND e.badness = 5", "AND e.badness >= 6"):
        filtered = filtered.replace(badness, f"{badness} AND e.run_id {_ASIDE}")
    return filtered


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608


INSERT_RUN = _insert("run", RunRow._fields)
INSERT_LINE = _insert("line", ("run_id", "seq", "text", "digest"))
INSERT_SLOT = _insert("slot", ("id", *SlotRow._fields))
SLOT_IDS = "SELECT asked.key, s.id FROM json_each(?) AS asked CROSS JOIN slot AS s ON s.key = asked.value"
"""Query for the position of each stored key, and the id of its slot."""
INSERT_EVIDENCE = _insert("evidence", (*EvidenceRow._fields, "slot_id"))
INSERT_SNAPSHOT = _insert("snapshot", ("digest", "text"))
INSERT_DECISION = _insert("decision", DecisionRow._fields)
INSERT_DECIDED_HERE = _insert("decided_here", ("id",))
DECIDED_HERE = "SELECT id FROM decided_here"
INSERT_VERDICT = _insert("verdict", VerdictRow._fields)
INSERT_ENVELOPE = _insert("envelope", EnvelopeRow._fields)
ENVELOPES = f"""SELECT {", ".join(EnvelopeRow._fields)} FROM envelope
WHERE subject IN (SELECT value FROM json_each(?)) ORDER BY subject, id"""  # noqa: S608 - constants
