"""Formats of the report for other tools."""
