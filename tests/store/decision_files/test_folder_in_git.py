"""Decision files in repositories with moves, merges, clones and unusual git settings."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pytest_readiness.store.decision_files import decision_file, other_homes
from pytest_readiness.store.decision_files.folder import DecisionFolder
from tests.store.runs import blocker, review

from .repositories import ANA, BEN, Repository

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("steps", ["git mv", "copy", "two commits", "into a monorepo"])
def test_a_folder_that_moved_keeps_who_decided(decided: Repository, steps: str) -> None:
    """Moved in one commit or two, copied, or brought deeper with everything else: who first added it decided."""
    moved = decided.root / ("deep/in it/decisions" if steps == "into a monorepo" else "moved")
    moved.parent.mkdir(parents=True, exist_ok=True)
    content = decided.file(blocker()).read_bytes()
    if steps == "copy":
        shutil.copytree(decided.path, moved)
    elif steps == "two commits":
        shutil.rmtree(decided.path)
        decided.commit(by=BEN)
        moved.mkdir()
        (moved / decided.file(blocker()).name).write_bytes(content)
    else:
        decided.git("mv", "decisions", str(moved))
    decided.commit(by=BEN)
    result = DecisionFolder(moved).register_decisions("payments")
    assert ([(each.id, each.by) for each in result.decisions], result.problems) == ([(blocker().id, ANA)], ())


def test_what_somebody_made_up_is_theirs_wherever_it_is_moved(decided: Repository) -> None:
    """Ana moves the folder with what Ben made up in her name: it is no word of hers."""
    decided.folder.decide([review(by=ANA)])
    decided.commit(by=BEN)
    decided.git("mv", "decisions", "moved")
    decided.commit(by=ANA)
    result = DecisionFolder(decided.root / "moved").register_decisions("payments")
    assert [each.id for each in result.decisions] == [blocker().id]
    assert [(each.decision.id, each.author) for each in result.disputed] == [(review(by=ANA).id, BEN)]


def test_a_merge_leaves_the_author_of_the_branch(decided: Repository) -> None:
    """Merged with a merge commit by somebody else, a decision is of who added it on the branch."""
    decided.git("checkout", "--quiet", "-b", "request")
    decided.folder.decide([blocker(at=1)])
    decided.commit(by=ANA)
    decided.git("checkout", "--quiet", "main")
    (decided.root / "other").write_text("x")
    decided.commit(by=BEN)
    decided.git("merge", "--quiet", "--no-ff", "--message=x", "request", by=BEN)
    assert decided.counting == {blocker().id: ANA, blocker(at=1).id: ANA}


def test_what_a_merge_itself_adds_is_of_who_merged(decided: Repository) -> None:
    """A file that none of the merged branches had was decided by the merge's author."""
    decided.git("checkout", "--quiet", "-b", "request")
    (decided.root / "other").write_text("x")
    decided.commit(by=ANA)
    decided.git("checkout", "--quiet", "main")
    (decided.root / "more").write_text("x")
    decided.commit(by=ANA)
    decided.git("merge", "--quiet", "--no-ff", "--no-commit", "request", by=BEN)
    decided.folder.decide([blocker(at=1, by=BEN)])
    decided.commit(by=BEN)
    assert decided.counting == {blocker().id: ANA, blocker(at=1, by=BEN).id: BEN}


def test_a_merge_that_changes_a_decision_is_named(decided: Repository) -> None:
    """Edited or deleted inside of the merge commit itself: a problem until it is restored."""
    for number, edited in enumerate([True, False]):
        decided.git("checkout", "--quiet", "-b", f"request{number}")
        (decided.root / f"other{number}").write_text("x")
        decided.commit(by=ANA)
        decided.git("checkout", "--quiet", "main")
        (decided.root / f"more{number}").write_text("x")
        decided.commit(by=ANA)
        decided.git("merge", "--quiet", "--no-ff", "--no-commit", f"request{number}", by=BEN)
        path = decided.file(blocker())
        path.write_text("{}") if edited else path.unlink()
        decided.commit(by=BEN)
        assert (decided.counting, len(decided.problems)) == ({}, 1)
        path.write_text(blocker().text)
        decided.commit(by=BEN)
        assert (decided.counting, decided.problems) == ({blocker().id: ANA}, [])


