"""Evaluation of recorded evidence: a pure function of requirements, evidence, decisions and a moment, and the gate."""
