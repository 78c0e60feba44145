"""Integrity checks: hash chains, index rows, Merkle leaves and signed statements."""
