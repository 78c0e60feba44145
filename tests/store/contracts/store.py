"""Contract of a store of all records: the parts, and what holds of them together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_readiness.errors import IntegrityError
from pytest_readiness.store.protocol import Store
from tests.store.runs import (
    VERDICT,
    blocker,
    finished,
    moment,
    retirement,
    review,
    run,
    run_id,
    snapshot,
    statement,
    unblock,
    waiver,
)

from .decision_store import DecisionStoreContract
from .evidence_store import EvidenceStoreContract
from .ledger_tree import LedgerTreeContract


class StoreContract(EvidenceStoreContract, DecisionStoreContract, LedgerTreeContract):
    """The promises of ``Store``."""

    def test_signed_statements_come_back_by_what_they_are_about(
        self, store: Store, opened: Callable[[], Store]
    ) -> None:
        """Statements are kept with their runs and decisions, once, and are found by these; the store stays sound."""
        runs, made = [run(1, finished()), run(2)], review()
        stored = [statement(runs[0]), statement(runs[0], b"another key"), statement(made)]
        new = store.save(runs, decisions=[made], envelopes=stored)
        assert new == [run_id(1), run_id(2), made.id, *(each.id for each in stored)]
        assert store.save(runs, envelopes=stored) == []
        found = opened().envelopes([run_id(1), run_id(2), "x", "\ud800"])
        assert {each.id: each for each in found} == {each.id: each for each in stored[:2]}
        assert store.envelopes([made.id]) == [stored[2]]
        assert list(store.verify()) == []

    def test_a_decision_needs_its_requirements(self, store: Store) -> None:
        """A decision whose requirements are not in the store cannot be judged later, and verify says so."""
        made = blocker(requirements_digest=snapshot().digest)
        store.decide([made])
        assert [problem.where for problem in store.verify()] == [f"decision {made.id}"]
        store.decide([], [snapshot()])
        assert list(store.verify()) == []

    def test_a_decision_is_kept_with_its_requirements(self, store: Store) -> None:
        """Every kind of decision leaves the store sound, and its requirements are there like those of a run."""
        store.decide([blocker(), review(), waiver(), unblock(), retirement()], [snapshot()])
        assert store.snapshot(snapshot().digest) == snapshot()
        assert list(store.verify()) == []

    def test_verdicts_are_kept_by_their_digest(self, store: Store) -> None:
        """The text comes back, once however often it is kept; oldest first."""
        older = VERDICT.replace(moment(0), "2026-01-01T00:00:00.000Z")
        ids = [store.save_verdict(text) for text in (VERDICT, older, VERDICT)]
        assert (ids[0], len(set(ids))) == (ids[2], 2)
        assert store.verdicts() == [older, VERDICT]
        assert list(store.verify()) == []

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"generated_at":"soon"}', VERDICT + "\n", VERDICT[:-1]])
    def test_a_text_that_is_no_verdict_is_refused(self, store: Store, text: str) -> None:
        """Only a canonical document that says when it was generated is kept."""
        with pytest.raises(IntegrityError, match="this is no verdict"):
            store.save_verdict(text)
        assert store.verdicts() == []

    def test_runs_decisions_and_verdicts_are_kept_together_or_not_at_all(self, store: Store) -> None:
        """One unsound thing keeps out everything that came with it."""
        with pytest.raises(IntegrityError):
            store.save([run(1)], [snapshot()], [blocker()], ["{}"])
        assert (store.runs(), store.decisions("payments"), store.snapshot(snapshot().digest)) == ([], [], None)
        assert store.save([run(1)], [], [blocker()], [VERDICT])[:2] == [run_id(1), blocker().id]
