"""Passes without a real environment: how sessions and commands judge each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.pages import ROOT, SOURCE
from tests.project import Project
from tests.trust.fakes import CONFIG, FAKES, NOT_DETECTED, PLUGINS, Fake

MODULES = {"checks.py", "client.py", "server.py"}
"""Of the application."""
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


@dataclass(frozen=True)
class Gallery:
    """Every project in one folder, run once."""

    path: Path

    def write(self) -> None:
        """Write the config, the tracker and each project in a folder of its own."""
        head = "| UC | Architecture Status | Prod Readiness Status | Owner |\n| --- | --- | --- | --- |\n"
        rows = "".join(f"| {fake.use_case} | `GREEN` | `NOT_STARTED` | ana@example.com |\n" for fake in FAKES)
        texts = {"readiness.toml": CONFIG, "PROD_READINESS_TRACKER.md": head + rows, "pytest.ini": "[pytest]\n"}
        for fake in FAKES:
            home = f"{fake.how}/{fake.number:02}"
            for name, text in (*fake.files, ("test_fake.py", fake.source)):
                texts[name if name in MODULES else f"{home}/{name}"] = text
        for name, text in texts.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text, encoding="utf-8")

    def run(self, how: str, environment: str, *switches: str) -> str:
        """Run the projects of one kind; every test that is to pass does."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("READINESS_", "CI"))}
        environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "GIT_CONFIG_GLOBAL": os.devnull, "PYTHONWARNINGS": "ignore"}
        plugins = [word for name in ("pytest_readiness.plugin", *PLUGINS) for word in ("-p", name)]
        command = [sys.executable, *switches, "-m", "pytest", *plugins, "-p", "no:cacheprovider", "-q"]
        command += ["--import-mode=importlib", f"--readiness-environment={environment}", how]
        environ["PYTHONPATH"] = os.pathsep.join(map(str, (SOURCE, self.path)))
        done = subprocess.run(
            command, cwd=self.path, env=environ, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """The projects, each run as it is meant to be."""
    names = Gallery(tmp_path_factory.mktemp("gallery"))
    names.write()
    names.run("together", "staging")
    names.run("labelled", "prod")
    names.run("optimised", "staging", "-O")
    return names


@pytest.fixture(scope="module")
def report(gallery: Gallery) -> dict[str, dict[str, Any]]:
    """What the report says of each requirement, by its id."""
    command = [sys.executable, "-m", "pytest_readiness", "report", "--format", "json"]
    environ = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(command, cwd=gallery.path, env=environ, capture_output=True, text=True, check=True)
    items = (item for use_case in json.loads(done.stdout)["use_cases"] for item in use_case["items"])
    return {needed["id"]: needed for item in items for needed in item["requirements"]}


@pytest.mark.parametrize("fake", FAKES, ids=lambda fake: fake.name)
def test_a_pass_without_a_real_environment_does_not_count_and_says_why(
    report: dict[str, dict[str, Any]], fake: Fake
) -> None:
    """Its requirement is not shown, and the report says why; what is not detected is shown."""
    needed = report[f"{fake.use_case}/{fake.item}"]
    if fake.because is None:
        assert needed["state"] == "COMPLETE"
    else:
        assert needed["state"] in {"REHEARSED", "MISSING"}
        assert fake.because in needed["why"]


@pytest.mark.parametrize("name", ["responses", "a fake server on this machine", "python -O"])
def test_the_reason_is_printed_by_why(
    gallery: Gallery, project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """``readiness why`` says the reason, and with ``-v`` prints it beside the piece of evidence too."""
    fake = next(fake for fake in FAKES if fake.name == name)
    monkeypatch.chdir(gallery.path)
    brief, full = (
        " ".join(project.cli("why", f"{fake.use_case}/{fake.item}", *options).stdout.split())
        for options in ((), ("-v",))
    )
    assert brief.count(str(fake.because)) == 1
    assert "a rehearsal: " in full
    assert full.count(str(fake.because)) == 2  # why, and beside the evidence


def test_at_least_eleven_of_fourteen_ways_do_not_count() -> None:
    """What the product promises of the list."""
    assert len(FAKES) >= 14
    assert len(FAKES) - len(NOT_DETECTED) >= 11
    assert all(fake.limit for fake in NOT_DETECTED)


@pytest.mark.parametrize("fake", NOT_DETECTED, ids=lambda fake: fake.name)
def test_what_is_not_detected_is_told_on_the_page_of_limits(fake: Fake) -> None:
    """Nobody is promised more than holds."""
    page = (ROOT / "docs" / "explanation" / "limits.md").read_text(encoding="utf-8")
    assert f"- **{fake.limit}.**" in page
