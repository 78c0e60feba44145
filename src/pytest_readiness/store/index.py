"""The index: what the columns of a store say of a run, derived from its lines and never from anything else.

``keep`` writes these rows, and ``verify`` derives them again and compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_type_hints

from ..facts.decision import Decision
from ..facts.evidence import BADNESS, Evidence, Result, evidence_of, standing_of
from ..facts.kept_verdict import KeptVerdict
from ..facts.line import Line, canonical, quoted
from ..facts.run import Run, RunState
from .port import RunSummary

if TYPE_CHECKING:  # loaded where there is a signature: most sessions have none
    from ..facts.envelope import Envelope

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


def verdict_row(verdict: KeptVerdict) -> VerdictRow:
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
        "standing": evidence.standing.value,
    }
    return SlotRow(key=canonical(named), **named)


def evidence_row(evidence: Evidence) -> EvidenceRow:
    """Return the index of one piece of evidence."""
    return EvidenceRow(
        run_id=evidence.run_id,
        seq=evidence.seq,
        number=number_of(evidence),
        started_at=evidence.started_at,
        badness=BADNESS[evidence.result],
        result=evidence.result.value,
    )


def number_of(evidence: Evidence) -> int:
    """Return which piece of evidence of its line it is, from 1."""
    return int(evidence.id.rpartition(".")[2])


Piece = tuple[Evidence, EvidenceRow, SlotRow]
"""A piece of evidence with its index."""


def pieces(line: Line, register: str) -> Iterator[Piece]:
    """Yield each piece of evidence that a line holds, with its index.

    Raises:
        LookupError, ValueError, TypeError, AttributeError: the line lacks what its kind must say.
    """
    for evidence in evidence_of(line, register):
        yield evidence, evidence_row(evidence), slot_row(evidence)


def rows_of(line: Line, register: str) -> Iterator[tuple[EvidenceRow, SlotRow]]:
    """Yield the index of each piece of evidence that a line holds, and never the evidence itself: see ``pieces``.

    For a line that this process made, or that was checked: what is wrong with another is not found here.

    Raises:
        LookupError, ValueError, TypeError, AttributeError: the line lacks what its kind must say.
    """
    body = line.body
    if line.kind == "finished":
        yield from _rows_of(body, register, Result(body["result"]), body["claims"], body["test"], 0)
    elif line.kind == "not_run":
        number = 0
        for test in body["tests"]:
            yield from _rows_of(body, register, Result.NOT_RUN, test["claims"], test["test"], number)
            number += len(test["claims"])


def index_of(run: Run) -> list[tuple[EvidenceRow, SlotRow]]:
    """Return the index of all evidence of a run, in its order.

    Raises:
        LookupError, ValueError, TypeError, AttributeError: a line lacks what its kind must say.
    """
    register = run.register
    return [rows for line in run.lines for rows in rows_of(line, register)]


def line_rows(run: Run) -> list[tuple[str, int, str, str]]:
    """Return run, number, text and digest of each line of a run."""
    run_id = run.id
    return [(run_id, line.body["seq"], line.text, line.digest) for line in run.lines]


def _rows_of(
    body: dict[str, Any], register: str, result: Result, claims: list[dict[str, Any]], test_id: str, offset: int
) -> Iterator[tuple[EvidenceRow, SlotRow]]:
    run, seq, started_at, open_scope = body["run"], body["seq"], body["started_at"], bool(body.get("open_scope"))
    badness, told = BADNESS[result], result.value
    for number, claim in enumerate(claims, offset + 1):
        said = claim.get
        environment, parts = said("environment"), said("parts")
        standing = standing_of(result, environment, real=said("not_real_because") is None, open_scope=open_scope)
        named = (
            register,
            claim["use_case"],
            claim["item"],
            test_id,
            environment,
            said("provider_mode"),
            said("claim_environment"),
            said("claim_provider_mode"),
            said("replay_mode"),
            canonical({"parts": sorted(set(parts))}) if parts else "",
            standing.value,
        )
        # The class's own constructor is called by name, which is dear for something that is done for every execution.
        row = tuple.__new__(EvidenceRow, (run, seq, number, started_at, badness, told))
        yield row, tuple.__new__(SlotRow, (_spelled(*named), *named))


def _spelled(  # noqa: PLR0913, PLR0917 - the columns of a slot, in their order
    register: str,
    use_case: str,
    item: str,
    test_id: str,
    environment: str | None,
    provider_mode: str | None,
    claim_environment: str | None,
    claim_provider_mode: str | None,
    replay_mode: str | None,
    parts: str,
    standing: str,
) -> str:
    """Return the key of a slot as ``slot_row`` makes it, without sorting what is in order."""
    return (
        f'{{"claim_environment":{_text(claim_environment)},"claim_provider_mode":{_text(claim_provider_mode)},'
        f'"environment":{_text(environment)},"item":{quoted(item)},"parts":{quoted(parts)},'
        f'"provider_mode":{_text(provider_mode)},"register":{quoted(register)},"replay_mode":{_text(replay_mode)},'
        f'"standing":"{standing}","test_id":{quoted(test_id)},"use_case":{quoted(use_case)}}}'
    )


def _text(text: str | None) -> str:
    return "null" if text is None else quoted(text)


def misfit(row: NamedTuple) -> str | None:
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
