"""Tests outside pytest's rootdir, where pytest's node ids do not say which folder they are of: each has its own name."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow

SMOKE = """
@evidence("UC-001", item=1)
def test_smoke(): assert {passes}
"""
A, B = "a/tests/test_smoke.py::test_smoke", "b/tests/test_smoke.py::test_smoke"
ALONE_AND_XDIST = pytest.mark.parametrize("more", [(), ("-p", "xdist", "-n", "1")], ids=["alone", "xdist"])


@pytest.fixture
def packages(project: Project) -> Project:
    """Two packages with the same tests; those of ``b`` fail. Nothing above them says where pytest's rootdir is."""
    project.configured(CONFIG.partition("[items.2]")[0])
    (project.path / "tox.ini").unlink()
    for name in ("a", "b"):
        project.write(f"{name}/pytest.ini", "[pytest]\naddopts = --import-mode=importlib\n")
        project.tests(SMOKE.format(passes=name == "a"), f"{name}/tests/test_smoke.py")
    return project


def results(project: Project) -> dict[str, str]:
    """What came last of each test."""
    return {piece["test_id"]: piece["result"] for piece in project.evidence("UC-001")}


def gate(project: Project) -> int:
    """The gate's answer."""
    return project.cli("gate", "--on", "evidence", "UC-001").exit_code


@ALONE_AND_XDIST
def test_packages_that_are_run_together_are_told_apart(packages: Project, more: tuple[str, ...]) -> None:
    """pytest takes ``a`` for its rootdir and gives both tests one node id: the pass of ``a`` hides no failure of ``b``."""
    packages.run_apart(*more, "a", "b").assert_outcomes(passed=1, failed=1)
    assert results(packages) == {A: "PASSED", B: "FAILED"}
    packages.run_apart(*more, "a").assert_outcomes(passed=1)
    assert gate(packages) == 1
    packages.tests(SMOKE.format(passes=True), "b/tests/test_smoke.py")
    os.chdir(packages.path / "b")
    packages.run_apart(*more).assert_outcomes(passed=1)
    os.chdir(packages.path)
    assert (results(packages), gate(packages)) == ({A: "PASSED", B: "PASSED"}, 0)


@ALONE_AND_XDIST
def test_files_that_pytest_gives_one_name_are_told_apart(packages: Project, more: tuple[str, ...]) -> None:
    """Of a file that is named, outside its rootdir, pytest's node id says nothing: ``::test_smoke``."""
    packages.tests(SMOKE.format(passes=True), "b/test_two.py")
    packages.run_apart(*more, "a", "b/tests/test_smoke.py").assert_outcomes(passed=1, failed=1)
    packages.run_apart(*more, "a", "b/test_two.py").assert_outcomes(passed=2)
    assert results(packages) == {A: "PASSED", B: "FAILED", "b/test_two.py::test_smoke": "PASSED"}
    assert gate(packages) == 1


@pytest.mark.parametrize("where", [("-c", "ci/pytest.ini"), ("--rootdir=ci",)], ids=["config", "rootdir"])
def test_a_rootdir_beside_the_tests(packages: Project, where: tuple[str, ...]) -> None:
    """Files of two folders are told apart where pytest's rootdir is a third, and have the names that they always have."""
    packages.write("ci/pytest.ini", "[pytest]\n")
    packages.run_apart(*where, "--import-mode=importlib", "b/tests/test_smoke.py").assert_outcomes(failed=1)
    packages.run_apart(*where, "--import-mode=importlib", "a/tests/test_smoke.py").assert_outcomes(passed=1)
    assert results(packages) == {A: "PASSED", B: "FAILED"}


def test_a_way_up_and_down(packages: Project) -> None:
    """So they are where pytest is called in one of the folders and given the other."""
    os.chdir(packages.path / "a")
    both = ("--rootdir=.", "--import-mode=importlib", ".", "../b/tests/test_smoke.py")
    packages.run_apart(*both).assert_outcomes(passed=1, failed=1)
    packages.run_apart(".").assert_outcomes(passed=1)
    os.chdir(packages.path)
    assert results(packages) == {A: "PASSED", B: "FAILED"}


