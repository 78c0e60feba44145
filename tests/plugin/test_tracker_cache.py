"""A recording session takes the tracker's content from its cache only if nothing that it is read from has changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

SUITE = "@evidence('UC-001', item=1)\ndef test_a(): pass\n"
PARSES = """
import sys

def pytest_unconfigure():
    print("PARSED" if "markdown_it" in sys.modules else "CACHED")
"""


def cached(project: Project) -> list[str]:
    """The names of the files in the cache."""
    return sorted(path.name for path in project.path.glob(".readiness/cache/*"))


def records(project: Project, *options: str) -> str:
    """Record in a process of its own, and return whether the tracker was parsed."""
    lines = project.run_apart("-s", *options).outlines
    return next(line for line in lines if line in {"PARSED", "CACHED"})


@pytest.fixture
def recorded(project: Project) -> Project:
    """A project with a tracker that was recorded once."""
    project.configured().tests(SUITE)
    project.write("conftest.py", PARSES)
    assert records(project) == "PARSED"
    return project


def test_an_unchanged_tracker_is_not_parsed_again(recorded: Project) -> None:
    """The second session records the same without the parser, and leaves the cache as it is."""
    before = cached(recorded)
    assert len(before) == 1
    assert records(recorded) == "CACHED"
    assert cached(recorded) == before
    assert recorded.cli("verify").exit_code == 0


@pytest.mark.parametrize("file", ["PROD_READINESS_TRACKER.md", "readiness.toml"])
def test_any_change_of_a_source_is_read(recorded: Project, file: str) -> None:
    """A use case that is new, or a changed config, is known in the next session."""
    path = recorded.path / file
    path.write_text(path.read_text() + "\n")
    assert records(recorded) == ("PARSED" if file.endswith(".md") else "CACHED")
    if file.endswith(".toml"):  # only its words for the tracker matter
        path.write_text(path.read_text() + '\n[statuses]\nBLOCKED = "STUCK"\n')
        assert records(recorded) == "PARSED"


def test_a_row_that_went_is_unknown(recorded: Project) -> None:
    """A test that names a use case without a row is refused at once, cache or not."""
    path = recorded.path / "PROD_READINESS_TRACKER.md"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "UC-001" not in line))
    result = recorded.run_apart()
    assert result.ret != 0
    assert "no use case 'UC-001'" in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("option", ["--readiness-report", "--readiness-gate", "--readiness-json=out.json"])
def test_a_session_that_reports_reads_the_tracker(recorded: Project, option: str) -> None:
    """What is decided or shown rests on the files themselves."""
    assert records(recorded, option) == "PARSED"


def test_a_forged_cache_makes_no_evidence_unreal(recorded: Project) -> None:
    """Environments, modes and the register's name come from the config: a failure is real, whatever the cache says."""
    (file,) = recorded.path.glob(".readiness/cache/*")
    before = file.read_text()
    assert 'environments":{' not in before
    assert '"real"' not in before
    recorded.tests(SUITE.replace("pass", "assert 0"))
    for forged in (before[:-1] + ',"environments":{}}', before[:-1] + ',"register":"other"}'):
        file.write_text(forged)
        assert records(recorded) == "PARSED"
    assert recorded.states()["UC-001/1"] == "FAILING"
    assert recorded.cli("gate").exit_code == 1


def test_a_folder_that_is_no_text_records(project: Project) -> None:
    """The path of the project may hold bytes that are no UTF-8."""
    project.configured().tests(SUITE)
    folder = os.fsencode(project.path) + b"/\xff"
    Path(os.fsdecode(folder)).mkdir()
    for name in ("readiness.toml", "PROD_READINESS_TRACKER.md", "test_it.py"):
        shutil.copy(project.path / name, os.fsdecode(folder))
    command = [sys.executable, "-m", "pytest", "-q", *project.args()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    assert (done.returncode, "INTERNALERROR" in done.stdout) == (0, False), done.stdout + done.stderr


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"register":1}', "\x00", '{"rows":[{"id":5}]}', "[" * 100_000, '{"x":' * 100_000]
)
def test_a_damaged_cache_is_read_past(recorded: Project, content: str) -> None:
    """A file that is no register costs a parse, and no evidence."""
    (file,) = recorded.path.glob(".readiness/cache/*")
    file.write_text(content)
    assert records(recorded) == "PARSED"
    assert records(recorded) == "CACHED"


def test_a_cache_that_cannot_be_written_is_no_error(project: Project) -> None:
    """A file in the place of the folder: the session records, and says nothing of it."""
    project.configured().tests(SUITE)
    project.write(".readiness/cache", "")
    result = project.run_apart()
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    assert ".readiness/cache" not in result.stdout.str()


def test_workers_get_the_register_from_the_controller(recorded: Project) -> None:
    """Under xdist the controller reads the cache, and the tests record as before."""
    result = recorded.run_apart("-s", *XDIST)
    result.assert_outcomes(passed=1)
    assert "1 piece of evidence recorded" in result.stdout.str()
    assert len(cached(recorded)) == 1


def test_few_files_stay(recorded: Project) -> None:
    """Each change of the tracker brings a file, and the eight newest stay."""
    path = recorded.path / "PROD_READINESS_TRACKER.md"
    for _ in range(9):
        path.write_text(path.read_text() + "\n")
        recorded.run()
    assert len(cached(recorded)) == 8


def test_a_session_without_evidence_leaves_no_cache(project: Project) -> None:
    """What records nothing writes nothing."""
    project.configured().tests("def test_a(): pass\n" + SUITE)
    project.run_apart("-k", "nothing")
    project.run_apart("--collect-only")
    assert not (project.path / ".readiness" / "cache").exists()


def test_a_source_tree_that_is_not_installed_records_without_a_cache(project: Project) -> None:
    """Its version is not known, so nobody can say which code would read the cache."""
    project.configured().tests(SUITE)
    project.write(
        "conftest.py",
        """
        import importlib.metadata

        real = importlib.metadata.version

        def version(name):
            if name == "pytest-readiness":
                raise importlib.metadata.PackageNotFoundError(name)
            return real(name)

        importlib.metadata.version = version
        """,
    )
    result = project.run_apart()
    result.assert_outcomes(passed=1)
    assert "1 piece of evidence recorded" in result.stdout.str()
    assert not cached(project)
