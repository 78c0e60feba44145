"""What a reader sees: one line for what is the same, and no word that hides a skip or an expected failure."""

from __future__ import annotations

import json
from html import unescape

import pytest

from tests.project import Project

CONFIG = """
[environments.staging]
real = true
[items.1]
title = "a"
[items.2]
title = "b"
[items.3]
title = "c"
[gate]
on = "evidence"
"""
TESTS = """
import pytest

@evidence("UC-001", item=1)
@evidence("UC-001", item=2)
@evidence("UC-001", item=3)
def test_all(): assert os.environ.get("PROVIDER", "up") == "up"

@pytest.mark.xfail(reason="the provider is broken")
@evidence("UC-002", item=1)
@evidence("UC-002", item=2)
def test_expected(): assert False

@evidence("UC-002", item=3)
@pytest.mark.skip(reason="no network")
def test_skipped(): pass

@evidence("UC-003", item=1)
@evidence("UC-003", item=2)
def test_later():
    if os.environ.get("PROVIDER", "up") != "up": pytest.skip("no <b>network</b>")
"""
SINCE = "skipped since: items 1, 2 of UC-003: test_it.py::test_later SKIPPED in staging at 20"


def configured(project: Project, *names: str) -> None:
    """Write a config with use cases, and no tracker."""
    project.write("readiness.toml", CONFIG + "".join(f"[use_cases.{name}]\n" for name in names))


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Three use cases, whose tests pass at first; then one fails, and one is skipped."""
    project = Project.at(pytester, monkeypatch)
    configured(project, "UC-001", "UC-002", "UC-003")
    project.tests(TESTS)
    project.run("--readiness-environment=staging")
    project.monkeypatch.setenv("PROVIDER", "down")
    project.run("--readiness-environment=staging")
    return project


def test_the_gate_says_once_what_one_failing_test_asks_for(project: Project) -> None:
    """Three requirements of a test are one line to fix, with all of them, and other lines are as they were."""
    result = project.cli("gate", "UC-001")
    assert result.exit_code == 1
    fixes = [line for line in result.stdout.splitlines() if line.strip().startswith("fix ")]
    assert fixes == ["    fix      items 1 to 3 of UC-001: make test_it.py::test_all pass in staging (unassigned)"]
    document = json.loads(project.cli("gate", "UC-001", "--json").stdout)
    assert document["exit_code"] == 1
    next_actions = project.report("UC-001")["next"]
    assert [action["requirement"] for action in next_actions if action["action"] == "fix"] == [
        "UC-001/1", "UC-001/2", "UC-001/3",
    ]  # fmt: skip


def test_a_pass_whose_test_is_skipped_since_is_told_in_each_report(project: Project) -> None:
    """On the terminal, in Markdown and on the page, escaped as text."""
    terminal = project.cli("report").stdout
    assert SINCE in " ".join(terminal.split())
    assert f"- {SINCE}" in unescape(project.cli("report", "--format", "markdown").stdout)
    page = project.cli("report", "--format", "html", "-o", "page.html")
    assert page.exit_code == 0
    html = (project.path / "page.html").read_text()
    assert html.count("<p><b>Skipped since:</b> test_it.py::test_later SKIPPED in staging at 20") == 2
    assert "no &lt;b&gt;network&lt;/b&gt;" in html
    assert "<b>network" not in html
    project.monkeypatch.setenv("PROVIDER", "up")
    project.run("--readiness-environment=staging")
    assert "skipped since" not in project.cli("report").stdout


def test_many_tests_that_are_skipped_since_are_counted(project: Project) -> None:
    """A report names three of them, and with -v all."""
    names = [f"UC-1{number}" for number in range(5)]
    configured(project, *names)
    skipping = '    if os.environ.get("PROVIDER", "up") != "up": pytest.skip("no network")\n'
    tests = [f'@evidence("{name}", item=1)\ndef test_{number}():\n{skipping}' for number, name in enumerate(names)]
    project.tests("import pytest\n" + "\n".join(tests))
    for state in ("up", "down"):
        project.monkeypatch.setenv("PROVIDER", state)
        project.run("--readiness-environment=staging")
    brief = project.cli("report").stdout
    assert brief.count("\nskipped since: ") == 3
    assert "2 more tests skipped since: -v shows all\n" in brief
    assert project.cli("report", "-v").stdout.count("\nskipped since: ") == 5


def test_an_expected_failure_is_called_one(project: Project) -> None:
    """Wherever its state SKIPPED is shown, and the state stays; a test that was skipped is not called so."""
    terminal = project.cli("report").stdout
    assert "  skipped    items 1, 2 of UC-002 (expected to fail)\n" in terminal
    assert "  skipped    item 3 of UC-002\n" in terminal
    assert "» SKIPPED (some are expected to fail)" in terminal
    markdown = unescape(project.cli("report", "--format", "markdown").stdout)
    assert "» SKIPPED (some are expected to fail)" in markdown
    why = " ".join(project.cli("why", "UC-002/1").stdout.split())
    assert "test_it.py::test_expected XFAILED (an expected failure) in staging at 20" in why
    assert "expected" not in project.cli("why", "UC-002/3").stdout.replace("test_expected", "")
    project.cli("report", "--format", "html", "-o", "page.html")
    html = (project.path / "page.html").read_text()
    assert "UC-002/1: SKIPPED (expected to fail)</h4>" in html
    assert "» SKIPPED (expected to fail)</b> 1" in html
    assert "UC-002/3: SKIPPED</h4>" in html
    assert "</i> SKIPPED (some are expected to fail)</span>" in html
    pieces = project.report("UC-002")["use_cases"][0]["items"][0]["requirements"]
    assert [(piece["state"], piece["evidence"][0]["result"]) for piece in pieces] == [("MISSING", "XFAILED")]


def test_an_unexpected_pass_is_called_one(project: Project) -> None:
    """A test that passes although a failure was expected is no pass, and the reason says why."""
    project.tests(TESTS.replace("def test_expected(): assert False", "def test_expected(): pass"))
    project.run("--readiness-environment=staging")
    why = " ".join(project.cli("why", "UC-002/1").stdout.split())
    assert "test_it.py::test_expected XPASSED (a failure was expected) in staging at 20" in why


def test_use_cases_that_are_gone_share_a_line(project: Project) -> None:
    """Of 32 that left the register in the same way, one line, row or annotation tells; JSON has each."""
    names = [f"UC-{number}" for number in range(100, 132)]
    configured(project, *names)
    project.cli("report", "--format", "json", "-o", "old.json")
    configured(project, "UC-001", "UC-002")
    project.cli("report", "--format", "json", "-o", "new.json")
    told = project.cli("diff", "old.json", "new.json").stdout
    assert told.count("gone") == 2
    assert "\nUC-100 to UC-131  NOT_STARTED -> gone (is gone)\n" in told
    assert "\nUC-001  new -> BLOCKED (is new)\n" in told
    markdown = project.cli("diff", "old.json", "new.json", "--format", "markdown").stdout
    assert "| UC-100 to UC-131 | NOT_STARTED | gone | is gone |\n" in markdown
    assert markdown.count("is gone") == 1
    annotations = project.cli("diff", "old.json", "new.json", "--format", "github").stdout.splitlines()
    assert annotations[0] == "::error title=worse than before::UC-100 to UC-131: NOT_STARTED -> gone (is gone)"
    assert len(annotations) == 3
    document = json.loads(project.cli("diff", "old.json", "new.json", "--format", "json").stdout)
    assert [change["use_case"] for change in document["changes"] if change["after"] is None] == names
