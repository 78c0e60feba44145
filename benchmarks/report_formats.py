"""Cost of each format of ``readiness report``: CPU time and peak RSS of whole processes, side by side.

python benchmarks/report_formats.py [--use-cases 2000] [--rounds 5] [--beside ../before] [--formats terminal json]

A store with so many use cases of 8 requirements, each with its newest piece of evidence. ``--beside`` measures the
formats that another checkout has too, on the same store. The formats take turns within a round.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import gate

from pytest_readiness.views.output_formats import FORMATS

HERE = Path(__file__).resolve().parent.parent
BEFORE = ("terminal", "json")
"""The formats of each checkout that may be named by ``--beside``."""


def measure(source: Path, folder: Path, form: str) -> tuple[float, float, int]:
    """Return CPU seconds, peak RSS in MB and bytes of output of one report by the code of a checkout."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("READINESS_", "PYTHON"))}
    written = folder.parent / "written"
    with written.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest_readiness", "report", "--format", form],
            cwd=folder,
            env=environ | {"PYTHONPATH": str(source / "src"), "PYTHONHASHSEED": "0"},
            stdin=subprocess.DEVNULL,
            stdout=output,
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"report --format {form} with {source} ended with {process.returncode}")
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    return usage.ru_utime + usage.ru_stime, peak, written.stat().st_size


def make_project(folder: Path, use_cases: int) -> None:
    """Write a project whose store has one piece of evidence for each requirement, and no reviews."""
    gate.USE_CASES = use_cases
    gate.sign = lambda _: None
    gate.make(folder, use_cases * len(gate.SUITES))


def main() -> None:
    """Measure and print, one row for each format of each checkout: the least of the rounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--use-cases", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--beside", type=Path, help="another checkout")
    parser.add_argument("--formats", nargs="+", default=["terminal", *FORMATS])
    asked = parser.parse_args()
    variants = [(HERE, form) for form in asked.formats]
    if asked.beside is not None:
        variants += [(asked.beside.resolve(), form) for form in asked.formats if form in BEFORE]
    with tempfile.TemporaryDirectory(prefix="readiness-benchmark-") as name:
        folder = Path(name) / "project"
        make_project(folder, asked.use_cases)
        measured: dict[tuple[Path, str], list[tuple[float, float, int]]] = {variant: [] for variant in variants}
        for number in range(asked.rounds + 1):
            for variant in variants if number % 2 else reversed(variants):
                result = measure(variant[0], folder, variant[1])
                if number:  # the first round compiles modules and warms the cache of the disk
                    measured[variant].append(result)
    print(f"{'':>8} {'format':>12} {'CPU s':>7} {'peak MB':>8} {'output MB':>10}")
    for (source, form), results in measured.items():
        seconds, peak, size = (min(column) for column in zip(*results, strict=True))
        print(f"{'' if source == HERE else 'beside':>8} {form:>12} {seconds:>7.2f} {peak:>8.1f} {size / 1e6:>10.2f}")


if __name__ == "__main__":
    main()
