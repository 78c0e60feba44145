"""Canonical lines, digests and the Merkle tree: what binds recorded facts together."""
