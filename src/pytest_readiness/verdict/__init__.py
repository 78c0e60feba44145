"""Whether the evidence is enough: a pure function of requirements, evidence, decisions and a moment, and the gate."""
