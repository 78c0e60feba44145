"""A test project: written in a line or two, run with pytest or the command, and read back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pytest_readiness.facts.timestamps import timestamp

PLUGINS = ("-p", "pytest_readiness.plugin")
XDIST = ("-p", "xdist", "-n", "2")

TRACKER = """\
# Tracker

| UC | Architecture Status | Prod Readiness Status | Owner | Last Updated | Notes |
| --- | --- | --- | --- | --- | --- |
| UC-001 | `GREEN` | `NOT_STARTED` | ana@example.com | 2026-01-01 | Checkout |
| UC-002 | `GREEN` | `NOT_STARTED` | tbd | 2026-01-01 | Refunds |
"""

CONFIG = """\
tracker = "PROD_READINESS_TRACKER.md"

[environments.staging]
real = true

[environments.dev]
real = false

[items.1]
title = "the provider answers"
max_age_days = 30

[items.2]
title = "a trace is kept"
proof = "trace"
max_age_days = 90
"""


@dataclass
class Project:
    """A folder with a config, a tracker and tests."""

    pytester: pytest.Pytester
    monkeypatch: pytest.MonkeyPatch

    @classmethod
    def at(cls, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
        """An empty project in pytester's folder."""
        for name in [name for name in os.environ if name.startswith(("READINESS_", "GITHUB_", "CI_", "GITLAB_"))]:
            monkeypatch.delenv(name)
        for name in ("CI", "TF_BUILD", "JENKINS_URL", "BUILDKITE", "CIRCLECI", "TRAVIS", "TEAMCITY_VERSION"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        monkeypatch.setenv("COLUMNS", "100")
        for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
            monkeypatch.delenv(name, raising=False)
        pytester.makeini("[pytest]\n")
        return cls(pytester, monkeypatch)

    @property
    def path(self) -> Path:
        """The project's folder."""
        return self.pytester.path

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8", newline="")
        return path

    def configured(self, config: str = CONFIG, tracker: str | None = TRACKER) -> Project:
        """Give it a config and a tracker."""
        self.write("readiness.toml", config)
        if tracker is not None:
            self.write("PROD_READINESS_TRACKER.md", tracker)
        return self

    def tests(self, source: str, name: str = "test_it.py") -> Project:
        """Write a test file that has pytest and evidence imported."""
        head = "import os, pathlib, pytest\nfrom pytest_readiness import evidence\n"
        self.write(name, head + dedent(source))
        return self

    def run(self, *args: str, environment: str | None = "staging") -> pytest.RunResult:
        """Run pytest in this process."""
        return self.pytester.runpytest_inprocess(*self.args(*args, environment=environment))

    def run_apart(self, *args: str, environment: str | None = "staging") -> pytest.RunResult:
        """Run pytest in a process of its own."""
        return self.pytester.runpytest_subprocess(*self.args(*args, environment=environment))

    def args(self, *args: str, environment: str | None = "staging") -> list[str]:
        """What a run is given."""
        where = [f"--readiness-environment={environment}"] if environment else []
        return [*PLUGINS, "-p", "no:cacheprovider", *where, *args]

    def popen(self, *args: str, environment: str | None = "staging") -> subprocess.Popen[bytes]:
        """Start pytest in a process of its own, to be killed."""
        command = [sys.executable, "-m", "pytest", *self.args(*args, environment=environment)]
        return subprocess.Popen(
            command, cwd=self.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )

    def empty_store(self) -> None:
        """Make the default store, so that it holds no evidence and is not missing."""
        from pytest_readiness.store.address import open_store

        store = open_store("sqlite:///.readiness/evidence.db", self.path, create=True)
        assert store is not None
        store.close()

    def cli(self, *args: str) -> Result:
        """Run the command in this process, as the shell would."""
        from pytest_readiness.cli import main

        class Entry:
            name = "readiness"

        runner = CliRunner()
        with runner.isolation() as streams:
            code = 0
            try:
                main(list(args))
            except SystemExit as stopped:
                code = stopped.code if isinstance(stopped.code, int) else 1
            sys.stdout.flush()
            out, err = streams[0].getvalue(), streams[1].getvalue()
        return Result(
            runner=runner, stdout_bytes=out, stderr_bytes=err, output_bytes=out + err,
            return_value=None, exit_code=code, exception=None,
        )  # fmt: skip

    def report(self, *use_cases: str) -> dict[str, Any]:
        """The JSON report of the command."""
        result = self.cli("report", "--format", "json", *use_cases)
        assert result.exit_code == 0, result.output
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    def states(self, *use_cases: str) -> dict[str, str]:
        """State of each requirement, by id."""
        return {
            needed["id"]: needed["state"]
            for use_case in self.report(*use_cases)["use_cases"]
            for item in use_case["items"]
            for needed in item["requirements"]
        }

    def evidence(self, *use_cases: str) -> list[dict[str, Any]]:
        """Every piece of evidence that the report shows."""
        document = self.report(*use_cases)
        shown = [
            piece
            for use_case in document["use_cases"]
            for item in use_case["items"]
            for needed in item["requirements"]
            for piece in needed["evidence"]
        ]
        return list({piece["id"]: piece for piece in [*shown, *document["other_evidence"]]}.values())

    @property
    def journals(self) -> list[Path]:
        """The journals that lie about."""
        return sorted((self.path / ".readiness" / "journal").glob("*.jsonl"))

    @property
    def artifacts(self) -> list[Path]:
        """The files in the artifact folder, but for the tracker that each run keeps there."""
        tracker = self.path / "PROD_READINESS_TRACKER.md"
        kept = tracker.read_bytes() if tracker.exists() else None
        files = sorted(path for path in (self.path / ".readiness" / "artifacts").rglob("*") if path.is_file())
        return [path for path in files if path.read_bytes() != kept]

    def wait_for(self, name: str, seconds: float = 30) -> None:
        """Wait until a file of the project appears."""
        deadline = time.monotonic() + seconds
        while not (self.path / name).exists():
            assert time.monotonic() < deadline, f"{name} did not appear"
            time.sleep(0.01)


def turn_clock(patch: pytest.MonkeyPatch, clock: Callable[[], float]) -> None:
    """Have Python's clock say another time, and ours too, which has taken Python's when it was loaded."""
    patch.setattr("time.time", clock)
    patch.setitem(timestamp.__kwdefaults__ or {}, "now", clock)


def kill(process: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> int:
    """Kill a process and wait for its end."""
    process.send_signal(number)
    process.communicate(timeout=60)
    return process.returncode
