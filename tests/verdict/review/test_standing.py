"""Standing of approvals: the cases that make one suspect, and the nearest that do not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_readiness.facts.decision import IdentityLevel
from pytest_readiness.facts.evidence import Result
from pytest_readiness.facts.run_conditions import RunConditions
from pytest_readiness.verdict.inputs import RunOrigin
from pytest_readiness.verdict.people import People
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.requirement.execution_ledger import scope_of
from pytest_readiness.verdict.review.standing import newest_approvals, pinned_ids, starts_of
from tests.verdict.judging import CATALOGUE, FAILED, IDLE, INTERRUPTED, NOW, UC, complete, days_ago, ran
from tests.verdict.people import (
    CI,
    LEAD,
    ORIGINS,
    REVIEWED,
    SECOND,
    approval,
    judged,
    rejection,
    retirement,
    waiver,
)

OLD = complete(days=2)
"""What is signed half a day ago."""
AGAIN = complete(days=0.1)
ASSERTED = [*(execution for execution in OLD if execution.item != "4"), ran(days=2)]
FLAKY = [*(execution for execution in OLD if execution.item != "4"), ran(days=2, attempts=2, proofs=("trace",))]
NAMED = (f"{UC}/4",)


def after(*evidence, **facts):
    """Judge what was signed half a day ago, with what came since."""
    result = judged([*OLD, *evidence], [approval(OLD)], **facts)
    return result.status, result.phase, result.review.state


READY = ("READY_FOR_GO_LIVE", None, "CURRENT")
SUSPECT = ("IN_PROGRESS", "REVIEW_SUSPECT", "SUSPECT")
COLLECTING = ("IN_PROGRESS", "COLLECTING", "CURRENT")
BLOCKED = ("BLOCKED", None, "SUSPECT")


def newer(result, days=0.3, **more):
    """Return one execution of the trace test since the review."""
    return ran(result, days=days, **more)


def passed(days=0.2, **more):
    """Return a newer pass of the trace test with its proof."""
    return ran(days=days, proofs=("trace",), **more)


def test_who_signs_a_report_saw_no_more_than_the_report():
    """A failure of a test that is not pinned, after the report and before it was signed, makes the sign-off suspect."""
    between = ran(Result.FAILED, days=0.7, test="test_other.py::test_other", run_id="red", id="red.1.1")
    every = [*OLD, between, ran(days=0.6, test="test_other.py::test_other", proofs=("trace",))]
    seen, unseen = approval(every), approval(OLD)
    assert (seen.basis.failed_runs, unseen.basis.failed_runs) == (("red",), ())
    assert judged(every, [seen]).review.state == "CURRENT"
    assert judged(every, [replace(unseen, seen_at=days_ago(0.8))]).review.state == "SUSPECT"
    assert judged(every, [replace(seen, seen_at=days_ago(0.8))]).review.state == "SUSPECT"


class TestUnseen:
    """Failures of runs that the reviewer did not know, though they started before the review."""

    LATE = ran(FAILED, days=1, test="late", run_id="late", id="late.1.1")
    MENDED = ran(days=0.9, test="late", proofs=("trace",), run_id="later", id="later.1.1")

    def state(self, *more, signed=OLD, **facts):
        """Return the state of the review of what was signed, once more is known."""
        return judged([*signed, *more], [approval(signed)], **facts).review.state

    def test_it_arrives_after_the_review(self):
        """It makes the review suspect, in the evidence or only in what the store knows; one that was known does not."""
        assert self.state(self.LATE, self.MENDED) == "SUSPECT"
        assert self.state(self.MENDED, adverse=[self.LATE]) == "SUSPECT"
        assert self.state(signed=[*OLD, self.LATE, self.MENDED]) == "CURRENT"
        recorded = approval([*OLD, self.MENDED], failed_runs={UC: {"late"}})
        assert recorded.basis.failed_runs == ("late",)
        assert judged([*OLD, self.MENDED], [recorded], adverse=[self.LATE]).review.state == "CURRENT"

    def test_a_pinned_pass_that_started_after_it_excuses_it(self):
        """Of the same test, environment and mode; one in another place, or of another test, does not."""
        before = replace(self.LATE, started_at=days_ago(3))
        assert self.state(before, signed=[*OLD, self.MENDED]) == "CURRENT"
        for other in (
            {"environment": "prod"},
            {"provider_mode": "BYOK"},
            {"test_id": "other"},
            {"started_at": days_ago(0.95)},
        ):
            pinned = replace(self.MENDED, started_at=days_ago(0.98))
            assert self.state(replace(before, **other), pinned, signed=[*OLD, pinned]) == "SUSPECT", other

    def test_a_pinned_pass_of_the_same_moment_does_not_excuse_it(self):
        """Of equal starts the worse result wins: only a pass that started after the failure excuses it."""
        at_once = replace(self.LATE, started_at=self.MENDED.started_at)
        again = replace(self.MENDED, started_at=days_ago(0.1), run_id="again", id="again.1.1")
        assert self.state(at_once, again, signed=[*OLD, self.MENDED]) == "SUSPECT"

    def test_what_is_older_than_the_longest_age_matters_no_more(self):
        """A failure within the longest age of the items counts, an older one does not; without an age each does."""
        aged = {key: item for key, item in CATALOGUE.items.items() if item.max_age_days}
        catalogue = replace(CATALOGUE, items=aged)
        signed = [execution for execution in OLD if execution.item in aged]
        review = approval(signed, catalogue=catalogue)
        assert max(row.max_age_days for row in review.basis.requirements) == 180
        for days, state in ((180.4, "SUSPECT"), (180.6, "CURRENT")):
            old = [replace(self.LATE, started_at=days_ago(days)), self.MENDED]
            assert judged([*signed, *old], [review], catalogue=catalogue).review.state == state
            assert self.state(*old) == "SUSPECT"

    def test_an_open_run_is_not_known_yet(self):
        """What else fails in a run that was still open when it was signed, and had failed already, could not be seen."""
        recorded = [*OLD, self.LATE, self.MENDED]
        more = [ran(FAILED, days=0.6, test="second", run_id="late", id="late.2.1"), ran(days=0.3, test="second")]
        for open_runs, state in (({"late": (UC,)}, "SUSPECT"), ({}, "CURRENT")):
            review = approval(recorded, open_runs=open_runs)
            assert review.basis.failed_runs == (() if open_runs else ("late",))
            assert judged(recorded, [review]).review.state == "CURRENT"
            assert judged([*recorded, *more], [review]).review.state == state

    def test_a_failure_before_the_place_was_known(self):
        """One that ended before it stated where it ran is excused only if each place it could have meant passed after."""
        early = replace(self.LATE, environment=None, real=False)
        placed = replace(self.MENDED, environment_by="scope")
        signed = [replace(placed, environment=where, id=f"x{where}.1.1") for where in ("staging", "prod")]
        before = [replace(execution, started_at=days_ago(1.5), id=f"y{execution.id}") for execution in signed]
        every = [*OLD, *before, *signed]
        assert self.state(replace(early, started_at=days_ago(0.95)), signed=every) == "CURRENT"
        again = replace(placed, environment="prod", started_at=days_ago(0.1), id="z.1.1")
        assert self.state(early, again, signed=[*OLD, *before, signed[0]]) == "SUSPECT"


SAID = {"environment_by": "scope", "provider_mode_by": "scope"}
EVENTS = {
    "nothing": ((), READY),
    "the same tests passed again": (AGAIN, READY),
    "a failure": ((newer(FAILED),), BLOCKED),
    "a failure, then a pass": ((newer(FAILED), passed()), SUSPECT),
    "an error in another environment, then a pass": (
        (newer(FAILED, environment="prod"), passed(environment="prod")),
        SUSPECT,
    ),
    "a failure of a new test, then a pass": ((newer(FAILED, test="b"), passed(test="b")), SUSPECT),
    "a failed rehearsal": ((newer(FAILED, environment="dev"),), READY),
    "a failure that names no scope, then a pass": (
        (newer(FAILED, environment=None, claim_environment="staging"), passed()),
        SUSPECT,
    ),
    "a failure for another use case": ((newer(FAILED, uc="UC-004"),), READY),
    "a failure in an environment that is not required": (
        (newer(FAILED, item="2", environment="dev"), newer(FAILED, item="old")),
        READY,
    ),
    "a failure before what was signed": ((newer(FAILED, days=3),), READY),
    "a failure of a new test before the review, of which its reviewer did not know, then a pass": (
        (newer(FAILED, days=1, test="b"), passed(days=0.9, test="b")),
        SUSPECT,
    ),
    "a failure between what was signed and the review, then a pass": ((newer(FAILED, days=1), passed()), SUSPECT),
    "an interruption": ((newer(INTERRUPTED),), ("IN_PROGRESS", "COLLECTING", "SUSPECT")),
    "an interruption, then a pass": ((newer(INTERRUPTED), passed()), READY),
    "an interruption that names no scope, then a pass": (
        (newer(INTERRUPTED, environment=None, claim_environment="staging"), passed()),
        READY,
    ),
    "an interruption, a failure, then a pass": ((newer(INTERRUPTED), newer(FAILED, days=0.25), passed()), SUSPECT),
    "an interruption, an interruption, then a pass": (
        (newer(INTERRUPTED), newer(INTERRUPTED, days=0.25), passed()),
        READY,
    ),
    "an interruption, an interruption, a failure, then a pass": (
        (newer(INTERRUPTED), newer(INTERRUPTED, days=0.27), newer(FAILED, days=0.25), passed()),
        SUSPECT,
    ),
    **{f"only {result} since": ((newer(result),), READY) for result in IDLE},
    "a newly asserted requirement": ((newer(Result.PASSED),), SUSPECT),
    "a newly flaky requirement": ((passed(attempts=2),), SUSPECT),
}


@pytest.mark.parametrize(("evidence", "standing"), EVENTS.values(), ids=EVENTS)
def test_what_makes_an_approval_suspect(evidence, standing):
    """Each adverse event makes an approval suspect though a pass may follow, and nothing else does."""
    assert after(*evidence) == standing


def test_adverse_events_that_newer_executions_hide():
    """What only the store still knows makes an approval suspect; a rehearsal and what is not required do not."""
    hidden = newer(FAILED)
    assert after(*AGAIN, adverse=[hidden]) == SUSPECT
    assert after(*AGAIN, adverse=[newer(INTERRUPTED, **SAID)]) == SUSPECT
    assert after(*AGAIN, adverse=[newer(FAILED, environment="dev")]) == READY
    assert after(*AGAIN, adverse=[replace(hidden, item="old")]) == READY
    assert after(*AGAIN, adverse=[replace(hidden, register="other")]) == READY
    assert after(*AGAIN, adverse=[newer(FAILED, days=3)]) == READY


def test_stale_and_missing_leave_a_review_as_it_is():
    """While a requirement is stale or missing the use case is COLLECTING; the review holds again once that is mended."""
    signed = complete(days=29.9)
    review = approval(signed, days=29.8)
    assert judged(signed, [review]).status == "READY_FOR_GO_LIVE"
    later = days_ago(-1)
    stale = judged(signed, [review], now=later)
    assert (stale.status, stale.phase, stale.review.state) == COLLECTING
    mended = judged([*signed, *complete(days=0)], [review], now=later)
    assert (mended.status, mended.review.state) == ("READY_FOR_GO_LIVE", "CURRENT")


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({"title": "another", "owner": "another", "declared_status": "BLOCKED", "notes": "x"}, "CURRENT"),
        ({"environments": ("staging",)}, "SUSPECT"),
        ({"drills": ("failover",)}, "SUSPECT"),
        ({"not_applicable": (("7", "no"),)}, "SUSPECT"),
    ],
)
def test_changed_requirements(row, state):
    """A change of what is required makes an approval suspect, and says which; what a row only tells does not."""
    changed = replace(CATALOGUE, use_cases={UC: replace(CATALOGUE.use_cases[UC], **row)})
    result = judged(OLD, [approval(OLD)], catalogue=changed).review
    assert result.state == state
    assert bool(result.why) is (state == "SUSPECT")


def test_changed_requirements_are_told_by_name():
    """What was added and what was removed is named; another text of an item is told as a change of what is asked."""
    fewer = replace(CATALOGUE, use_cases={UC: replace(CATALOGUE.use_cases[UC], environments=("staging",))})
    assert judged(OLD, [approval(OLD)], catalogue=fewer).review.why == (
        f"no longer required: {UC}/2/prod, {UC}/3/prod",
    )
    assert judged(OLD, [approval(OLD, catalogue=fewer)]).review.why == (f"now also required: {UC}/2/prod, {UC}/3/prod",)
    reworded = {**CATALOGUE.items, "4": replace(CATALOGUE.items["4"], title="anything")}
    assert judged(OLD, [approval(OLD)], catalogue=replace(CATALOGUE, items=reworded)).review.why == (
        "what its requirements ask for (items, scopes or environments) changed",
    )


@pytest.mark.parametrize(("evidence", "setting"), [(ASSERTED, "asserted"), (FLAKY, "flaky")])
def test_asserted_and_flaky_are_acknowledged_by_name(evidence, setting):
    """An approval is current where it names what is asserted or flaky, or the policy accepts that; else suspect."""
    assert judged(evidence, [approval(evidence, acknowledged=NAMED)]).status == "READY_FOR_GO_LIVE"
    unnamed = judged(evidence, [approval(evidence)])
    assert (unnamed.status, unnamed.phase) == ("IN_PROGRESS", "REVIEW_SUSPECT")
    assert f"{UC}/4" in unnamed.review.why[0]
    accepts = replace(REVIEWED, **{setting: "accept"})
    assert judged(evidence, [approval(evidence, policy=accepts)], accepts).status == "READY_FOR_GO_LIVE"
    refuses = replace(REVIEWED, **{setting: "refuse"})
    refused = judged(evidence, [approval(evidence, policy=refuses, acknowledged=NAMED)], refuses)
    assert (refused.status, refused.phase) == ("IN_PROGRESS", "COLLECTING")


def test_an_acknowledgement_is_of_the_state_that_was_seen():
    """What was acknowledged as asserted and is flaky now, or as flaky and is asserted now, has to be named anew."""
    asserted = approval(ASSERTED, acknowledged=NAMED)
    assert judged([*ASSERTED, ran(days=0.1)], [asserted]).review.state == "CURRENT"
    assert judged([*ASSERTED, ran(days=0.1, attempts=2)], [asserted]).review.state == "SUSPECT"
    flaky = approval(FLAKY, acknowledged=NAMED)
    assert judged([*FLAKY, passed()], [flaky]).review.state == "CURRENT"
    assert judged([*FLAKY, ran(days=0.1)], [flaky]).review.state == "SUSPECT"


def test_an_approval_in_advance_is_none():
    """An approval of requirements that were missing, or that names no evidence, never becomes current."""
    early = approval([], days=3)
    result = judged(OLD, [early])
    assert (result.status, result.review.state) == ("IN_PROGRESS", "SUSPECT")
    assert "was MISSING when it was signed" in result.review.why[0]
    full = approval(OLD).basis
    bare = replace(full, requirements=tuple(replace(row, pins=()) for row in full.requirements))
    assert judged(OLD, [approval(OLD, basis=bare)]).review.state == "SUSPECT"
    nothing = replace(full, requirements=())
    assert judged(OLD, [approval(OLD, basis=nothing)]).review.state == "SUSPECT"


class TestLost:
    """Pinned evidence that the store lacks."""

    PIN = next(execution for execution in OLD if execution.item == "4")

    def state(self, *evidence):
        """Return the state of the review where the store lacks the pinned trace."""
        recorded = [*(execution for execution in OLD if execution is not self.PIN), *evidence]
        return judged(recorded, [approval(OLD)], missing={self.PIN.id}).review.state

    def test_lost(self):
        """An approval is suspect if the store lacks its evidence."""
        assert self.state(self.PIN) == "SUSPECT"
        assert judged(OLD, [approval(OLD)], missing={"run.9999.1"}).review.state == "CURRENT"

    def test_stood_in_for(self):
        """A newer pass of the same test in the same place with the same kinds of proof stands for it, no other does."""
        assert self.state(passed()) == "CURRENT"
        assert self.state(passed(test="b")) == self.state(passed(test="z")) == "SUSPECT"
        assert self.state(passed(environment="prod")) == "SUSPECT"
        assert self.state(passed(days=2.5)) == "SUSPECT"


def test_only_of_an_interruption_it_is_told_that_its_test_did_not_pass_next():
    """What makes suspect is told with how it ended; that no pass followed at once is asked of interruptions alone."""
    signed = approval(OLD)
    cut, red = newer(INTERRUPTED), newer(FAILED, days=0.25)
    why = judged([*OLD, cut, red, passed()], [signed]).review.why
    assert [sentence.endswith(" and did not pass when it ran next") for sentence in why] == [True, False]
    assert [f" {word} " in sentence for word, sentence in zip((INTERRUPTED, FAILED), why, strict=True)] == [True, True]


def test_an_interruption_that_was_waived_and_signed_is_no_news():
    """A review of a requirement that was waived while its test was interrupted holds: that was seen when it was signed."""
    cut = [
        *(execution for execution in OLD if execution.item != "4"),
        ran(INTERRUPTED, days=2, run_id="cut", id="cut.1.1"),
    ]
    policy = replace(REVIEWED, waivers="accept")
    review = approval(cut, policy=policy, decisions=[waiver(days=1)])
    assert judged(cut, [waiver(days=1), review], policy).review.state == "CURRENT"
    again = ran(INTERRUPTED, days=0.2, run_id="again", id="again.1.1")
    assert judged([*cut, again], [waiver(days=1), review], policy).review.state == "SUSPECT"


def test_a_retirement_since_makes_suspect():
    """A retirement of a test of the use case after the review makes it suspect, one before it or of another does not."""
    both = [*OLD, passed(days=2, test="b")]
    review = approval(both)
    assert judged(both, [review, retirement("b")]).review.state == "SUSPECT"
    assert judged(both, [review, retirement("c")]).review.state == "CURRENT"
    assert judged(both, [review, retirement("b", by="nobody")]).review.state == "SUSPECT"
    before = retirement("b", days=1)
    assert judged(both, [before, approval(both, decisions=[before])]).review.state == "CURRENT"


def test_a_failing_test_cannot_be_retired_away_unseen():
    """Retiring a test that failed after the review leaves the approval suspect."""
    result = judged([*OLD, newer(FAILED, test="b")], [approval(OLD), retirement("b")])
    assert (result.status, result.phase) == ("IN_PROGRESS", "REVIEW_SUSPECT")


class TestWho:
    """People whose approval counts."""

    def review(self, policy=REVIEWED, origins=ORIGINS, **more):
        """Return the standing of one approval."""
        return judged(OLD, [approval(OLD, **more)], policy, origins=origins).review

    @pytest.mark.parametrize(
        ("by", "policy", "counts"),
        [
            (LEAD, REVIEWED, True),
            (LEAD.upper(), REVIEWED, True),
            ("stranger@example.com", REVIEWED, False),
            (LEAD, Policy(), False),
            ("alias", REVIEWED, False),
            ("Alias", replace(REVIEWED, people=People.from_aliases({LEAD: ["alias"]})), True),
        ],
    )
    def test_listed(self, by, policy, counts):
        """Only listed reviewers count, under any of their names; an empty list is nobody."""
        result = self.review(policy, by=by)
        assert (result.state, result.approvals) == (("CURRENT", 1) if counts else ("NONE", 0))
        assert bool(result.standings[0].why) is not counts

    @pytest.mark.parametrize("least", IdentityLevel)
    @pytest.mark.parametrize("known_by", IdentityLevel)
    def test_identity(self, least, known_by):
        """An approval counts only where its reviewer is known at least as well as the policy asks."""
        result = self.review(replace(REVIEWED, identity=least.value), known_by=known_by)
        assert result.approvals == (list(IdentityLevel).index(known_by) >= list(IdentityLevel).index(least))

    def test_four_eyes(self):
        """Who recorded the evidence cannot approve it, under any name, unless the policy does not keep them apart."""
        own = {"run": RunOrigin(actor="LEAD@example.com")}
        assert self.review(origins=own).state == "NONE"
        alias = replace(REVIEWED, people=People.from_aliases({LEAD: ["laptop"]}))
        assert self.review(alias, origins={"run": RunOrigin(actor="laptop")}).state == "NONE"
        assert self.review(replace(REVIEWED, separate=False), origins=own).state == "CURRENT"

    def test_four_eyes_by_what_the_review_says(self):
        """The recorder that a review itself pins counts too, where the store no longer knows the run."""
        own = [replace(execution, run_id="mine", id=f"mine.{execution.id[4:]}") for execution in OLD]
        assert judged(own, [approval(own)], origins={}).review.state == "NONE"

    def test_four_eyes_by_what_decides_now(self):
        """An approval does not hold while its reviewer's executions decide; it holds once another's do, or always did."""
        later = [replace(execution, run_id="mine", id=f"mine.{execution.id[4:]}") for execution in AGAIN]
        mine, others = judged([*OLD, *later], [approval(OLD)]), [*OLD, *later, *complete(days=0.05)]
        assert (mine.status, mine.phase, mine.review.state) == ("IN_PROGRESS", "AWAITING_REVIEW", "NONE")
        assert "four eyes" in mine.review.standings[0].why[0]
        assert judged(others, [approval(OLD)]).status == "READY_FOR_GO_LIVE"
        assert judged([*OLD, later[0]], [approval(OLD)]).status == "IN_PROGRESS"
        own = [replace(execution, run_id="mine", id=f"mine.{execution.id[4:]}") for execution in OLD]
        assert judged([*own, *AGAIN], [approval(own)]).status == "READY_FOR_GO_LIVE"

    def test_who_started_the_job(self):
        """Who started the job that recorded it counts as its recorder where the policy says so, and else does not."""
        job = {"run": RunOrigin(actor="ci:x", conditions=RunConditions(started_by=f"Lead <{LEAD}>"))}
        assert self.review(origins=job).state == "CURRENT"
        strict = replace(REVIEWED, separate="started_by")
        assert self.review(strict, origins=job).state == "NONE"
        assert self.review(strict, origins=job, by=SECOND).state == "CURRENT"
        assert self.review(strict, origins={"run": RunOrigin(actor=LEAD)}).state == "NONE"


class TestSeveral:
    """Several people, and several reviews."""

    TWO = replace(REVIEWED, required=2)

    def found(self, *reviews, policy=TWO, evidence=OLD):
        """Return state, number of approvals and who gave the state."""
        review = judged(evidence, reviews, policy).review
        return review.state, review.approvals, review.by

    def test_persons_are_counted(self):
        """Two approvals of one person, under two names, are one; of two people two."""
        policy = replace(self.TWO, people=People.from_aliases({LEAD: ["laptop"]}))
        assert self.found(approval(OLD), approval(OLD, 0.4, "laptop"), policy=policy) == ("CURRENT", 1, ("laptop",))
        assert self.found(approval(OLD), approval(OLD, 0.4, SECOND)) == ("CURRENT", 2, (LEAD, SECOND))

    def test_status_needs_all_that_are_required(self):
        """With two required, one current approval waits for the second."""
        item = judged(OLD, [approval(OLD)], self.TWO)
        assert (item.status, item.phase) == ("IN_PROGRESS", "AWAITING_REVIEW")
        assert judged(OLD, [approval(OLD), approval(OLD, by=SECOND)], self.TWO).status == "READY_FOR_GO_LIVE"

    def test_a_new_approval_mends_a_suspect_one(self):
        """The newest review of each person counts: approving again mends what became suspect."""
        evidence = [*OLD, newer(FAILED), passed()]
        assert self.found(approval(evidence), evidence=evidence, policy=REVIEWED)[0] == "SUSPECT"
        again = approval(evidence, days=0.05)
        assert self.found(approval(evidence), again, evidence=evidence, policy=REVIEWED) == ("CURRENT", 1, (LEAD,))

    def test_one_of_two_suspect(self):
        """With enough current approvals a suspect one does not count; where they are needed the review is suspect."""
        evidence = [*OLD, newer(FAILED), passed()]
        both = approval(evidence), approval(evidence, 0.05, SECOND)
        assert self.found(*both, evidence=evidence) == ("SUSPECT", 1, (LEAD,))
        assert self.found(*both, evidence=evidence, policy=REVIEWED) == ("CURRENT", 1, (SECOND,))

    def test_a_rejection_stands_until_its_reviewer_approves(self):
        """Another's approval does not lift a rejection, the reviewer's own does; the use case is BLOCKED meanwhile."""
        assert self.found(rejection(), policy=REVIEWED) == ("REJECTED", 0, (LEAD,))
        stands = judged(OLD, [rejection(), approval(OLD, 0.4, SECOND)])
        assert (stands.status, stands.review.state, stands.review.approvals) == ("BLOCKED", "REJECTED", 1)
        lifted = judged(OLD, [rejection(), approval(OLD, 0.4, LEAD)])
        assert (lifted.status, lifted.review.state) == ("READY_FOR_GO_LIVE", "CURRENT")
        assert judged(OLD, [approval(OLD), rejection(0.4)]).status == "BLOCKED"

    def test_a_rejection_and_an_approval_at_once(self):
        """Of a rejection and an approval of one person at the same moment, in either order, the rejection stands."""
        both = [approval(OLD), rejection()]
        assert judged(OLD, both).review.state == judged(OLD, both[::-1]).review.state == "REJECTED"

    def test_a_rejection_outlasts_its_reviewers_place_on_the_list(self):
        """A rejection stands though its reviewer is no longer listed, or was known only by name."""
        assert judged(OLD, [rejection()], Policy(reviewers=(SECOND,))).status == "BLOCKED"
        assert judged(OLD, [rejection()], replace(REVIEWED, identity="signed")).status == "BLOCKED"

    def test_a_weak_identity_lifts_no_rejection_and_replaces_no_approval(self):
        """A name that is easily given neither lifts a rejection nor takes the place of a stronger approval."""
        policy = replace(REVIEWED, identity="git")
        strong = approval(OLD, known_by=IdentityLevel.GIT)
        assert judged(OLD, [rejection(known_by=IdentityLevel.GIT), approval(OLD, 0.4)], policy).status == "BLOCKED"
        assert judged(OLD, [strong, approval([], 0.4)], policy).review.state == "CURRENT"

    def test_decisions_of_the_future_and_of_others_do_not_count(self):
        """A review made after the moment being judged, in another register or of another use case does not count."""
        review = approval(OLD)
        for change in ({"at": days_ago(-1)}, {"register": "other"}, {"use_case": "UC-009"}):
            assert judged(OLD, [replace(review, **change)]).review.state == "NONE"


def test_a_decision_starts_a_use_case():
    """A review of a use case without any evidence makes it IN_PROGRESS; one of another use case does not."""
    assert judged([], [approval([])]).status == "IN_PROGRESS"
    assert judged([], [replace(approval([]), use_case="UC-004")]).status == "NOT_STARTED"


def test_release():
    """Where a release is required an approval counts for the release that it names, and for no other."""
    policy = replace(REVIEWED, release="required")
    origins = {"run": RunOrigin(actor=CI, release="1.4")}
    for release, state in (("1.4", "CURRENT"), ("1.3", "SUSPECT"), (None, "SUSPECT")):
        basis = approval(OLD).basis
        review = approval(OLD, release=release, basis=basis)
        assert judged(OLD, [review], policy, origins=origins, release="1.4").review.state == state
        assert judged(OLD, [review], REVIEWED, origins=origins, release="1.4").review.state == "CURRENT"


def test_many_reasons_are_counted():
    """Of many things of one kind the first few are told, and the number of the others."""
    failures = [newer(FAILED, test=f"t{number}") for number in range(6)]
    passes = [passed(test=f"t{number}") for number in range(6)]
    why = judged([*OLD, *failures, *passes], [approval(OLD)]).review.why
    assert len(why) == 4
    assert why[-1] == "and 3 more of the kind"


def test_starts_and_pinned_ids():
    """The store is asked for what went wrong since the oldest pinned execution, and for the pins of approvals."""
    review = approval(OLD)
    assert starts_of(newest_approvals([review], REVIEWED, NOW)) == {UC: min(execution.started_at for execution in OLD)}
    assert pinned_ids([review], REVIEWED, NOW) == {execution.id for execution in OLD}
    for none in ([], [rejection()], [replace(review, by="stranger")], [replace(review, at=days_ago(-1))]):
        assert (starts_of(newest_approvals(none, REVIEWED, NOW)), pinned_ids(none, REVIEWED, NOW)) == ({}, set())


def test_the_basis_pins_what_decides():
    """The basis of a use case names each requirement's state and the executions that count, with who recorded them."""
    use_case = judged([*OLD, ran(Result.SKIPPED, days=0.1), ran(days=0.1, environment="dev")])
    row = next(row for row in use_case.basis.requirements if row.requirement == f"{UC}/4")
    (pin,) = row.pins
    assert (row.state, pin.actor, pin.proofs) == ("COMPLETE", CI, ("trace",))
    assert (pin.test_id, pin.environment, pin.provider_mode) == scope_of(TestLost.PIN)
    assert use_case.basis.digest == use_case.review.basis_digest
