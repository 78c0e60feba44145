"""What must hold of requirements and decisions before they are kept, and when they are read again."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import IntegrityError, one_line
from ...facts.decision import Decision, id_of, parse_decision
from ...facts.requirements_snapshot import Snapshot, snapshot_digest


def check_snapshots(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    """Return the snapshots.

    Raises:
        IntegrityError: the digest of one is not that of its text.
    """
    found = list(snapshots)
    for snapshot in found:
        if snapshot_digest(snapshot.text) != snapshot.digest:
            raise IntegrityError(f"not kept: the requirements {snapshot.digest} have another digest")
    return found


def check_decision(decision: Decision) -> Decision:
    """Return what will be read back: a decision that cannot be read again must not get in.

    Raises:
        IntegrityError: it cannot.
    """
    try:
        return parse_decision(decision.text)
    except IntegrityError as error:
        raise IntegrityError(f"not kept: the decision {one_line(decision.id)}: {error}") from None


def read_decision(id_: str, text: str, register: str | None) -> Decision:
    """Return the decision that is kept under an id; of this register, if one is named.

    Raises:
        IntegrityError: the text is none, or is not the one that was kept.
    """
    try:
        decision = parse_decision(text)
    except IntegrityError as error:
        raise IntegrityError(f"the decision {one_line(id_)} is damaged: {one_line(str(error))}") from None
    if id_of(decision.at, text) != id_ or register not in (None, decision.register):
        raise IntegrityError(f"the decision {one_line(id_)} was changed in the store: restore it from a copy")
    return decision
