"""Files that others write when the test is over are kept with its evidence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plugin.test_one_id import BOTH_WAYS, executions
from tests.project import Project

pytestmark = pytest.mark.slow

LATE = """
import pathlib, pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "teardown":
        left = pathlib.Path("left", item.name)
        (left / "inner").mkdir(parents=True)
        (left / "b.txt").write_text("token=abcdef0123456789abcdef")
        (left / "inner" / "a.bin").write_bytes(b"1")
        (left / "c.txt").symlink_to("b.txt")
    return report
"""


@pytest.fixture
def late(project: Project) -> Project:
    """A project in which a plugin writes files once the fixtures are gone."""
    project.configured().write("conftest.py", LATE)
    return project


def _only(project: Project) -> Any:
    (piece,) = executions(project, "UC-001", "1")
    return piece


@BOTH_WAYS
def test_what_is_written_after_the_fixtures_is_kept(late: Project, how: tuple[str, ...]) -> None:
    """The files of a folder, under their path in it, redacted; a link is refused, with a warning and nothing else lost."""
    late.tests(
        """
        @evidence("UC-001", item=1)
        def test_a(record_evidence, monkeypatch):
            record_evidence.attach_later(pathlib.Path("left", "test_a"))
            record_evidence.attach_later(pathlib.Path("left", "test_a", "b.txt"), name="the log", media_type="text/x-log")
            record_evidence.attach_later(pathlib.Path("nowhere"))
            monkeypatch.chdir("/")
        """
    )
    late.run(*[word.replace("2", "1") for word in how]).assert_outcomes(passed=1)
    piece = _only(late)
    kept = [(artifact.name, artifact.media_type) for artifact in piece.artifacts]
    assert kept == [("b.txt", "text/plain"), ("inner/a.bin", "text/plain"), ("the log", "text/x-log")]
    assert len(piece.warnings) == 1
    assert piece.warnings[0].startswith("c.txt could not be attached: the artifact ")
    assert all(b"abcdef0123456789abcdef" not in path.read_bytes() for path in late.artifacts)
    assert late.cli("verify").exit_code == 0


def test_of_a_large_folder_the_first_files_are_kept(late: Project) -> None:
    """More files than are kept of one folder: a warning says how many were not."""
    late.tests(
        """
        @evidence("UC-001", item=1)
        def test_a(record_evidence, tmp_path):
            for number in range(203): (tmp_path / f"{number:03}").touch()
            record_evidence.attach_later(tmp_path)
        """
    )
    late.run().assert_outcomes(passed=1)
    piece = _only(late)
    assert len(piece.artifacts) == 200
    assert [text.partition(" files")[0] for text in piece.warnings] == ["3 of 203"]


REFUSED = {
    "'a.txt'": "attach_later takes a pathlib.Path, not str",
    "pathlib.Path('a'), name=1": "name must be a text, not int",
    "pathlib.Path('a'), media_type=b'x'": "media_type must be a text, not bytes",
}


@pytest.mark.parametrize("given", REFUSED)
def test_what_it_does_not_take_fails_the_test(late: Project, given: str) -> None:
    """A text for the path, or no text for a label: EvidenceError in the test, where it can still be raised."""
    late.tests(f"@evidence('UC-001', item=1)\ndef test_a(record_evidence): record_evidence.attach_later({given})\n")
    late.run().assert_outcomes(failed=1)
    assert _only(late).message.endswith(f"EvidenceError: {REFUSED[given]}")
