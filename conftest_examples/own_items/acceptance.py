"""What this organisation adds to pytest-readiness: two kinds of proof, and a rule for what is never written down.

``readiness.toml`` names this module in ``plugins``, so that tests and commands know it.
"""

import re
from statistics import quantiles

from pytest_readiness import ProofError


def restore(values: dict) -> dict[str, str]:
    """A backup was restored: the same rows are there, and it took no longer than allowed."""
    lost = [row for row in values["before"] if row not in values["after"]]
    if lost or not values["before"]:
        raise ProofError(f"{len(lost)} of {len(values['before'])} rows are missing after the restore")
    if values["seconds"] > values["allowed"]:
        raise ProofError(f"the restore took {values['seconds']:.1f} s, and {values['allowed']} s are allowed")
    return {"rows": str(len(values["after"])), "seconds": f"{values['seconds']:.1f}"}


def load(values: dict) -> dict[str, str]:
    """Requests were answered in time: 95 of 100 took no longer than the limit."""
    if len(values["seconds"]) < 100:
        raise ProofError(f"{len(values['seconds'])} requests show nothing, 100 are needed")
    p95 = quantiles(values["seconds"], n=20)[-1]
    if p95 > values["limit"]:
        raise ProofError(f"95 % were answered within {p95:.3f} s, and the limit is {values['limit']} s")
    return {"requests": str(len(values["seconds"])), "p95": f"{p95:.3f} s", "limit": f"{values['limit']} s"}


def pytest_readiness_proofs():
    return {"restore": restore, "load": load}


def pytest_readiness_redact(text: str) -> str:
    """Numbers of patients stay in the clinic."""
    return re.sub(r"\bP-\d{6}\b", "P-[number]", text)
