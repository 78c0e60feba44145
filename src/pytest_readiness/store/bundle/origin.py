"""Origin of a bundle: the checkpoint of its store's tree, and the leaves of the tree.

A reader with an older checkpoint can verify in the leaves that the store continued from it. The leaves also show which
records of the store are not in the bundle.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ...errors import IntegrityError, one_line
from ...facts.checkpoint import Checkpoint, StoreTree
from ...facts.leaf import Leaf
from ...facts.ledger.line import canonical, read_canonical

Records = Mapping[tuple[str, str], str]
"""Kind (``run``, ``decision``, ``verdict``) and id -> digest of the seal, or of the text."""


class BundleOrigin(Struct, frozen=True):
    """The tree of the store that a bundle was exported from."""

    checkpoint: str
    """Text of the checkpoint."""
    leaves: tuple[Leaf, ...]
    """In the order in which the records were stored."""

    @property
    def leaves_text(self) -> str:
        """The content of ``leaves.json``."""
        return canonical({"leaves": [list(leaf) for leaf in self.leaves]})

    @classmethod
    def from_tree(cls, tree: StoreTree) -> BundleOrigin:
        """Return the origin for a store's tree."""
        return cls(tree.checkpoint().text, tuple(tree.leaves))

    @classmethod
    def parse(cls, checkpoint: str, leaves: str) -> BundleOrigin:
        """Return the origin from the texts of ``checkpoint.txt`` and ``leaves.json``.

        Raises:
            IntegrityError: a text has a wrong form, or the checkpoint does not match the leaves.
        """
        declared = Checkpoint.parse(checkpoint)
        try:
            plain = read_canonical(leaves)
            listed = tuple(Leaf(kind, id_, digest) for kind, id_, digest in plain["leaves"])
            readable = all(field.isprintable() for leaf in listed for field in leaf)
        except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
            readable = False
        if not readable:
            raise IntegrityError("leaves.json is not a list of kind, id and digest in canonical form")
        computed = StoreTree(declared.origin, listed).checkpoint()
        if (computed.size, computed.root) != (declared.size, declared.root):
            raise IntegrityError("the checkpoint does not match the leaves")
        return cls(checkpoint, listed)

    def check_records(self, records: Records) -> None:
        """Raise IntegrityError if a record is not a leaf of the tree."""
        leaves = set(self.leaves)
        for (kind, id_), digest in records.items():
            if Leaf(kind, id_, digest) not in leaves:
                raise IntegrityError(f"the {kind} {one_line(id_, 100)} is not a leaf of the tree in the bundle")
