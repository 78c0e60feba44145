"""Bundles: the content of a store in one file that anybody can verify."""
