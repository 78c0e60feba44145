"""The SQLite store: one file, append-only."""
