"""Attacks on copies of real stores and bundles, and the commands that show them."""
