"""Try the tests of what decides: draw mutants of it, and count those that the tests of their room notice.

python benchmarks/mutants.py [--number 400] [--seed N] [--jobs 2] [--room NAME]... [--results FILE]

A mutant is the program with one operator, constant, condition, loop or decorator changed, as cosmic-ray makes it
(``pip install -e '.[test,mutants]'``). Places are drawn evenly, then one of the changes of that place; a change of an
annotation or a text of documentation is none. Each is tried on the quick tests of its room, and if those pass on the
others. Survivors are printed as they differ. Results are kept line by line: the same command goes on where it ended.
Exit code 1 where fewer than nine of ten are killed.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Queue

from cosmic_ray import plugins
from cosmic_ray.ast import Visitor, get_ast

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "pytest_readiness"
ENOUGH = 0.9
PATIENCE = 900
"""Seconds that the tests of one step may take; longer is an endless loop, which somebody would notice."""


@dataclass(frozen=True)
class Room:
    """What is changed, and the tests that are to notice."""

    files: tuple[str, ...]
    quick: tuple[str, ...]
    others: tuple[str, ...] = ()


ROOMS = {
    "evaluation": Room(
        (
            "verdict/evaluation.py", "verdict/rules.py", "verdict/deciding.py", "verdict/coverage.py",
            "verdict/status.py",
        ),
        ("tests/verdict", "tests/facts/test_evidence.py"),
        (
            "tests/plugin/test_marker.py", "tests/plugin/test_outcomes.py", "tests/cli/test_report.py",
            "tests/cli/test_why.py",
        ),
    ),
    "gate": Room(
        ("verdict/gate.py", "verdict/regression.py", "verdict/omission.py", "verdict/levels.py", "pipeline/judging.py"),
        ("tests/verdict", "tests/pipeline"),
        ("tests/cli/test_gate.py", "tests/cli/test_gate_options.py", "tests/cli/test_tampering.py", "tests/trust"),
    ),
    "groups": Room(("verdict/groups.py",), ("tests/verdict",), ("tests/cli/test_gate.py", "tests/plugin")),
    "reviews": Room(
        (
            "verdict/reviews.py", "verdict/suspicion.py", "verdict/basis.py", "verdict/policy.py", "verdict/pinning.py",
            "verdict/decided.py", "verdict/deciders.py", "verdict/people.py", "verdict/waivers.py",
        ),
        ("tests/verdict",),
        ("tests/cli/test_review.py", "tests/cli/test_waive.py", "tests/cli/test_block.py", "tests/cli/test_retire.py"),
    ),
    "chain": Room(
        ("store/chain.py", "facts/line.py"),
        ("tests/facts/test_line.py", "tests/store/test_chain.py", "tests/facts/test_run.py"),
        (
            "tests/store/test_verify.py", "tests/journal/test_writer.py", "tests/journal/test_recovery.py",
            "tests/cli/test_tampering.py",
        ),
    ),
    "decision files": Room(
        ("store/folder.py", "store/history.py"),
        ("tests/store/test_folder.py",),
        ("tests/cli/test_review.py", "tests/cli/test_block.py", "tests/cli/test_verify.py", "tests/decisions"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    room: str
    file: str
    line: int
    operator: str
    position: int
    """Number of the place among those where the operator applies."""

    def code(self) -> str:
        """Return the changed file."""
        operator = plugins.get_operator(self.operator)()
        tree = get_ast((PACKAGE / self.file).read_text(encoding="utf-8"))
        _Change(operator, self.position).walk(tree)
        return str(tree.get_code())


class _Change(Visitor):
    def __init__(self, operator: object, position: int) -> None:
        self.operator, self.left = operator, position

    def visit(self, node):
        places = list(self.operator.mutation_positions(node))
        if 0 <= self.left < len(places):
            node = self.operator.mutate(node, self.left)
        self.left -= len(places)
        return node


class _Places(Visitor):
    def __init__(self, operator: object) -> None:
        self.operator, self.found = operator, []

    def visit(self, node):
        self.found += [start for start, _ in self.operator.mutation_positions(node)]
        return node


def places_of(room: str, file: str) -> dict[tuple[object, ...], list[Mutant]]:
    """Return the changes of a file, by the place and the kind of change."""
    source, found = (PACKAGE / file).read_text(encoding="utf-8"), {}
    for name in plugins.operator_names():
        kind = name.rpartition("/")[2].partition("_")[0]
        if kind in ("VariableReplacer", "VariableInserter"):  # need names as arguments
            continue
        seen = _Places(plugins.get_operator(name)())
        seen.walk(get_ast(source))
        for number, start in enumerate(seen.found):
            found.setdefault((file, start, kind), []).append(Mutant(room, file, start[0], name, number))
    return found


def meaning(code: str) -> str | None:
    """Return what a program does, without annotations and documentation; None: it is no program."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
    return ast.dump(tree)


