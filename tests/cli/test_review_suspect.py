"""When a sign-off no longer holds: what the reviewer could not see, and what was asked for more strictly then."""

from __future__ import annotations

import json

import pytest

from pytest_readiness.facts.timestamps import timestamp
from tests.cli.test_four_eyes import in_a_week
from tests.project import CONFIG, TRACKER, Project
from tests.reviewed_project import ANA, BOT, DEV, REVIEW, commit, decided, files, record, repository, status, told

pytestmark = pytest.mark.slow

ONE = """
@evidence("UC-001", item=1)
def test_provider(): pass
"""
TRACE = """
@evidence("UC-001", item=2)
def test_trace(record_evidence): record_evidence.trace([{"a": 1}], again=[{"a": 1}])
"""
HELD = ("READY_FOR_GO_LIVE", None)
SUSPECT = ("IN_PROGRESS", "REVIEW_SUSPECT")


def why(project: Project) -> str:
    """Why the review is suspect."""
    return " ".join(told(project)["review"]["why"])


def test_what_was_waived_when_it_was_signed_is_not_signed_by_that(project: Project) -> None:
    """Evidence for a requirement that was WAIVED when it was signed, and is not any more, makes the review suspect."""
    decided(project, '[gate]\nwaivers = "accept"\n', tests=ONE)
    options = ("--reason", "vendor is late", "--requested-by", DEV, "--until", in_a_week())
    assert project.cli("waive", "UC-001/2", *options, "--by", ANA).exit_code == 0
    assert project.cli("review", "UC-001", "--approve", "--by", ANA).exit_code == 0
    assert project.cli("gate", "UC-001").exit_code == 0
    project.tests(ONE + TRACE)
    record(project)
    assert project.states("UC-001") == {"UC-001/1": "COMPLETE", "UC-001/2": "COMPLETE"}
    assert status(project) == SUSPECT
    assert "UC-001/2 was WAIVED when it was signed, and is not any more" in why(project)
    assert project.cli("gate", "UC-001").exit_code == 1
    assert project.cli("review", "UC-001", "--approve", "--by", ANA).exit_code == 0
    assert project.cli("gate", "UC-001").exit_code == 0


SETTINGS = {
    "level": ('level = "L1"', 'level = "L0"'),
    "clock": ('clock = "refuse"', 'clock = "ignore"'),
    "deselected": ('deselected = "refuse"', 'deselected = "accept"'),
    "architecture": ('architecture = "GREEN"', 'architecture = "ignore"'),
    "waivers": ('waivers = "refuse"', 'waivers = "accept"'),
    "asserted": ('asserted = "refuse"', 'asserted = "acknowledge"'),
    "flaky": ('flaky = "acknowledge"', 'flaky = "accept"'),
}


@pytest.mark.parametrize("key", SETTINGS)
def test_a_weaker_policy_makes_suspect_and_a_stricter_one_does_not(project: Project, key: str) -> None:
    """What was signed under the stricter setting is suspect under the weaker; the other way round it holds."""
    strict, weak = SETTINGS[key]
    config = CONFIG + REVIEW + "[gate]\n"
    for first, then, expected in ((strict, weak, SUSPECT), (weak, strict, HELD)):
        project.configured(config + first, TRACKER).tests(ONE + TRACE)
        record(project)
        assert project.cli("review", "UC-001", "--approve", "--by", ANA).exit_code == 0
        assert status(project) == HELD
        project.configured(config + then, TRACKER)
        assert status(project) == expected
        assert (f"[gate] {key} was" in why(project)) is (expected == SUSPECT)
        assert project.cli("gate", "UC-001").exit_code == (1 if expected == SUSPECT else 0)


def test_a_pass_that_may_be_older_or_needs_no_proof_makes_suspect(project: Project) -> None:
    """A longer age and a proof that is no longer asked for are told; a shorter age and one more proof void nothing."""
    decided(project, tests=TRACE.replace("item=2", "item=[1, 2]"))
    assert project.cli("review", "UC-001", "--approve", "--by", ANA).exit_code == 0
    config = (project.path / "readiness.toml").read_text()
    for old, new, expected in (
        ("max_age_days = 30", "max_age_days = 31", SUSPECT),
        ("max_age_days = 30\n", "", SUSPECT),
        ('proof = "trace"\n', "", SUSPECT),
        ("max_age_days = 30", "max_age_days = 29", HELD),
        ("max_age_days = 30", 'max_age_days = 30\nproof = "trace"', HELD),
        ('title = "the provider answers"', 'title = "the provider answers"\nscope = "once"', HELD),
        ('title = "the provider answers"', 'title = "something answers"', SUSPECT),
    ):
        assert old in config
        project.write("readiness.toml", config.replace(old, new))
        assert status(project) == expected, new


EXTRA = """
@evidence("UC-001", item=1)
def test_extra(): assert os.environ.get("EXTRA", "up") == "up"
"""


def sign(project: Project, *args: str) -> None:
    """Approve UC-001."""
    done = project.cli("review", "UC-001", "--approve", "--by", ANA, *args)
    assert done.exit_code == 0, done.output


