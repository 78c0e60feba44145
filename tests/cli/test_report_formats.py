"""`readiness report --format`: files for other tools, the same numbers in each, and formats of plugins."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest

from pytest_readiness.views.output_formats import FORMATS
from tests.project import Project
from tests.views.sinks import markdown_cells

pytestmark = pytest.mark.slow

SUITE = """
@evidence("UC-001", item=1)
def test_a(): pass

class TestB:
    @evidence("UC-001", item=2)
    @pytest.mark.parametrize("x", ["a::b"])
    def test_b(self, x): assert 0

@evidence("UC-002", item=1)
def test_c(): pass
"""
AT = "2999-01-01"
PLUGIN = """
def pytest_readiness_render(report, format):
    if format == "totals":
        report["totals"].pop("NOT_STARTED")
        return " ".join(f"{k}={v}" for k, v in report["totals"].items()) + "\\n"
    if format == "broken":
        raise SystemExit(0)
    if format == "number":
        return 7
"""


@pytest.fixture
def recorded(project: Project) -> Project:
    """A project with evidence: UC-001 fails, UC-002 collects."""
    project.configured().tests(SUITE, "tests/test_it.py")
    project.run("--readiness-markdown=session.md", "--readiness-csv=session.csv").assert_outcomes(passed=2, failed=1)
    return project


def test_every_format_is_written_and_is_the_same_twice(recorded: Project) -> None:
    """To standard output and to a file, with equal bytes for equal input."""
    for name in FORMATS:
        first, second = (recorded.cli("report", "--format", name, "--at", AT) for _ in range(2))
        assert (first.exit_code, first.stderr == "") == (0, name != "in-toto"), name  # which has no commit to speak of
        assert first.stdout_bytes == second.stdout_bytes, name
        assert recorded.cli("report", "--format", name, "--at", AT, "-o", f"out.{name}").exit_code == 0
        assert (recorded.path / f"out.{name}").read_bytes() == first.stdout_bytes, name


def test_the_session_writes_what_the_command_prints(recorded: Project) -> None:
    """The files of a session have the verdict and the evidence of the command's."""
    written = (recorded.path / "session.md").read_text(encoding="utf-8")
    printed = recorded.cli("report", "--format", "markdown").stdout
    assert "### What changed" in written  # by this run, which only the session knows
    written = re.sub(r"\n### What changed\n.*?(?=\n### )", "", written, flags=re.DOTALL)
    cut = [re.sub(r"at 2\S+,", "at NOW,", text) for text in (written, printed)]
    assert cut[0] == cut[1]
    assert (recorded.path / "session.csv").read_bytes() == recorded.cli("report", "--format", "csv").stdout_bytes


def test_the_badge_is_json_or_an_image(recorded: Project) -> None:
    """With an SVG as the output file it is an image with the same message."""
    badge = json.loads(recorded.cli("report", "--format", "badge").stdout)
    assert (badge["schemaVersion"], badge["message"]) == (1, "0 of 2 ready, 1 blocked")
    assert recorded.cli("report", "--format", "badge", "-o", "b.SVG").exit_code == 0
    title = ET.parse(recorded.path / "b.SVG").getroot()[0].text
    assert title == "readiness: 0 of 2 ready, 1 blocked"


def test_code_quality_points_at_the_test(recorded: Project) -> None:
    """A failing test has its file and line from the repository's folder; what is missing has its row of the tracker."""
    recorded.monkeypatch.setenv("CI_PROJECT_DIR", str(recorded.path.parent))
    first, *others = json.loads(recorded.cli("report", "--format", "gitlab-codequality").stdout)
    folder = recorded.path.name
    assert first["location"] == {"path": f"{folder}/tests/test_it.py", "lines": {"begin": 10}}
    assert "test_b[a::b]" in first["description"]
    assert {issue["location"]["path"] for issue in others} == {f"{folder}/PROD_READINESS_TRACKER.md"}


def test_a_format_of_a_plugin(recorded: Project) -> None:
    """Its text is printed; a plugin that fails or returns no text is one line that names it, and so is no plugin."""
    config = recorded.path / "readiness.toml"
    config.write_text('plugins = ["ours"]\n' + config.read_text())
    recorded.write("ours.py", PLUGIN)
    done = recorded.cli("report", "--format", "totals")
    assert (done.exit_code, done.stdout) == (0, "IN_PROGRESS=1 BLOCKED=1 READY_FOR_GO_LIVE=0\n")
    for name, expected in (
        ("broken", "the plugin 'ours': pytest_readiness_render failed: SystemExit"),
        (
            "number",
            "the plugin 'ours': pytest_readiness_render must return a text or None, not a value of the kind int",
        ),
        ("markdwon", "no plugin has one of this name (pytest_readiness_render) (did you mean 'markdown'?)"),
    ):
        refused = recorded.cli("report", "--format", name, "-o", "none.txt")
        assert (refused.exit_code, refused.stdout, refused.stderr.count("\n")) == (2, "", 1), refused.stderr
        assert expected in refused.stderr
        assert not (recorded.path / "none.txt").exists()
    assert recorded.cli("report", "--format", "No Name").exit_code == 2


def test_evidence_in_the_words_of_the_tracker(recorded: Project) -> None:
    """A table of the ten fields for each piece, and JSON with the rest; nothing for what has no evidence."""
    text = recorded.cli("show", "UC-001", "--format", "markdown").stdout
    tables = [dict(markdown_cells(table)[1:]) for table in text.split("\n\n")]
    assert [(table["UC"], table["Validation Item"], table["Result"]) for table in tables] == [
        ("UC-001", "1", "PASSED"), ("UC-001", "2", "FAILED"),
    ]  # fmt: skip
    pieces = json.loads(recorded.cli("show", "UC-001/2", "--format", "json").stdout)["evidence"]
    assert [piece["message"].splitlines()[0] for piece in pieces] == ["assert 0"]
    assert pieces[0]["run"]["actor"]
    assert recorded.cli("show", "UC-002/2", "--format", "markdown").stdout == ""
    assert json.loads(recorded.cli("show", "UC-002/2", "--format", "json").stdout)["evidence"] == []
