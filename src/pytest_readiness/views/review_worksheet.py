"""View of what a review covers as Markdown: a worksheet to go through before signing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..facts.review_basis import PinnedRequirement
from .review_preview import ReviewPreview, pin_text
from .sanitise.markdown import markdown_head, markdown_row, to_markdown
from .skips import SKIPPED_SINCE

_COLUMNS = ("Checked", "Requirement", "State", "Why")
_BOX = "\N{BALLOT BOX}"


def render_worksheet(signings: Iterable[ReviewPreview]) -> Iterator[str]:
    """Yield a section for each use case: a table with a box for each requirement, and what changed since.

    Every piece of evidence that an approval would pin is named by its id.
    """
    for number, signing in enumerate(signings):
        title = f" {to_markdown(signing.title)}" if signing.title else ""
        yield f"{'' if number == 0 else chr(10)}## {to_markdown(signing.use_case)}{title}\n\n"
        yield f"{to_markdown(signing.standing)}, requirements {to_markdown(signing.basis.digest)}\n\n"
        if signing.basis.requirements:
            yield f"{markdown_head(_COLUMNS)}\n"
            yield from (_row(row, signing) for row in signing.basis.requirements)
        else:
            yield "It has no requirements: there is nothing to sign.\n"
        yield "\n"
        yield from (f"- {to_markdown(text)}\n" for text in _about(signing))


def _row(row: PinnedRequirement, signing: ReviewPreview) -> str:
    state = f"{row.state}, to be acknowledged" if row.requirement in signing.to_acknowledge else row.state
    return f"{markdown_row((_BOX, row.requirement, state, signing.whys.get(row.requirement, '')))}\n"


def _about(signing: ReviewPreview) -> Iterator[str]:
    """Yield each piece of evidence, the last review, what changed since, and where to sign."""
    for row in signing.basis.requirements:
        yield from (f"{row.requirement}: {SKIPPED_SINCE}{text}" for text in signing.skipped.get(row.requirement, ()))
        yield from (f"{row.requirement}: {pin_text(pin)}, readiness show {pin.evidence_id}" for pin in row.pins)
    if last := signing.last:
        comment = f": {last.comment}" if last.comment else ""
        yield f"last review: {last.meaning} by {last.by} at {last.at}{comment}"
        yield from (f"changed since: {sentence}" for sentence in signing.changes or ("nothing",))
    else:
        yield "not reviewed yet"
    yield f"to sign: readiness review {signing.use_case} shows the commands"
