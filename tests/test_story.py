"""The story of one use case, from NOT_STARTED to READY_FOR_GO_LIVE and back, through pytest and the command.

Told twice: with decisions in the store, and with decisions as files of the repository, signed from CI's JSON report.
The tracker is kept in step at each turn, and git shows which cells that touches.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.project import Project, turn_clock
from tests.reviewed_project import ANA, BEN, commit, git, repository

pytestmark = pytest.mark.slow

UC = "UC-003"
TRACKER = "PROD_READINESS_TRACKER.md"
ARCHITECTURE = ("GREEN", "AMBER", "RED")
ROWS = "\n".join(
    f"| UC-{number:03} | `{ARCHITECTURE[number % 3]}` | `NOT_STARTED` | `tbd` | 2026-02-12 | Way {number} \\| no other |"
    for number in range(1, 33)
)
TEXT = f"""# What goes live, and what is known of it

## Ways

| UC | Architecture Status | Prod Readiness Status | Owner | Last Updated | Notes |
| :--- | --- | :-: | --- | --- | --- |
{ROWS}

## Required Evidence, for each way

1. The provider takes the credentials: the customer's, ours, or both
2. Handshake of the connector in every place that it is meant for
3. The SDK that is installed is attested, and its attestation outlives the process
4. A real run leaves a trace that is the same each time
5. That run can be replayed, FULL or TRACE_ONLY
6. Keys are rotated, and one that was revoked is refused
7. Drills of what can fail were held, and an audit finds them

| Word | Meaning |
| --- | --- |
| `BLOCKED` | not a cell of the register | """
CONFIG = """
[environments.staging]
real = true

[provider_modes]
BYOK = "the customer's key"

[use_cases.UC-003]
provider_modes = ["BYOK"]
drills = ["timeout"]
"""
TESTS = """
import json

@evidence("UC-003", item=1)
def test_credential(record_evidence):
    record_evidence.credential(mode="BYOK", secret="sk-live-0123456789", request_id="req-1")

@evidence("UC-003", item=2)
def test_handshake(record_evidence):
    record_evidence.handshake(endpoint="db.staging:5432", peer="PostgreSQL 17")

@evidence("UC-003", item=3)
def test_attestation(record_evidence):
    stated = record_evidence.statement("click")
    record_evidence.attestation(stated, stored_at="s3://kept/1", read_back=json.dumps(stated))

@evidence("UC-003", item=4)
def test_trace(record_evidence):
    events = [{"op": "charge", "ts": 1}]
    record_evidence.trace(events, again=[{"op": "charge", "ts": 2}], mask=["ts"])

@evidence("UC-003", item=5)
def test_replay(record_evidence):
    record_evidence.replay(mode="FULL", recorded=[{"op": "charge"}], replayed=[{"op": "charge"}])

@evidence("UC-003", item=6)
def test_secrets(record_evidence):
    record_evidence.rotation(old="old-0123456789", new="new-0123456789", accepted_by="200 OK")
    with pytest.raises(PermissionError) as refused:
        raise PermissionError("that key is revoked")
    record_evidence.revocation(old="old-0123456789", rejected_by=refused)

@evidence("UC-003", item=7)
def test_drill(record_evidence):
    assert not os.environ.get("DRILL_FAILS"), "nobody noticed"
    record_evidence.drill("timeout", fault="drop packets", detected=1, recovered=2, audit="https://logs.example.com/1")
