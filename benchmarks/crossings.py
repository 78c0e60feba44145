"""Run each of many other plugins beside this one, and print the table of what is recorded. See benchmarks/README.md.

python benchmarks/crossings.py [NAME...] [--only pinned|newest]

Each plugin gets a throw-away environment with pytest and this plugin, and runs a small suite of known truth with this
plugin and without it, and under ``-n 2``. The outcomes must be the same, and what is recorded must be the truth. Exit
code 1 where not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from crossing import documents, runners, services
from crossing.row import MARKED, Broken, Row
from environments import published

PYTEST, XDIST = "pytest==9.2.0", "pytest-xdist==3.8.0"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
ROWS = tuple(sorted((*runners.ROWS, *documents.ROWS, *services.ROWS), key=lambda row: row.name))
CONFIG = '[environments.staging]\nreal = true\n[items.1]\ntitle = "x"\n[use_cases.UC-001]\ntitle = "y"\n'
CLAIM_OF_ALL = '[claims]\n"**" = "UC-001/1"\n'
RECORDED = """
import json, sys
from pathlib import Path
from pytest_readiness.store.address import open_store
store = open_store("sqlite:///.readiness/evidence.db", Path("."), create=False)
runs = [store.run(summary.id) for summary in store.runs()] if store else []
results = {}
for piece in (piece for run in runs for piece in run.evidence()):
    rehearsed = piece.result.value == "PASSED" and piece.not_real_because
    result = piece.result.value + (" (rehearsal)" if rehearsed else "")
    results.setdefault(piece.test_id.removeprefix("test_it.py::"), set()).add(result)
print(json.dumps({test: "+".join(sorted(each)) for test, each in results.items()}))
"""


def run(python: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the environment's interpreter in a folder, away from what a user or a job sets."""
    environ = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTEST_", "READINESS_", "CI", "GITHUB_"))
    }
    return subprocess.run(
        [python, *words], cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=300
    )


def outcomes(path: Path) -> list[tuple[str, str, str]]:
    """Return class, name and outcome of each test case in a JUnit XML report, sorted."""
    if not path.exists():
        return []
    return sorted(
        (
            case.attrib["classname"],
            case.attrib["name"],
            "+".join(child.tag for child in case if child.tag in ("failure", "error", "skipped")) or "passed",
        )
        for case in ET.parse(path).iter("testcase")
    )


