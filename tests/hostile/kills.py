"""Kills at random moments of everything that writes.

``python -m tests.hostile.kills [--path NAME] [--kills N] [--seed S] [--minutes M]``

A child process does one thing in a copy of a prepared project, and is killed with its process group (SIGKILL) after a
random part of the time that the same takes without a kill. Then the project is recovered and checked: nothing that had
finished is lost, the store verifies, and what was interrupted can be done again. A child that ended before its kill is
not counted. A project in which something does not hold is kept, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.hostile import children
from tests.hostile.write_paths import PATHS, NotHeldError, WritePath

MEASURED = 3
"""Times that a path is run to its end, to know how long it takes."""


@dataclass
class Count:
    """What came of the kills of one path."""

    kills: int = 0
    too_late: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    """What kills left behind: a journal, a transaction of SQLite that was not finished, a temporary file."""
    faults: list[str] = field(default_factory=list)


@dataclass
class Bench:
    """A folder with a prepared project, and how long the path takes in it."""

    path: WritePath
    home: Path
    seconds: list[float] = field(default_factory=list)

    @property
    def before(self) -> Path:
        """The prepared project."""
        return self.home / "before"

    def make(self) -> None:
        """Prepare the project, and run the path to its end some times."""
        self.path.prepare(self.before)
        if self.path.is_command:  # what is imported late is imported now, so that a kill seldom comes before a write
            silence = io.StringIO()
            silenced = (contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence))
            with silenced[0], silenced[1], contextlib.chdir(self.copy("first")):
                self.path.act()
        for number in range(MEASURED):
            whole = self.copy(f"whole{number}")
            child = children.start(whole, self.path.act)
            began = self.began(whole)
            code, output = child.wait()
            self.seconds.append(time.monotonic() - began)
            if code != 0:
                raise NotHeldError(f"it ends with {code} where nobody kills it: {output}")
        self.path.expected(self.before, self.home / "whole0")

    def copy(self, name: str) -> Path:
        """Return a copy of the prepared project."""
        folder = self.home / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.before, folder)
        return folder

    def began(self, folder: Path) -> float:
        """Wait until the interesting part begins, and return when it did."""
        if self.path.begins_with:
            children.wait_for(folder / self.path.begins_with)
        return time.monotonic()

    def kill(self, chance: random.Random, count: Count) -> None:
        """Start the path, kill it, and check."""
        folder = self.copy("killed")
        child = children.start(folder, self.path.act)
        began = self.began(folder)
        time.sleep(chance.random() * 1.1 * median(self.seconds[-9:]))
        if child.kill() != -signal.SIGKILL:
            count.too_late += 1
            self.seconds.append(0.8 * (time.monotonic() - began))  # a quiet moment: it takes less than was thought
            return
        count.kills += 1
        count.seen.update(_left_behind(folder))
        try:
            self.path.check(folder)
        except NotHeldError as fault:
            kept = self.home / f"fault{count.kills}"
            shutil.copytree(folder, kept)
            count.faults.append(f"{kept}: {fault}")


def _left_behind(folder: Path) -> list[str]:
    state = folder / ".readiness"
    seen = {
        "journal": any((state / "journal").glob("*.jsonl")),
        "transaction": (state / "evidence.db-journal").exists(),
        "temporary file": any(path.name.startswith(".") and path.name != ".gitignore" for path in folder.rglob(".*.*")),
    }
    return [name for name, is_there in seen.items() if is_there] or ["nothing"]


def kill_often(name: str, number: int, seed: str, home: Path, until: float = float("inf")) -> Count:
    """Kill a path so many times."""
    bench, chance, count = Bench(PATHS[name](), home), random.Random(f"{name}/{seed}"), Count()
    bench.make()
    while count.kills < number and time.monotonic() < until:
        bench.kill(chance, count)
    return count


def main() -> int:
    """Kill, print the counts, and return the exit code."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--path", choices=PATHS, action="append", help="default: each")
    options.add_argument("--kills", type=int, default=20, help="of each path")
    options.add_argument("--seed", default="0")
    options.add_argument("--minutes", type=float, default=float("inf"), help="for each path, at most")
    given = options.parse_args()
    faults = 0
    for name in given.path or PATHS:
        home = Path(tempfile.mkdtemp(prefix=f"kills-{name}-"))
        began = time.monotonic()
        count = kill_often(name, given.kills, given.seed, home, began + given.minutes * 60)
        left = ", ".join(f"{what} {number}" for what, number in sorted(count.seen.items()))
        sys.stdout.write(
            f"{name}: {count.kills} kills ({count.too_late} came too late), {len(count.faults)} faults; left behind: "
            f"{left or 'nothing'}; {time.monotonic() - began:.0f} s\n"
        )
        sys.stdout.writelines(f"  {fault}\n" for fault in count.faults)
        sys.stdout.flush()
        faults += len(count.faults)
        if not count.faults:
            shutil.rmtree(home)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
