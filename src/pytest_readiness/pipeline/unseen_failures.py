"""What went wrong, and those who approved could not see: asked of the index, and only what they did not see is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain

from ..facts.decision import Review
from ..facts.evidence import Evidence
from ..store.protocol import FailureRecord, Store
from ..verdict.policy import Policy
from ..verdict.review.invalidation import ReviewHorizon
from ..verdict.review.standing import horizons_of, starts_of


class UnseenFailures:
    """What failed for the use cases that were approved, or that could be."""

    def __init__(
        self, store: Store | None, register: str, counting: Iterable[Review], to_sign: Mapping[str, str]
    ) -> None:
        """Ask the store.

        Args:
            store: None: there is none yet.
            register: whose use cases.
            counting: the approvals that can be suspect.
            to_sign: use cases of which it is asked what a review would rest on, and since when their failures matter.
        """
        self._store = store
        self._register = register
        self._counting = tuple(counting)
        self._horizons = horizons_of(self._counting)
        self._to_sign = to_sign
        since = dict(to_sign)
        for name, horizons in self._horizons.items():
            since[name] = min(since.get(name, horizons[0].since), *(one.since for one in horizons))
        self._rows = store.failures(register, since) if store is not None and since else []

    @property
    def runs(self) -> dict[str, set[str]]:
        """The runs that failed for the use cases that could be signed."""
        found: dict[str, set[str]] = {}
        for row in self._rows:
            if row.use_case in self._to_sign and row.started_at > self._to_sign[row.use_case]:
                found.setdefault(row.use_case, set()).add(row.run_id)
        return found

    def unseen(self, policy: Policy, release: str | None) -> list[Evidence]:
        """Return what makes an approval suspect, if it counts: for each the newest that its reviewer could not see.

        The newest of each slot is enough: a pass that excuses it excuses the older ones. With what was interrupted.
        """
        if self._store is None or not self._counting:
            return []
        rows: Sequence[FailureRecord] = [row for row in self._rows if row.use_case in self._horizons]
        if policy.release != "ignore":
            made = self._store.summaries({row.run_id for row in rows})
            ours = {id_ for id_, run in made.items() if release is not None and run.release == release}
            rows = [row for row in rows if row.run_id in ours]
        theirs: dict[str, list[FailureRecord]] = {}
        for row in rows:
            theirs.setdefault(row.use_case, []).append(row)
        newest = (_newest(mine, horizon) for name, mine in theirs.items() for horizon in self._horizons[name])
        wanted = dict.fromkeys(chain.from_iterable(newest))
        interrupted = self._store.interruptions(self._register, starts_of(self._counting))
        return [*self._store.evidence_by_ids(self._register, wanted), *interrupted]


def _newest(rows: Iterable[FailureRecord], horizon: ReviewHorizon) -> Collection[str]:
    """Return the ids of what one reviewer could not see: the newest of each slot. Of the rows the newest is first."""
    found: dict[int, str] = {}
    for row in rows:
        if row.slot not in found and horizon.hides(row.run_id, row.started_at):
            found[row.slot] = row.evidence_id
    return found.values()
