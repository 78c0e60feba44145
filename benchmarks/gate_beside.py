"""What ``readiness gate`` costs by the code of this checkout and of another, in instructions. See benchmarks/README.md.

python benchmarks/gate_beside.py ../before [--pieces 10000]

Each has a store of its own, made by its own ``benchmarks/gate.py``. Needs valgrind.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from overhead import INSTRUCTIONS, ROOT

MAKE = "import sys; from pathlib import Path; import gate; gate.make(Path(sys.argv[1]), int(sys.argv[2]))"
GATE = ("-m", "pytest_readiness", "gate")


def python(source: Path, folder: Path, *arguments: str, prefix: tuple[str, ...] = (), ends: int = 0) -> str:
    """Run Python with the product of a checkout; return what it and its meter wrote."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("READINESS_", "PYTHON"))}
    paths = os.pathsep.join(map(str, (source / "src", source / "benchmarks")))
    done = subprocess.run(
        [*prefix, sys.executable, *arguments],
        cwd=folder,
        env=environ | {"PYTHONHASHSEED": "0", "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != ends:
        sys.exit(f"{' '.join(arguments)} with {source} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def instructions(source: Path, folder: Path, pieces: int) -> int:
    """Return how many instructions a gate takes over so many pieces of evidence, once its modules are compiled."""
    project = folder / "project"
    python(source, folder, "-c", MAKE, str(project), str(pieces))
    python(source, project, *GATE, ends=1)
    found = re.search(r"I\s+refs:\s+([\d,]+)", python(source, project, *GATE, prefix=INSTRUCTIONS.prefix, ends=1))
    if found is None:
        sys.exit("valgrind told no number of instructions")
    return int(found[1].replace(",", ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", type=Path, help="a checkout to compare with")
    parser.add_argument("--pieces", type=int, default=10_000, help="of evidence")
    options = parser.parse_args()
    taken = []
    for told, source in (("other", options.other.resolve()), ("this", ROOT)):
        with tempfile.TemporaryDirectory(prefix="readiness-benchmark-") as folder:
            taken.append(instructions(source, Path(folder), options.pieces))
        print(f"{told:8}{taken[-1] / 1e6:10.0f} M", flush=True)
    print(f"{'':8}{(taken[1] - taken[0]) / taken[0] * 100:+10.1f} %")


if __name__ == "__main__":
    main()
