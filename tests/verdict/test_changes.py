"""Changes between two evaluations: what stands differently, in which words, and by which evidence."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from msgspec.structs import replace

from pytest_readiness.errors import ConfigError
from pytest_readiness.facts.evidence import Result
from pytest_readiness.verdict.changes import Change, changes_between
from pytest_readiness.verdict.readiness import State, Status
from pytest_readiness.verdict.snapshots import EvaluationSnapshot, RequirementSnapshot, ShownEvidence
from tests.verdict.judging import CATALOGUE, FAILED, INTERRUPTED, UC, complete, ran
from tests.verdict.people import LEAD, SECOND, approval, blocker, judge_all, rejection, retirement


def snapshot(evidence, decisions=(), catalogue=CATALOGUE):
    """Judge evidence, and return what is compared."""
    return EvaluationSnapshot.from_readiness(judge_all(evidence, decisions, catalogue=catalogue))


def changed(before, after):
    """Return the changes as lines."""
    return [
        f"{change.subject}: {change.before} -> {change.after} ({change.because})"
        for change in changes_between(before, after)
    ]


def test_equal_evaluations_have_no_changes():
    """Nothing is told where nothing changed, whatever ran again with the same result."""
    assert changes_between(snapshot(complete()), snapshot(complete())) == ()
    assert changes_between(snapshot(complete(days=3)), snapshot(complete(days=2))) == ()


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (
            ran(FAILED, "6", days=0, parts=("rotation",), test="tests/test_keys.py::test_rotate"),
            ["UC-003: IN_PROGRESS -> BLOCKED (6/rotation failed)", "UC-003/6/rotation: COMPLETE -> FAILING (failed)"],
        ),
        (
            ran(INTERRUPTED, "4", days=0),
            [
                "UC-003: AWAITING_REVIEW -> COLLECTING (item 4 was interrupted)",
                "UC-003/4: COMPLETE -> INTERRUPTED (was interrupted)",
            ],
        ),
    ],
)
def test_a_result_that_makes_it_worse(evidence, expected):
    """The cause names the requirement without its use case, and the evidence is the one that came in."""
    before, after = snapshot(complete()), snapshot([*complete(), evidence])
    assert changed(before, after) == expected
    assert {change.evidence for change in changes_between(before, after)} == {evidence.id}
    assert all(change.is_worse for change in changes_between(before, after) if change.requirement)


def test_the_first_evidence_and_the_last():
    """Evidence starts a use case; what completes it is named with the others that came in at the same time."""
    first = snapshot([ran(item="plain")])
    assert changed(snapshot([]), first) == [
        "UC-003: NOT_STARTED -> IN_PROGRESS (plain passed)",
        "UC-003/plain: MISSING -> COMPLETE (passed)",
    ]
    every = changes_between(first, snapshot(complete()))
    assert (every[0].before, every[0].after) == ("COLLECTING", "AWAITING_REVIEW")
    assert every[0].because.endswith("passed and 9 more")
    assert not any(change.is_worse for change in every)


WORSE = """
                COMPLETE ASSERTED WAIVED NOT_APPLICABLE STALE REHEARSED MISSING FLAKY INTERRUPTED FAILING
