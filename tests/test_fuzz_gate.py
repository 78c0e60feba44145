"""The search for histories about which the gate and a second model of the rules disagree does not rot."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.pages import ROOT

SEARCH = ROOT / "benchmarks" / "fuzz_gate.py"


def search(*args: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, away from what this session says of itself."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "READINESS_", "COV_"))
    }
    return subprocess.run(
        [sys.executable, str(SEARCH), *args], capture_output=True, text=True, timeout=600, check=False, env=environ
    )


def test_the_product_and_the_model_agree_on_invented_histories():
    """Some histories of a fixed seed, some of them with git, are judged alike."""
    done = search("--histories", "60", "--jobs", "1", "--seed", "suite")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 histories, 0 differences, seed suite" in done.stdout


def test_a_fault_that_is_put_back_is_found():
    """A reviewer who records everything anew after signing keeps a current review: the search says so, in words."""
    done = search("--fault", "A9-four-eyes-once", "--histories", "600", "--jobs", "1", "--seed", "suite")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "found after" in done.stdout
    assert "the same, made smaller" in done.stdout


def test_each_known_fault_can_be_put_back():
    """Each edit still fits the code: else the search would be sharp against nothing."""
    done = search("--list-faults")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("fits") >= 20
