"""A use case with its requirements and evidence, as the values that the page shows of it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import msgspec
from msgspec import Struct

from ...facts.decision import Review
from ...verdict.cells import CELLS, cell_of, cell_of_requirement, cell_words
from ...verdict.evidence_standing import standing_at
from ...verdict.owners import owner_of
from ...verdict.readiness import ItemReadiness, RequirementReadiness, ReviewStanding
from .. import text_format
from ..gate import hold_lines
from ..sanitise.terminal import visible
from ..skips import skips_since
from .evidence_table import EvidenceTable, EvidenceTables
from .matrix_rows import STATE_CLASSES, Cell, Row

ID_SIGN, PART_END = b"\x1f", b"\x1e"
"""Control characters, which no JSON text contains."""
_SIGNS = tuple(cell.sign.encode() for cell in CELLS if not cell.sign.isascii())
_LONGEST = 1_000_000
"""Characters of the longest line of a text; recording has cut the long ones."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{3,60}", re.ASCII)
"""An id that stands in JSON as it is."""


class ReviewDetails(Struct, frozen=True, array_like=True):
    """The newest review of a person: what was said, on what basis, and where it stands."""

    text: str
    why: tuple[str, ...]
    digest: str
    basis: str
    id: str


class RequirementDetails(Struct, frozen=True, array_like=True):
    """A requirement with its evidence."""

    id: str
    sign: str
    css: str
    state: str
    why: str
    completes: str
    skipped: tuple[str, ...]
    """Which tests that decide were skipped ever since."""
    level: str
    expires: str
    table: EvidenceTable | None


class ItemDetails(Struct, frozen=True, array_like=True):
    """An item with its requirements."""

    anchor: str
    css: str
    sign: str
    state: str
    key: str
    title: str
    requirements: tuple[RequirementDetails, ...]


class UseCaseDetails(Struct, frozen=True, array_like=True):
    """A use case, in the order in which the script of the page reads the fields."""

    anchor: str
    id: str
    title: str
    css: str
    status: str
    phase: str
    done: str
    """How many of its requirements are complete, and what is accepted or waived."""
    owner: str
    architecture: str
    declared: str
    """The status in the tracker's row, if it is another one."""
    holds: tuple[str, ...]
    review_state: str
    approvals: int
    needed: int
    reviews: tuple[ReviewDetails, ...]
    items: tuple[ItemDetails, ...]


def details_of(row: Row, tables: EvidenceTables) -> UseCaseDetails:
    """Return the details of a row of the matrix."""
    readiness = row.readiness
    review = readiness.review
    by_item = zip(
        (cell for cell in row.cells if cell.parts),
        (item for item in readiness.items if item.requirements),
        strict=True,
    )
    return UseCaseDetails(
        anchor=row.anchor,
        id=row.id,
        title=row.title,
        css=row.css,
        status=readiness.status.value,
        phase=readiness.phase.value if readiness.phase else "",
        done=text_format.completion_text(readiness),
        owner=owner_of(readiness),
        architecture=readiness.use_case.architecture_status,
        declared=readiness.declared if row.drift else "",
        holds=tuple(hold_lines(readiness)),
        review_state=review.state.value,
        approvals=review.approvals,
        needed=review.required,
        reviews=tuple(map(_review, review.standings)),
        items=tuple(_item(cell, item, readiness.accepted, tables) for cell, item in by_item),
    )


def packed(details: UseCaseDetails) -> bytes:
    """Return the details in one line: id, anchor and JSON, in which ``ID_SIGN`` stands for the id.

    The script of the page shows the texts, and never reads markup in them. With the sign for the id the lines of use
    cases are alike, and take two thirds of the space when they are compressed.
    """
    data = _visible_json(details)
    name = details.id.encode() if _PLAIN.fullmatch(details.id) else b""
    return PART_END.join((name, details.anchor.encode(), data.replace(name, ID_SIGN) if name else data))


def _visible_json(details: UseCaseDetails) -> bytes:
    """Return the details as JSON without a character that cannot be seen; most have none."""
    try:
        data = plain = msgspec.json.encode(details)
    except UnicodeEncodeError:  # a lone surrogate
        return msgspec.json.encode(_visible(msgspec.to_builtins(details)))
    for sign in _SIGNS:
        plain = plain.replace(sign, b"")
    if plain.isascii() and b"\x7f" not in plain and b"\\" not in plain.replace(b"\\\\", b"").replace(b'\\"', b""):
        return data  # JSON escapes the other control characters
    return msgspec.json.encode(_visible(msgspec.to_builtins(details)))


def _visible(value: Any) -> Any:
    """Return plain data with visible escapes for the characters in its texts that cannot be seen."""
    if isinstance(value, str):
        return "\n".join(visible(line, _LONGEST) for line in value.split("\n"))
    return [_visible(inner) for inner in value] if isinstance(value, list | tuple) else value


def _item(cell: Cell, item: ItemReadiness, accepted: Collection[str], tables: EvidenceTables) -> ItemDetails:
    shown = cell_of(item)  # as in the matrix of every output
    return ItemDetails(
        anchor=cell.anchor,
        css=STATE_CLASSES.get(shown, STATE_CLASSES[item.state]),
        sign=shown.sign,
        state=cell_words(shown, item.requirements),
        key=item.item.key,
        title=item.item.title,
        requirements=tuple(_requirement(requirement, accepted, tables) for requirement in item.requirements),
    )


def _requirement(
    requirement: RequirementReadiness, accepted: Collection[str], tables: EvidenceTables
) -> RequirementDetails:
    state = cell_of_requirement(requirement)
    described = requirement.described if state is requirement.state else cell_words(state, (requirement,))
    is_accepted = requirement.requirement.id in accepted
    standings = [standing_at(requirement, piece) for piece in requirement.evidence]
    return RequirementDetails(
        id=requirement.requirement.id,
        sign=state.sign,
        css=STATE_CLASSES[state],
        state=f"{described}, accepted" if is_accepted else described,
        why=requirement.why,
        completes="" if is_accepted else requirement.completes_it,
        skipped=tuple(skips_since(requirement)),
        level=requirement.level or "",
        expires=requirement.expires_at or "",
        table=tables.table(requirement.evidence, standings) if requirement.evidence else None,
    )


def _review(standing: ReviewStanding) -> ReviewDetails:
    review = standing.decision
    seen = f", on the report of {review.seen_at}" if review.seen_at else ""
    comment = f": {review.comment}" if review.comment else ""
    identity = text_format.identity(review.known_by)
    return ReviewDetails(
        f"{review.meaning.value} by {review.by} at {review.at} ({identity}{seen}), {standing.state.value}{comment}",
        standing.why,
        review.basis.digest,
        _basis(review),
        review.id,
    )


def _basis(review: Review) -> str:
    requirements = review.basis.requirements
    pins = sum(len(requirement.pins) for requirement in requirements)
    acknowledged = f", acknowledged: {', '.join(review.acknowledged)}" if review.acknowledged else ""
    numbers = text_format.count(len(requirements), "requirement"), text_format.count(pins, "piece")
    return f"{numbers[0]} with {numbers[1]} of evidence{acknowledged}"
