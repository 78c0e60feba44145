"""Four eyes: who recorded what decides now cannot decide on it, and in CI it is the job that records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.project import CONFIG, Project
from tests.signing import ANA, BEN, BOT, DEV, REVIEW, TESTS, approve, commit, decided, record, repository, status, told

pytestmark = pytest.mark.slow

GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_JOB": "e2e", "GITHUB_ACTOR": ANA}
JOB = "ci:github/acme/shop/e2e"
SIGN = ("review", "UC-001", "--approve", "--acknowledge", "asserted")


def in_ci(project: Project, said: Mapping[str, str] = GITHUB) -> None:
    """Let what follows run in a CI job."""
    for name, value in said.items():
        project.monkeypatch.setenv(name, value)


def recorded(project: Project) -> set[tuple[str, str]]:
    """Who recorded what a review would rest on, and who started that."""
    rows = told(project)["review"]["basis"]["requirements"]
    return {(pin["actor"], pin["started_by"]) for row in rows for pin in row["pins"]}


def started(project: Project, more: str = "") -> Project:
    """The project with evidence that a CI job recorded, which ANA had started."""
    project.configured(CONFIG + REVIEW + more).tests(TESTS)
    in_ci(project)
    project.run()
    return project


def test_a_reviewer_who_records_everything_anew_has_no_approval(project: Project) -> None:
    """An approval does not hold while its reviewer recorded what decides, and holds again once another's run decides."""
    decided(project)
    approve(project)
    record(project, by=f"Ana <{ANA}>")
    assert status(project) == ("IN_PROGRESS", "AWAITING_REVIEW")
    assert project.cli("gate", "UC-001").exit_code == 1
    assert "four eyes" in str(told(project)["review"]["reviews"][0]["why"])
    assert "four eyes" in approve(project, expected=1).stderr
    record(project, "-k", "trace")
    assert status(project) == ("IN_PROGRESS", "AWAITING_REVIEW")
    record(project)
    assert status(project) == ("READY_FOR_GO_LIVE", None)
    assert len(told(project)["review"]["reviews"]) == 1
    assert project.cli("gate", "UC-001").exit_code == 0


def test_a_ci_job_records_and_who_started_it_is_shown(project: Project) -> None:
    """Evidence of a job is the job's, so that who merged may review; who that was stands beside it everywhere."""
    started(project)
    assert recorded(project) == {(JOB, ANA)}
    (run,) = project.report()["runs"]
    assert (run["actor"], run["started_by"], run["ci"]["project"]) == (JOB, ANA, "acme/shop")
    shown = " ".join(project.cli("review", "UC-001").stdout.split())
    assert f"recorded by {JOB}, started by {ANA}" in shown
    piece = project.cli("show", project.evidence("UC-001")[0]["id"]).stdout
    assert [line.split()[-1] for line in piece.splitlines() if line.startswith(("Actor", "Started by"))] == [JOB, ANA]
    signed = project.cli(*SIGN)
    assert signed.exit_code == 0, signed.output
    (review,) = told(project)["review"]["reviews"]
    assert (review["by"], review["known_by"]) == (ANA, "ci")
    assert project.cli("gate", "UC-001").exit_code == 0


@pytest.mark.parametrize("how", ["--readiness-actor", "READINESS_ACTOR", "examined", "outside CI"])
def test_a_person_records_what_they_name_or_look_at_themselves(project: Project, how: str) -> None:
    """In CI too it is a person who was named, or who tells what they examined; outside CI it is git's user."""
    project.configured(CONFIG + REVIEW).tests(TESTS)
    if how == "outside CI":
        repository(project, ANA)
    else:
        in_ci(project)
    if how == "examined":
        for item in "12":
            done = project.cli("record", "UC-001", "--item", item, "--environment", "staging", "--result", "PASSED")
            assert done.exit_code == 0, done.output
    elif how == "READINESS_ACTOR":
        project.monkeypatch.setenv(how, ANA)
        project.run()
    else:
        project.run(*([f"{how}={ANA}"] if how != "outside CI" else []))
    assert {actor for actor, _ in recorded(project)} == {ANA}
    assert "four eyes" in project.cli(*SIGN, "--by", ANA).stderr


def test_a_command_that_a_job_runs_is_recorded_by_the_job(project: Project) -> None:
    """What ``record`` runs or imports in CI is the job's, and who asks for a waiver there is the person."""
    project.configured(CONFIG + REVIEW)
    in_ci(project)
    project.cli("record", "UC-001", "--item", "1", "--environment", "staging", "--", "true")
    assert recorded(project) == {(JOB, ANA)}
    waived = project.cli("waive", "UC-001/2", "--reason", "x", "--by", ANA, "--until", "2099-01-01")
    assert f"{ANA} asked for it and cannot approve it too" in waived.stderr


