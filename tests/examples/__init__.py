"""The examples that need servers."""
