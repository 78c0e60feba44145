"""Signed statements in a store: that each is what was kept, and is about something that is there as it was signed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import IntegrityError, one_line
from ...facts.decision import text_digest
from ...facts.envelope import Envelope, parse_envelope
from .index import EnvelopeRow, envelope_row

_SEAL = "SELECT head FROM run WHERE id = ?"
_DECISION = "SELECT text FROM decision WHERE id = ?"


def read_statement(row: EnvelopeRow) -> Envelope:
    """Return the statement that is kept in this row.

    Raises:
        IntegrityError: it is none, or is not the one that was kept.
    """
    try:
        envelope = parse_envelope(row.text)
    except IntegrityError as error:
        raise IntegrityError(f"the signature {one_line(row.id)} is damaged: {one_line(str(error))}") from None
    if envelope_row(envelope) != row:
        raise IntegrityError(f"the signature {one_line(row.id)} was changed in the store: restore it from a copy")
    return envelope


def subject_problem(query: Callable[..., list[Any]], envelope: Envelope) -> str:
    """Return what keeps a statement from being about what the store holds; empty where nothing does.

    Args:
        query: answers SQL with all rows.
        envelope: the statement.

    Raises:
        StorageError: the store cannot be read.
    """
    if envelope.subject_kind == "run":
        found = [head for (head,) in query(_SEAL, (envelope.subject,))]
    else:
        found = [text_digest(text) for (text,) in query(_DECISION, (envelope.subject,))]
    if not found:
        return f"it was signed, and is not in the store: it was deleted (signature {envelope.id[:16]})"
    if found != [envelope.subject_digest]:
        was = "sealed" if envelope.subject_kind == "run" else "made"
        return f"it was {was} anew after it was signed (signature {envelope.id[:16]})"
    return ""
