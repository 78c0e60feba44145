"""Where evidence is kept: append-only, behind one port."""
