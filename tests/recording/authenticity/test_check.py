"""Authenticity checks that serve one test after the other."""

from __future__ import annotations

import socket
import time

import pytest

from pytest_readiness.claims.catalogue import Catalogue
from pytest_readiness.recording.authenticity.check import AuthenticityChecks, prepare
from pytest_readiness.redaction.redactor import Redactor

CLAIMS = [{"use_case": "UC-001", "item": "1"}]


@pytest.fixture
def checks() -> AuthenticityChecks:
    """Return the checks of a session without items."""
    redactor = Redactor(b"k", {})
    prepare(redactor)
    return AuthenticityChecks(Catalogue("r", open_world=True), redactor)


def test_a_check_that_saw_nothing_serves_the_next_test(checks: AuthenticityChecks) -> None:
    """The same check watches both tests, and sees in the second what replaces the clock there."""
    first = checks.take(())
    first.begin()
    first.inspect()
    checks.give_back(first)
    second = checks.take(())
    assert second is first
    second.begin()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: 0.0)
        second.inspect()
    claims, _ = second.judge(CLAIMS, passed=True)
    assert "time.time" in claims[0]["not_real_because"]


def test_what_a_check_saw_is_never_the_next_tests(checks: AuthenticityChecks) -> None:
    """A replaced clock, a connection, and a reason why a test could not be watched stay with their tests."""
    for number in range(3):
        check = checks.take(())
        check.begin()
        if number == 0:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(time, "time", lambda: 0.0)
        elif number == 1:
            with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
                pass
        else:
            check.mark_unwatched("it ran elsewhere")
        checks.give_back(check)
        following = checks.take(())
        assert following is not check
        assert following.judge(CLAIMS, passed=True) == (CLAIMS, {})
        checks.give_back(following)
        assert checks.take(()) is following


def test_running_tests_share_no_check(checks: AuthenticityChecks) -> None:
    """Two tests that run at the same time have a check each, and a check that is given back stops watching."""
    first, second = checks.take(()), checks.take(())
    assert first is not second
    first.begin()
    second.begin()
    checks.give_back(first)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: 0.0)
    second.end()
    assert second.reason() is not None
    assert first.reason() is None
