"""Authenticity of tests: detection of replaced networks and clocks, and of connections."""
