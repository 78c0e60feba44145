"""A kept verdict: what the gate said, as the document it was told in. Append-only, named by its digest."""

from __future__ import annotations

import json
from typing import Any

from ..errors import IntegrityError, one_line
from ..fast_values import dataclass
from .ledger.digest import digest
from .ledger.line import canonical
from .timestamps import is_timestamp


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A canonical JSON document, and what a store finds it by."""

    text: str
    at: str
    """When it was generated (UTC)."""
    body: dict[str, Any]

    @property
    def id(self) -> str:
        """The digest of the text (64 hex digits)."""
        return digest("verdict", self.text.encode())

    @classmethod
    def parse(cls, text: str) -> StoredVerdict:
        """Return the verdict that a text is.

        Raises:
            IntegrityError: it is not canonical JSON, or does not say at which UTC moment it was ``generated_at``.
        """
        try:
            body = json.loads(text)
            is_canonical = canonical(body) == text
        except (ValueError, TypeError, RecursionError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else one_line(str(error), 200)
            raise IntegrityError(f"this is no verdict: it is no JSON that can be read: {reason}") from None
        if not isinstance(body, dict) or not is_canonical:
            raise IntegrityError("this is no verdict in canonical form")
        at = body.get("generated_at")
        if not isinstance(at, str) or not is_timestamp(at):
            raise IntegrityError("this is no verdict: it does not say at which UTC moment it was generated")
        return cls(text, at, body)
