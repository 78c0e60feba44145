"""What importing JUnit XML costs by the code of this checkout and another: CPU time, memory. See benchmarks/README.md.

python benchmarks/junit_beside.py ../before [--cases 10000] [--rounds 5] [--again]

The file has so many test cases with 6 kB of output each; one of fifty is mapped. The two take turns, each round
in a store of its own; the least of all rounds counts. With --again the store holds an import of the same file already.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIG = """\
[environments.staging]
real = true
[items.1]
title = "the provider answers"
[use_cases.UC-001]
title = "Checkout"
"""
WORDS = ("INFO", "connecting", "to", "the", "host", "payment", "accepted", "in", "ms", "request", "user", "order")
OUTPUT = 6000
"""Bytes of each test case."""
GOALS = (0.4, 0.5)
"""Most CPU time and memory, as a part of the other checkout's."""


def write_report(path: Path, cases: int) -> None:
    """Write a report whose output differs in every line."""
    drawn = random.Random(1)
    words = [*(f"{drawn.getrandbits(40):010x}" for _ in range(3000)), *WORDS * 200]
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n')
        file.write('<testsuite name="s" timestamp="2026-11-01T10:00:00Z">\n')
        for number in range(cases):
            file.write(f'<testcase classname="c{number % 50}" name="t{number}" time="0.1"><system-out>')
            size = 0
            while size < OUTPUT:
                size += file.write(f"2026-11-01 10:00:{number % 60:02} app.m: {' '.join(drawn.choices(words, k=9))}\n")
            file.write("</system-out></testcase>\n")
        file.write("</testsuite>\n</testsuites>\n")


def imported(source: Path, report: Path, imports: int) -> tuple[float, int]:
    """Import it so often by the product of a checkout; return CPU time (s) and most memory (kB) of the last import."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("READINESS_", "PYTHON"))}
    words = ("record", "--junit", str(report), "--environment", "staging", "--map", "c7::*=UC-001/1")
    with tempfile.TemporaryDirectory(prefix="readiness-benchmark-") as folder:
        Path(folder, "readiness.toml").write_text(CONFIG)
        for _ in range(imports):
            with Path(folder, "told").open("w+b") as told:
                process = subprocess.Popen(
                    [sys.executable, "-m", "pytest_readiness", *words],
                    cwd=folder,
                    env=environ | {"PYTHONPATH": str(source / "src")},
                    stdout=told,
                    stderr=told,
                )
                _, status, used = os.wait4(process.pid, 0)
                if status:
                    told.seek(0)
                    sys.exit(f"{source} ended with {os.waitstatus_to_exitcode(status)}:\n{told.read().decode()}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss


def rounds(sources: Sequence[Path], report: Path, many: int, imports: int) -> list[tuple[float, int]]:
    """Return the least CPU time and memory of each checkout."""
    found: list[list[tuple[float, int]]] = [[] for _ in sources]
    for number in range(many):
        for at in (range(len(sources)), reversed(range(len(sources))))[number % 2]:
            found[at].append(imported(sources[at], report, imports))
    return [(min(cpu for cpu, _ in one), min(memory for _, memory in one)) for one in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", type=Path, help="a checkout to compare with")
    parser.add_argument("--cases", type=int, default=10_000, help="test cases in the file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--again", action="store_true", help="measure the second import into a store")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="readiness-benchmark-") as folder:
        report = Path(folder, "junit.xml")
        write_report(report, options.cases)
        print(f"{report.stat().st_size / 1e6:.0f} MB, {options.cases:,} test cases", flush=True)
        other, this = rounds((options.other.resolve(), ROOT), report, options.rounds, 2 if options.again else 1)
    for told, (cpu, memory) in (("other", other), ("this", this)):
        print(f"{told:8}{cpu:8.2f} s of CPU{memory / 1024:8.0f} MB")
    for told, mine, theirs, goal in zip(("CPU", "memory"), this, other, GOALS, strict=True):
        print(f"{told:8}{mine / theirs:8.2f} of the other's (goal: at most {goal})")


if __name__ == "__main__":
    main()
