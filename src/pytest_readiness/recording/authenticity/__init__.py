"""Detection of rehearsals: replaced networks and clocks, and the connections that were made."""