def test_a_config_below_the_rootdir(packages: Project) -> None:
    """Where pytest's rootdir lies above the config's folder, a test below that has the name that it always has."""
    for name in ("readiness.toml", "PROD_READINESS_TRACKER.md"):
        (packages.path / name).rename(packages.path / "b" / name)
    config = "--readiness-config=b/readiness.toml"
    packages.run_apart(config, "--rootdir=.", "--import-mode=importlib", "a", "b").assert_outcomes(passed=1, failed=1)
    os.chdir(packages.path / "b")
    assert results(packages) == {f"../{A}": "PASSED", B.removeprefix("b/"): "FAILED"}
    packages.run_apart().assert_outcomes(failed=1)
    assert len(results(packages)) == 2
    os.chdir(packages.path)


RETRIES = {
    "rerunfailures": ("-p", "rerunfailures", "--reruns=1"),
    "retry": ("-p", "pytest_retry.retry_plugin", "--retries=1"),
    "flaky": ("-p", "flaky.flaky_pytest_plugin", "--force-flaky"),
    "each": ("-p", "xdist", "-n", "2", "--dist=each"),
}


@pytest.mark.parametrize("more", RETRIES.values(), ids=RETRIES.keys())
def test_no_test_is_another_attempt_of_one_with_its_node_id(packages: Project, more: tuple[str, ...]) -> None:
    """A failed test of ``a`` that is followed by the passing one of ``b`` was not run again and passed."""
    packages.tests(SMOKE.format(passes=False), "a/tests/test_smoke.py")
    packages.tests(SMOKE.format(passes=True), "b/tests/test_smoke.py")
    packages.run_apart(*more, "a", "b")
    assert results(packages) == {A: "FAILED", B: "PASSED"}
    packages.run_apart(*more, "b")
    assert gate(packages) == 1


def test_one_without_a_mark_starts_no_other(packages: Project) -> None:
    """A test that is no evidence, and ends the session, leaves the one with its node id as one that never ran."""
    packages.tests("def test_smoke(): pytest.exit('enough')", "a/tests/test_smoke.py")
    packages.run_apart("a", "b")
    assert results(packages) == {}
    packages.run_apart("-p", "xdist", "-n", "1", "a", "b")
    assert set(results(packages).values()) <= {"NOT_RUN"}


def test_a_test_that_a_plugin_put_in_the_place_of_another(packages: Project) -> None:
    """A plugin that runs copies of what was collected changes no name, and disturbs nothing."""
    copies = "import copy, pytest\n@pytest.hookimpl(tryfirst=True)\n"
    copies += "def pytest_runtestloop(session): session.items[:] = [copy.copy(item) for item in session.items]\n"
    packages.write("a/conftest.py", copies)
    assert packages.run_apart("a", "b").ret == 1
    assert results(packages) == {A: "PASSED", B: "FAILED"}
    packages.run_apart("a", "b").stdout.no_fnmatch_line("*could not be recorded*")


CRASH = """
@evidence("UC-001", item=1)
def test_smoke():
    if {crashes}: os._exit(3)
"""


@pytest.mark.parametrize("crashes", [("a",), ("b",), ("a", "b")], ids=["first", "second", "both"])
def test_the_test_that_crashed_is_the_one_that_ran(packages: Project, crashes: tuple[str, ...]) -> None:
    """xdist says of a worker that crashed only the node id of its test: of two that bear it, the one that ran counts."""
    for name in ("a", "b"):
        packages.tests(CRASH.format(crashes=name in crashes), f"{name}/tests/test_smoke.py")
    packages.run_apart("-p", "xdist", "-n", "1", "a", "b")
    expected = {name: "INTERRUPTED" if name[0] in crashes else "PASSED" for name in (A, B)}
    assert results(packages) == expected
    assert gate(packages) == 1


INHERITED = """
from base import Base

@evidence("UC-001", item=1)
class TestIt(Base):
    crashes = {crashes}
"""


