"""Merkle tree of a store's records, and its checkpoints.

A checkpoint is the text of C2SP's tlog-checkpoint: origin, size and root on one line each, an empty line, and one line
per signature (a signed note). A checkpoint that was stored elsewhere shows later whether the store still begins with
the same records.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from ..errors import IntegrityError, count
from .leaf import Leaf
from .ledger.merkle_tree import leaf_hash, roots

ORIGIN = re.compile(r"readiness-store/[0-9a-f]{32}", re.ASCII)
"""Form of a store's name, which is random and set when the store is created."""
MAX_LENGTH = 1 << 16
"""Most characters of a checkpoint; real ones are far shorter."""
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_NAME = re.compile(r"[^\s+]+")
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<signed>[A-Za-z0-9+/]+={0,2})")


def is_note_name(name: str) -> bool:
    """Return whether a signed note can name a key so: printable characters without blanks and ``+``."""
    return name.isprintable() and _NAME.fullmatch(name) is not None


class Checkpoint(Struct, frozen=True):
    """Checkpoint of a store's tree: the store's name, the number of leaves, and their root hash."""

    origin: str
    size: int
    root: bytes
    signatures: tuple[tuple[str, bytes], ...] = ()
    """Name of the key; and a signature of ``note``, after four bytes that identify the key."""

    @property
    def note(self) -> str:
        """The signed text: origin, size and root on one line each."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @property
    def text(self) -> str:
        """The text of the checkpoint, with its signatures."""
        lines = (f"— {name} {base64.b64encode(signed).decode()}\n" for name, signed in self.signatures)
        return f"{self.note}\n{''.join(lines)}"

    def signed(self, name: str, signature: bytes) -> Checkpoint:
        """Return the checkpoint with one more signature: the name of the key, and the bytes of its line."""
        return Checkpoint(self.origin, self.size, self.root, (*self.signatures, (name, signature)))

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Parse a checkpoint. Signatures are read but not verified.

        Raises:
            IntegrityError: the text is not a checkpoint, or was damaged.
        """
        body, blank, rest = text.partition("\n\n")
        if len(text) > MAX_LENGTH or not blank or (rest and not rest.endswith("\n")):
            raise IntegrityError("it does not end as a checkpoint does, with an empty line and signatures")
        lines = body.split("\n")
        if len(lines) != 3:  # noqa: PLR2004 - origin, size, root
            raise IntegrityError("it has not three lines: origin, size and root")
        origin, size, root = lines
        if not ORIGIN.fullmatch(origin):
            raise IntegrityError("its first line names no store")
        if not _SIZE.fullmatch(size):
            raise IntegrityError("its second line is no number of records")
        checkpoint = cls(origin, int(size), _root(root), tuple(map(_signature, rest.split("\n")[:-1])))
        if checkpoint.text != text:
            raise IntegrityError("it is not written as a checkpoint is")
        return checkpoint


def _root(text: str) -> bytes:
    root = _decoded(text)
    if len(root) != 32:  # noqa: PLR2004 - bytes of SHA-256
        raise IntegrityError("its third line is no root")
    return root


def _signature(line: str) -> tuple[str, bytes]:
    match = _SIGNATURE.fullmatch(line)
    if match is None:
        raise IntegrityError("a line after the empty one is no signature")
    return match["name"], _decoded(match["signed"])


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise IntegrityError("it holds something that is no base64") from None


class StoreTree(Struct, frozen=True):
    """The current tree of a store."""

    origin: str
    leaves: Sequence[Leaf]
    """In the order in which the store received the records."""

    def checkpoint(self) -> Checkpoint:
        """Return the checkpoint of all leaves."""
        return Checkpoint(self.origin, len(self.leaves), self._roots([len(self.leaves)])[len(self.leaves)])

    def _roots(self, sizes: Iterable[int]) -> dict[int, bytes]:
        return roots((leaf_hash(leaf.data) for leaf in self.leaves), sizes)

    def contradictions(self, checkpoints: Sequence[Checkpoint]) -> list[str | None]:
        """Return for each checkpoint why the tree contradicts it; None if the tree began as the checkpoint says.

        One pass over the leaves serves all checkpoints.
        """
        roots_by_size = self._roots(checkpoint.size for checkpoint in checkpoints)
        return [self._contradiction(checkpoint, roots_by_size) for checkpoint in checkpoints]

    def _contradiction(self, checkpoint: Checkpoint, roots_by_size: dict[int, bytes]) -> str | None:
        if checkpoint.origin != self.origin:
            reason = f"is of another store ({checkpoint.origin}, and this is {self.origin})"
            return f"{reason}: it was replaced, or made anew"
        if checkpoint.size > len(self.leaves):
            reason = f"the store held {count(checkpoint.size, 'record')} then, and holds {len(self.leaves)}"
            return f"{reason}: it was rolled back to an older copy, or its newest records were deleted"
        if roots_by_size[checkpoint.size] != checkpoint.root:
            first = f"the first {count(checkpoint.size, 'record')}"
            return f"{first} are not those of then: one was changed, deleted or put in"
        return None
