"""Decisions as files: who decided is who committed, and what was not committed, or was changed, counts for nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_readiness.errors import IntegrityError, StorageError
from pytest_readiness.facts.decision import Decision, Known
from pytest_readiness.store.folder import DecisionFolder, open_decisions
from pytest_readiness.store.sqlite import SQLiteStore

from .runs import blocker, retirement, review, unblock, waiver

ANA, BEN = "ada@example.com", "ben@example.com"
"""Ana is who a decision of these tests names, unless it says otherwise."""


class Repository:
    """A git repository with fixed identities and times, and a folder of decisions somewhere in it."""

    def __init__(self, root: Path, within: str = "decisions") -> None:
        self.root = root
        self.path = root / within
        self.folder = DecisionFolder(self.path, root)

    def git(self, *arguments: str, by: str = ANA) -> str:
        """Run git as somebody."""
        who = {f"GIT_{role}_{what}": by for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        times = {f"GIT_{role}_DATE": "2026-02-12T18:00:00Z" for role in ("AUTHOR", "COMMITTER")}
        away = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(self.root)}
        command = ["git", "-c", "init.defaultBranch=main", "-C", str(self.root), *arguments]
        done = subprocess.run(command, env={**os.environ, **who, **times, **away}, capture_output=True, check=True)
        return done.stdout.decode()

    def commit(self, by: str = ANA) -> None:
        """Commit everything as it is."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=x", by=by)

    def file(self, decision: Decision) -> Path:
        """Where a decision is."""
        return self.path / f"{decision.id}.json"

    @property
    def counting(self) -> dict[str, str]:
        """Id of each decision that counts, and who decided."""
        return {decision.id: decision.by for decision in self.folder.decisions("payments")}

    @property
    def problems(self) -> list[str]:
        """What is wrong."""
        return [problem.what for problem in self.folder.look("payments").problems]

    @property
    def notes(self) -> list[str]:
        """What does not count yet."""
        return [note.what for note in self.folder.look("payments").notes]


