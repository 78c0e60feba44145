"""Run each of many other plugins beside this one, and print the table of what is recorded. See benchmarks/README.md.

python benchmarks/crossings.py [NAME...] [--only pinned|newest]

Each plugin gets a throw-away environment with pytest and this plugin, and runs a small suite of known truth with this
plugin and without it. The outcomes must be the same, and what is recorded must be the truth. Exit code 1 where not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from crossing.rows import ROWS, Row
from environments import published

PYTEST = "pytest==9.2.0"
HEAD = "import pytest\npytestmark = [pytest.mark.evidence('UC-001', item=1)]\n"
CONFIG = '[environments.staging]\nreal = true\n[items.1]\ntitle = "x"\n[use_cases.UC-001]\ntitle = "y"\n'
RECORDED = """
import json, sys
from pathlib import Path
from pytest_readiness.store.address import open_store
store = open_store("sqlite:///.readiness/evidence.db", Path("."), create=False)
runs = [store.run(summary.id) for summary in store.runs()] if store else []
results = {}
for piece in (piece for run in runs for piece in run.evidence()):
    results.setdefault(piece.test_id.partition("::")[2], set()).add(piece.result.value)
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


def outcomes(path: Path) -> dict[str, str]:
    """Return the outcome of each test in a JUnit XML report."""
    if not path.exists():
        return {"": "no report"}
    cases = ET.parse(path).iter("testcase")
    return {
        case.attrib["name"]: next(
            (child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed"
        )
        for case in cases
    }


def cross(row: Row, requirements: tuple[str, ...], wheels: list[Path]) -> tuple[str, str]:
    """Return the versions, and what is wrong; empty: nothing."""
    with tempfile.TemporaryDirectory() as home:
        folder, python = Path(home, "project"), Path(home, "env", "bin", "python")
        folder.mkdir()
        venv.create(Path(home, "env"), with_pip=False, symlinks=True)
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--disable-pip-version-check"]
        ours = list(map(str, wheels))
        given = requirements if any(each.startswith("pytest==") for each in requirements) else (*requirements, PYTEST)
        done = subprocess.run([*pip, *ours, *given], capture_output=True, text=True, check=False)
        if done.returncode:
            return ", ".join(given), f"cannot be installed: {done.stderr.strip().splitlines()[-1][:120]}"
        suite = HEAD + row.suite
        for name, text in {
            "readiness.toml": CONFIG,
            "test_it.py": suite,
            "pytest.ini": "[pytest]\n",
            **row.files,
        }.items():
            (folder / name).write_text(text, encoding="utf-8")
        words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", *row.options)
        # "evidence" is a mark of nobody where this plugin is off: a warning, which changes no outcome
        run(python, folder, *words, "-p", "no:readiness", "--junitxml=without.xml")
        session = run(python, folder, *words, "--readiness-environment=staging", "--junitxml=with.xml")
        versions = run(python, folder, "-c", _versions(row, given)).stdout.strip()
        return versions, "; ".join(_problems(row, python, folder, session.stdout + session.stderr))


def _versions(row: Row, given: tuple[str, ...]) -> str:
    names = [row.name, "pytest"] if any(each.startswith(row.name) for each in given) else ["pytest"]
    return f"from importlib.metadata import version as v; print(', '.join(f'{{n}} {{v(n)}}' for n in {names}))"


def _problems(row: Row, python: Path, folder: Path, output: str) -> list[str]:
    found = []
    before, after = outcomes(folder / "without.xml"), outcomes(folder / "with.xml")
    if before != after:
        found.append(f"outcomes differ: {before} without, {after} with")
    if "INTERNALERROR" in output or "internal error" in output or "a defect in" in output:
        found.append("an internal error")
    recorded = json.loads(run(python, folder, "-c", RECORDED).stdout or "{}")
    if recorded != row.truth:
        found.append(f"recorded {recorded}, and the truth is {row.truth}")
    report = run(python, folder, "-m", "pytest_readiness", "report", "--format", "json").stdout
    states = [
        each["state"]
        for use in json.loads(report)["use_cases"]
        for item in use["items"]
        for each in item["requirements"]
    ]
    if states != [row.state]:
        found.append(f"the state is {states}, and should be {row.state}")
    verified = run(python, folder, "-m", "pytest_readiness", "verify")
    if verified.returncode:
        found.append(f"verify: {verified.stdout.strip()[:120]}")
    return found


def main() -> int:
    """Print the table, and return the exit code."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("name", nargs="*", help="plugins; default: each")
    options.add_argument("--only", choices=("pinned", "newest"))
    given = options.parse_args()
    if unknown := set(given.name) - {row.name for row in ROWS}:
        options.error(f"no row of crossing/rows.py is named {', '.join(sorted(unknown))}")
    wrong, folder = 0, tempfile.TemporaryDirectory()
    wheels = published(Path(folder.name))
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}\n")
    print("| plugin | versions | recorded |\n| --- | --- | --- |", flush=True)
    for row in ROWS:
        if given.name and row.name not in given.name:
            continue
        newest = tuple(each.partition("==")[0] for each in row.pinned if not each.startswith("pytest=="))
        for what in (given.only,) if given.only else ("pinned", "newest"):
            versions, problem = cross(row, row.pinned if what == "pinned" else newest, wheels)
            wrong += bool(problem)
            print(f"| {row.name}, {what} | {versions} | {problem or 'as it was'} |", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
