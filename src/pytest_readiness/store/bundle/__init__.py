"""Bundles: records of a store in one file that can be verified offline."""
