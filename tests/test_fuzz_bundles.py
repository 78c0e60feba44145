"""The search for bundles that are read in two ways, or open a gate, does not rot."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.pages import ROOT

pytestmark = pytest.mark.slow


def test_the_readers_agree_on_mutated_bundles_and_no_gate_opens() -> None:
    """Some mutations of a fixed seed are read alike, and none that is taken in opens a gate."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "READINESS_", "COV_"))
    }
    command = [
        sys.executable,
        str(ROOT / "benchmarks" / "fuzz_bundles.py"),
        "--mutations",
        "60",
        "--seed",
        "suite",
        "--jobs",
        "1",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False, env=environ)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 mutations, 0 wrong, seed suite" in done.stdout
