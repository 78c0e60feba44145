"""Tests that had started when their process died: what is beside the journal says which, and `recover` keeps them."""

from __future__ import annotations

import json

import pytest

from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

PASSES = '@evidence("UC-001", item=1)\ndef test_a(): pass\n'
DIES = '@evidence("UC-001", item=2)\ndef test_b({fixtures}): {body}\n'
NEVER = '@evidence("UC-002", item=1)\ndef test_c(): pass\n'


def recovered(project: Project, *args: str) -> dict[str, str]:
    """Run a session that dies, recover it, and return the result of each test."""
    result = project.run_apart("-q", *args)
    assert result.ret == 1
    assert len(project.journals) == 1
    assert project.cli("recover").exit_code == 0
    assert project.cli("verify").exit_code == 0
    assert list((project.path / ".readiness/journal").glob("*.begun")) == []
    return {piece["test_id"].partition("::")[2]: piece["result"] for piece in project.evidence()}


def test_a_test_that_died(project: Project) -> None:
    """What ended keeps its result, what died is INTERRUPTED, and what did not start NOT_RUN; the journal has no start."""
    project.configured().tests(PASSES + DIES.format(fixtures="", body="os._exit(1)") + NEVER)
    project.run_apart("-q")
    [journal] = project.journals
    assert [json.loads(line)["kind"] for line in journal.read_text().splitlines()] == ["run", "planned", "finished"]
    journal.unlink()
    journal.with_suffix(".begun").unlink()
    assert recovered(project) == {"test_a": "PASSED", "test_b": "INTERRUPTED", "test_c": "NOT_RUN"}


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
@pytest.mark.parametrize("harm", ["unlink()", "write_bytes(b'')"])
def test_its_file_is_lost_with_the_first_test(project: Project, harm: str, how: tuple[str, ...]) -> None:
    """A process that dies in its first test, and the file of starts with it: the test is INTERRUPTED all the same."""
    lost = f"[path.{harm} for path in pathlib.Path('.readiness/journal').glob('*.begun')]"
    dies = f"\n    {lost}\n    os.kill(os.getppid(), 9)\n    os._exit(1)" if how else f"\n    {lost}\n    os._exit(1)"
    project.configured().tests(DIES.format(fixtures="", body=dies))
    project.run_apart("-q", *how)
    assert project.cli("recover").exit_code == 0
    assert [piece["result"] for piece in project.evidence()] == ["INTERRUPTED"]
    assert project.states()["UC-001/2"] == "INTERRUPTED"


def test_an_attempt_that_died(project: Project) -> None:
    """A test that failed, was run again and died then is INTERRUPTED, with its first attempt."""
    body = "\n    global count; count += 1\n    if count == 2: os._exit(1)\n    assert False, 'the first time'"
    project.configured().tests("count = 0\n" + PASSES + DIES.format(fixtures="", body=body) + NEVER)
    assert recovered(project, "-p", "pytest_rerunfailures", "--reruns=2") == {
        "test_a": "PASSED", "test_b": "INTERRUPTED", "test_c": "NOT_RUN",
    }  # fmt: skip
    [piece] = [piece for piece in project.evidence() if piece["result"] == "INTERRUPTED"]
    assert piece["attempts"] == 2


def test_a_test_that_is_run_once_more_after_its_end(project: Project) -> None:
    """A plugin that runs each test twice, of which the second time dies: its end of the first time does not stand."""
    project.configured().tests(
        "count = 0\n" + DIES.format(fixtures="", body="\n    global count; count += 1\n    if count == 2: os._exit(1)")
    )
    project.write(
        "conftest.py",
        "from _pytest.runner import runtestprotocol\n"
        "def pytest_runtest_protocol(item):\n"
        "    for _ in range(2):\n"
        "        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)\n"
        "        runtestprotocol(item, nextitem=None)\n"
        "        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)\n"
        "    return True\n",
    )
    assert recovered(project)["test_b"] == "INTERRUPTED"


