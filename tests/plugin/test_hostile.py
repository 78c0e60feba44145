"""Hostile texts: node ids, failure messages, owners and use cases that try to be something else where they are shown."""

from __future__ import annotations

import json

import pytest

from pytest_readiness.store.address import open_store
from tests.project import CONFIG, TRACKER, XDIST, Project

pytestmark = pytest.mark.slow

NAMES = [
    "two\nlines",
    "carriage\rreturn",
    "red \x1b[31m and \x1b]0;title\x07",
    "quotes ' \" `",
    "::error file=x::owned",
    "%0A::error::owned",
    "<script>alert(1)</script>",
    "a|b|c",
    "back\\slash",
    "nul\x00",
    "right to left \u202e and \u2028 separator",
    "x" * 70_000,
    "🙂 ü",
    "",
    " ",
    "{curly} %s {0}",
    "UC-001/1",
]
ITEMS = """
import pytest

class Odd(pytest.Item):
    def runtest(self):
        if self.path.name == "failing.odd":
            raise AssertionError(f"it is {self.name} so \\ud800 there")
    def repr_failure(self, excinfo): return str(excinfo.value)

class Names(pytest.File):
    def collect(self):
        for name in __import__("json").loads(self.path.read_text()):
            item = Odd.from_parent(self, name=name)
            item.add_marker(pytest.mark.evidence("UC-001", item=1))
            yield item

def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".odd":
        return Names.from_parent(parent, path=file_path)
"""


def kept_ids(project: Project) -> dict[str, str]:
    """Result of each test in the store, by its id."""
    store = open_store("sqlite:///.readiness/evidence.db", project.path, create=False)
    assert store is not None
    try:
        return {piece.test_id: piece.result.value for piece in store.history("default", "UC-001")}
    finally:
        store.close()


def assert_harmless(text: str, width: int | None = None) -> None:
    """Nothing in it moves the cursor, starts a line that a CI obeys, or is wider than the terminal."""
    assert "\x1b" not in text
    assert not any(ord(char) < 32 and char != "\n" for char in text), repr(text)
    assert "\u202e" not in text
    assert "\u2028" not in text
    for line in text.split("\n"):
        assert not line.lstrip().startswith("::"), line
        assert width is None or len(line) <= width, line


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
@pytest.mark.parametrize("file", ["passing.odd", "failing.odd"])
def test_hostile_node_ids_and_messages(project: Project, how: tuple[str, ...], file: str) -> None:
    """Each test is recorded under its own id, unchanged; what is printed of it is harmless, and the store verifies."""
    surrogates = [] if how else ["lone \udc80 surrogate", "\udcff"]  # they kill an xdist worker, others pytest itself
    names = [*NAMES, *surrogates]
    project.configured()
    project.write("conftest.py", ITEMS.replace("\\ud800", "" if how else "\\ud800"))
    project.write(file, json.dumps(names))
    result = project.run(*how, "--readiness-report", "--readiness-json=out.json", "-q")
    assert result.ret == (1 if file == "failing.odd" else 0)
    ids = [f"{file}::{name}".encode("utf-8", "backslashreplace").decode() for name in names]
    assert kept_ids(project) == dict.fromkeys(ids, "FAILED" if file == "failing.odd" else "PASSED")
    document = json.loads((project.path / "out.json").read_text(encoding="utf-8"))
    shown = document["use_cases"][0]["items"][0]["requirements"][0]["evidence"]
    assert {piece["test_id"] for piece in shown} == set(ids)
    for command in (["report", "-v"], ["gate"], ["why", "UC-001"], ["next", "-v"], ["show", "UC-001/1"]):
        done = project.cli(*command)
        assert done.exit_code == (1 if command == ["gate"] else 0)
        assert_harmless(done.output, 100)
    assert project.cli("verify").exit_code == 0


def test_a_hostile_id_at_the_end_of_a_session(project: Project) -> None:
    """What the plugin itself prints of a hostile failing test is harmless, in the report and in the plan."""
    project.configured()
    project.write("conftest.py", ITEMS)
    project.write("failing.odd", json.dumps(NAMES[:11]))
    result = project.run("--readiness-report", "--readiness-gate", "-v", "--color=no")
    ours = result.stdout.str().split("= production readiness =")[1].split("= short test summary")[0]
    assert "UC-001" in ours
    assert_harmless(ours)
    plan = project.run("--readiness-plan", "--color=no").stdout.str().split("= production readiness =")[1]
    assert "failing.odd::two" in plan
    assert_harmless(plan)


@pytest.mark.parametrize("name", ["::error::owned", "red \x1b[31m", "quotes ' \" `", "=HYPERLINK(1)", "ü 🙂"])
def test_hostile_owners_and_notes_in_the_tracker(project: Project, name: str) -> None:
    """An owner or a note of any text is shown harmlessly, and stands in the JSON report as it is."""
    project.configured(tracker=TRACKER.replace("ana@example.com", name).replace("Checkout", name))
    project.tests("@evidence('UC-001', item=1)\ndef test_a(): assert 0\n")
    result = project.run("--readiness-report", "-v", "--color=no")
    assert_harmless(result.stdout.str().split("= production readiness =")[1].split("= short test summary")[0])
    for command in (["report", "-v"], ["gate"], ["why", "UC-001"], ["next", "-v"], ["next", "--owner", name]):
        assert_harmless(project.cli(*command).output, 100)
    assert name in {use_case["owner"] for use_case in project.report()["use_cases"]}


def test_a_use_case_id_of_any_text_in_an_open_world(project: Project) -> None:
    """Without config and tracker a marker may name anything: it is recorded, and shown harmlessly."""
    hostile = ["::error::owned", "two\nlines", "red \x1b[31m", "lone \ud800", "*", "[a-z]"]
    project.tests(f"for n in ():\n    pass\n@evidence(*{hostile!r}, item=1)\ndef test_a(): pass\n")
    result = project.run("--readiness-report", "-v", "--color=no", environment=None)
    result.assert_outcomes(passed=1)
    ours = result.stdout.str().split("= production readiness =")[1]
    assert "defect" not in ours
    assert_harmless(ours)
    assert len(project.report()["use_cases"]) == len(hostile)
    assert project.cli("verify").exit_code == 0


def test_a_release_an_actor_and_a_group_of_any_text(project: Project) -> None:
    """What options say is kept and shown harmlessly."""
    project.configured(CONFIG).tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    odd = "::error::\n\x1b[31m"
    result = project.run(
        f"--readiness-actor={odd}", f"--readiness-release={odd}", f"--readiness-tenant={odd}", f"--readiness-run-group={odd}:1/2",
        "--readiness-report", "--color=no",
    )  # fmt: skip
    result.assert_outcomes(passed=1)
    assert_harmless(result.stdout.str().split("= production readiness =")[1])
    for command in (["report", "-v"], ["gate"], ["show", "UC-001/1"], ["why", "UC-001"]):
        assert_harmless(project.cli(*command).output, 100)
    assert project.evidence()[0]["tenant_id"] == odd
