"""Changes between two evaluations: what became ready, what no longer is, and by which evidence."""

from __future__ import annotations

from msgspec import Struct


class Change(Struct, frozen=True):
    """One use case, requirement or test that stands differently than before."""

    use_case: str
    before: str
    """The earlier status or state, such as ``READY_FOR_GO_LIVE``; empty: it did not exist."""
    after: str
    """The later status or state; empty: it no longer exists."""
    requirement: str | None = None
    """The requirement that changed; None: the use case itself did."""
    because: str = ""
    """What caused the change, in a few words, such as ``6/rotation failed``; empty: unknown."""
    evidence: str | None = None
    """Id of the evidence behind it; None: a decision, the clock or the register changed it."""
