"""Mutants of what decides, and the tests that are to notice them: drawn, learned, tried."""
