"""Rules of the gate: each is reported, and the gate fails closed."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from pytest_readiness.claims.catalogue import UseCase
from pytest_readiness.errors import Problem
from pytest_readiness.facts.evidence import Result
from pytest_readiness.facts.run_conditions import RunConditions
from pytest_readiness.facts.run_group import GroupPart, RunPlan
from pytest_readiness.verdict.evaluation import Facts, evaluate
from pytest_readiness.verdict.gate import CheckpointComparison, GateInput, RunOrigin, conclude, evaluate_gate, rules_of
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.readiness import ReviewState, State
from pytest_readiness.verdict.regression import earlier_snapshot, no_regression
from pytest_readiness.views.document import plain_use_case
from tests.verdict.judging import CATALOGUE, FAILED, INTERRUPTED, NOW, UC, complete, days_ago, ran, readiness
from tests.verdict.people import REVIEWED, approval, judge_all

EVIDENCE = Policy(on="evidence")
CLEAN = {"run": RunOrigin(release="1.0", commit="abc", dirty=False)}


def reviewed(result, **review):
    """Return the readiness with a review put on its use case."""
    stands = replace(result.use_cases[0].review, **{"state": ReviewState.CURRENT, "approvals": 1, **review})
    return replace(result, use_cases=(replace(result.use_cases[0], review=stands),))


def failed(verdict) -> list[str]:
    """Return the names of the rules that did not pass."""
    return [rule.rule for rule in verdict.rules if not rule.passed]


def test_opens_on_evidence():
    """Complete evidence is eligible where no review is required, and every rule says what it looked at."""
    verdict = evaluate_gate(readiness(complete()), EVIDENCE)
    assert (verdict.eligible, failed(verdict), verdict.failing) == (True, [], ())
    assert all(rule.looked_at > 0 for rule in verdict.rules)
    assert verdict.on == "evidence"


def test_opens_on_review():
    """By default complete evidence is eligible only with enough current reviews."""
    result = readiness(complete())
    assert failed(evaluate_gate(result, Policy())) == ["reviewed"]
    assert evaluate_gate(result, Policy()).failing == (UC,)
    assert evaluate_gate(reviewed(result), Policy()).eligible is True
    assert failed(evaluate_gate(reviewed(result, required=2), Policy())) == ["reviewed"]
    assert failed(evaluate_gate(reviewed(result, state=ReviewState.SUSPECT), Policy())) == ["reviewed"]
    assert failed(evaluate_gate(reviewed(result, approvals=0, required=0), Policy())) == ["reviewed"]


OPEN_RUN = {"open_runs": {"open": {UC}}}
HALF = {"parts": [GroupPart("part", "ci", 1, 2, days_ago(0), "staging", plan=RunPlan((), frozenset(), frozenset()))]}

CLOSED = {
    "a failure": ([*complete(), ran(FAILED, test="b")], {}, ["evidence complete", "nothing failing"]),
    "an interruption": ([*complete(), ran(INTERRUPTED, test="b")], {}, ["evidence complete"]),
    "one missing": (complete()[1:], {}, ["evidence complete"]),
    "one stale": ([*complete()[1:], *complete(days=31)[:1]], {}, ["evidence complete"]),
    "an open run": (complete(), OPEN_RUN, ["runs sealed"]),
    "an incomplete group": (complete(), HALF, ["groups complete"]),
    "nothing": (
        [],
        {},
        [
            "evidence complete",
            *("asserted", "flaky", "nothing failing", "runs sealed", "groups complete"),
            *("evidence intact", "evidence level", "clock"),
        ],
    ),
}


@pytest.mark.parametrize(("evidence", "facts", "rules"), CLOSED.values(), ids=CLOSED)
def test_closed(evidence, facts, rules):
    """Each thing that keeps the gate closed does so by its own rule, and names the use case."""
    verdict = evaluate_gate(readiness(evidence, **facts), EVIDENCE)
    assert (verdict.eligible, failed(verdict), verdict.failing) == (False, rules, (UC,))


def test_open_runs_are_looked_at_beside_those_that_are_sealed():
    """The rule counts both, and names those that are open."""
    (rule,) = [
        rule for rule in evaluate_gate(readiness(complete(), **OPEN_RUN), EVIDENCE).rules if rule.rule == "runs sealed"
    ]
    assert (rule.looked_at, rule.detail) == (2, "run open is open")


def test_zero_use_cases():
    """A scope of no use case is never eligible, with or without rules that would hold of nothing."""
    empty = evaluate(CATALOGUE, EVIDENCE, Facts(tuple(complete())), NOW, [])
    verdict = evaluate_gate(empty, EVIDENCE)
    assert verdict.eligible is False
    assert "use cases in scope" in failed(verdict)


def test_zero_requirements():
    """A use case whose every requirement is not applicable keeps the gate closed, beside one that is complete."""
    excepted = UseCase("UC-9", not_applicable=tuple((key, "not ours") for key in CATALOGUE.items))
    catalogue = replace(CATALOGUE, use_cases={**CATALOGUE.use_cases, "UC-9": excepted})
    verdict = evaluate_gate(readiness(complete(), catalogue=catalogue), EVIDENCE)
    assert (failed(verdict), verdict.failing) == (["requirements in scope"], ("UC-9",))


def test_not_applicable_is_listed():
    """What is left out of the count is named with its reason, though the rule passes."""
    row = replace(CATALOGUE.use_cases[UC], not_applicable=(("6/rotation", "holds no secrets"),))
    verdict = evaluate_gate(readiness(complete(), catalogue=replace(CATALOGUE, use_cases={UC: row})), EVIDENCE)
    rule = next(rule for rule in verdict.rules if rule.rule == "requirements in scope")
    assert (rule.passed, rule.looked_at) == (True, 10)
    assert f"{UC}/6/rotation (holds no secrets)" in rule.detail


def test_not_applicable_is_listed_of_each_use_case():
    """Also of the last one, behind others of which everything counts."""
    row = replace(CATALOGUE.use_cases[UC], id="UC-9", not_applicable=(("plain", "not ours"),))
    catalogue = replace(CATALOGUE, use_cases={**CATALOGUE.use_cases, "UC-9": row})
    verdict = evaluate_gate(readiness(complete(), catalogue=catalogue), EVIDENCE)
    assert "UC-9/plain (not ours)" in next(
        rule.detail for rule in verdict.rules if rule.rule == "requirements in scope"
    )


def test_damage():
    """Any integrity problem of the judged runs closes the gate and is reported."""
    verdict = evaluate_gate(readiness(complete()), EVIDENCE, [Problem("run 1", "line 3 was changed")])
    assert failed(verdict) == ["evidence intact"]
    assert "line 3 was changed" in str(verdict.rules)


def test_no_config():
    """Without a config nothing is eligible; the rule says what to do."""
    verdict = evaluate_gate(readiness(complete()), EVIDENCE, config_missing="run init")
    assert failed(verdict) == ["tracker and config"]
    assert verdict.rules[0].detail == "run init"


def test_no_rules():
    """An empty list of rules makes nothing eligible."""
    assert conclude(GateInput(readiness(complete()), EVIDENCE), []).eligible is False


def test_a_word_that_nobody_knows_accepts_nothing():
    """Unknown values of settings count as the strictest."""
    odd = Policy(on="evidense", asserted="acept", flaky="yes", waivers="all")
    assert not any(odd.acceptable(state) for state in (State.ASSERTED, State.FLAKY, State.WAIVED))
    assert "reviewed" in failed(evaluate_gate(readiness(complete()), odd))


@pytest.mark.parametrize(("setting", "attempts"), [("asserted", 1), ("flaky", 2)])
def test_refused_states(setting, attempts):
    """Asserted and flaky requirements close the gate where their policy refuses them, and only there."""
    evidence = [execution for execution in complete() if execution.item != "4"] + [ran(attempts=attempts)]
    result = readiness(evidence)
    assert evaluate_gate(result, Policy(on="evidence")).eligible is True
    assert failed(evaluate_gate(result, Policy(on="evidence", **{setting: "refuse"}))) == ["evidence complete", setting]


@pytest.mark.parametrize(
    ("status", "opens"), [("GREEN", True), ("`green`", True), ("**GREEN**", True), ("AMBER", False), ("", False)]
)
def test_architecture(status, opens):
    """A required architecture status must be met, and never adds anything."""
    policy = Policy(on="evidence", architecture="GREEN")
    row = replace(CATALOGUE.use_cases[UC], architecture_status=status)
    catalogue = replace(CATALOGUE, use_cases={UC: row})
    assert evaluate_gate(readiness(complete(), catalogue=catalogue), policy).eligible is opens
    assert evaluate_gate(readiness([], catalogue=catalogue), policy).eligible is False
    text = evaluate_gate(readiness(complete(), catalogue=catalogue), policy).rules[-1].detail
    assert text == ("each is GREEN" if opens else f"{UC} is {status or 'without a status'}")


@pytest.mark.parametrize(
    ("origin", "rules"),
    [
        (RunOrigin("1.0", "abc", dirty=False), []),
        (RunOrigin("0.9", "abc", dirty=False), ["release"]),
        (RunOrigin("1.0", "abc", dirty=True), ["clean commit"]),
        (RunOrigin("1.0", "abc"), ["clean commit"]),
        (RunOrigin("1.0", None, dirty=False), ["clean commit"]),
        (None, ["release", "clean commit"]),
    ],
)
def test_origin_of_the_runs(origin, rules):
    """Where asked for, each run must be of the release and of a clean commit; an unknown run is neither."""
    policy = Policy(on="evidence", release="required", clean_commit=True)
    origins = {"run": origin} if origin else {}
    verdict = evaluate_gate(readiness(complete()), policy, origins=origins, release="1.0")
    assert failed(verdict) == rules


@pytest.mark.parametrize(
    ("conduct", "expected"),
    [(RunConditions(), ""), (RunConditions(changed=1, changed_names=("a.py",)), " (a.py)")],
)
def test_a_commit_that_is_not_clean_names_what_was_changed(conduct, expected):
    """The files, where the run says which; and nothing where it does not."""
    policy, origin = Policy(on="evidence", clean_commit=True), RunOrigin("1.0", "abc", dirty=True, conditions=conduct)
    (rule,) = [
        rule for rule in evaluate_gate(readiness(complete()), policy, origins={"run": origin}).rules if not rule.passed
    ]
    assert rule.detail.endswith(f"was not made from a commit without local changes{expected}")


def test_no_release_named():
    """Where a release is required and none is named, nothing is eligible."""
    policy = Policy(on="evidence", release="required")
    assert failed(evaluate_gate(readiness(complete()), policy, origins=CLEAN)) == ["release"]
    unreleased = {"run": RunOrigin(commit="abc", dirty=False)}
    assert failed(evaluate_gate(readiness(complete()), policy, origins=unreleased)) == ["release"]


def test_rules_follow_the_policy():
    """Rules that a policy does not ask for are not there to be passed."""
    every = Policy(architecture="GREEN", release="required", clean_commit=True)
    assert len(rules_of(every)) == len(rules_of(Policy())) + 3 == len(rules_of(EVIDENCE)) + 4


@pytest.mark.parametrize(("clock", "opens"), [("refuse", False), ("ignore", True)])
def test_clocks_that_disagree(clock, opens):
    """A run whose clocks disagree keeps the gate closed by its own rule, and by none where that is not asked."""
    policy, origin = (
        replace(EVIDENCE, clock=clock),
        RunOrigin("1.0", "abc", dirty=False, conditions=RunConditions(skew_ms=3_600_000)),
    )
    verdict = evaluate_gate(readiness(complete()), policy, origins={"run": origin})
    assert (verdict.eligible, failed(verdict)) == (opens, [] if opens else ["clock"])
    assert ("clock" in [rule.rule for rule in verdict.rules]) is not opens


def test_long_lists_are_counted():
    """A rule names the first problems, and counts the rest."""
    detail = next(
        rule.detail for rule in evaluate_gate(readiness([]), EVIDENCE).rules if rule.rule == "evidence complete"
    )
    assert detail.startswith(f"{UC}/1/BYOK MISSING, ")
    assert detail.endswith(" and 6 more")


@pytest.mark.parametrize(
    ("policy", "count"),
    [
        (Policy(), 0),
        (Policy(asserted="refuse", flaky="refuse", required=2, identity="signed", reviewers=("a",)), 0),
        (Policy(on="evidence", asserted="accept", flaky="accept", waivers="accept", separate=False), 5),
    ],
)
def test_weaker_settings_are_told(policy, count):
    """Each setting weaker than its default is told in a sentence of its own, and no stricter one is."""
    text = evaluate_gate(readiness([]), policy).weaker
    assert len(set(text)) == count


def test_reviews_do_not_replace_evidence():
    """A current review opens nothing while a requirement is in no acceptable state."""
    result = readiness(complete()[1:])
    assert failed(evaluate_gate(reviewed(result), Policy())) == ["evidence complete"]


def test_a_list_that_is_just_short_enough():
    """Five names are all told, and nothing is said of none more."""
    result = evaluate_gate(readiness(complete()), EVIDENCE, [Problem("run", str(number)) for number in range(5)])
    assert next(rule.detail for rule in result.rules if not rule.passed) == "run: 0, run: 1, run: 2, run: 3, run: 4"


class TestAcknowledged:
    """Asserted and flaky requirements that a review must name."""

    @pytest.mark.parametrize(("setting", "how"), [("asserted", {}), ("flaky", {"attempts": 2, "proofs": ("trace",)})])
    def test_named_by_a_review(self, setting, how):
        """Where it is to be acknowledged the gate opens once a current review names it, and its rule says so."""
        evidence = [execution for execution in complete(days=2) if execution.item != "4"] + [ran(days=2, **how)]
        unnamed = evaluate_gate(judge_all(evidence, [approval(evidence)]), REVIEWED)
        assert failed(unnamed) == [setting, "reviewed"]
        closed = next(rule for rule in unnamed.rules if rule.rule == setting)
        assert closed.detail == f"not acknowledged by a current review: {UC}/4"
        named = evaluate_gate(judge_all(evidence, [approval(evidence, acknowledged=(f"{UC}/4",))]), REVIEWED)
        assert named.eligible is True
        rule = next(rule for rule in named.rules if rule.rule == setting)
        assert (rule.looked_at, rule.detail.startswith("1 ")) == (11, True)

    def test_accepted(self):
        """Where it is accepted as it is no review has to name it, and the setting is told as weaker."""
        accepts = replace(REVIEWED, asserted="accept")
        evidence = [execution for execution in complete(days=2) if execution.item != "4"] + [ran(days=2)]
        verdict = evaluate_gate(judge_all(evidence, [approval(evidence, policy=accepts)], accepts), accepts)
        assert (verdict.eligible, len(verdict.weaker)) == (True, 1)


def test_only_what_counts_has_to_come_from_a_clean_commit():
    """A rehearsal and a skip from a tree with local changes do not close a gate that asks for clean commits."""
    policy = Policy(on="evidence", clean_commit=True)
    evidence = [*complete(), ran(environment="dev", run_id="dirty"), ran(Result.SKIPPED, run_id="dirty", days=0)]
    origins = {**CLEAN, "dirty": RunOrigin(commit="abc", dirty=True)}
    assert evaluate_gate(readiness(evidence), policy, origins=origins).eligible is True
    bad = [*complete(), ran(proofs=("trace",), run_id="dirty", days=0)]
    assert failed(evaluate_gate(readiness(bad), policy, origins=origins)) == ["clean commit"]


def test_weaker_settings_are_named_one_by_one():
    """Each setting that is weaker than its default is one sentence, and the defaults are none; whoever read the words."""
    assert list(Policy().weaker()) == []
    words = json.loads('["evidence", "accept", "accept", "accept", "ignore", "L0"]')
    weak = Policy(
        separate=False, **dict(zip(("on", "asserted", "flaky", "waivers", "clock", "level"), words, strict=True))
    )
    assert [sentence.partition(":")[0] for sentence in weak.weaker()] == [
        '[gate] on = "evidence"',
        '[gate] asserted = "accept"',
        '[gate] flaky = "accept"',
        '[gate] waivers = "accept"',
        '[gate] clock = "ignore"',
        '[gate] level = "L0"',
        "[review] separate = false",
    ]


def regression(document, now, patterns=None):
    """Return the rule's result."""
    return no_regression(earlier_snapshot(document, now, patterns), now)[0]


