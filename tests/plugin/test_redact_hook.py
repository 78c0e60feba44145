"""The hook ``pytest_readiness_redact``: a redactor of one's own, for sessions and commands."""

from __future__ import annotations

import pytest

from tests.plugin.test_secrets import HOW, kept
from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow

TESTS = """
@pytest.mark.parametrize("who", ["customer-7", "customer-8"])
@evidence("UC-001", item=1)
def test_it(record_evidence, who):
    record_evidence.note(f"of {who}")
    record_evidence.set(who=who)
    record_evidence.attach(f"a {who} b")
    assert not who, who
"""
REDACTS = """
import re

def pytest_readiness_redact(text):
    return re.sub(r"customer-\\d", "[customer]", text)
"""


def assert_nowhere(project: Project, *secrets: str) -> None:
    """No file of ours holds one of these."""
    files = [path for path in (project.path / ".readiness").rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert [secret for secret in secrets if secret.encode() in path.read_bytes()] == [], path


@HOW
@pytest.mark.parametrize("where", ["conftest.py", "plugin of the config"])
def test_a_plugin_redacts_whatever_is_recorded(project: Project, how: tuple[str, ...], where: str) -> None:
    """Notes, properties, artifacts, messages, and the names of tests, which stay two."""
    if where == "conftest.py":
        project.configured().write("conftest.py", REDACTS)
    else:
        project.configured('plugins = ["our_redactor"]\n' + CONFIG).write("our_redactor.py", REDACTS)
    project.tests(TESTS)
    project.run(*how).assert_outcomes(failed=2)
    assert_nowhere(project, "customer-7", "customer-8")
    pieces = kept(project)
    assert {piece.notes for piece in pieces} == {("of [customer]",)}
    assert len({piece.test_id for piece in pieces}) == 2
    assert all(piece.test_id.startswith("test_it.py::test_it[[customer]][REDACTED:") for piece in pieces)
    assert all(piece.message.startswith("AssertionError: [customer]") for piece in pieces)


@HOW
def test_a_redactor_that_raises_costs_no_evidence(project: Project, how: tuple[str, ...]) -> None:
    """Each text is replaced as a whole, two tests stay two, and the trouble is told once."""
    project.configured().write("conftest.py", "def pytest_readiness_redact(text): raise ValueError('no idea')\n")
    project.tests(TESTS)
    result = project.run(*how)
    result.assert_outcomes(failed=2)
    assert result.ret == 1
    assert result.stdout.str().count("a redactor of a plugin failed") == 1
    result.stdout.fnmatch_lines(["*was replaced: the plugin *conftest.py*: ValueError: no idea*"])
    assert_nowhere(project, "customer-7", "customer-8")
    pieces = kept(project)
    assert {piece.notes for piece in pieces} == {("[REDACTED:hook-failed]",)}
    assert len({piece.test_id for piece in pieces}) == 2
    assert all(dict(piece.redactions)["hook-failed"] for piece in pieces)
    assert project.states()["UC-001/1"] == "FAILING"


def test_a_failing_redactor_does_not_close_a_session_that_passed(project: Project) -> None:
    """The evidence is kept: the exit code is pytest's own, and the report still tells of it."""
    project.configured().write("conftest.py", "def pytest_readiness_redact(text): return 7\n")
    project.tests('@evidence("UC-001", item=1)\ndef test_it(record_evidence): record_evidence.note("a")\n')
    result = project.run("--readiness-report")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*a redactor of a plugin failed*it returned int, and must return a text or None*"])


def test_commands_ask_the_plugins_of_the_config(project: Project) -> None:
    """``record`` and a decision's reason are redacted by them; a ``conftest.py`` is not asked."""
    project.configured('plugins = ["our_redactor"]\n' + CONFIG).write("our_redactor.py", REDACTS)
    args = ("--item", "1", "--environment", "staging", "--note", "of customer-7", "--", "echo", "customer-8")
    told = project.cli("record", "UC-001", *args)
    assert told.exit_code == 0, told.output
    blocked = project.cli("block", "UC-001", "--by", "ana@example.com", "--reason", "customer-9 waits")
    assert blocked.exit_code == 0, blocked.output
    assert_nowhere(project, "customer-7", "customer-8", "customer-9")
    assert "[customer] waits" in project.cli("history").output + project.cli("report").output
