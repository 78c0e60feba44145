"""Claims of tests, and the catalogue of use cases, items and requirements that they refer to."""
