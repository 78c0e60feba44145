"""`readiness verify`: everything is recomputed; what fits is counted. What does not is in test_tampering."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_readiness.store.bundle import verify_bundle
from tests.project import Project
from tests.reviewed_project import ANA, approve, decided
from tests.signing.keyring import recorded, trusting

SUITE = """
@pytest.mark.parametrize("n", range(3))
@evidence("UC-001", item=[1, 2])
def test_a(n, record_evidence): record_evidence.attach(f"log {n % 2}")
"""


def test_what_fits_is_counted(project: Project) -> None:
    """Runs, pieces of evidence and artifacts (each content once) are counted over all runs."""
    project.configured().tests(SUITE)
    project.run()
    project.run()
    done = project.cli("verify")
    assert (done.exit_code, done.stdout) == (0, "intact: 2 runs, 12 pieces of evidence, 3 artifacts\n")


def test_a_store_that_does_not_exist_is_not_intact(project: Project) -> None:
    """A mistyped address or a cache that was not restored is a usage error, and nothing is created."""
    project.configured()
    for named in ((), ("--store", "sqlite:///nope.db")):
        done = project.cli(*named, "verify")
        assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
        assert "there is no store at sqlite:///" in done.stderr
    assert not (project.path / ".readiness").exists()
    assert project.cli("check").exit_code == 0


def test_verify_changes_nothing(project: Project) -> None:
    """It reads: not a byte of the store is another afterwards."""
    project.configured().tests(SUITE)
    project.run()
    files = {path: path.read_bytes() for path in (project.path / ".readiness").rglob("*") if path.is_file()}
    project.cli("verify")
    assert files == {path: path.read_bytes() for path in (project.path / ".readiness").rglob("*") if path.is_file()}


def test_an_open_journal_is_no_damage(project: Project) -> None:
    """A run that was killed is for recover; verify finds nothing wrong with it."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    project.run()
    project.tests("@evidence('UC-001', item=1)\ndef test_a(): os._exit(1)\n")
    project.run_apart("-q")
    assert project.cli("verify").exit_code == 0
    assert len(project.journals) == 1


def test_artifacts_elsewhere(project: Project) -> None:
    """READINESS_ARTIFACTS says where they lie; verify looks there."""
    project.monkeypatch.setenv("READINESS_ARTIFACTS", "files")
    project.configured().tests(SUITE)
    project.run()
    assert len([path for path in (project.path / "files").rglob("*") if path.is_file()]) == 3
    assert project.cli("verify").exit_code == 0
    project.monkeypatch.delenv("READINESS_ARTIFACTS")
    assert project.cli("verify").exit_code == 3


def test_one_of_a_kind_is_told_as_one(project: Project) -> None:
    """One run, one piece, one artifact; one record that was there; one thing that does not fit."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n").run()
    assert project.cli("verify").stdout == "intact: 1 run, 1 piece of evidence, 1 artifact\n"
    assert project.cli("bundle", "-o", "a.zip").stdout == "a.zip: 1 run, 0 decisions, 0 verdicts\n"
    merged = project.cli("merge", "a.zip").stdout
    assert merged == "a.zip: 0 runs, 0 decisions, 0 verdicts, 0 artifacts new; 1 record already stored\n"
    assert "holds 1" not in merged
    (artifact,) = [path for path in (project.path / ".readiness" / "artifacts").rglob("*") if path.is_file()]
    artifact.unlink()
    assert project.cli("verify").stdout.splitlines()[-1] == "not intact: 1 problem"


def bundled(project: Project) -> Path:
    """Write the bundle of a project with decisions into a folder that has nothing else, and go there."""
    decided(project)
    approve(project)
    folder = project.path / "auditor"
    folder.mkdir()
    assert project.cli("bundle", "-o", "auditor/a.zip").exit_code == 0
    project.monkeypatch.chdir(folder)
    return folder / "a.zip"


@pytest.mark.slow
def test_a_bundle_is_verified_as_the_script_does_it(project: Project) -> None:
    """Without config and store: the same words, who decided what among them, and the same exit code."""
    path = bundled(project)
    done = project.cli("verify", "a.zip")
    script = [sys.executable, "-I", str(verify_bundle.__file__), str(path)]
    answer = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.exit_code, done.stdout) == (answer.returncode, answer.stdout)
    assert done.exit_code == 0
    assert f"UC-001 approved by {ANA} on " in done.stdout
    assert "(identity: self-declared, NOT SIGNED)" in done.stdout
    data = bytearray(path.read_bytes())
    data[data.index(b"PASSED")] ^= 1
    path.write_bytes(data)
    done = project.cli("verify", "a.zip")
    assert (done.exit_code, done.stdout.splitlines()[-1].partition(":")[0]) == (3, "does not fit")


@pytest.mark.slow
def test_keys_and_checkpoints_are_for_a_bundle_too(project: Project) -> None:
    """Another key is exit code 1, the key that signed 0; an earlier checkpoint is compared, with the numbers of records."""
    trusting(project, more="")
    recorded(project, "ci")
    assert project.cli("checkpoint", "-o", "kept.txt").exit_code == 0
    recorded(project, "ci")
    assert project.cli("bundle", "--with-tree", "-o", "a.zip").exit_code == 0
    signed, other = (f"{name}={project.path / 'keys' / name}.pem" for name in ("ci", "ben"))
    done = project.cli("verify", "a.zip", "--key", signed, "--checkpoint", "kept.txt")
    assert done.exit_code == 0, done.output
    assert "checkpoint kept.txt: 1 record then, 2 now: the store continues from it" in done.stdout
    assert project.cli("verify", "a.zip", "--key", other).exit_code == 1


@pytest.mark.slow
@pytest.mark.parametrize("words", ["none.zip", ".", "text", "empty", "a.zip --key ci.pem", "a.zip --checkpoint text"])
def test_what_is_no_bundle_is_told_in_a_line(project: Project, words: str) -> None:
    """A folder, another file, a key without its name: exit code 2, and nothing on standard output."""
    folder = bundled(project).parent
    (folder / "text").write_text("not a bundle")
    (folder / "empty").write_text("")
    done = project.cli("verify", *words.split())
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.output


def test_keys_without_a_bundle_are_a_wrong_call(project: Project) -> None:
    """The keys for a store are in the config, where reviewers see them."""
    project.configured()
    done = project.cli("verify", "--key", "ci=ci.pem")
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert "--key is for a bundle" in done.stderr
