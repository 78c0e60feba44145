"""What ``readiness gate`` costs, in CPU time, above Python and its imports. See benchmarks/README.md.

python benchmarks/gate.py [--rounds 7] [--folder KEPT] [--profile]

1,000 use cases of 8 requirements each, and the same 8,000 newest executions and 1,000 reviews with 2,000, 92,000 and
292,000 older executions behind them.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import json
import os
import platform
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, chdir, closing, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import Any

from pytest_readiness.cli import main as readiness
from pytest_readiness.commands import gate
from pytest_readiness.commands.cli_context import CliContext
from pytest_readiness.facts.decision import Review, ReviewMeaning
from pytest_readiness.facts.ledger.line import Line, LineChain
from pytest_readiness.facts.run import Run, planned_digest
from pytest_readiness.facts.timestamps import timestamp
from pytest_readiness.pipeline import evaluate_project
from pytest_readiness.pipeline.project import Project, find_project
from pytest_readiness.store.sqlite.store import SQLiteStore

USE_CASES = 1000
SUITES: tuple[dict[str, Any], ...] = (
    {"item": "1", "proof": "credential", "details": [["provider", "acme"], ["status", "200"]]},
    {"item": "2", "proof": "handshake", "details": [["negotiated", "v3"], ["peer", "gateway.example.com"]]},
    {"item": "3", "proof": "attestation", "details": [["name", "acme-sdk"], ["version", "4.2.0"]]},
    {"item": "4", "proof": "trace", "details": [["captures", "2"], ["masked", "3"]]},
    {"item": "5", "proof": "replay", "details": [["events", "41"], ["mode", "FULL"]]},
    {"item": "6", "proof": "rotation", "parts": ["rotation"], "details": [["rejected_by", "AuthError"]]},
    {"item": "6", "proof": "revocation", "parts": ["revocation"], "details": [["rejected_by", "AuthError"]]},
    {"item": "7", "proof": "drill", "details": [["audit", "AUD-4711"], ["name", "failover"]]},
)
"""One run of each: a suite shows one requirement of every use case."""
NEWEST = USE_CASES * len(SUITES)
HISTORIES = (10_000, 100_000, 300_000)
"""Pieces of evidence in all."""
GOAL = 0.5
FAILING = 50
"""Every so many use cases one has a test that fails, so that there is something to tell."""
DAY = 86_400
CONFIG = """
tracker = "PROD_READINESS_TRACKER.md"

[environments.production]
real = true

[provider_modes]
BYOK = "the tenant's own keys"

