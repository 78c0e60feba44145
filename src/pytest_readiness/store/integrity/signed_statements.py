"""Checks of signed statements in a store: each is unchanged, and so is its subject."""

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
    """Return the statement in a stored row.

    Raises:
        IntegrityError: the statement cannot be read, or was changed.
    """
    try:
        envelope = parse_envelope(row.text)
    except IntegrityError as error:
        raise IntegrityError(f"the signature {one_line(row.id)} is damaged: {one_line(str(error))}") from None
    if envelope_row(envelope) != row:
        raise IntegrityError(f"the signature {one_line(row.id)} was changed in the store: restore it from a copy")
    return envelope


def subject_problem(query: Callable[..., list[Any]], envelope: Envelope) -> str:
    """Return why the subject of a statement is not in the store as it was signed; empty: it is.

    Args:
        query: takes SQL and its parameters, and returns all rows.
        envelope: the statement.

    Raises:
        StorageError: the store cannot be read.
    """
    if envelope.subject_kind == "run":
        digests = [head for (head,) in query(_SEAL, (envelope.subject,))]
    else:
        digests = [text_digest(text) for (text,) in query(_DECISION, (envelope.subject,))]
    if not digests:
        return f"it was signed, but is not in the store: it was deleted (signature {envelope.id[:16]})"
    if digests != [envelope.subject_digest]:
        return f"it was changed after it was signed (signature {envelope.id[:16]})"
    return ""
