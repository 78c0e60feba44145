"""Edits that ``git status`` hides."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pytest_readiness.recording.provenance import hidden_changes
from pytest_readiness.recording.provenance.hidden_changes import GitError, hidden_edits
from pytest_readiness.recording.provenance.run import HIDDEN_NAMES, read_worktree


def git(folder: Path, *arguments: str) -> None:
    """Run git."""
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a few committed files, and a folder in it."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return repository(tmp_path / "tree")


def repository(path: Path) -> Path:
    """Create a repository."""
    (path / "sub").mkdir(parents=True)
    git(path, "init", "-q")
    git(path, "config", "user.email", "ana@example.com")
    git(path, "config", "user.name", "Ana")
    for name in ("a.py", "sub/b.py", "odd\nname é.py"):
        (path / name).write_text(f"{name} = 1\n", encoding="utf-8")
    (path / "link").symlink_to("a.py")
    git(path, "add", ".")
    git(path, "commit", "-q", "-m", "a")
    return path


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
@pytest.mark.parametrize("name", ["a.py", "sub/b.py", "odd\nname é.py"])
def test_a_marked_file_that_differs_is_found(tree: Path, flag: str, name: str) -> None:
    """An edit that git status does not report is found, for each flag, from any folder of the tree."""
    git(tree, "update-index", flag, "--", name)
    assert hidden_edits(tree) == []
    (tree / name).write_text("changed", encoding="utf-8")
    assert read_worktree(tree)["hidden"] == {"count": 1, "names": [name]}
    assert read_worktree(tree)["dirty"] is True
    assert hidden_edits(tree / "sub") == [name]


def test_a_clean_tree_says_nothing_of_it(tree: Path) -> None:
    """Without a mark nothing is hidden, and an edit that git reports is not reported twice."""
    assert "hidden" not in read_worktree(tree)
    assert read_worktree(tree)["dirty"] is False
    (tree / "a.py").write_text("changed", encoding="utf-8")
    assert read_worktree(tree)["dirty"] is True
    assert hidden_edits(tree) == []


def test_a_sparse_checkout_is_no_edit(tree: Path) -> None:
    """Files that a sparse checkout leaves out are no edits; a missing assume-unchanged file is one."""
    git(tree, "sparse-checkout", "set", "--no-cone", "/a.py")
    assert not (tree / "sub" / "b.py").exists()
    assert hidden_edits(tree) == []
    assert read_worktree(tree)["dirty"] is False
    git(tree, "update-index", "--assume-unchanged", "a.py")
    (tree / "a.py").unlink()
    assert hidden_edits(tree) == ["a.py"]


def test_a_link_that_leads_elsewhere_is_found(tree: Path) -> None:
    """A symbolic link is compared by its target, and a link that replaces a file is an edit."""
    git(tree, "update-index", "--assume-unchanged", "link", "a.py")
    assert hidden_edits(tree) == []
    (tree / "link").unlink()
    (tree / "link").symlink_to("sub/b.py")
    (tree / "a.py").rename(tree / "kept.py")
    (tree / "a.py").symlink_to("kept.py")
    assert hidden_edits(tree) == ["a.py", "link"]


def test_line_ends_that_git_converts_are_no_edit(tree: Path) -> None:
    """Content is compared as git would add it."""
    (tree / ".gitattributes").write_text("*.py text eol=crlf\n")
    git(tree, "update-index", "--assume-unchanged", "a.py")
    (tree / "a.py").write_bytes(b"a.py = 1\r\n")
    assert hidden_edits(tree) == []


def test_submodules(tree: Path) -> None:
    """A change in a submodule makes the tree dirty even if the config ignores it; hidden ones are found too."""
    module = repository(tree.parent / "module")
    git(tree, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(module), "lib")
    git(tree, "commit", "-q", "-m", "lib")
    assert read_worktree(tree)["dirty"] is False
    git(tree, "config", "submodule.lib.ignore", "all")
    (tree / "lib" / "a.py").write_text("changed")
    assert read_worktree(tree)["dirty"] is True
    git(tree / "lib", "update-index", "--assume-unchanged", "a.py")
    assert read_worktree(tree)["hidden"] == {"count": 1, "names": ["lib/a.py"]}
    git(tree / "lib", "update-index", "--no-assume-unchanged", "a.py")
    git(tree / "lib", "-c", "user.email=a@b", "-c", "user.name=a", "commit", "-q", "-am", "other")
    git(tree, "update-index", "--assume-unchanged", "lib")
    assert hidden_edits(tree) == ["lib"]


def test_many_are_counted_and_a_few_named(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All hidden files are counted, and a few are named."""
    monkeypatch.setattr(hidden_changes, "BATCH", 2)
    names = [f"many{number}.py" for number in range(HIDDEN_NAMES + 2)]
    for name in names:
        (tree / name).write_text("1")
    git(tree, "add", ".")
    git(tree, "commit", "-q", "-m", "many")
    git(tree, "update-index", "--assume-unchanged", *names)
    for name in names:
        (tree / name).write_text("2")
    assert read_worktree(tree)["hidden"] == {"count": len(names), "names": names[:HIDDEN_NAMES]}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_what_cannot_be_read_is_not_known_to_be_the_same(tree: Path) -> None:
    """A marked file that git cannot read counts as edited."""
    git(tree, "update-index", "--assume-unchanged", "a.py")
    (tree / "a.py").chmod(0)
    assert hidden_edits(tree) == ["a.py"]


def test_another_tree_cannot_stand_in(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder determines the repository, regardless of the environment."""
    other = repository(tree.parent / "other")
    (tree / "a.py").write_text("changed")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert read_worktree(tree)["dirty"] is True


def test_a_monitor_that_lies_is_not_asked(tree: Path) -> None:
    """A file system monitor that reports no changes hides an edit from git status, but not from the record."""
    monitor = tree.parent / "monitor"
    monitor.write_text("#!/bin/sh\nprintf 'token\\0'\n")
    monitor.chmod(0o755)
    git(tree, "config", "core.fsmonitor", str(monitor))
    git(tree, "status")
    git(tree, "status")
    (tree / "a.py").write_text("changed")
    status = subprocess.run(["git", "-C", str(tree), "status", "--porcelain"], check=True, capture_output=True).stdout
    assert status == b""
    assert read_worktree(tree)["dirty"] is True


def test_without_git_nothing_is_known(tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a repository the result is empty; if git cannot list its files, ``dirty`` is left out."""
    assert read_worktree(tmp_path) == {}
    with pytest.raises(GitError):
        hidden_edits(tmp_path)
    monkeypatch.setattr("pytest_readiness.recording.provenance.run.hidden_edits", _fail)
    assert "dirty" not in read_worktree(tree)
    assert "commit" in read_worktree(tree)


def _fail(folder: Path) -> list[str]:
    raise GitError("no")
