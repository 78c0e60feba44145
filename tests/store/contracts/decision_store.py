"""Contract of a home of decisions: they come back as they were made, with their signed statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from pytest_readiness.errors import IntegrityError
from pytest_readiness.store.protocol import DecisionStore
from tests.store.runs import blocker, retirement, review, snapshot, statement, unblock, waiver

from .opened_store import OpenedStore


class DecisionStoreContract(OpenedStore):
    """The promises of ``DecisionStore``."""

    def test_a_decision_is_kept_with_its_signed_statement(self, store: DecisionStore) -> None:
        """Deciding returns the decisions that are new, and keeps what was signed with them."""
        assert store.decide([waiver()], envelopes=[statement(waiver())]) == [waiver().id]
        assert store.envelopes([waiver().id]) == [statement(waiver())]

    def test_decisions_come_back_as_they_were_made(
        self, store: DecisionStore, opened: Callable[[], DecisionStore]
    ) -> None:
        """Every kind of decision is there after opening again: oldest first, of its register only, with its id."""
        made = [blocker(at=3), review(at=2), waiver(at=1), unblock(at=4), retirement(at=0), blocker(register="billing")]
        assert store.decide(made, [snapshot()]) == [decision.id for decision in made]
        assert store.decisions("payments") == sorted(made[:5], key=lambda decision: decision.at)
        assert opened().decisions("payments") == store.decisions("payments")
        assert [decision.id for decision in store.register_decisions("billing").decisions] == [made[5].id]
        assert store.register_decisions("nowhere").decisions == ()

    def test_deciding_twice_is_harmless(self, store: DecisionStore) -> None:
        """A decision that is there is passed over, within a call as between calls."""
        assert store.decide([blocker(), blocker()]) == [blocker().id]
        assert store.decide([blocker(), blocker(at=1)]) == [blocker(at=1).id]
        assert len(store.decisions("payments")) == 2

    @pytest.mark.parametrize("odd", [{"at": "soon"}, {"at": "../../x"}, {"reason": 4}, {"by": None}])
    def test_a_decision_that_could_not_be_read_again_is_refused(
        self, store: DecisionStore, odd: dict[str, Any]
    ) -> None:
        """A wrong type, or a moment that is none, is refused before anything is written."""
        with pytest.raises(IntegrityError, match="not stored: the decision"):
            store.decide([blocker(), replace(blocker(), **odd)])
        assert store.decisions("payments") == []

    def test_a_decision_with_odd_texts_keeps_its_id(self, store: DecisionStore) -> None:
        """NUL, emoji, line ends and lone surrogates in a reason are read back under the id that was given."""
        odd = blocker(reason="a\0b\u2028\n\U0001f600\ud800")
        assert store.decide([odd]) == [odd.id]
        assert [decision.id for decision in store.decisions("payments")] == [odd.id]
