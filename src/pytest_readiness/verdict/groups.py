"""Run groups: the parts of one logical run, such as CI shards, and what is held while parts are missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..facts.evidence import CONCLUSIVE, Evidence

PlannedClaim = tuple[str, str, str]
"""Test, use case and item."""


@dataclass(frozen=True, slots=True)
class RunGroup:
    """A logical run in parts, as far as its parts have arrived."""

    id: str
    parts_expected: int
    parts_present: int
    started_at: str
    """Start of its earliest part (UTC)."""
    runs: tuple[str, ...]
    """Ids of the runs that are its parts."""
    planned: tuple[PlannedClaim, ...]
    """What its parts had planned: (test, use case, item)."""

    @property
    def incomplete(self) -> bool:
        """Whether a part is missing."""
        return self.parts_present < self.parts_expected


def held_use_cases(groups: Sequence[RunGroup], settled: Iterable[Evidence]) -> dict[str, tuple[str, ...]]:
    """Return which incomplete groups hold each use case.

    A group lets go of a use case once each test that it planned for it has run again for real, with the same item,
    after the group started and outside of any incomplete group.

    Args:
        groups: the groups, incomplete or not.
        settled: evidence of sealed runs that started no later than the moment being judged.
    """
    incomplete = [group for group in groups if group.incomplete]
    if not incomplete:
        return {}
    partial_runs = {run for group in incomplete for run in group.runs}
    newest: dict[PlannedClaim, str] = {}
    for one in settled:
        if one.real and one.result in CONCLUSIVE and one.run_id not in partial_runs:
            claim = (one.test_id, one.uc, one.item)
            newest[claim] = max(one.started_at, newest.get(claim, ""))
    held: dict[str, set[str]] = {}
    for group in incomplete:
        for claim in group.planned:
            if newest.get(claim, "") <= group.started_at:
                held.setdefault(claim[1], set()).add(group.id)
    return {use_case: tuple(sorted(ids)) for use_case, ids in held.items()}
