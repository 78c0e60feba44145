"""Decisions in a folder of the repository, as the gate sees them: what is committed counts, and by whom."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.decided_in_files import FOLDER, ONLY, approved, block, gate, switched
from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, BEN, DEV, REVIEW, TESTS, approve, commit, git, record, repository, status, told

pytestmark = pytest.mark.slow


@pytest.fixture
def ready(project: Project) -> Project:
    """A repository whose decisions are files, and a use case that Ana approved and that is ready."""
    return approved(project)


def reject(project: Project, by: str) -> Path:
    """Reject it, committed by whoever rejects; the file."""
    before = set((project.path / "decisions").iterdir())
    done = project.cli("review", "UC-001", "--reject", "--comment", "no", "--by", by)
    assert done.exit_code == 0, done.output
    commit(project, by=by)
    (made,) = set((project.path / "decisions").iterdir()) - before
    return made


def spaced(path: Path) -> None:
    """One blank more."""
    path.write_text(path.read_text() + " ")


def braces(path: Path) -> None:
    """No decision at all."""
    path.write_text("{}")


def emptied(path: Path) -> None:
    """Nothing in it."""
    path.write_text("")


def deleted(path: Path) -> None:
    """No file."""
    path.unlink()


def linked(path: Path) -> None:
    """A link to something else."""
    path.unlink()
    path.symlink_to(os.devnull)


def foldered(path: Path) -> None:
    """A folder of its name."""
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize("harm", [spaced, braces, emptied, deleted, linked, foldered])
def test_a_blocker_that_the_work_tree_has_otherwise_is_damage(
    ready: Project, harm: Callable[[Path], None], staged: bool
) -> None:
    """Edited, emptied, deleted, linked, staged or not: gate, verify and check name the file, and the blocker stands."""
    path = block(ready)
    assert gate(ready)[0] == 1
    harm(path)
    if staged and harm is not foldered:
        git(ready, "add", "--all")
    code, said = gate(ready)
    assert (code, path.name in said) == (3, True)
    for command, expected in (("verify", 3), ("check", 1)):
        done = ready.cli(command)
        assert (done.exit_code, path.name in done.output) == (expected, True), done.output
    assert "UC-001 BLOCKED" in said
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    git(ready, "reset", "--quiet", "--hard")
    assert gate(ready)[0] == 1


@pytest.mark.parametrize("kind", ["rejection", "retirement"])
def test_so_it_is_with_every_kind(ready: Project, kind: str) -> None:
    """A rejection, and a retirement that made the review suspect, do not vanish with one blank."""
    if kind == "rejection":
        path = reject(ready, BEN)
    else:
        before = set((ready.path / "decisions").iterdir())
        retired = ready.cli("retire", "test_it.py::test_provider", "--reason", "old", "--by", ANA)
        assert retired.exit_code == 0, retired.output
        commit(ready, by=ANA)
        (path,) = set((ready.path / "decisions").iterdir()) - before
    assert gate(ready)[0] == 1
    spaced(path)
    code, said = gate(ready)
    assert (code, path.name in said) == (3, True)


def test_a_committed_edit_and_a_committed_deletion_are_named_by_verify(ready: Project) -> None:
    """Verify says what the gate says of decisions that are files."""
    path = block(ready)
    good = path.read_text()
    for harm in (braces, deleted):
        harm(path)
        commit(ready, by=BEN)
        assert gate(ready)[0] == 3
        done = ready.cli("verify")
        assert (done.exit_code, path.name in done.stdout) == (3, True), done.output
        path.write_text(good)
        commit(ready, by=BEN)
        assert ready.cli("verify").exit_code == 0


def test_a_folder_that_moves_keeps_who_decided(ready: Project) -> None:
    """Ana moves Ben's rejection with the folder: it stays his, and her approval does not end it; hers counts on."""
    reject(ready, BEN)
    git(ready, "mv", "decisions", "governance")
    config = ready.path / "readiness.toml"
    config.write_text(config.read_text().replace('"decisions"', '"governance"'))
    commit(ready, by=ANA)
    ready.write(".gitignore", ".readiness/\n__pycache__/\n")
    assert approve(ready, by=ANA)
    commit(ready, by=ANA)
    assert gate(ready)[0] == 1
    (review,) = [one for one in told(ready)["review"]["reviews"] if one["state"] == "REJECTED"]
    assert review["by"] == BEN
    assert approve(ready, by=BEN)
    commit(ready, by=BEN)
    assert gate(ready)[0] == 0


