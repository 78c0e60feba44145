"""A tracker of 32 use cases: adopted, reported, gated, as a release engineer would."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.project import Project

pytestmark = pytest.mark.slow

STATUSES = ("GREEN", "AMBER", "RED")
ROWS = "\n".join(
    f"| UC-{number:03} | `{STATUSES[number % 3]}` | `NOT_STARTED` | `tbd` | 2026-02-12 | Flow \\| number {number} |"
    for number in range(1, 33)
)
WHOLE = f"""# Tracker of production readiness

Each flow below is evidenced in a real environment before it is switched on.

## Status Legend

- `NOT_STARTED`: nothing was shown yet
- `IN_PROGRESS`: something was shown
- `BLOCKED`: something stands in the way
- `READY_FOR_GO_LIVE`: shown and signed

## Use cases

| UC | Architecture Status | Prod Readiness Status | Owner | Last Updated | Notes |
| --- | --- | --- | --- | --- | --- |
{ROWS}

## Required Evidence Per Use Case

1. Provider credential path verified (BYOK and/or managed, as applicable)
2. Connector handshake verified for the target environment(s)
3. SDK installation and attestation verified in a persistent store
4. Deterministic trace capture for at least one real run
5. Replay validated, explicitly FULL or TRACE_ONLY
6. Secret rotation and revocation verified
7. Failure-path drills executed and audited

## Evidence template

| Field | Value |
| --- | --- |
| UC | |
| Result | |
"""


@pytest.fixture
def adopted(project: Project) -> Project:
    """A folder with that tracker, adopted by init."""
    project.write("PROD_READINESS_TRACKER.md", WHOLE)
    done = project.cli("init", "--tracker", "PROD_READINESS_TRACKER.md")
    assert done.exit_code == 0, done.output
    return project


def test_init_report_gate(adopted: Project) -> None:
    """32 use cases with seven items each, NOT_STARTED, without drift; check is content, and the gate is closed."""
    document = adopted.report()
    use_cases = document["use_cases"]
    assert [use_case["id"] for use_case in use_cases] == [f"UC-{number:03}" for number in range(1, 33)]
    assert {(use_case["status"], use_case["declared_status"], use_case["drift"]) for use_case in use_cases} == {
        ("NOT_STARTED", "NOT_STARTED", False)
    }
    assert [use_case["architecture_status"] for use_case in use_cases[:3]] == ["AMBER", "RED", "GREEN"]
    assert {tuple(item["item"] for item in use_case["items"]) for use_case in use_cases} == {tuple("1234567")}
    assert document["totals"]["NOT_STARTED"] == 32
    assert document["verdict"]["eligible"] is False
    assert adopted.cli("gate").exit_code == 1
    assert adopted.cli("check").exit_code == 0
    assert not (adopted.path / ".readiness").exists()
    assert (adopted.path / "PROD_READINESS_TRACKER.md").read_text(encoding="utf-8") == WHOLE


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize(("alike", "most"), [(True, 24), (False, 53)], ids=["rows alike", "each row another"])
def test_the_report_fits_a_screen(adopted: Project, columns: int, alike: bool, most: int) -> None:
    """32 use cases take half a screen where rows are alike, and a line each where not (with one on what is cut off); no line is too wide."""
    adopted.monkeypatch.setenv("COLUMNS", str(columns))
    if alike:
        adopted.write("PROD_READINESS_TRACKER.md", WHOLE.replace("`AMBER`", "`GREEN`").replace("`RED`", "`GREEN`"))
    lines = adopted.cli("report").stdout.splitlines()
    assert len(lines) <= most
    assert max(map(len, lines)) <= columns
    assert lines[0].startswith("NOT ELIGIBLE")


def test_one_test_moves_one_use_case(adopted: Project) -> None:
    """A first real pass turns one use case IN_PROGRESS, which drifts from the tracker; the other 31 stay."""
    config = adopted.path / "readiness.toml"
    config.write_text(config.read_text() + "\n[environments.staging]\nreal = true\n")
    adopted.tests('@evidence("UC-003", item=4)\ndef test_trace(): pass\n')
    adopted.run("--readiness-gate").assert_outcomes(passed=1)
    document = adopted.report()
    assert document["totals"] == {"NOT_STARTED": 31, "IN_PROGRESS": 1, "BLOCKED": 0, "READY_FOR_GO_LIVE": 0}
    [moved] = [use_case for use_case in document["use_cases"] if use_case["drift"]]
    assert (moved["id"], moved["status"], moved["phase"]) == ("UC-003", "IN_PROGRESS", "COLLECTING")
    assert adopted.states("UC-003")["UC-003/4"] == "ASSERTED"
    assert adopted.cli("gate").exit_code == 1


def test_in_processes_of_their_own(project: Project) -> None:
    """The same as two shell commands: init, then a JSON report and a gate that exits 1."""
    project.write("PROD_READINESS_TRACKER.md", WHOLE)

    def readiness(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest_readiness", *arguments]
        return subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=False)

    assert readiness("init", "--tracker", "PROD_READINESS_TRACKER.md").returncode == 0
    report = readiness("report", "--format", "json")
    assert (report.returncode, report.stdout.count('"NOT_STARTED"') >= 64) == (0, True)
    assert readiness("gate").returncode == 1


UNREAD = {
    "a second heading": (
        "## Evidence t",
        "## Required Evidence (additions)\n\n8. Gamma\n\n## Evidence t",
        "a second heading",
    ),
    "a bullet between": ("4. Det", "- Gamma\n4. Det", "a bullet beside the numbered list"),
    "a bullet after": ("\n\n## Evidence t", "\n- Gamma\n\n## Evidence t", "a bullet beside the numbered list"),
    "a number after a sentence": (
        "\n\n## Evidence t",
        "\n\nAnd also:\n8. Gamma\n\n## Evidence t",
        "within a paragraph",
    ),
    "a number without a space": ("4. Det", "4.Det", "within a paragraph"),
}


@pytest.mark.parametrize("how", UNREAD)
def test_an_item_that_is_no_entry(adopted: Project, how: str) -> None:
    """What looks like a required item and is none is a problem with its line, and nothing is judged without it."""
    old, new, told = UNREAD[how]
    assert WHOLE.count(old) == 1
    text = WHOLE.replace(old, new)
    marked = next(line for line in text.splitlines() if "additions" in line or "Gamma" in line or "4.Det" in line)
    number = text.splitlines().index(marked) + 1
    adopted.write("PROD_READINESS_TRACKER.md", text)
    checked = adopted.cli("check")
    (line,) = [line for line in checked.stdout.splitlines() if told in line]
    assert checked.exit_code == 1
    assert line.startswith(f"PROD_READINESS_TRACKER.md:{number}: ")
    assert adopted.cli("gate").exit_code == 2


def test_what_is_no_item_is_let_be(adopted: Project) -> None:
    """Notes behind a sentence, bullets under an item, and a heading that the config leaves out are no problem."""
    text = WHOLE.replace("4. Det", "   - of each provider\n4. Det")
    text = text.replace("\n\n## Evidence t", "\n\nNotes:\n\n- kept for a year\n\n## Evidence t")
    adopted.write("PROD_READINESS_TRACKER.md", text)
    assert adopted.cli("check").exit_code == 0
    adopted.write("PROD_READINESS_TRACKER.md", text + "\n## Required Evidence of last year\n\n1. Gamma\n")
    assert adopted.cli("check").exit_code == 1
    config = adopted.path / "readiness.toml"
    config.write_text('tracker_skip = ["*last year"]\n' + config.read_text())
    assert adopted.cli("check").exit_code == 0
