"""Evidence stores: append-only, behind one protocol."""
