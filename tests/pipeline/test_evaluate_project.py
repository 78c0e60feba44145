"""Evaluation of a store, for now and for the past."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from pytest_readiness.errors import ConfigError
from pytest_readiness.facts.decision import Blocker, IdentityLevel, Review, ReviewMeaning, RunRetirement
from pytest_readiness.pipeline.evaluate_project import (
    EvaluationRequest,
    evaluate_project,
    evaluate_with_facts,
    find_project,
)
from pytest_readiness.pipeline.history import use_case_history
from pytest_readiness.views.document import to_document
from tests.store import runs
from tests.store.runs import claim, finished, moment

CONFIG = """
register = "payments"
[environments.staging]
real = true
[items.1]
title = "it works"
[use_cases.UC-001]
owner = "team@example.com"
[review]
reviewers = ["qa@example.com"]
"""
TEST = "test_a.py::test_a"


def ran(result="PASSED", at=0, number=None, **head):
    """Return a sealed run with one execution."""
    piece = finished(TEST, claim(environment="staging"), result=result, at=at)
    return runs.run(at if number is None else number, piece, at=at, **head)


class Site:
    """A folder with a config and a store."""

    def __init__(self, path):
        """Write the config."""
        self.path = path
        self.configure(CONFIG)

    def configure(self, text):
        """Replace the config."""
        (self.path / "readiness.toml").write_text(text, encoding="utf-8")
        self.project = find_project(self.path)

    def store_runs(self, *sealed):
        """Store runs."""
        store = self.project.store(create=True)
        store.save(sealed, [self.project.requirements])
        store.close()

    def run(self, result="PASSED", at=0, **head):
        """Store a run with one execution under the requirements in force."""
        self.store_runs(ran(result, at, requirements=self.project.requirements.digest, **head))

    def decide(self, *decisions):
        """Store decisions made under the requirements in force."""
        store = self.project.store(create=True)
        digest = self.project.requirements.digest
        store.decide(
            [replace(decision, requirements_digest=digest) for decision in decisions], [self.project.requirements]
        )
        store.close()

    def approve(self, at, release=None):
        """Store an approval of the current evidence, for a release or for none."""
        readiness = evaluate_with_facts(self.project, EvaluationRequest(release=release)).report.readiness.use_cases[0]
        fields = {"meaning": ReviewMeaning.APPROVED_FOR_GO_LIVE, "known_by": IdentityLevel.CI, "by": "qa@example.com"}
        signed = {"basis": readiness.basis, "release": release}
        self.decide(Review(register="payments", at=moment(at), use_case="UC-001", **signed, **fields))

    def status(self, **request):
        """Return status, phase and state of the review."""
        readiness = evaluate_project(self.project, EvaluationRequest(**request)).readiness.use_cases[0]
        return readiness.status.value, readiness.phase and readiness.phase.value, readiness.review.state.value


READY = ("READY_FOR_GO_LIVE", None, "CURRENT")
SUSPECT = ("IN_PROGRESS", "REVIEW_SUSPECT", "SUSPECT")
WAITING = ("IN_PROGRESS", "AWAITING_REVIEW", "NONE")


@pytest.fixture
def site(tmp_path):
    """Return an empty site."""
    return Site(tmp_path)


def test_a_review_in_the_store(site):
    """An approval in the store makes READY, a failure that newer passes hide makes it suspect."""
    site.run(at=1)
    assert site.status() == WAITING
    site.approve(2)
    assert site.status() == READY
    site.run(at=3)
    assert site.status() == READY
    site.run("FAILED", at=4)
    assert site.status() == ("BLOCKED", None, "SUSPECT")
    site.run(at=5)
    site.run(at=6)
    assert site.status() == SUSPECT
    site.approve(7)
    assert site.status() == READY


def test_who_recorded_it_is_known_from_the_run(site):
    """The actor of the run that recorded the evidence cannot approve it."""
    site.run(at=1, actor="QA@example.com")
    site.approve(2)
    assert site.status() == WAITING


def test_people_join_names(site):
    """The names of [people] are one person's, and are part of the requirements in force."""
    before = site.project.requirements.digest
    site.configure(CONFIG + '[people."qa@example.com"]\nalso = ["ada"]\n')
    assert site.project.requirements.digest != before
    site.run(at=1)
    site.approve(2)
    assert site.status() == WAITING


