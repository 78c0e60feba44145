"""The page: the report as one HTML file without network, which needs no script to be read."""
