"""Decisions of people: made on what is known, refused or kept."""