class TestNoRegression:
    """Comparison with an earlier report."""

    def before(self, evidence, status="IN_PROGRESS"):
        """Return a document of what the evidence was worth."""
        result = readiness(evidence).use_cases[0]
        rows = [
            {"id": requirement.requirement.id, "state": requirement.state.value} for requirement in result.requirements
        ]
        use_case = {"id": UC, "status": status, "items": [{"requirements": rows}]}
        return {"schema": "readiness/report/v1", "context": {"register": "payments"}, "use_cases": [use_case]}

    def reported(self, result):
        """Return the JSON report."""
        rows = [plain_use_case(row) for row in result.use_cases]
        return {"schema": "readiness/report/v1", "context": {"register": "payments"}, "use_cases": rows}

    @pytest.mark.parametrize(
        ("evidence", "passes"),
        [
            (complete(), True),
            ([*complete(), ran(proofs=("trace",), days=0)], True),
            (complete()[1:], False),
            ([*complete(), ran(days=0)], False),
            ([*complete(), ran(FAILED, days=0)], False),
        ],
    )
    def test_states(self, evidence, passes):
        """The same and better states pass, and any worse one does not, whatever else is better."""
        result = regression(self.before(complete()), readiness(evidence))
        assert (result.passed, result.looked_at) == (passes, 12)
        assert regression(self.before([]), readiness(evidence)).passed is (FAILED not in {e.result for e in evidence})

    def test_status(self):
        """A lower status is a regression though every state is the same: a review that became suspect, a blocker."""
        before = self.before(complete(), "READY_FOR_GO_LIVE")
        assert f"{UC} was READY_FOR_GO_LIVE and is IN_PROGRESS" in regression(before, readiness(complete())).detail
        assert regression(self.before(complete(), "BLOCKED"), readiness(complete())).passed

    def test_nothing_in_scope(self):
        """A report that has none of the use cases lets nothing through: there was nothing to check."""
        result = regression({**self.before(complete()), "use_cases": []}, readiness(complete()))
        assert (result.passed, result.looked_at) == (False, 0)

    def test_new_in_the_register(self):
        """Use cases that a report of everything, or of their names, lacks are new: they are counted, not compared."""
        document = self.before(complete())
        (row,) = document["use_cases"]
        both = [{**row, "id": "UC-009"}]
        for scope in (None, ["uc-*"], [UC, "UC-009"]):
            other = {**document, "context": {**document["context"], "scope": scope}, "use_cases": both}
            result = regression(other, readiness(complete()), [UC, "UC-009"])
            new = "; 1 use case not compared: new in the register since the earlier report"
            assert result.detail.startswith("UC-009 was IN_PROGRESS and is gone; compared: 1 use case, ")
            assert result.detail.endswith(f" requirements and 0 tests{new}")
        assert "not compared" not in regression(document, readiness(complete())).detail

    @pytest.mark.parametrize(
        ("context", "says"),
        [
            ({"scope": ["UC-009"]}, "is limited to UC-009 and speaks of 0 of 1 use case: compare with a report of the"),
            ({"scope": []}, "is limited to no use case and speaks of 0 of 1 use case"),
            ({}, "speaks of 0 of 1 use case and does not say whether it was limited to them"),
        ],
    )
    def test_what_the_earlier_report_did_not_look_at(self, context, says):
        """It may be worse than before without a sign of it: the rule fails, though what is compared is the same."""
        document = self.before(complete())
        (row,) = document["use_cases"]
        other = {
            **document,
            "context": {**document["context"], **context},
            "use_cases": [{**row, "id": "UC-009", "status": "NOT_STARTED", "items": []}],
        }
        now = readiness(complete())
        departed = replace(now, let_go=frozenset({"UC-009"}))
        result = regression(other, departed)
        assert (result.passed, result.wrong) == (False, 0)
        assert result.detail.startswith(f"the earlier report {says}")
        assert result.detail.endswith("; compared: 1 use case, 0 requirements and 0 tests")
        worse = regression({**other, "use_cases": [{**row, "id": "UC-009"}]}, now)
        assert (worse.passed, worse.wrong) == (False, 1)
        assert worse.detail.startswith("UC-009 was IN_PROGRESS and is gone; compared: ")
        assert f"the earlier report {says}" in worse.detail

    def test_many(self):
        """Of many that are worse the first few are named, and the others are counted."""
        assert "and 7 more" in regression(self.before(complete()), readiness([])).detail
        five = regression(self.before(complete()), readiness(complete()[5:])).detail
        assert (five.count(" was "), "more" in five) == (5, False)

    def test_what_disappeared_is_worse(self):
        """A use case, a requirement or a test that the earlier report has and the present lacks closes the gate."""

        def compared(use_cases, requirements):
            names = f"{use_cases} use case{'s' if use_cases > 1 else ''}, {requirements} requirements"
            return f"; compared: {names} and 0 tests"

        now = readiness(complete())
        document = self.before(complete())
        (row,) = document["use_cases"]
        gone = {**row, "id": "UC-009"}
        result = regression({**document, "use_cases": [row, gone]}, now)
        assert (result.passed, result.detail) == (False, f"UC-009 was IN_PROGRESS and is gone{compared(2, 22)}")
        assert regression({**document, "use_cases": [row, gone]}, now, ["uc-00[1-3]"]).passed
        needed = row["items"][0]["requirements"]
        more = [*needed, {"id": f"{UC}/8", "state": "MISSING"}]
        result = regression({**document, "use_cases": [{**row, "items": [{"requirements": more}]}]}, now)
        assert (result.passed, result.detail) == (False, f"{UC}/8 was MISSING and is gone{compared(1, 12)}")
        not_needed = [*needed, {"id": f"{UC}/8", "state": "NOT_APPLICABLE"}]
        assert regression({**document, "use_cases": [{**row, "items": [{"requirements": not_needed}]}]}, now).passed

    @pytest.mark.parametrize(
        ("result", "real", "passes"),
        [("PASSED", True, False), ("FAILED", True, False), ("SKIPPED", True, True), ("PASSED", False, True)],
    )
    def test_a_test_that_no_longer_runs(self, result, real, passes):
        """A test that ran for real and has no evidence any more is worse; one that never ran for real is not."""
        document = self.before(complete())
        first = document["use_cases"][0]["items"][0]["requirements"][0]
        first["evidence"] = [
            {"id": "old.1.1", "test_id": "tests/test_old.py::test_old", "result": result, "real": real}
        ]
        now = regression(document, readiness(complete()))
        assert now.passed is passes
        assert ("tests/test_old.py::test_old ran for UC-003/1/BYOK and is gone" in now.detail) is not passes

    def test_a_test_that_fails_besides_another(self):
        """It is a regression that names the test, the requirement and both results, though the state is as before."""
        old, passed = ran(FAILED, test="t.py::test_old"), ran(proofs=("trace",), test="t.py::test_new", days=2)
        document = self.reported(readiness([old, passed]))
        assert regression(document, readiness([old, passed])).passed
        now = regression(document, readiness([old, passed, ran(FAILED, test="t.py::test_new", days=0)]))
        assert (now.passed, now.wrong) == (False, 1)
        worse = "t.py::test_new for UC-003/4 was PASSED and is FAILED (failed in staging)"
        assert now.detail == f"{worse}; compared: 1 use case, 11 requirements and 2 tests"
        first = regression(document, readiness([old, passed, ran(FAILED, test="t.py::test_first")]))
        assert first.detail.startswith("t.py::test_first for UC-003/4 is new and is FAILED (failed in staging)")

    def test_a_report_without_what_each_test_shows(self):
        """A report of an older version has only results: these are compared, and the rule says so."""
        old, passed = ran(FAILED, test="t.py::test_old"), ran(proofs=("trace",), test="t.py::test_new", days=2)
        document = self.reported(readiness([old, passed]))
        for item in document["use_cases"][0]["items"]:
            for row in item["requirements"]:
                for piece in row["evidence"]:
                    for key in ("counts", "why_not", "state", "proven"):
                        del piece[key]
        said = "of tests only the results, as the earlier report says no more of them"
        unproven = regression(document, readiness([old, ran(test="t.py::test_new", days=0)]))
        assert (unproven.passed, unproven.detail.endswith(said)) == (True, True)
        failed = regression(document, readiness([old, ran(FAILED, test="t.py::test_new", days=0)]))
        assert (failed.passed, "was PASSED and is FAILED" in failed.detail) == (False, True)


def test_a_checkpoint_is_a_rule_of_its_own_where_one_is_asked_for():
    """It passes with what it looked at, closes on anything against it, and on a checkpoint that speaks of nothing."""
    result = readiness(complete())

    def judged(looked_at, *problems):
        verdict = evaluate_gate(result, EVIDENCE, checkpoint=CheckpointComparison(looked_at, problems, "as it was"))
        rule = next(rule for rule in verdict.rules if rule.rule == "checkpoint")
        return verdict.eligible, verdict.reliable, rule.passed, rule.looked_at, rule.detail

    assert "checkpoint" not in [rule.rule for rule in evaluate_gate(result, EVIDENCE).rules]
    assert judged(7) == (True, True, True, 7, "as it was")
    assert judged(7, Problem("checkpoint x", "rolled back")) == (False, False, False, 7, "checkpoint x: rolled back")
    assert judged(0) == (False, False, False, 0, "there was nothing to check")
