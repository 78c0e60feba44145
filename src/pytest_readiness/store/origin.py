"""Where a bundle comes from: the checkpoint of that store's tree, and the leaves that it was computed from.

Whoever kept an older checkpoint of the store sees in the leaves that it went on from there; and whoever has the bundle
sees which records of the store are not in it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from ..errors import IntegrityError, one_line
from ..facts.line import canonical
from ..facts.tree import leaf_hash, roots

_CHECKPOINT = re.compile(
    r"(?P<store>readiness-store/[0-9a-f]{32})\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n\n"
    r"(— [^\s+]+ [A-Za-z0-9+/]+={0,2}\n)*"
)

Records = Mapping[tuple[str, str], str]
"""Kind (``run``, ``decision``, ``verdict``) and id -> digest of the seal, or of the text."""


class Leaf(Protocol):
    """What a tree says of one record."""

    kind: str
    id: str
    digest: str


class Tree(Protocol):
    """The tree of a store."""

    @property
    def leaves(self) -> Sequence[Leaf]:
        """In the order in which the store took the records in."""

    def checkpoint(self) -> Any:
        """Return the checkpoint of all leaves; its ``text`` is what is kept."""


@runtime_checkable
class Grown(Protocol):
    """A store that has a tree."""

    def tree(self) -> Tree | None:
        """Return the tree; None: the store has none yet."""


def origin_of(store: object) -> Origin | None:
    """Return where a bundle of a store comes from; None where the store has no tree.

    Raises:
        IntegrityError, StorageError: the tree cannot be read.
    """
    tree = store.tree() if isinstance(store, Grown) else None
    if tree is None:
        return None
    return Origin(tree.checkpoint().text, tuple((leaf.kind, leaf.id, leaf.digest) for leaf in tree.leaves))


@dataclass(frozen=True, slots=True)
class Origin:
    """The tree of the store that a bundle comes from."""

    checkpoint: str
    """Its text."""
    leaves: tuple[tuple[str, str, str], ...]
    """Kind, id and digest of each record, in the order in which the store took them in."""

    @property
    def leaves_text(self) -> str:
        """The leaves as a bundle holds them."""
        return canonical({"leaves": [list(leaf) for leaf in self.leaves]})

    @classmethod
    def parse(cls, checkpoint: str, leaves: str) -> Origin:
        """Return the origin that two members say.

        Raises:
            IntegrityError: they are not of their form, or the checkpoint is not that of the leaves.
        """
        told = _CHECKPOINT.fullmatch(checkpoint)
        if told is None:
            raise IntegrityError("checkpoint.txt is no checkpoint")
        try:
            plain = json.loads(leaves)
            listed = tuple((kind, id_, digest) for kind, id_, digest in plain["leaves"])
            readable = all(one.isprintable() for leaf in listed for one in leaf) and canonical(plain) == leaves
        except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
            readable = False
        if not readable:
            raise IntegrityError("leaves.json is no list of kind, id and digest in canonical form")
        root = roots((_hashed(*leaf) for leaf in listed), [len(listed)])[len(listed)]
        if (int(told["size"]), told["root"]) != (len(listed), base64.b64encode(root).decode()):
            raise IntegrityError("the checkpoint is not that of the leaves")
        return cls(checkpoint, listed)

    def refuse_unknown(self, records: Records) -> None:
        """Refuse records that are no leaf of the tree.

        Raises:
            IntegrityError: one is none.
        """
        grown = set(self.leaves)
        for (kind, id_), digest in records.items():
            if (kind, id_, digest) not in grown:
                raise IntegrityError(f"the {kind} {one_line(id_, 100)} is no leaf of the tree it is said to be of")


def _hashed(kind: str, id_: str, digest: str) -> bytes:
    return leaf_hash(f"readiness/leaf/v1\n{kind}\n{id_}\n{digest}\n".encode())