def draw(rooms: Sequence[str], number: int, seed: int) -> list[Mutant]:
    """Draw mutants that differ in what they do, as many of each room as of any other, while there are any."""
    chance = random.Random(seed)
    drawn: list[Mutant] = []
    for index, room in enumerate(rooms):
        places = {key: ones for file in ROOMS[room].files for key, ones in places_of(room, file).items()}
        order = sorted(places, key=str)
        chance.shuffle(order)
        wanted = number * (index + 1) // len(rooms) - number * index // len(rooms)
        for key in order:
            mutant = chance.choice(places[key])
            changed = meaning(mutant.code()) if wanted else None
            if changed is not None and changed != meaning((PACKAGE / mutant.file).read_text(encoding="utf-8")):
                drawn.append(mutant)
                wanted -= 1
    chance.shuffle(drawn)
    return drawn


@dataclass
class Bench:
    """Copies of the project, one for each that tries at a time."""

    copies: Queue[Path]

    @classmethod
    def of(cls, folder: Path, jobs: int) -> Bench:
        """Make the copies, each with what tests read."""
        copies: Queue[Path] = Queue()
        for number in range(jobs):
            copy = folder / str(number)
            names = (
                "src",
                "tests",
                "docs",
                "conftest_examples",
                "benchmarks",
                "pyproject.toml",
                "README.md",
                "release",
            )
            for name in names:
                one = ROOT / name
                (shutil.copytree if one.is_dir() else shutil.copy)(one, copy / name if one.is_dir() else copy)
            copies.put(copy)
        return cls(copies)

    def tries(self, mutant: Mutant) -> dict[str, object]:
        """Try one; return what came of it."""
        copy = self.copies.get()
        path, begun = copy / "src" / "pytest_readiness" / mutant.file, time.monotonic()
        original = path.read_text(encoding="utf-8")
        path.write_text(mutant.code(), encoding="utf-8")
        try:
            room = ROOMS[mutant.room]
            result = "killed" if any(self._fails(copy, tests) for tests in (room.quick, room.others)) else "survived"
        finally:
            path.write_text(original, encoding="utf-8")
            self.copies.put(copy)
        return {**asdict(mutant), "result": result, "seconds": round(time.monotonic() - begun)}

    def _fails(self, copy: Path, tests: Sequence[str]) -> bool:
        there = [test for test in tests if (copy / test).exists()]
        if not there:
            return False
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *there]
        environ = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            ran = subprocess.run(command, cwd=copy, env=environ, capture_output=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return True
        return ran.returncode != 0


def difference(mutant: Mutant) -> Iterator[str]:
    """Yield the lines in which a mutant differs."""
    old = (PACKAGE / mutant.file).read_text(encoding="utf-8").splitlines()
    for line in difflib.unified_diff(old, mutant.code().splitlines(), mutant.file, lineterm="", n=0):
        if not line.startswith(("---", "+++")):
            yield f"    {line}"


def known(results: Path | None) -> dict[Mutant, str]:
    """Return what earlier calls found."""
    if results is None or not results.exists():
        return {}
    rows = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    return {Mutant(*(row[name] for name in Mutant.__dataclass_fields__)): row["result"] for row in rows}


def tell(found: dict[Mutant, str]) -> bool:
    """Print the counts and the survivors; return whether enough were killed."""
    counts = Counter((mutant.room, result) for mutant, result in found.items())
    for room in dict.fromkeys(mutant.room for mutant in found):
        killed, survived = counts[room, "killed"], counts[room, "survived"]
        print(f"{room:<16} {killed:>4} of {killed + survived:>4} killed")
    for mutant, result in found.items():
        if result == "survived":
            print(f"survived: {mutant.file}:{mutant.line} {mutant.operator} ({mutant.position})")
            print("\n".join(difference(mutant)))
    killed = sum(result == "killed" for result in found.values())
    print(f"{killed} of {len(found)} killed ({killed / max(len(found), 1):.1%})")
    return killed >= ENOUGH * len(found) > 0


def main() -> None:
    """Draw, try and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=400, help="how many mutants (default: 400)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of the draw")
    parser.add_argument("--jobs", type=int, default=2, help="how many are tried at a time (default: 2)")
    parser.add_argument("--room", action="append", choices=ROOMS, help="only these; default: all")
    parser.add_argument("--results", type=Path, help="where each result is kept, and looked up")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    drawn = draw(options.room or list(ROOMS), options.number, options.seed)
    found = {mutant: result for mutant, result in known(options.results).items() if mutant in drawn}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        bench = Bench.of(Path(folder), options.jobs)
        for row in pool.map(bench.tries, [mutant for mutant in drawn if mutant not in found]):
            found[Mutant(*(row[name] for name in Mutant.__dataclass_fields__))] = str(row["result"])
            print(
                f"{len(found):>4} {row['result']:<9} {row['file']}:{row['line']} {row['operator']} {row['seconds']} s",
                flush=True,
            )
            if options.results is not None:
                with options.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
    sys.exit(not tell(found))


if __name__ == "__main__":
    main()
