"""What a test that is evidence costs in memory: peak RSS of a session beside the same with ``--no-readiness``.

python benchmarks/memory.py [--tests 51524] [--rounds 1]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SUITE = """
import pytest

@pytest.mark.evidence("UC-001", item=1)
@pytest.mark.parametrize("number", range({first}, {end}))
def test_number(number):
    assert number >= 0
"""
IN_FILE = 2_000
CONFIG = 'tracker = "PROD_READINESS_TRACKER.md"\n\n[environments.staging]\nreal = true\n'
TRACKER = """
| UC | Architecture Status | Prod Readiness Status | Owner | Last Updated | Notes |
| --- | --- | --- | --- | --- | --- |
| UC-001 | `GREEN` | `NOT_STARTED` | `tbd` | 2026-01-01 | Use case 1 |
"""
QUIET = ("-q", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist")


def project(folder: Path, tests: int) -> None:
    """Write a suite of so many parametrised tests, in files of 2,000."""
    (folder / "readiness.toml").write_text(CONFIG)
    (folder / "PROD_READINESS_TRACKER.md").write_text(TRACKER)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = evidence: known without the plugin too\n")
    for at, first in enumerate(range(0, tests, IN_FILE)):
        text = SUITE.format(first=first, end=min(first + IN_FILE, tests))
        (folder / f"test_{at}.py").write_text(text)


def peak(folder: Path, *arguments: str) -> int:
    """Return the peak RSS, in bytes, of a session that passes."""
    command = [sys.executable, "-m", "pytest", *QUIET, *arguments]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def growth(tests: int) -> tuple[int, int]:
    """Return the peak without and with recording of a suite of so many tests."""
    with tempfile.TemporaryDirectory() as name:
        project(Path(name), tests)
        return peak(Path(name), "--no-readiness"), peak(Path(name))


def main() -> None:
    """Measure and print, one row for each number of tests; the smallest shows what does not grow with the tests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=51_524)
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    print(f"{'tests':>8} {'alone MB':>9} {'recording MB':>13} {'a test kB':>10}")
    for tests in (1, asked.tests):
        measured = [growth(tests) for _ in range(asked.rounds)]
        alone, recording = (min(each) for each in zip(*measured, strict=True))
        told = f"{tests:>8,} {alone / 1e6:>9.1f} {recording / 1e6:>13.1f}"
        print(f"{told} {(recording - alone) / tests / 1e3:>10.2f}" if tests > 1 else told, flush=True)


if __name__ == "__main__":
    main()
