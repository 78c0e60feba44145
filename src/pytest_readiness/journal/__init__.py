"""Journal of a run: an append-only file of lines, written while the tests run and sealed at the end."""