def resolved(requirements: Sequence[str]) -> tuple[dict[str, str], str]:
    """Return the versions that pip would install, by name, and why it cannot."""
    words = ("install", "--dry-run", "--ignore-installed", "-q", "--report", "-", *requirements)
    done = subprocess.run([*PIP, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        return {}, f"cannot be installed: {_last_line(done.stderr)}"
    listed = [each["metadata"] for each in json.loads(done.stdout)["install"]]
    return {each["name"].lower().replace("_", "-"): each["version"] for each in listed}, ""


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1][:120]


class Environment:
    """A throw-away environment with a plugin, pytest and this plugin."""

    def __init__(self, home: Path, requirements: Sequence[str], wheels: Sequence[Path]) -> None:
        """Install all of it; ``problem`` says why that was not possible."""
        self.home, self.python = home, home / "env" / "bin" / "python"
        venv.create(home / "env", with_pip=False, symlinks=True)
        words = ("--python", str(self.python), "install", "-q", "--no-compile", *map(str, wheels), *requirements)
        done = subprocess.run([*PIP, *words], capture_output=True, text=True, check=False)
        self.problem = f"cannot be installed: {_last_line(done.stderr)}" if done.returncode else ""

    def session(self, name: str, row: Row, *words: str) -> tuple[Path, subprocess.CompletedProcess[str]]:
        """Run the row's suite in a new folder; return the folder, and how pytest ended."""
        folder = self.home / name
        for file, text in project(row).items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8")
        options = ("-p", "no:cacheprovider", *row.options, "--junitxml=report.xml", *words)
        return folder, run(self.python, folder, "-m", "pytest", "-q", *options)


def project(row: Row) -> dict[str, str]:
    """Return the files of a row's project: with a suite, its tests are marked; without, a rule claims all tests."""
    suite = {"test_it.py": MARKED + row.suite} if row.suite else {}
    config = CONFIG if row.suite else CONFIG + CLAIM_OF_ALL
    return {"readiness.toml": config, "pytest.ini": "[pytest]\n", **suite, **row.files}


def problems(row: Row, environment: Environment, broken: Broken | None) -> Iterator[str]:
    """Find what is wrong with a row: ``broken`` if its plugin is known not to work with these versions."""
    truth, state = (broken.truth, broken.state) if broken else (row.truth, row.state)
    # "evidence" is a mark of nobody where this plugin is off: a warning, which changes no outcome
    without, plain = environment.session("without", row, "-p", "no:readiness")
    recording = "--readiness-environment=staging"
    folder, session = environment.session("alone", row, recording)
    if outcomes(without / "report.xml") != outcomes(folder / "report.xml") or plain.returncode != session.returncode:
        yield (
            f"outcomes differ: {outcomes(without / 'report.xml')}, {plain.returncode} without, "
            f"{outcomes(folder / 'report.xml')}, {session.returncode} with"
        )
    if broken and broken.exit_code is not None and session.returncode != broken.exit_code:
        yield f"exit code {session.returncode}, and it was {broken.exit_code}"
    if broken is None or broken.exit_code is None:
        yield from _internal_errors(session)
    yield from _wrongly_recorded(environment, folder, truth, state)
    if row.xdist and broken is None:
        folder, session = environment.session("xdist", row, recording, *(() if "-n2" in row.options else ("-n2",)))
        found = [*_internal_errors(session), *_wrongly_recorded(environment, folder, truth, state)]
        yield from (f"under -n 2: {each}" for each in found)


def _internal_errors(session: subprocess.CompletedProcess[str]) -> Iterator[str]:
    output = session.stdout + session.stderr
    if any(words in output for words in ("INTERNALERROR", "internal error", "a defect in")):
        yield "an internal error"


def _wrongly_recorded(environment: Environment, folder: Path, truth: dict[str, str], state: str) -> Iterator[str]:
    recorded = json.loads(run(environment.python, folder, "-c", RECORDED).stdout or "{}")
    if recorded != truth:
        yield f"recorded {recorded}, and the truth is {truth}"
    report = run(environment.python, folder, "-m", "pytest_readiness", "report", "--format", "json").stdout
    states = [
        each["state"]
        for use in json.loads(report or '{"use_cases": []}')["use_cases"]
        for item in use["items"]
        for each in item["requirements"]
    ]
    if states != [state]:
        yield f"the state is {states}, and should be {state}"
    verified = run(environment.python, folder, "-m", "pytest_readiness", "verify")
    if recorded and verified.returncode:
        yield f"verify: {verified.stdout.strip()[:120]}"


def cross(row: Row, only: str | None, wheels: Sequence[Path]) -> tuple[str, bool]:
    """Return the row's line of the table, and whether something is wrong."""
    if row.needs and not any(map(shutil.which, row.needs.split())):
        return f"| {row.name} | not tried: no {row.needs.split()[0]} | |", False
    cells, wrong, before = [], False, {}
    for what in (only,) if only else ("pinned", "newest"):
        newest = what == "newest"
        requirements = _requirements(row, newest=newest)
        versions, found = resolved(requirements)
        if newest and versions == before and before:
            cells.append(cells[-1])  # the same versions of everything: what was found is true of them too
            continue
        before, broken = versions, row.newest if newest else None
        if not found:
            with tempfile.TemporaryDirectory() as home:
                environment = Environment(Path(home), requirements, wheels)
                found = environment.problem or "; ".join(problems(row, environment, broken))
        wrong |= bool(found)
        note = broken.note if broken else f"right{', also under -n 2' if row.xdist else ''}"
        cells.append(f"{_versions(row, versions)}: {found or note}")
    return f"| {row.name} | {' | '.join(cells)} |", wrong


def _requirements(row: Row, *, newest: bool) -> list[str]:
    given = [each for each in row.pinned if not (newest and each.startswith("pytest=="))]
    if not any(each.startswith("pytest==") for each in given):
        given.append(PYTEST.partition("==")[0] if newest else PYTEST)
    given += [XDIST] if row.xdist and not any(each.startswith("pytest-xdist") for each in given) else []
    return [each.partition("==")[0] for each in given] if newest else given


def _versions(row: Row, versions: dict[str, str]) -> str:
    """Return the versions that a cell shows: the plugin's, its library's, and pytest's where it is another one."""
    names = [each.partition("==")[0] for each in row.pinned if not each.startswith("pytest==")]
    first, *others = [f"{name} {versions.get(name, '?')}" for name in names] or ["built in"]
    others += [f"pytest {version}"] if (version := versions.get("pytest")) != PYTEST[8:] else []
    return first.removeprefix(f"{names[0]} " if names else "") + (f" with {', '.join(others)}" if others else "")


def main() -> int:
    """Print the table, and return the exit code."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("name", nargs="*", help="plugins; default: each")
    options.add_argument("--only", choices=("pinned", "newest"))
    options.add_argument("--jobs", type=int, default=1, help="how many plugins at a time; default: 1")
    given = options.parse_args()
    if unknown := set(given.name) - {row.name for row in ROWS}:
        options.error(f"no row of crossing/ is named {', '.join(sorted(unknown))}")
    rows = [row for row in ROWS if not given.name or row.name in given.name]
    columns = [given.only] if given.only else ["pinned", "newest"]
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}, {PYTEST.replace('==', ' ')}\n")
    print(f"| plugin | {' | '.join(columns)} |\n|{' --- |' * (len(columns) + 1)}", flush=True)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(given.jobs) as pool:
        wheels = published(Path(folder))
        for line, is_wrong in pool.map(lambda row: cross(row, given.only, wheels), rows):
            wrong += is_wrong
            print(line, flush=True)
    print(f"\n{len(rows)} plugins, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
