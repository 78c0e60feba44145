"""A tracker whose register is more than one table: nothing of it is left out of the gate in silence."""

from __future__ import annotations

import pytest

from tests.project import CONFIG, TRACKER, Project

HEAD = "| UC | Prod Readiness Status | Last Updated |\n| --- | --- | --- |\n"
COMPLETE = """
@evidence("UC-001", "UC-002", item=[1, 2])
def test_all(record_evidence): record_evidence.trace([{"a": 1}], again=[{"a": 1}])
"""


def gate(project: Project) -> tuple[int, str]:
    """Say what the gate says on evidence once the first two use cases have all theirs."""
    project.tests(COMPLETE)
    project.run()
    done = project.cli("gate", "--on", "evidence")
    return done.exit_code, done.output


def test_rows_after_a_blank_line_keep_the_gate_closed(project: Project) -> None:
    """A use case whose row stands after a blank line is judged like the others, by both doors."""
    project.configured(tracker=TRACKER + "\n| UC-003 | `GREEN` | `BLOCKED` | ben | 2026-01-01 | Ledger |\n")
    code, told = gate(project)
    assert code == 1
    assert "UC-003/1 MISSING" in told
    assert project.run("--readiness-gate", "--readiness-gate-on=evidence").ret == 11
    assert "3 use cases from PROD_READINESS_TRACKER.md" in project.cli("check").stdout


def test_a_second_table_keeps_the_gate_closed(project: Project) -> None:
    """A table under another heading is a part of the register: its use cases can be claimed, and are judged."""
    project.configured(tracker=f"{TRACKER}\n## Reports\n\n{HEAD}| UC-101 | BLOCKED | |\n")
    code, told = gate(project)
    assert code == 1
    assert "UC-101/1 MISSING" in told
    assert "3 use cases from PROD_READINESS_TRACKER.md" in project.cli("check").stdout


def test_init_counts_every_table(project: Project) -> None:
    """What init says it adopted is what check and the gate judge."""
    project.write(
        "PROD_READINESS_TRACKER.md", f"{TRACKER}\n## Reports\n\n{HEAD}| UC-101 | BLOCKED | |\n\n| B | BLOCKED |"
    )
    assert "adopted, not changed (4 use cases" in project.cli("init").stdout


def test_sync_writes_into_every_table(project: Project) -> None:
    """Rows of further tables and after a blank line get the derived status and its date, and no other byte changes."""
    more = f"\n| UC-003 | `GREEN` | `BLOCKED` | x | 2026-01-01 | |\n\n## More\r\n\n> {HEAD}".replace(
        "\n| ---", "\n> | ---"
    )
    tracker = f"{TRACKER}{more}> | UC-101 | **BLOCKED** | 2026-01-01 |\n\ntext | with a pipe\n"
    project.configured(tracker=tracker)
    project.empty_store()
    assert project.cli("sync", "--check").exit_code == 1
    done = project.cli("sync")
    assert done.exit_code == 0
    after = (project.path / "PROD_READINESS_TRACKER.md").read_bytes().decode()
    date = after.split("UC-101 | **NOT_STARTED** | ")[1][:10]
    expected = tracker.replace("`BLOCKED` | x | 2026-01-01", f"`NOT_STARTED` | x | {date}")
    assert after == expected.replace("**BLOCKED** | 2026-01-01", f"**NOT_STARTED** | {date}")
    assert project.cli("sync", "--check").exit_code == 0


@pytest.mark.parametrize(
    ("rest", "line"),
    [
        ("\n## More\n\n| UC-003 | `GREEN` | `BLOCKED` | x |\n", 10),
        (f"\n<details>\n{HEAD}| UC-003 | BLOCKED | |\n</details>\n", 9),
        ("\n## More\n\n| UC | Prod Rediness Status |\n|--|--|\n| UC-003 | BLOCKED |\n", 10),
        ("\n## More\n\n| Use case | Prod Readiness Status |\n|--|--|\n| UC-003 | BLOCKED |\n", 10),
        ("\n<table><tr><th>UC</th><th>Prod Readiness Status</th></tr></table>\n", 8),
    ],
)
def test_what_looks_like_the_register_and_is_not_read_is_told(project: Project, rest: str, line: int) -> None:
    """Check names the line, and no gate answers for the part that was read."""
    project.configured(tracker=TRACKER + rest)
    checked = project.cli("check")
    assert checked.exit_code == 1
    assert f"PROD_READINESS_TRACKER.md:{line}: this looks like" in checked.stdout
    gated = project.cli("gate")
    assert (gated.exit_code, gated.stdout) == (2, "")
    assert f"PROD_READINESS_TRACKER.md:{line}: this looks like" in gated.stderr


def test_a_skipped_heading_is_left_out(project: Project) -> None:
    """Under a heading that tracker_skip names nothing is a use case, and nothing is told."""
    project.configured(
        'tracker_skip = ["Arch*"]\n' + CONFIG, f"{TRACKER}\n## Archive\n\n{HEAD}| UC-009 | BLOCKED | |\n"
    )
    assert gate(project)[0] == 0
    assert project.cli("check").exit_code == 0
    assert project.cli("why", "UC-009").exit_code == 2


def test_a_heading_that_is_not_there_is_told(project: Project) -> None:
    """A pattern that no heading matches leaves nothing out, and is a problem of check with its line."""
    project.configured(
        'tracker_skip = ["Archiv"]\n' + CONFIG, f"{TRACKER}\n## Archive\n\n{HEAD}| UC-009 | BLOCKED | |\n"
    )
    checked = project.cli("check")
    assert checked.exit_code == 1
    assert "readiness.toml:1: no heading of the tracker matches 'Archiv'" in checked.stdout
    assert project.cli("why", "UC-009").exit_code == 0


def test_an_id_in_two_rows_is_an_error_with_both_lines(project: Project) -> None:
    """An id that stands twice, in another table or another letter case, is exit code 2 and a problem of check."""
    project.configured(tracker=f"{TRACKER}\n## More\n\n{HEAD}| uc-001 | BLOCKED | |\n")
    gated = project.cli("gate")
    assert gated.exit_code == 2
    assert "PROD_READINESS_TRACKER.md:12: use case 'uc-001' appears twice, in lines 5 and 12" in gated.stderr
    checked = project.cli("check")
    assert (checked.exit_code, checked.stdout.count("uc-001"), "1 problem" in checked.stdout) == (1, 1, True)
    project.write(
        "readiness.toml",
        CONFIG.replace("tracker =", "#") + "[use_cases.UC-1]\ntitle='a'\n[use_cases.uc-1]\ntitle='b'\n",
    )
    gated = project.cli("gate")
    assert gated.exit_code == 2
    assert "readiness.toml:19: use case 'uc-1' is 'UC-1' (readiness.toml:17) in another letter case" in gated.stderr
