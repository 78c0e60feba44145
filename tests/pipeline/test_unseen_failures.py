"""Failures behind newer passes that reviewers could not see: of one release, and the newest of several."""

from __future__ import annotations

import pytest

from pytest_readiness.facts.decision import Review
from pytest_readiness.pipeline.evaluate_project import EvaluationRequest, evaluate_with_facts
from pytest_readiness.pipeline.unseen_failures import UnseenFailures
from tests.pipeline.test_evaluate_project import CONFIG, READY, SUSPECT, Site
from tests.store import runs
from tests.store.runs import moment

REQUIRED = CONFIG + '[gate]\nrelease = "required"\n'


@pytest.fixture
def site(tmp_path) -> Site:
    """Return an empty site."""
    return Site(tmp_path)


def store_run(site, result, at, number=None, **head):
    """Store a run of a test that names its whole scope: its newest execution hides earlier ones."""
    scope = {"environment_by": "scope", "provider_mode": "live", "provider_mode_by": "scope"}
    piece = runs.finished("test_a.py::test_a", runs.claim(environment="staging", **scope), result=result, at=at)
    digest = site.project.requirements.digest
    site.store_runs(runs.run(at if number is None else number, piece, at=at, requirements=digest, **head))


def approved(site) -> Review:
    """Return the stored approval."""
    (review,) = evaluate_with_facts(site.project, EvaluationRequest()).facts.decisions
    return review


def test_a_failure_for_another_release_hides_none_of_the_one_that_is_judged(site):
    """The newest failure for the evaluated release counts, whatever failed for other releases since."""
    site.configure(REQUIRED)
    store_run(site, "PASSED", 1, release="1.4")
    site.approve(2, release="1.4")
    store_run(site, "FAILED", 3, release="1.5")
    store_run(site, "FAILED", 4, release="1.3")
    store_run(site, "PASSED", 5, release="1.4")
    assert site.status(release="1.4") == READY
    store_run(site, "FAILED", 6, release="1.4")
    store_run(site, "FAILED", 7, release="1.5")
    store_run(site, "PASSED", 8, release="1.4")
    assert site.status(release="1.4") == SUSPECT


def test_an_older_failure_that_is_excused_hides_no_newer_one(site):
    """The newest unseen failure counts: not a late one from before the approval, nor a known one."""
    store_run(site, "FAILED", 1)
    store_run(site, "PASSED", 3)
    site.approve(4)
    store_run(site, "FAILED", 2, number=99)
    store_run(site, "PASSED", 5)
    assert site.status() == READY
    store_run(site, "FAILED", 6)
    store_run(site, "PASSED", 7)
    assert site.status() == SUSPECT


def test_runs_that_failed_count_from_after_a_moment(site):
    """Failed runs count only after the given moment, and only for use cases that could be signed."""
    store_run(site, "PASSED", 1)
    site.approve(2)
    store_run(site, "FAILED", 4)
    store = site.project.store()
    review = approved(site)
    failed_runs = [
        UnseenFailures(store, "payments", [review], to).runs
        for to in ({"UC-001": moment(3)}, {"UC-001": moment(4)}, {})
    ]
    store.close()
    assert failed_runs == [{"UC-001": {runs.run_id(4)}}, {}, {}]
