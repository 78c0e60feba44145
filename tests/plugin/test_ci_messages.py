"""A job of GitHub: its summary is written by itself, and what blocks is said beside the code."""

from __future__ import annotations

import os
import re
import stat

import pytest

from tests.project import CONFIG, XDIST, Project
from tests.views.sinks import Runner, all_tokens

pytestmark = pytest.mark.slow

SUITE = """
@evidence("UC-001", item=1)
def test_a(): pass

@evidence("UC-001", item=2)
@pytest.mark.parametrize("x", ["a::b", "c"])
def test_b(x): assert x == "c"

@evidence("UC-999", item=1)
def test_wrong(): pass
"""


@pytest.fixture
def job(project: Project) -> Project:
    """A project in a job of GitHub, with a failing test and a wrong mark."""
    project.configured().tests(SUITE, "tests/test_it.py")
    for name, value in {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(project.path / "summary.md"),
        "GITHUB_WORKSPACE": str(project.path),
    }.items():
        project.monkeypatch.setenv(name, value)
    return project


def summary(project: Project) -> str:
    """What was written."""
    path = project.path / "summary.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def headings(text: str) -> int:
    """The number of reports in a text."""
    return len(re.findall(r"^## ", text, re.MULTILINE))


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
@pytest.mark.parametrize("option", ["--readiness-report", "--readiness-gate", "--readiness-json=r.json"])
def test_a_session_writes_the_summary_once(job: Project, how: tuple[str, ...], option: str) -> None:
    """A session that gives a report or a gate appends it; under xdist the controller does, and nobody else."""
    (job.path / "summary.md").write_text("before\n")
    job.run(*how, option)
    text = summary(job)
    assert text.startswith("before\n\n## ✗ NOT ELIGIBLE")
    assert headings(text) == 1
    assert any(token.type == "table_open" for token in all_tokens(text))


@pytest.mark.parametrize(
    ("args", "variable"), [((), ""), (("--readiness-gate", "--no-readiness-summary"), ""), (("--readiness-gate",), "1")]
)
def test_it_is_not_written_where_nobody_wants_it(job: Project, args: tuple[str, ...], variable: str) -> None:
    """A session that only records writes none, and neither does one that is told not to."""
    job.monkeypatch.setenv("READINESS_NO_SUMMARY", variable)
    job.run(*args)
    assert summary(job) == ""
    if variable:
        job.cli("gate")
        assert summary(job) == ""


def test_commands_append_theirs(job: Project) -> None:
    """Gate and the report for people; a file for a tool is no second report."""
    job.run()
    job.cli("gate")
    assert headings(summary(job)) == 1
    job.cli("report")
    assert headings(summary(job)) == 2
    for name in ("json", "markdown", "csv"):
        job.cli("report", "--format", name)
    assert headings(summary(job)) == 2


def test_a_summary_that_cannot_be_written_changes_no_exit_code(job: Project) -> None:
    """A folder, a missing folder, a pipe and a file that is full: one line says so, and the run ends as it would."""
    job.tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n", "tests/test_it.py")
    os.mkfifo(job.path / "pipe")
    (job.path / "full.md").write_bytes(b"x" * (1024 * 1024 - 100))
    expected = job.run("--readiness-report", "--no-readiness-summary").ret
    assert expected == 0
    job.run("--readiness-report")
    store = job.path / ".readiness" / "evidence.db"
    before = store.read_bytes()
    for name in (".", "none/summary.md", "pipe", "full.md", ".readiness/evidence.db", "\x1b"):
        job.monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(job.path / name))
        reported = job.cli("report")
        assert reported.exit_code == 0
        assert ("the job summary was not written" in reported.stderr) == (name != "\x1b"), name
        assert "Error" not in reported.stderr
        assert reported.stderr.count("\n") <= 1
    assert store.read_bytes() == before
    job.monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(job.path / "none" / "summary.md"))
    session = job.run("--readiness-report")
    assert session.ret == expected
    session.stdout.fnmatch_lines(["*the job summary was not written*"])
    assert (job.path / "full.md").stat().st_size < 1024 * 1024
    assert stat.S_ISFIFO((job.path / "pipe").stat().st_mode)


def test_a_summary_keeps_to_the_size_of_its_file(job: Project) -> None:
    """What several commands append together is no more than GitHub takes."""
    job.run()
    (job.path / "summary.md").write_bytes(b"x" * (1024 * 1024 - 2500))
    job.cli("gate")
    assert (job.path / "summary.md").stat().st_size <= 1024 * 1024
    assert "NOT ELIGIBLE" in summary(job)


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_what_blocks_is_said_beside_the_code(job: Project, how: tuple[str, ...]) -> None:
    """Wrong marks and failing tests have their file and line; what is missing is one warning."""
    result = job.run(*how, "--readiness-gate")
    commands = Runner.reads(result.stdout.str()).commands
    assert [(name, fields.get("file"), fields.get("line")) for name, fields, _ in commands] == [
        ("error", "tests/test_it.py", "11"), ("error", "tests/test_it.py", "9"), ("warning", None, None),
    ]  # fmt: skip
    assert "UC-999" in commands[0][2]
    assert commands[1][1]["title"] == "readiness: UC-001/2"
    assert "test_b[a::b]" in commands[1][2]
    assert "2 MISSING" in commands[2][2]
    gate = Runner.reads(job.cli("gate").output).commands
    assert gate == commands[1:]


def test_there_are_ten_at_most(job: Project) -> None:
    """The worst come first, and the last of them says how many more there are."""
    job.tests(
        "@evidence('UC-001', item=1)\n@pytest.mark.parametrize('n', range(30))\ndef test_a(n): assert 0\n",
        "tests/test_it.py",
    )
    commands = Runner.reads(job.run("--readiness-report").stdout.str()).commands
    assert len(commands) == 10
    assert "22 more" in commands[8][2]
    assert commands[9][0] == "warning"


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_a_session_that_only_records_shows_its_wrong_marks(job: Project, how: tuple[str, ...]) -> None:
    """A gate that comes later sees no mark that recorded nothing; its other findings it prints itself."""
    commands = Runner.reads(job.run(*how).stdout.str()).commands
    assert [(name, fields.get("file"), fields.get("line")) for name, fields, _ in commands] == [
        ("error", "tests/test_it.py", "11")
    ]
    marks = "@evidence('UC-999', item=1)\n@pytest.mark.parametrize('n', range(12))\ndef test_a(n): pass\n"
    job.tests(marks, "tests/test_it.py")
    commands = Runner.reads(job.run(*how).stdout.str()).commands
    assert len(commands) == 10
    assert "3 more: `pytest --readiness-plan`" in commands[-1][2]


def test_they_are_for_github_alone_and_for_what_is_open(job: Project) -> None:
    """Elsewhere, and where all is eligible, nothing is printed."""
    job.monkeypatch.setenv("GITHUB_ACTIONS", "")
    assert Runner.reads(job.run("--readiness-gate").stdout.str()).commands == []
    job.monkeypatch.setenv("GITHUB_ACTIONS", "true")
    config = CONFIG.partition("[items.2]")[0] + '[gate]\non = "evidence"\n'
    job.configured(config).tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n", "tests/test_it.py")
    (job.path / ".readiness" / "evidence.db").unlink()
    result = job.run("--readiness-gate", "--readiness-uc=UC-001")
    assert result.ret == 0
    assert Runner.reads(result.stdout.str()).commands == []
