"""``--readiness-bundle``: a session's run in a file, whatever became of the session."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytest_readiness.store.bundle.reading import Bundle
from tests.project import XDIST, Project
from tests.store.bundle.bundles import read_bundle

pytestmark = pytest.mark.slow

SHARDS = """
@evidence("UC-001", item=1)
def test_a(record_evidence):
    record_evidence.attach("from the first shard")

@evidence("UC-001", item=1)
def test_b(record_evidence):
    record_evidence.attach("from the second shard")
"""
FAILING = "@evidence('UC-001', item=1)\ndef test_a(): assert 0\n"


def held(path: Path) -> Bundle:
    """What a bundle holds."""
    return read_bundle(path, 1 << 20)


def test_the_run_of_the_session_is_written(project: Project) -> None:
    """Its lines, the requirements it was made under and its artifacts, and nothing of earlier runs."""
    project.configured().tests(SHARDS)
    project.run("-k", "test_a")
    result = project.run("--readiness-bundle=out.zip", "-k", "test_b")
    assert result.ret == 0
    found = held(project.path / "out.zip")
    (run,) = found.runs
    assert [piece.test_id for piece in run.evidence()] == ["test_it.py::test_b"]
    assert [snapshot.digest for snapshot in found.snapshots] == [run.requirements_digest]
    assert len(found.artifacts) == 2


@pytest.mark.parametrize(
    ("source", "arguments", "code"),
    [
        (FAILING, [], 1),
        ("@evidence('UC-001', item=1)\ndef test_a(): pytest.exit('enough', returncode=7)\n", [], 7),
        ("@evidence('UC-001', item=1)\ndef test_a(): pass\n", ["--readiness-gate"], 11),
    ],
)
def test_it_is_written_whatever_the_exit_code(project: Project, source: str, arguments: list[str], code: int) -> None:
    """Failing tests, an early exit and a closed gate: the evidence is carried all the same."""
    project.configured().tests(source)
    assert project.run("--readiness-bundle=out.zip", *arguments).ret == code
    (run,) = held(project.path / "out.zip").runs
    assert [piece.uc for piece in run.evidence()] == ["UC-001"]


def test_it_is_written_where_the_store_cannot_be(project: Project) -> None:
    """Without the store the run still gets to where it is needed; the session ends with 13."""
    project.configured().tests(SHARDS)
    project.write("taken", "no store")
    assert project.run("--readiness-bundle=out.zip", "--readiness-store=sqlite:///taken").ret == 13
    assert len(held(project.path / "out.zip").runs) == 1


def test_its_environment_variable_says_the_same(project: Project) -> None:
    """``READINESS_BUNDLE`` is the option."""
    project.configured().tests(SHARDS)
    project.monkeypatch.setenv("READINESS_BUNDLE", "out.zip")
    project.run()
    assert len(held(project.path / "out.zip").runs) == 1


def test_under_xdist_it_holds_what_the_workers_saw(project: Project) -> None:
    """One run, written by the controller, with the artifacts of all workers."""
    project.configured().tests(SHARDS)
    assert project.run_apart(*XDIST, "--readiness-bundle=out.zip").ret == 0
    found = held(project.path / "out.zip")
    (run,) = found.runs
    assert {piece.test_id for piece in run.evidence()} == {"test_it.py::test_a", "test_it.py::test_b"}
    assert len(found.artifacts) == 3


def test_a_session_without_evidence_writes_an_empty_bundle(project: Project) -> None:
    """A job that is to hand over a file has one to hand over, and nothing else is left behind."""
    project.configured().tests("def test_a(): pass\n")
    assert project.run("--readiness-bundle=out.zip").ret == 0
    assert held(project.path / "out.zip").runs == ()
    assert not (project.path / ".readiness").exists()


@pytest.mark.parametrize(
    ("path", "problem"),
    [("no/out.zip", "there is no folder to write this file in: make it first"), (".", "this is a folder: name a file")],
)
def test_a_place_that_cannot_be_is_a_usage_error(project: Project, path: str, problem: str) -> None:
    """No folder, or a folder itself: told before a test runs."""
    project.configured().tests(SHARDS)
    result = project.run(f"--readiness-bundle={path}")
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*--readiness-bundle={path}: {problem}*"])


def test_a_bundle_that_cannot_be_written_ends_with_13(project: Project) -> None:
    """The folder goes away while the tests run: it is told, and the exit code says it."""
    (project.path / "out").mkdir()
    project.configured().tests(
        "@evidence('UC-001', item=1)\ndef test_a(): pathlib.Path('out').rmdir()\n",
    )
    result = project.run("--readiness-bundle=out/it.zip")
    assert result.ret == 13
    result.stdout.fnmatch_lines(["*it.zip: the bundle cannot be written: there is no folder*"])


def test_an_artifact_that_is_gone_ends_with_13(project: Project) -> None:
    """What was attached a moment ago and is not there any more is evidence that was not kept."""
    project.configured().tests(SHARDS + "    import shutil; shutil.rmtree('.readiness/artifacts')\n")
    result = project.run("--readiness-bundle=out.zip", "-k", "test_b")
    assert result.ret == 13
    result.stdout.fnmatch_lines(["*out.zip: the artifact * is not in it: its file is missing*"])


def group_of(project: Project) -> str:
    """What the gate says of the groups."""
    told = project.cli("gate").stdout
    (line,) = (line for line in told.splitlines() if "groups complete" in line)
    return line


def test_shards_in_separate_stores_meet(project: Project) -> None:
    """Each shard records where nobody else can look; merged one after the other, the group becomes complete."""
    project.configured().tests(SHARDS)
    for number, name in enumerate(["test_a", "test_b"], 1):
        options = [f"--readiness-run-group=nightly-7:{number}/2", f"--readiness-bundle=shard-{number}.zip"]
        assert project.run(*options, "-k", name).ret == 0
        shutil.rmtree(project.path / ".readiness")
    assert project.cli("merge", "shard-2.zip").exit_code == 0
    before = group_of(project)
    assert project.cli("merge", "shard-1.zip", "shard-2.zip").exit_code == 0
    after = group_of(project)
    assert ("nightly-7" in before, "nightly-7" in after) == (True, False)
    assert project.states()["UC-001/1"] == "COMPLETE"
    assert len(project.evidence()) == 2
    assert project.cli("verify").stdout.startswith("intact: 2 runs")
