"""Stored verdicts: gate results as JSON documents, each named by its digest."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ..errors import IntegrityError, one_line
from .ledger.digest import digest
from .ledger.line import read_canonical
from .timestamps import is_timestamp


class StoredVerdict(Struct, frozen=True):
    """Canonical JSON document of a verdict, and its key fields."""

    text: str
    at: str
    """Time of the verdict (UTC)."""
    body: dict[str, Any]

    @property
    def id(self) -> str:
        """Digest (64 hex digits) of the text."""
        return digest("verdict", self.text.encode())

    @classmethod
    def parse(cls, text: str) -> StoredVerdict:
        """Parse a verdict.

        Raises:
            IntegrityError: it is not canonical JSON, or its ``generated_at`` is not a UTC timestamp.
        """
        try:
            body = read_canonical(text)
        except (ValueError, TypeError, RecursionError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else one_line(str(error), 200)
            raise IntegrityError(f"this is no verdict: it is no JSON that can be read: {reason}") from None
        if not isinstance(body, dict):
            raise IntegrityError("this is no verdict in canonical form")
        at = body.get("generated_at")
        if not isinstance(at, str) or not is_timestamp(at):
            raise IntegrityError("this is no verdict: it does not say at which UTC moment it was generated")
        return cls(text, at, body)
