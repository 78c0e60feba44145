"""Signatures: keys, trust, and the required strength of keys."""
