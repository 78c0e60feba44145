"""Index rows of a store, derived from the lines of runs and from the texts of documents only.

``Store.save`` writes these rows. ``Store.verify`` derives them again and compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_args, get_type_hints

import msgspec

from ...errors import Problem, one_line
from ...facts.decision import Decision
from ...facts.evidence import BADNESS, Evidence, Result, standing_in, standing_text
from ...facts.evidence_line import evidence_of
from ...facts.ledger.line import Line, canonical
from ...facts.run import Run, RunState
from ...facts.stored_verdict import StoredVerdict
from ..protocol import RunSummary

if TYPE_CHECKING:  # loaded only with a signature, which most sessions do not have
    from ...facts.envelope import Envelope

BIGGEST = 2**53 - 1
"""The largest integer that a canonical line holds."""

UNREADABLE = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
"""Exceptions for a line that lacks fields of its kind, or has fields of a wrong type."""


class RunRow(NamedTuple):
    """The index of a run: values of its first line and its seal, and its numbers of lines and pieces of evidence."""

    id: str
    register: str
    started_at: str
    finished_at: str
    state: str
    actor: str
    commit_id: str | None
    dirty: bool | None
    release: str | None
    group_id: str | None
    group_parts: int | None
    requirements: str
    line_count: int
    evidence_count: int
    head: str
    """Digest of the seal, the last line."""


class SlotRow(NamedTuple):
    """The key by which executions replace each other. Evidence that could be judged differently never shares a slot."""

    key: str
    """Canonical text of all other columns, in which a missing name differs from an empty one."""
    register: str
    use_case: str
    item: str
    test_id: str
    environment: str | None
    provider_mode: str | None
    claim_environment: str | None
    claim_provider_mode: str | None
    replay_mode: str | None
    parts: str
    """Canonical text, sorted."""
    standing: str


class EvidenceRow(NamedTuple):
    """The position and the sort order of one piece of evidence."""

    run_id: str
    seq: int
    number: int
    started_at: str
    badness: int
    result: str


class DecisionRow(NamedTuple):
    """The index of a decision, with its text."""

    id: str
    register: str
    kind: str
    at: str
    decided_by: str
    text: str


class VerdictRow(NamedTuple):
    """The index of a verdict, with its text."""

    id: str
    at: str
    text: str


class EnvelopeRow(NamedTuple):
    """The index of a signed statement, with its text."""

    id: str
    kind: str
    subject: str
    subject_digest: str
    text: str


def decision_row(decision: Decision) -> DecisionRow:
    """Return the index of a decision, with its text."""
    return DecisionRow(decision.id, decision.register, decision.KIND, decision.at, decision.by, decision.text)


def verdict_row(verdict: StoredVerdict) -> VerdictRow:
    """Return the index of a verdict, with its text."""
    return VerdictRow(verdict.id, verdict.at, verdict.text)


def envelope_row(envelope: Envelope) -> EnvelopeRow:
    """Return the index of a signed statement, with its text."""
    return EnvelopeRow(envelope.id, envelope.subject_kind, envelope.subject, envelope.subject_digest, envelope.text)


def run_row(run: Run, line_count: int, evidence_count: int) -> RunRow:
    """Return the index of a sealed run. Only its first line and its seal are read.

    Raises:
        LookupError, ValueError, TypeError, AttributeError: a field of the first line or the seal is missing or wrong.
    """
    if run.seal is None:
        raise ValueError("the run is not sealed")
    group_id, group_parts = run.group or (None, None)
    return RunRow(
        id=run.id,
        register=run.register,
        started_at=run.started_at,
        finished_at=run.seal.body["finished_at"],
        state=run.state.value,
        actor=run.actor,
        commit_id=run.commit,
        dirty=run.dirty,
        release=run.release,
        group_id=group_id,
        group_parts=group_parts,
        requirements=run.requirements_digest,
        line_count=line_count,
        evidence_count=evidence_count,
        head=run.seal.digest,
    )


_STATES = frozenset(RunState)


def summary_of(row: RunRow) -> RunSummary:
    """Return the summary in the index of a run."""
    return RunSummary(
        id=row.id,
        register=row.register,
        started_at=row.started_at,
        finished_at=row.finished_at,
        state=RunState(row.state) if row.state in _STATES else RunState.OPEN,  # not a closed state
        actor=row.actor,
        commit=row.commit_id,
        dirty=None if row.dirty is None else bool(row.dirty),
        release=row.release,
        group_id=row.group_id,
        group_parts=row.group_parts,
        requirements_digest=row.requirements,
        evidence_count=row.evidence_count,
    )


class _SlotKey(msgspec.Struct, frozen=True, gc=False):
    """All columns of a slot but its key, in the order of the key's canonical text: texts of a line, or null."""

    claim_environment: str | None
    claim_provider_mode: str | None
    environment: str | None
    item: str
    parts: str
    provider_mode: str | None
    register: str
    replay_mode: str | None
    standing: str
    test_id: str
    use_case: str