@pytest.mark.parametrize("learner", ["test_a", "test_b"])
def test_a_secret_in_the_names_of_tests_that_died(project: Project, learner: str) -> None:
    """A secret that becomes known before the test that dies, or in it, is nowhere; each test keeps its result."""
    project.configured().tests(
        f"""
        @pytest.fixture
        def deadly():
            yield
            os._exit(1)

        @evidence("UC-001", item=1)
        @pytest.mark.parametrize("word", ["hunter2-hunter2"])
        def test_a(word, record_evidence):
            if {learner == "test_a"}: record_evidence.secret(word)

        @evidence("UC-001", item=2)
        @pytest.mark.parametrize("word", ["hunter2-hunter2"])
        def test_b(deadly, word, record_evidence):
            record_evidence.secret(word)
            assert False, "what was written is redacted when this is reported"

        @evidence("UC-002", item=1)
        def test_c(): pass
        """
    )
    results = recovered(project)
    assert sorted(results.values()) == ["INTERRUPTED", "NOT_RUN", "PASSED"]
    assert not any("hunter2" in test for test in results)
    for path in (project.path / ".readiness").rglob("*"):
        assert not path.is_file() or b"hunter2-hunter2" not in path.read_bytes()


@pytest.mark.parametrize("harm", ["mkdir()", "symlink_to(os.devnull)"])
def test_a_place_for_starts_that_is_taken(project: Project, harm: str) -> None:
    """Where the file beside the journal cannot be written, the journal has the starts; what is there may be any start."""
    project.configured().tests(PASSES + DIES.format(fixtures="", body="os._exit(1)") + NEVER)
    project.write(
        "conftest.py",
        "import os, pytest\nfrom pathlib import Path\n@pytest.hookimpl(tryfirst=True)\ndef pytest_runtest_logstart():\n"
        "    for journal in Path('.readiness/journal').glob('*.jsonl'):\n"
        "        place = journal.with_suffix('.begun')\n"
        f"        if place.is_file():\n            place.unlink()\n            place.{harm}\n",
    )
    project.run_apart("-q")
    [journal] = project.journals
    kinds = [json.loads(line)["kind"] for line in journal.read_text().splitlines()]
    assert kinds == ["run", "planned", "started", "finished", "started"]
    assert project.cli("recover").exit_code == 0
    results = {piece["test_id"].partition("::")[2]: piece["result"] for piece in project.evidence()}
    assert results == {"test_a": "PASSED", "test_b": "INTERRUPTED", "test_c": "INTERRUPTED"}


def test_a_test_that_closes_every_file(project: Project) -> None:
    """The file is opened again: what dies after such a test is INTERRUPTED all the same."""
    closes = '@evidence("UC-001", item=1)\ndef test_a(): os.closerange(3, 100)\n'
    project.configured().tests(closes + DIES.format(fixtures="", body="os._exit(1)") + NEVER)
    results = recovered(project, "-s")
    assert (results["test_b"], results["test_c"]) == ("INTERRUPTED", "NOT_RUN")


def test_a_session_that_runs(project: Project) -> None:
    """To another process a test that runs at this moment is INTERRUPTED, and nothing of the run counts yet."""
    project.configured().tests(
        PASSES
        + DIES.format(
            fixtures="",
            body="\n    import subprocess, sys\n    command = [sys.executable, '-m', 'pytest_readiness', 'report']\n"
            "    shown = subprocess.run([*command, '--format=json'], capture_output=True).stdout\n"
            "    pathlib.Path('during.json').write_bytes(shown)",
        )
    )
    assert project.run_apart("-q").ret == 0
    report = json.loads((project.path / "during.json").read_text())
    states = {
        one["id"]: one["state"]
        for case in report["use_cases"]
        for item in case["items"]
        for one in item["requirements"]
    }
    assert (states["UC-001/1"], states["UC-001/2"]) == ("MISSING", "INTERRUPTED")
