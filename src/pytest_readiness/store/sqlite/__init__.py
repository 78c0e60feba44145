"""SQLite store: one append-only file."""