def fails_elsewhere(project: Project) -> str:
    """Let the extra test fail in a store of its own, and return the bundle of that run."""
    project.monkeypatch.setenv("EXTRA", "down")
    project.run("-k", "extra", f"--readiness-actor={BOT}", "--readiness-store=sqlite:///elsewhere.db")
    project.monkeypatch.setenv("EXTRA", "up")
    done = project.cli("--store", "sqlite:///elsewhere.db", "bundle", "-o", "elsewhere.bundle")
    assert done.exit_code == 0, done.output
    return "elsewhere.bundle"


@pytest.mark.parametrize("pinned", [False, True], ids=["of a test that is not pinned", "of one that passed since"])
def test_a_failure_that_arrives_after_the_review(project: Project, *, pinned: bool) -> None:
    """What failed before the review and reaches the store after it was not seen, unless a pass that was signed is newer."""
    project.configured(CONFIG + REVIEW).tests(ONE + TRACE + EXTRA)
    late = fails_elsewhere(project)
    record(project, *([] if pinned else ["-k", "not extra"]))
    sign(project)
    record(project)
    assert status(project) == HELD
    assert project.cli("merge", late).exit_code == 0
    assert set(project.states("UC-001").values()) == {"COMPLETE"}
    assert status(project) == (HELD if pinned else SUSPECT)
    assert project.cli("gate", "UC-001").exit_code == (0 if pinned else 1)
    assert ("test_extra FAILED" in why(project)) is not pinned
    assert status_at(project) == status(project)
    sign(project)
    assert status(project) == HELD
    assert project.cli("gate", "UC-001").exit_code == 0


def status_at(project: Project) -> tuple[str, str | None]:
    """Status and phase, judged by the whole history up to this moment."""
    done = project.cli("report", "UC-001", "--format", "json", "--at", timestamp())
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)["use_cases"]
    return found["status"], found["phase"]


def test_an_older_failure_behind_one_that_was_known(project: Project) -> None:
    """A failure that arrives late is seen though the same test failed in a run that the reviewer knew of, and later."""
    project.configured(CONFIG + REVIEW + '[gate]\nwaivers = "accept"\n').tests(ONE + TRACE + EXTRA)
    late = fails_elsewhere(project)
    project.monkeypatch.setenv("EXTRA", "down")
    record(project)
    project.monkeypatch.setenv("EXTRA", "up")
    options = ("--reason", "flickers", "--requested-by", DEV, "--until", in_a_week())
    assert project.cli("waive", "UC-001/1", *options, "--by", ANA).exit_code == 0
    sign(project)
    assert len(told(project)["review"]["basis"]["failed_runs"]) == 1
    assert project.cli("gate", "UC-001").exit_code == 0
    assert project.cli("merge", late).exit_code == 0
    assert "test_extra FAILED" in why(project)
    assert project.cli("gate", "UC-001").exit_code == 1


def test_a_failure_that_a_report_did_not_know_of(project: Project) -> None:
    """Who signs a report saw the runs that it names: a failure of another run makes that sign-off suspect."""
    config = CONFIG.replace("[environments", 'decisions = "decisions"\n\n[environments', 1) + REVIEW
    repository(project.configured(config).tests(ONE + TRACE + EXTRA))
    late = fails_elsewhere(project)
    record(project, "-k", "not extra")
    project.cli("report", "--format", "json", "-o", "before.json")
    record(project)
    assert project.cli("merge", late).exit_code == 0
    project.cli("report", "--format", "json", "-o", "after.json")
    names = [json.loads((project.path / name).read_text()) for name in ("before.json", "after.json")]
    known = [len(use_case["review"]["basis"]["failed_runs"]) for one in names for use_case in one["use_cases"]]
    assert known == [0, 0, 1, 0]
    for report, expected in (("before.json", SUSPECT), ("after.json", HELD)):
        sign(project, "--from", report)
        commit(project, by=ANA)
        assert status(project) == expected
    signed = sorted(files(project), key=lambda one: str(one["at"]))
    assert [len(one["basis"].get("failed_runs", [])) for one in signed] == [0, 1]


def test_an_interruption_that_is_mended_at_last(project: Project) -> None:
    """A test that was interrupted twice and then passed leaves the review current: the run that ended is asked."""
    kill = TRACE.replace(
        "def test_trace(record_evidence): ",
        "def test_trace(record_evidence):\n    if os.environ.get('KILL'): os._exit(3)\n    ",
    )
    project.configured(CONFIG + REVIEW).tests(ONE + kill)
    record(project)
    sign(project)
    for _ in range(2):
        project.monkeypatch.setenv("KILL", "1")
        project.run_apart(f"--readiness-actor={BOT}")
        project.monkeypatch.delenv("KILL")
        project.cli("recover")
        assert project.states("UC-001")["UC-001/2"] == "INTERRUPTED"
        assert status(project) == ("IN_PROGRESS", "COLLECTING")
    record(project)
    assert status(project) == HELD