_encode_key = msgspec.json.Encoder().encode


def _slot_row(register: str, test_id: str, claim: Mapping[str, Any], result: Result) -> SlotRow:
    """Return the slot of a test's claim."""
    get = claim.get
    use_case, item = claim["use_case"], claim["item"]
    environment, provider_mode = get("environment"), get("provider_mode")
    asked, asked_mode, replay_mode = get("claim_environment"), get("claim_provider_mode"), get("replay_mode")
    parts = canonical({"parts": sorted(set(names))}) if (names := get("parts")) else ""
    sources = get("environment_by"), get("provider_mode_by")
    standing = standing_text(standing_in(claim, result), sources, get("beside"))
    key = _SlotKey(
        asked, asked_mode, environment, item, parts, provider_mode, register, replay_mode, standing, test_id, use_case
    )
    place = environment, provider_mode, asked, asked_mode, replay_mode
    return SlotRow(_encode_key(key).decode(), register, use_case, item, test_id, *place, parts, standing)


IndexRows = tuple[EvidenceRow, SlotRow]
"""The index of a piece of evidence."""
IndexedEvidence = tuple[Evidence, EvidenceRow, SlotRow]
"""A piece of evidence with its index."""


_RESULTS = {result.value: result for result in Result}
_NOT_RUN = Result.NOT_RUN.value


def rows_of(body: Mapping[str, Any], register: str) -> list[IndexRows]:
    """Return the index of each piece of evidence in the body of a line.

    Raises:
        LookupError, ValueError, TypeError, AttributeError: a field of the line is missing or wrong.
    """
    kind = body.get("kind")
    if kind not in ("finished", "not_run"):
        return []
    result, tests = (body["result"], [body]) if kind == "finished" else (_NOT_RUN, body["tests"])
    rows: list[IndexRows] = []
    for test in tests:
        for claim in test["claims"]:
            name = claim.get("result", result)
            ended = _RESULTS[name]
            row = EvidenceRow(body["run"], body["seq"], len(rows) + 1, body["started_at"], BADNESS[ended], name)
            rows.append((row, _slot_row(register, test["test"], claim, ended)))
    return rows


def evidence_of_line(line: Line, register: str) -> Iterator[IndexedEvidence]:
    """Yield each piece of evidence in a line, with its index.

    Raises:
        LookupError, ValueError, TypeError, AttributeError: a field of the line is missing or wrong.
    """
    for evidence, rows in zip(evidence_of(line, register), rows_of(line.body, register), strict=True):
        yield evidence, *rows


def index_rows(run: Run) -> Iterator[tuple[list[LineRow], list[tuple[EvidenceRow, SlotRow]]]]:
    """Yield the rows of a run in batches: rows of lines, and the index of their evidence.

    Raises:
        LookupError, ValueError, TypeError, AttributeError: a field of a line is missing or wrong.
    """
    run_id, register = run.id, run.register
    lines: list[LineRow] = []
    evidence: list[tuple[EvidenceRow, SlotRow]] = []
    for line in run.lines:
        lines.append((run_id, line.body["seq"], line.text, line.digest))
        evidence += rows_of(line.body, register)
        if len(lines) + len(evidence) >= ROWS_AT_ONCE:
            yield lines, evidence
            lines, evidence = [], []
    yield lines, evidence


ROWS_AT_ONCE = 512
"""Size of a batch of rows on their way into the store; the rows of its last line come in addition."""
LineRow = tuple[str, int, str, str]
"""Run id, number, text and digest of a line."""


def mistyped_column(row: NamedTuple) -> str | None:
    """Return the name of the first column with a value of a wrong type; None: all types are right.

    A line from another source may contain any JSON value.
    """
    for name, kinds, value in zip(row._fields, _KINDS[type(row)], row, strict=True):
        if not isinstance(value, kinds) or (isinstance(value, int) and abs(value) > BIGGEST):
            return name
    return None


def _kinds(row: type[NamedTuple]) -> tuple[tuple[type, ...], ...]:
    return tuple(get_args(hint) or (hint,) for hint in get_type_hints(row).values())


_KINDS: dict[type, tuple[tuple[type, ...], ...]] = {row: _kinds(row) for row in (RunRow, SlotRow, EvidenceRow)}


_Row = TypeVar("_Row", RunRow, EvidenceRow, SlotRow, DecisionRow, VerdictRow, EnvelopeRow)


def column_differences(derived: _Row, stored: _Row, place: Callable[[str], str]) -> Iterator[Problem]:
    """Yield a problem for each column whose stored value differs from the derived one."""
    for column, expected, actual in zip(derived._fields, derived, stored, strict=True):
        if expected != actual:
            values = f"the index has {one_line(repr(actual), 80)}, the lines have {one_line(repr(expected), 80)}"
            yield Problem(place(column), values)
