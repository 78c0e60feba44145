"""JUnit XML as any producer writes it, read without trust."""
