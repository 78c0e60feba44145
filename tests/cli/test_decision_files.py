"""Decisions in a folder of the repository, as the gate sees them: what is committed counts, and by whom."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project import CONFIG, TRACKER, Project
from tests.signing import ANA, BEN, DEV, REVIEW, TESTS, approve, commit, git, record, repository, status, told

pytestmark = pytest.mark.slow

FOLDER = 'decisions = "decisions"\n'
ONLY = TRACKER.replace("| UC-002 | `GREEN` | `NOT_STARTED` | tbd | 2026-01-01 | Refunds |\n", "")


@pytest.fixture
def ready(project: Project) -> Project:
    """A repository whose decisions are files, and a use case that Ana approved and that is ready."""
    repository(project.configured(FOLDER + CONFIG + REVIEW, ONLY).tests(TESTS), ANA)
    commit(project, by=DEV)
    record(project)
    approve(project)
    commit(project, by=ANA)
    assert project.cli("gate").exit_code == 0
    return project


def gate(project: Project) -> tuple[int, str]:
    """Exit code of the gate, and what it prints in one line."""
    done = project.cli("gate")
    return done.exit_code, " ".join(done.output.split())


def reject(project: Project, by: str) -> Path:
    """Reject it, committed by whoever rejects; the file."""
    before = set((project.path / "decisions").iterdir())
    done = project.cli("review", "UC-001", "--reject", "--comment", "no", "--by", by)
    assert done.exit_code == 0, done.output
    commit(project, by=by)
    (made,) = set((project.path / "decisions").iterdir()) - before
    return made


def block(project: Project, by: str = DEV) -> Path:
    """Block it; the file, committed by the same."""
    before = set((project.path / "decisions").iterdir()) if (project.path / "decisions").exists() else set()
    assert project.cli("block", "UC-001", "--reason", "legal", "--by", by).exit_code == 0
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
    assert f"the rejection of UC-001 stands as made by {BEN}" in said
    assert "merged without squash" in said
    assert status(ready) == ("BLOCKED", None)
    assert approve(ready, by=BEN)
    commit(ready, by=DEV)
    code, said = gate(ready)
    assert code == 1
    assert f"the approval of UC-001 counts for nothing: {BEN} decided, it says, and {DEV} committed it" in said
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


def switched(project: Project, decisions: str) -> None:
    """Decisions live somewhere else from now on."""
    config = project.path / "readiness.toml"
    lines = [line for line in config.read_text().splitlines() if not line.startswith("decisions =")]
    config.write_text("\n".join([f'decisions = "{decisions}"', *lines]))


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
        said = " ".join(project.cli(command).output.split())
        assert f"the {worse} of UC-001 by {DEV if worse == 'blocker' else BEN} is in the store" in said, command
        assert "it stands until it is ended there" in said
        assert f"the approval of UC-001 by {ANA} is in the store" in said
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


def blocked_in(project: Project, folder: str = "decisions") -> str:
    """A repository in which one blocker was committed to a folder of decisions; the name of its file."""
    config = f'decisions = "{folder}"\n' + CONFIG
    repository(project.configured(config, ONLY).tests(TESTS), ANA)
    commit(project, by=DEV)
    record(project)
    assert project.cli("block", "UC-001", "--reason", "legal", "--by", DEV).exit_code == 0
    commit(project, by=DEV)
    assert gate(project)[0] == 1
    (path,) = (project.path / folder).iterdir()
    return path.name


def named_otherwise(project: Project) -> None:
    """The config has a name of the team's own."""
    (project.path / "readiness.toml").rename(project.path / "golive.toml")
    project.monkeypatch.setenv("READINESS_CONFIG", str(project.path / "golive.toml"))


def hidden_from_diffs(project: Project) -> None:
    """Git makes no text of the config's changes."""
    project.write(".gitattributes", "readiness.toml -diff\n")


def linked(project: Project) -> None:
    """The config is a link."""
    (project.path / "readiness.toml").rename(project.path / "golive.toml")
    (project.path / "readiness.toml").symlink_to("golive.toml")


def spelled_otherwise(project: Project) -> None:
    """The folder is named in another form of TOML."""
    text = (project.path / "readiness.toml").read_text()
    project.write("readiness.toml", text.replace('decisions = "decisions"', "\"decisions\" = '''decisions'''"))


