"""View of one piece of evidence: the ten template fields, then all other recorded data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..facts.evidence import Artifact, Connection, Evidence, Result, Step
from ..facts.run_conditions import UNKNOWN_CONDITIONS
from ..store.protocol import RunSummary
from ..verdict.inputs import SignedRun
from ..verdict.requirement.levels import DESCRIPTIONS, level_of
from . import text_format
from .line_writer import Line, LineWriter

_LABEL = 24
"""Width of the labels in columns: the longest name of the template, and two blanks."""


def evidence_fields(evidence: Evidence) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the ten fields of the evidence template by name, in its order; an absent value has no texts."""
    return (
        ("UC", (evidence.uc,)),
        ("Tenant ID", _given(evidence.tenant_id)),
        ("Project ID", _given(evidence.project_id)),
        ("Environment", _given(evidence.environment)),
        ("Provider Mode", _given(evidence.provider_mode)),
        ("Validation Item", (evidence.item,)),
        ("Command/Test ID", (evidence.test_id,)),
        ("Result", (evidence.result.value,)),
        ("Timestamp (UTC)", (evidence.timestamp,)),
        ("Artifact/Log Reference", evidence.reference_texts),
    )


def _given(text: str | None) -> tuple[str, ...]:
    return () if text is None else (text,)


def render_evidence(
    evidence: Evidence,
    run: RunSummary | None,
    width: int,
    *,
    unicode: bool = True,
    signed: SignedRun | None = None,
    envelope: bool = True,
) -> list[Line]:
    """Return the evidence in the ten template fields, then all other recorded data.

    Args:
        evidence: the piece of evidence.
        run: summary of its run; None: the store has no summary.
        width: maximum columns of a line.
        unicode: False: print only ASCII.
        signed: the trusted signature of its run; None: there is none.
        envelope: False: after the ten fields only how to show the rest.
    """
    writer = LineWriter(width, unicode=unicode)
    lines: list[Line] = []
    for name, values in evidence_fields(evidence):
        lines += _field(name, values, writer, _style(evidence) if name == "Result" else "")
    if not envelope:
        return [*lines, *writer.paragraph(evidence.id, lead=("readiness show ", "dim"))]
    lines.append(writer.line())
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
    dirty = {True: " with uncommitted changes", False: "", None: ""}[run.dirty]
    conditions = run.conditions or UNKNOWN_CONDITIONS
    names = f": {conditions.changed_remark}" if run.dirty and conditions.changed_remark else ""
    yield "Commit", (f"{run.commit}{dirty}{names}",) if run.commit else ()
    yield "Hidden edits", _given(conditions.hidden_remark)
    yield "Clocks", _given(conditions.clock_remark)
    yield "CI", (", ".join(f"{name} {value}" for name, value in conditions.ci),) if conditions.ci else ()
    yield "Called with", conditions.session_options
    yield "Deselected", _given(conditions.deselected_text)
    yield "Release", _given(run.release)
    yield "Run group", (f"{run.group_id}, {text_format.count(run.group_parts or 0, 'part')}",) if run.group_id else ()
    yield "Requirements", (run.requirements_digest,)


def _level(
    evidence: Evidence, run: RunSummary | None, signed: SignedRun | None
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if run is not None:
        level = level_of(evidence, (), {run.id: signed} if signed else {})
        yield "Level", (f"{level}, {DESCRIPTIONS[level]}{f' ({signed.by})' if signed else ''}",)


def envelope_fields(evidence: Evidence) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the other recorded fields by name; an absent value has no texts. Each field comes for every evidence."""
    real = "yes" if evidence.real else f"no: {evidence.not_real_because or 'the reason was not recorded'}"
    yield "Real", (real,)
    yield "Warning", evidence.warnings
    yield "Started", (evidence.started_at,)
    yield "Method", (evidence.method,) if evidence.method != "test" else ()
    limited = (evidence.claim_environment, evidence.claim_provider_mode)
    yield "Claim limited to", (", ".join(name for name in limited if name),) if any(limited) else ()
    yield "Parts", (", ".join(evidence.parts),) if evidence.parts else ()
    yield "Replay mode", _given(evidence.replay_mode)
    yield "Message", tuple(evidence.message.splitlines())
    yield "Attempts", tuple(_attempts(evidence))
    yield "Proofs", tuple(_proofs(evidence))
    yield "Connections", tuple(map(_connection, evidence.connections))
    yield "Steps", tuple(_steps(evidence.steps, 0))
    yield "Notes", tuple(line for note in evidence.notes for line in note.splitlines())
    yield "Properties", tuple(f"{name} = {value}" for name, value in evidence.properties)
    yield (
        "Artifacts",
        tuple(map(_artifact, evidence.artifacts)),
    )
    yield "Redacted", tuple(f"{rule}: {count}" for rule, count in evidence.redactions)


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