def test_after_a_squash_what_opens_counts_for_nothing_and_what_closes_stands(ready: Project) -> None:
    """One commit by somebody else holds an approval and a rejection: told both, with what to do."""
    assert ready.cli("review", "UC-001", "--reject", "--comment", "no", "--by", BEN).exit_code == 0
    commit(ready, by=DEV)
    code, said = gate(ready)
    assert code == 1
    assert f"the rejection of UC-001 counts as made by {BEN}" in said
    assert "merged without squash" in said
    assert status(ready) == ("BLOCKED", None)
    assert approve(ready, by=BEN)
    commit(ready, by=DEV)
    code, said = gate(ready)
    assert code == 1
    assert f"the approval of UC-001 counts for nothing: it names {BEN}, and {DEV} committed it" in said
    for command in ("check", "report", "verify"):
        assert "the approval of UC-001 counts for nothing" in " ".join(ready.cli(command).output.split())
    approve(ready, by=BEN)
    commit(ready, by=BEN)
    assert gate(ready)[0] == 0


def test_a_blocker_after_a_squash_is_not_ended_by_an_unblock_after_one(ready: Project) -> None:
    """The blocker stands in the name it has; the unblock that somebody else committed ends nothing."""
    assert ready.cli("block", "UC-001", "--reason", "legal", "--by", BEN).exit_code == 0
    commit(ready, by=DEV)
    assert told(ready)["blockers"][0]["owner"] == BEN
    assert ready.cli("unblock", "UC-001", "--reason", "done", "--by", ANA).exit_code == 0
    commit(ready, by=DEV)
    code, said = gate(ready)
    assert (code, "the unblock of UC-001 counts for nothing" in said) == (1, True)


@pytest.mark.parametrize("worse", ["blocker", "rejection"])
def test_what_closes_stands_when_decisions_move_out_of_the_store(project: Project, worse: str) -> None:
    """From the store to a folder: approvals count for nothing, what blocks stands; gate, check and report name each."""
    repository(project.configured(CONFIG + REVIEW, ONLY).tests(TESTS), ANA)
    record(project)
    approve(project)
    if worse == "blocker":
        assert project.cli("block", "UC-001", "--reason", "legal", "--by", DEV).exit_code == 0
    else:
        assert project.cli("review", "UC-001", "--reject", "--comment", "no", "--by", BEN).exit_code == 0
    switched(project, "decisions")
    commit(project, by=DEV)
    assert status(project) == ("BLOCKED", None)
    for command in ("gate", "check", "report", "verify"):
        output = " ".join(project.cli(command).output.split())
        assert f"the {worse} of UC-001 by {DEV if worse == 'blocker' else BEN} is in the store" in output, command
        assert "it counts until it is ended there" in output
        assert f"the approval of UC-001 by {ANA} is in the store" in output
    if worse == "blocker":
        assert project.cli("unblock", "UC-001", "--reason", "done", "--by", ANA).exit_code == 0
    else:
        approve(project, by=BEN)
    commit(project, by=ANA if worse == "blocker" else BEN)
    assert status(project)[0] != "BLOCKED"
    approve(project)
    commit(project, by=ANA)
    assert gate(project)[0] == 0


@pytest.mark.parametrize("to", ["store", "governance", "deep/in/it"])
def test_what_closes_stands_when_decisions_move_out_of_a_folder(ready: Project, to: str) -> None:
    """From a folder to the store or to another folder: the old folder is read on."""
    block(ready)
    switched(ready, to)
    commit(ready, by=DEV)
    code, said = gate(ready)
    assert code == 1
    assert f"the blocker of UC-001 by {DEV}" in said
    assert f"the approval of UC-001 by {ANA}" in said
    assert status(ready) == ("BLOCKED", None)
    deleted(next((ready.path / "decisions").glob("*.json")))
    assert status(ready) == ("BLOCKED", None)


@pytest.mark.parametrize("commits", [1, 2])
def test_a_decision_that_is_deleted_as_its_folder_moves_is_missed(ready: Project, commits: int) -> None:
    """A rejection that does not come along to the new folder was deleted, in the commit of the move or before it."""
    path = reject(ready, BEN)
    path.unlink()
    if commits > 1:
        commit(ready, by=DEV)
    (ready.path / "decisions").rename(ready.path / "governance")
    switched(ready, "governance")
    commit(ready, by=DEV)
    code, said = gate(ready)
    assert (code, f"{path.name}: was deleted" in said) == (3, True)


