"""Salvage of damaged runs: each line is read on its own."""

from __future__ import annotations

import pytest

from pytest_readiness.facts.evidence import Result
from pytest_readiness.facts.ledger.line import Line
from pytest_readiness.facts.run import PlanEntry
from pytest_readiness.store.integrity.salvage import salvage_run
from pytest_readiness.store.protocol import SalvagedRun
from tests.store.runs import claim, finished, planned, run, run_id

SOUND = run(
    1, planned("test_a", "test_b"), planned("test_c"), finished("test_a", claim()), finished("test_b", claim("UC-002")),
    context={"environment": "staging"},
)  # fmt: skip
TEXTS = [line.text for line in SOUND.lines]
PLAN = tuple(PlanEntry(name, (("UC-001", "1"),)) for name in ("test_a", "test_b", "test_c"))


def read(*texts: str) -> SalvagedRun:
    """What can be read of the run with these lines."""
    return salvage_run(run_id(1), "payments", texts)


def ended(salvaged: SalvagedRun) -> list[str]:
    """The tests whose evidence was read."""
    return [one.test_id for one in salvaged.evidence]


def test_a_sound_run_is_read_whole() -> None:
    """Where the run took place, what it was to run and what ended: all that its lines say."""
    salvaged = read(*TEXTS)
    assert salvaged.head["context"] == {"environment": "staging"}
    assert (ended(salvaged), salvaged.planned, salvaged.changed) == (["test_a", "test_b"], PLAN, False)


@pytest.mark.parametrize("lost", [3, 4])
def test_a_line_that_is_lost_takes_only_itself_away(lost: int) -> None:
    """Head and plan still stand, and so does the other test."""
    for texts in ([*TEXTS[:lost], *TEXTS[lost + 1 :]], [*TEXTS[:lost], "x", *TEXTS[lost + 1 :]]):
        salvaged = read(*texts)
        assert ended(salvaged) == [["test_b"], ["test_a"]][lost - 3]
        assert (salvaged.planned, salvaged.changed) == (PLAN, False)


@pytest.mark.parametrize("head", [[], ["x"], [TEXTS[0].replace("staging", "dev")], [TEXTS[1]], [TEXTS[0], TEXTS[0]]])
def test_a_first_line_that_the_next_one_does_not_name_says_nothing(head: list[str]) -> None:
    """Nobody knows where such a run took place, nor what it was to run; what ended in it is still read."""
    salvaged = read(*head, *TEXTS[1:])
    assert (ended(salvaged), salvaged.planned, salvaged.changed) == (["test_a", "test_b"], None, True)


@pytest.mark.parametrize("texts", [[], ["x"], TEXTS[:1], TEXTS[1:]])
def test_what_is_no_head_is_none(texts: list[str]) -> None:
    """A run without a first line has no head, and one that has nothing else has no plan."""
    salvaged = read(*texts)
    assert bool(salvaged.head) is (texts == TEXTS[:1])
    assert (salvaged.planned, salvaged.changed) == (None, True)


@pytest.mark.parametrize(
    "texts",
    [
        TEXTS[:-1],
        [*TEXTS[:2], *TEXTS[3:]],
        [TEXTS[0], TEXTS[1], TEXTS[2].replace("test_c", "test_d"), *TEXTS[3:]],
        [*TEXTS, TEXTS[3]],
        [*TEXTS[:-1], TEXTS[-1].replace('"planned":"', '"planned":"x')],
    ],
    ids=["no seal", "half a plan", "another plan", "more after the seal", "another seal"],
)
def test_a_plan_that_the_seal_does_not_name_is_none(texts: list[str]) -> None:
    """Nobody knows what such a run was to run, but where it took place."""
    salvaged = read(*texts)
    assert (salvaged.planned, salvaged.changed, salvaged.head["context"]) == (None, False, {"environment": "staging"})


def test_a_plan_that_says_no_tests_is_none() -> None:
    """What cannot be read of a plan raises nothing."""
    odd = run(1, {"kind": "planned", "tests": [{"test": "test_a"}]}, finished("test_a"))
    assert read(*(line.text for line in odd.lines)).planned is None
    assert read(*(line.text for line in run(1, finished("test_a")).lines)).planned == ()


def test_lines_of_another_run_are_no_evidence_of_this_one() -> None:
    """A line that was moved here counts for nothing."""
    other = run(2, planned("test_x"), finished("test_x"))
    assert ended(read(*TEXTS[:-1], other.lines[2].text, TEXTS[-1])) == ["test_a", "test_b"]
    assert Line.parse(other.lines[2].text).kind == "finished"


def silent(salvaged: SalvagedRun) -> list[str]:
    """The tests of which nothing is known."""
    return [one.test_id for one in salvaged.unreported]


@pytest.mark.parametrize(("number", "untold"), [(2, ["test_a", "test_c"]), (3, ["test_a", "test_b", "test_c"])])
def test_what_was_planned_and_no_line_tells_is_silent(number: int, untold: list[str]) -> None:
    """A line that is lost tells nothing, nor does the one before it, nor one that the next does not name."""
    tests = ("test_a", "test_b", "test_c")
    texts = [one.text for one in run(1, planned(*tests), *(finished(name) for name in tests[:2])).lines]
    assert silent(read(*texts)) == ["test_c"]
    assert silent(read(*texts[:number], *texts[number + 1 :])) == untold
    salvaged = read(*texts[:number], texts[number].replace("PASSED", "FAILED"), *texts[number + 1 :])
    assert (silent(salvaged), ended(salvaged), salvaged.planned) == (
        [tests[number - 2], "test_c"],
        ["test_a", "test_b"],
        PLAN,
    )


def test_a_silent_test_is_where_its_plan_says_with_the_limits_of_its_marks() -> None:
    """For each claim, with its place, its limits and its parts; real unless the plan says why not; deselected: not."""
    place = {"environment": "staging", "provider_mode": "BYOK"}
    limits = {"claim_environment": "prod", "claim_provider_mode": "managed", "parts": ["rotation"]}
    tests = [
        {"test": "test_a", "claims": [claim(**place, **limits), claim("UC-002", not_real_because="x", simulated=True)]},
        {"test": "test_b", "claims": [claim()], "records": True},
        {"test": "test_c", "claims": [claim()], "deselected": True},
    ]
    line_body = {"kind": "started", "test": "test_b", "at": "2026-02-12T18:29:03.000Z"}
    lines = run(1, {"kind": "planned", "tests": tests}, line_body).lines
    first, second, third = read(*(line.text for line in lines)).unreported
    assert (first.environment, first.provider_mode, first.parts) == ("staging", "BYOK", ("rotation",))
    assert (first.claim_environment, first.claim_provider_mode) == ("prod", "managed")
    assert [(one.test_id, one.uc, one.real, one.result) for one in (first, second, third)] == [
        ("test_a", "UC-001", True, Result.INTERRUPTED),
        ("test_a", "UC-002", False, Result.INTERRUPTED),
        ("test_b", "UC-001", True, Result.INTERRUPTED),
    ]
    assert (first.started_at, third.started_at) == (lines[-1].body["finished_at"], line_body["at"])
    assert (first.open_scope, third.open_scope) == (False, True)


def test_a_seal_that_is_not_the_one_that_was_kept_names_no_plan() -> None:
    """Whoever edits the plan can have the seal name it; the store knows the digest of the seal that it took in."""
    digest = SOUND.lines[-1].digest
    assert salvage_run(run_id(1), "payments", TEXTS, digest).planned == PLAN
    assert salvage_run(run_id(1), "payments", TEXTS, digest[:-1] + "x").planned is None
