"""View of one piece of evidence: the ten template fields, then all other recorded data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ..facts.evidence import Artifact, Connection, Evidence, Result, Step
from ..facts.run_conditions import UNKNOWN_CONDITIONS
from ..hints import typed
from ..store.protocol import RunSummary
from ..verdict.evidence_standing import RequirementStanding, counts_text
from ..verdict.inputs import SignedRun
from ..verdict.requirement.levels import DESCRIPTIONS, level_of
from . import text_format
from .line_writer import Line, LineWriter

COUNTS = "Counts"
"""Name of the field that says whether evidence counts. It follows the ten fields of the template."""
_LABEL = 24
"""Width of the labels in columns: the longest name of the template, and two blanks."""


class ShownPiece(NamedTuple):
    """A piece of evidence to show."""

    evidence: Evidence
    run: RunSummary | None
    """Summary of its run; None: the store has none."""
    standings: tuple[RequirementStanding, ...]
    """What it is worth for each requirement."""

    @property
    def counts(self) -> str:
        """Whether it counts, and why not."""
        return counts_text(self.standings)


_FieldTexts = Callable[[Evidence], Sequence[str]]

_TEMPLATE: Mapping[str, _FieldTexts] = MappingProxyType(
    {
        "UC": lambda evidence: (evidence.uc,),
        "Tenant ID": lambda evidence: _given(evidence.tenant_id),
        "Project ID": lambda evidence: _given(evidence.project_id),
        "Environment": lambda evidence: _given(evidence.environment),
        "Provider Mode": lambda evidence: _given(evidence.provider_mode),
        "Validation Item": lambda evidence: (evidence.item,),
        "Command/Test ID": lambda evidence: (evidence.test_id,),
        "Result": lambda evidence: (evidence.result.value,),
        "Timestamp (UTC)": lambda evidence: (evidence.timestamp,),
        "Artifact/Log Reference": lambda evidence: evidence.reference_texts,
    }
)
_ENVELOPE: Mapping[str, _FieldTexts] = MappingProxyType(
    {
        "Real": lambda evidence: (_real(evidence),),
        "Warning": lambda evidence: evidence.warnings,
        "Started": lambda evidence: (evidence.started_at,),
        "Method": lambda evidence: (evidence.method,) if evidence.method != "test" else (),
        "Claim limited to": lambda evidence: _listed((evidence.claim_environment, evidence.claim_provider_mode)),
        "Parts": lambda evidence: _listed(evidence.parts),
        "Replay mode": lambda evidence: _given(evidence.replay_mode),
        "Message": lambda evidence: evidence.message.splitlines(),
        "Attempts": lambda evidence: list(_attempts(evidence)),
        "Proofs": lambda evidence: list(_proofs(evidence)),
        "Connections": lambda evidence: list(map(_connection, evidence.connections)),
        "Steps": lambda evidence: list(_steps(evidence.steps, 0)),
        "Notes": lambda evidence: [line for note in evidence.notes for line in note.splitlines()],
        "Properties": lambda evidence: [f"{name} = {value}" for name, value in evidence.properties],
        "Artifacts": lambda evidence: list(map(_artifact, evidence.artifacts)),
        "Redacted": lambda evidence: [f"{rule}: {number}" for rule, number in evidence.redactions],
    }
)
TEMPLATE_FIELDS, ENVELOPE_FIELDS = tuple(_TEMPLATE), tuple(_ENVELOPE)
"""Names of the ten fields of the evidence template, and of the other recorded fields, in their order."""


def evidence_fields(evidence: Evidence) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the ten fields of the evidence template by name, in its order; an absent value has no texts."""
    return tuple((name, tuple(texts(evidence))) for name, texts in _TEMPLATE.items())