@pytest.mark.parametrize("crashes", ["a", "b", ""], ids=["first", "second", "none"])
def test_what_nothing_tells_apart_passes_only_where_it_did(packages: Project, crashes: str) -> None:
    """Tests of one node id that are inherited from one place: none passes by mistake, and each passes where both did."""
    base = "import os\nclass Base:\n    def test_smoke(self):\n        if self.crashes: os._exit(3)\n"
    packages.write("base.py", base)
    for name in ("a", "b"):
        packages.tests(INHERITED.format(crashes=name == crashes), f"{name}/tests/test_smoke.py")
    packages.monkeypatch.setenv("PYTHONPATH", str(packages.path))
    packages.run_apart("-p", "xdist", "-n", "1", "a", "b")
    outcomes = {name[0]: result for name, result in results(packages).items()}
    if crashes:
        assert outcomes[crashes] == "INTERRUPTED"
        assert gate(packages) == 1
    else:
        assert (outcomes, gate(packages)) == ({"a": "PASSED", "b": "PASSED"}, 0)


ITEMS = """
import pytest
from pytest_readiness import evidence

class Flow(pytest.Item):
    def __init__(self, *, fails, **how):
        super().__init__(**how)
        self.fails = fails
        self.add_marker(evidence("UC-001", item=1))

    def runtest(self):
        assert not self.fails

class File(pytest.File):
    def collect(self):
        yield Flow.from_parent(self, name="login", fails="fail" in self.path.read_text(), nodeid="flow::login")

def pytest_collect_file(parent, file_path):
    if file_path.suffix == ".flow":
        return File.from_parent(parent, path=file_path)
"""


@ALONE_AND_XDIST
def test_node_ids_that_a_plugin_makes(packages: Project, more: tuple[str, ...]) -> None:
    """Items of two files to which a plugin gives one node id are two tests, together and one after the other."""
    packages.write("pytest.ini", "[pytest]\n")
    packages.write("conftest.py", ITEMS)
    packages.write("a.flow", "fail")
    packages.write("b.flow", "pass")
    expected = {"a.flow::flow::login": "FAILED", "b.flow::flow::login": "PASSED"}
    packages.run_apart(*more, "a.flow", "b.flow").assert_outcomes(passed=1, failed=1)
    assert results(packages) == expected
    packages.run_apart(*more, "b.flow").assert_outcomes(passed=1)
    assert (results(packages), gate(packages)) == (expected, 1)


def test_text_files_and_doctests(packages: Project) -> None:
    """Doctests of two folders outside the rootdir are told apart too."""
    mark = "import pytest\nfrom pytest_readiness import evidence\n"
    mark += "def pytest_itemcollected(item): item.add_marker(evidence('UC-001', item=1))\n"
    for name, expected in (("a", 2), ("b", 3)):
        packages.write(f"{name}/conftest.py", mark)
        packages.write(f"{name}/docs/guide.txt", f">>> 1 + 1\n{expected}\n")
    packages.run_apart("--doctest-glob=*.txt", "a/docs/guide.txt", "b/docs/guide.txt")
    packages.run_apart("--doctest-glob=*.txt", "a/docs/guide.txt")
    assert results(packages) == {
        "a/docs/guide.txt::guide.txt": "PASSED",
        "b/docs/guide.txt::guide.txt": "FAILED",
    }


def test_folders_that_are_called_like_those_of_a_python(packages: Project) -> None:
    """Layers, vendored trees and packages that are being built: what lies in two of them has two names."""
    for name, passes in (("layers/a/site-packages", False), ("debian/b/usr/lib/python3/dist-packages", True)):
        packages.write(f"{name}/shop/__init__.py", "")
        packages.tests(SMOKE.format(passes=passes), f"{name}/shop/test_smoke.py")
        packages.run_apart(f"--rootdir={name}", name)
    assert results(packages) == {
        "layers/a/site-packages/shop/test_smoke.py::test_smoke": "FAILED",
        "debian/b/usr/lib/python3/dist-packages/shop/test_smoke.py::test_smoke": "PASSED",
    }
    assert gate(packages) == 1


