"""Decisions as files of a git repository."""
