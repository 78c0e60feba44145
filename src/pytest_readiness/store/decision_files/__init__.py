"""Decisions as files in a git repository."""
