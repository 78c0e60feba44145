"""Contents of the page beside the report: recorded lines, artifacts, and the burn-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from ..facts.evidence import Evidence
from ..verdict.burn_up import BurnUp
from ..verdict.readiness import WORST_FIRST, Readiness, RequirementReadiness, State

LINES_AT_MOST = 1_000
"""Number of lines in a page with more evidence than ``PIECES_AT_ONCE``."""
PIECES_AT_ONCE = 2_000
"""Up to this number of pieces of evidence, the page shows all of them without a script, and has all their lines."""


class ArtifactContent(Struct, frozen=True):
    """Content of an artifact, or the reason why it is not in the page."""

    content: bytes = b""
    omitted: str = ""
    """Why the content is not in the page; empty: it is."""


class PageMaterial(Struct, frozen=True):
    """What the page shows beside the report."""

    lines: Mapping[str, str] = field(default_factory=dict)
    """Text of the recorded line of a piece of evidence, by ``line_key``."""
    artifacts: Mapping[str, ArtifactContent] = field(default_factory=dict)
    """Contents by SHA-256."""
    burn_up: BurnUp | None = None
    """Progress over time; None: it was not replayed."""
    no_burn_up: str = ""
    """Why there is no burn-up."""


def line_key(evidence: Evidence) -> str:
    """Return the key of the line that recorded a piece of evidence: its run and the number of the line."""
    return f"{evidence.run_id}.{evidence.seq}"


def shown_evidence(readiness: Readiness) -> list[Evidence]:
    """Return the evidence that the page shows, of the worst requirements first, each piece once."""
    return list({piece.id: piece for piece in _by_urgency(readiness)}.values())


def evidence_with_lines(readiness: Readiness) -> list[Evidence]:
    """Return the evidence whose lines belong into the page: all of it, or the most urgent of very much."""
    pieces = shown_evidence(readiness)
    return pieces if len(pieces) <= PIECES_AT_ONCE else pieces[:LINES_AT_MOST]


def _by_urgency(readiness: Readiness) -> Iterator[Evidence]:
    by_state: dict[State, list[RequirementReadiness]] = {state: [] for state in WORST_FIRST}
    for use_case in readiness.use_cases:
        for requirement in use_case.requirements:
            by_state[requirement.state].append(requirement)
    for requirements in by_state.values():
        for requirement in requirements:
            yield from requirement.evidence
