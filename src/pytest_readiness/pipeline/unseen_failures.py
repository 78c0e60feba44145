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

    def unseen(self, policy: Policy, judged: JudgedVersion) -> list[Evidence]:
        """Return the newest failure of each slot that a reviewer could not see: it may make the approval suspect.

        The newest of a slot is enough, since a pass that excuses it excuses the older ones. Interruptions are included.
        """
        if self._store is None or not self._approvals:
            return []
        rows: Sequence[FailureRecord] = [row for row in self._rows if row.use_case in self._horizons]
        if policy.release != "ignore":
            summaries = self._store.summaries({row.run_id for row in rows})
            release = judged.release
            release_runs = {id_ for id_, run in summaries.items() if release is not None and run.release == release}
            rows = [row for row in rows if row.run_id in release_runs]
        if policy.subject != "ignore":
            conditions = self._store.run_conditions({row.run_id for row in rows})
            for_subjects = {id_ for id_, run in conditions.items() if counts_for(run.subjects, judged.subjects)}
            rows = [row for row in rows if row.run_id in for_subjects]
        rows_by_use_case: dict[str, list[FailureRecord]] = {}
        for row in rows:
            rows_by_use_case.setdefault(row.use_case, []).append(row)
        newest = (
            _newest_unseen(use_case_rows, horizon)
            for name, use_case_rows in rows_by_use_case.items()
            for horizon in self._horizons[name]
        )
        evidence_ids = dict.fromkeys(chain.from_iterable(newest))
        interrupted = self._store.interruptions(self._register, starts_of(self._approvals))
        return [*self._store.evidence_by_ids(self._register, evidence_ids), *interrupted]


def _newest_unseen(rows: Iterable[FailureRecord], horizon: ReviewHorizon) -> Collection[str]:
    """Return the newest failure of each slot that one reviewer could not see, by id. The newest rows come first."""
    newest: dict[int, str] = {}
    for row in rows:
        if row.slot not in newest and horizon.hides(row.run_id, row.started_at):
            newest[row.slot] = row.evidence_id
    return newest.values()
