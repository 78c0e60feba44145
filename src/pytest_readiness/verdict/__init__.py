"""Evaluation of evidence and decisions at a moment, as a pure function, and the gate."""
