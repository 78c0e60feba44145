"""Which failures behind newer passes are looked at: of which release, and which of several."""

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


def keep(site, result, at, number=None, **head):
    """Keep a run of a test that says all of where it runs: its newest execution hides those before."""
    said = {"environment_by": "scope", "provider_mode": "live", "provider_mode_by": "scope"}
    piece = runs.finished("test_a.py::test_a", runs.claim(environment="staging", **said), result=result, at=at)
    digest = site.place.requirements.digest
    site.keep(runs.run(at if number is None else number, piece, at=at, requirements=digest, **head))


def approved(site) -> Review:
    """Return the approval that was kept."""
    (review,) = evaluate_with_facts(site.place, EvaluationRequest()).facts.decisions
    return review


def test_a_failure_for_another_release_hides_none_of_the_one_that_is_judged(site):
    """Of a release that is asked for, the newest failure for it is looked at, whatever failed for others since."""
    site.configure(REQUIRED)
    keep(site, "PASSED", 1, release="1.4")
    site.approve(2, release="1.4")
    keep(site, "FAILED", 3, release="1.5")
    keep(site, "FAILED", 4, release="1.3")
    keep(site, "PASSED", 5, release="1.4")
    assert site.status(release="1.4") == READY
    keep(site, "FAILED", 6, release="1.4")
    keep(site, "FAILED", 7, release="1.5")
    keep(site, "PASSED", 8, release="1.4")
    assert site.status(release="1.4") == SUSPECT


def test_an_older_failure_that_is_excused_hides_no_newer_one(site):
    """Of what nobody saw the newest counts: not a late one from before what was signed, nor one that was known."""
    keep(site, "FAILED", 1)
    keep(site, "PASSED", 3)
    site.approve(4)
    keep(site, "FAILED", 2, number=99)
    keep(site, "PASSED", 5)
    assert site.status() == READY
    keep(site, "FAILED", 6)
    keep(site, "PASSED", 7)
    assert site.status() == SUSPECT


def test_runs_that_failed_count_from_after_a_moment(site):
    """What failed at that moment is as old as what matters no more; of use cases that nobody signs nothing is told."""
    keep(site, "PASSED", 1)
    site.approve(2)
    keep(site, "FAILED", 4)
    store = site.place.store()
    review = approved(site)
    found = [
        UnseenFailures(store, "payments", [review], to).runs
        for to in ({"UC-001": moment(3)}, {"UC-001": moment(4)}, {})
    ]
    store.close()
    assert found == [{"UC-001": {runs.run_id(4)}}, {}, {}]
