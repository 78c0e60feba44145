"""What was observed: evidence, runs, decisions and requirements in force, as frozen values and canonical lines."""
