"""State of one requirement, derived from the executions that decide it."""
