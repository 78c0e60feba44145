"""Former homes of decision files: a blocker is found wherever it was stored, and however the config named its folder."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.decided_in_files import FOLDER, ONLY, approved, block, gate, switched
from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, DEV, TESTS, commit, record, repository

pytestmark = pytest.mark.slow


@pytest.fixture
def ready(project: Project) -> Project:
    """A repository whose decisions are files, and a use case that Ana approved and that is ready."""
    return approved(project)


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


def braces(path: Path) -> None:
    """It is JSON, and no decision."""
    path.write_text("{}\n")


def nothing(path: Path) -> None:
    """It is empty."""
    path.write_text("")


def another(path: Path) -> None:
    """It is another decision than its name says."""
    path.write_text(path.read_text().replace("legal", "trifle"))


def of_another_register(path: Path) -> None:
    """It is said to belong to another register."""
    path.write_text(path.read_text().replace('"register":"default"', '"register":"other"'))


def a_link(path: Path) -> None:
    """It is a link to nothing."""
    path.unlink()
    path.symlink_to("/dev/null")


@pytest.mark.parametrize("edit", [braces, nothing, another, of_another_register, a_link])
@pytest.mark.parametrize("home", ["decisions2", "store"])
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "later"])
def test_a_blocker_that_is_edited_in_a_former_home_is_missed(
    project: Project, edit: Callable[[Path], None], home: str, at_once: bool
) -> None:
    """An edit that is committed as the config names another home, or after that, is named (3), and hides no blocker."""
    name = blocked_in(project)
    if not at_once:
        switched(project, home)
        commit(project, by=DEV)
        assert gate(project)[0] == 1
    edit(project.path / "decisions" / name)
    switched(project, home)
    commit(project, by=DEV)
    code, output = gate(project)
    assert (code, f"{name}: was edited, and is no decision any more" in output) == (3, True), output
    assert project.cli("verify").exit_code == 3


@pytest.mark.parametrize("edit", [braces, another, a_link])
@pytest.mark.parametrize("folder", ["a", "docs"], ids=["before its folder", "after it"])
@pytest.mark.parametrize("home", ["decisions2", "store"])
def test_a_file_of_its_name_hides_no_blocker(
    project: Project, edit: Callable[[Path], None], folder: str, home: str
) -> None:
    """A copy in another folder, whatever it holds, neither replaces the blocker in a former home nor is damage."""
    name = blocked_in(project)
    switched(project, home)
    (project.path / folder).mkdir()
    shutil.copy(project.path / "decisions" / name, project.path / folder / name)
    edit(project.path / folder / name)
    commit(project, by=DEV)
    code, output = gate(project)
    assert (code, "UC-001 is blocked: legal" in output) == (1, True), output


@pytest.mark.parametrize("place", ["decisions", "."], ids=["in the folder", "above it"])
def test_a_config_that_comes_later_takes_no_blocker_away(project: Project, place: str) -> None:
    """A former home that becomes another project, by an empty config in it, still has the blocker of this one."""
    blocked_in(project)
    named_otherwise(project)
    commit(project, by=DEV)
    config = project.path / "golive.toml"
    config.write_text(config.read_text().replace('decisions = "decisions"', 'decisions = "decisions2"'))
    commit(project, by=DEV)
    assert gate(project)[0] == 1
    (project.path / place / "readiness.toml").write_text("")
    commit(project, by=DEV)
    code, output = gate(project)
    assert (code, "UC-001 is blocked: legal" in output) == (1, True), output


def test_another_project_keeps_its_blockers_to_itself(project: Project) -> None:
    """A folder with its own config, whose decisions came with it or later, does not block this project."""
    name = blocked_in(project)
    inner = project.path / "inner"
    shutil.copytree(project.path / "decisions", inner / "decisions")
    (inner / "readiness.toml").write_text((project.path / "readiness.toml").read_text())
    shutil.rmtree(project.path / "decisions")
    subprocess.run(["git", "rm", "-rqf", "--cached", "decisions"], cwd=project.path, check=True)
    commit(project, by=DEV)
    code, output = gate(project)
    assert (code, f"{name}: was deleted" in output) == (3, True), output


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
    code, output = gate(project)
    assert (code, f"{name}: was deleted" in output) == (3, True), output
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
    code, output = gate(project)
    assert (code, "was deleted" in output) == (3, True), output


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
    code, output = gate(project)
    assert (code, "was deleted" in output) == (1, False), output


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
    identity = ["-c", f"user.email={DEV}", "-c", "user.name=x"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


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
    code, output = gate(project)
    assert (code, "legal" in output) == (1, True), output
    beside.rename(project.path / "away")
    code, output = gate(project)
    assert (code, "check it out: nobody can say what blocks" in output) == (3, True), output


def test_a_blocker_in_the_repository_stands_once_decisions_live_in_another(project: Project) -> None:
    """The way out: the config names a folder of another repository, and the blocker in its own one stands."""
    governed(project)
    config = project.path / "app" / "readiness.toml"
    outside = config.read_text()
    config.write_text(outside.replace("../gov/decisions", "decisions"))
    assert project.cli("block", "UC-001", "--reason", "privacy", "--by", DEV).exit_code == 0
    both(project)
    config.write_text(outside)
    shutil.rmtree(project.path / "gov" / ".git")
    shutil.rmtree(project.path / "gov" / "decisions")
    inside(project.path / "gov", "init", "--quiet")
    both(project)
    code, output = gate(project)
    assert (code, "privacy" in output) == (1, True), output


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
    code, output = gate(project)
    assert (code, "is a decision, and git does not show whether it was committed" in output) == (3, True), output
    assert project.run("--readiness-gate").ret not in (0, 11)
    project.monkeypatch.delenv("GIT_TEST_ASSUME_DIFFERENT_OWNER")
    shutil.rmtree(project.path / ".git")
    assert gate(project)[0] == 3


def test_an_archive_without_the_folder_cannot_say_what_blocks(ready: Project) -> None:
    """Neither git nor the folder that the config names is there: that is not a folder without decisions."""
    shutil.rmtree(ready.path / ".git")
    shutil.rmtree(ready.path / "decisions")
    code, output = gate(ready)
    assert (code, "there is no such folder and no git repository, so nobody can say what blocks" in output) == (3, True)


def test_a_folder_that_git_ignores_is_told(project: Project) -> None:
    """Decisions that could never be committed are a problem of the config, and of whoever decides."""
    repository(project.configured('decisions = ".readiness/decisions"\n' + CONFIG, ONLY).tests(TESTS), ANA)
    commit(project, by=DEV)
    record(project)
    result = project.cli("check")
    assert (result.exit_code, "readiness.toml:1: git ignores '.readiness/decisions'" in result.stdout) == (1, True)
    assert "git ignores this folder" in project.cli("block", "UC-001", "--reason", "legal", "--by", DEV).stdout
