"""Public suites with this plugin and without it: outcomes, what is recorded, cost. See benchmarks/README.md.

python benchmarks/suites.py [NAME...]            outcomes and memory of all five, or of some
python benchmarks/suites.py --cost [--rounds 5] [--beside PATH]     and the CPU time of the large one
python benchmarks/suites.py --instructions [--beside PATH]          and its instructions, counted by valgrind

Exit code 1 where an outcome differs, or something else is recorded than what happened.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from publicsuites.outcomes import cases, differences, recorded, renamed, unrecorded
from publicsuites.projects import SUITES
from publicsuites.workshop import Place, Workshop, arguments, collected, environ

WORKERS = ("-n", "2")
ENVIRONMENT = "--readiness-environment=staging"
REPORTS = Path("out", "log.jsonl")
GOALS = {"recording": 1.10, "recording, -n 2": 1.15}
FEW, MANY = 500, 1_500
"""Parameters of each function of a part of the suite, whose instructions are counted."""


@dataclass(frozen=True)
class Variant:
    """One way to run a suite."""

    name: str
    paths: tuple[Path, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def is_distributed(self) -> bool:
        return self.options[:2] == WORKERS


@dataclass(frozen=True)
class Session:
    """What a session ended with, and took."""

    code: int
    output: str
    seconds: float
    """User and system, of all its processes."""
    peaks: dict[str, int]
    """Peak RSS in bytes of ``session`` and of each worker."""
    instructions: int = 0


def run(place: Place, variant: Variant, *options: str, part: int = 0, counted: bool = False) -> Session:
    """Run a suite as whole processes, from an empty store."""
    for old in (".readiness", REPORTS.parts[0]):
        shutil.rmtree(place.folder / old, ignore_errors=True)
    with tempfile.TemporaryDirectory() as name:
        given = environ(list(variant.paths), PUBLIC_SUITE_PEAKS=name, PUBLIC_SUITE_PART=str(part))
        command = arguments(place, *variant.options, *options)
        logs = Path(name, "logs")
        logs.mkdir()
        if counted:
            meter = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
            command = [*meter, "--trace-children=yes", f"--log-file={logs}/%p", *command]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, cwd=place.folder, env=given, capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        peaks = {path.name: int(path.read_text()) for path in Path(name).iterdir() if path.is_file()}
        texts = [path.read_text(errors="replace") for path in logs.iterdir()]
    counts = [re.findall(r"I\s+refs:\s+([\d,]+)", text)[-1:] for text in texts]
    instructions = sum(int(number.replace(",", "")) for numbers in counts for number in numbers)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Session(done.returncode, done.stdout + done.stderr, seconds, peaks, instructions)


def compare(place: Place, build: Path) -> list[str]:
    """Run a suite without the plugin and with it, serially and in two workers; print the rows, return what is wrong."""
    problems = []
    for workers in ((), WORKERS):
        report = place.folder / "report.xml"
        sessions, outcomes = [], []
        for variant in (Variant("", (), workers), Variant("", (build,), (*workers, ENVIRONMENT))):
            sessions.append(run(place, variant, f"--junitxml={report}"))
            if not report.exists():
                sys.exit(sessions[-1].output)
            outcomes.append(cases(report))
            report.unlink()
        before, after = sessions
        pieces = recorded(place, build)
        wrong = [*differences(place, *outcomes), *unrecorded(place, outcomes[1], pieces)]
        if before.code != after.code:
            wrong.append(f"{place.suite.name}: ended with {before.code} without, with {after.code} with")
        problems += wrong
        told = "as without" if not wrong else "DIFFERENT"
        title = f"{place.suite.name} {place.suite.version}{', -n 2' if workers else ''}"
        names = f", {count} renamed" if (count := renamed(place, pieces)) else ""
        print(
            f"| {title} | {place.suite.kind} | {outcomes[0].total():,} | {told} | {len(pieces):,}{names} "
            f"| {growth(before, after)} |",
            flush=True,
        )
    return problems


def growth(before: Session, after: Session) -> str:
    """Return the peak of each process without the plugin, and what is added by it."""
    more = {name: (after.peaks[name] - peak) / 1e6 for name, peak in sorted(before.peaks.items())}
    return ", ".join(f"{name} {before.peaks[name] / 1e6:.0f} {added:+.0f}" for name, added in more.items())


def variants_of(build: Path, reportlog: Path, beside: Path | None) -> list[Variant]:
    """Return the variants whose cost is measured, each after the one that it is compared with."""
    made = []
    for words, title in (((), ""), (WORKERS, ", -n 2")):
        made.append(Variant(f"without{title}", (), words))
        made.append(Variant(f"recording{title}", (build,), (*words, ENVIRONMENT)))
        if beside is not None:
            made.append(Variant(f"recording{title}, the other checkout", (beside,), (*words, ENVIRONMENT)))
        made.append(Variant(f"pytest-reportlog{title}", (reportlog,), (*words, f"--report-log={REPORTS}")))
    return made


def cost(place: Place, variants: list[Variant], rounds: int) -> None:
    """Print the CPU time of each variant: the minimum of rounds in which they take turns."""
    took: dict[str, list[Session]] = {variant.name: [] for variant in variants}
    for count in range(rounds):
        for variant in variants if count % 2 == 0 else reversed(variants):
            took[variant.name].append(session := run(place, variant))
            print(f"round {count + 1}, {variant.name}: {session.seconds:.2f} s", file=sys.stderr, flush=True)
    print(f"\nCPU of all processes, least of {rounds} rounds\n")
    least = {name: min(sessions, key=lambda session: session.seconds) for name, sessions in took.items()}
    _print_ratios(variants, {name: session.seconds for name, session in least.items()}, "s")
    print("\npeak of each process in MB, and what is added to it\n")
    for variant in variants:
        base = "without, -n 2" if variant.is_distributed else "without"
        print(f"{variant.name:40} {growth(least[base], least[variant.name])}", flush=True)


def count_instructions(place: Place, variants: list[Variant]) -> None:
    """Print the instructions of a part of the suite, and of all of it by the slope between two parts."""
    parts = {part: len(collected(place, part)) for part in (FEW, MANY, 0)}
    whole: dict[str, float] = {}
    for variant in variants:
        counts = {}
        run(place, variant, part=FEW)  # compiles what is not compiled yet
        for part in (FEW, MANY):
            counts[part] = run(place, variant, part=part, counted=True).instructions / 1e9
            told = f"{parts[part]} cases, {variant.name}: {counts[part]:.2f} G"
            print(told, file=sys.stderr, flush=True)
        slope = (counts[MANY] - counts[FEW]) / (parts[MANY] - parts[FEW])
        whole[variant.name] = counts[MANY] + slope * (parts[0] - parts[MANY])
    print(f"\ninstructions of all processes, by parts of {parts[FEW]:,} and {parts[MANY]:,} cases\n")
    _print_ratios(variants, whole, "G")


def _print_ratios(variants: list[Variant], took: dict[str, float], unit: str) -> None:
    for variant in variants:
        base = took["without, -n 2" if variant.is_distributed else "without"]
        goal = f"  (goal: {GOALS[variant.name]:.2f})" if variant.name in GOALS else ""
        name, value = variant.name, took[variant.name]
        print(f"{name:40}{value:10.2f} {unit}{value / base:8.3f}{goal}", flush=True)


def main() -> int:
    """Print the tables, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="suites; default: each")
    parser.add_argument("--cost", action="store_true", help="measure the CPU time of the large suite")
    parser.add_argument("--instructions", action="store_true", help="count its instructions with valgrind")
    parser.add_argument("--only-cost", action="store_true", help="compare no outcomes")
    parser.add_argument("--serial", action="store_true", help="measure no cost under xdist")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--beside", type=Path, metavar="PATH", help="a checkout to measure too")
    parser.add_argument("--folder", type=Path, help="keeps what is downloaded and installed for the next time")
    given = parser.parse_args()
    if unknown := set(given.names) - {suite.name for suite in SUITES}:
        parser.error(f"no suite is named {', '.join(sorted(unknown))}")
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} CPUs\n")
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = given.folder or Path(name)
        folder.mkdir(exist_ok=True)
        workshop = Workshop(folder)
        build = workshop.build()
        wanted = [suite for suite in SUITES if not given.names or suite.name in given.names]
        if not given.only_cost:
            print("| suite | kind | cases | outcomes | recorded | peak with `--junitxml`, MB, and growth |")
            print("| --- | --- | --- | --- | --- | --- |", flush=True)
            for suite in wanted:
                problems += compare(workshop.place(suite), build)
        if given.cost or given.instructions:
            beside = workshop.build(given.beside, "beside") if given.beside else None
            variants = variants_of(build, workshop.reportlog(), beside)
            variants = [variant for variant in variants if not (given.serial and variant.is_distributed)]
            for suite in (suite for suite in wanted if suite.is_large):
                if given.cost:
                    cost(workshop.place(suite), variants, given.rounds)
                if given.instructions:
                    count_instructions(workshop.place(suite), variants)
    print("\n".join(["", *problems]), end="")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
