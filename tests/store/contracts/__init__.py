"""Contracts of the protocols of a store: a test class of each adapter inherits those that it keeps."""
