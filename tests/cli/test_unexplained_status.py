"""READY_FOR_GO_LIVE in the tracker that this store did not give: nothing takes it back unasked, and all advice works."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.decided_in_files import approved
from tests.project import TRACKER, Project
from tests.reviewed_project import approve, decided, record

pytestmark = pytest.mark.slow

UNEXPLAINED = "PROD_READINESS_TRACKER.md:5: READY_FOR_GO_LIVE of UC-001 does not come from this store"
TAKE_BACK = "`readiness sync --take-back`"
RESTORE = "restore the store with the review of UC-001, or run `readiness sync --take-back`"


def tracker(project: Project) -> str:
    """What the tracker holds."""
    return (project.path / "PROD_READINESS_TRACKER.md").read_text()


def lost(project: Project) -> Path:
    """Lose the store, and return where it is."""
    return (project.path / ".readiness").rename(project.path / "elsewhere")


@pytest.fixture
def ready(project: Project) -> Project:
    """A project whose tracker says that UC-001 is ready, as its store gave it."""
    decided(project)
    approve(project)
    assert project.cli("sync").exit_code == 0
    assert "| UC-001 | `GREEN` | `READY_FOR_GO_LIVE` |" in tracker(project)
    return project


def test_a_store_that_replaces_a_lost_one_takes_nothing_back(ready: Project) -> None:
    """After a run has made a new store, sync refuses with one line, --check says so too, and the old store is enough."""
    before, old = tracker(ready), lost(ready)
    record(ready)
    done = ready.cli("sync")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"readiness: {UNEXPLAINED} (sqlite:///.readiness/evidence.db has no review of it")
    assert "if the store was lost, restore it" in done.stderr
    assert TAKE_BACK in done.stderr
    assert tracker(ready) == before
    checked = ready.cli("sync", "--check")
    first, second = checked.stdout.splitlines()
    assert (checked.exit_code, tracker(ready)) == (1, before)
    assert first == "PROD_READINESS_TRACKER.md:5: UC-001 says READY_FOR_GO_LIVE, derived is IN_PROGRESS"
    assert second.startswith(UNEXPLAINED)
    assert TAKE_BACK in second
    shutil.rmtree(ready.path / ".readiness")
    old.rename(ready.path / ".readiness")
    assert ready.cli("sync").stdout == "the tracker is up to date\n"


def test_a_store_that_a_decision_has_made_takes_nothing_back(ready: Project) -> None:
    """A blocker of another use case makes a store: it explains its own row, not that of UC-001."""
    before = tracker(ready)
    lost(ready)
    assert ready.cli("block", "UC-002", "--reason", "legal", "--by", "ana@example.com").exit_code == 0
    assert ready.cli("sync").exit_code == 1
    assert tracker(ready) == before
    assert ready.cli("block", "UC-001", "--reason", "legal", "--by", "ana@example.com").exit_code == 0
    assert ready.cli("sync").exit_code == 0
    assert tracker(ready).count("`BLOCKED`") == 2


def test_a_typed_status_is_taken_back_when_that_is_asked_for(project: Project) -> None:
    """At the adoption one option says that the statuses were typed; then every row is what is derived."""
    decided(project, tracker=TRACKER.replace("`NOT_STARTED`", "`READY_FOR_GO_LIVE`"))
    refused = project.cli("sync")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "READY_FOR_GO_LIVE of UC-001, UC-002 does not come from this store" in refused.stderr
    assert project.cli("sync", "--check", "--take-back").stdout.splitlines()[-1] == f"{TAKE_BACK} updates the tracker"
    done = project.cli("sync", "--take-back")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "PROD_READINESS_TRACKER.md:5: UC-001 READY_FOR_GO_LIVE -> IN_PROGRESS",
        "PROD_READINESS_TRACKER.md:6: UC-002 READY_FOR_GO_LIVE -> NOT_STARTED",
    ]
    assert project.cli("sync", "--check").exit_code == 0


def test_a_review_in_a_file_does_not_hide_that_its_evidence_was_lost(project: Project) -> None:
    """The review is in the repository, and the evidence that it rests on was in the lost store."""
    approved(project)
    assert project.cli("sync").exit_code == 0
    before = tracker(project)
    lost(project)
    record(project, "-k", "provider")
    done = project.cli("sync")
    assert (done.exit_code, tracker(project)) == (1, before)
    assert "or not its evidence" in done.stderr


@pytest.mark.parametrize(("then", "status"), [("down", "BLOCKED"), ("up", "IN_PROGRESS")])
def test_what_the_store_knows_needs_no_option(ready: Project, then: str, status: str) -> None:
    """A failure takes the status back, and so does a review that it made suspect; the store tells why."""
    for provider in ("down", then):
        ready.monkeypatch.setenv("PROVIDER", provider)
        record(ready)
    done = ready.cli("sync")
    assert done.exit_code == 0, done.output
    assert f"UC-001 READY_FOR_GO_LIVE -> {status}" in done.stdout


@pytest.mark.parametrize(
    "command", [("report",), ("next",), ("next", "-v"), ("why", "UC-001"), ("report", "--format", "markdown")]
)
def test_the_advice_is_what_works(ready: Project, command: tuple[str, ...]) -> None:
    """Where sync would refuse, nothing advises to run it and no more: without a store, and with another one."""

    def shown() -> str:
        return " ".join(ready.cli(*command).output.split())

    assert "sync" not in shown()
    lost(ready)
    without = shown()
    assert "restore the store, name the right one, or record a run; then run `readiness sync`" in without
    assert ready.cli("sync").exit_code == 2
    record(ready)
    assert RESTORE in shown()
    assert "run `readiness sync`" not in shown()
    assert ready.cli("sync", "--take-back").exit_code == 0
    assert "sync" not in shown()