def test_pinned_evidence_that_is_not_in_the_store(site):
    """An approval of evidence that the store lacks is suspect until a newer pass of the test stands for it."""
    site.run(at=1)
    site.approve(2)
    evaluated = evaluate_with_facts(site.project, EvaluationRequest())
    (review,) = evaluated.facts.decisions
    (site.path / ".readiness" / "evidence.db").unlink()
    site.decide(review)
    site.run(at=0)
    assert site.status() == SUSPECT
    site.run(at=3)
    assert site.status() == READY


def test_a_run_that_was_set_aside_and_is_not_in_the_store(site):
    """A retirement of a run that is not stored is void and reported; the stored evidence counts."""
    site.run(at=1)
    fields = {"register": "payments", "by": "qa@example.com", "known_by": IdentityLevel.CI, "reason": "broken"}
    site.decide(RunRetirement(at=moment(2), run_id=runs.run_id(7), **fields))
    report = evaluate_project(site.project, EvaluationRequest())
    assert (
        f"the retirement of run {runs.run_id(7)} does not hold: there is no such run in the store"
        in report.context.notes
    )
    assert site.status() == WAITING


def test_a_moment_in_the_past(site):
    """A report of a past moment knows only what had ended and had been decided by then."""
    site.run(at=1)
    site.approve(2)
    site.run("FAILED", at=4)
    site.run(at=6)
    expected = {0: ("NOT_STARTED", None, "NONE"), 1: WAITING, 3: READY, 5: ("BLOCKED", None, "SUSPECT"), 7: SUSPECT}
    assert {at: site.status(at=moment(at)) for at in expected} == expected


def test_a_run_that_had_not_ended_is_not_known(site):
    """In the past, evidence counts from the end of its run, even if it started before."""
    piece = finished(TEST, claim(environment="staging"), at=1)
    site.store_runs(runs.run(1, piece, at=1, seal={"finished_at": moment(9)}))
    assert site.status(at=moment(5)) == ("NOT_STARTED", None, "NONE")
    assert site.status(at=moment(9)) == WAITING


def test_a_moment_is_judged_by_what_was_in_force_then(site):
    """A report of a past moment has the requirements of that moment, and their digest."""
    site.run(at=1)
    then = site.project.requirements.digest
    site.configure(CONFIG + '[items.2]\ntitle = "it is fast"\n')
    site.run(at=5)
    past, now = (
        evaluate_project(site.project, EvaluationRequest(at=moment(3))),
        evaluate_project(site.project, EvaluationRequest()),
    )
    assert [len(report.readiness.use_cases[0].required) for report in (past, now)] == [1, 2]
    assert (past.context.requirements_digest, past.context.generated_at) == (then, moment(3))
    assert past.readiness.use_cases[0].use_case.owner == "team@example.com"
    assert now.context.requirements_digest == site.project.requirements.digest != then


def test_history(site):
    """The history of a use case has each change at the moment it was known, under the requirements of then."""
    site.run(at=1)
    site.approve(2)
    site.run("FAILED", at=4)
    site.run(at=6)
    site.decide(Blocker(register="payments", at=moment(7), by="ops", use_case="UC-001", reason="incident"))
    history = use_case_history(site.project, "uc-001")
    assert [(change.at, change.to_phase or change.to_status) for change in history.changes] == [
        (moment(1), "AWAITING_REVIEW"),
        (moment(2), "READY_FOR_GO_LIVE"),
        (moment(4), "BLOCKED"),
        (moment(6), "REVIEW_SUSPECT"),
        (moment(7), "BLOCKED"),
    ]
    assert history.changes[-1].cause == "ops blocked it: incident"
    assert history.status_since == moment(7)
    assert use_case_history(site.project, "UC-001", EvaluationRequest(at=moment(3))).status_since == moment(2)


