"""Contents of the page: lines of store and journals, artifacts that are what was recorded, the burn-up."""

from __future__ import annotations

import json

import pytest

from pytest_readiness.facts.ledger.line import line_digest
from pytest_readiness.pipeline import page_contents
from pytest_readiness.pipeline.evaluate_project import EvaluationRequest, evaluate_project
from pytest_readiness.pipeline.project import find_project
from pytest_readiness.views.page_material import PageMaterial, line_key
from pytest_readiness.views.report import Report
from tests.project import Project
from tests.reviewed_project import approve, decided, record

TESTS = """
@evidence("UC-001", item=1)
@evidence("UC-002", item=1)
def test_provider(record_evidence):
    record_evidence.attach("HTTP/2 200", name="answer.txt")
    record_evidence.attach(b"\\x00" * 20_000, name="dump.bin", media_type="application/octet-stream")
    record_evidence.attach("as it is", name="raw.txt", raw=True)
"""


def contents(project: Project, at: str | None = None) -> tuple[Report, PageMaterial]:
    """The report of the project, and the contents of its page."""
    location = find_project(project.path)
    request = EvaluationRequest(at=at)
    report = page_contents.with_page(location, evaluate_project(location, request), request)
    assert report.page is not None
    return report, report.page


def test_every_shown_piece_has_its_line(project: Project) -> None:
    """The lines are those of the store, and two claims of one test have one line."""
    project.configured().tests(TESTS)
    project.run()
    report, page = contents(project)
    pieces = [piece for row in report.readiness.use_cases for req in row.requirements for piece in req.evidence]
    assert {piece.uc for piece in pieces} == {"UC-001", "UC-002"}
    assert page.lines.keys() == {line_key(piece) for piece in pieces}
    (line,) = page.lines.values()
    assert json.loads(line)["result"] == "PASSED"
    store = found_store(project)
    (stored,) = [text for _, text in store.lines(pieces[0].run_id, [pieces[0].seq])]
    store.close()
    assert line_digest(stored) == line_digest(line)


def found_store(project: Project):
    """The open store of a project."""
    store = find_project(project.path).store()
    assert store is not None
    return store


def test_lines_of_a_run_that_is_only_in_a_journal(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence that no store has yet is shown, and its line is too."""
    project.configured().tests(TESTS)
    project.run("--readiness-store=sqlite:////dev/null/no.db")
    _, page = contents(project)
    assert len(page.lines) == 1


def test_only_small_searched_and_unchanged_artifacts_are_in_the_page(project: Project) -> None:
    """Of the others the page knows why not."""
    project.configured().tests(TESTS)
    project.run()
    report, page = contents(project)
    artifacts = {
        artifact.name: page.artifacts[artifact.sha256]
        for row in report.readiness.use_cases
        for req in row.requirements
        for piece in req.evidence
        for artifact in piece.artifacts
    }
    assert artifacts["answer.txt"].content == b"HTTP/2 200"
    assert "too large" in artifacts["dump.bin"].omitted
    assert "not searched for secrets" in artifacts["raw.txt"].omitted
    (path,) = [path for path in project.artifacts if path.read_bytes() == b"HTTP/2 200"]
    path.write_bytes(b"HTTP/2 500")
    _, page = contents(project)
    changed = page.artifacts[path.name]
    assert (changed.content, "another digest" in changed.omitted) == (b"", True)
    path.unlink()
    _, page = contents(project)
    assert "there is no such file" in page.artifacts[path.name].omitted


def test_the_burn_up_is_that_of_the_history(project: Project) -> None:
    """Ready after a review, and demoted by a failure: the page's numbers are those of `readiness history`."""
    decided(project)
    approve(project)
    _, page = contents(project)
    assert page.burn_up
    assert (page.burn_up.points[-1].ready, page.burn_up.demotions) == (1, ())
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project)
    report, page = contents(project)
    assert page.burn_up
    (demotion,) = page.burn_up.demotions
    assert (demotion.use_case, demotion.to_status) == ("UC-001", "BLOCKED")
    last = page.burn_up.points[-1]
    assert last.at <= report.readiness.at
    assert last.done == sum(row.done for row in report.readiness.use_cases)
    assert "demoted" in project.cli("history", "UC-001").stdout


def test_a_history_that_is_too_long_is_left_out(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says so instead of taking minutes."""
    project.configured().tests(TESTS)
    project.run()
    monkeypatch.setattr(page_contents, "REPLAYED_EVENTS", 0)
    _, page = contents(project)
    assert page.burn_up is None
    assert "too long" in page.no_burn_up
