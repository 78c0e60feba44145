"""Results of attempts, decided after teardown."""

from __future__ import annotations

import pytest

from pytest_readiness.facts.evidence import Result
from pytest_readiness.recording.context import RunContext
from pytest_readiness.recording.observation import MESSAGE_LIMIT, Observation, PhaseResult, failure_message, result_of
from pytest_readiness.redaction.redactor import Redactor


def phase(when: str, outcome: str = "passed", message: str = "", *, expected: bool = False) -> PhaseResult:
    """Return the result of a phase."""
    return PhaseResult(when, outcome, expected, message)


SETUP, CALL, TEARDOWN = phase("setup"), phase("call"), phase("teardown")


@pytest.mark.parametrize(
    ("phases", "result"),
    [
        ([SETUP, CALL, TEARDOWN], Result.PASSED),
        ([SETUP, phase("call", "failed"), TEARDOWN], Result.FAILED),
        ([phase("setup", "failed"), TEARDOWN], Result.ERROR),
        ([SETUP, CALL, phase("teardown", "failed")], Result.ERROR),
        ([SETUP, phase("call", "failed"), phase("teardown", "failed")], Result.ERROR),
        ([SETUP, phase("call", "skipped"), phase("teardown", "failed")], Result.ERROR),
        ([phase("setup", "skipped"), TEARDOWN], Result.SKIPPED),
        ([SETUP, phase("call", "skipped"), TEARDOWN], Result.SKIPPED),
        ([SETUP, phase("call", "skipped", expected=True), TEARDOWN], Result.XFAILED),
        ([phase("setup", "skipped", expected=True), TEARDOWN], Result.XFAILED),
        ([SETUP, phase("call", "passed", expected=True), TEARDOWN], Result.XPASSED),
        ([SETUP, phase("call", "failed"), CALL, TEARDOWN], Result.FAILED),
        ([SETUP, phase("call", "skipped"), CALL, TEARDOWN], Result.PASSED),
        ([SETUP], Result.INTERRUPTED),
        ([SETUP, TEARDOWN], Result.INTERRUPTED),
        ([], Result.INTERRUPTED),
    ],
)
def test_result(phases: list[PhaseResult], result: Result) -> None:
    """Each combination of phases has the result that the rules give it (subtests are calls before the call)."""
    assert result_of(phases) is result


def test_messages_of_what_failed_only() -> None:
    """The message has each failure once; a skip's reason only if nothing failed."""
    assert (
        failure_message([phase("setup", "passed"), phase("call", "failed", "a"), phase("teardown", "failed", "b")])
        == "a\nb"
    )
    assert failure_message([phase("call", "failed", "a"), phase("call", "failed", "a")]) == "a"
    assert failure_message([phase("setup", "skipped", "not today")]) == "not today"


def test_a_secret_across_the_cut_is_redacted_first() -> None:
    """A long message is cut after redaction, so that no part of a secret remains at its end."""
    redactor = Redactor(b"k", {"A_TOKEN": "0123456789"})
    observation = Observation("t", (), False, RunContext(), redactor)
    observation.record_phase(phase("call", "failed", "x" * (MESSAGE_LIMIT - 45) + "0123456789" + "y" * 100), 0.001)
    message = observation.phases[0].message
    assert len(message) <= MESSAGE_LIMIT + 20
    assert "01234" not in message