@pytest.fixture(params=["decisions", "sub/of it/[decisions]"])
def any_repository(tmp_path: Path, request: pytest.FixtureRequest) -> Repository:
    """A repository whose folder of decisions is at its top, or deep in it under a name that git could expand."""
    repository = Repository(tmp_path, request.param)
    repository.git("init", "--quiet")
    return repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository without a commit."""
    repository = Repository(tmp_path)
    repository.git("init", "--quiet")
    return repository


@pytest.fixture
def decided(repository: Repository) -> Repository:
    """A repository in which Ana committed a blocker."""
    repository.folder.decide([blocker()])
    repository.commit(by=ANA)
    return repository


def test_every_kind_comes_back_as_decided_by_who_committed_it(any_repository: Repository) -> None:
    """The authors of the commits decided, known by git; ids stay those of the files; oldest first."""
    mine = [review(at=3, by=ANA), waiver(at=1, by=ANA), unblock(at=2, by=ANA)]
    theirs = [blocker(at=4, by=BEN), retirement(at=0, by=BEN)]
    any_repository.folder.decide(mine)
    any_repository.commit(by=ANA)
    any_repository.folder.decide(theirs)
    any_repository.commit(by=BEN)
    expected = sorted([*((one, ANA) for one in mine), *((one, BEN) for one in theirs)], key=lambda pair: pair[0].at)
    found = any_repository.folder.decisions("payments")
    assert [(one.id, one.by, one.known_by) for one in found] == [(one.id, who, Known.GIT) for one, who in expected]
    said = [
        replace(one, by=was.by, known_by=was.known_by, kept_id="", kept_digest="")
        for one, (was, _) in zip(found, expected, strict=True)
    ]
    assert said == [was for was, _ in expected]
    assert any_repository.problems == []


def test_a_file_is_called_by_its_id_and_holds_the_text(repository: Repository) -> None:
    """The name, the canonical text, a line end: nothing else is written, and writing twice is harmless."""
    made = blocker()
    assert repository.folder.decide([made, made]) == [made.id]
    assert repository.folder.decide([made, blocker(at=1)]) == [blocker(at=1).id]
    assert repository.file(made).read_bytes() == f"{made.text}\n".encode()
    assert len(list(repository.path.iterdir())) == 2


def test_who_the_file_names_is_told_where_it_is_somebody_else(decided: Repository) -> None:
    """What names somebody who did not commit it is set apart, with both names."""
    decided.folder.decide([blocker(at=1)])
    decided.commit(by=BEN)
    (one,) = decided.folder.look("payments").disputed
    assert (one.decision.by, one.author, one.decision.id) == (ANA, BEN, blocker(at=1).id)
    assert (decided.counting, decided.problems) == ({blocker().id: ANA}, [])


@pytest.mark.parametrize("committed", [True, False])
def test_what_is_not_committed_counts_for_nothing(repository: Repository, committed: bool) -> None:
    """Untracked or staged, in a repository with commits or none: a note, no decision, and no problem."""
    if committed:
        repository.git("commit", "--allow-empty", "--quiet", "--message=x")
    repository.folder.decide([blocker(), blocker(at=1)])
    repository.git("add", str(repository.file(blocker())))
    assert (repository.counting, repository.problems) == ({}, [])
    assert repository.notes == ["is not committed, and counts for nothing until it is"] * 2


def test_an_ignored_file_counts_for_nothing(repository: Repository) -> None:
    """What git does not look at is not committed either."""
    (repository.root / ".gitignore").write_text("decisions/\n")
    repository.folder.decide([blocker()])
    repository.commit()
    assert repository.counting == {}
    assert len(repository.notes) == 1


@pytest.mark.parametrize("staged", [True, False])
def test_a_file_that_is_being_edited_counts_as_it_is_committed(decided: Repository, staged: bool) -> None:
    """A change that is not committed is damage, and what is committed counts all the same."""
    path = decided.file(blocker())
    before = path.read_bytes()
    path.write_bytes(before.replace(b"not yet", b"fine by me"))
    if staged:
        decided.git("add", "--all")
    (problem,) = decided.problems
    assert problem.startswith("is not in the work tree as it is committed: a decision is never edited")
    assert decided.counting == {blocker().id: ANA}
    path.write_bytes(before)
    assert (decided.counting, decided.problems) == ({blocker().id: ANA}, [])


def test_a_file_that_was_edited_is_a_problem_until_it_is_restored(decided: Repository) -> None:
    """A committed edit counts for nothing and is told; with the old content back, it is the old decision by its author."""
    path = decided.file(blocker())
    before = path.read_bytes()
    path.write_bytes(before.replace(b"not yet", b"fine by me"))
    decided.commit(by=BEN)
    assert decided.counting == {}
    (told,) = decided.problems
    assert "it was edited, or renamed; it counts for nothing" in told
    path.write_bytes(before)
    decided.commit(by=BEN)
    assert (decided.counting, decided.problems) == ({blocker().id: ANA}, [])


@pytest.mark.parametrize("ends", ["", "\n", "\r\n"])
def test_the_line_end_is_not_part_of_the_decision(repository: Repository, ends: str) -> None:
    """An editor or a checkout may change the last line end: the text is what counts."""
    repository.path.mkdir()
    repository.file(blocker()).write_bytes((blocker().text + ends).encode())
    repository.commit()
    assert (list(repository.counting), repository.problems) == ([blocker().id], [])


@pytest.mark.parametrize("ends", ["\n\n", " ", "\n ", "\x00"])
def test_anything_else_behind_the_text_is_an_edit(repository: Repository, ends: str) -> None:
    """One line end is let through and nothing more."""
    repository.path.mkdir()
    repository.file(blocker()).write_bytes((blocker().text + ends).encode())
    repository.commit()
    assert (repository.counting, len(repository.problems)) == ({}, 1)


def spaced(decision: Decision) -> bytes:
    """The same decision, not in canonical form."""
    return json.dumps(json.loads(decision.text), indent=1).encode()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("20260101T000000Z-0123456789abcdef.json", blocker().text.encode(), f"its name should be {blocker().id}.json"),
        (f"{blocker().id}.json", spaced(blocker()), "not in canonical form"),
        (f"{blocker().id}.json", b"{}", "this is no decision"),
        (f"{blocker().id}.json", b"\xff", "it cannot be read"),
        (f"{blocker().id}.json", b"[" * 100_000, "this is no decision"),
        (f"{blocker().id}.json", blocker().text[:-1].encode() + b',"kept_id":"x"}', "this is no decision"),
        ("blocker.json", blocker().text.encode(), "its name is not the id of a decision"),
        (f"{blocker(register='x').id}.json", blocker(register="x").text.encode(), "it is of the register 'x'"),
    ],
)
def test_a_committed_file_that_is_no_decision_of_ours_is_a_problem(
    repository: Repository, name: str, content: bytes, told: str
) -> None:
    """Another name, form, content or register: named, and counted for nothing."""
    repository.path.mkdir()
    (repository.path / name).write_bytes(content)
    repository.commit()
    assert repository.counting == {}
    (problem,) = repository.folder.look("payments").problems
    assert told in problem.what
    assert problem.where.endswith(name)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_is_not_followed(repository: Repository) -> None:
    """A link to a decision that was committed elsewhere, by anybody, is none."""
    elsewhere = repository.root / "elsewhere.json"
    elsewhere.write_text(blocker().text)
    repository.path.mkdir()
    repository.file(blocker()).symlink_to(elsewhere)
    repository.commit()
    assert repository.counting == {}
    assert "it cannot be read" in repository.problems[0]


def test_other_files_are_passed_over(decided: Repository) -> None:
    """A README beside the decisions is nobody's problem."""
    (decided.path / "README.md").write_text("x")
    (decided.path / "more").mkdir()
    (decided.path / "more" / "x.json").write_text("x")
    decided.commit()
    assert (list(decided.counting), decided.problems) == ([blocker().id], [])


