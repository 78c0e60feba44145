"""Merkle tree: reference vectors of RFC 6962 and Certificate Transparency, and properties of any list."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.facts.ledger.merkle_tree import (
    EMPTY_ROOT,
    MerkleTree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    roots,
    verify_consistency,
    verify_inclusion,
)

INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Of the first one to eight inputs: the vectors of the reference implementation of Certificate Transparency."""
LEAVES = [leaf_hash(data) for data in INPUTS]
PATHS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
"""(leaf, size) -> the path of the same vectors."""
GROWTHS = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
"""(old size, size) -> the consistency proof of the same vectors."""

lists = st.lists(st.binary(max_size=3).map(leaf_hash), min_size=1, max_size=40)


def by_definition(leaves: list[bytes]) -> bytes:
    """Return the tree hash as section 2.1 of RFC 6962 defines it."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256().digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(by_definition(leaves[:split]), by_definition(leaves[split:]))


def flipped(hashed: bytes) -> bytes:
    """Return the hash with one bit changed."""
    return bytes([hashed[0] ^ 1]) + hashed[1:]


def test_the_empty_tree() -> None:
    """The root of no leaves is the hash of nothing, as the RFC says."""
    assert (
        MerkleTree().root.hex()
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        == EMPTY_ROOT.hex()
    )


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_the_reference(size: int) -> None:
    """The first one to eight reference inputs have the reference roots."""
    assert MerkleTree().extend(LEAVES[:size]).root.hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("number", "size"), PATHS)
def test_the_paths_are_the_reference(number: int, size: int) -> None:
    """Inclusion proofs are the reference's, and are accepted."""
    proof = inclusion_proof(LEAVES[:size], number)
    assert [sibling.hex() for sibling in proof] == PATHS[number, size]
    assert verify_inclusion(LEAVES[number], number, size, proof, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("old", "size"), GROWTHS)
def test_the_consistency_proofs_are_the_reference(old: int, size: int) -> None:
    """Consistency proofs are the reference's, and are accepted."""
    proof = consistency_proof(LEAVES[:size], old)
    assert [sibling.hex() for sibling in proof] == GROWTHS[old, size]
    assert verify_consistency(old, bytes.fromhex(ROOTS[old - 1]), size, bytes.fromhex(ROOTS[size - 1]), proof)


@given(lists)
def test_a_grown_tree_is_the_tree_by_definition(leaves: list[bytes]) -> None:
    """Leaf by leaf, or in any two parts, the root is the one that the definition gives for every size on the way."""
    tree = MerkleTree()
    for number, leaf in enumerate(leaves, 1):
        assert tree.extend([leaf]).root == by_definition(leaves[:number])
    half = len(leaves) // 2
    assert MerkleTree().extend(leaves[:half]).extend(leaves[half:]).root == tree.root


@given(lists, st.lists(st.integers(0, 45)))
def test_roots_of_many_sizes_come_from_one_pass(leaves: list[bytes], sizes: list[int]) -> None:
    """Each size gets its root; one that is larger than the list gets none."""
    result = roots(iter(leaves), sizes)
    assert result == {size: by_definition(leaves[:size]) for size in sizes if size <= len(leaves)}


@given(lists, st.data())
def test_a_leaf_is_shown_at_its_place_and_nowhere_else(leaves: list[bytes], data: st.DataObject) -> None:
    """A proof holds for its leaf, place and root, and no longer when anything of it is changed."""
    number, size = data.draw(st.integers(0, len(leaves) - 1)), len(leaves)
    proof, root = inclusion_proof(leaves, number), by_definition(leaves)
    assert verify_inclusion(leaves[number], number, size, proof, root)
    assert not verify_inclusion(flipped(leaves[number]), number, size, proof, root)
    assert not verify_inclusion(leaves[number], number, size, proof, flipped(root))
    assert not verify_inclusion(leaves[number], number, size, [*proof, root], root)
    assert not verify_inclusion(leaves[number], size, size, proof, root)
    assert not verify_inclusion(leaves[number], -1, size, proof, root)
    for at in range(len(proof)):
        assert not verify_inclusion(
            leaves[number], number, size, [*proof[:at], flipped(proof[at]), *proof[at + 1 :]], root
        )
        assert not verify_inclusion(leaves[number], number, size, proof[:at] + proof[at + 1 :], root)


@given(lists, st.data())
def test_a_tree_that_only_grew_is_told_from_any_other(leaves: list[bytes], data: st.DataObject) -> None:
    """A proof holds for the earlier tree, and for no other tree, size or root."""
    old, size = data.draw(st.integers(0, len(leaves))), len(leaves)
    proof, root, old_root = consistency_proof(leaves, old), by_definition(leaves), by_definition(leaves[:old])
    assert verify_consistency(old, old_root, size, root, proof)
    assert not verify_consistency(old, flipped(old_root), size, root, proof)
    assert not verify_consistency(size + 1, old_root, size, root, proof)
    assert not verify_consistency(old, old_root, size, root, [*proof, root])
    if old:
        assert not verify_consistency(old, old_root, size, flipped(root), proof)
    for at in range(len(proof)):
        assert not verify_consistency(old, old_root, size, root, [*proof[:at], flipped(proof[at]), *proof[at + 1 :]])
        assert not verify_consistency(old, old_root, size, root, proof[:at] + proof[at + 1 :])


def test_what_never_was_has_no_proof() -> None:
    """A missing leaf and a size that was never reached are errors."""
    for number in (-1, 3):
        with pytest.raises(IndexError, match="there is no leaf"):
            inclusion_proof(LEAVES[:3], number)
    for old in (-1, 4):
        with pytest.raises(IndexError, match="was never one of"):
            consistency_proof(LEAVES[:3], old)
