"""Suites of public projects, which run with this plugin and without it. See benchmarks/README.md."""
