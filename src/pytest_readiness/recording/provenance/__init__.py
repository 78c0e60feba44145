"""Provenance of a run: code, checkout, machine, CI and tracker."""
