"""What a session changed: told in its report and its JSON, for the use cases that it touched, and by which evidence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_readiness.errors import StorageError
from tests.project import CONFIG, TRACKER, XDIST, Project
from tests.reviewed_project import REVIEW, approve, decided, record


def changes(project: Project, *args: str) -> list[dict[str, Any]]:
    """Run the tests, and return what the JSON report says that this changed."""
    project.run("--readiness-json=r.json", "--readiness-actor=bot@example.com", *args)
    document = json.loads((project.path / "r.json").read_text())
    assert not document["use_cases"] or "changes" in document
    return list(document["changes"])


def lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return changes in a line each."""
    return [
        f"{row['requirement'] or row['use_case']}: {row['before']} -> {row['after']} ({row['because']})" for row in rows
    ]


def test_a_run_says_what_it_changed_and_by_which_evidence(project: Project) -> None:
    """The first run starts the use case, an equal one changes nothing, and a failure takes readiness away."""
    decided(project, tests="")
    project.tests(
        """
        @evidence("UC-001", item=1)
        def test_provider(): assert os.environ.get("PROVIDER", "up") == "up"

        @evidence("UC-001", item=2)
        def test_trace(): pass
        """
    )
    assert lines(changes(project)) == [
        "UC-001: NOT_STARTED -> IN_PROGRESS (item 1 passed)",
        "UC-001/1: MISSING -> COMPLETE (passed)",
        "UC-001/2: MISSING -> ASSERTED (passed without its proof)",
    ]
    assert changes(project) == []
    approve(project)
    assert changes(project) == []
    project.monkeypatch.setenv("PROVIDER", "down")
    worse = changes(project, "-k", "provider")
    assert lines(worse) == [
        "UC-001: READY_FOR_GO_LIVE -> BLOCKED (item 1 failed)",
        "UC-001/1: COMPLETE -> FAILING (failed)",
    ]
    failed = {row["evidence"] for row in worse}
    assert len(failed) == 1
    assert failed <= {piece["id"] for piece in project.evidence() if piece["result"] == "FAILED"}
    project.monkeypatch.delenv("PROVIDER")
    assert lines(changes(project))[0] == "UC-001: BLOCKED -> IN_PROGRESS (item 1 passed)"


def test_a_command_compares_nothing(project: Project) -> None:
    """Only the session knows which run is its own."""
    decided(project)
    assert project.report()["changes"] == []


def test_a_run_that_is_not_stored_says_what_it_changed_too(project: Project) -> None:
    """Evidence that is safe in a journal is compared as evidence in the store is."""
    decided(project)

    def refuse(*args: object, **more: object) -> None:
        raise StorageError("the disk is full")

    project.monkeypatch.setenv("PROVIDER", "down")
    with project.monkeypatch.context() as patch:
        patch.setattr("pytest_readiness.store.sqlite.store.SQLiteStore.save", refuse)
        shown = lines(changes(project))
    assert shown == ["UC-001: IN_PROGRESS -> BLOCKED (item 1 failed)", "UC-001/1: COMPLETE -> FAILING (failed)"]
    assert len(project.journals) == 1


@pytest.mark.parametrize("more", [(), XDIST])
def test_only_what_the_run_touched_is_compared(project: Project, more: tuple[str, ...]) -> None:
    """Another use case that expired meanwhile, or was decided on, is no change by this run."""
    project.configured(CONFIG + REVIEW, TRACKER).tests(
        """
        @evidence("UC-001", item=1)
        def test_first(): pass

        @evidence("UC-002", item=1)
        def test_second(): pass
        """
    )
    record(project)
    assert project.cli("block", "UC-002", "--reason", "x", "--by", "ana@example.com").exit_code == 0
    assert changes(project, "-k", "first", *more) == []


def test_what_a_run_replaced_is_what_it_is_compared_with(project: Project) -> None:
    """Each run is compared with the newest evidence before it, and not with the first."""
    decided(project)
    for setting, expected in (("down", 2), ("down", 0), ("up", 2), ("up", 0)):
        project.monkeypatch.setenv("PROVIDER", setting)
        assert len(changes(project)) == expected


def test_a_bundle_of_such_a_session_can_be_merged(project: Project) -> None:
    """The report of a bundle is derived from its contents alone, and has no changes."""
    decided(project)
    project.monkeypatch.setenv("PROVIDER", "down")
    assert changes(project)
    assert project.cli("bundle", "-o", "b.zip").exit_code == 0
    other = project.path / "other"
    other.mkdir()
    (other / "readiness.toml").write_text(CONFIG.replace('tracker = "', 'tracker = "../'))
    merged = project.cli("--config", str(other / "readiness.toml"), "merge", "b.zip")
    assert (merged.exit_code, merged.stderr) == (0, "")
