"""What the plugin costs, in CPU time, beside pytest alone and three other reporters. See benchmarks/README.md.

python benchmarks/overhead.py [--rounds 7]     cost of recording 1,000 one-claim tests
python benchmarks/overhead.py --idle           cost of being there with nothing to record
python benchmarks/overhead.py --instructions   either, counted by valgrind: on a machine that others use too
python benchmarks/overhead.py --instructions --beside PATH   recording by this checkout and by another, in one run
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from environments import OURS as PACKAGE, ROOT, make, make_hollow, make_single, published, required

FILES, TESTS_IN_FILE = 20, 50
MANY = FILES * TESTS_IN_FILE
HOME = ".readiness"
OUT = "out"

TEST = """
@pytest.mark.evidence("UC-{use_case:03}", item={item})
def test_{number}():
    assert {number} >= 0
"""
PLAIN_TEST = """
def test_0():
    assert 0 >= 0
"""
CONFIG = """
tracker = "PROD_READINESS_TRACKER.md"

[environments.staging]
real = true

[items.1]
max_age_days = 30

[items.2]
max_age_days = 90
"""
TRACKER = """
| UC | Architecture Status | Prod Readiness Status | Owner | Last Updated | Notes |
| --- | --- | --- | --- | --- | --- |
"""
ROW = "| UC-{number:03} | `GREEN` | `NOT_STARTED` | `tbd` | 2026-01-01 | Use case {number} |\n"
USE_CASES = 20
INI = "[pytest]\nmarkers = evidence: known to every variant\n"


@dataclass(frozen=True)
class Variant:
    """One way to run the suite."""

    name: str
    arguments: tuple[str, ...]
    distributions: tuple[str, ...] = ()
    keeps_store: bool = True
    """There was a session before: the store exists."""
    python: Path = Path(sys.executable)
    """Where it is that of an environment of its own, pytest loads the plugins that are installed there."""
    source: Path | None = None
    """Of a checkout: what is imported of us is there."""

    @property
    def missing(self) -> list[str]:
        return [name for name in self.distributions if not is_installed(name)]

    @property
    def command(self) -> list[str]:
        own = [] if self.python == Path(sys.executable) else ["-I"]
        return [str(self.python), *own, "-m", "pytest", "-p", "no:cacheprovider", *self.arguments]

    @property
    def environ(self) -> dict[str, str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("READINESS_", "PYTEST_"))}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled once, and not by every session
        if self.python == Path(sys.executable):
            environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONHASHSEED": "0"}
        if self.source is not None:
            environ["PYTHONPATH"] = str(self.source)
        return environ


OURS = ("-p", "pytest_readiness.plugin", "--readiness-environment=staging", "--readiness-report")
BARE = Variant("pytest alone", ())
SILENT = Variant("ours, recording alone", OURS[:-1])
READINESS = Variant("ours, with report", OURS)
FIRST = Variant("ours, with report, first session", OURS, keeps_store=False)
ALLURE = Variant("allure-pytest", ("-p", "allure_pytest.plugin", f"--alluredir={OUT}/allure"), ("allure-pytest",))
REPORTLOG = Variant(
    "pytest-reportlog", ("-p", "pytest_reportlog.plugin", f"--report-log={OUT}/log.jsonl"), ("pytest-reportlog",)
)
JUNIT = Variant("junitxml", (f"--junitxml={OUT}/junit.xml",))
RECORDING = (BARE, SILENT, READINESS, FIRST, ALLURE, REPORTLOG, JUNIT)


def is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


@dataclass(frozen=True)
class Meter:
    """What is measured of a process, and its unit: whole, in thousandths and in millionths."""

    told: str
    units: tuple[str, str, str]
    prefix: tuple[str, ...] = ()
    """What the process is run by."""


CPU = Meter("CPU (user + system, children included)", ("s", "ms", "us"))
INSTRUCTIONS = Meter(
    "instructions, without the kernel's (valgrind)",
    ("G", "M", "k"),
    ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"),
)


@dataclass
class Suite:
    """A folder with tests, and what each variant took in it, in the meter's whole unit."""

    folder: Path
    tests: int
    meter: Meter = CPU
    took: dict[str, list[float]] = field(default_factory=dict)

    def measure(self, variant: Variant, *, keep: bool) -> None:
        home, before = self.folder / HOME, self.folder.with_name(f"{self.folder.name}-before")
        shutil.rmtree(self.folder / OUT, ignore_errors=True)
        (self.folder / OUT).mkdir()
        shutil.rmtree(home, ignore_errors=True)
        if variant.keeps_store and before.exists():
            shutil.copytree(before, home)
        took = measured(variant, self.folder, self.meter if keep else CPU)
        if keep:
            self.took.setdefault(variant.name, []).append(took)
        elif home.exists() and not before.exists():
            home.rename(before)

    def least(self, variant: Variant) -> float:
        return min(self.took[variant.name])


