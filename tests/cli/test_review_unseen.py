"""What the index is asked of for reviews: failures behind newer passes, and what a reviewer could not see of them."""

from __future__ import annotations

import pytest

from tests.cli.test_review_suspect import HELD, ONE, SUSPECT, TRACE, sign, why
from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, REVIEW, commit, record, repository, status, told

pytestmark = pytest.mark.slow

PLACED = """
@evidence("UC-001", item=1)
def test_placed(record_evidence):
    record_evidence.scope(environment="staging", provider_mode="sandbox")
    assert os.environ.get("PLACED", "up") == "up"
"""
"""It says all of where it ran: what it was then takes the place of a failure in every answer about now."""


def fails_and_passes(project: Project) -> str:
    """Record a run in which the placed test fails, and one in which it passes; return the id of the first."""
    project.monkeypatch.setenv("PLACED", "down")
    record(project)
    (failed,) = {
        str(piece["id"]).partition(".")[0] for piece in project.evidence("UC-001") if piece["result"] == "FAILED"
    }
    project.monkeypatch.delenv("PLACED")
    record(project)
    return failed


def gate(project: Project) -> int:
    """Exit code of the gate."""
    return project.cli("gate", "UC-001").exit_code


def test_a_failure_behind_a_newer_pass_makes_suspect(project: Project) -> None:
    """Of a test that says where it ran, too: the report and the gate know of it though the newest run is fine."""
    project.configured(CONFIG + REVIEW).tests(PLACED + TRACE)
    record(project)
    sign(project)
    record(project)
    assert (status(project), gate(project)) == (HELD, 0)
    fails_and_passes(project)
    assert set(project.states("UC-001").values()) == {"COMPLETE"}
    assert (status(project), gate(project)) == (SUSPECT, 1)
    assert "test_placed FAILED" in why(project)


def test_a_review_names_the_runs_that_had_failed_behind_newer_passes(project: Project) -> None:
    """Who signs after a failure that a pass hides knew of that run: what is signed names it, and nothing is suspect."""
    project.configured(CONFIG + REVIEW).tests(PLACED + TRACE)
    failed = fails_and_passes(project)
    assert told(project)["review"]["basis"]["failed_runs"] == [failed]
    sign(project)
    assert (status(project), gate(project)) == (HELD, 0)


def test_signed_files_without_any_store(project: Project) -> None:
    """In a clone that has the decisions and no evidence the report tells that nothing is there, and the gate is closed."""
    config = CONFIG.replace("[environments", 'decisions = "decisions"\n\n[environments', 1) + REVIEW
    repository(project.configured(config).tests(ONE + TRACE))
    record(project)
    sign(project)
    commit(project, by=ANA)
    assert (status(project), gate(project)) == (HELD, 0)
    (project.path / ".readiness" / "evidence.db").unlink()
    assert set(project.states("UC-001").values()) == {"MISSING"}
    assert gate(project) == 1