"""
STATUS_CELL, DATE_CELL = 3, 5


@dataclass
class Story:
    """A repository with the tracker, and what its team does."""

    project: Project
    in_files: bool

    def adopt(self) -> None:
        """Write tracker and tests, and adopt the tracker as the command does."""
        self.project.write(TRACKER, TEXT)
        done = self.project.cli("init", "--tracker", TRACKER, "--reviewer", ANA, "--reviewer", BEN)
        assert done.exit_code == 0, done.output
        config = (self.project.path / "readiness.toml").read_text() + CONFIG
        home = 'decisions = "decisions"\n' if self.in_files else ""
        (self.project.path / "readiness.toml").write_text(home + config)
        self.project.tests(TESTS)
        repository(self.project, ANA)
        commit(self.project)

    def run(self, *args: str, drill_fails: bool = False) -> None:
        """Ben's machine runs the tests in staging, and keeps the report."""
        self.project.monkeypatch.setenv("DRILL_FAILS", "1" if drill_fails else "")
        self.project.run(f"--readiness-actor={BEN}", "--readiness-json=report.json", *args)

    def review(self, *args: str, by: str) -> Any:
        """Somebody approves; where decisions are files, from the report alone, and by a commit of theirs."""
        source = ("--from", "report.json") if self.in_files else ()
        result = self.project.cli("review", *args, *source, "--approve", "--by", by)
        if self.in_files and result.exit_code == 0:
            assert self.now()[0] == "IN_PROGRESS", "a file that is not committed counts for nothing"
            git(self.project, "add", "decisions")
            git(self.project, "commit", "--quiet", "--message=sign", by=by)
        return result

    def told(self, *args: str) -> dict[str, Any]:
        """What the JSON report says of the use case."""
        result = self.project.cli("report", UC, "--format", "json", *args)
        assert result.exit_code == 0, result.output
        return dict(json.loads(result.stdout)["use_cases"][0])

    def now(self, *args: str) -> tuple[str, str | None]:
        """Status and phase."""
        found = self.told(*args)
        return found["status"], found["phase"]

    def stands(self, status: str, phase: str | None = None) -> None:
        """It stands so; and sync writes just that into its row, which git shows."""
        assert self.now() == (status, phase)
        self.synced(status)

    def synced(self, status: str) -> str:
        """Keep the tracker in step; return the date that its row says."""
        before = self.cells()
        assert self.project.cli("sync").exit_code == 0
        after = self.cells()
        changed = git(self.project, "diff", "--numstat").split()
        assert changed == ([] if before == after else ["1", "1", TRACKER])
        assert {number for number, cell in enumerate(after) if cell != before[number]} <= {STATUS_CELL, DATE_CELL}
        assert after[STATUS_CELL] == f" `{status}` "
        assert (self.project.path / TRACKER).read_text().replace("|".join(after), "|".join(before)) == self.committed()
        assert self.project.cli("sync", "--check").exit_code == 0
        if before != after:
            git(self.project, "commit", "--quiet", "--message=sync", TRACKER)
        return after[DATE_CELL].strip()

    def cells(self) -> list[str]:
        """The cells of the use case's row, with what is around them."""
        (row,) = [
            line for line in (self.project.path / TRACKER).read_text().splitlines() if line.startswith(f"| {UC} ")
        ]
        return row.split("|")

    def committed(self) -> str:
        """The tracker as it was committed last."""
        return git(self.project, "show", f"HEAD:{TRACKER}")

    def history(self) -> str:
        """What became of it, on one line."""
        return " ".join(self.project.cli("history", UC).stdout.split())


@pytest.mark.parametrize("in_files", [False, True], ids=["decisions in the store", "decisions as files"])
def test_the_story_of_one_use_case(project: Project, in_files: bool) -> None:
    """Every status and phase is reached for its reason, no other cell of the tracker changes, and history tells it."""
    story = Story(project, in_files)
    story.adopt()
    story.stands("NOT_STARTED")

    story.run("-k", "credential or handshake")
    story.stands("IN_PROGRESS", "COLLECTING")
    story.run(drill_fails=True)
    story.stands("BLOCKED")
    story.run()
    story.stands("IN_PROGRESS", "AWAITING_REVIEW")

    refused = story.review(UC, by=BEN)
    assert refused.exit_code == 1
    assert "four eyes" in refused.stderr
    story.stands("IN_PROGRESS", "AWAITING_REVIEW")
    assert project.cli("gate", UC).exit_code == 1

    assert story.review(UC, by=ANA).exit_code == 0
    story.stands("READY_FOR_GO_LIVE")
    assert project.cli("gate", UC).exit_code == 0
    assert project.cli("gate").exit_code == 1, "the other 31 are not ready"
    story.run()
    story.stands("READY_FOR_GO_LIVE")

    story.run("-k", "drill", drill_fails=True)
    story.stands("BLOCKED")
    story.run("-k", "drill")
    story.stands("IN_PROGRESS", "REVIEW_SUSPECT")
    told = story.history()
    assert "demoted READY_FOR_GO_LIVE -> BLOCKED: UC-003/7/timeout is FAILING" in told
    assert "promoted BLOCKED -> IN_PROGRESS, REVIEW_SUSPECT: " in told
    again = story.review("--suspect", by=ANA)
    assert again.exit_code == 0, again.output
    assert "test_drill FAILED in staging" in " ".join(again.stdout.split())
    story.stands("READY_FOR_GO_LIVE")

    _and_91_days_later(story)


def _and_91_days_later(story: Story) -> None:
    """Nothing was run: what was shown is stale, and the row says since when."""
    expiry = min(
        need["expires_at"] for item in story.told()["items"] for need in item["requirements"] if need["expires_at"]
    )
    later = f"{(datetime.now(UTC) + timedelta(days=91)).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"
    found = story.told("--at", later)
    assert (found["status"], found["phase"]) == ("IN_PROGRESS", "COLLECTING")
    states = {need["id"]: need["state"] for item in found["items"] for need in item["requirements"]}
    assert states.pop("UC-003/7/timeout") == "COMPLETE"
    assert set(states.values()) == {"STALE"}
    assert story.now() == ("READY_FOR_GO_LIVE", None)

    real = time.time
    with story.project.monkeypatch.context() as clock:
        turn_clock(clock, lambda: real() + 91 * 86400)
        assert story.project.cli("gate", UC).exit_code == 1
        assert story.synced("IN_PROGRESS") == expiry[:10]
        assert f"{expiry[:10]}T" in story.history()
        assert "demoted READY_FOR_GO_LIVE -> IN_PROGRESS, COLLECTING: " in story.history()
