"""Writer of a fixture: what one version leaves behind, kept so that each later version is tried on it.

``PYTHONPATH=OTHER/src python tests/compatibility/write_fixture.py FOLDER``, where ``OTHER`` is a checkout of that version.
A fixture that is here already is never written again: it is what was out there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

CONFIG = """\
tracker = "PROD_READINESS_TRACKER.md"
register = "before subjects"

[environments.staging]
real = true

[environments.dev]
real = false

[items.1]
title = "The provider answers"
max_age_days = 3650

[items.2]
title = "A trace is kept"
proof = "trace"
max_age_days = 3650

[claims]
"test_ruled.py::*" = "UC-003/1"

[review]
reviewers = ["ana@example.com", "ben@example.com"]

[gate]
waivers = "accept"

[keys.ci]
public = "ci.pem"
roles = ["runs", "checkpoints"]
"""
TRACKER = """\
# Tracker

| UC | Architecture Status | Prod Readiness Status | Owner | Last Updated | Notes |
| --- | --- | --- | --- | --- | --- |
| UC-001 | `GREEN` | `NOT_STARTED` | ana@example.com | 2026-01-01 | Checkout |
| UC-002 | `GREEN` | `NOT_STARTED` | tbd | 2026-01-01 | Refunds |
| UC-003 | `GREEN` | `NOT_STARTED` | tbd | 2026-01-01 | Ruled |
"""
TESTS = """\
import os, signal

import pytest

from pytest_readiness import evidence


@evidence("UC-001", item=1)
@pytest.mark.parametrize("city", ["Köln", "Łódź"])
def test_provider(record_evidence, city):
    record_evidence.note(f"asked from {city}")
    record_evidence.attach(f"answer of {city}", name="answer.txt")


@evidence("UC-001", item=2)
def test_trace(record_evidence):
    with record_evidence.step("the trace is kept"):
        assert os.environ.get("READINESS_DRILL") != "fail"


@evidence("UC-002", item=1)
def test_refund():
    assert os.environ.get("DIE") is None or os.kill(os.getpid(), signal.SIGKILL)


@evidence("UC-002", item=2)
@pytest.mark.skip(reason="not yet")
def test_later(): ...
"""
RULED = "def test_ruled(): ...\n"
JUNIT = """\
<testsuites><testsuite name="load" tests="2"><testcase classname="load" name="steady" time="1.5"/>
<testcase classname="load" name="peak" time="2"><failure message="too slow">p99 2.1 s</failure></testcase>
</testsuite></testsuites>
"""


def run(folder: Path, *command: str, code: int = 0, signer: bool = False, **more: str) -> str:
    """Run a module, and return what it printed."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("READINESS_", "GITHUB_", "CI"))
    }
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, **more}
    if signer:
        environ["READINESS_SIGNER"] = "file2:ci.key"
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode != code:
        sys.exit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def session(folder: Path, environment: str, code: int, *, signer: bool = False, **more: str) -> None:
    """Run the tests."""
    where = f"--readiness-environment={environment}"
    words = (
        "-q",
        "-p",
        "pytest_readiness.plugin",
        "-p",
        "no:cacheprovider",
        where,
        "--readiness-actor=bot@example.com",
    )
    run(folder, "pytest", *words, code=code, signer=signer, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", **more)


def readiness(folder: Path, *words: str, code: int = 0, signer: bool = False) -> str:
    """Run the command."""
    return run(folder, "pytest_readiness", *words, code=code, signer=signer)


def prepared(folder: Path) -> None:
    """Write the project, with a key that exists nowhere else."""
    private = Ed25519PrivateKey.generate()
    (folder / "ci.key").write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "ci.pem").write_bytes(public)
    files = {
        "pytest.ini": "[pytest]\n", "readiness.toml": CONFIG, "PROD_READINESS_TRACKER.md": TRACKER,
        "test_it.py": TESTS, "test_ruled.py": RULED, "load.xml": JUNIT,
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def recorded(folder: Path) -> None:
    """Make the history: runs, a command, an import, decisions, a verdict, a bundle, a checkpoint, an open journal."""
    session(folder, "dev", 0)
    session(folder, "staging", 1, READINESS_DRILL="fail")
    session(folder, "staging", 0, signer=True)
    staging = ("--environment", "staging", "--actor", "bot@example.com")
    readiness(folder, "record", *staging, "--junit", "load.xml", "--map", "load::*=UC-002/2")
    by, until = ("--by", "ana@example.com"), f"{datetime.now(UTC) + timedelta(80):%Y-%m-%d}"
    readiness(folder, "waive", "UC-003/2", "--reason", "no trace yet", "--until", until, *by)
    readiness(folder, "record", "UC-003", "--item", "2", *staging, "--id", "drill", "--", "echo", "held")
    readiness(folder, "review", "UC-001", "--approve", *by, "--acknowledge", "asserted")
    readiness(folder, "review", "UC-003", "--reject", *by, "--comment", "not yet")
    readiness(folder, "block", "UC-002", "--reason", "vendor", "--by", "ben@example.com")
    readiness(folder, "gate", "--keep", code=1)
    readiness(folder, "bundle", "-o", "bundle.zip", "--with-tree")
    readiness(folder, "checkpoint", "-o", "checkpoint.txt", signer=True)


def main() -> None:
    """Write the fixture."""
    target = Path(sys.argv[1])
    if target.exists():
        sys.exit(f"{target} is there already, and is never written again")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "project")
        folder.mkdir()
        prepared(folder)
        recorded(folder)
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        report = json.loads(readiness(folder, "report", "--format", "json", "--at", at))
        gates = {row["id"]: run_code(folder, row["id"]) for row in report["use_cases"]}
        decided_in_a_file(folder)
        session(folder, "staging", -9, DIE="1")
        target.mkdir(parents=True)
        shutil.copytree(folder / ".readiness", target / "state", ignore=shutil.ignore_patterns("cache", ".gitignore"))
        shutil.move(folder / "decisions", target / "decisions")
        for kept in ("readiness.toml", "PROD_READINESS_TRACKER.md", "ci.pem", "checkpoint.txt", "bundle.zip"):
            shutil.copy(folder / kept, target / kept)
        (target / "report.json").write_text(json.dumps(report, ensure_ascii=False), encoding="utf-8")
        (target / "made.json").write_text(json.dumps({"at": at, "gates": gates}) + "\n", encoding="utf-8")


def run_code(folder: Path, use_case: str) -> int:
    """Return the exit code of a gate."""
    command = [sys.executable, "-m", "pytest_readiness", "gate", use_case]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode


def decided_in_a_file(folder: Path) -> None:
    """Make a decision in a file, which is taken out again, so that the store's own decisions stay in force."""
    config = folder / "readiness.toml"
    config.write_text(CONFIG.replace("register = ", 'decisions = "decisions"\nregister = '), encoding="utf-8")
    run(folder, "pytest_readiness", "block", "UC-001", "--reason", "pen test open", "--by", "qa@example.com")
    config.write_text(CONFIG, encoding="utf-8")
    shutil.move(folder / "decisions", folder.parent / "decisions")
    shutil.copytree(folder.parent / "decisions", folder / "decisions")


if __name__ == "__main__":
    main()