@pytest.mark.parametrize("whole_folder", [True, False])
@pytest.mark.parametrize("committed", [True, False])
def test_a_deleted_decision_is_a_problem_until_it_is_restored(
    decided: Repository, whole_folder: bool, committed: bool
) -> None:
    """A blocker does not end by deleting its file; restored by anybody, it is still Ana's."""
    path = decided.file(blocker())
    content = path.read_bytes()
    shutil.rmtree(decided.path) if whole_folder else path.unlink()
    if committed:
        decided.commit(by=BEN)
    (problem,) = decided.folder.look("payments").problems
    assert problem.where.endswith(path.name)
    assert "a decision is never deleted" in problem.what
    assert decided.counting == ({} if committed else {blocker().id: ANA})
    decided.path.mkdir(exist_ok=True)
    path.write_bytes(content)
    if committed:
        decided.commit(by=BEN)
    assert (decided.counting, decided.problems) == ({blocker().id: ANA}, [])


def test_what_never_was_a_decision_may_be_deleted(repository: Repository) -> None:
    """A mistake can be cleaned up."""
    repository.path.mkdir()
    repository.file(blocker()).write_text("a mistake")
    (repository.path / "x.json").write_text("another")
    repository.commit()
    assert len(repository.problems) == 2
    shutil.rmtree(repository.path)
    repository.commit()
    assert (repository.counting, repository.problems) == ({}, [])


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
    found = DecisionFolder(moved).look("payments")
    assert ([(one.id, one.by) for one in found.decisions], found.problems) == ([(blocker().id, ANA)], ())


def test_what_somebody_made_up_is_theirs_wherever_it_is_moved(decided: Repository) -> None:
    """Ana moves the folder with what Ben made up in her name: it is no word of hers."""
    decided.folder.decide([review(by=ANA)])
    decided.commit(by=BEN)
    decided.git("mv", "decisions", "moved")
    decided.commit(by=ANA)
    found = DecisionFolder(decided.root / "moved").look("payments")
    assert [one.id for one in found.decisions] == [blocker().id]
    assert [(one.decision.id, one.author) for one in found.disputed] == [(review(by=ANA).id, BEN)]


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
    assert repository.problems == [f"was added by {ANA} and {BEN}: decide again; it counts for nothing"]