def envelope_fields(evidence: Evidence) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the other recorded fields by name, in their order; an absent value has no texts."""
    return tuple((name, tuple(texts(evidence))) for name, texts in _ENVELOPE.items())


def _given(text: str | None) -> tuple[str, ...]:
    return () if text is None else (text,)


def render_evidence(
    piece: ShownPiece,
    width: int,
    *,
    unicode: bool = True,
    signed: SignedRun | None = None,
    envelope: bool = True,
) -> list[Line]:
    """Return the evidence in the ten template fields, then all other recorded data.

    Args:
        piece: the piece of evidence.
        width: maximum columns of a line.
        unicode: False: print only ASCII.
        signed: the trusted signature of its run; None: there is none.
        envelope: False: after the ten fields only whether it counts, and how to show the rest.
    """
    evidence, run = piece.evidence, piece.run
    counts = _field(COUNTS, (piece.counts,), writer := LineWriter(width, unicode=unicode))
    lines: list[Line] = []
    for name, values in evidence_fields(evidence):
        lines += _field(name, values, writer, _style(evidence) if name == "Result" else "")
    if not envelope:
        show = typed(f"show {evidence.id}")
        return [*lines, *counts, *writer.paragraph(show, commands=(show,))]
    lines += [writer.line(), *counts]
    for name, values in (*_run(evidence, run), *_level(evidence, run, signed), *envelope_fields(evidence)):
        if values:
            lines += _field(name, values, writer)
    return lines


def _style(evidence: Evidence) -> str:
    if evidence.result is not Result.PASSED:
        return "bad"
    return "good" if evidence.real else "warn"


def _field(name: str, values: Sequence[str], writer: LineWriter, style: str = "") -> Iterator[Line]:
    for number, value in enumerate(values or ("-",)):
        label = writer.pad("" if number else name, _LABEL)
        yield from writer.paragraph(value, lead=(label, "strong"), style=style)


def _run(evidence: Evidence, run: RunSummary | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "Evidence", (evidence.id,)
    yield "Register", (evidence.register,)
    if run is None:
        yield "Run", (evidence.run_id,)
        return
    yield "Run", (f"{run.id}, {run.state}",)
    yield "Run started, finished", (f"{run.started_at}, {run.finished_at}",)
    yield "Actor", (run.actor,)
    yield "Started by", _given((run.conditions or UNKNOWN_CONDITIONS).started_by or None)
    conditions = run.conditions or UNKNOWN_CONDITIONS
    names = f": {conditions.changed_remark}" if run.dirty and conditions.changed_remark else ""
    yield "Commit", (f"{text_format.commit_text(run.commit, run.dirty)}{names}",) if run.commit else ()
    yield "Hidden edits", _given(conditions.hidden_remark)
    yield "Clocks", _given(conditions.clock_remark)
    yield "CI", (", ".join(f"{name} {value}" for name, value in conditions.ci),) if conditions.ci else ()
    yield "Called with", conditions.session_options
    yield "Deselected", _given(conditions.deselected_text)
    yield "Release", _given(run.release)
    yield "Subjects", tuple(f"{name} {digest}" for name, digest in conditions.subjects.items())
    yield "Run group", (f"{run.group_id}, {text_format.count(run.group_parts or 0, 'part')}",) if run.group_id else ()
    yield "Requirements", (run.requirements_digest,)


def _level(
    evidence: Evidence, run: RunSummary | None, signed: SignedRun | None
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if run is not None:
        level = level_of(evidence, (), {run.id: signed} if signed else {})
        yield "Level", (f"{level}, {DESCRIPTIONS[level]}{f' ({signed.by})' if signed else ''}",)


def _real(evidence: Evidence) -> str:
    return "yes" if evidence.real else f"no: {evidence.not_real_because or 'the reason was not recorded'}"


def _listed(names: Iterable[str | None]) -> tuple[str, ...]:
    """Return names as one text; no text if there is none."""
    return _given(", ".join(filter(None, names)) or None)


def _attempts(evidence: Evidence) -> Iterator[str]:
    for number, attempt in enumerate(evidence.attempts, 1):
        yield f"{number}. {attempt.result} at {attempt.started_at} in {attempt.duration_ms} ms"
        if attempt.message != evidence.message:
            yield from (f"   {line}" for line in attempt.message.splitlines())


def _connection(connection: Connection) -> str:
    if connection.kind == "process":
        return f"ran {connection.to}, whose connections are not observed"
    to = f"{connection.to} ({connection.address})" if connection.address else connection.to
    kind = "" if connection.kind == "tcp" else f", {connection.kind}"
    earlier = ", made before the test" if connection.earlier else ""
    foreign = ", not an endpoint of its environment" if connection.expected is False else ""
    return f"{to}{kind}{earlier}{foreign}"


def _proofs(evidence: Evidence) -> Iterator[str]:
    for proof in evidence.proofs:
        yield proof.kind
        yield from (f"  {name} = {value}" for name, value in proof.details)


def _steps(steps: Sequence[Step], depth: int) -> Iterator[str]:
    for step in steps:
        yield f"{'  ' * depth}{step.result} {step.title} ({step.duration_ms} ms)"
        yield from _steps(step.steps, depth + 1)


def _artifact(artifact: Artifact) -> str:
    unread = f", not checked for secrets: {artifact.unread}" if artifact.unread else ""
    return f"{artifact.name} ({artifact.media_type}, {artifact.size} bytes{unread}) sha256:{artifact.sha256}"
