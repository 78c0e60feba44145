"""When a sign-off no longer holds: what the reviewer could not see, and what was asked for more strictly then."""

from __future__ import annotations

import pytest

from tests.cli.test_four_eyes import in_a_week
from tests.project import CONFIG, TRACKER, Project
from tests.signing import ANA, DEV, REVIEW, decided, record, status, told

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
    said = ("--reason", "vendor is late", "--requested-by", DEV, "--until", in_a_week())
    assert project.cli("waive", "UC-001/2", *said, "--by", ANA).exit_code == 0
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