@pytest.mark.parametrize("before", [named_otherwise, hidden_from_diffs, linked, spelled_otherwise])
@pytest.mark.parametrize("home", ["decisions2", "store"])
def test_a_blocker_is_missed_however_the_config_named_its_folder(
    project: Project, before: Callable[[Project], None], home: str
) -> None:
    """A deleted decision is found by what git's history holds, and not by what was written in which config."""
    name = blocked_in(project)
    before(project)
    commit(project, by=DEV)
    assert gate(project)[0] == 1
    shutil.rmtree(project.path / "decisions")
    config = next(path for path in (project.path / "golive.toml", project.path / "readiness.toml") if path.exists())
    new = f'decisions = "{home}"'
    text = config.read_text()
    config.write_text(text.replace("\"decisions\" = '''decisions'''", new).replace('decisions = "decisions"', new))
    commit(project, by=DEV)
    code, said = gate(project)
    assert (code, f"{name}: was deleted" in said) == (3, True), said
    assert project.cli("verify").exit_code == 3


def test_a_blocker_is_missed_after_its_config_moved(project: Project) -> None:
    """The config moves to another folder, and leaves the decisions of the old one deleted."""
    (project.path / "conf").mkdir()
    project.monkeypatch.setenv("READINESS_STORE", f"sqlite:///{project.path}/kept.db")
    repository(project.configured(FOLDER + CONFIG, ONLY).tests(TESTS), ANA)
    project.write(".gitignore", "__pycache__/\n*.db\n")
    for name in ("readiness.toml", "PROD_READINESS_TRACKER.md"):
        (project.path / name).rename(project.path / "conf" / name)
    project.monkeypatch.setenv("READINESS_CONFIG", str(project.path / "conf" / "readiness.toml"))
    commit(project, by=DEV)
    record(project)
    assert project.cli("block", "UC-001", "--reason", "legal", "--by", DEV).exit_code == 0
    commit(project, by=DEV)
    assert gate(project)[0] == 1
    for name in ("readiness.toml", "PROD_READINESS_TRACKER.md"):
        (project.path / "conf" / name).rename(project.path / name)
    project.monkeypatch.delenv("READINESS_CONFIG")
    shutil.rmtree(project.path / "conf")
    commit(project, by=DEV)
    code, said = gate(project)
    assert (code, "was deleted" in said) == (3, True), said


def test_a_project_below_has_decisions_of_its_own(project: Project) -> None:
    """What is deleted in the folder of another project of the repository, which has a config, is no loss here."""
    repository(
        project.configured(FOLDER + CONFIG + '[gate]\non = "evidence"\nasserted = "accept"\n', ONLY).tests(TESTS), ANA
    )
    commit(project, by=DEV)
    record(project)
    made = block(project)
    project.write(".gitignore", ".readiness/\n__pycache__/\n")
    (project.path / "other" / "decisions").mkdir(parents=True)
    project.write("other/readiness.toml", CONFIG)
    below = project.path / "other" / "decisions" / "20260101T000000Z-0123456789abcdef.json"
    below.write_text(made.read_text())
    commit(project, by=DEV)
    below.unlink()
    commit(project, by=DEV)
    code, said = gate(project)
    assert (code, "was deleted" in said) == (1, False), said


def governed(project: Project) -> Path:
    """A project whose decisions live in a repository beside it, which holds a blocker; that repository."""
    beside = project.path / "gov"
    app = project.path / "app"
    for folder in (beside, app):
        folder.mkdir()
    project.monkeypatch.setenv("READINESS_CONFIG", str(app / "readiness.toml"))
    project.monkeypatch.setenv("READINESS_STORE", f"sqlite:///{project.path}/kept.db")
    (app / "readiness.toml").write_text('decisions = "../gov/decisions"\n' + CONFIG)
    (app / "PROD_READINESS_TRACKER.md").write_text(ONLY)
    project.tests(TESTS)
    for folder in (beside, app):
        inside(folder, "init", "--quiet")
    (beside / "README").write_text("decisions")
    both(project)
    record(project)
    assert project.cli("block", "UC-001", "--reason", "legal", "--by", DEV).exit_code == 0
    both(project)
    assert gate(project)[0] == 1
    return beside


def inside(folder: Path, *arguments: str) -> None:
    """Call git in a folder, as the developer."""
    known = ["-c", f"user.email={DEV}", "-c", "user.name=x"]
    subprocess.run(["git", "-C", str(folder), *known, *arguments], check=True, capture_output=True)


def both(project: Project) -> None:
    """Commit everything in both repositories."""
    for name in ("gov", "app"):
        inside(project.path / name, "add", "--all")
        inside(project.path / name, "commit", "--quiet", "--allow-empty", "--message=x")


