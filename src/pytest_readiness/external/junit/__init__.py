"""Readers of JUnit XML from any producer; the files are untrusted input."""
