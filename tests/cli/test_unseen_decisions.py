"""Decisions that were made elsewhere, and came later than a decision that opens: what nobody knew of still closes."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.cli.test_decision_files import FOLDER, ONLY, block, gate
from tests.cli.test_left_the_register import SHORTER
from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, BEN, BOT, DEV, REVIEW, TESTS, approve, commit, decided, git, record, repository

pytestmark = pytest.mark.slow

OLD = "test_it.py::test_old"
WITH_OLD = TESTS + "\n@evidence('UC-001', item=1)\ndef test_old(): assert not os.environ.get('BAD')\n"
FAILING = TESTS + "\n@evidence('UC-002', item=1)\ndef test_two(): assert os.environ.get('BAD') != '1'\n"


@pytest.fixture
def stores(project: Project) -> Project:
    """A project with evidence whose store ``aside`` can give and take back."""
    return decided(project, tests=WITH_OLD, tracker=ONLY)


def aside(project: Project, happens: Callable[[], object]) -> None:
    """Let something happen in a copy of the store, which comes back as a bundle that nobody has merged yet."""
    kept = project.path.parent / f"{project.path.name}-kept"
    shutil.copytree(project.path / ".readiness", kept)
    happens()
    assert project.cli("bundle", "-o", "there.zip").exit_code == 0
    shutil.rmtree(project.path / ".readiness")
    kept.rename(project.path / ".readiness")


def do(project: Project, *words: str) -> None:
    """Call the command, which must do it."""
    done = project.cli(*words)
    assert done.exit_code == 0, done.output


def blocked(project: Project, why: str) -> None:
    """Somebody blocks it in this store."""
    do(project, "block", "UC-001", "--reason", why, "--by", DEV)


def test_an_unblock_ends_no_blocker_of_another_branch(project: Project) -> None:
    """An earlier blocker that comes with a merge stands, since whoever unblocked it never saw it."""
    repository(project.configured(FOLDER + CONFIG + REVIEW, ONLY).tests(TESTS), ANA)
    commit(project, by=DEV)
    record(project)
    approve(project)
    commit(project, by=ANA)
    block(project)
    git(project, "switch", "--quiet", "--create", "branch")
    block(project, by=BEN)
    git(project, "switch", "--quiet", "main")
    do(project, "unblock", "UC-001", "--reason", "fixed", "--by", ANA)
    commit(project, by=ANA)
    assert gate(project)[0] == 0
    git(project, "merge", "--quiet", "--no-ff", "--no-edit", "branch", by=ANA)
    code, said = gate(project)
    assert (code, f"{BEN} blocks it" in said or "BLOCKED" in said) == (1, True), said
    do(project, "unblock", "UC-001", "--reason", "this one too", "--by", ANA)
    commit(project, by=ANA)
    assert gate(project)[0] == 0


def test_an_unblock_ends_no_blocker_of_another_store(stores: Project) -> None:
    """So it is with stores that are merged, in whatever order."""
    approve(stores)
    aside(stores, lambda: blocked(stores, "made there"))
    blocked(stores, "made here")
    do(stores, "unblock", "UC-001", "--reason", "fixed", "--by", ANA)
    assert gate(stores)[0] == 0
    do(stores, "merge", "there.zip")
    code, said = gate(stores)
    assert (code, "made there" in said or "BLOCKED" in said) == (1, True), said
    do(stores, "unblock", "UC-001", "--reason", "this one too", "--by", ANA)
    assert gate(stores)[0] == 0


@pytest.mark.parametrize("what", ["blocker", "failure"])
def test_what_was_open_elsewhere_is_not_let_go_of(project: Project, what: str) -> None:
    """The retirement of a use case that left lets go of what was known, not of what comes with a merge."""
    decided(project, tests=FAILING)
    approve(project)

    def happens() -> None:
        if what == "blocker":
            do(project, "block", "UC-002", "--reason", "made there", "--by", DEV)
        else:
            project.monkeypatch.setenv("BAD", "1")
            record(project, "-k", "two", by=BOT)
            project.monkeypatch.delenv("BAD")

    aside(project, happens)
    do(project, "block", "UC-002", "--reason", "made here", "--by", DEV)
    project.write("PROD_READINESS_TRACKER.md", SHORTER)
    do(project, "retire", "UC-002", "--reason", "gone", "--by", BEN)
    assert gate(project)[0] == 0
    do(project, "merge", "there.zip")
    code, said = gate(project)
    assert (code, "UC-002 left something open" in said) == (1, True), said
    do(project, "retire", "UC-002", "--reason", "that too", "--by", BEN)
    assert gate(project)[0] == 0


def test_a_retirement_that_the_reviewer_did_not_know(stores: Project) -> None:
    """A test that was retired before an approval, in another store, makes it suspect once that is merged."""
    aside(stores, lambda: do(stores, "retire", OLD, "--reason", "flaky", "--by", BEN))
    approve(stores)
    assert gate(stores)[0] == 0
    do(stores, "merge", "there.zip")
    stores.monkeypatch.setenv("BAD", "1")
    record(stores)
    code, said = gate(stores)
    assert (code, "REVIEW_SUSPECT" in said) == (1, True), said
    assert f"{OLD} was retired since" in " ".join(stores.cli("why", "UC-001").output.split())
    approve(stores, "--suspect")
    assert gate(stores)[0] == 0


def test_an_approval_over_another_store_is_told(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Decisions of another project with a register of that name count: the gate says that it knows none of their evidence."""
    repository(project.configured(FOLDER + CONFIG + REVIEW, ONLY).tests(TESTS), ANA)
    commit(project, by=DEV)
    record(project)
    approve(project)
    commit(project, by=ANA)
    message = "the store has none of the evidence behind the approval of UC-001"
    assert message not in " ".join(project.cli("gate").stdout.split())
    shutil.rmtree(project.path / ".readiness")
    record(project)
    assert message in " ".join(project.cli("gate").stdout.split())
