"""The search for histories about which the gate and a second model of the rules disagree does not rot."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module

import pytest

from tests.pages import ROOT

pytestmark = pytest.mark.slow

SEARCH = ROOT / "benchmarks" / "fuzz_gate.py"
FOUND = "207"
"""The history that shows it; where histories are invented otherwise by now, ``--sharpness`` names another."""


SHARPNESS = re.findall(
    r"^\| `([A-Z0-9][\w-]+)` \| (\d+)( with git)? \|$",
    (ROOT / "docs" / "explanation" / "reliability.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
"""The rows of the table of faults: the fault, after how many histories it is found, and whether those are with git."""


def search(*args: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, away from what this session says of itself."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "READINESS_", "COV_"))
    }
    return subprocess.run(
        [sys.executable, str(SEARCH), *args], capture_output=True, text=True, timeout=600, check=False, env=environ
    )


def test_the_product_and_the_model_agree_on_invented_histories():
    """Some histories of a fixed seed are judged alike."""
    done = search("--histories", "20", "--jobs", "1", "--seed", "suite")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "20 histories, 0 differences, seed suite" in done.stdout


def test_a_fault_that_is_put_back_is_found():
    """A mark that is believed where a run took place shows in a history of which nothing differs without it."""
    arguments = ("--seed", "suite", "--number", FOUND, "--histories", "1", "--jobs", "1")
    sound, faulty = search(*arguments), search(*arguments, "--sharpness", "--fault", "A1-mark-is-believed")
    assert "1 histories, 0 differences" in sound.stdout, sound.stdout + sound.stderr
    assert faulty.returncode == 0, faulty.stdout + faulty.stderr
    assert "found after 1 histories" in faulty.stdout


def test_a_history_that_differs_is_made_smaller(monkeypatch: pytest.MonkeyPatch):
    """Of a history only that is left which shows what is looked for."""
    monkeypatch.syspath_prepend(str(SEARCH.parent))
    histories, shrink = import_module("gatefuzz.histories"), import_module("gatefuzz.shrink")
    whole = histories.invent("suite", 3)
    approvals = [step.event for step in whole.steps if getattr(step.event, "kind", None) == "approve"]
    small = shrink.shrunk(whole, lambda history: any(step.event == approvals[0] for step in history.steps))
    assert len(whole.steps) > 1
    assert [step.event for step in small.steps] == approvals[:1]


def test_each_known_fault_can_be_put_back():
    """Each edit still fits the code: else the search would be sharp against nothing."""
    done = search("--list-faults")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("fits") >= 20


def test_the_table_of_faults_names_each():
    """The page that says how sharp the search is has a row for each known fault."""
    listed = re.findall(r"^(\S+) +fits:", search("--list-faults").stdout, re.MULTILINE)
    assert sorted(fault for fault, _, _ in SHARPNESS) == sorted(listed)


@pytest.mark.parametrize(("fault", "found_after", "with_git"), SHARPNESS)
def test_each_known_fault_is_found_where_the_page_says(fault: str, found_after: str, with_git: str):
    """The history that the table names is judged differently with the fault, and the edit breaks nothing else."""
    only = ("--only", "git") if with_git else ()
    history = ("--seed", "1", "--number", str(int(found_after) - 1), "--histories", "1", "--jobs", "1", *only)
    done = search("--sharpness", "--fault", fault, *history)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "found after 1 histories" in done.stdout
    assert "Error" not in done.stdout.splitlines()[-1]