def test_who_started_a_job_is_kept_apart_where_that_is_asked_for(project: Project) -> None:
    """With separate = "started_by" who pushed, merged or scheduled the job cannot review it, and another can."""
    started(project, 'separate = "started_by"\n')
    assert "four eyes" in project.cli(*SIGN).stderr
    assert "four eyes" in project.cli(*SIGN, "--by", ANA).stderr
    assert project.cli(*SIGN, "--by", BEN).exit_code == 0
    assert status(project) == ("READY_FOR_GO_LIVE", None)
    project.monkeypatch.setenv("GITHUB_ACTOR", BEN)
    project.run()
    assert status(project) == ("IN_PROGRESS", "AWAITING_REVIEW")


def test_who_started_a_job_is_kept_apart_by_a_report_too(project: Project) -> None:
    """A report that is signed without the store names who started the job, and refuses them where that is asked for."""
    started(project, 'separate = "started_by"\n')
    project.write("readiness.toml", 'decisions = "decisions"\n' + (project.path / "readiness.toml").read_text())
    commit(repository(project))
    project.cli("report", "--format", "json", "-o", "report.json")
    assert "four eyes" in project.cli(*SIGN, "--by", ANA, "--from", "report.json").stderr
    assert project.cli(*SIGN, "--by", BEN, "--from", "report.json").exit_code == 0


def test_who_recorded_it_may_decide_where_nobody_is_kept_apart(project: Project) -> None:
    """With separate = false a recorder may review, waive, unblock and retire, and each report says so."""
    decided(project, "separate = false\n")
    record(project, by=ANA)
    approve(project)
    assert status(project) == ("READY_FOR_GO_LIVE", None)
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, by=ANA)
    project.cli("block", "UC-001", "--reason", "wait", "--by", DEV)
    for words in (
        ("waive", "UC-001/1", "--reason", "x", "--until", in_a_week(), "--requested-by", DEV),
        ("unblock", "UC-001", "--reason", "x"),
        ("retire", "test_it.py::test_provider", "--reason", "x"),
    ):
        done = project.cli(*words, "--by", ANA)
        assert done.exit_code == 0, done.output
    assert any("may review it, and waive" in one for one in project.report()["verdict"]["weaker"])
    for command in ("report", "gate"):
        assert "[review] separate = false" in project.cli(command).stdout


def in_a_week() -> str:
    """The UTC date in a week."""
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) + timedelta(days=7)).date().isoformat()


@pytest.mark.parametrize(
    ("said", "job", "person"),
    [
        (
            {"GITLAB_CI": "true", "CI_PROJECT_PATH": "acme/shop", "CI_JOB_NAME": "e2e", "GITLAB_USER_LOGIN": "gl"},
            "ci:gitlab/acme/shop/e2e",
            "gl",
        ),
        ({"CI": "true"}, "ci:ci", ""),
    ],
    ids=["gitlab without an address", "an unknown CI"],
)
def test_each_ci_names_its_job(project: Project, said: dict[str, str], job: str, person: str) -> None:
    """What a CI leaves out is left out, and never taken from git's settings on the runner."""
    project.configured(CONFIG + REVIEW).tests(TESTS)
    repository(project, "runner@example.com")
    in_ci(project, said)
    project.run()
    assert recorded(project) == {(job, person)}


def test_an_actor_of_earlier_evidence_is_still_apart(project: Project) -> None:
    """Who recorded what decides in part keeps no approval, whoever recorded the rest."""
    decided(project)
    record(project, "-k", "trace", by=BEN)
    approve(project)
    refused: Any = approve(project, by=BEN, expected=1)
    assert "four eyes" in refused.stderr
    assert recorded(project) == {(BOT, ""), (BEN, "")}


def test_a_pass_that_satisfies_nothing_keeps_nobody_apart(project: Project) -> None:
    """A pass that says nothing of its replay decides nothing beside one that does: no review rests on it."""
    config = CONFIG.partition("[items.1]")[0] + '[items.1]\ntitle = "a run replays"\nproof = "replay"\n' + REVIEW
    source = '@evidence("UC-001", item=1)\ndef test_{}(record_evidence):\n    {}\n'
    shows = 'record_evidence.replay(mode="FULL", recorded=[{"a": 1}], replayed=[{"a": 1}])'
    project.configured(config).tests(source.format("shows", shows) + source.format("says_nothing", "pass"))
    project.run(f"--readiness-actor={DEV}", "-k", "shows")
    project.run(f"--readiness-actor={ANA}", "-k", "says_nothing")
    assert recorded(project) == {(DEV, "")}
    assert project.cli("review", "UC-001", "--approve", "--by", ANA).exit_code == 0
    assert project.cli("gate", "UC-001").exit_code == 0
