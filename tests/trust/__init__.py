"""Attacks, carried out on copies of what is real, and what shows each."""