def measured(variant: Variant, folder: Path, meter: Meter) -> float:
    """Run pytest as a whole process; return seconds of CPU, or thousand millions of instructions."""
    process = subprocess.Popen(
        [*meter.prefix, *variant.command],
        cwd=folder,
        env=variant.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(variant.command)} ended with {process.returncode}:\n{output.decode(errors='replace')}")
    if meter is INSTRUCTIONS:
        return int(re.search(rb"I\s+refs:\s+([\d,]+)", output)[1].replace(b",", b"")) / 1e9
    return usage.ru_utime + usage.ru_stime


def write_suite(folder: Path, tests: int, meter: Meter = CPU) -> Suite:
    folder.mkdir()
    (folder / "pytest.ini").write_text(INI)
    (folder / "readiness.toml").write_text(CONFIG)
    rows = "".join(ROW.format(number=number) for number in range(1, USE_CASES + 1))
    (folder / "PROD_READINESS_TRACKER.md").write_text(TRACKER.lstrip() + rows)
    for start in range(0, tests, TESTS_IN_FILE):
        numbers = range(start, min(start + TESTS_IN_FILE, tests))
        bodies = [
            TEST.format(number=number, use_case=number % USE_CASES + 1, item=number // USE_CASES % 2 + 1)
            for number in numbers
        ]
        (folder / f"test_{start // TESTS_IN_FILE:02}.py").write_text("import pytest\n" + "".join(bodies))
    commit(folder)
    return Suite(folder, tests, meter)


def write_idle(folder: Path, meter: Meter, *, configured: bool) -> Suite:
    suite = write_suite(folder, 0, meter)
    (folder / "test_one.py").write_text(PLAIN_TEST.lstrip())
    if not configured:
        (folder / "readiness.toml").unlink()
    return suite


def commit(folder: Path) -> None:
    """A session asks git for its commit: there is one."""
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "suite"]):
        who = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"]
        subprocess.run(["git", *who, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def rounds(number: int, runs: Sequence[tuple[Suite, Variant]]) -> None:
    """Run everything once without counting, then so many rounds, every second one backwards."""
    for suite, variant in runs:
        suite.measure(variant, keep=False)
    for count in range(number):
        for suite, variant in runs if count % 2 == 0 else reversed(runs):
            suite.measure(variant, keep=True)
        print(f"round {count + 1} of {number}", file=sys.stderr, flush=True)


def recording(folder: Path, number: int, meter: Meter) -> None:
    variants = [variant for variant in RECORDING if not variant.missing]
    for variant in RECORDING:
        if variant.missing:
            print(f"left out: {variant.name} (pip install {' '.join(variant.missing)})")
    many, one = write_suite(folder / "many", MANY, meter), write_suite(folder / "one", 1, meter)
    rounds(number, [(suite, variant) for variant in variants for suite in (many, one)])

    def slope(variant: Variant) -> float:
        """CPU of one more test."""
        return (many.least(variant) - one.least(variant)) / (MANY - 1)

    bare, (whole, thousandth, millionth) = slope(BARE), meter.units
    print(f"\nleast of {number} rounds, {meter.told}\n")
    head = ("", f"{MANY} tests", "1 test", "per test", "added per test", "added, fixed")
    print("{:33}{:>12}{:>10}{:>11}{:>16}{:>14}".format(*head))
    for variant in variants:
        fixed = one.least(variant) - one.least(BARE)
        print(
            f"{variant.name:33}{many.least(variant):10.3f} {whole}{one.least(variant):8.3f} {whole}"
            f"{slope(variant) * 1e6:8.0f} {millionth}{(slope(variant) - bare) * 1e6:13.0f} {millionth}"
            f"{fixed * 1e3:11.0f} {thousandth}"
        )
    print(f"\nper test = ({MANY} tests - 1 test) / {MANY - 1}; fixed = 1 test, less pytest alone with 1 test")
    if meter is not CPU:
        return  # the goals are of CPU time
    for variant in (SILENT, READINESS):
        added = slope(variant) - bare
        if ALLURE in variants:
            goal(f"{variant.name}: {added / (slope(ALLURE) - bare):.2f} of what allure-pytest adds per test", "<= 0.20")
        if REPORTLOG in variants:
            times = added / (slope(REPORTLOG) - bare)
            goal(f"{variant.name}: {times:.2f} x what pytest-reportlog adds per test", "<= 1.5, aim below 1.0")
    for variant in (SILENT, READINESS, FIRST):
        fixed = (one.least(variant) - one.least(BARE)) * 1e3
        goal(f"{variant.name}: fixed cost of {fixed:.0f} ms", "<= 500 ms")


def beside(folder: Path, number: int, meter: Meter, other: Path) -> None:
    """Record the same suites by the code of this checkout and by that of another, each with a store of its own."""
    builds = (("other", other.resolve()), ("this", ROOT))
    pairs = [
        [replace(variant, name=f"{variant.name}, {told}", source=root / "src") for told, root in builds]
        for variant in (SILENT, READINESS, FIRST)
    ]
    suites = {
        (told, tests): write_suite(folder / f"{told}-{tests}", tests, meter)
        for told in ("other", "this")
        for tests in (MANY, 1)
    }

    def suite(variant: Variant, tests: int) -> Suite:
        return suites[variant.name.rpartition(" ")[2], tests]

    rounds(number, [(suite(variant, tests), variant) for pair in pairs for variant in pair for tests in (MANY, 1)])
    whole, thousandth, millionth = meter.units
    print(f"\nleast of {number} rounds, {meter.told}\n")
    print(f"{'':41}{f'{MANY} tests':>12}{'1 test':>12}{'per test':>12}")
    for pair in pairs:
        figures = []
        for variant in pair:
            many, one = suite(variant, MANY).least(variant), suite(variant, 1).least(variant)
            figures.append((many, one, (many - one) / (MANY - 1)))
            print(
                f"{variant.name:41}{many:10.3f} {whole}{one * 1e3:10.0f} {thousandth}"
                f"{figures[-1][2] * 1e6:10.0f} {millionth}"
            )
        then, now = figures
        print(f"{'':41}" + "".join(f"{percent(mine - base, base):>12}" for base, mine in zip(then, now, strict=True)))


def idle(folder: Path, number: int, meter: Meter) -> None:
    plain = write_idle(folder / "plain", meter, configured=False)
    configured = write_idle(folder / "conf", meter, configured=True)
    variants = idle_variants(folder)
    runs = [*((plain, variant) for variant in variants), (configured, variants[0]), (configured, variants[-1])]
    rounds(number, runs)
    unit = meter.units[1]
    print(f"\n{number} rounds of a 1-test session, {meter.told}\n")
    print("{:47}{:>12}{:>10}{:>25}".format("", "least", "", "median added in a round"))
    for suite, variant in runs:
        took, bare = suite.took[variant.name], suite.took[BARE.name]
        added = statistics.median(mine - alone for mine, alone in zip(took, bare, strict=True))
        told = variant.name if suite is plain else f"{variant.name}, with a config"
        print(
            f"{told:47}{min(took) * 1e3:9.1f} {unit}{percent(min(took) - min(bare), min(bare)):>10}"
            f"{added * 1e3:+12.1f} {unit}{percent(added, statistics.median(bare)):>10}"
        )
        if (suite.folder / HOME).exists():
            sys.exit(f"{variant.name} left something behind in {suite.folder / HOME}")
    goal("a session with nothing to record costs less than 3 % more, as published", "see the columns")


def idle_variants(folder: Path) -> list[Variant]:
    """Pytest alone, beside what we require, with an empty plugin in our place, and with us."""
    requirements, wheels = required(PACKAGE), published(folder / "published")
    return [
        Variant(BARE.name, (), python=make(folder / "bare", required("pytest"))),
        Variant("what we require, without us", (), python=make(folder / "required", requirements)),
        Variant("an empty plugin in our place", (), python=make_hollow(folder / "hollow", requirements, wheels)),
        Variant("one distribution", (), python=make_single(folder / "one", requirements, wheels[:1])),
        Variant("as published", (), python=make(folder / "ours", requirements, wheels)),
    ]


def percent(added: float, base: float) -> str:
    return f"{added / base * 100:+.1f} %"


def goal(told: str, wanted: str) -> None:
    print(f"goal: {told} (wanted: {wanted})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, help="default: 7, with --idle 100, with --instructions 1")
    parser.add_argument("--instructions", action="store_true", help="count instructions with valgrind, and no time")
    parser.add_argument("--idle", action="store_true", help="measure sessions that have nothing to record")
    parser.add_argument("--beside", type=Path, metavar="PATH", help="a checkout to compare recording with")
    options = parser.parse_args()
    if options.beside and (options.idle or not (options.beside / "src").is_dir()):
        parser.error("--beside takes the path of a checkout, and compares recording alone")
    if options.instructions and shutil.which(INSTRUCTIONS.prefix[0]) is None:
        parser.error("--instructions needs valgrind, which is not installed")
    told = [f"{name} {version(name)}" for name in ("pytest", "pytest-readiness") if is_installed(name)]
    print(f"Python {platform.python_version()}, {', '.join(told)}, {platform.system()}, {os.cpu_count()} CPUs")
    with tempfile.TemporaryDirectory(prefix="readiness-benchmark-") as folder:
        measure, usual = (idle, 100) if options.idle else (recording, 7)
        meter, usual = (INSTRUCTIONS, 1) if options.instructions else (CPU, usual)
        if options.beside:
            beside(Path(folder), options.rounds or usual, meter, options.beside)
        else:
            measure(Path(folder), options.rounds or usual, meter)


if __name__ == "__main__":
    main()
