"""A mark that turns wrong is an error of its test, and hides no longer behind the test's older pass."""

from __future__ import annotations

import pytest

from tests.project import CONFIG, XDIST, Project

pytestmark = pytest.mark.slow

RIGHT = '@evidence("UC-001", item=1)\ndef test_a(): pass\n'
UNDERSTOOD = {
    "environment": '"UC-001", item=1, environment="stagin"',
    "part": '"UC-001", item=1, part="none"',
    "keyword": '"UC-001", item=1, enviroment="staging"',
    "misspelt item": '"UC-001", itm=1',
    "one of two use cases": '"UC-001", "UC-999", item=1',
    "one of two items": '"UC-001", item=[1, "none"]',
    "type": '"UC-001", item=1, environment=3',
    "mode of a replay": '"UC-001", item=1, replay_mode="HALF"',
}


def wrong(project: Project, mark: str, *how: str) -> str:
    """Pass once, and then with a wrong mark; return what is printed."""
    project.configured().tests(RIGHT).run_apart().assert_outcomes(passed=1)
    assert project.cli("gate", "UC-001", "--on", "evidence").exit_code == 1  # for its other item
    assert project.states()["UC-001/1"] == "COMPLETE"
    result = project.tests(RIGHT.replace('"UC-001", item=1', mark)).run_apart(*how)
    result.assert_outcomes(errors=1)
    assert result.ret == 1
    return " ".join(result.stdout.str().split())


@pytest.mark.parametrize("mark", UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_it_fails_for_what_can_be_understood_of_it(project: Project, mark: str) -> None:
    """Use case and item are enough; once the mark is right the test's next pass ends that."""
    wrong(project, mark)
    assert project.states()["UC-001/1"] == "FAILING"
    project.tests(RIGHT).run()
    assert project.states()["UC-001/1"] == "COMPLETE"


def test_a_part_that_is_mended_ends_it_for_all_parts(project: Project) -> None:
    """What named no part fails for each, until its test runs to its end, whatever part that names."""
    parts = '\n[items.3]\ntitle = "parts"\nparts = ["one", "two"]\n'
    both = "".join(f'@evidence("UC-001", item=3, part="{part}")\ndef test_{part}(): pass\n' for part in ("one", "two"))
    project.configured(CONFIG + parts).tests(both).run()
    project.tests(both.replace('"one"', '"onne"', 1)).run().assert_outcomes(errors=1, passed=1)
    states = project.states()
    assert (states["UC-001/3/one"], states["UC-001/3/two"]) == ("FAILING", "FAILING")
    project.tests(both).run()
    states = project.states()
    assert (states["UC-001/3/one"], states["UC-001/3/two"]) == ("COMPLETE", "COMPLETE")


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_what_cannot_be_understood_at_all_is_told(project: Project, how: tuple[str, ...]) -> None:
    """Nobody knows what it would be evidence for: the session and the report say that there was such a test."""
    told = "1 test had marks that name no known use case and item"
    assert told in wrong(project, '"UC-01", item=1', *how)
    assert project.states()["UC-001/1"] == "COMPLETE"
    assert told in " ".join(project.cli("report").stdout.split())
    assert told in " ".join(project.cli("gate", "UC-001").stdout.split())


SEVERAL = """
@evidence("UC-001", item=1)
def test_right(): pass

@evidence("UC-001", item=1, environment="stagin")
def test_environment(): pass

@evidence("UC-001", item=1, part="none")
def test_part(): pass

@pytest.mark.parametrize("case", "abc")
@evidence("UC-01", item=1)
def test_unknown(case): pass
"""


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_the_session_and_the_plan_tell_the_same_numbers(project: Project, how: tuple[str, ...]) -> None:
    """How many tests have wrong marks, which of them fail for what they name, and of which nothing is recorded."""
    project.configured().tests(SEVERAL)
    session = " ".join(project.run_apart(*how).stdout.str().split())
    assert (
        "5 tests had wrong marks: 2 of them fail for what their marks name, until the right mark is run or a reviewer "
        "retires them; 3 name no known use case and item, of which nothing is recorded"
    ) in session
    lines = project.run("--readiness-plan").stdout.str()
    plan = " ".join(lines.split())
    assert "5 tests with wrong marks, 3 of which name no known use case and item: nothing of that is recorded" in plan
    assert "test_it.py::test_unknown, 3 cases test_it.py:" in plan or "test_it.py::test_unknown, 3 cases" in plan
    assert plan.count("no use case 'UC-01'") == 1


def test_what_ends_the_failure_of_a_wrong_mark_is_said(project: Project) -> None:
    """In the test's message, in ``why`` and ``next``: correct the mark and run it; a deleted test is retired."""
    message = wrong(project, UNDERSTOOD["environment"])
    until = "until then, or until a reviewer retires it, it fails for UC-001/1"
    assert f"correct the mark, or the rule of [claims], and run the test again: {until}" in message
    correct = "correct the mark of test_it.py::test_a, or the rule that claims for it, and run it again in staging"
    retire = "if it was deleted, a reviewer retires it: `readiness retire test_it.py::test_a --reason ...`"
    for command in (("why", "UC-001/1"), ("next",)):
        text = " ".join(project.cli(*command).stdout.split())
        assert f"{correct}; {retire}" in text, text


def test_a_plan_of_one_file_says_nothing_about_rules_for_others(project: Project) -> None:
    """They match no collected test because the session does not collect theirs."""
    rules = '[claims]\n"test_other.py" = "UC-002/1"\n[claims.marks]\n"story(S-1)" = "UC-002/1"\n'
    project.configured(CONFIG + rules).tests(RIGHT)
    assert "match no collected test" not in project.run("--readiness-plan", "test_it.py").stdout.str()
    whole = " ".join(project.run("--readiness-plan").stdout.str().split())
    assert "rules of [claims] that match no collected test" in whole
    assert "'story(S-1)'" in whole


def test_a_plan_tells_nothing_of_it_but_that_it_is_wrong(project: Project) -> None:
    """What is only understood of a wrong mark shows nothing, and is not listed as if it would."""
    project.configured().tests(RIGHT.replace("item=1", 'item=1, part="none"'))
    told = " ".join(project.run("--readiness-plan").stdout.str().split())
    assert told.count("test_it.py::test_a") == 1
