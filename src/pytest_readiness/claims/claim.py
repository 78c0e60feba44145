"""A claim: one test is evidence for one item of one use case, within a scope."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

WRONG_MARK = "correct the mark, or the rule of [claims], and run the test again"
"""Second line of the message of a test that failed because its evidence mark is wrong begins with this."""


class Claim(Struct, frozen=True):
    """One item of one use case that a test is evidence for. A marker with several items or use cases makes several."""

    use_case: str
    """Use case id as in the register, such as ``UC-003``."""
    item: str
    """Key of the item, such as ``4``."""
    environment: str | None = None
    """Environment that the claim is limited to; None: any environment that the test runs in."""
    provider_mode: str | None = None
    """Provider mode that the claim is limited to; None: any mode that the test uses."""
    part: str | None = None
    """Named part of the item (such as ``rotation``); None: the parts that the test's proofs name, else all."""
    replay_mode: str | None = None
    """``FULL`` or ``TRACE_ONLY``, for an item that validates replay."""

    def to_plain(self) -> dict[str, str]:
        """Return the claim as plain data without its empty fields (for xdist and for the journal)."""
        return {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Claim:
        """Return the claim from the data of ``to_plain``."""
        return cls(**plain)
