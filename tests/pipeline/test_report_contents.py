"""Contents of a report by format: each has what it shows, and nothing that only another one shows."""

from __future__ import annotations

import pytest

from pytest_readiness.pipeline.evaluate_project import EvaluationRequest
from pytest_readiness.pipeline.report_contents import evaluate_for
from pytest_readiness.views.output_formats import FORMATS
from pytest_readiness.views.report import SourceLocations
from tests.pipeline.test_evaluate_project import Site
from tests.pipeline.test_unseen_failures import store_run


@pytest.mark.parametrize("name", [None, *FORMATS])
def test_a_format_has_what_it_shows(tmp_path, name: str | None) -> None:
    """JSON has all failed runs in the basis of a review, CSV the register, the page its contents, GitLab the places."""
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "service"
    folder.mkdir()
    site = Site(folder)
    for at, result in enumerate(("FAILED", "FAILED", "PASSED"), 1):
        store_run(site, result, at)
    report = evaluate_for(site.project, EvaluationRequest(), FORMATS[name] if name else None)
    (use_case,) = report.readiness.use_cases
    assert len(use_case.basis.failed_runs) == (2 if name == "json" else 0)
    assert len(list(report.evidence_register)) == (3 if name == "csv" else 0)
    assert (report.page is not None) == (name == "html")
    assert (report.locations.config != SourceLocations().config) == (name == "gitlab-codequality")
