"""The state of one requirement, derived from the executions that decide it."""
