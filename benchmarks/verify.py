"""What ``readiness verify`` costs, and what sealing adds to recording, in CPU time. See benchmarks/README.md.

python benchmarks/verify.py [--rounds 7] [--folder KEPT] [--profile]

10,000 pieces of evidence in eleven runs, with 1,000 reviews; and a tree of 100,000 leaves.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import hashlib
import json
import os
import platform
import pstats
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, closing, redirect_stdout
from functools import partial
from importlib.metadata import version
from io import StringIO
from itertools import count
from pathlib import Path

from gate import IMPORT, Command, make, rounds

from pytest_readiness.cli import main as readiness
from pytest_readiness.facts.checkpoint import Leaf, StoreTree
from pytest_readiness.facts.ledger.line import Line, LineChain
from pytest_readiness.facts.run import Run, planned_digest
from pytest_readiness.pipeline.project import find_project
from pytest_readiness.store.integrity.merkle_leaves import INSERT_LEAF
from pytest_readiness.store.sqlite.queries import INSERT_VERDICT
from pytest_readiness.store.sqlite.store import SQLiteStore

EVIDENCE = 10_000
RUNS = 11
LEAVES = 100_000
VERIFY_GOAL = 2.0
SEAL_GOAL = 0.1
TREE_GOAL = 0.3
VERIFY = ("-m", "pytest_readiness", "verify")
CHECKED = (*VERIFY, "--checkpoint", "head.txt")
TELL_MODULES = """
import json, sys
from pytest_readiness.cli import main
try:
    main(["verify", "--checkpoint", "head.txt"])
except SystemExit:
    pass
print(json.dumps([name for name in sys.modules if name != "__main__"]))
"""


def least(number: int, *functions: Callable[[], object]) -> list[float]:
    """Return the least CPU seconds that each function took, in so many rounds in turn."""
    took: list[list[float]] = [[] for _ in functions]
    for _ in range(number):
        for function, seconds in zip(functions, took, strict=True):
            began = time.process_time()
            function()
            seconds.append(time.process_time() - began)
    return [min(seconds) for seconds in took]


# -- verify, as whole processes --------------------------------------------------------------------------------------


def tell_verify(project: Path, number: int) -> None:
    """Run the command, with and without a checkpoint, in turn with its imports alone."""
    _, output = Command("modules", project, ("-c", TELL_MODULES)).measure()
    names = json.loads(output.splitlines()[-1])
    imports = Command("imports alone", project, ("-c", IMPORT.format(names=names)))
    plain, checked = Command("verify", project, VERIFY), Command("verify --checkpoint", project, CHECKED)
    rounds(number, [imports, plain, checked])
    print(f"\n{plain.measure()[1].splitlines()[0]}")
    print(f"\nleast and median of {number} rounds, CPU (user + system)\n")
    print("{:36}{:>10}{:>10}{:>20}".format("", "least", "median", "above the imports"))
    for one in (imports, plain, checked):
        above = "" if one is imports else f"{one.least - imports.least:18.3f} s"
        print(f"{one.name:36}{one.least:8.3f} s{statistics.median(one.seconds):8.3f} s{above}")
    print(f"\ngoal: {plain.least:.3f} s for the whole command (wanted: < {VERIFY_GOAL} s)")


# -- what sealing adds -----------------------------------------------------------------------------------------------


def bodies_of(project: Path) -> list[tuple[str, dict[str, object]]]:
    """Return what the lines of the runs say, without what the chain adds."""
    added = ("kind", "prev", "run", "seq")
    with closing(find_project(project).store()) as store:
        runs = [store.run(summary.id) for summary in store.runs()]
    lines = [line for run in runs for line in run.lines if line.kind != "sealed"]
    return [(line.kind, {key: told for key, told in line.body.items() if key not in added}) for line in lines]


def tell_sealing(project: Path, number: int) -> None:
    """Chain and seal the lines of all runs once more, beside writing the same as JSON without a chain."""
    bodies = bodies_of(project)
    encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode

    def written() -> None:
        for seq, (kind, body) in enumerate(bodies):
            encode({**body, "kind": kind, "run": "r", "seq": seq}).encode()

    def sealed() -> Run:
        chain = LineChain("r")
        lines: list[Line] = []
        for kind, body in bodies:
            line = chain.next(kind, body)
            line.text.encode()
            lines.append(line)
        lines.append(chain.next("sealed", {"count": chain.seq, "planned": planned_digest(lines)}))
        return Run(tuple(lines))

    plain, chained = least(number, written, sealed)
    without, planted = least(20 * number, *keeping(project))
    pieces = sum(len(body["claims"]) for kind, body in bodies if kind == "finished")
    each = 1e3 / pieces
    added = (chained - plain) * each
    print(f"\n{pieces} pieces of evidence in {len(bodies)} lines, least CPU of {number} rounds\n")
    print(f"written as JSON lines            {plain * each:8.4f} ms a piece of evidence")
    print(f"written, chained and sealed      {chained * each:8.4f} ms: chain and seal add {added:.4f} ms")
    leaf = (planted - without) * 1e3
    print(f"the leaf, once a run             {leaf:8.4f} ms")
    print(f"\ngoal: {added + leaf * RUNS / pieces:.4f} ms added to a piece of evidence in these runs, ", end="")
    print(f"{added + leaf:.4f} ms where it is the only one of its run (wanted: < {SEAL_GOAL} ms)")


def keeping(project: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return what writes a row in a transaction of its own in a copy of the store, and what writes a leaf with it."""
    copy = shutil.copyfile(project / ".readiness" / "evidence.db", project / "copy.db")
    store = SQLiteStore.open(copy, "", create=True)
    connection, numbers = store._connection, count()  # noqa: SLF001 - the store writes no record without its leaf

    def keep(*, leaf: bool) -> None:
        name = f"{next(numbers):064x}"
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(INSERT_VERDICT, (name, "", ""))
        if leaf:
            connection.execute(INSERT_LEAF, ("verdict", name, name))
        connection.execute("COMMIT")

    return partial(keep, leaf=False), partial(keep, leaf=True)


