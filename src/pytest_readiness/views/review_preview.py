"""View of what a review covers: requirements, their evidence, and changes since the last review."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct, field

from ..facts.decision import Review
from ..facts.review_basis import PinnedEvidence, PinnedRequirement, ReviewBasis
from ..hints import typed
from ..verdict.inputs import run_of
from ..verdict.readiness import State
from .line_writer import Line, LineWriter, style_of
from .skips import SKIPPED_SINCE

_MANY = 10
"""If more tests of one run have the same description, they are listed under it."""
_MOST_SHOWN = 2
"""Pieces of evidence of a requirement to list, unless all are asked for."""


class ReviewPreview(Struct, frozen=True):
    """A use case as it is shown to the reviewer."""

    use_case: str
    title: str
    standing: str
    """Status, with the phase if there is one."""
    basis: ReviewBasis
    """The exact basis of a review."""
    to_acknowledge: tuple[str, ...] = ()
    """Ids of the requirements that an approval must acknowledge."""
    whys: Mapping[str, str] = field(default_factory=dict)
    """Sentence that says why a requirement is not COMPLETE, by its id."""
    last: Review | None = None
    """The newest review of the use case; None: none."""
    changes: tuple[str, ...] = ()
    """A sentence for each change since that review."""
    skipped: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Sentences on tests that decide a requirement and were skipped ever since, by its id."""


def render_preview(
    signing: ReviewPreview, acknowledged: Collection[str], width: int, *, unicode: bool = True, verbosity: int = 0
) -> list[Line]:
    """Return what the review covers.

    Args:
        signing: the use case as it is reviewed.
        acknowledged: ids of the requirements that are acknowledged already.
        width: maximum columns of a line.
        unicode: False: print only ASCII.
        verbosity: above 0: every piece of evidence; else the first of each requirement, and the number of the others.
    """
    writer = LineWriter(width, unicode=unicode)
    title = f"  {signing.title}" if signing.title else ""
    lines = [writer.line((signing.use_case, "strong"), title), writer.line(signing.standing)]
    lines += writer.paragraph(signing.basis.digest, lead=("requirements: ", "dim"))
    for row in signing.basis.requirements:
        lines += _requirement(row, signing, acknowledged, writer, verbosity)
    if not signing.basis.requirements:
        lines += writer.paragraph("it has no requirements: there is nothing to sign", style="bad")
    return [*lines, *_since(signing, writer)]


def _requirement(
    row: PinnedRequirement,
    signing: ReviewPreview,
    acknowledged: Collection[str],
    writer: LineWriter,
    verbosity: int,
) -> Iterator[Line]:
    state = State(row.state) if row.state in set(State) else None
    label = writer.state_label(state) if state else row.state
    yield writer.line((row.requirement, "strong"), "  ", (label, style_of(state) if state else "bad"))
    if row.requirement in signing.whys:
        yield from writer.paragraph(signing.whys[row.requirement], lead=("why: ", "dim"), indent=2)
    for text in signing.skipped.get(row.requirement, ()):
        yield from writer.paragraph(text, lead=(SKIPPED_SINCE, "warn"), indent=2)
    if row.requirement in acknowledged:
        yield from writer.paragraph("acknowledged", indent=2, style="good")
    elif row.requirement in signing.to_acknowledge:
        yield from writer.paragraph(
            f"to be acknowledged: --acknowledge {shlex.quote(row.requirement)}", indent=2, style="warn"
        )
    groups: dict[tuple[str, str], list[PinnedEvidence]] = {}
    shown = row.pins if verbosity > 0 else row.pins[:_MOST_SHOWN]
    for pin in shown:
        groups.setdefault((run_of(pin.evidence_id), _where(pin)), []).append(pin)
    for (_, where), pins in groups.items():
        if len(pins) > _MANY:
            yield from _grouped_pins(pins, where, writer)
        else:
            yield from (line for pin in pins for line in _pin(pin, writer))
    if more := len(row.pins) - len(shown):
        yield from writer.paragraph(f"{more:,} more: -v shows all", lead=("evidence: ", "dim"), indent=2, style="dim")


def _pin(pin: PinnedEvidence, writer: LineWriter) -> Iterator[Line]:
    yield from writer.paragraph(pin_text(pin), lead=("evidence: ", "dim"), indent=2)
    show = typed(f"show {pin.evidence_id}")
    yield from writer.paragraph(show, indent=6, commands=(show,))


def pin_text(pin: PinnedEvidence) -> str:
    """Return test, start, place and recorder of a piece of evidence."""
    return f"{pin.test_id}, started {pin.started_at}{_where(pin)}"


def _grouped_pins(pins: Sequence[PinnedEvidence], where: str, writer: LineWriter) -> Iterator[Line]:
    """Yield evidence that differs only in test and time: one line for each test, since each is signed."""
    first, last = min(pin.started_at for pin in pins), max(pin.started_at for pin in pins)
    when = first if first == last else f"{first} to {last}"
    run = run_of(pins[0].evidence_id)
    yield from writer.paragraph(f"{len(pins):,} tests, started {when}{where}", lead=("evidence: ", "dim"), indent=2)
    yield from writer.paragraph(typed(f"show {run}.N, where N is the number before a test"), indent=6)
    numbers = [pin.evidence_id.removeprefix(f"{run}.") for pin in pins]
    width = max(map(len, numbers))
    for number, pin in zip(numbers, pins, strict=True):
        yield from writer.paragraph(pin.test_id, lead=(f"{number:>{width}}  ", "dim"), indent=6)


def _where(pin: PinnedEvidence) -> str:
    """Return the environment, provider mode, proofs and recorder, as the end of a sentence."""
    mode = f" with {pin.provider_mode}" if pin.provider_mode else ""
    proofs = f", proofs {', '.join(pin.proofs)}" if pin.proofs else ""
    by = f", recorded by {pin.actor}" if pin.actor else ""
    by += f", started by {pin.started_by}" if pin.started_by else ""
    return f" in {pin.environment or 'no environment'}{mode}{proofs}{by}"


def _since(signing: ReviewPreview, writer: LineWriter) -> Iterator[Line]:
    if signing.last is None:
        yield writer.line(("not reviewed yet", "dim"))
        return
    last = signing.last
    comment = f": {last.comment}" if last.comment else ""
    yield from writer.paragraph(f"last review: {last.meaning} by {last.by} at {last.at}{comment}")
    for sentence in signing.changes:
        yield from writer.paragraph(sentence, lead=("changed since: ", "warn"), indent=2)
    if not signing.changes:
        yield writer.line("  nothing changed since")
