"""What is being signed: requirement by requirement, down to the evidence, and what changed since the last review."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ..facts.decision import Review
from ..facts.review_basis import PinnedEvidence, PinnedRequirement, ReviewBasis
from ..fast_values import dataclass, field
from ..verdict.inputs import run_of
from ..verdict.readiness import State
from .line_writer import Line, LineWriter, style_of

_MANY = 10
"""Tests of one run that are told in the same way, of which more share what they have in common."""


@dataclass(frozen=True, slots=True)
class ReviewPreview:
    """A use case as it is put before whoever signs it."""

    use_case: str
    title: str
    standing: str
    """Its status, and the phase where there is one."""
    basis: ReviewBasis
    """Exactly what a sign-off rests on."""
    to_acknowledge: tuple[str, ...] = ()
    """Ids of the requirements that an approval has to name."""
    whys: Mapping[str, str] = field(default_factory=dict)
    """By requirement: why it is not COMPLETE, in a sentence."""
    last: Review | None = None
    """The newest review of it."""
    changes: tuple[str, ...] = ()
    """What changed since that; a sentence each."""


def render_preview(
    signing: ReviewPreview, acknowledged: Collection[str], width: int, *, unicode: bool = True
) -> list[Line]:
    """Return what is being signed; ``acknowledged`` are ids of requirements that are named already."""
    pen = LineWriter(width, unicode=unicode)
    title = f"  {signing.title}" if signing.title else ""
    lines = [pen.line((signing.use_case, "strong"), title), pen.line(signing.standing)]
    lines += pen.paragraph(signing.basis.digest, lead=("requirements: ", "dim"))
    for row in signing.basis.requirements:
        lines += _requirement(row, signing, acknowledged, pen)
    if not signing.basis.requirements:
        lines += pen.paragraph("it requires nothing: there is nothing to sign", style="bad")
    return [*lines, *_since(signing, pen)]


def _requirement(
    row: PinnedRequirement, signing: ReviewPreview, acknowledged: Collection[str], pen: LineWriter
) -> Iterator[Line]:
    state = State(row.state) if row.state in set(State) else None
    told = pen.told(state) if state else row.state
    yield pen.line((row.requirement, "strong"), "  ", (told, style_of(state) if state else "bad"))
    if row.requirement in signing.whys:
        yield from pen.paragraph(signing.whys[row.requirement], lead=("why: ", "dim"), indent=2)
    if row.requirement in acknowledged:
        yield from pen.paragraph("acknowledged", indent=2, style="good")
    elif row.requirement in signing.to_acknowledge:
        yield from pen.paragraph(f"to be acknowledged: --acknowledge {row.requirement}", indent=2, style="warn")
    alike: dict[tuple[str, str], list[PinnedEvidence]] = {}
    for pin in row.pins:
        alike.setdefault((run_of(pin.evidence_id), _where(pin)), []).append(pin)
    for (_, where), pins in alike.items():
        yield from _many(pins, where, pen) if len(pins) > _MANY else (line for pin in pins for line in _pin(pin, pen))


def _pin(pin: PinnedEvidence, pen: LineWriter) -> Iterator[Line]:
    yield from pen.paragraph(f"{pin.started_at}{_where(pin)}", lead=("rests on: ", "dim"), indent=2)
    yield from pen.paragraph(pin.test_id, indent=6)
    yield from pen.paragraph(pin.evidence_id, lead=("readiness show ", "dim"), indent=6)


def _many(pins: Sequence[PinnedEvidence], where: str, pen: LineWriter) -> Iterator[Line]:
    """Yield what differs in nothing but the test and the time: each test on a line, as each of them is signed."""
    first, last = min(pin.started_at for pin in pins), max(pin.started_at for pin in pins)
    when = first if first == last else f"{first} to {last}"
    run = run_of(pins[0].evidence_id)
    yield from pen.paragraph(f"{len(pins):,} tests, {when}{where}", lead=("rests on: ", "dim"), indent=2)
    yield from pen.paragraph(f"{run}. and the number before a test", lead=("readiness show ", "dim"), indent=6)
    numbers = [pin.evidence_id.removeprefix(f"{run}.") for pin in pins]
    width = max(map(len, numbers))
    for number, pin in zip(numbers, pins, strict=True):
        yield from pen.paragraph(pin.test_id, lead=(f"{number:>{width}}  ", "dim"), indent=6)


def _where(pin: PinnedEvidence) -> str:
    """Return where it took place and who recorded it, as the end of a sentence."""
    mode = f" with {pin.provider_mode}" if pin.provider_mode else ""
    proofs = f", proofs {', '.join(pin.proofs)}" if pin.proofs else ""
    by = f", recorded by {pin.actor}" if pin.actor else ""
    by += f", started by {pin.started_by}" if pin.started_by else ""
    return f" in {pin.environment or 'no environment'}{mode}{proofs}{by}"


def _since(signing: ReviewPreview, pen: LineWriter) -> Iterator[Line]:
    if signing.last is None:
        yield pen.line(("nobody has reviewed it yet", "dim"))
        return
    last = signing.last
    comment = f": {last.comment}" if last.comment else ""
    yield from pen.paragraph(f"last review: {last.meaning} by {last.by} at {last.at}{comment}")
    for sentence in signing.changes:
        yield from pen.paragraph(sentence, lead=("changed since: ", "warn"), indent=2)
    if not signing.changes:
        yield pen.line("  nothing changed since")
