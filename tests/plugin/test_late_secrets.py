"""A secret that becomes known after artifacts were kept: no text holds it in the end, and what is raw stays as it is."""

from __future__ import annotations

import hashlib

import pytest

from pytest_readiness.facts.evidence import Evidence
from tests.plugin.test_secrets import kept
from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

HOW = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
CLEAR = b"q zq7-late-secret"
ANEW = b"q [REDACTED:registered]"
KNOWN_LAST = """
@evidence("UC-002", item=1)
def test_z(record_evidence): record_evidence.secret("zq7-late-secret")
"""


def files(project: Project) -> dict[str, bytes]:
    """Every artifact in the folder, by its digest."""
    found = (project.path / ".readiness" / "artifacts").rglob("*")
    return {path.name: path.read_bytes() for path in found if path.is_file()}


def contents(project: Project, piece: Evidence) -> list[tuple[str, bytes]]:
    """What the evidence says that its artifacts are: kept under their digests, with their sizes."""
    every = files(project)
    for one in piece.artifacts:
        assert hashlib.sha256(every[one.sha256]).hexdigest() == one.sha256
        assert len(every[one.sha256]) == one.size
    return [(one.name, every[one.sha256]) for one in piece.artifacts]


def attaching(project: Project, *lines: str, apart: bool = False) -> None:
    """A project whose tests attach, each line in one of its own where ``apart``, and then tell the secret."""
    head = '@evidence("UC-001", item=1)\ndef test_{}(record_evidence):\n'
    bodies = [[line] for line in lines] if apart else [lines]
    source = "\n".join(
        head.format(at) + "".join(f"    record_evidence.attach({line})\n" for line in body)
        for at, body in enumerate(bodies)
    )
    project.configured(tracker=None).write("readiness.toml", CONFIG)
    project.tests(source + KNOWN_LAST)


CONFIG = """
[environments.staging]
real = true
[items.1]
title = "the provider answers"
[use_cases.UC-001]
[use_cases.UC-002]
"""
RAW = 'b"q zq7-late-secret", name="r", raw=True'
TEXT = 'b"q zq7-late-secret", name="x.log"'


@HOW
@pytest.mark.parametrize("apart", [False, True], ids=["one test", "two tests"])
@pytest.mark.parametrize("lines", [(RAW, TEXT), (TEXT, RAW)], ids=["raw first", "text first"])
def test_a_raw_artifact_stays_and_a_text_with_its_bytes_does_not(
    project: Project, how: tuple[str, ...], lines: tuple[str, ...], apart: bool
) -> None:
    """The evidence names the redacted text beside the raw file, whichever was kept first, by whichever test."""
    attaching(project, *lines, apart=apart)
    project.run(*how).assert_outcomes(passed=3 if apart else 2)
    pieces = [piece for piece in kept(project) if piece.uc == "UC-001"]
    found = dict(one for piece in pieces for one in contents(project, piece))
    assert found == {"r": CLEAR, "x.log": ANEW}
    assert set(files(project).values()) == {CLEAR, ANEW}
    assert project.cli("verify").exit_code == 0


@HOW
@pytest.mark.parametrize("name", ["noext", "a.tfstate", "x.log"])
def test_no_text_is_left_in_clear(project: Project, how: tuple[str, ...], name: str) -> None:
    """A text that was attached twice, by two names, leaves no file that nothing names."""
    attaching(project, f'b"q zq7-late-secret", name="{name}"', 'b"q zq7-late-secret", name="y.txt"')
    project.run(*how).assert_outcomes(passed=2)
    assert list(files(project).values()) == [ANEW]
    [piece] = [piece for piece in kept(project) if piece.uc == "UC-001"]
    assert contents(project, piece) == [(name, ANEW), ("y.txt", ANEW)]
    assert project.cli("verify").exit_code == 0


@HOW
def test_a_file_that_an_earlier_run_names_stays_and_is_told(project: Project, how: tuple[str, ...]) -> None:
    """No run is edited: what it kept stays, this run names the redacted text, and the session says so."""
    attaching(project, TEXT)
    project.run(*how, "-k", "test_0").assert_outcomes(passed=1)
    result = project.run(*how)
    result.assert_outcomes(passed=2)
    shown = " ".join(result.stdout.str().split())
    digest = hashlib.sha256(CLEAR).hexdigest()
    assert f"artifact {digest} of an earlier run holds a secret that this run registered, and is not changed" in shown
    assert set(files(project).values()) == {CLEAR, ANEW}
    found = [contents(project, piece) for piece in kept(project) if piece.uc == "UC-001"]
    assert sorted(found) == [[("x.log", ANEW)], [("x.log", CLEAR)]]
    assert project.cli("verify").exit_code == 0


def test_texts_of_a_worker_that_died_are_made_anew(project: Project) -> None:
    """What a worker kept for a test that had ended is known, though it dies later."""
    attaching(project, TEXT)
    project.tests(
        '@evidence("UC-001", item=1)\ndef test_0(record_evidence):\n    record_evidence.attach(' + TEXT + ")\n"
        "def test_1(): os._exit(3)\n" + KNOWN_LAST
    )
    project.run_apart("-p", "xdist", "-n", "1", "--max-worker-restart=4")
    assert list(files(project).values()) == [ANEW]
    assert project.cli("verify").exit_code == 0


def test_a_late_secret_in_utf_16_is_taken_out(project: Project) -> None:
    """A text in UTF-16 stays in UTF-16, and is looked at as another text is."""
    attaching(project, '"q zq7-late-secret".encode("utf-16"), name="x.log"')
    project.run().assert_outcomes(passed=2)
    assert list(files(project).values()) == [ANEW.decode().encode("utf-16")]


@pytest.mark.parametrize(("killed", "holds"), [("replace_digests", CLEAR), ("LateRedaction.remove_obsolete", ANEW)])
def test_a_killed_session_names_what_is_there(project: Project, killed: str, holds: bytes) -> None:
    """Killed once the new file is there, or once the lines name it: the run is taken in, and is intact."""
    attaching(project, TEXT)
    project.write(
        "conftest.py",
        "import os\nfrom pytest_readiness.recording import late_secrets\n"
        f"late_secrets.{killed} = lambda *args: os._exit(9)\n",
    )
    assert project.run_apart().ret == 9
    (project.path / "conftest.py").unlink()
    assert project.cli("recover").exit_code == 0
    assert project.cli("verify").exit_code == 0
    pieces = [piece for piece in kept(project) if piece.uc == "UC-001"]
    assert [contents(project, piece) for piece in pieces] == [[("x.log", holds)]]
