"""The index: what the columns of a store say of a run, derived from its lines and never from anything else.

``keep`` writes these rows, and ``verify`` derives them again and compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_type_hints

from ...facts.decision import Decision
from ...facts.evidence import BADNESS, Evidence, Result, by_number, standing_in, standing_text
from ...facts.evidence_line import EVIDENCE_LINES, evidence_of
from ...facts.ledger.line import Line, canonical, canonical_text
from ...facts.run import Run, RunState
from ...facts.stored_verdict import StoredVerdict
from ..protocol import RunSummary

if TYPE_CHECKING:  # loaded where there is a signature: most sessions have none
    from ...facts.envelope import Envelope

BIGGEST = 2**53 - 1
"""The largest integer that a canonical line holds."""

UNREADABLE = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
"""What reading a line raises that has not the fields, or the types, of its kind."""


class RunRow(NamedTuple):
    """One kept run: what its first line and its seal say, and how much there is of it."""

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
    """Digest of the seal: closes the chain."""


class SlotRow(NamedTuple):
    """What executions are newest *of*. Two pieces of evidence that could be judged differently never share a slot."""

    key: str
    """Canonical text of all the other columns: tells an absent name from an empty one."""
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
    """Where one piece of evidence stands, and how it sorts."""

    run_id: str
    seq: int
    number: int
    started_at: str
    badness: int
    result: str


class DecisionRow(NamedTuple):
    """One kept decision."""

    id: str
    register: str
    kind: str
    at: str
    decided_by: str
    text: str


class VerdictRow(NamedTuple):
    """One kept verdict."""

    id: str
    at: str
    text: str


class EnvelopeRow(NamedTuple):
    """One kept signature."""

    id: str
    kind: str
    subject: str
    subject_digest: str
    text: str


def decision_row(decision: Decision) -> DecisionRow:
    """Return the index of a decision, with its text."""
    return DecisionRow(decision.id, decision.register, decision.KIND, decision.at, decision.by, decision.text)


def verdict_row(verdict: StoredVerdict) -> VerdictRow:
    """Return the index of a kept verdict, with its text."""
    return VerdictRow(verdict.id, verdict.at, verdict.text)


def envelope_row(envelope: Envelope) -> EnvelopeRow:
    """Return the index of a signed statement, with its text."""
    return EnvelopeRow(envelope.id, envelope.subject_kind, envelope.subject, envelope.subject_digest, envelope.text)


def run_row(run: Run, line_count: int, evidence_count: int) -> RunRow:
    """Return the index of a sealed run, of which the first line and the seal are enough.

    Raises:
        LookupError, ValueError, TypeError, AttributeError: the first line or the seal lacks what it must say.
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
    """Return what the index says of a run."""
    return RunSummary(
        id=row.id,
        register=row.register,
        started_at=row.started_at,
        finished_at=row.finished_at,
        state=RunState(row.state) if row.state in _STATES else RunState.OPEN,  # an unknown state closes nothing
        actor=row.actor,
        commit=row.commit_id,
        dirty=None if row.dirty is None else bool(row.dirty),
        release=row.release,
        group_id=row.group_id,
        group_parts=row.group_parts,
        requirements_digest=row.requirements,
        evidence_count=row.evidence_count,
    )


def slot_row(evidence: Evidence) -> SlotRow:
    """Return the slot that a piece of evidence belongs to."""
    named: dict[str, Any] = {
        "register": evidence.register,
        "use_case": evidence.uc,
        "item": evidence.item,
        "test_id": evidence.test_id,
        "environment": evidence.environment,
        "provider_mode": evidence.provider_mode,
        "claim_environment": evidence.claim_environment,
        "claim_provider_mode": evidence.claim_provider_mode,
        "replay_mode": evidence.replay_mode,
        "parts": canonical({"parts": sorted(set(evidence.parts))}) if evidence.parts else "",
        "standing": _standing(evidence),
    }
    return SlotRow(key=canonical(named), **named)


def _standing(evidence: Evidence) -> str:
    return standing_text(evidence.standing, (evidence.environment_by, evidence.provider_mode_by), evidence.beside)


def evidence_row(evidence: Evidence) -> EvidenceRow:
    """Return the index of one piece of evidence."""
    return EvidenceRow(
        run_id=evidence.run_id,
        seq=evidence.seq,
        number=by_number(evidence)[2],
        started_at=evidence.started_at,
        badness=BADNESS[evidence.result],
        result=evidence.result.value,
    )


Piece = tuple[Evidence, EvidenceRow, SlotRow]
"""A piece of evidence with its index."""


def evidence_of_line(line: Line, register: str) -> Iterator[Piece]:
    """Yield each piece of evidence that a line holds, with its index.

    Raises:
        LookupError, ValueError, TypeError, AttributeError: the line lacks what its kind must say.
    """
    for evidence in evidence_of(line, register):
        yield evidence, evidence_row(evidence), slot_row(evidence)


def rows_of(line: Line, register: str) -> list[tuple[EvidenceRow, SlotRow]]:
    """Return the index of each piece of evidence that a line holds, not the evidence itself (``evidence_of_line``).

    For a line that this process made, or that was checked: what is wrong with another is not found here.

    Raises:
        LookupError, ValueError, TypeError, AttributeError: the line lacks what its kind must say.
    """
    return _rows_of(line.body, register, {}) if line.kind in EVIDENCE_LINES else []