def test_a_branch_that_a_merge_threw_away_had_a_decision(decided: Repository) -> None:
    """Merged with the strategy "ours", the blocker of the branch is deleted, and that is named."""
    decided.git("checkout", "--quiet", "-b", "request")
    decided.folder.decide([blocker(at=1)])
    decided.commit(by=ANA)
    decided.git("checkout", "--quiet", "main")
    decided.git("merge", "--quiet", "--strategy=ours", "--no-ff", "--message=x", "request", by=BEN)
    (problem,) = decided.problems
    assert problem.startswith("was deleted")


def on_two_branches(repository: Repository, first: str, second: str) -> None:
    """Add the same decision on two branches, and merge them."""
    repository.git("commit", "--allow-empty", "--quiet", "--message=x")
    repository.git("branch", "request")
    repository.folder.decide([blocker(by=BEN)])
    repository.commit(by=first)
    repository.git("checkout", "--quiet", "request")
    repository.folder.decide([blocker(by=BEN)])
    repository.commit(by=second)
    (repository.root / "other").write_text("x")
    repository.commit(by=second)
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message=x", "request")


def test_added_on_two_branches_by_one_person_it_counts(repository: Repository) -> None:
    """A commit that was picked onto another branch has the same author."""
    on_two_branches(repository, BEN, BEN)
    assert (repository.counting, repository.problems) == ({blocker(by=BEN).id: BEN}, [])


def test_added_on_two_branches_by_two_people_it_is_nobodys(repository: Repository) -> None:
    """Where git has two answers, none is taken."""
    on_two_branches(repository, ANA, BEN)
    assert repository.counting == {}
    assert repository.problems == [f"was added by {ANA} and {BEN}: decide again; it does not count"]


def test_a_shallow_clone_says_what_to_fetch(decided: Repository, tmp_path: Path) -> None:
    """Cut off before the commit that added a file, git would name somebody else; after it, git knows."""
    (decided.root / "other").write_text("x")
    decided.commit(by=BEN)
    decided.folder.decide([blocker(at=1, by=BEN)])
    decided.commit(by=BEN)
    decided.git("clone", "--quiet", "--depth=2", f"file://{decided.root}", str(tmp_path / "clone"))
    clone = Repository(tmp_path / "clone")
    assert clone.counting == {blocker(at=1, by=BEN).id: BEN}
    (message,) = clone.problems
    assert "the clone is shallow" in message
    assert "fetch-depth: 0" in message
    clone.git("fetch", "--quiet", "--unshallow")
    assert (clone.counting, clone.problems) == ({blocker().id: ANA, blocker(at=1, by=BEN).id: BEN}, [])


@pytest.mark.parametrize(
    "config", [("log.showRoot", "false"), ("log.follow", "true"), ("diff.renames", "copies"), ("log.mailmap", "true")]
)
def test_a_users_configuration_of_git_changes_nothing(decided: Repository, config: tuple[str, str]) -> None:
    """Who decided does not depend on how somebody likes their log."""
    decided.git("config", *config)
    assert (decided.counting, decided.problems) == ({blocker().id: ANA}, [])


def test_a_replaced_commit_changes_nothing(decided: Repository) -> None:
    """A local replacement of the commit by one of another author is not looked at."""
    commit = decided.git("rev-parse", "HEAD").strip()
    tree = decided.git("rev-parse", "HEAD^{tree}").strip()
    other = decided.git("commit-tree", tree, "-m", "x", by=BEN).strip()
    decided.git("replace", commit, other)
    assert decided.counting == {blocker().id: ANA}


def test_a_graft_changes_nothing(decided: Repository) -> None:
    """Parents that somebody made up here do not make the last committer the author of everything."""
    (decided.root / "other").write_text("x")
    decided.commit(by=BEN)
    (decided.root / ".git" / "info" / "grafts").write_text(decided.git("rev-parse", "HEAD"))
    assert (decided.counting, decided.problems) == ({blocker().id: ANA}, [])


