"""Decision files: the author of the commit decided, and uncommitted or changed files do not count."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from pytest_readiness.errors import IntegrityError, StorageError
from pytest_readiness.facts.decision import Decision, IdentityLevel
from pytest_readiness.store.decision_files.folder import DecisionFolder, open_decisions
from pytest_readiness.store.sqlite.store import SQLiteStore
from tests.store.runs import blocker, retirement, review, unblock, waiver

from .repositories import ANA, BEN, Repository

pytestmark = pytest.mark.slow


def test_every_kind_comes_back_as_decided_by_who_committed_it(any_repository: Repository) -> None:
    """The authors of the commits decided, known by git; ids stay those of the files; oldest first."""
    first = [review(at=3, by=ANA), waiver(at=1, by=ANA), unblock(at=2, by=ANA)]
    second = [blocker(at=4, by=BEN), retirement(at=0, by=BEN)]
    any_repository.folder.decide(first)
    any_repository.commit(by=ANA)
    any_repository.folder.decide(second)
    any_repository.commit(by=BEN)
    expected = sorted(
        [*((each, ANA) for each in first), *((each, BEN) for each in second)], key=lambda pair: pair[0].at
    )
    result = any_repository.folder.decisions("payments")
    assert [(each.id, each.by, each.known_by) for each in result] == [
        (each.id, who, IdentityLevel.GIT) for each, who in expected
    ]
    said = [
        replace(each, by=was.by, known_by=was.known_by, stored_id="", stored_digest="")
        for each, (was, _) in zip(result, expected, strict=True)
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
    (each,) = decided.folder.register_decisions("payments").disputed
    assert (each.decision.by, each.author, each.decision.id) == (ANA, BEN, blocker(at=1).id)
    assert (decided.counting, decided.problems) == ({blocker().id: ANA}, [])


@pytest.mark.parametrize("committed", [True, False])
def test_what_is_not_committed_counts_for_nothing(repository: Repository, committed: bool) -> None:
    """Untracked or staged, in a repository with commits or none: a note, no decision, and no problem."""
    if committed:
        repository.git("commit", "--allow-empty", "--quiet", "--message=x")
    repository.folder.decide([blocker(), blocker(at=1)])
    repository.git("add", str(repository.file(blocker())))
    assert (repository.counting, repository.problems) == ({}, [])
    assert repository.notes == ["does not count until it is committed"] * 2


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
    assert problem.startswith("differs in the work tree from its committed version: a decision is never edited")
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
    (message,) = decided.problems
    assert "it was edited or renamed; it does not count" in message
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
    ("name", "content", "message"),
    [
        ("20260101T000000Z-0123456789abcdef.json", blocker().text.encode(), f"its name should be {blocker().id}.json"),
        (f"{blocker().id}.json", spaced(blocker()), "not in canonical form"),
        (f"{blocker().id}.json", b"{}", "this is no decision"),
        (f"{blocker().id}.json", b"\xff", "it cannot be read"),
        (f"{blocker().id}.json", b"[" * 100_000, "this is no decision"),
        (f"{blocker().id}.json", blocker().text[:-1].encode() + b',"stored_id":"x"}', "this is no decision"),
        ("blocker.json", blocker().text.encode(), "its name is not the id of a decision"),
        (f"{blocker(register='x').id}.json", blocker(register="x").text.encode(), "it belongs to the register 'x'"),
    ],
)
def test_a_committed_file_that_is_no_decision_of_ours_is_a_problem(
    repository: Repository, name: str, content: bytes, message: str
) -> None:
    """Another name, form, content or register: named, and counted for nothing."""
    repository.path.mkdir()
    (repository.path / name).write_bytes(content)
    repository.commit()
    assert repository.counting == {}
    (problem,) = repository.folder.register_decisions("payments").problems
    assert message in problem.what
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
    (problem,) = decided.folder.register_decisions("payments").problems
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


def test_outside_of_a_repository_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git nobody decided, and that is not taken for a folder without decisions."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    folder = DecisionFolder(tmp_path / "decisions")
    (problem,) = folder.register_decisions("payments").problems
    assert "there is no such folder and no git repository, so nobody can say what blocks" in problem.what
    folder.decide([blocker()])
    (problem,) = folder.register_decisions("payments").problems
    assert "git cannot show the authors of decisions" in problem.what
    monkeypatch.setenv("PATH", str(tmp_path))
    (problem,) = folder.register_decisions("payments").problems
    assert "install git" in problem.what
    assert folder.decisions("payments") == []


def test_a_folder_that_is_not_there_holds_no_decisions(repository: Repository) -> None:
    """Before the first decision nothing is wrong."""
    assert repository.folder.register_decisions("payments") == type(repository.folder.register_decisions("payments"))()


def test_another_file_under_the_name_is_not_overwritten(repository: Repository) -> None:
    """Deciding where a file has the name but not the content is refused, and writes nothing."""
    repository.path.mkdir()
    repository.file(blocker()).write_bytes(b"\xff")
    with pytest.raises(IntegrityError, match="has the name of this decision, but another content"):
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


def test_what_is_written_is_known_before_it_is_committed(repository: Repository) -> None:
    """To whoever decides next: of the register, and what is none is passed over."""
    others = [replace(blocker(at=number), register=name) for number, name in enumerate(("aside", "zebra"), 1)]
    repository.folder.decide([blocker(), *others])
    (repository.path / "x.json").write_bytes(b"\xff")
    assert repository.folder.written_decisions("payments") == [blocker()]
    assert DecisionFolder(repository.root / "nowhere").written_decisions("payments") == []


def test_the_config_says_where_decisions_live(tmp_path: Path) -> None:
    """``store`` is the store, where there is one yet; anything else a folder beside the config."""
    store = SQLiteStore.open(tmp_path / "evidence.db", "sqlite:///evidence.db", create=True)
    assert open_decisions("store", store, tmp_path) is store
    assert open_decisions("store", None, tmp_path) is None
    home = open_decisions("governance/decisions", store, tmp_path)
    assert isinstance(home, DecisionFolder)
    assert home.path == tmp_path / "governance" / "decisions"
    store.close()
