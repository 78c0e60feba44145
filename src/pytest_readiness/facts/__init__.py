"""Recorded facts: evidence, runs, decisions and requirements, as frozen values and canonical lines."""
