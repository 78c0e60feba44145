"""`readiness show`: evidence in the ten fields of the template, then the envelope."""

from __future__ import annotations

import pytest

from tests.project import CONFIG, XDIST, Project
from tests.views.sinks import markdown_cells

pytestmark = pytest.mark.slow

TEN = (
    "UC",
    "Tenant ID",
    "Project ID",
    "Environment",
    "Provider Mode",
    "Validation Item",
    "Command/Test ID",
    "Result",
    "Timestamp (UTC)",
    "Artifact/Log Reference",
)
SUITE = """
@evidence("UC-001", item=[1, 2])
def test_a(record_evidence):
    record_evidence.scope(tenant_id="t-1", project_id="p-1", provider_mode="BYOK")
    record_evidence.attach("text", name="the log")
    record_evidence.reference("dashboard", "https://example.com/d")
    record_evidence.note("as seen")
    record_evidence.set(load="high")
    with record_evidence.step("first step"): pass

@evidence("UC-001", item=1)
def test_b(): assert 1 == 2
"""


@pytest.fixture
def recorded(project: Project) -> Project:
    """A project with three pieces of evidence."""
    project.configured().tests(SUITE)
    project.run().assert_outcomes(passed=1, failed=1)
    return project


def test_the_ten_fields_come_first_in_their_order(recorded: Project) -> None:
    """One piece of evidence begins with the ten fields of the template, by name, with what was recorded."""
    [piece] = [one for one in recorded.evidence("UC-001") if one["item"] == "1" and one["result"] == "PASSED"]
    done = recorded.cli("show", piece["id"])
    lines = done.stdout.splitlines()
    head = lines[: lines.index("")]
    labels = [line[:24].strip() for line in head if line[:24].strip()]
    values = {line[:24].strip(): line[24:] for line in head}
    assert done.exit_code == 0
    assert tuple(labels) == TEN
    assert [values[name] for name in TEN[:8]] == [
        "UC-001", "t-1", "p-1", "staging", "BYOK", "1", "test_it.py::test_a", "PASSED",
    ]  # fmt: skip
    assert values["Timestamp (UTC)"] == piece["timestamp"]
    assert "https://example.com/d" in "\n".join(head)
    for told in ("as seen", "load", "first step", "the log", piece["id"]):
        assert told in done.stdout, told


def test_json_has_the_ten_fields_in_the_same_order(recorded: Project) -> None:
    """The machine format carries the ten fields in the template's order, after the id."""
    for piece in recorded.evidence():
        assert list(piece)[:11] == [
            "id", "uc", "tenant_id", "project_id", "environment", "provider_mode", "item", "test_id", "result",
            "timestamp", "references",
        ]  # fmt: skip


@pytest.mark.parametrize(("target", "pieces"), [("UC-001", 3), ("uc-001", 3), ("UC-001/1", 2), ("UC-001/2", 1)])
def test_what_decides_on_a_use_case_or_item(recorded: Project, target: str, pieces: int) -> None:
    """A use case or an item shows each piece of evidence that decides on it, once."""
    done = recorded.cli("show", target)
    assert done.exit_code == 0
    assert sum(line.startswith("Command/Test ID") for line in done.stdout.splitlines()) == pieces


def test_a_failure_shows_why(recorded: Project) -> None:
    """A failed piece shows its message."""
    [piece] = [one for one in recorded.evidence("UC-001") if one["result"] == "FAILED"]
    assert "assert 1 == 2" in recorded.cli("show", piece["id"]).stdout


def counts(project: Project, *target: str) -> list[str]:
    """Return the row of each table that says whether the piece counts."""
    done = project.cli("show", *target, "--format", "markdown")
    assert done.exit_code == 0, done.output
    return [value for name, value in markdown_cells(done.stdout) if name == "Counts"]


def test_each_table_says_whether_it_counts(project: Project) -> None:
    """A rehearsal is told apart from what counts, and so are a skipped test, what was replaced, retired or expired."""
    config = CONFIG.replace("max_age_days = 30", "max_age_days = 1") + '[review]\nreviewers = ["ana@example.com"]\n'
    project.configured(config).tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    project.run(environment=None)
    (rehearsal,) = counts(project, "UC-001")
    assert rehearsal.startswith("no: a rehearsal: the run states no environment")
    assert "Counts                  no: a rehearsal: the run states no" in project.cli("show", "UC-001").stdout
    project.run()
    assert counts(project, "UC-001") == ["yes, for UC-001/1", rehearsal]
    replaced = next(piece["id"] for piece in project.evidence("UC-001") if piece["counts"])
    project.run()
    assert counts(project, replaced) == ["no: a newer execution of the test replaced it"]
    project.tests("@evidence('UC-001', item=1)\ndef test_b(): pytest.skip()\n", "test_b.py").run("test_b.py")
    assert "no: SKIPPED neither satisfies nor replaces anything" in counts(project, "UC-001")
    register = project.cli("report", "--format", "csv").stdout.splitlines()
    assert sum("no: a newer execution" in row for row in register) == 1
    assert sum("no: a rehearsal" in row for row in register) == 1
    by = ("--by", "ana@example.com", "--reason", "it is gone")
    assert project.cli("retire", "test_it.py::test_a", *by).exit_code == 0
    retired = [text for text in counts(project, "UC-001") if "retired" in text]
    assert retired, counts(project, "UC-001")
    assert all(text.startswith("no: ") for text in counts(project, "UC-001"))


def test_no_evidence_yet(recorded: Project) -> None:
    """A use case without evidence is answered in a sentence."""
    done = recorded.cli("show", "UC-002")
    assert (done.exit_code, done.stdout) == (0, "there is no evidence for UC-002 yet\n")


@pytest.mark.parametrize("target", ["UC-01", "UC-001/9", "20260101T000000Z-00000000.1.1", "x.1.1", ""])
def test_what_is_not_there(recorded: Project, target: str) -> None:
    """An id, use case or item that nobody knows is exit code 2 in one line."""
    done = recorded.cli("show", target)
    assert (done.exit_code, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_evidence_that_is_still_in_a_journal(project: Project) -> None:
    """What a killed session left behind can be shown before it is recovered, under the id that it keeps."""
    project.configured(CONFIG).tests(
        "@evidence('UC-001', item=1)\ndef test_a(): assert 0\n@evidence('UC-001', item=2)\ndef test_b(): os._exit(1)\n"
    )
    project.run_apart("-q")
    [piece] = [one for one in project.evidence() if one["result"] == "FAILED"]
    before = project.cli("show", piece["id"])
    assert before.exit_code == 0
    assert "test_it.py::test_a" in before.stdout
    project.cli("recover")
    after = project.cli("show", piece["id"])
    assert after.stdout.split("\n\n")[0] == before.stdout.split("\n\n")[0]


@pytest.mark.parametrize("how", ["serial", "xdist", "command", "examined"])
def test_a_run_starts_before_its_evidence(project: Project, how: str) -> None:
    """Whichever process runs the test, and where a command is recorded, the run started no later than the test did."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    here = ("UC-001", "--item", "1", "--environment", "staging")
    match how:
        case "serial" | "xdist":
            project.run(*(XDIST if how == "xdist" else ())).assert_outcomes(passed=1)
        case "command":
            assert project.cli("record", *here, "--", "true").exit_code == 0
        case "examined":
            assert project.cli("record", *here, "--result", "PASSED").exit_code == 0
    document = project.report("UC-001")
    (run,), (piece,) = document["runs"], document["use_cases"][0]["items"][0]["requirements"][0]["evidence"]
    assert run["started_at"] <= piece["started_at"]
