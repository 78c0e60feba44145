"""Notes on approvals whose evidence the store does not have."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import one_line
from ..verdict.inputs import Facts
from ..verdict.policy import Policy
from ..verdict.review.standing import newest_approvals, pins_of


def missing_store_notes(facts: Facts, policy: Policy, now: str) -> Iterator[str]:
    """Yield a note if the store has none of the evidence behind an approval, which may be from another project."""
    missing = facts.missing
    if not missing:
        return
    approvals = newest_approvals(facts.decisions, policy, now)
    use_cases = sorted(
        {review.use_case for review in approvals if (pins := pins_of([review])) and pins.issubset(missing)}
    )
    if use_cases:
        names = one_line(", ".join(use_cases), 200)
        yield (
            f"the store has none of the evidence behind the approval of {names}: if another project uses the same"
            ' register name, give each its own (register = "..." in the config)'
        )
