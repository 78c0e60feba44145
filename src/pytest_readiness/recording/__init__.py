"""Observing tests: what they do and show, whether it was real, and where the run comes from."""
