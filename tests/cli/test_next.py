"""`readiness next`: who must do what, most urgent first."""

from __future__ import annotations

import pytest

from tests.project import CONFIG, Project

SUITE = """
@evidence("UC-001", item=1)
def test_a(): assert 0

@evidence("UC-002", item=1)
def test_b(): pass
"""


@pytest.fixture
def recorded(project: Project) -> Project:
    """UC-001 of Ana fails, UC-002 of nobody lacks an item."""
    project.configured().tests(SUITE)
    project.run().assert_outcomes(passed=1, failed=1)
    return project


def test_the_failure_comes_first(recorded: Project) -> None:
    """What is failing stands above what is missing; an owner of tbd is told as unassigned."""
    done = recorded.cli("next")
    assert done.exit_code == 0
    assert done.stdout.index("UC-001") < done.stdout.index("UC-002")
    assert done.stdout.index("ana@example.com") < done.stdout.index("unassigned")
    assert "tbd" not in done.stdout


def test_one_owner_and_one_use_case(recorded: Project) -> None:
    """--owner and use cases narrow the list."""
    assert "UC-002" not in recorded.cli("next", "--owner", "ana@example.com").stdout
    assert "UC-001" not in recorded.cli("next", "UC-002").stdout


def test_it_says_the_same_as_the_json_report(recorded: Project) -> None:
    """Each action of the JSON report's next is told by -v, in the same order of use cases."""
    actions = recorded.report()["next"]
    output = recorded.cli("next", "-v").stdout
    assert actions[0]["use_case"] == "UC-001"
    assert {action["who"] for action in actions} == {"ana@example.com", "unassigned"}
    for action in actions:
        assert (action["requirement"] or action["use_case"]) in output


def test_what_is_to_be_collected_names_its_proof(project: Project) -> None:
    """The method of the fixture is named with the item that needs it: for one requirement, for many, and in `why`."""
    drill = '[items.3]\ntitle = "a drill"\nproof = "drill"\n'
    project.configured(CONFIG).tests("@evidence('UC-001', item=2)\ndef test_a(): pass\n")
    project.empty_store()

    def shown(*command: str) -> str:
        return " ".join(project.cli(*command).stdout.split())

    trace = "recording the trace proof (record_evidence.trace)"
    assert f'UC-002/2: run a test tagged @evidence("UC-002", item=2) in a real environment, {trace}' in shown(
        "next", "UC-002", "-v"
    )
    assert f'to complete: run a test tagged @evidence("UC-001", item=2) in a real environment, {trace}' in shown(
        "why", "UC-001"
    )
    assert "recording the proofs 2 trace (record_evidence)" in shown("next", "UC-001")
    assert project.report("UC-001")["next"][1]["text"].endswith(trace)
    project.write("readiness.toml", CONFIG + drill)
    assert "recording the proofs 2 trace, 3 drill (record_evidence)" in shown("next", "UC-001")
    project.run("-q")  # a pass without the proof: the other way out
    assert "record the trace proof (record_evidence.trace) in test_it.py::test_a and run it" in shown("next", "UC-001")


def test_nobody_is_no_person(recorded: Project) -> None:
    """What is unassigned is counted apart from what somebody must do, and one of a kind is told as one."""
    assert recorded.cli("next").stdout.splitlines()[-1] == (
        "5 actions: 3 for 1 person, 2 unassigned (--owner unassigned selects them)"
    )
    assert recorded.cli("next", "UC-002").stdout.splitlines()[-1] == "2 actions, unassigned"
    assert recorded.cli("next", "--owner", "ana@example.com").stdout.splitlines()[-1] == "3 actions for 1 person"
