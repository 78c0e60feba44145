"""Status and phase of a use case: the cases that reach each, and the nearest that do not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_readiness.claims.catalogue import UseCase
from pytest_readiness.errors import ClaimError
from pytest_readiness.facts.evidence import Result
from pytest_readiness.verdict.evaluation import Facts, evaluate
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.readiness import ReviewState, ReviewSummary, State
from pytest_readiness.verdict.status import status_of
from tests.verdict.judging import CATALOGUE, FAILED, IDLE, INTERRUPTED, NOW, UC, complete, ran, readiness, use_case

CURRENT = ReviewSummary(ReviewState.CURRENT, approvals=1)
EXCEPTED = tuple((key, "not ours") for key in CATALOGUE.items)
NOTHING_REQUIRED = replace(CATALOGUE, use_cases={UC: UseCase(UC, not_applicable=EXCEPTED)})

TABLE = {
    "nothing": ([], "NOT_STARTED", None),
    **{f"only {result}": ([ran(result)], "NOT_STARTED", None) for result in IDLE},
    "a pass from the future": ([ran(days=-1)], "NOT_STARTED", None),
    "another use case's failure": ([ran(FAILED, uc="UC-004")], "NOT_STARTED", None),
    "another register's failure": ([ran(FAILED, register="other")], "NOT_STARTED", None),
    "a pass": ([ran()], "IN_PROGRESS", "COLLECTING"),
    "a rehearsal": ([ran(environment="dev")], "IN_PROGRESS", "COLLECTING"),
    "a failed rehearsal": ([ran(FAILED, environment="dev")], "IN_PROGRESS", "COLLECTING"),
    "an interruption": ([ran(INTERRUPTED)], "IN_PROGRESS", "COLLECTING"),
    "evidence of an item that is not asked for": ([ran(item="old")], "IN_PROGRESS", "COLLECTING"),
    "everything": (complete(), "IN_PROGRESS", "AWAITING_REVIEW"),
    "everything but one": (complete()[1:], "IN_PROGRESS", "COLLECTING"),
    "everything, one interrupted": ([*complete(), ran(INTERRUPTED, days=0)], "IN_PROGRESS", "COLLECTING"),
    "everything, one stale": ([*complete()[1:], *complete(days=31)[:1]], "IN_PROGRESS", "COLLECTING"),
    "everything, one flaky": ([*complete(), ran(test="b", attempts=2)], "IN_PROGRESS", "AWAITING_REVIEW"),
    "everything, one failing": ([*complete(), ran(FAILED, test="b")], "BLOCKED", None),
    "a failure": ([ran(FAILED)], "BLOCKED", None),
}


@pytest.mark.parametrize(("evidence", "status", "phase"), TABLE.values(), ids=TABLE)
def test_status(evidence, status, phase):
    """Without a review each status is reached by the evidence that the rules name, and READY by none."""
    judged = use_case(evidence)
    assert (judged.status, judged.phase) == (status, phase)


@pytest.mark.parametrize(
    ("review", "status"),
    [
        (ReviewSummary(), "IN_PROGRESS"),
        (CURRENT, "READY_FOR_GO_LIVE"),
        (ReviewSummary(ReviewState.CURRENT, approvals=1, required=2), "IN_PROGRESS"),
        (ReviewSummary(ReviewState.CURRENT, approvals=0, required=0), "IN_PROGRESS"),
        (ReviewSummary(ReviewState.SUSPECT, approvals=1), "IN_PROGRESS"),
        (ReviewSummary(ReviewState.REJECTED, approvals=1), "BLOCKED"),
    ],
)
def test_ready_needs_enough_current_reviews(review, status):
    """Complete evidence is READY with enough current reviews, and BLOCKED by a rejection."""
    assert status_of(use_case(complete()).required, review, Policy(), started=True)[0] == status


def test_suspect_review():
    """A suspect review is told as such once nothing is left to collect."""
    suspect = ReviewSummary(ReviewState.SUSPECT)
    assert status_of(use_case(complete()).required, suspect, Policy(), started=True)[1] == "REVIEW_SUSPECT"
    assert status_of(use_case([ran()]).required, suspect, Policy(), started=True)[1] == "COLLECTING"


@pytest.mark.parametrize("evidence", [[], [ran(FAILED)], complete()])
def test_nothing_required_is_never_ready(evidence):
    """A use case that requires nothing is never READY, not even reviewed, and never waits for a review."""
    judged = use_case(evidence, catalogue=NOTHING_REQUIRED)
    assert judged.required == ()
    assert status_of(judged.required, CURRENT, Policy(), started=True) == ("IN_PROGRESS", "COLLECTING")
    assert judged.phase == ("COLLECTING" if evidence else None)


@pytest.mark.parametrize("setting", ["asserted", "flaky"])
@pytest.mark.parametrize(("value", "phase"), [("refuse", "COLLECTING"), ("accept", "AWAITING_REVIEW")])
def test_policy_decides_what_is_acceptable(setting, value, phase):
    """An asserted or flaky requirement waits for a review only where its policy does not refuse it."""
    evidence = [execution for execution in complete() if execution.item != "4"] + [
        ran(attempts=2 if setting == "flaky" else 1)
    ]
    assert use_case(evidence, Policy(**{setting: value})).phase == phase


def test_a_waiver_is_acceptable_and_never_ready():
    """A waived requirement can be accepted by the gate where the policy says so, and never makes READY."""
    waived = tuple(replace(requirement, state=State.WAIVED) for requirement in use_case(complete()).required)
    assert status_of(waived, CURRENT, Policy(waivers="accept"), started=True) == ("IN_PROGRESS", "AWAITING_REVIEW")
    assert status_of(waived, CURRENT, Policy(), started=True) == ("IN_PROGRESS", "COLLECTING")


def test_a_pass_in_an_open_run_does_not_start():
    """A pass in a run that is not sealed leaves the use case NOT_STARTED; the run is told."""
    judged = use_case([ran(run_id="open")], open_runs={"open": ()})
    assert (judged.status, judged.open_runs) == ("NOT_STARTED", ("open",))


def test_open_runs_that_planned_it():
    """A run that is not sealed is told for each use case that it planned, before it recorded anything."""
    assert use_case([], open_runs={"b": {UC}, "a": [UC], "c": {"UC-004"}}).open_runs == ("a", "b")


@pytest.mark.parametrize(("declared", "drift"), [("NOT_STARTED", False), ("IN_PROGRESS", True), ("", False)])
def test_drift(declared, drift):
    """A row that declares another status than the derived one drifts; one that declares none does not."""
    catalogue = replace(CATALOGUE, use_cases={UC: UseCase(UC, declared_status=declared)})
    assert use_case([], catalogue=catalogue).drift is drift


class TestScope:
    """Which use cases are judged."""

    REGISTER = replace(CATALOGUE, use_cases={name: UseCase(name) for name in ("UC-2", "UC-1", "UC-3")})

    def judged(self, names, evidence=()):
        """Return the ids of the use cases that are judged."""
        result = evaluate(self.REGISTER, Policy(), Facts(tuple(evidence)), NOW, names)
        return [use_case.use_case.id for use_case in result.use_cases]

    def test_order_of_the_register(self):
        """The whole register, or those asked for in any letter case, come once each in the register's order."""
        assert self.judged(None) == ["UC-2", "UC-1", "UC-3"]
        assert self.judged(["UC-3", "uc-2", "UC-2"]) == ["UC-2", "UC-3"]
        assert self.judged([]) == []

    def test_unknown(self):
        """A use case that does not exist is an error that names it."""
        with pytest.raises(ClaimError, match="UC-9"):
            self.judged(["UC-9"])

    def test_open_world(self):
        """Without a register every use case that its evidence names is judged."""
        open_world = replace(CATALOGUE, use_cases={}, open_world=True)
        result = readiness([ran(uc="B"), ran(uc="A"), ran(uc="C", register="other")], catalogue=open_world)
        assert [use_case.use_case.id for use_case in result.use_cases] == ["A", "B"]

    def test_other_evidence(self):
        """What fits no requirement in force is told apart, in a fixed order, and within the scope that was asked for."""
        fits, old = ran(uc="UC-1"), ran(uc="UC-1", item="old", days=5)
        unknown, elsewhere = ran(uc="UC-9", days=2), ran(uc="UC-1", item="2", claim_environment="prod", days=3)
        facts = Facts((old, fits, unknown, elsewhere))
        assert evaluate(self.REGISTER, Policy(), facts, NOW).other_evidence == (elsewhere, old, unknown)
        assert evaluate(self.REGISTER, Policy(), facts, NOW, ["UC-1"]).other_evidence == (elsewhere, old)
        assert evaluate(self.REGISTER, Policy(), facts, NOW, ["UC-2"]).other_evidence == ()


