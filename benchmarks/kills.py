"""Kill a recording session at random moments, and count what is missing after recovery. See benchmarks/README.md.

python benchmarks/kills.py [200] [--xdist] [--seed N]

For each kill: what had finished, as told by a file that the next test (under xdist: the controller) writes, must be in
the store after ``readiness recover``. At the end the store must verify. Exit code 1 where anything is missing.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pytest_readiness.facts.run import Run
from pytest_readiness.store.address import open_store
from pytest_readiness.store.protocol import Store

TESTS = 300
CONFIG = """
tracker = "PROD_READINESS_TRACKER.md"
[environments.staging]
real = true
[items.1]
title = "it holds"
"""
TRACKER = """
| UC | Architecture Status | Prod Readiness Status | Owner | Last Updated | Notes |
| --- | --- | --- | --- | --- | --- |
| UC-001 | `GREEN` | `NOT_STARTED` | `tbd` | 2026-01-01 | Survives |
"""
SUITE = f"""
import pytest

@pytest.mark.parametrize("n", range({TESTS}))
@pytest.mark.evidence("UC-001", item=1)
def test_it(n, record_evidence):
    record_evidence.note(f"note {{n}}")
    if n % 10 == 0:
        record_evidence.attach(f"artifact {{n}}")
    with open("started", "a") as file:
        file.write(f"test_it.py::test_it[{{n - 1}}]\\n")
"""
CONTROLLER = """
import os, pytest

@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report):
    if report.when == "teardown" and "PYTEST_XDIST_WORKER" not in os.environ:
        with open("told", "a") as file:
            file.write(f"{report.nodeid}\\n")
"""
"""The next test of a worker may start before the controller has heard of the one before: here the controller tells."""


@dataclass
class Count:
    """What came of the kills."""

    kills: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    missing: list[str] = field(default_factory=list)
    interrupted: int = 0
    torn: int = 0
    failed_recoveries: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Project:
    """A folder with a suite to be killed."""

    folder: Path
    xdist: bool

    def prepare(self) -> None:
        """Write the suite, its config and its tracker."""
        files = {"readiness.toml": CONFIG, "PROD_READINESS_TRACKER.md": TRACKER, "test_it.py": SUITE}
        if self.xdist:
            files["conftest.py"] = CONTROLLER
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a session; it leads a process group of its own, so that its workers die with it."""
        more = ["-p", "xdist", "-n2"] if self.xdist else []
        command = [sys.executable, "-m", "pytest", "-q", "-p", "pytest_readiness.plugin", "-p", "no:cacheprovider"]
        options = ["--readiness-environment=staging", f"--readiness-release={name}"]
        environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        return subprocess.Popen(
            [*command, *more, *options],
            cwd=self.folder, env=environ, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def readiness(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours."""
        words = [sys.executable, "-m", "pytest_readiness", command]
        return subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False)

    def take_finished(self) -> set[str]:
        """Return the tests that are known to have finished, and forget them."""
        path = self.folder / ("told" if self.xdist else "started")
        if not path.exists():
            return set()
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]  # what follows the last line end was cut off
        path.unlink()
        return set(lines) - {"test_it.py::test_it[-1]"}

    def run(self, name: str) -> Run | None:
        """Return the run of a session, or None if it recorded nothing."""
        for store in self._store():
            for summary in store.runs():
                if summary.release == name:
                    return store.run(summary.id)
        return None

    def _store(self) -> Iterator[Store]:
        store = open_store("sqlite:///.readiness/evidence.db", self.folder, create=False)
        if store is not None:
            with closing(store):
                yield store


def kill(process: subprocess.Popen[bytes]) -> bool:
    """Kill the session's process group; return whether it still lived."""
    lived = process.poll() is None
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return lived


def whole_session(project: Project) -> float:
    """Run one session to its end and return how long it took."""
    begun = time.monotonic()
    if project.start("whole").wait() != 0:
        sys.exit("a session that nobody kills does not pass")
    project.take_finished()
    return time.monotonic() - begun


def moment_of(run: Run | None, *, lived: bool, left: bool) -> str:
    """Say when the kill came."""
    if not lived:
        return "too late, not counted"
    if run is None:
        return "before anything was recorded"
    if run.seal is not None and run.seal.body.get("recovered"):
        return "while tests ran"
    return "sealed, before it was kept" if left else "kept, before its end"


def one_kill(project: Project, name: str, delay: float, count: Count) -> None:
    """Start a session, kill it after a delay, recover, and count."""
    process = project.start(name)
    time.sleep(delay)
    lived = kill(process)
    finished = project.take_finished()
    left = bool(list((project.folder / ".readiness" / "journal").glob("*.jsonl")))
    recovery = project.readiness("recover")
    if recovery.returncode:
        count.failed_recoveries.append(f"{name}: {recovery.stderr.strip()}")
    run = project.run(name)
    results = {piece.test_id: piece.result.value for piece in run.evidence()} if run else {}
    count.kills += lived
    count.moments[moment_of(run, lived=lived, left=left)] += 1
    count.finished += len(finished)
    count.missing += [f"{name}: {test}" for test in sorted(finished) if results.get(test) != "PASSED"]
    count.interrupted += sum(result == "INTERRUPTED" for result in results.values())
    count.torn += bool(run and run.seal and run.seal.body.get("torn_bytes"))


def tell(count: Count, verified: subprocess.CompletedProcess[str]) -> bool:
    """Print the counts; return whether all is well."""
    print(f"kills                          {count.kills}")
    for when, number in sorted(count.moments.items()):
        print(f"  {when:<28} {number}")
    print(f"tests known to have finished   {count.finished}")
    print(f"  missing after recovery       {len(count.missing)}")
    print(f"tests interrupted              {count.interrupted}")
    print(f"journals with a torn line      {count.torn}")
    print(f"recoveries that failed         {len(count.failed_recoveries)}")
    print(f"verify                         {verified.stdout.strip()} (exit code {verified.returncode})")
    for line in [*count.missing[:20], *count.failed_recoveries[:20]]:
        print(line)
    return not (count.missing or count.failed_recoveries or verified.returncode)


def main() -> None:
    """Kill sessions as often as asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("number", nargs="?", type=int, default=200, help="how many kills (default: 200)")
    parser.add_argument("--xdist", action="store_true", help="with two workers, killing the whole process group")
    parser.add_argument("--seed", type=int, default=0, help="of the random moments")
    options = parser.parse_args()
    chance, count = random.Random(options.seed), Count()
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), options.xdist)
        project.prepare()
        length = min(whole_session(project) for _ in range(3))
        for number in itertools.count():
            if count.kills >= options.number:
                break
            one_kill(project, f"kill-{number}", chance.uniform(0.2, 1) * length, count)
        well = tell(count, project.readiness("verify"))
    sys.exit(not well)


if __name__ == "__main__":
    main()
