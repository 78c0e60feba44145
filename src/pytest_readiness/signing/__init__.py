"""Signatures: keys, who is trusted, and how strong a key must be."""