def test_what_is_installed_has_one_name_on_each_machine(
    packages: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """``--pyargs``: a test of an installed package is named by the package, wherever this machine keeps it."""
    folder = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    for number, machine in enumerate((tmp_path_factory.mktemp("machine"), packages.path / "venv")):
        installed = machine / folder
        packages.monkeypatch.setenv("PYTHONUSERBASE", str(machine))
        packages.write(str(installed / f"shop{number}" / "tests" / "__init__.py"), "")
        packages.write(str(installed / f"shop{number}" / "__init__.py"), "")
        packages.tests(SMOKE.format(passes=True), str(installed / f"shop{number}" / "tests" / "test_smoke.py"))
        packages.monkeypatch.setenv("PYTHONPATH", str(installed))
        for args in (("--pyargs", f"shop{number}"), ("--pyargs", f"shop{number}.tests.test_smoke")):
            packages.run_apart("--rootdir=.", *args).assert_outcomes(passed=1)
    assert set(results(packages)) == {
        f"//site-packages/shop{number}/tests/test_smoke.py::test_smoke" for number in (0, 1)
    }


def test_the_plan_shows_the_names_that_are_recorded(packages: Project) -> None:
    """``--readiness-plan`` names the tests as the reports do, and as ``retire`` takes them."""
    planned = packages.run_apart("--readiness-plan", "a", "b").stdout.str()
    assert all(f"    {name}\n" in planned for name in (A, B))
    packages.run_apart("b")
    assert f"    {B}\n" in packages.run_apart("--readiness-plan", "b").stdout.str()


def test_what_is_shown_runs_the_test_again_and_retires_it(packages: Project) -> None:
    """A name that ``why`` shows is what pytest takes in the config's folder, and what ``retire`` takes."""
    packages.write("readiness.toml", CONFIG.partition("[items.2]")[0] + '[review]\nreviewers = ["ana", "bo"]\n')
    packages.run_apart("--readiness-actor=ana", "a", "b")
    (shown,) = {line.strip() for line in packages.cli("why", "UC-001/1", "-v").stdout.splitlines() if line.strip() == B}
    assert f"make {shown} pass" in packages.cli("next").stdout
    packages.run_apart("--readiness-actor=ana", shown).assert_outcomes(failed=1)
    assert set(results(packages)) == {A, B}
    (packages.path / "b" / "tests" / "test_smoke.py").unlink()
    packages.run_apart("--readiness-actor=ana", "a")
    assert gate(packages) == 1
    assert packages.cli("retire", shown, "--reason", "gone", "--by", "bo").exit_code == 0
    assert gate(packages) == 0


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links here")
def test_a_link_keeps_its_name(packages: Project) -> None:
    """A test file that is a link, outside the rootdir, is named as what it is called, and not as what it points to."""
    shared = packages.tests(SMOKE.format(passes=True), "shared/test_shared.py").path / "shared" / "test_shared.py"
    for name in ("a", "b"):
        Path(packages.path / name / "test_link.py").symlink_to(shared)
    packages.run_apart("a/test_link.py", "b/test_link.py").assert_outcomes(passed=2)
    assert set(results(packages)) == {f"{name}/test_link.py::test_smoke" for name in ("a", "b")}


def test_an_ordinary_session_carries_nothing_more(packages: Project) -> None:
    """Where every node id says where its test lies, nothing is remembered of any test, and none is looked at twice."""
    spy = """
    import pytest, json, pathlib
    from pytest_readiness.plugin import SESSION_PLUGIN

    def pytest_sessionfinish(session):
        plugin = session.config.stash.get(SESSION_PLUGIN, None)
        following = session.config.pluginmanager.has_plugin("readiness-running-test")
        known = {"ambiguous": plugin.observer.names.ambiguous, "following": following}
        pathlib.Path("known.json").write_text(json.dumps(known))
    """
    packages.write("a/conftest.py", spy)
    packages.run_apart("a").assert_outcomes(passed=1)
    document: Any = json.loads((packages.path / "known.json").read_text(encoding="utf-8"))
    assert document == {"ambiguous": {}, "following": False}
