"""What the search for bundles that are read in two ways is made of."""