@pytest.mark.parametrize("converted", ["autocrlf", "attributes", "filter"])
def test_bytes_are_compared_as_git_compares_them(decided: Repository, tmp_path: Path, converted: str) -> None:
    """A clone whose git converts line ends or filters content is as it was committed; an edit there is none."""
    if converted == "attributes":
        (decided.root / ".gitattributes").write_text("*.json text eol=crlf\n")
    if converted == "filter":
        (decided.root / ".gitattributes").write_text("*.json filter=shout\n")
    decided.commit(by=BEN) if converted != "autocrlf" else None
    away = tmp_path / "clone"
    settings = ["-c", "core.autocrlf=true"] if converted == "autocrlf" else []
    if converted == "filter":
        settings = ["-c", "filter.shout.smudge=sed s/not/NOT/", "-c", "filter.shout.clean=sed s/NOT/not/"]
    decided.git(
        "clone", "--quiet", *[f"--config={each}" for each in settings if each != "-c"], str(decided.root), str(away)
    )
    clone = Repository(away)
    path = clone.file(blocker())
    assert path.read_bytes() != decided.file(blocker()).read_bytes()
    assert (clone.counting, clone.problems) == ({blocker().id: ANA}, [])
    path.write_bytes(path.read_bytes().replace(b"yet", b"now"))
    assert (clone.counting, len(clone.problems)) == ({blocker().id: ANA}, 1)


@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
def test_what_git_was_told_not_to_look_at_is_looked_at(decided: Repository, mark: str) -> None:
    """An edit behind git's back is damage, and what is committed counts."""
    path = decided.file(blocker())
    decided.git("update-index", mark, str(path))
    path.write_text("{}")
    assert (decided.counting, len(decided.problems)) == ({blocker().id: ANA}, 1)


