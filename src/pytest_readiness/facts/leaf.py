"""Leaves of a store's Merkle tree: one for each record, which names its digest."""

from __future__ import annotations

from typing import NamedTuple

from .decision import Decision
from .ledger.digest import digest
from .run import Run
from .stored_verdict import StoredVerdict


class Leaf(NamedTuple):
    """Leaf of the tree for one record."""

    kind: str
    """``run``, ``decision`` or ``verdict``."""
    id: str
    digest: str
    """Digest of the seal of a run, which closes the chain of its lines; otherwise the digest of the record's text."""

    @property
    def data(self) -> bytes:
        """The text that is hashed. Its first line separates it from every other kind of text."""
        return f"readiness/leaf/v1\n{self.kind}\n{self.id}\n{self.digest}\n".encode()


def leaf_of(record: Run | Decision | StoredVerdict) -> Leaf:
    """Return the leaf of a sealed run, a decision or a stored verdict."""
    if isinstance(record, Run):
        if record.seal is None:
            raise ValueError("the run is not sealed")
        return Leaf("run", record.id, record.seal.digest)
    if isinstance(record, StoredVerdict):
        return Leaf("verdict", record.id, record.id)
    return Leaf("decision", record.id, decision_digest(record.text))


def decision_digest(text: str) -> str:
    """Return the full digest of a decision's text. The decision's id has the first part of it."""
    return digest("decision", text.encode())
