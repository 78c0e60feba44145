"""A session whose tests register many secrets: its work grows with the tests, and no secret is anywhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.growth import assert_steady
from tests.plugin.test_secrets import kept
from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

TEST = """
@evidence("UC-001", item=1)
def test_{0}(record_evidence):
    record_evidence.note("before: live-token-{0:05}-Zk3v of {0}")
    record_evidence.attach("log: live-token-{0:05}-Zk3v", name="x.log")
    record_evidence.secret("live-token-{0:05}-Zk3v")
    record_evidence.set(answer="live-token-{0:05}-Zk3v", other="live-token-{1:05}-Zk3v")
"""
QUIET = """
@evidence("UC-001", item=1)
def test_{0}(record_evidence):
    record_evidence.secret("live-token-{0:05}-{1:05}")
    record_evidence.set(answer="the provider says live-token-{0:05}-{1:05} to {0}")
"""


def with_tests(project: Project, source: str, count: int) -> None:
    """Write so many tests, each with its own number and the number of another."""
    project.configured()
    project.tests("".join(source.format(number, (number + 1) % count) for number in range(count)))


def test_a_session_grows_with_its_secrets(project: Project) -> None:
    """What a further test with a secret of its own costs does not depend on how many there were."""

    def made(count: int) -> Callable[[], None]:
        with_tests(project, QUIET, count)
        return lambda: project.run().assert_outcomes(passed=count)

    assert_steady(made, 24)


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_no_secret_is_anywhere(project: Project, how: tuple[str, ...]) -> None:
    """Each test writes its secret before it registers it, and the one of a test that runs later."""
    with_tests(project, TEST, 12)
    project.run(*how).assert_outcomes(passed=12)
    pieces = kept(project)
    assert len(pieces) == 12
    files = [path for path in (project.path / ".readiness").rglob("*") if path.is_file()]
    assert [path for path in files if b"-Zk3v" in path.read_bytes()] == []
    assert project.cli("verify").exit_code == 0
