"""Merkle tree of RFC 6962: one hash for a list, and for each list that it began with.

A leaf is hashed as SHA-256(0x00 || data), a node as SHA-256(0x01 || left || right). The left side of a tree over ``n``
leaves is the largest complete tree that is smaller than ``n``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import islice

EMPTY_ROOT = hashlib.sha256().digest()
"""Root of a tree without leaves."""

_sha256 = hashlib.sha256


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return _sha256(b"\x00" + data).digest()


def node_hash(left_hash: bytes, right_hash: bytes) -> bytes:
    """Return the hash of two neighbouring trees."""
    return _sha256(b"\x01" + left_hash + right_hash).digest()


class MerkleTree:
    """Growing tree: its size, and the roots of its complete subtrees, the largest first.

    Adding a leaf costs at most as many hashes as the size has binary digits. Only the roots are in memory.
    """

    def __init__(self) -> None:
        self.size = 0
        """Number of leaves."""
        self._whole: list[bytes] = []

    def extend(self, leaves: Iterable[bytes]) -> MerkleTree:
        """Append leaves (hashes from ``leaf_hash``) and return the tree."""
        size, whole = self.size, self._whole
        for leaf in leaves:
            node, bits = leaf, size
            while bits & 1:  # each trailing 1 bit of the size is a complete tree as large as the new node
                node = _sha256(b"\x01" + whole.pop() + node).digest()
                bits >>= 1
            whole.append(node)
            size += 1
        self.size = size
        return self

    @property
    def root(self) -> bytes:
        """Root hash of all leaves."""
        if not self._whole:
            return EMPTY_ROOT
        *others, root = self._whole
        for sibling in reversed(others):
            root = node_hash(sibling, root)
        return root


def roots(leaves: Iterable[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """Return the root of the first N leaves for each of the sizes. Sizes above the number of leaves are omitted."""
    result, tree, remaining = {}, MerkleTree(), iter(leaves)
    for size in sorted(set(sizes)):
        tree.extend(islice(remaining, size - tree.size))
        if tree.size == size:
            result[size] = tree.root
    return result


# -- proofs --------------------------------------------------------------------------------------------------------


def inclusion_proof(leaves: Sequence[bytes], number: int) -> list[bytes]:
    """Return the hashes that lead from a leaf (the first is 0) to the root.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= number < len(leaves):
        raise IndexError(f"there is no leaf {number} in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    first, second = leaves[:split], leaves[split:]
    if number < split:
        return [*inclusion_proof(first, number), MerkleTree().extend(second).root]
    return [*inclusion_proof(second, number - split), MerkleTree().extend(first).root]


def verify_inclusion(leaf: bytes, number: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether a proof shows that a leaf (its hash) has this number in the tree of this size and root."""
    if not 0 <= number < size:
        return False
    at, last, hashed_so_far = number, size - 1, leaf
    for hashed in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            hashed_so_far = node_hash(hashed, hashed_so_far)
            while at and not at & 1:  # a tree without a neighbour moves up unchanged
                at, last = at >> 1, last >> 1
        else:
            hashed_so_far = node_hash(hashed_so_far, hashed)
        at, last = at >> 1, last >> 1
    return last == 0 and hashed_so_far == root


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Return the hashes that show that a tree began with the leaves it had at an earlier size.

    Raises:
        IndexError: the tree has never been of that size.
    """
    if not 0 <= old_size <= len(leaves):
        raise IndexError(f"a tree of {len(leaves)} was never one of {old_size}")
    return _consistency_hashes(leaves, old_size, root_known=True) if old_size else []


def _consistency_hashes(leaves: Sequence[bytes], old_size: int, *, root_known: bool) -> list[bytes]:
    """Return these hashes for a subtree. ``root_known``: the verifier has the root of its leaves already."""
    if old_size == len(leaves):
        return [] if root_known else [MerkleTree().extend(leaves).root]
    split = _split(len(leaves))
    first, second = leaves[:split], leaves[split:]
    if old_size <= split:
        return [*_consistency_hashes(first, old_size, root_known=root_known), MerkleTree().extend(second).root]
    return [*_consistency_hashes(second, old_size - split, root_known=False), MerkleTree().extend(first).root]


def verify_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether a proof shows that the tree of this size and root began as the older tree."""
    if not 0 <= old_size <= size:
        return False
    if old_size in (0, size):
        started = EMPTY_ROOT if old_size == 0 else root
        return not proof and old_root == started
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    path = list(proof) if at else [old_root, *proof]  # the older tree is complete: its root is known
    if not path:
        return False
    old = new = path[0]
    for hashed in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(hashed, old), node_hash(hashed, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, hashed)
        at, last = at >> 1, last >> 1
    return last == 0 and (old, new) == (old_root, root)


def _split(size: int) -> int:
    """Return the largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1
