"""A gate that no state of a requirement closes: what closes it is told, with who opens it how."""

from __future__ import annotations

import pytest

from tests.project import TRACKER, Project
from tests.reviewed_project import ANA, TESTS, approve, commit, decided, record, repository

OTHER = "\n@evidence('UC-001', item=1)\ndef test_other(): pass\n"


def output_of(project: Project, *args: str) -> str:
    """What a command says, on one line."""
    return " ".join(project.cli(*args).stdout.split())


def ready(project: Project, gate: str, tracker: str = TRACKER) -> None:
    """UC-001 is reviewed, whatever else the gate asks for."""
    decided(project, f"\n[gate]\n{gate}\n", TESTS + OTHER, tracker)
    approve(project)


def closed_by(project: Project, rule: str) -> None:
    """Have the gate over UC-001, which is ready, closed by this rule alone."""
    match rule:
        case "clean commit":
            project.configured()
            commit(repository(project))
            project.write("notes.txt", "not committed")
            ready(project, "clean_commit = true")
        case "deselected":
            ready(project, 'deselected = "refuse"')
            record(project, "--deselect", "test_it.py::test_other")
        case "architecture":
            ready(project, 'architecture = "GREEN"', TRACKER.replace("`GREEN`", "`AMBER`"))
        case "evidence level":
            ready(project, 'level = "L2"')


@pytest.mark.parametrize(
    ("rule", "who", "what"),
    [
        ("clean commit", ANA, "run its tests again from a commit without local changes"),
        ("deselected", ANA, "run test_it.py::test_other, which a run deselected"),
        ("architecture", ANA, "its architecture status is AMBER, and the gate asks for GREEN"),
        ("evidence level", ANA, "it rests on L1, and the gate asks for L2"),
    ],
)
def test_each_door_says_what_closes_it_and_who_opens_it(project: Project, rule: str, who: str, what: str) -> None:
    """The report names the rule; report, next, why and gate say what is to be done, and by whom."""
    closed_by(project, rule)
    assert project.cli("gate", "UC-001").exit_code == 1
    failed = [rule["rule"] for rule in project.report("UC-001")["verdict"]["rules"] if not rule["passed"]]
    assert failed == [rule]
    report = output_of(project, "report", "UC-001")
    assert f"; {rule}: " in report
    for text in (report, output_of(project, "next", "UC-001"), output_of(project, "gate", "UC-001")):
        assert what in text
        assert who in text
        assert "nothing to do" not in text
    why = output_of(project, "why", "UC-001")
    assert what in why
    assert f"({who})" in why
    actions = [action for action in project.report("UC-001")["next"] if action["action"] != "sync"]
    assert [action["who"] for action in actions if what in action["text"]] == [who]
