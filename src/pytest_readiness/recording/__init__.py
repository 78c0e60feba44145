"""Observation of tests: what they do and prove, their authenticity, and the origin of the run."""
