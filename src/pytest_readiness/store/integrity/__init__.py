"""Integrity: hash chains, the index derived from lines, Merkle leaves and signed statements."""
