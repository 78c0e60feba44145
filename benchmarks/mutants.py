"""Try the tests of what decides: draw mutants of it, and count those that the tests of their room notice.

python benchmarks/mutants.py [--number 400] [--seed N] [--jobs 2] [--room NAME]... [--results FILE]

A mutant is the program with one operator, constant, condition, loop or decorator changed, as cosmic-ray makes it
(``nox -s mutants``). Places are drawn evenly, then one of the changes of that place; a change of an
annotation or a text of documentation is none. First all tests are run as they are, and none may fail; what each
executes is kept (``--learned``). Then each mutant is tried on the tests of its room that execute its line, the quickest
first, and on those that start a Python of their own. Survivors are printed as they differ. Results are kept line by
line: the same command goes on where it ended. Exit code 1 where fewer than nine of ten are killed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from queue import Queue

sys.path.insert(0, str(Path(__file__).resolve().parent))

from mutating.bench import Bench
from mutating.drawing import Mutant, draw
from mutating.learning import Learned, key_of
from mutating.rooms import ROOMS, ROOT, files_of

ENOUGH = 0.9


def known(results: Path | None) -> dict[Mutant, str | None]:
    """Return what earlier calls found: what noticed each."""
    if results is None or not results.exists():
        return {}
    rows = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    return {Mutant(*(row[name] for name in Mutant.__dataclass_fields__)): row["noticed"] for row in rows}


def each(benches: Queue[Bench], act: Callable, things: Sequence, jobs: int) -> Iterator:
    """Do something with each thing, on whichever bench is free."""

    def on_a_bench(thing):
        bench = benches.get()
        try:
            return act(bench, thing)
        finally:
            benches.put(bench)

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(on_a_bench, things)


def learn(benches: Queue[Bench], learned: Learned, files: Sequence[str], jobs: int) -> None:
    """Run the tests of which nothing is known, and say which fail: then nothing can be said of mutants."""
    failed = []
    missing = learned.missing(files)
    for file, tests in zip(missing, each(benches, Bench.learn, missing, jobs), strict=True):
        bad = [name for name, one in tests.items() if one["failed"]]
        failed += bad
        print(f"{file}: {len(tests)} tests, {sum(one['seconds'] for one in tests.values()):.0f} s", flush=True)
        if not bad:
            learned.learn(file, tests)
    if failed:
        raise SystemExit("mutants: these tests fail without any change: " + " ".join(failed))


def tried(bench: Bench, mutant: Mutant) -> dict[str, object]:
    """Try one; return the line of it."""
    begun = time.monotonic()
    noticed = bench.tries(mutant)
    return {**asdict(mutant), "noticed": noticed, "seconds": round(time.monotonic() - begun, 1)}


def tell(found: dict[Mutant, str | None]) -> bool:
    """Print the counts and the survivors; return whether enough were killed."""
    counts = Counter((mutant.room, noticed is not None) for mutant, noticed in found.items())
    for room in sorted({mutant.room for mutant in found}, key=list(ROOMS).index):
        killed, survived = counts[room, True], counts[room, False]
        print(f"{room:<16} {killed:>4} of {killed + survived:>4} killed")
    for mutant, noticed in found.items():
        if noticed is None:
            print(f"survived: {mutant.file}:{mutant.line} {mutant.operator} ({mutant.position})")
            print("\n".join(mutant.difference()))
    killed = sum(noticed is not None for noticed in found.values())
    print(f"{killed} of {len(found)} killed ({killed / max(len(found), 1):.1%})")
    return killed >= ENOUGH * len(found) > 0


def keep(row: dict[str, object], number: int, results: Path | None) -> None:
    """Print a result, and keep it."""
    what = row["noticed"] or "SURVIVED"
    print(f"{number:>4} {row['seconds']:>6} s {row['file']}:{row['line']} {row['operator']} {what}", flush=True)
    if results is not None:
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def main() -> None:
    """Draw, try and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=400, help="how many mutants (default: 400)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of the draw")
    parser.add_argument("--jobs", type=int, default=2, help="how many are tried at a time (default: 2)")
    parser.add_argument("--room", action="append", choices=ROOMS, help="only these; default: all")
    parser.add_argument("--results", type=Path, help="where each result is kept, and looked up")
    parser.add_argument("--learned", type=Path, default=ROOT / "build" / "mutants.json", help="what tests execute")
    parser.add_argument("--budget", type=float, default=60, help="seconds of tests for a mutant (default: 60)")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    rooms = options.room or list(ROOMS)
    drawn = draw(rooms, options.number, options.seed)
    found = {mutant: noticed for mutant, noticed in known(options.results).items() if mutant in drawn}
    files = list(dict.fromkeys(file for room in rooms for file in files_of(ROOMS[room].tests)))
    keys = {file: key_of(file) for file in files}  # now: what is edited meanwhile is not what is tried
    with tempfile.TemporaryDirectory() as folder:
        learned, benches = Learned.at(options.learned, keys), Queue()
        for number in range(options.jobs):
            benches.put(Bench.at(Path(folder) / str(number), learned, options.budget))
        learned.imported = benches.queue[0].imported()
        list(each(benches, lambda bench, _: bench.start(files), range(options.jobs), options.jobs))
        for room in rooms:
            learn(benches, learned, files_of(ROOMS[room].tests), options.jobs)
            left = [mutant for mutant in drawn if mutant.room == room and mutant not in found]
            for row in each(benches, tried, left, options.jobs):
                found[Mutant(*(row[name] for name in Mutant.__dataclass_fields__))] = row["noticed"]
                keep(row, len(found), options.results)
        for bench in benches.queue:
            bench.end()
    sys.exit(not tell(found))


if __name__ == "__main__":
    main()
