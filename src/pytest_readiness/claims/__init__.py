"""What a test says it is evidence for, and the use cases, items and requirements that exist."""
