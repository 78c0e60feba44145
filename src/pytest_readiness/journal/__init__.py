"""The run while it happens: observed, redacted, appended line by line, sealed."""
