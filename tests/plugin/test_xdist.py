"""Under pytest-xdist: only the controller writes, and what it writes is what a session alone would have written."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from tests.project import Project

pytestmark = pytest.mark.slow

SUITE = """
@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("x", ["a", "b@c", "d]@e"])
@evidence("UC-001", item=1)
def test_a(x, record_evidence): record_evidence.note(x)

@pytest.mark.xdist_group("two")
@evidence("UC-001", item=2)
def test_b(): assert os.environ.get("FINE") == "1"

@evidence("UC-002", item=1)
def test_c(): pass
"""


def found(project: Project) -> dict[str, Any]:
    """Result of each test by id."""
    return {piece["test_id"]: piece["result"] for piece in project.evidence()}


@pytest.mark.parametrize("dist", ["load", "loadscope", "loadfile", "loadgroup", "worksteal", "each"])
def test_every_way_to_distribute_gives_the_same_tests(project: Project, dist: str) -> None:
    """However tests are handed out, each has the id and the result that it has alone; a later pass replaces it."""
    project.configured().tests(SUITE)
    number = "--tx=popen" if dist == "each" else "-n1"
    project.run("-p", "xdist", number, f"--dist={dist}")
    expected = {
        "test_it.py::test_a[a]": "PASSED",
        "test_it.py::test_a[b@c]": "PASSED",
        "test_it.py::test_a[d]@e]": "PASSED",
        "test_it.py::test_b": "FAILED",
        "test_it.py::test_c": "PASSED",
    }
    assert found(project) == expected
    project.monkeypatch.setenv("FINE", "1")
    project.run().assert_outcomes(passed=5)
    assert found(project) == expected | {"test_it.py::test_b": "PASSED"}
    assert project.cli("verify").exit_code == 0


def test_without_workers(project: Project) -> None:
    """-n0 is a session alone."""
    project.configured().tests(SUITE)
    project.run("-p", "xdist", "-n0").assert_outcomes(passed=4, failed=1)
    assert len(found(project)) == 5


def test_no_evidence_test_leaves_no_trace(project: Project) -> None:
    """Workers that met no evidence test write nothing, and nor does the controller."""
    project.configured().tests("def test_plain(): pass\n")
    project.run("-p", "xdist", "-n1").assert_outcomes(passed=1)
    assert not (project.path / ".readiness").exists()


def test_a_config_that_changes_under_the_workers(project: Project) -> None:
    """Workers read no config: they are told, so that one session has one set of requirements."""
    project.configured().tests(
        "pathlib.Path('readiness.toml').unlink(missing_ok=True)\n@evidence('UC-001', item=1)\ndef test_a(): pass\n"
    )
    project.run("-p", "xdist", "-n1").assert_outcomes(passed=1)
    project.configured()
    assert project.states()["UC-001/1"] == "COMPLETE"


def test_stopping_early(project: Project) -> None:
    """With -x what was planned and never ran is NOT_RUN."""
    project.configured().tests(SUITE)
    project.run("-p", "xdist", "-n1", "-x", "-k", "test_b or test_c")
    assert found(project)["test_it.py::test_b"] == "FAILED"
    assert project.states()["UC-002/1"] in ("COMPLETE", "MISSING")
    assert project.journals == []
    assert project.cli("verify").exit_code == 0


REPORTS_BY_HAND = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    ihook = item.ihook
    ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    report = pytest.TestReport(item.nodeid, item.location, {}, "failed", "in a process of its own", "call", [], 0.1)
    ihook.pytest_runtest_logreport(report=report)
    ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""


@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_a_plugin_that_runs_tests_itself_and_reports_by_hand(project: Project, workers: str) -> None:
    """pytest prints failed, and nobody watched: with workers and without, no older pass stands."""
    project.configured().tests(SUITE)
    project.monkeypatch.setenv("FINE", "1")
    project.run().assert_outcomes(passed=5)
    project.write("conftest.py", REPORTS_BY_HAND)
    project.run_apart("-p", "xdist", workers).assert_outcomes(failed=5)
    assert set(found(project).values()) == {"INTERRUPTED"}
    assert project.cli("gate", "--on", "evidence").exit_code == 1


CONFTEST = """
import os, pytest

class Item(pytest.Item):
    def runtest(self): assert os.environ.get("BAD") != self.name
    def reportinfo(self): return self.path, 0, self.name

class File(pytest.File):
    def collect(self):
        for name in ("u@a", "u@b", "u"):
            item = Item.from_parent(self, name=name)
            item.add_marker(pytest.mark.evidence("UC-001", item=1))
            if name == "u":
                item.add_marker(pytest.mark.xdist_group("a"))
                item.add_marker(pytest.mark.xdist_group(name="c"))
            yield item

def pytest_collect_file(file_path, parent):
    return File.from_parent(parent, path=file_path) if file_path.suffix == ".yml" else None
"""


def test_a_name_of_its_own_with_an_at_sign_is_not_cut(project: Project) -> None:
    """Only what xdist hangs on a node id for the test's groups is taken off: the rest is the name, also of other tests."""
    project.configured().write("conftest.py", CONFTEST)
    project.write("mail.yml", "")
    project.monkeypatch.setenv("BAD", "u@a")
    project.run("-p", "xdist", "-n1", "--dist=loadgroup").assert_outcomes(passed=2, failed=1)
    expected = {"mail.yml::u@a": "FAILED", "mail.yml::u@b": "PASSED", "mail.yml::u": "PASSED"}
    assert found(project) == expected
    project.run("mail.yml::u@b", "-p", "xdist", "-n1", "--dist=loadgroup").assert_outcomes(passed=1)
    assert project.states("UC-001")["UC-001/1"] == "FAILING"
    project.monkeypatch.delenv("BAD")
    project.run().assert_outcomes(passed=3)
    assert found(project) == expected | {"mail.yml::u@a": "PASSED"}


def test_a_grouped_test_that_is_left_out_keeps_its_name(project: Project) -> None:
    """One that a run deselects, or whose worker crashes, is called as it is alone."""
    project.configured().tests(SUITE.replace('assert os.environ.get("FINE") == "1"', "os._exit(1)"))
    project.run_apart("-p", "xdist", "-n1", "--dist=loadgroup", "--max-worker-restart=0", "-k", "test_b")
    assert found(project)["test_it.py::test_b"] == "INTERRUPTED"
    kept = sqlite3.connect(project.path / ".readiness" / "evidence.db")
    assert "@one" not in "".join(kept.iterdump())
    kept.close()