def index_rows(run: Run) -> Iterator[tuple[list[LineRow], list[tuple[EvidenceRow, SlotRow]]]]:
    """Yield the rows of a run in its order, a few hundred lines at a time, each with the index of their evidence.

    Raises:
        LookupError, ValueError, TypeError, AttributeError: a line lacks what its kind must say.
    """
    run_id, register, known = run.id, run.register, dict[_Case, _Slots]()
    lines: list[LineRow] = []
    found: list[tuple[EvidenceRow, SlotRow]] = []
    for line in run.lines:
        body = line.body
        lines.append((run_id, body["seq"], line.text, line.digest))
        if body.get("kind") in EVIDENCE_LINES:
            found += _rows_of(body, register, known)
        if len(lines) + len(found) >= AT_ONCE:
            yield lines, found
            lines, found = [], []
    yield lines, found


AT_ONCE = 512
"""Rows of a run that are held on their way into the store, those of its last line aside."""
LineRow = tuple[str, int, str, str]
"""Run, number, text and digest of a line."""
_BADNESS = {result.value: badness for result, badness in BADNESS.items()}
_NOT_RUN = Result.NOT_RUN.value
_SAID = (
    "use_case",
    "item",
    "environment",
    "provider_mode",
    "claim_environment",
    "claim_provider_mode",
    "replay_mode",
    "not_real_because",
    "environment_by",
    "provider_mode_by",
    "beside",
    "simulated",
    "covered",
)
"""All that a claim says of its slot, its parts aside."""
_Case = tuple[Any, ...]
"""How a test ended, and what one of its claims says."""


class _Slots(NamedTuple):
    """The slots that a claim can have, whichever test makes it."""

    before: str
    """What the key says before the test's id."""
    after: str
    named: tuple[str, str, str]
    """Register, use case and item."""
    scope: tuple[str | None, ...]
    """The columns after the test's id."""

    def of(self, test_id: str) -> SlotRow:
        key = f"{self.before}{canonical_text(test_id)}{self.after}"
        return tuple.__new__(SlotRow, (key, *self.named, test_id, *self.scope))


def _rows_of(body: dict[str, Any], register: str, known: dict[_Case, _Slots]) -> list[tuple[EvidenceRow, SlotRow]]:
    """``known``: the slots of what was claimed before, as many tests claim the same."""
    ended = body["kind"] == "finished"
    result, tests = (body["result"], [body]) if ended else (_NOT_RUN, body["tests"])
    run, seq, started_at = body["run"], body["seq"], body["started_at"]
    badness = _BADNESS[result]
    rows: list[tuple[EvidenceRow, SlotRow]] = []
    for test in tests:
        test_id = test["test"]
        for claim in test["claims"]:
            said = claim.get
            parts = said("parts")
            own = said("result")  # of an attempt that took place elsewhere
            ended, bad = (result, badness) if own is None else (own, _BADNESS[own])
            case = (ended, tuple(parts) if parts else None, *map(said, _SAID))
            slots = known.get(case)
            if slots is None:
                slots = known[case] = _slots_of(claim, register, ended)
            # The class's own constructor is called by name, which is dear for what is done for every execution.
            row = tuple.__new__(EvidenceRow, (run, seq, len(rows) + 1, started_at, bad, ended))
            rows.append((row, slots.of(test_id)))
    return rows


def _slots_of(claim: dict[str, Any], register: str, result: str) -> _Slots:
    """Return the slots of a claim; their keys are spelled as ``slot_row`` spells them."""
    said = claim.get
    environment, parts, use_case, item = said("environment"), said("parts"), claim["use_case"], claim["item"]
    standing, place_said = standing_in(claim, Result(result)), (said("environment_by"), said("provider_mode_by"))
    scope = {
        "environment": environment,
        "provider_mode": said("provider_mode"),
        "claim_environment": said("claim_environment"),
        "claim_provider_mode": said("claim_provider_mode"),
        "replay_mode": said("replay_mode"),
        "parts": canonical({"parts": sorted(set(parts))}) if parts else "",
        "standing": standing_text(standing, place_said, said("beside")),
    }
    # Sorted, these are the names before that of the test, and after it.
    before = canonical({"register": register, "item": item, **scope}).removesuffix("}")
    after = canonical({"use_case": use_case}).removeprefix("{")
    return _Slots(f'{before},"test_id":', f",{after}", (register, use_case, item), tuple(scope.values()))


def mistyped_column(row: NamedTuple) -> str | None:
    """Return the name of the first column whose value has not the type it must have, if there is one.

    Lines from elsewhere may hold any JSON value where a text is expected.
    """
    for name, kinds, value in zip(row._fields, _KINDS[type(row)], row, strict=True):
        if not isinstance(value, kinds) or (isinstance(value, int) and abs(value) > BIGGEST):
            return name
    return None


def _kinds(row: type[NamedTuple]) -> tuple[tuple[type, ...], ...]:
    return tuple(get_args(hint) or (hint,) for hint in get_type_hints(row).values())


_KINDS: dict[type, tuple[tuple[type, ...], ...]] = {row: _kinds(row) for row in (RunRow, SlotRow, EvidenceRow)}
