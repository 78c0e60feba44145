"""Validation of requirements and decisions, before they are stored and when they are read."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import IntegrityError, one_line
from ...facts.decision import Decision, id_of, parse_decision
from ...facts.requirements_snapshot import Snapshot, snapshot_digest


def check_snapshots(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    """Return the snapshots as a list.

    Raises:
        IntegrityError: the digest of a snapshot does not match its text.
    """
    checked = list(snapshots)
    for snapshot in checked:
        if snapshot_digest(snapshot.text) != snapshot.digest:
            raise IntegrityError(f"not stored: the requirements do not match their digest {snapshot.digest}")
    return checked


def check_decision(decision: Decision) -> Decision:
    """Return the decision that its own text contains.

    Raises:
        IntegrityError: the text cannot be read.
    """
    try:
        return parse_decision(decision.text)
    except IntegrityError as error:
        raise IntegrityError(f"not stored: the decision {one_line(decision.id)}: {error}") from None


def read_decision(id_: str, text: str, register: str | None) -> Decision:
    """Return the decision in a stored text.

    Args:
        id_: its id.
        text: its text.
        register: its register; None: any.

    Raises:
        IntegrityError: the text cannot be read, or was changed.
    """
    try:
        decision = parse_decision(text)
    except IntegrityError as error:
        raise IntegrityError(f"the decision {one_line(id_)} is damaged: {one_line(str(error))}") from None
    if id_of(decision.at, text) != id_ or register not in (None, decision.register):
        raise IntegrityError(f"the decision {one_line(id_)} was changed in the store: restore it from a copy")
    return decision
