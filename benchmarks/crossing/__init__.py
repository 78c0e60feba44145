"""Rows of the table of other plugins."""