def test_history_of_a_use_case_that_left_the_register(site):
    """A use case that left the register has a history while its evidence exists; an unknown one is an error."""
    site.run(at=1)
    site.configure(CONFIG.replace("UC-001", "UC-002"))
    assert [change.to_status for change in use_case_history(site.project, "UC-001").changes] == ["IN_PROGRESS"]
    with pytest.raises(Exception, match="UC-009"):
        use_case_history(site.project, "UC-009")


class TestRelease:
    """Only what was made for the evaluated release counts."""

    REQUIRED = CONFIG + '[gate]\nrelease = "required"\n'

    def test_only_that_release(self, site):
        """Evidence for the release counts even if a newer run was for another; without a release none counts."""
        site.configure(self.REQUIRED)
        site.run(at=1, release="1.4")
        site.run("FAILED", at=2, release="1.3")
        site.run(at=3, release="1.3")
        assert site.status(release="1.4") == WAITING
        report = evaluate_project(site.project, EvaluationRequest())
        need = report.readiness.use_cases[0].required[0]
        assert (need.state, "release 1.3" in need.why) == ("MISSING", True)
        assert "release" in [rule.rule for rule in report.verdict.rules if not rule.passed]
        assert site.status(release="1.5")[1] == "COLLECTING"

    def test_from_the_environment(self, site, monkeypatch):
        """The release can be named by READINESS_RELEASE."""
        site.configure(self.REQUIRED)
        site.run(at=1, release="1.4")
        monkeypatch.setenv("READINESS_RELEASE", "1.4")
        assert site.status() == WAITING
        assert evaluate_project(site.project, EvaluationRequest()).context.release == "1.4"


class TestNoRegression:
    """Nothing may be worse than in an earlier report."""

    def before(self, site):
        """Return the document of the report of now."""
        return json.loads(json.dumps(to_document(evaluate_project(site.project, EvaluationRequest()))))

    def test_ratchet(self, site):
        """The gate passes what is no worse than before though not eligible, and nothing that is worse."""
        site.run(at=1)
        before = self.before(site)
        same = evaluate_project(site.project, EvaluationRequest(no_regression=before)).verdict
        assert (same.eligible, same.passes) == (False, True)
        site.run("FAILED", at=2)
        worse = evaluate_project(site.project, EvaluationRequest(no_regression=before)).verdict
        assert (worse.passes, worse.regression.passed) == (False, False)
        assert "was COMPLETE and is FAILING" in worse.regression.detail
        assert evaluate_project(site.project, EvaluationRequest()).verdict.passes is False

    @pytest.mark.parametrize("document", [{}, [], {"schema": "readiness/report/v1"}, "text"])
    def test_no_report(self, site, document):
        """A document that is not a JSON report is an error."""
        with pytest.raises(ConfigError, match="JSON report"):
            evaluate_project(site.project, EvaluationRequest(no_regression=document))

    def test_other_report(self, site):
        """A report of another register is an error, and one without the use cases in scope passes nothing."""
        before = self.before(site)
        with pytest.raises(ConfigError, match="register"):
            evaluate_project(
                site.project,
                EvaluationRequest(no_regression={**before, "context": {**before["context"], "register": "x"}}),
            )
        assert (
            evaluate_project(site.project, EvaluationRequest(no_regression={**before, "use_cases": []})).verdict.passes
            is False
        )

    def test_unsound(self, site):
        """If the store is not intact, no regression is not enough."""
        before = self.before(site)
        verdict = evaluate_project(
            site.project, EvaluationRequest(no_regression=before, problems=("disk full",))
        ).verdict
        assert (verdict.regression.passed, verdict.passes) == (True, False)


def test_waivers_of_the_door(site):
    """The option for waivers replaces the config's value, and is reported as weaker than its default."""
    assert evaluate_project(site.project, EvaluationRequest(waivers="accept")).verdict.weaker
    assert not evaluate_project(site.project, EvaluationRequest()).verdict.weaker