# -- the tree --------------------------------------------------------------------------------------------------------


def leaves() -> Iterator[Leaf]:
    """Yield the leaves of many runs."""
    for number in range(LEAVES):
        yield Leaf("run", f"20260212T182900Z-{number:08x}", hashlib.sha256(b"%d" % number).hexdigest())


def tell_tree(project: Path, number: int) -> None:
    """Read and hash a tree of many leaves, as a gate with a checkpoint does."""
    tree = StoreTree("readiness-store/" + "0" * 32, list(leaves()))
    with closing(find_project(project).store()) as store:
        connection = store._connection  # noqa: SLF001 - a store of 100,000 runs would take minutes to make
        connection.execute("BEGIN IMMEDIATE")
        ((first,),) = connection.execute("SELECT max(number) + 1 FROM leaf").fetchall()
        rows = ((first + at, *leaf) for at, leaf in enumerate(tree.leaves))
        connection.execute("DROP TRIGGER leaf_no_replace")
        connection.executemany("INSERT INTO leaf VALUES (?, ?, ?, ?)", rows)
        gc.disable()  # as good as the command does
        hashed, both = least(number, tree.checkpoint, lambda: store.tree().checkpoint())
        gc.enable()
        connection.execute("ROLLBACK")
    print(f"\ngoal: {both:.3f} s to read {LEAVES:,} leaves and find their root, {hashed:.3f} s of it hashing", end="")
    print(f" (wanted: < {TREE_GOAL} s)")


def in_process(project: Path) -> None:
    """Verify here."""
    with chdir(project), redirect_stdout(StringIO()):
        try:
            readiness(["verify"])
        except SystemExit as stopped:
            if stopped.code:
                sys.exit("the store is not intact")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="where the project is kept for the next time; default: nowhere")
    parser.add_argument("--profile", action="store_true", help="also print the functions that take longest")
    options = parser.parse_args()
    print(
        f"Python {platform.python_version()}, pytest-readiness {version('pytest-readiness')}, "
        f"{platform.system()}, {os.cpu_count()} CPUs"
    )
    with tempfile.TemporaryDirectory(prefix="readiness-benchmark-") as temporary:
        project = (options.folder or Path(temporary)) / f"verify-{EVIDENCE}"
        if not project.exists():
            project.parent.mkdir(exist_ok=True)
            make(project, EVIDENCE)
            Command("checkpoint", project, ("-m", "pytest_readiness", "checkpoint", "-o", "head.txt")).measure()
        tell_verify(project, options.rounds)
        tell_sealing(project, options.rounds)
        tell_tree(project, options.rounds)
        if options.profile:
            profile = cProfile.Profile()
            profile.runcall(in_process, project)
            pstats.Stats(profile).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
