"""A pass after a failed attempt that lacks its proof as well: both policies are asked, wherever one is."""

from __future__ import annotations

import pytest

from tests.project import CONFIG, Project

RERUNS = ("-p", "pytest_rerunfailures", "--reruns=1")
GATE = """
[review]
reviewers = ["rev@example.com"]
separate = false

[gate]
asserted = "{asserted}"
flaky = "{flaky}"
"""
FAILS_FIRST = """
@evidence("UC-001", item={item})
def test_a(record_evidence):
    {proof}
    at = pathlib.Path("tried")
    if not at.exists():
        at.touch()
        raise AssertionError
"""
PROOF = "record_evidence.trace([1], again=list((1,)))"
JUNIT = """<testsuite name="s" timestamp="2026-01-01T00:00:00"><testcase classname="c" name="t" time="1">
<flakyFailure message="once"/></testcase></testsuite>"""


def retried(project: Project, proof: str = "pass", **policy: str) -> Project:
    """A project whose only evidence for an item that wants a proof passed at its second attempt."""
    settings = {"asserted": "acknowledge", "flaky": "acknowledge", **policy}
    project.configured(CONFIG.partition("[items.1]")[0] + ITEM + GATE.format(**settings))
    project.tests(FAILS_FIRST.format(item=2, proof=proof))
    (project.path / "tried").unlink(missing_ok=True)
    project.run(*RERUNS).assert_outcomes(passed=1)
    return project


ITEM = """
[items.2]
title = "a trace is kept"
proof = "trace"
"""


def approve(project: Project, *words: str) -> int:
    """Sign UC-001, and return the exit code."""
    return project.cli("review", "UC-001", "--approve", "--by=rev@example.com", *words).exit_code


def test_a_retry_opens_nothing_that_a_clean_pass_would_not(project: Project) -> None:
    """With asserted = refuse a pass without its proof is refused, also where it failed first."""
    retried(project, asserted="refuse", flaky="accept")
    assert project.states("UC-001")["UC-001/2"] == "FLAKY"
    assert approve(project) == approve(project, "--acknowledge=UC-001/2") == 1
    result = project.cli("gate", "UC-001", "--on=evidence")
    assert result.exit_code == 1
    assert "refused: UC-001/2" in " ".join(result.output.split())
    assert "only at attempt 2, without the trace proof" in " ".join(project.cli("why", "UC-001/2").output.split())


def test_with_its_proof_only_its_retry_is_asked_for(project: Project) -> None:
    """The same pass with the proof is flaky and nothing else."""
    retried(project, proof=PROOF, asserted="refuse", flaky="accept")
    assert project.states("UC-001")["UC-001/2"] == "FLAKY"
    assert approve(project) == 0
    assert project.cli("gate", "UC-001").exit_code == 0


@pytest.mark.parametrize("accepted", ["asserted", "flaky"])
def test_what_one_policy_accepts_the_other_asks_for(project: Project, accepted: str) -> None:
    """Where one of both is accepted, the review still has to name the requirement for the other."""
    retried(project, **{accepted: "accept"})
    assert approve(project) == 1
    assert approve(project, "--acknowledge=UC-001/2") == 0
    assert project.cli("gate", "UC-001").exit_code == 0


def test_one_word_acknowledges_one_of_both(project: Project) -> None:
    """Who says that flaky passes are accepted has not accepted one without its proof: a clean pass would be refused."""
    retried(project)
    assert approve(project, "--acknowledge=flaky") == approve(project, "--acknowledge=asserted") == 1
    output = project.cli("review", "UC-001", "--approve", "--by=rev@example.com", "--acknowledge=flaky").output
    assert "acknowledge by name what is asserted or flaky: UC-001/2" in output
    assert approve(project, "--acknowledge=flaky", "--acknowledge=asserted") == 0
    assert project.cli("gate", "UC-001").exit_code == 0


@pytest.mark.parametrize(("accepted", "word"), [("asserted", "flaky"), ("flaky", "asserted")])
def test_the_word_of_what_is_asked_is_enough(project: Project, accepted: str, word: str) -> None:
    """Where the policy accepts one of both, the word for the other acknowledges it."""
    retried(project, **{accepted: "accept"})
    assert approve(project, f"--acknowledge={accepted}") == 1
    assert approve(project, f"--acknowledge={word}") == 0


def test_an_acknowledged_retry_acknowledges_no_missing_proof(project: Project) -> None:
    """What was flaky with its proof when it was signed, and lacks it now, has to be named anew."""
    retried(project, proof=PROOF)
    assert approve(project, "--acknowledge=flaky") == 0
    assert project.cli("gate", "UC-001").exit_code == 0
    retried(project)
    result = project.cli("gate", "UC-001")
    assert result.exit_code == 1
    assert project.report("UC-001")["use_cases"][0]["review"]["state"] == "SUSPECT"


def test_an_acknowledged_retry_without_proof_acknowledges_one_with_it(project: Project) -> None:
    """What was flaky and lacked its proof when it was signed, and has it now by another test, needs no new word."""
    retried(project)
    assert approve(project, "--acknowledge=UC-001/2") == 0
    project.tests(f'@evidence("UC-001", item=2)\ndef test_b(record_evidence):\n    {PROOF}\n')
    project.run().assert_outcomes(passed=1)
    assert project.states("UC-001")["UC-001/2"] == "FLAKY"
    assert project.report("UC-001")["use_cases"][0]["review"]["state"] == "CURRENT"
    assert project.cli("gate", "UC-001").exit_code == 0


def test_what_is_imported_is_asserted_at_most_after_a_retry_too(project: Project) -> None:
    """An imported pass that failed first is no better than an imported pass."""
    config = CONFIG.partition("[items.1]")[0] + ITEM.replace('proof = "trace"\n', "")
    project.configured(config + GATE.format(asserted="refuse", flaky="accept"))
    project.write("junit.xml", JUNIT)
    args = ("--junit", "junit.xml", "--map", "*=UC-001/2", "--environment", "staging")
    assert project.cli("record", *args).exit_code == 0
    assert project.states("UC-001")["UC-001/2"] == "FLAKY"
    assert project.cli("gate", "UC-001", "--on=evidence").exit_code == 1
    assert "but was only imported" in " ".join(project.cli("why", "UC-001/2").output.split())
