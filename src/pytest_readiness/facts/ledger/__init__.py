"""Canonical lines, digests and the Merkle tree, which link recorded facts together."""
