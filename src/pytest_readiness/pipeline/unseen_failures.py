"""Failures that reviewers could not see, found in the store's index before any evidence is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain

from ..facts.decision import Review
from ..facts.evidence import Evidence
from ..facts.subject import counts_for
from ..store.protocol import EvidenceStore, FailureRecord
from ..verdict.inputs import JudgedVersion
from ..verdict.policy import Policy
from ..verdict.review.invalidation import ReviewHorizon
from ..verdict.review.standing import horizons_of, starts_of


class UnseenFailures:
    """Failures of the use cases that were approved, or could be."""

    def __init__(
        self, store: EvidenceStore | None, register: str, approvals: Iterable[Review], to_sign: Mapping[str, str]
    ) -> None:
        """Read the index of failures.

        Args:
            store: the store; None if there is none yet.
            register: the register.
            approvals: the approvals that may be suspect.
            to_sign: use cases for which a review is prepared, each with the time after which its failures matter.
        """
        self._store = store
        self._register = register
        self._approvals = tuple(approvals)
        self._horizons = horizons_of(self._approvals)
        self._to_sign = to_sign
        since = dict(to_sign)
        for name, horizons in self._horizons.items():
            since[name] = min(since.get(name, horizons[0].since), *(horizon.since for horizon in horizons))
        self._rows = store.failures(register, since) if store is not None and since else []

    @property
    def runs(self) -> dict[str, set[str]]:
        """The failed runs, by use case that could be signed."""
        runs: dict[str, set[str]] = {}
        for row in self._rows:
            if row.use_case in self._to_sign and row.started_at > self._to_sign[row.use_case]:
                runs.setdefault(row.use_case, set()).add(row.run_id)
        return runs

    def unseen(self, policy: Policy, judged: JudgedVersion) -> tuple[list[Evidence], list[Evidence]]:
        """Return the newest failure of each slot that a reviewer could not see: it may make the approval suspect.

        The newest of a slot is enough, since a pass that excuses it excuses the older ones. Interruptions are included.

        Returns:
            The failures for what is judged, and those for another release or other digests.
        """
        if self._store is None or not self._approvals:
            return [], []
        rows = [row for row in self._rows if row.use_case in self._horizons]
        runs = self._judged_runs(self._store, {row.run_id for row in rows}, policy, judged)
        interrupted = self._store.interruptions(self._register, starts_of(self._approvals))
        counting = self._newest(self._store, [row for row in rows if row.run_id in runs])
        others = self._newest(self._store, [row for row in rows if row.run_id not in runs])
        return [*counting, *interrupted], others

    def _newest(self, store: EvidenceStore, rows: Sequence[FailureRecord]) -> list[Evidence]:
        """Return the newest failure of each slot in these rows that a reviewer could not see."""
        rows_by_use_case: dict[str, list[FailureRecord]] = {}
        for row in rows:
            rows_by_use_case.setdefault(row.use_case, []).append(row)
        newest = (
            _newest_unseen(use_case_rows, horizon)
            for name, use_case_rows in rows_by_use_case.items()
            for horizon in self._horizons[name]
        )
        evidence_ids = dict.fromkeys(chain.from_iterable(newest))
        return store.evidence_by_ids(self._register, evidence_ids) if evidence_ids else []

    @staticmethod
    def _judged_runs(store: EvidenceStore, runs: set[str], policy: Policy, judged: JudgedVersion) -> set[str]:
        """Return the runs that are of the judged release and for the judged digests, if the policy asks for them."""
        if policy.release != "ignore":
            release, summaries = judged.release, store.summaries(runs)
            runs = {id_ for id_, run in summaries.items() if release is not None and run.release == release}
        if policy.subject != "ignore":
            conditions = store.run_conditions(runs)
            runs = {id_ for id_, run in conditions.items() if counts_for(run.subjects, judged.subjects)}
        return runs


def _newest_unseen(rows: Iterable[FailureRecord], horizon: ReviewHorizon) -> Collection[str]:
    """Return the newest failure of each slot that one reviewer could not see, by id. The newest rows come first."""
    newest: dict[int, str] = {}
    for row in rows:
        if row.slot not in newest and horizon.hides(row.run_id, row.started_at):
            newest[row.slot] = row.evidence_id
    return newest.values()
