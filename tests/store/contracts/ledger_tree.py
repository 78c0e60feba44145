"""Contract of the tree over the records of a store."""

from __future__ import annotations

import pytest

from pytest_readiness.errors import IntegrityError
from pytest_readiness.store.protocol import Store
from tests.store.runs import VERDICT, blocker, finished, run, run_id

from .opened_store import OpenedStore


class LedgerTreeContract(OpenedStore):
    """The promises of ``LedgerTree``. Its leaves are all records, so it is the last part that an adapter gets."""

    def test_the_tree_has_a_leaf_for_each_record_in_the_order_they_came_in(self, store: Store) -> None:
        """What is kept twice has one leaf, and the name is that of the store, whoever opens it."""
        tree = store.tree()
        assert tree is not None
        assert list(tree.leaves) == []
        verdict = store.save_verdict(VERDICT)
        store.save([run(2), run(1)], [], [blocker()])
        store.save([run(2), run(3)])
        store.save_verdict(VERDICT)
        grown = store.tree()
        assert grown is not None
        assert grown.origin == tree.origin
        assert [(leaf.kind, leaf.id) for leaf in grown.leaves] == [
            ("verdict", verdict),
            ("run", run_id(2)),
            ("run", run_id(1)),
            ("decision", blocker().id),
            ("run", run_id(3)),
        ]
        assert grown.leaves[1].digest == run(2).lines[-1].digest
        assert list(store.check_tree([run_id(1), run_id(3)])) == []

    def test_what_is_refused_leaves_no_leaf(self, store: Store) -> None:
        """The leaf is written with its record, or not at all."""
        store.save([run(1)])
        with pytest.raises(IntegrityError):
            store.save([run(2), run(1, finished())])
        tree = store.tree()
        assert tree is not None
        assert [leaf.id for leaf in tree.leaves] == [run_id(1)]