class TestBasis:
    """The digest of what a review is of."""

    def digest(self, policy=None, **changes):
        """Return the digest of the use case with its row changed."""
        row = replace(CATALOGUE.use_cases[UC], **changes)
        return use_case([], policy, replace(CATALOGUE, use_cases={UC: row})).review.basis_digest

    @pytest.mark.parametrize("field", ["title", "owner", "declared_status", "last_updated", "notes"])
    def test_stays(self, field):
        """What a row only tells does not change what was reviewed."""
        assert self.digest(**{field: "changed"}) == self.digest()

    def test_stays_whatever_a_gate_is_asked(self):
        """Who reviews and what a single gate asks for do not change what was reviewed."""
        asked = Policy(on="evidence", waivers="accept", reviewers=("me",), required=2, declared=Policy())
        assert self.digest(asked) == self.digest()

    @pytest.mark.parametrize(
        "change",
        [
            {"environments": ("staging",)},
            {"provider_modes": ("MANAGED",)},
            {"drills": ("failover",)},
            {"not_applicable": (("6", "no"),)},
            {"policy": Policy(asserted="accept")},
            {"policy": Policy(waivers="accept")},
            {"policy": Policy(architecture="GREEN")},
            {"policy": Policy(deselected="refuse")},
        ],
    )
    def test_changes(self, change):
        """Scopes, drills, exceptions and what an asserted pass counts for change what was reviewed."""
        assert self.digest(**change) != self.digest()
        assert self.digest(**change).startswith("sha256:")

    def test_changes_with_the_items(self):
        """A longer maximum age, another text and other endpoints are other requirements."""
        item = CATALOGUE.items["4"]
        staging = CATALOGUE.environments["staging"]
        changed = [
            replace(CATALOGUE, items={**CATALOGUE.items, "4": replace(item, max_age_days=900)}),
            replace(CATALOGUE, items={**CATALOGUE.items, "4": replace(item, title="anything")}),
            replace(CATALOGUE, environments={**CATALOGUE.environments, "staging": replace(staging, endpoints=("x",))}),
        ]
        digests = {use_case([], catalogue=catalogue).review.basis_digest for catalogue in changed}
        assert len(digests - {self.digest()}) == 3

    def test_stays_with_every_version(self):
        """A version that knows more settings, or says more of items and places, leaves what is not used out of it."""
        assert self.digest() == "sha256:86c2ca6a529c9f5e6ae18b69dd4f82365a8f5e0803e41cd1b949b104b01cfe3d"


def test_totals_count_every_status():
    """The totals name each status, those of no use case too."""
    assert readiness([ran(Result.FAILED)]).totals == {
        "NOT_STARTED": 0,
        "IN_PROGRESS": 0,
        "BLOCKED": 1,
        "READY_FOR_GO_LIVE": 0,
    }
