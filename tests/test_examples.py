"""Every example does what its README says."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec
from pathlib import Path

import pytest
from benchmarks import environments
from packaging.requirements import Requirement  # pytest brings it

from tests.pages import ROOT, play, run

pytestmark = pytest.mark.slow

EXAMPLES = sorted(path for path in (ROOT / "conftest_examples").iterdir() if path.is_dir())
PLAYED_ELSEWHERE = {"seven_items"}
"""Examples whose README has a test of its own, in ``tests/examples``."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the examples, away from what was recorded in this checkout."""
    leave_out = shutil.ignore_patterns(".readiness", "__pycache__", ".pytest_cache")
    shutil.copytree(ROOT / "conftest_examples", tmp_path / "conftest_examples", ignore=leave_out)
    return tmp_path


@pytest.fixture(autouse=True)
def _ffmpeg_for_playwright(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright records a video with the ffmpeg of this machine, which it looks for in its own folder."""
    if (ffmpeg := shutil.which("ffmpeg")) and (playwright := find_spec("playwright")):
        listed = json.loads(Path(str(playwright.origin)).parent.joinpath("driver/package/browsers.json").read_text())
        (revision,) = [each["revision"] for each in listed["browsers"] if each["name"] == "ffmpeg"]
        folder = tmp_path_factory.mktemp("playwright")
        (folder / f"ffmpeg-{revision}").mkdir()
        (folder / f"ffmpeg-{revision}" / "ffmpeg-linux").symlink_to(ffmpeg)
        monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(folder))


def plugins(example: Path) -> list[str]:
    """Return the pytest plugins that come with what an example's ``requirements.txt`` names, all that it requires."""
    names: set[str] = set()
    requirements = example / "requirements.txt"
    for line in requirements.read_text().splitlines() if requirements.exists() else []:
        try:
            for required in environments.required(Requirement(line).name).values():
                names |= {point.name for point in required.entry_points if point.group == "pytest11"}
        except PackageNotFoundError as missing:
            pytest.skip(f"{missing.name} is not installed")
    return sorted(names)


@pytest.mark.parametrize(
    "example", [path for path in EXAMPLES if path.name not in PLAYED_ELSEWHERE], ids=lambda path: path.name
)
def test_an_example_does_what_its_readme_says(example, checkout):
    """Each command of the README ends with the exit code, and prints the lines, that it shows."""
    assert play(checkout / "conftest_examples" / example.name / "README.md", checkout, plugins(example)) >= 2


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_config_and_tracker_of_an_example_are_sound(example, checkout):
    """``readiness check`` finds no problem in an example of a clone."""
    run("git init -q", checkout, 0, example.name)
    config = f"conftest_examples/{example.name}/readiness.toml"
    assert run(f"readiness --config {config} check", checkout, 0, example.name).endswith("no problems\n")


def test_the_keys_of_the_quickstart_are_in_nothing_that_is_kept(checkout):
    """Every file under ``.readiness`` is free of the ledger's keys, which begin with ``lk_``."""
    folder = checkout / "conftest_examples" / "quickstart"
    run("pytest conftest_examples/quickstart --readiness-environment=demo", checkout, 0, "quickstart")
    kept = [path for path in (folder / ".readiness").rglob("*") if path.is_file()]
    assert any(b"audit" in path.read_bytes() for path in kept)
    assert [path for path in kept if b"lk_" in path.read_bytes()] == []


def test_the_quickstart_on_a_laptop_is_a_rehearsal(checkout):
    """In an environment that is not declared real the same tests complete nothing."""
    report = "conftest_examples/quickstart/report.json"
    command = f"pytest conftest_examples/quickstart --readiness-environment=laptop --readiness-json={report}"
    run(command, checkout, 0, "quickstart")
    document = json.loads((checkout / report).read_text())
    states = {item["state"] for use_case in document["use_cases"] for item in use_case["items"]}
    assert states == {"REHEARSED", "MISSING"}


def test_the_existing_suite_does_not_know_of_us():
    """No file of its tests names pytest-readiness, a fixture or a mark of it."""
    tests = [path.read_text() for path in (ROOT / "conftest_examples" / "existing_suite" / "tests").rglob("*.py")]
    assert len(tests) == 3
    assert not any(word in text for text in tests for word in ("readiness", "evidence"))


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg on PATH, with which Playwright records a video")
def test_the_browser_example_keeps_a_video(checkout):
    """With ``--video=on`` it is an artifact of the evidence, beside screenshot and trace."""
    folder = checkout / "conftest_examples" / "browser"
    loaded = plugins(folder)
    run("pytest --readiness-environment=demo --video=on -k three_chairs", folder, 0, "browser", loaded)
    assert "video.webm (video/webm" in run("readiness show UC-1/page", folder, 0, "browser")