@pytest.mark.parametrize("to", ["store", "governance"])
@pytest.mark.parametrize("commits", [1, 2])
def test_a_folder_that_is_emptied_as_another_home_is_named_is_missed(project: Project, to: str, commits: int) -> None:
    """A blocker that was the only decision does not vanish with its folder once the config names another home."""
    repository(project.configured(FOLDER + CONFIG, ONLY).tests(TESTS), ANA)
    commit(project, by=DEV)
    record(project)
    path = block(project)
    assert gate(project)[0] == 1
    shutil.rmtree(path.parent)
    if commits > 1:
        commit(project, by=DEV)
    switched(project, to)
    commit(project, by=DEV)
    code, said = gate(project)
    assert (code, f"{path.name}: was deleted" in said) == (3, True)


def test_a_work_tree_that_git_has_elsewhere(ready: Project) -> None:
    """Of core.worktree one line says that the folder lies in no work tree, and what to do; nothing is called a defect."""
    (ready.path / "elsewhere").mkdir()
    git(ready, "config", "core.worktree", str(ready.path / "elsewhere"))
    for command in ("gate", "verify", "report"):
        done = ready.cli(command)
        out = " ".join(done.output.split())
        assert (done.exit_code, "a defect" in out) == (3, False), out
        assert (
            "decisions: is outside of elsewhere, which is the work tree according to git: unset core.worktree in git's config"
            in out
        ), out
    git(ready, "config", "--unset", "core.worktree")
    assert ready.cli("gate").exit_code == 0


@pytest.mark.parametrize("to", ["decisions/kept", "kept"])
def test_a_decision_that_is_moved_is_not_called_deleted(ready: Project, to: str) -> None:
    """A blocker that is moved to a folder below that of decisions, or beside it: where it lies now, and to move it back."""
    blocker = block(ready)
    (ready.path / to).mkdir()
    git(ready, "mv", f"decisions/{blocker.name}", f"{to}/{blocker.name}")
    commit(ready, by=DEV)
    for command in ("gate", "verify"):
        done = ready.cli(command)
        out = " ".join(done.output.split())
        assert (done.exit_code, "was deleted" in out) == (3, False), out
        assert f"was moved to {to}/{blocker.name}, which is not the folder of decisions: move it back" in out, out


def test_a_shallow_clone_with_an_empty_folder_cannot_say_that_nothing_was_deleted(ready: Project) -> None:
    """Nobody sees in it whether the folder ever held a blocker: the gate says how to get the whole history."""
    shutil.rmtree(ready.path / "decisions")
    ready.configured((ready.path / "readiness.toml").read_text().replace("[gate]", '[gate]\non = "evidence"', 1))
    commit(ready, by=DEV)
    origin = ready.path.with_name("origin")
    (ready.path / ".git").rename(origin)
    git(ready, "clone", "--quiet", "--depth", "1", "--no-checkout", origin.as_uri(), "clone")
    (ready.path / "clone" / ".git").rename(ready.path / ".git")
    code, said = gate(ready)
    assert (code, "decisions: contains no decision, and the clone is shallow" in said) == (3, True)


def test_a_new_file_that_is_not_committed_counts_for_nothing(ready: Project) -> None:
    """An approval or an unblock that only lies there opens nothing, and is told."""
    block(ready)
    assert ready.cli("unblock", "UC-001", "--reason", "done", "--by", ANA).exit_code == 0
    code, said = gate(ready)
    assert (code, "does not count until it is committed" in said) == (1, True)


def test_another_project_of_the_repository_has_decisions_of_its_own(ready: Project) -> None:
    """A blocker in a folder below another config is not ours."""
    path = block(ready)
    inner = ready.path / "inner" / "decisions"
    inner.mkdir(parents=True)
    (ready.path / "inner" / "readiness.toml").write_text(FOLDER + CONFIG)
    decision = json.loads(path.read_text())
    assert decision["kind"] == "blocker"
    git(ready, "add", "--force", "inner")
    commit(ready, by=DEV)
    switched(ready, "elsewhere")
    git(ready, "mv", f"decisions/{path.name}", str(inner))
    commit(ready, by=DEV)
    assert "the blocker" not in gate(ready)[1]
