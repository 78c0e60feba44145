"""Sentences of commands that a newcomer reads: what they name is there, and what they advise works."""

from __future__ import annotations

import pytest

from tests.project import CONFIG, TRACKER, Project

pytestmark = pytest.mark.slow

ANA = "ana@example.com"
COMPLETE = "@evidence('UC-001', item=[1, 2])\ndef test_a(): pass\n"
UNPROVEN = CONFIG.replace('proof = "trace"', 'proof = "none"')
REVIEWED = f'{UNPROVEN}\n[review]\nreviewers = ["{ANA}"]\nseparate = false\n'
NAMED = CONFIG.replace("[items.2]", '[items.2]\nname = "drill"')


def flat(text: str) -> str:
    """Return the text on one line."""
    return " ".join(text.split())


def test_a_second_approval_of_the_same_evidence_is_said_to_be_one(project: Project) -> None:
    """Who approves twice, in whatever spelling, is told; after new evidence it is a new approval."""
    project.configured(REVIEWED).tests(COMPLETE).run()
    approve = ("review", "UC-001", "--approve", "--by")
    assert "note:" not in project.cli(*approve, ANA).stdout
    again = project.cli(*approve, "Ana@Example.com")
    assert again.exit_code == 0, again.output
    assert f"note: UC-001: {ANA} had said the same of the same evidence at 2" in again.stdout
    assert "both reviews are stored, and they count once" in again.stdout
    project.run()
    assert "note:" not in project.cli(*approve, ANA).stdout


def test_without_reviewers_the_review_is_not_asked_of_anybody(project: Project) -> None:
    """The action says once that it is a review, and that reviewers must be listed first."""
    project.configured(UNPROVEN).tests(COMPLETE).run()
    expected = "review UC-001: its evidence is complete; first list the reviewers ([review] reviewers)"
    for command in ("next", "report", "gate"):
        output = flat(project.cli(command).stdout)
        assert expected in output, command
        assert "review review" not in output
    project.configured(REVIEWED)
    assert "first list" not in project.cli("next").stdout


def test_a_command_is_never_cut_in_the_middle(project: Project) -> None:
    """Where an advice does not fit, the whole command is left out of the report, and next has it."""
    name = "test_" + "of_a_very_long_name_" * 5
    project.configured().tests(f"@evidence('UC-001', item=1)\ndef {name}(): assert 0\n").run()
    project.tests("@evidence('UC-002', item=1)\ndef test_b(): pass\n").run()
    assert "readiness retire" in flat(project.cli("next").stdout)
    for columns in ("60", "80", "100"):
        project.monkeypatch.setenv("COLUMNS", columns)
        assert flat(project.cli("report").stdout).count("`") % 2 == 0, columns


def test_a_missing_folder_is_named(project: Project) -> None:
    """A report into a folder that is not there says which one."""
    project.configured()
    for command in (["report", "-o"], ["open", "--no-browser", "-o"], ["bundle", "-o"]):
        done = project.cli(*command, "out/x.html")
        assert done.exit_code == 2, command
        assert "cannot be written: there is no folder out: create it, or name another file" in done.stderr, command


def test_without_a_config_no_page_is_written(project: Project) -> None:
    """`open` in a folder without config and evidence is refused, and leaves nothing."""
    done = project.cli("open", "--no-browser")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "there is no config, and no evidence to show" in done.stderr
    assert not (project.path / ".readiness").exists()


def test_without_a_config_the_gate_is_short(project: Project) -> None:
    """It says twice what is missing, not three times, and has one line for the rules without anything to check."""
    lines = project.cli("gate").stdout.splitlines()
    assert flat("\n".join(lines)).count("there is no config") == 2
    assert sum(line.lstrip().startswith("- empty") for line in lines) == 1


def test_near_words_in_requirements_and_patterns(project: Project) -> None:
    """The misspelt name of an item has a near word, and a pattern without a match says what there is."""
    project.configured(NAMED)
    assert "(did you mean 'UC-001/2'?)" in project.cli("why", "UC-001/drll").stderr
    assert "matches 'UC-9*' (there are UC-001, UC-002)" in project.cli("gate", "UC-9*").stderr


def test_a_complete_use_case_names_the_way_to_its_evidence(project: Project) -> None:
    """`why` of a use case that lacks nothing says how its evidence is shown, and that works."""
    project.configured(REVIEWED).tests(COMPLETE).run()
    shown = flat(project.cli("why", "UC-001").stdout)
    assert "every requirement is COMPLETE; readiness show UC-001 shows the evidence" in shown
    assert "test_it.py::test_a" in project.cli("show", "UC-001").stdout


def test_the_other_name_of_report_is_in_the_help(project: Project) -> None:
    """`--help` names `status`, which people type first."""
    project.configured(tracker=TRACKER)
    assert "readiness status" in flat(project.cli("--help").stdout)


def test_an_action_counts_the_other_tests_that_fail(project: Project) -> None:
    """With two failing tests of one item, the action names one and says that there is another."""
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        def test_a(): assert False

        @evidence("UC-001", item=1)
        def test_b(): assert False
        """
    )
    project.run()
    assert " and 1 other test pass in staging" in " ".join(project.cli("next").stdout.split())
