"""Typed proofs: statements that a function checks before it makes them."""
