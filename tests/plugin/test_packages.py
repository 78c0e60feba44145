"""Packages with a pytest of their own below one config: their tests are told apart, wherever pytest is called."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from tests.project import Project

pytestmark = pytest.mark.slow

SMOKE = """
@evidence("UC-001", item=1)
def test_smoke(): assert not {fails}
"""


@pytest.fixture
def packages(project: Project) -> Project:
    """Two packages with the same test; that of ``a`` fails."""
    project.configured()
    (project.path / "tox.ini").unlink()
    for name in ("a", "b"):
        project.write(f"{name}/pytest.ini", "[pytest]\n")
        project.tests(SMOKE.format(fails=name == "a"), f"{name}/tests/test_smoke.py")
    return project


def run_in(project: Project, folder: str, *args: str) -> pytest.RunResult:
    """Run pytest in a folder of the project."""
    os.chdir(project.path / folder)
    try:
        return project.run_apart(*args)
    finally:
        os.chdir(project.path)


def item(project: Project) -> tuple[str, set[str]]:
    """The state of what is shown, and the ids of its tests."""
    found: Any = json.loads(project.cli("report", "--format", "json", "UC-001").stdout)["use_cases"][0]
    (one,) = (each for each in found["items"][0]["requirements"] if each["id"].startswith("UC-001/1"))
    return one["state"], {piece["test_id"] for piece in one["evidence"]}


@pytest.mark.parametrize("more", [(), ("-p", "xdist", "-n", "1")], ids=["alone", "xdist"])
def test_a_pass_of_one_package_hides_no_failure_of_another(packages: Project, more: tuple[str, ...]) -> None:
    """The failure in ``a`` stands though the test of the same name in ``b`` passed after it; both are named apart."""
    run_in(packages, "a", *more).assert_outcomes(failed=1)
    run_in(packages, "b", *more).assert_outcomes(passed=1)
    assert item(packages) == ("FAILING", {"a/tests/test_smoke.py::test_smoke", "b/tests/test_smoke.py::test_smoke"})


def test_a_test_is_the_same_wherever_pytest_is_called(packages: Project) -> None:
    """Mended, and run from the config's own folder, it follows its own failure."""
    run_in(packages, "a").assert_outcomes(failed=1)
    packages.tests(SMOKE.format(fails=False), "a/tests/test_smoke.py")
    packages.run_apart("--rootdir=.", "a/tests/test_smoke.py").assert_outcomes(passed=1)
    assert item(packages) == ("COMPLETE", {"a/tests/test_smoke.py::test_smoke"})


def test_a_command_beside_the_folder_of_the_config(packages: Project) -> None:
    """So it is where the config is named, and lies in a folder beside those of the commands."""
    (packages.path / "c").mkdir()
    for name in ("readiness.toml", "PROD_READINESS_TRACKER.md"):
        (packages.path / name).rename(packages.path / "c" / name)
    config = ("--config", str(packages.path / "c" / "readiness.toml"))
    for name, code in (("a", 1), ("b", 0)):
        packages.write(f"{name}/smoke.sh", f"exit {code}\n")
        os.chdir(packages.path / name)
        record = ("record", "UC-001", "--item", "1", "--environment", "staging", "--", "sh", "smoke.sh")
        assert packages.cli(*config, *record).exit_code == code
    assert packages.cli(*config, "gate", "--on", "evidence", "UC-001").exit_code == 1
    assert "cd ../a && sh smoke.sh" in packages.cli(*config, "why", "UC-001/1").stdout
    os.chdir(packages.path)


def test_a_command_of_one_folder_hides_no_failure_of_another(packages: Project) -> None:
    """A command that failed in ``a`` stands though the same one passed in ``b``: its name begins with the folder."""
    for name, code in (("a", 1), ("b", 0)):
        packages.write(f"{name}/smoke.sh", f"exit {code}\n")
        os.chdir(packages.path / name)
        record = ("record", "UC-001", "--item", "1", "--environment", "staging", "--", "sh", "smoke.sh")
        assert packages.cli(*record).exit_code == code
    os.chdir(packages.path)
    assert item(packages) == ("FAILING", {"cd a && sh smoke.sh", "cd b && sh smoke.sh"})