def test_a_shallow_clone_says_what_to_fetch(decided: Repository, tmp_path: Path) -> None:
    """Cut off before the commit that added a file, git would name somebody else; after it, git knows."""
    (decided.root / "other").write_text("x")
    decided.commit(by=BEN)
    decided.folder.decide([blocker(at=1, by=BEN)])
    decided.commit(by=BEN)
    decided.git("clone", "--quiet", "--depth=2", f"file://{decided.root}", str(tmp_path / "clone"))
    clone = Repository(tmp_path / "clone")
    assert clone.counting == {blocker(at=1, by=BEN).id: BEN}
    (told,) = clone.problems
    assert "the clone is shallow" in told
    assert "fetch-depth: 0" in told
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
        "clone", "--quiet", *[f"--config={one}" for one in settings if one != "-c"], str(decided.root), str(away)
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


def test_a_repository_over_committed_decisions_hides_none(decided: Repository) -> None:
    """A new repository in the folder, whose commits are all by one person, is not asked."""
    decided.git("init", "--quiet", str(decided.path))
    decided.file(blocker()).unlink()
    inner = Repository(decided.path, ".")
    (inner.root / "x").write_text("x")
    inner.commit(by=BEN)
    assert decided.counting == {blocker().id: ANA}
    assert len(decided.problems) == 1


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
    assert "is a submodule, and not checked out" in outer.problems[0]
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
    assert "a sparse checkout must have the folder" in decided.problems[0]


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
    decided.folder.look("payments")
    few, calls[:] = len(calls), []
    decided.folder.decide([blocker(at=number) for number in range(1, 40)])
    decided.commit(by=ANA)
    calls.clear()
    assert len(decided.folder.look("payments").decisions) == 40
    assert len(calls) == few <= 4


def test_outside_of_a_repository_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git nobody decided, and that is not taken for a folder without decisions."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    folder = DecisionFolder(tmp_path / "decisions")
    assert folder.look("payments").problems == ()
    folder.decide([blocker()])
    (problem,) = folder.look("payments").problems
    assert "git could not say who decided" in problem.what
    monkeypatch.setenv("PATH", str(tmp_path))
    (problem,) = folder.look("payments").problems
    assert "install git" in problem.what
    assert folder.decisions("payments") == []


def test_a_folder_that_is_not_there_holds_no_decisions(repository: Repository) -> None:
    """Before the first decision nothing is wrong."""
    assert repository.folder.look("payments") == type(repository.folder.look("payments"))()


def test_another_file_under_the_name_is_not_overwritten(repository: Repository) -> None:
    """Deciding where a file has the name but not the content is refused, and writes nothing."""
    repository.path.mkdir()
    repository.file(blocker()).write_bytes(b"\xff")
    with pytest.raises(IntegrityError, match="another file has the name of this decision"):
        repository.folder.decide([blocker(at=1), blocker()])
    assert [path.name for path in repository.path.iterdir()] == [f"{blocker().id}.json"]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """A file where the folder should be is told, and nothing is left behind."""
    (tmp_path / "decisions").write_text("x")
    with pytest.raises(StorageError, match="Not a directory"):
        DecisionFolder(tmp_path / "decisions").decide([blocker()])


def test_writing_several_is_all_or_nothing(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the second cannot be written, the first goes again."""
    calls: list[int] = []
    sync: Callable[[int], None] = os.fsync

    def failing(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(StorageError, match="No space left"):
        repository.folder.decide([blocker(), blocker(at=1)])
    assert len(calls) == 2
    assert list(repository.path.iterdir()) == []


def test_the_config_says_where_decisions_live(tmp_path: Path) -> None:
    """``store`` is the store, where there is one yet; anything else a folder beside the config."""
    store = SQLiteStore.open(tmp_path / "evidence.db", "sqlite:///evidence.db", create=True)
    assert open_decisions("store", store, tmp_path) is store
    assert open_decisions("store", None, tmp_path) is None
    home = open_decisions("governance/decisions", store, tmp_path)
    assert isinstance(home, DecisionFolder)
    assert home.path == tmp_path / "governance" / "decisions"
    store.close()