[review]
reviewers = ["grace"]
"""
TRACKER = """
| UC | Architecture Status | Prod Readiness Status | Owner | Last Updated | Notes |
| --- | --- | --- | --- | --- | --- |
"""
ROW = "| UC-{number:04} | `GREEN` | `READY_FOR_GO_LIVE` | `team-{team}` | 2026-01-01 | Use case {number} |\n"


# -- a store with a past ---------------------------------------------------------------------------------------------


def make(folder: Path, total: int) -> None:
    """Write a project whose store holds so many pieces of evidence, the newest of them reviewed."""
    folder.mkdir()
    (folder / "readiness.toml").write_text(CONFIG)
    rows = "".join(ROW.format(number=number, team=number % 7) for number in range(1, USE_CASES + 1))
    (folder / "PROD_READINESS_TRACKER.md").write_text(TRACKER.lstrip() + rows)
    place = find_project(folder)
    with closing(place.store(create=True)) as store:
        runs = total // USE_CASES
        for number in range(runs):
            made = make_run(place, number, newest=number >= runs - len(SUITES), age=runs - number)
            store.save([made], [place.requirements], made_here=[made.id])
    sign(place)
    with closing(place.store(create=True)) as store:
        made = make_run(place, runs, newest=True, age=0, only=range(FAILING, USE_CASES + 1, FAILING))
        store.save([made], [place.requirements], made_here=[made.id])


def make_run(place: Project, number: int, *, newest: bool, age: int, only: Sequence[int] = ()) -> Run:
    """Return one suite's run; the newest eight are half an hour apart, those before them two hours.

    ``only``: the use cases whose tests ran, and failed; else all, and they passed.
    """
    started = time.time() - DAY / 2 - (age * 1800 if newest else age * 7200)
    suite, at = SUITES[number % len(SUITES)], timestamp(started)
    chain = LineChain(f"{at[:19].replace('-', '').replace(':', '')}Z-{number:08x}")
    head = {
        "actor": "ada",
        "actor_known_by": "system",
        "argv": ["-q", "--readiness-environment=production"],
        "context": {"environment": "production", "provider_mode": "BYOK"},
        "git": {"commit": hashlib.sha1(b"%d" % number).hexdigest(), "dirty": False},
        "host": "ci-7",
        "nonce": hashlib.md5(b"%d" % number).hexdigest(),
        "register": place.catalogue.register,
        "requirements": place.requirements.digest,
        "started_at": at,
        "versions": {"pytest": "8.4.1", "pytest-readiness": "0.1.0", "python": "3.11.7"},
    }
    lines = [chain.next("run", head)]
    tests = [(number, test_of(suite, number)) for number in only or range(1, USE_CASES + 1)]
    planned = [{"claims": [claim(suite, number)], "records": True, "test": test} for number, test in tests]
    lines.append(chain.next("planned", {"tests": planned}))
    for count, (use_case, test) in enumerate(tests):
        lines += test_lines(chain, suite, use_case, test, started + count * 0.05, failed=bool(only))
    last = {"count": chain.seq, "exit_status": 0, "finished_at": timestamp(started + 60), "recovered": False}
    lines.append(chain.next("sealed", {**last, "planned": planned_digest(lines)}))
    return Run(tuple(lines))


def test_of(suite: dict[str, Any], number: int) -> str:
    return f"tests/acceptance/test_{suite['proof']}.py::test_{suite['proof']}_of_use_case[UC-{number:04}-production]"


def claim(suite: dict[str, Any], number: int) -> dict[str, Any]:
    parts = {"parts": suite["parts"]} if "parts" in suite else {}
    where = {"environment": "production", "provider_mode": "BYOK"}
    return {"item": suite["item"], "use_case": f"UC-{number:04}", **where, **parts}


def test_lines(
    chain: LineChain, suite: dict[str, Any], use_case: int, test: str, started: float, *, failed: bool
) -> Iterator[Line]:
    """Yield what a session writes of one test."""
    at, end, result = timestamp(started), timestamp(started + 0.04), "FAILED" if failed else "PASSED"
    yield chain.next("started", {"at": at, "test": test})
    message = {"message": "AssertionError: the gateway answered 503"} if failed else {}
    body = {
        "attempts": [{"duration_ms": 40, "result": result, "started_at": at, **message}],
        "claims": [claim(suite, use_case)],
        "finished_at": end,
        "open_scope": True,
        "proofs": [] if failed else [{"details": suite["details"], "kind": suite["proof"]}],
        "result": result,
        "started_at": at,
        "test": test,
        **message,
    }
    yield chain.next("finished", body)


def sign(place: Project) -> None:
    """Let somebody else approve every use case."""
    judged = evaluate_project.evaluate_with_facts(place, evaluate_project.EvaluationRequest())
    use_cases = judged.report.readiness.use_cases
    if any(one.phase != "AWAITING_REVIEW" for one in use_cases):
        sys.exit(f"not as it was meant: {use_cases[0].requirements[0]}")
    said = {"register": place.catalogue.register, "at": timestamp(time.time() - DAY / 4), "by": "grace"}
    reviews = [
        Review(
            **said,
            requirements_digest=place.requirements.digest,
            use_case=one.use_case.id,
            meaning=ReviewMeaning.APPROVED_FOR_GO_LIVE,
            basis=one.basis,
        )
        for one in use_cases
    ]
    with closing(place.store(create=True)) as store:
        store.decide(reviews, [place.requirements])


# -- whole processes ------------------------------------------------------------------------------------------------


@dataclass
class Command:
    """One process to be measured, and the CPU seconds that it took."""

    name: str
    folder: Path
    arguments: tuple[str, ...]
    exit_code: int = 0
    seconds: list[float] = field(default_factory=list)

    def measure(self) -> tuple[float, str]:
        """Run it; return user and system time, and what it wrote."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("READINESS_")}
        process = subprocess.Popen(
            [sys.executable, *self.arguments],
            cwd=self.folder,
            env=environ | {"PYTHONHASHSEED": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output = process.stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != self.exit_code:
            sys.exit(f"{' '.join(self.arguments)[:200]} ended with {process.returncode}:\n{output}")
        return usage.ru_utime + usage.ru_stime, output

    @property
    def least(self) -> float:
        return min(self.seconds)


GATE = ("-m", "pytest_readiness", "gate")
TELL_MODULES = """
import json, sys
from pytest_readiness.cli import main
try:
    main(["gate"])
except SystemExit:
    pass
print(json.dumps([name for name in sys.modules if name != "__main__"]))
"""
IMPORT = """
from importlib import import_module
for name in {names!r}:
    try:
        import_module(name)
    except ImportError:
        pass
"""


def modules_of(folder: Path) -> list[str]:
    """Return everything that a gate imports, in its order."""
    _, output = Command("modules", folder, ("-c", TELL_MODULES)).measure()
    return list(json.loads(output.splitlines()[-1]))


def rounds(number: int, commands_: Sequence[Command]) -> None:
    """Run everything once without counting, then so many rounds, every second one backwards."""
    for one in commands_:
        one.measure()
    for count in range(number):
        for one in commands_ if count % 2 == 0 else reversed(commands_):
            one.seconds.append(one.measure()[0])
        print(f"round {count + 1} of {number}", file=sys.stderr, flush=True)


# -- where the time goes --------------------------------------------------------------------------------------------


class Clock:
    """CPU time of a few functions of the path, each without what is measured within it."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._within = [0.0]

    @contextmanager
    def timed(self, owner: Any, name: str, told: str) -> Iterator[None]:
        """Measure every call of a function while the block runs."""
        real: Callable[..., Any] = getattr(owner, name)

        def measured(*arguments: Any, **named: Any) -> Any:
            began = time.process_time()
            self._within.append(0.0)
            try:
                found = real(*arguments, **named)
                return iter(list(found)) if isinstance(found, Iterator) else found
            finally:
                took, inner = time.process_time() - began, self._within.pop()
                self.spent[told] += took - inner
                self._within[-1] += took

        setattr(owner, name, measured)
        try:
            yield
        finally:
            setattr(owner, name, real)


STEPS = (
    (SQLiteStore, "register_decisions", "decisions"),
    (SQLiteStore, "newest", "newest"),
    (SQLiteStore, "failures", "failures"),
    (SQLiteStore, "missing", "missing"),
    (SQLiteStore, "summaries", "origins"),
    (evaluate_project, "facts_now", "the rest of gathering"),
    (SQLiteStore, "check", "check"),
    (evaluate_project, "evaluate", "evaluate"),
    (evaluate_project, "evaluate_gate", "decide"),
    (evaluate_project, "next_actions", "actions"),
    (gate, "render_verdict", "render"),
    (CliContext, "project", "config and tracker"),
)


def in_process(folder: Path) -> None:
    """Run the gate here, for its answer."""
    with chdir(folder), redirect_stdout(StringIO()):
        try:
            readiness(["gate"])
        except SystemExit:
            return


def tell_steps(folder: Path, number: int) -> None:
    """Print what each step of the path takes, the least of some rounds; imports are done."""
    in_process(folder)
    every: list[dict[str, float]] = []
    for _ in range(number):
        clock = Clock()
        with ExitStack() as measured:
            for step in STEPS:
                measured.enter_context(clock.timed(*step))
            began = time.process_time()
            in_process(folder)
            took = time.process_time() - began
        every.append({**clock.spent, "the rest": took - sum(clock.spent.values()), "all of it": took})
    print("\nwhere it goes (in a process that has imported everything, least and median of the rounds)\n")
    for name in every[0]:
        spent = [one[name] for one in every]
        print(f"  {name:24}{min(spent) * 1e3:8.0f} ms{statistics.median(spent) * 1e3:8.0f} ms")


def tell_profile(folder: Path) -> None:
    """Print which functions take longest. Profiling makes everything slower, and small functions most."""
    in_process(folder)
    profile = cProfile.Profile()
    profile.runcall(in_process, folder)
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)


# -- the figures ----------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="where the projects are kept for the next time; default: nowhere")
    parser.add_argument("--profile", action="store_true", help="also print the functions that take longest")
    options = parser.parse_args()
    print(
        f"Python {platform.python_version()}, pytest-readiness {version('pytest-readiness')}, "
        f"{platform.system()}, {os.cpu_count()} CPUs"
    )
    with tempfile.TemporaryDirectory(prefix="readiness-benchmark-") as temporary:
        measure(options.folder or Path(temporary), options.rounds, profile=options.profile)


def measure(folder: Path, number: int, *, profile: bool) -> None:
    folder.mkdir(exist_ok=True)
    projects = {total: folder / f"{total}" for total in HISTORIES}
    for total, project in projects.items():
        if not project.exists():
            print(f"making {total} pieces of evidence", file=sys.stderr, flush=True)
            make(project, total)
    middle = projects[HISTORIES[1]]
    names = modules_of(middle)
    imports = Command("imports alone", middle, ("-c", IMPORT.format(names=names)))
    gates = {
        total: Command(f"gate, {total:,} pieces of evidence", project, GATE, exit_code=1)
        for total, project in projects.items()
    }
    rounds(number, [imports, *gates.values()])
    print(f"\n{gates[HISTORIES[1]].measure()[1].splitlines()[0]}")
    print(f"\nleast and median of {number} rounds, CPU (user + system)\n")
    print("{:36}{:>10}{:>10}{:>20}".format("", "least", "median", "above the imports"))
    for one in (imports, *gates.values()):
        above = "" if one is imports else f"{one.least - imports.least:18.3f} s"
        print(f"{one.name:36}{one.least:8.3f} s{statistics.median(one.seconds):8.3f} s{above}")
    took = {total: one.least - imports.least for total, one in gates.items()}
    print(f"\ngoal: {took[HISTORIES[1]]:.3f} s above Python and its imports (wanted: < {GOAL} s)")
    ratio = took[HISTORIES[2]] / took[HISTORIES[0]]
    print(f"goal: {ratio:.2f} x that of 10,000 with 300,000 pieces of evidence (wanted: about 1)")
    tell_steps(middle, number)
    if profile:
        tell_profile(middle)


if __name__ == "__main__":
    main()