COMPLETE           .        x       x          .          x       x        x      x        x         x
ASSERTED           .        .       x          .          x       x        x      x        x         x
WAIVED             .        .       .          .          x       x        x      x        x         x
NOT_APPLICABLE     .        x       x          .          x       x        x      x        x         x
STALE              .        .       .          .          .       .        .      .        x         x
REHEARSED          .        .       .          .          .       .        .      .        x         x
MISSING            .        .       .          .          .       .        .      .        x         x
FLAKY              .        .       .          .          x       x        x      .        x         x
INTERRUPTED        .        .       .          .          .       .        .      .        .         x
FAILING            .        .       .          .          .       .        .      .        .         .
"""
"""Whether a requirement that goes from the state of the row to that of the column is worse."""


def test_every_pair_of_states():
    """Less is worse, and so is a result against it; what satisfied nothing before cannot be lost."""
    head, *rows = [line.split() for line in WORSE.strip().splitlines()]
    assert set(head) == {row[0] for row in rows} == {state.value for state in State}
    for before, *marks in rows:
        for after, mark in zip(head, marks, strict=True):
            assert Change(UC, before, after, f"{UC}/4").is_worse is (mark == "x"), (before, after)


def test_a_first_pass_that_is_not_enough_is_no_regression():
    """A rehearsed or expired test that now passes for real, without what counts, lost nothing; the reason is told."""
    rehearsed = ran(item="5", environment="dev", days=2, proofs=("replay",), replay_mode="FULL")
    expired = ran(item="5", days=400, proofs=("replay",), replay_mode="FULL")
    passed, late = ran(item="5", days=0), ran(item="5", days=0, proofs=("replay",), replay_mode="FULL", attempts=2)
    for before, name in ((rehearsed, "REHEARSED"), (expired, "STALE")):
        (change,) = changes_between(snapshot([before]), snapshot([before, passed]))
        why = "does not count: it does not say whether the replay was FULL or TRACE_ONLY"
        assert change == Change(UC, name, "MISSING", f"{UC}/5", why, passed.id)
        assert not change.is_worse
        (change,) = changes_between(snapshot([before]), snapshot([before, late]))
        assert (change.after, change.is_worse) == ("FLAKY", False)


def test_a_pass_that_is_lost_is_a_regression():
    """A late pass that expired, or a counting one after which the test passed without what counts."""
    late, old = ran(item="4", attempts=2), ran(item="4", attempts=2, days=400)
    (change, *_) = [each for each in changes_between(snapshot([late]), snapshot([old])) if each.requirement]
    assert (change.before, change.after, change.is_worse) == ("FLAKY", "STALE", True)
    counted, passed = ran(item="5", days=2, proofs=("replay",), replay_mode="FULL"), ran(item="5", days=0)
    (change,) = [each for each in changes_between(snapshot([counted]), snapshot([counted, passed])) if each.is_worse]
    assert (change.before, change.after, change.evidence) == ("COMPLETE", "MISSING", passed.id)


def test_what_expired_has_no_evidence():
    """Only the clock changed it."""
    before, after = snapshot(complete()), snapshot(complete(days=400))
    changes = {change.requirement: change for change in changes_between(before, after)}
    assert changes[None].because.endswith("expired and 9 more")
    assert (changes["UC-003/4"].after, changes["UC-003/4"].because) == ("STALE", "expired")
    assert {change.evidence for change in changes.values()} == {None}


def test_decisions_are_named_with_the_person():
    """An approval, a rejection and a blocker are the cause where they are new, and are none where they stood before."""
    evidence = complete()
    signed, ended = approval(evidence), rejection(by=SECOND, days=0.2)
    waiting, ready = snapshot(evidence), snapshot(evidence, [signed])
    assert changed(waiting, ready) == [f"UC-003: IN_PROGRESS -> READY_FOR_GO_LIVE (review: approved by {LEAD})"]
    blocked = snapshot(evidence, [signed, blocker(by=LEAD)])
    assert changed(ready, blocked) == [f"UC-003: READY_FOR_GO_LIVE -> BLOCKED (blocked by {LEAD})"]
    assert changed(blocked, ready) == ["UC-003: BLOCKED -> READY_FOR_GO_LIVE (unblocked)"]
    rejected = snapshot(evidence, [signed, ended])
    assert changed(ready, rejected) == [f"UC-003: READY_FOR_GO_LIVE -> BLOCKED (review: rejected by {SECOND})"]
    both = snapshot([*evidence, ran(FAILED, days=0)], [signed, blocker(by=LEAD)])
    assert changed(blocked, both) == ["UC-003/4: COMPLETE -> FAILING (failed)"]


def test_what_is_new_or_gone():
    """Use cases and requirements that only one evaluation has; of such a use case the requirements are not listed."""
    more = replace(CATALOGUE, use_cases={**CATALOGUE.use_cases, "UC-10": replace(CATALOGUE.use_cases[UC], id="UC-10")})
    before, after = snapshot(complete()), snapshot(complete(), catalogue=more)
    assert changed(before, after) == ["UC-10:  -> NOT_STARTED (is new)"]
    assert changed(after, before) == ["UC-10: NOT_STARTED ->  (is gone)"]
    assert [change.is_worse for change in changes_between(after, before)] == [True]
    items = {key: item for key, item in CATALOGUE.items.items() if key != "plain"}
    fewer = snapshot(complete(), catalogue=replace(CATALOGUE, items=items))
    assert changed(before, fewer) == ["UC-003/plain: COMPLETE ->  (is no longer required)"]
    assert changed(fewer, before) == ["UC-003/plain:  -> COMPLETE (is new)"]


def test_what_either_was_limited_to_is_neither_new_nor_gone():
    """Only use cases that both looked for are compared; in any letter case, and by globs."""
    more = replace(CATALOGUE, use_cases={**CATALOGUE.use_cases, "UC-10": replace(CATALOGUE.use_cases[UC], id="UC-10")})
    both, alone = snapshot(complete(), catalogue=more), snapshot(complete())
    for limited in (replace(alone, scope=(UC,)), replace(alone, scope=("uc-00?",))):
        assert changed(both, limited) == changed(limited, both) == []
    for asked in (replace(alone, scope=("uc-*",)), replace(alone, scope=("UC-10", UC))):
        assert changed(both, asked) == ["UC-10: NOT_STARTED ->  (is gone)"]
        assert changed(asked, both) == ["UC-10:  -> NOT_STARTED (is new)"]


def test_a_test_that_no_longer_runs_is_worse_though_another_completes_the_requirement():
    """It is told with its last result; one that is skipped or only rehearsed now is told too."""
    other = ran(item="plain", test="tests/test_other.py::test_other")
    before = snapshot([*complete(), other])
    (gone,) = changes_between(before, snapshot(complete()))
    assert gone == Change(UC, "PASSED", "", "UC-003/plain", "is gone", test="tests/test_other.py::test_other")
    assert gone.is_worse
    for now, because in (
        (replace(other, result=Result.SKIPPED), "is SKIPPED"),
        (replace(other, real=False), "is only rehearsed"),
    ):
        (change,) = changes_between(before, snapshot([*complete(), now]))
        assert (change.because, change.evidence, change.is_worse) == (because, other.id, True)


PROVEN, RETIRED = {"proofs": ("trace",)}, retirement(test="t.py::test_b", days=0)


@pytest.mark.parametrize(
    ("before", "after", "expected", "is_worse"),
    [
        (PROVEN, {"result": FAILED}, ("PASSED", "FAILED", "failed in staging"), True),
        (PROVEN, {"result": Result.ERROR}, ("PASSED", "ERROR", "failed in staging"), True),
        (PROVEN, {"result": INTERRUPTED}, ("PASSED", "INTERRUPTED", "was interrupted in staging"), True),
        ({"result": INTERRUPTED}, {"result": FAILED}, ("INTERRUPTED", "FAILED", "failed in staging"), True),
        (None, {"result": FAILED}, ("", "FAILED", "failed in staging"), True),
        ({"real": False}, {"result": FAILED}, ("REHEARSED", "FAILED", "failed in staging"), True),
        ({"result": Result.SKIPPED}, {"result": FAILED}, ("SKIPPED", "FAILED", "failed in staging"), True),
        (PROVEN, {}, ("COMPLETE", "ASSERTED", "passed without its proof in staging"), True),
        (PROVEN, {**PROVEN, "attempts": 2}, ("COMPLETE", "FLAKY", "passed only at a later attempt in staging"), True),
        (
            {**PROVEN, "attempts": 2},
            {"attempts": 2},
            ("FLAKY", "FLAKY without its proof", "passed only at a later attempt in staging"),
            True,
        ),
        ({"result": FAILED}, {}, ("FAILED", "PASSED", "passed without its proof in staging"), False),
        ({"result": FAILED}, {"result": INTERRUPTED}, ("FAILED", "INTERRUPTED", "was interrupted in staging"), False),
        ({}, PROVEN, ("ASSERTED", "COMPLETE", "passed in staging"), False),
    ],
)
def test_a_test_that_shows_something_else_though_the_requirement_stands_as_before(before, after, expected, is_worse):
    """It is named with both results, or with what two passes show; a test that shows more is better."""
    legacy = ran(FAILED, test="t.py::test_legacy")
    earlier = [] if before is None else [ran(**before, test="t.py::test_b", days=2)]
    later = ran(**after, test="t.py::test_b", days=1)
    if before and before.get("result") is FAILED and later.result is INTERRUPTED:
        earlier[0] = replace(
            earlier[0], started_at=later.started_at
        )  # an interruption replaces no failure that is older
    (change,) = changes_between(snapshot([legacy, *earlier]), snapshot([legacy, later]))
    assert (change.before, change.after, change.because) == expected
    assert (change.requirement, change.test, change.evidence) == ("UC-003/4", "t.py::test_b", later.id)
    assert change.is_worse is is_worse


def test_each_place_of_a_test_is_compared():
    """A test that fails in prod now is worse, though it still passes in staging and failed there before."""
    staging, prod = (ran(test="t.py::test_b", environment=name, days=2) for name in ("staging", "prod"))
    failed = ran(FAILED, test="t.py::test_b", environment="prod")
    legacy = ran(FAILED, test="t.py::test_legacy")
    (change,) = changes_between(snapshot([legacy, staging, prod]), snapshot([legacy, staging, failed]))
    assert (change.before, change.after, change.because) == ("PASSED", "FAILED", "failed in prod")


def test_a_new_test_that_passes_and_an_old_pass_that_expired_are_no_changes():
    """Nothing that was shown before is lost, and what expires is a matter of the requirement."""
    legacy, fresh = ran(FAILED, test="t.py::test_legacy"), ran(**PROVEN, test="t.py::test_b")
    assert changes_between(snapshot([legacy]), snapshot([legacy, fresh])) == ()
    stale = snapshot([legacy, replace(fresh, started_at="2025-01-01T00:00:00.000Z")])
    assert changes_between(snapshot([legacy, fresh]), stale) == ()


def test_a_retired_test_is_a_change_for_the_better():
    """A reviewer decided that it need not run: that is told, and closes no gate."""
    legacy, failed = ran(FAILED, test="t.py::test_legacy"), ran(FAILED, test="t.py::test_b")
    (change,) = changes_between(snapshot([legacy, failed]), snapshot([legacy, failed], [RETIRED]))
    assert (change.test, change.before, change.after, change.because) == ("t.py::test_b", "FAILED", "", "was retired")
    assert not change.is_worse


def test_a_pass_that_no_longer_counts_is_worse():
    """Its environment is no longer declared real, though another test still completes the requirement."""
    pair = [ran(**PROVEN), ran(**PROVEN, test="t.py::test_b", environment="prod")]
    prod = replace(CATALOGUE.environments["prod"], real=False)
    fewer = replace(CATALOGUE, environments={**CATALOGUE.environments, "prod": prod})
    changes = [each for each in changes_between(snapshot(pair), snapshot(pair, catalogue=fewer)) if each.test]
    (change,) = changes
    because = "no longer counts: environment 'prod' is no longer declared real"
    assert (change.before, change.after, change.because) == ("PASSED", "REHEARSED", because)
    assert change.is_worse


def test_the_requirements_are_in_the_order_of_the_config():
    """As in every other output; what is no longer required follows."""
    rows = {name: RequirementSnapshot(f"{UC}/{name}", State.COMPLETE) for name in ("6/rotation", "6/revocation", "7")}
    before = snapshot([]).use_cases[UC]
    before = replace(before, requirements={f"{UC}/old": replace(rows["7"], id=f"{UC}/old")})
    after = replace(before, requirements={row.id: row for row in rows.values()})
    changes = changes_between(*(EvaluationSnapshot("r", "", {UC: row}) for row in (before, after)))
    assert [change.requirement for change in changes] == [f"{UC}/{name}" for name in (*rows, "old")]


def test_the_order_is_that_of_people():
    """UC-9 stands before UC-10, and a use case before its requirements."""
    rows = [Change(name, "", Status.NOT_STARTED.value) for name in ("UC-10", "UC-9", "uc-9", "UC-010")]
    catalogues = [
        replace(CATALOGUE, use_cases={row.use_case: replace(CATALOGUE.use_cases[UC], id=row.use_case) for row in some})
        for some in (rows, rows[::-1])
    ]
    none = replace(CATALOGUE, use_cases={})
    orders = [
        [change.use_case for change in changes_between(snapshot([], catalogue=none), snapshot([], catalogue=catalogue))]
        for catalogue in catalogues
    ]
    assert orders == [["UC-9", "UC-010", "UC-10", "uc-9"]] * 2


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"schema": "readiness/report/v2"}, {"schema": "readiness/report/v1"},
     {"schema": "readiness/report/v1", "context": {"register": "r"}, "use_cases": [{"id": "UC-1", "status": "DONE", "items": []}]},
     {"schema": "readiness/report/v1", "context": {"register": "r"}, "use_cases": [{"id": 1, "status": "BLOCKED", "items": []}]},
     {"schema": "readiness/report/v1", "context": {"register": "r"}, "use_cases": 7},
     {"schema": "readiness/report/v1", "context": {"register": "r"}, "use_cases": [{"id": "UC-1", "status": "BLOCKED", "items": [], "review": [1]}]}],
)  # fmt: skip
def test_what_is_no_report_is_refused(document):
    """A document with other words or types is an error in one line."""
    with pytest.raises(ConfigError, match="JSON report") as error:
        EvaluationSnapshot.from_document(document)
    assert len(str(error.value).splitlines()) == 1


def test_a_report_is_compared_as_its_readiness_is():
    """What is read from the JSON report is the snapshot of the readiness that it was written from."""
    from pytest_readiness.views.document import to_document
    from tests.views.values import mixed

    value = mixed()
    read = EvaluationSnapshot.from_document(json.loads(json.dumps(to_document(value))))
    assert replace(read, at="") == replace(EvaluationSnapshot.from_readiness(value.readiness), at="")
    assert any(row.requirements for row in read.use_cases.values())


def test_a_requirement_that_applies_again_or_no_longer_says_so():
    """The declaration is the cause, and not evidence that was there before; its tests are not gone."""
    evidence = complete()
    row = replace(CATALOGUE.use_cases[UC], not_applicable={"plain": "there is none"})
    without = replace(CATALOGUE, use_cases={UC: row})
    before, after = snapshot(evidence), snapshot(evidence, catalogue=without)
    for later in (after, snapshot(evidence[:-1], catalogue=without)):
        (change,) = [each for each in changes_between(before, later) if each.requirement]
        assert (change.after, change.because) == ("NOT_APPLICABLE", "does not apply any more")
        assert (change.is_worse, change.test) == (False, None)
    (change,) = [each for each in changes_between(after, before) if each.requirement]
    assert (change.before, change.because, change.is_worse) == ("NOT_APPLICABLE", "applies now", False)


def test_an_approval_or_a_rejection_that_no_longer_counts_is_a_cause():
    """Where the decision was there before and is not now, as after another policy."""
    evidence = complete()
    waiting, ready = snapshot(evidence), snapshot(evidence, [approval(evidence)])
    assert changed(ready, waiting) == ["UC-003: READY_FOR_GO_LIVE -> IN_PROGRESS (review: no longer counts)"]
    rejected = snapshot(evidence, [rejection()])
    assert changed(rejected, waiting) == ["UC-003: BLOCKED -> IN_PROGRESS (review: no longer rejected)"]


def test_a_test_that_never_ran_is_not_gone():
    """One that was skipped or only rehearsed before shows nothing that could be lost."""
    other = ran(item="plain", test="tests/test_other.py::test_other")
    for before in (replace(other, result=Result.SKIPPED), replace(other, real=False)):
        assert changes_between(snapshot([*complete(), before]), snapshot(complete())) == ()


def test_a_test_that_no_longer_runs_in_one_place_is_worse_though_it_runs_in_another():
    """Another store may lack what ran there, a failure too; what counted for nothing there is no loss."""
    here, there = ran(item="plain", environment="staging"), ran(item="plain", environment="prod")
    failed = replace(there, result=Result.FAILED)
    for lost in (there, failed):
        gone = [each for each in changes_between(snapshot([here, lost]), snapshot([here])) if each.test]
        expected = Change(UC, lost.result.value, "", "UC-003/plain", "is gone in prod", test=there.test_id)
        assert (gone, [each.is_worse for each in gone]) == ([expected], [True])
    for lost in (replace(there, result=Result.SKIPPED), replace(there, real=False)):
        assert changes_between(snapshot([here, lost]), snapshot([here])) == ()
    let_go = changes_between(snapshot([here, there]), snapshot([here], [retirement(there.test_id)]))
    assert [each.because for each in let_go if each.test] == ["was retired"]


def test_the_evidence_behind_a_change_is_new_and_fits():
    """A rehearsal is behind REHEARSED though older evidence is real; of two passes the one that was not there before."""
    rehearsal, expired = ran(item="plain", real=False, days=2), ran(item="plain", days=400, test="t.py::test_old")
    first, second = ran(item="plain", days=1), ran(item="plain", days=0.5, test="t.py::test_new")
    rows = [
        RequirementSnapshot(f"{UC}/plain", state, tuple(map(shown, pieces)))
        for state, pieces in (
            (State.MISSING, ()),
            (State.REHEARSED, (expired, rehearsal)),
            (State.COMPLETE, (first,)),
            (State.STALE, (first,)),
            (State.COMPLETE, (first, second)),
        )
    ]
    plain = snapshot([]).use_cases[UC]
    steps = [EvaluationSnapshot("r", "", {UC: replace(plain, requirements={row.id: row})}) for row in rows]
    changes = [each for pair in pairwise(steps) for each in changes_between(*pair) if each.test is None]
    assert [change.evidence for change in changes] == [rehearsal.id, first.id, None, second.id]


def shown(piece):
    """Return evidence as a snapshot has it."""
    return ShownEvidence(piece.id, piece.test_id, piece.result.value, piece.real)


def test_the_worst_requirement_is_the_cause():
    """Of a failure and an interruption that came in together the failure explains why the use case is blocked."""
    both = [*complete(), ran(INTERRUPTED, "4", days=0), ran(FAILED, "plain", days=0)]
    assert changed(snapshot(complete()), snapshot(both))[0] == "UC-003: IN_PROGRESS -> BLOCKED (plain failed)"