def test_where_git_cannot_compare_a_file_that_is_told(decided: Repository) -> None:
    """A filter that must run and fails: nobody can say whether the file is as it was committed, and that is a problem."""
    (decided.root / ".git" / "info").mkdir(exist_ok=True)
    (decided.root / ".git" / "info" / "attributes").write_text("*.json filter=broken\n")
    decided.git("config", "filter.broken.clean", "false")
    decided.git("config", "filter.broken.required", "true")
    decided.file(blocker()).write_text("{}")
    (message,) = decided.problems
    assert message.startswith("git cannot show the authors of decisions in ")


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_what_is_wrong_is_told_under_the_path_that_was_given(
    decided: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In a project that is reached by a link, files are named as its user knows them."""
    link = tmp_path_factory.mktemp("linked") / "project"
    link.symlink_to(decided.root, target_is_directory=True)
    decided.file(blocker()).write_text("{}")
    (message,) = DecisionFolder(link / "decisions", link).register_decisions("payments").problems
    assert message.where == str(link / "decisions" / decided.file(blocker()).name)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("what", ["file", "folder", "folder above"])
def test_a_link_in_the_place_of_what_is_committed_is_damage(any_repository: Repository, what: str) -> None:
    """A file or a folder that became a link, to the same bytes even, is named; what is committed counts."""
    any_repository.folder.decide([blocker()])
    any_repository.commit(by=ANA)
    path = any_repository.file(blocker())
    moved = {"file": path, "folder": path.parent, "folder above": path.parents[1]}[what]
    if moved == any_repository.root:
        return
    elsewhere = any_repository.root / "elsewhere"
    moved.rename(elsewhere)
    moved.symlink_to(elsewhere)
    assert any_repository.counting == {blocker().id: ANA}
    (problem,) = any_repository.problems
    assert "is a link" in problem


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_folder_that_is_a_link_to_nothing_is_one_problem(decided: Repository) -> None:
    """That its files are not there either is no news."""
    decided.path.rename(decided.root / "elsewhere")
    decided.path.symlink_to(decided.root / "nowhere")
    (problem,) = decided.problems
    assert "is a link" in problem


def test_a_folder_in_the_place_of_a_file_is_one_problem(decided: Repository) -> None:
    """It is named as what it is, and git is not asked to compare it."""
    path = decided.file(blocker())
    path.unlink()
    path.mkdir()
    (problem,) = decided.problems
    assert problem.startswith("is a link or a folder, but is committed as a file")


def test_a_file_that_cannot_be_read_is_one_problem(decided: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it holds is not asked by another way."""

    def refused(*_args: object, **_more: object) -> None:
        raise PermissionError(13, "Permission denied")

    decided.file(blocker()).write_text("{}")
    monkeypatch.setattr(decision_file, "regular_file", refused)
    assert decided.problems == ["it cannot be read: Permission denied"]


def test_a_repository_over_committed_decisions_hides_none(decided: Repository) -> None:
    """A new repository in the folder, whose commits are all by one person, is not asked."""
    decided.git("init", "--quiet", str(decided.path))
    decided.file(blocker()).unlink()
    inner = Repository(decided.path, ".")
    (inner.root / "x").write_text("x")
    inner.commit(by=BEN)
    assert decided.counting == {blocker().id: ANA}
    assert len(decided.problems) == 1


def test_a_repository_over_decisions_that_were_deleted_hides_none(decided: Repository) -> None:
    """What was committed once is missed, whatever repository is put in its place."""
    decided.git("rm", "--quiet", "-r", "decisions", by=BEN)
    decided.commit(by=BEN)
    decided.path.mkdir()
    decided.git("init", "--quiet", str(decided.path))
    (message,) = decided.problems
    assert message.startswith("was deleted: a decision is never deleted")


def test_decisions_may_live_in_a_repository_of_their_own(repository: Repository) -> None:
    """It lies within another one, which never had any: it is asked who decided."""
    (repository.root / "x").write_text("x")
    repository.commit(by=BEN)
    repository.git("init", "--quiet", str(repository.path))
    repository.folder.decide([blocker()])
    Repository(repository.path, ".").commit(by=ANA)
    assert (repository.counting, repository.problems) == ({blocker().id: ANA}, [])


def test_a_submodule_is_looked_at_as_it_is_committed(decided: Repository, tmp_path: Path) -> None:
    """Decisions may live in a submodule; checked out at another commit it is damage."""
    outer = Repository(tmp_path / "outer", "governance/decisions")
    outer.root.mkdir()
    outer.git("init", "--quiet")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(decided.root), "governance")
    outer.commit(by=BEN)
    assert (outer.counting, outer.problems) == ({blocker().id: ANA}, [])
    inner = Repository(outer.root / "governance")
    inner.folder.decide([blocker(at=1)])
    inner.commit(by=ANA)
    assert "is a submodule, and not at its committed version" in outer.problems[0]
    outer.commit(by=BEN)
    assert (len(outer.counting), outer.problems) == (2, [])


def test_a_worktree_and_a_detached_head_say_the_same(decided: Repository, tmp_path: Path) -> None:
    """Another work tree of the repository, at a commit and on no branch, has the same decisions."""
    decided.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "beside"))
    beside = Repository(tmp_path / "beside")
    assert (beside.counting, beside.problems) == ({blocker().id: ANA}, [])


def test_a_sparse_checkout_without_the_folder_is_damage(decided: Repository) -> None:
    """What is not checked out is not taken for a folder without decisions."""
    (decided.root / "src").mkdir()
    (decided.root / "src" / "x").write_text("x")
    decided.commit(by=BEN)
    decided.git("sparse-checkout", "set", "src")
    assert not decided.path.exists()
    assert "a sparse checkout must contain the folder" in decided.problems[0]