@pytest.mark.parametrize("home", ["store", "decisions"])
def test_a_home_in_another_repository_is_still_read(project: Project, home: str) -> None:
    """The config names another home, and the blocker of the old one stands; where it is gone, nobody can say what blocks."""
    beside = governed(project)
    config = project.path / "app" / "readiness.toml"
    config.write_text(config.read_text().replace("../gov/decisions", home))
    both(project)
    code, said = gate(project)
    assert (code, "legal" in said) == (1, True), said
    beside.rename(project.path / "away")
    code, said = gate(project)
    assert (code, "check it out: nobody can say what blocks" in said) == (3, True), said


def test_a_blocker_in_the_repository_stands_once_decisions_live_in_another(project: Project) -> None:
    """The way back: decisions were files of the config's repository, and live in one beside it now."""
    beside = governed(project)
    assert project.cli("unblock", "UC-001", "--reason", "done", "--by", ANA).exit_code in (0, 1)
    config = project.path / "app" / "readiness.toml"
    config.write_text(config.read_text().replace("../gov/decisions", "decisions"))
    shutil.rmtree(beside / "decisions")
    inside(beside, "add", "--all")
    inside(beside, "commit", "--quiet", "--message=x")
    both(project)
    assert gate(project)[0] == 3  # deleted there


def test_a_key_of_another_tool_names_no_home(ready: Project) -> None:
    """``decisions`` in the table of somebody else's tool is none of ours."""
    ready.write("pyproject.toml", '[tool.other]\ndecisions = "../elsewhere"\n')
    commit(ready, by=DEV)
    assert gate(ready)[0] == 0


def test_without_git_a_decision_that_is_there_may_block(project: Project) -> None:
    """A gate whose decisions live in the store does not open where git cannot say who made the file that lies there."""
    blocked_in(project)
    switched(project, "store")
    commit(project, by=DEV)
    assert gate(project)[0] == 1
    project.monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    code, said = gate(project)
    assert (code, "is a decision, and git does not say whether it was committed" in said) == (3, True), said
    assert project.run("--readiness-gate").ret not in (0, 11)
    project.monkeypatch.delenv("GIT_TEST_ASSUME_DIFFERENT_OWNER")
    shutil.rmtree(project.path / ".git")
    assert gate(project)[0] == 3


def test_an_archive_without_the_folder_cannot_say_what_blocks(ready: Project) -> None:
    """Neither git nor the folder that the config names is there: that is not a folder without decisions."""
    shutil.rmtree(ready.path / ".git")
    shutil.rmtree(ready.path / "decisions")
    code, said = gate(ready)
    assert (code, "neither the folder nor a git repository is here: nobody can say what blocks" in said) == (3, True)


def test_a_folder_that_git_ignores_is_told(project: Project) -> None:
    """Decisions that could never be committed are a problem of the config, and of whoever decides."""
    repository(project.configured('decisions = ".readiness/decisions"\n' + CONFIG, ONLY).tests(TESTS), ANA)
    commit(project, by=DEV)
    record(project)
    found = project.cli("check")
    assert (found.exit_code, "readiness.toml:1: git ignores '.readiness/decisions'" in found.stdout) == (1, True)
    assert "git ignores this folder" in project.cli("block", "UC-001", "--reason", "legal", "--by", DEV).stdout


def test_a_work_tree_that_git_has_elsewhere(ready: Project) -> None:
    """Of core.worktree one line says that the folder lies in no work tree, and what to do; nothing is called a defect."""
    (ready.path / "elsewhere").mkdir()
    git(ready, "config", "core.worktree", str(ready.path / "elsewhere"))
    for command in ("gate", "verify", "report"):
        done = ready.cli(command)
        out = " ".join(done.output.split())
        assert (done.exit_code, "a defect" in out) == (3, False), out
        assert (
            "decisions: lies outside of elsewhere, which git says is the work tree: unset core.worktree in git's config"
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
        assert f"was moved to {to}/{blocker.name}, and decisions do not live there: move it back" in out, out


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
    assert (code, "decisions: holds no decision, and the clone is shallow" in said) == (3, True)


def test_a_new_file_that_is_not_committed_counts_for_nothing(ready: Project) -> None:
    """An approval or an unblock that only lies there opens nothing, and is told."""
    block(ready)
    assert ready.cli("unblock", "UC-001", "--reason", "done", "--by", ANA).exit_code == 0
    code, said = gate(ready)
    assert (code, "is not committed, and counts for nothing until it is" in said) == (1, True)


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
