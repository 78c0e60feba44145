"""``--owner`` means the same in every command: somebody is known, or is refused with the nearest names."""

from __future__ import annotations

import json

import pytest

from tests.project import CONFIG, TRACKER, Project

pytestmark = pytest.mark.slow

COMMANDS = ("next", "report", "status")
SUITE = "@evidence('UC-001', item=1)\ndef test_a(): assert 0\n"
PEOPLE = """
[review]
reviewers = ["rita@example.com"]

[people."ana@example.com"]
also = ["Ana Other <ana.other@example.com>"]
"""


@pytest.fixture
def recorded(project: Project) -> Project:
    """UC-001 is Ana's, UC-002 is of nobody (`tbd`), Rita reviews and has nothing to do."""
    project.configured(CONFIG + PEOPLE).tests(SUITE)
    project.run()
    return project


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_owner_is_refused_with_the_nearest_names(recorded: Project, command: str) -> None:
    """Part of a name, a misspelling and a stranger are exit code 2 and one line."""
    near = "did you mean 'Ana Other <ana.other@example.com>' or 'ana@example.com'?"
    for name, hint in (
        ("ana", near),
        ("riat", "did you mean 'rita@example.com'?"),
        ("zzz", "known: Ana Other <ana.other@example.com>, ana@example.com, rita@example.com"),
    ):
        for options in ((), ("--json",)):
            done = recorded.cli(command, "--owner", name, *options)
            assert (done.exit_code, done.stdout) == (2, ""), name
            refused = f"readiness: --owner {name}: there is nobody of this name ({hint})"
            assert done.stderr == f"{refused}; 'unassigned' is what nobody owns\n"


def test_a_person_without_actions_has_nothing_to_do(recorded: Project) -> None:
    """A listed reviewer is known: nothing to do, and no use case, with exit code 0."""
    done = recorded.cli("next", "--owner", "Rita@example.com")
    assert (done.exit_code, done.stdout) == (0, "nothing to do for Rita@example.com\n")
    done = recorded.cli("report", "--owner", "rita@example.com")
    assert (done.exit_code, done.stdout) == (0, "no use case of rita@example.com is in scope\n")


def test_every_name_of_a_person_selects_the_same(recorded: Project) -> None:
    """Another letter case and another name of ``[people]`` are the same person."""
    expected = recorded.cli("next", "--owner", "ana@example.com").stdout
    assert "UC-001" in expected
    for name in ("ANA@example.com", "ana.other@example.com"):
        assert recorded.cli("next", "--owner", name).stdout == expected
        document = json.loads(recorded.cli("report", "--owner", name, "--json").stdout)
        assert [row["id"] for row in document["use_cases"]] == ["UC-001"]


def test_what_nobody_owns_has_one_word(recorded: Project) -> None:
    """Outputs for people say ``unassigned``, which selects it, as the word of the tracker does."""
    expected = recorded.cli("next", "--owner", "unassigned")
    assert expected.exit_code == 0
    assert recorded.cli("next", "--owner", "tbd").stdout == expected.stdout
    for command in (["report"], ["report", "--format", "markdown"], ["report", "--format", "html"], ["why", "UC-002"]):
        output = recorded.cli(*command).stdout
        assert "unassigned" in output, command
        assert "tbd" not in output, command
    for word in ("unassigned", "tbd", "TBD"):
        document = json.loads(recorded.cli("report", "--owner", word, "--json").stdout)
        assert [row["id"] for row in document["use_cases"]] == ["UC-002"], word


def test_several_owners_in_a_row(recorded: Project) -> None:
    """A row with two owners is selected by each of them, and by both."""
    recorded.write("PROD_READINESS_TRACKER.md", TRACKER.replace("ana@example.com", "ana@example.com, ben@example.com"))
    for name in ("ben@example.com", "ana@example.com", "ana@example.com, ben@example.com"):
        assert "UC-001" in recorded.cli("next", "--owner", name).stdout, name
    assert recorded.cli("next", "--owner", "unassigned").stdout.count("UC-001") == 0


def test_without_a_config_nothing_is_not_done(project: Project) -> None:
    """In a folder without config, next says that there is none."""
    done = project.cli("next")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "there is no config" in done.stderr