def test_the_environment_names_no_other_repository(
    decided: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIT_DIR and its like, as hooks set them, change nothing."""
    other = Repository(tmp_path / "other")
    other.root.mkdir()
    other.git("init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    assert (decided.counting, decided.problems) == ({blocker().id: ANA}, [])


def test_a_decision_comes_back_after_a_revert_and_its_revert(decided: Repository) -> None:
    """Reverted, it was deleted; the revert of that, by somebody else, leaves it whose it was."""
    decided.git("commit", "--allow-empty", "--quiet", "--message=x")
    decided.git("revert", "--no-edit", "HEAD~1", by=BEN)
    assert decided.problems[0].startswith("was deleted")
    decided.git("revert", "--no-edit", "HEAD", by=BEN)
    assert (decided.counting, decided.problems) == ({blocker().id: ANA}, [])


@pytest.mark.parametrize("meanwhile", [b"\xff", b"{}"], ids=["no text", "an object that is lost"])
def test_what_a_file_was_meanwhile_does_not_matter(decided: Repository, meanwhile: bytes) -> None:
    """It was something else for one commit, which cannot be read: once it is restored it counts as who decided it."""
    path = decided.file(blocker())
    good = path.read_bytes()
    path.write_bytes(meanwhile)
    decided.commit(by=BEN)
    blob = decided.git("rev-parse", f"HEAD:decisions/{path.name}").strip()
    path.write_bytes(good)
    decided.commit(by=BEN)
    if meanwhile == b"{}":
        (decided.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    assert (decided.counting, decided.problems) == ({blocker().id: ANA}, [])


def test_an_octopus_of_requests_leaves_each_author(decided: Repository) -> None:
    """Three branches merged at once, each with a decision of its own author."""
    for number, who in enumerate([ANA, BEN]):
        decided.git("checkout", "--quiet", "-b", f"request{number}", "main")
        decided.folder.decide([blocker(at=number + 1, by=who)])
        decided.commit(by=who)
    decided.git("checkout", "--quiet", "main")
    decided.git("merge", "--quiet", "--no-ff", "--message=x", "request0", "request1", by="dev@example.com")
    assert sorted(decided.counting.values()) == [ANA, ANA, BEN]
    assert decided.problems == []


def test_the_number_of_processes_does_not_grow(decided: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many decisions there are, git is asked as often."""
    calls: list[object] = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *args, **more: calls.append(args) or run(*args, **more))
    decided.folder.register_decisions("payments")
    few, calls[:] = len(calls), []
    decided.folder.decide([blocker(at=number) for number in range(1, 40)])
    decided.commit(by=ANA)
    calls.clear()
    assert len(decided.folder.register_decisions("payments").decisions) == 40
    assert len(calls) == few <= 4


def test_where_git_says_nothing_a_file_that_is_there_may_be_a_blocker(
    decided: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project that stores its decisions elsewhere goes on if no file is a decision; otherwise the file may block."""
    before = other_homes.find_other_files(decided.root, "payments", str.__eq__)
    assert [decision.id for decision in before.elsewhere] == [blocker().id]
    monkeypatch.setenv("PATH", str(decided.root))
    (problem,) = other_homes.find_other_files(decided.root, "payments", str.__eq__).problems
    assert "is a decision, and git does not show whether it was committed, and by whom" in problem.what
    decided.file(blocker()).unlink()
    without = other_homes.find_other_files(decided.root, "payments", str.__eq__)
    assert without.problems == ()
    assert without.notes[0].what.startswith("decision files were not searched for: git is needed")


def test_what_is_brought_back_on_a_branch_is_of_who_decided_on_any(decided: Repository) -> None:
    """Ana decided the same on two branches; on one of them Ben took it out and brought it back, twice."""
    path = decided.file(blocker())
    content = path.read_bytes()
    decided.git("checkout", "--quiet", "--orphan", "other")
    decided.git("commit", "--quiet", "--message=x", day=20)
    for day in (21, 22):
        path.unlink()
        decided.git("commit", "--quiet", "--all", "--message=x", by=BEN, day=day)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        decided.git("add", "--all")
        decided.git("commit", "--quiet", "--message=x", by=BEN, day=day)
    decided.git("merge", "--quiet", "--allow-unrelated-histories", "--message=x", "main", by=BEN, day=23)
    assert (decided.counting, decided.problems) == ({blocker().id: ANA}, [])
