"""Random edits of plain data."""

from __future__ import annotations

import copy
import random
from typing import Any

VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**53, 1.5, "", "x", "é", "\ud800", [], {}, [[]], ["x"], {"x": 1}, "declared", "git",
    "ci", "signed", "PASSED", "FAILED", "INTERRUPTED", "READY_FOR_GO_LIVE", "APPROVED_FOR_GO_LIVE", "REJECTED",
    "2026-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2026-01-01", "ana@example.com", "bot@example.com",
    "UC-001", "UC-002", "UC-003", "staging", "dev", "0" * 64, "sha256:" + "0" * 64, "COMPLETE", "run", "decision",
)  # fmt: skip


def _somewhere(value: Any, chance: random.Random) -> tuple[Any, Any, str]:
    """Return a container in plain data, a key of it, and the way there."""
    way = ""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = chance.choice(keys)
        inner = value[key]
        way += f"/{key}"
        if not isinstance(inner, dict | list) or not inner or chance.random() < 0.25:
            return value, key, way
        value = inner


def edit(value: Any, chance: random.Random) -> str:
    """Change one thing in plain data, and return what; raises IndexError if the data is empty."""
    container, key, way = _somewhere(value, chance)
    how = chance.random()
    if how < 0.6:
        container[key] = new = copy.deepcopy(chance.choice(VALUES))
        return f"{way} = {new!r}"
    if how < 0.75:
        del container[key]
        return f"{way} deleted"
    if isinstance(container, list):
        container.insert(chance.randrange(len(container) + 1), copy.deepcopy(container[key]))
        return f"{way} twice"
    name = chance.choice(
        ("x", "result", "real", "known_by", "by", "covered", "parts", "proofs", "environment", "release")
    )
    container[name] = new = copy.deepcopy(chance.choice(VALUES))
    return f"{way}/../{name} = {new!r}"
