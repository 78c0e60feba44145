"""Where a bundle comes from: the checkpoint of that store's tree, and the leaves that it was computed from.

Whoever kept an older checkpoint of the store sees in the leaves that it went on from there; and whoever has the bundle
sees which records of the store are not in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from ...errors import IntegrityError, one_line
from ...facts.checkpoint import Checkpoint, Leaf, StoreTree
from ...facts.ledger.line import canonical
from ...fast_values import dataclass

Records = Mapping[tuple[str, str], str]
"""Kind (``run``, ``decision``, ``verdict``) and id -> digest of the seal, or of the text."""


@dataclass(frozen=True, slots=True)
class BundleOrigin:
    """The tree of the store that a bundle comes from."""

    checkpoint: str
    """Its text."""
    leaves: tuple[Leaf, ...]
    """In the order in which the store took the records in."""

    @property
    def leaves_text(self) -> str:
        """The leaves as a bundle holds them."""
        return canonical({"leaves": [list(leaf) for leaf in self.leaves]})

    @classmethod
    def from_tree(cls, tree: StoreTree) -> BundleOrigin:
        """Return what a bundle says of this tree."""
        return cls(tree.checkpoint().text, tuple(tree.leaves))

    @classmethod
    def parse(cls, checkpoint: str, leaves: str) -> BundleOrigin:
        """Return the origin that two members say.

        Raises:
            IntegrityError: they are not of their form, or the checkpoint is not that of the leaves.
        """
        told = Checkpoint.parse(checkpoint)
        try:
            plain = json.loads(leaves)
            listed = tuple(Leaf(kind, id_, digest) for kind, id_, digest in plain["leaves"])
            readable = all(one.isprintable() for leaf in listed for one in leaf) and canonical(plain) == leaves
        except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
            readable = False
        if not readable:
            raise IntegrityError("leaves.json is no list of kind, id and digest in canonical form")
        grown = StoreTree(told.origin, listed).checkpoint()
        if (grown.size, grown.root) != (told.size, told.root):
            raise IntegrityError("the checkpoint is not that of the leaves")
        return cls(checkpoint, listed)

    def refuse_unknown(self, records: Records) -> None:
        """Refuse records that are no leaf of the tree.

        Raises:
            IntegrityError: one is none.
        """
        grown = set(self.leaves)
        for (kind, id_), digest in records.items():
            if Leaf(kind, id_, digest) not in grown:
                raise IntegrityError(f"the {kind} {one_line(id_, 100)} is no leaf of the tree it is said to be of")
