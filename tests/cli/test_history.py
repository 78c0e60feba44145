"""``readiness history``: what became of a use case, newest last."""

from __future__ import annotations

import re

from tests.project import Project
from tests.reviewed_project import ANA, DEV, approve, decided, record


def entries(project: Project) -> list[tuple[str, str]]:
    """Kind and text of each entry, in the order they are told."""
    project.monkeypatch.setenv("COLUMNS", "100")
    history: list[tuple[str, str]] = []
    for line in project.cli("history", "uc-001").stdout.splitlines():
        match = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)  (run|decision|promoted|demoted) +(.*)", line)
        if match:
            history.append((match[2], match[3]))
        else:
            history[-1] = (history[-1][0], f"{history[-1][1]} {line.strip()}")
    return history


def test_runs_decisions_promotions_and_demotions_are_told_in_order(project: Project) -> None:
    """Each run and decision is told before what it changed, and each change with its cause."""
    decided(project)
    approve(project, "--comment", "fine")
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project)
    project.monkeypatch.setenv("PROVIDER", "up")
    record(project)
    assert project.cli("block", "UC-001", "--reason", "not now", "--by", DEV).exit_code == 0
    history = entries(project)
    assert [kind for kind, _ in history] == [
        "run", "promoted", "decision", "promoted", "run", "demoted", "run", "promoted", "decision", "demoted",
    ]  # fmt: skip
    texts = [text for _, text in history]
    assert "in staging: 2 PASSED" in texts[0]
    assert texts[1].startswith("NOT_STARTED -> IN_PROGRESS, AWAITING_REVIEW: ")
    assert texts[2].startswith(f"{ANA} approved it: fine (identity: self-declared; ")
    assert texts[3].startswith("IN_PROGRESS, AWAITING_REVIEW -> READY_FOR_GO_LIVE: ")
    assert "1 PASSED, 1 FAILED (test_it.py::test_provider)" in texts[4]
    assert texts[5].startswith("READY_FOR_GO_LIVE -> BLOCKED: UC-001/1 is FAILING")
    assert texts[7].startswith("BLOCKED -> IN_PROGRESS, REVIEW_SUSPECT: ")
    assert texts[9] == f"IN_PROGRESS, REVIEW_SUSPECT -> BLOCKED: {DEV} blocked it: not now"


def test_without_anything_it_says_so(project: Project) -> None:
    """A use case without runs and decisions has no history, and an unknown one is a usage error."""
    project.configured()
    result = project.cli("history", "UC-002")
    assert (result.exit_code, result.stdout) == (0, "no history yet\n")
    assert project.cli("history", "UC-003").exit_code == 2


def test_it_fits_any_terminal_and_executes_nothing(project: Project) -> None:
    """Hostile reasons are escaped, and no line is wider than the terminal."""
    decided(project)
    reason = "\x1b[31mred\n::error::x " + "long " * 40
    assert project.cli("block", "UC-001", "--reason", reason, "--by", DEV).exit_code == 0
    for columns in (60, 80, 120):
        project.monkeypatch.setenv("COLUMNS", str(columns))
        out = project.cli("history", "UC-001").stdout
        assert "\x1b" not in out
        assert max(map(len, out.splitlines())) <= columns
