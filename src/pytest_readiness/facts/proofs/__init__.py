"""Typed proofs: statements that a function has checked before it makes them."""
