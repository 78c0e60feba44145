"""Cost of ``readiness gate`` and ``report`` by this checkout and by another, in instructions. See benchmarks/README.md.

python benchmarks/gate_beside.py ../before                  a small store (the quickstart's), and one of 10,000 pieces
python benchmarks/gate_beside.py ../before --pieces 0       the small store alone: mostly start-up

Each checkout has stores of its own, made by its own code. Needs valgrind, and the libraries of both.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from overhead import INSTRUCTIONS, ROOT

MAKE = "import sys; from pathlib import Path; import gate; gate.make(Path(sys.argv[1]), int(sys.argv[2]))"
GATE = ("-m", "pytest_readiness", "gate")
REPORT = ("-m", "pytest_readiness", "report")


def python(source: Path, folder: Path, *arguments: str, prefix: tuple[str, ...] = (), ends: int = 0) -> str:
    """Run Python with the product of a checkout; return what it and its meter wrote."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("READINESS_", "PYTHON"))}
    paths = os.pathsep.join(map(str, (source / "src", source / "benchmarks")))
    done = subprocess.run(
        [*prefix, sys.executable, *arguments],
        cwd=folder,
        env=environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONHASHSEED": "0", "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != ends:
        sys.exit(f"{' '.join(arguments)} with {source} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def instructions(source: Path, project: Path, *command: str, ends: int) -> int:
    """Return how many instructions a command takes, once its modules are compiled."""
    python(source, project, *command, ends=ends)
    match = re.search(r"I\s+refs:\s+([\d,]+)", python(source, project, *command, prefix=INSTRUCTIONS.prefix, ends=ends))
    if match is None:
        sys.exit("valgrind printed no number of instructions")
    return int(match[1].replace(",", ""))


def small_store(source: Path, folder: Path) -> dict[str, int]:
    """Return the cost of commands on the store of the quickstart, after one recorded session."""
    project = folder / "quickstart"
    shutil.copytree(ROOT / "conftest_examples" / "quickstart", project)
    python(source, project, "-m", "pytest", "-q", "-p", "pytest_readiness.plugin", "--readiness-environment=demo")
    return {
        "gate, quickstart": instructions(source, project, *GATE, "UC-101", "--on", "evidence", ends=0),
        "report, quickstart": instructions(source, project, *REPORT, ends=0),
    }


def large_store(source: Path, folder: Path, pieces: int) -> dict[str, int]:
    """Return the cost of a gate on a store of so many pieces of evidence."""
    project = folder / "project"
    python(source, folder, "-c", MAKE, str(project), str(pieces))
    return {f"gate, {pieces:,} pieces": instructions(source, project, *GATE, ends=1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", type=Path, help="a checkout to compare with")
    parser.add_argument("--pieces", type=int, default=10_000, help="of evidence; 0: the small store alone")
    options = parser.parse_args()
    costs: list[dict[str, int]] = []
    for source in (options.other.resolve(), ROOT):
        with tempfile.TemporaryDirectory(prefix="readiness-benchmark-") as folder:
            costs.append(small_store(source, Path(folder)))
            if options.pieces:
                costs[-1] |= large_store(source, Path(folder), options.pieces)
    print(f"Python {platform.python_version()}, {INSTRUCTIONS.told}\n")
    print(f"{'':24}{'other':>12}{'this':>12}{'ratio':>10}")
    other, this = costs
    for name, before in other.items():
        print(f"{name:24}{before / 1e6:10.0f} M{this[name] / 1e6:10.0f} M{this[name] / before:8.2f} x")


if __name__ == "__main__":
    main()
