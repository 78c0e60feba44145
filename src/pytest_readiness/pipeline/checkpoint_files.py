"""Checkpoint files that the environment names."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import ConfigError, one_line

VARIABLE = "READINESS_CHECKPOINT"


def named_checkpoints() -> list[Path]:
    """Return the files that ``READINESS_CHECKPOINT`` names; empty if it is not set.

    Raises:
        ConfigError: the variable has an empty name, such as an unset output of CI. Otherwise the comparison would be
            skipped silently.
    """
    value = os.environ.get(VARIABLE)
    names = value.split(os.pathsep) if value is not None else []
    if not all(name.strip() for name in names):
        problem = "is empty" if len(names) == 1 else f"has an empty name in it ({one_line(value or '', 100)})"
        raise ConfigError(f"{VARIABLE} {problem}: name a checkpoint, or unset the variable")
    return [Path(name) for name in names]
