"""``readiness diff``: two evaluations, however they are named, and what differs between them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from markdown_it import MarkdownIt

from pytest_readiness.facts.timestamps import timestamp
from tests.broken_runs import sql
from tests.project import CONFIG, TRACKER, Project
from tests.reviewed_project import ANA, approve, commit, decided, git, record, repository

WORSE = "UC-001  READY_FOR_GO_LIVE -> BLOCKED (item 1 failed)"


def diff(project: Project, old: str, new: str) -> dict[str, Any]:
    """Return the difference as JSON."""
    result = project.cli("diff", old, new, "--format", "json")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def report(project: Project, name: str) -> str:
    """Write the JSON report, and return its path."""
    assert project.cli("report", "--format", "json", "-o", name).exit_code == 0
    return name


@pytest.fixture
def fallen(project: Project) -> Project:
    """UC-001 was ready (a.json), and a run has failed since (b.json)."""
    decided(project)
    approve(project)
    report(project, "a.json")
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project)
    report(project, "b.json")
    return project


def test_two_reports(fallen: Project) -> None:
    """The person reads what is no longer ready, why, and which test and evidence show it."""
    result = fallen.cli("diff", "a.json", "b.json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0].startswith("old: report a.json at 20")
    assert result.stdout.splitlines()[0].endswith(": 1 of 2 ready")
    assert "no longer ready: UC-001\n" in result.stdout
    assert WORSE in result.stdout
    (failed,) = {piece["id"] for piece in fallen.evidence("UC-001") if piece["result"] == "FAILED"}
    text = " ".join(result.stdout.split())
    assert f"UC-001/1: COMPLETE -> FAILING failed: test_it.py::test_provider, {failed}" in text
    back = fallen.cli("diff", "b.json", "a.json").stdout
    assert "became ready: UC-001" in back
    assert f"BLOCKED -> READY_FOR_GO_LIVE (review: approved by {ANA})" in back
    same = fallen.cli("diff", "a.json", "a.json")
    assert (same.exit_code, same.stdout.splitlines()[-1]) == (0, "nothing changed")


def test_a_report_of_one_use_case(fallen: Project) -> None:
    """The others are neither gone nor new, whichever side says nothing of them."""
    fallen.cli("report", "UC-002", "--format", "json", "-o", "limited.json")
    for sides in (("a.json", "limited.json"), ("limited.json", "a.json"), ("limited.json", "now")):
        result = fallen.cli("diff", *sides)
        assert result.stdout.splitlines()[2:] == [
            "note: only UC-002 is compared: report limited.json is limited to it",
            "nothing changed",
        ], result.output
    annotated = fallen.cli("diff", "a.json", "limited.json", "--format", "github").stdout
    assert annotated.startswith("::notice title=Nothing changed::"), annotated


def test_a_test_that_fails_besides_one_that_failed_before(project: Project) -> None:
    """The everyday case of an old suite: ``diff`` names the test and both results, and the gate is closed for it."""
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        def test_old(): assert False

        @evidence("UC-001", item=1)
        def test_new(): assert os.environ.get("PROVIDER", "up") == "up"
        """
    )
    project.run()
    report(project, "a.json")
    unchanged = project.cli("gate", "--no-regression", "a.json")
    assert (unchanged.exit_code, "worse than before" in unchanged.stdout) == (0, True), unchanged.output
    project.monkeypatch.setenv("PROVIDER", "down")
    session = project.run("--readiness-report").stdout.str()
    assert "UC-001/1 test_it.py::test_new: PASSED -> FAILED (failed in staging)" in " ".join(session.split())
    text = " ".join(project.cli("diff", "a.json", "now").stdout.split())
    assert "UC-001 the same status UC-001/1 test_it.py::test_new: PASSED -> FAILED failed in staging: 20" in text
    (change,) = diff(project, "a.json", "now")["changes"]
    assert (change["requirement"], change["test"], change["worse"]) == ("UC-001/1", "test_it.py::test_new", True)
    gate = project.cli("gate", "--no-regression", "a.json")
    assert gate.exit_code == 1
    assert "test_it.py::test_new for UC-001/1 was PASSED and is FAILED" in " ".join(gate.stdout.split())
    report(project, "b.json")
    project.monkeypatch.setenv("PROVIDER", "up")
    project.run()
    (change,) = diff(project, "b.json", "now")["changes"]
    assert (change["before"], change["after"], change["worse"]) == ("FAILED", "PASSED", False)


def test_a_report_without_what_each_test_shows(fallen: Project) -> None:
    """Of a report by an older version only the results of tests are compared, and every format says so."""
    document = json.loads((fallen.path / "a.json").read_text())
    for use_case in document["use_cases"]:
        for item in use_case["items"]:
            for row in item["requirements"]:
                for piece in row["evidence"]:
                    for key in ("counts", "why_not", "state", "proven"):
                        del piece[key]
    (fallen.path / "old.json").write_text(json.dumps(document))
    note = "tests are compared by their results only"
    assert f"note: {note}" in fallen.cli("diff", "old.json", "b.json").stdout
    assert f"- {note}" in fallen.cli("diff", "old.json", "b.json", "--format", "markdown").stdout
    assert diff(fallen, "old.json", "b.json")["by_result"] is True
    assert diff(fallen, "a.json", "b.json")["by_result"] is False
    assert note not in fallen.cli("diff", "a.json", "b.json").stdout


def test_json(fallen: Project) -> None:
    """The document names both sides, counts, and has each change as the report has it, with its test."""
    document = diff(fallen, "a.json", "b.json")
    assert list(document) == [
        "schema",
        "register",
        "old",
        "new",
        "became_ready",
        "no_longer_ready",
        "by_result",
        "limits",
        "changes",
    ]
    assert [document[side]["ready"] for side in ("old", "new")] == [1, 0]
    assert (document["became_ready"], document["no_longer_ready"]) == ([], ["UC-001"])
    first, second = document["changes"]
    assert (first["requirement"], first["before"], first["after"]) == (None, "READY_FOR_GO_LIVE", "BLOCKED")
    assert (second["evidence_test"], second["worse"]) == ("test_it.py::test_provider", True)
    assert (
        fallen.cli("diff", "a.json", "b.json", "--format", "json").stdout
        == fallen.cli("diff", "a.json", "b.json", "--format", "json").stdout
    )


def test_markdown(fallen: Project) -> None:
    """It is one heading, two sides and one table, whose first row is what is no longer ready."""
    text = fallen.cli("diff", "a.json", "b.json", "--format", "markdown").stdout
    assert text.startswith("### 1 no longer ready\n")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    cells = [token.content for token in tokens if token.type == "inline"]
    assert sum(token.type == "table_open" for token in tokens) == 1
    rendered = MarkdownIt("commonmark").enable("table").render(text)
    assert (
        "<td>UC-001</td>\n<td>READY_FOR_GO_LIVE</td>\n<td>BLOCKED</td>\n<td>item 1 failed: test_it.py::test_provider"
        in rendered
    )
    assert len(cells) == 1 + 2 + 4 * 3
    assert "table" not in fallen.cli("diff", "a.json", "a.json", "--format", "markdown").stdout


def test_annotations(fallen: Project) -> None:
    """GitHub marks what is worse as an error, and what is better as a notice."""
    worse = fallen.cli("diff", "a.json", "b.json", "--format", "github").stdout.splitlines()
    assert worse[0].startswith(
        "::error title=worse than before::UC-001: READY_FOR_GO_LIVE -> BLOCKED (item 1 failed: test_it.py::test_provider"
    )
    assert fallen.cli("diff", "b.json", "a.json", "--format", "github").stdout.startswith("::notice title=changed::")
    assert fallen.cli("diff", "a.json", "a.json", "--format", "github").stdout.startswith(
        "::notice title=Nothing changed::"
    )


def test_reports_are_compared_anywhere(fallen: Project) -> None:
    """Neither a config nor a store is needed, and a broken config is no hindrance."""
    fallen.write("readiness.toml", "broken = [")
    assert WORSE in fallen.cli("diff", "a.json", "b.json").stdout


def test_runs_times_and_now(fallen: Project) -> None:
    """A run is what was known when it ended; a time and `now` are what was and is known."""
    first, second = runs(fallen)
    assert [change["after"] for change in diff(fallen, first, second)["changes"]] == ["BLOCKED", "FAILING"]
    assert diff(fallen, second, "now")["changes"] == []
    document = diff(fallen, "2020-01-01", "now")
    assert document["old"] == {
        "name": "2020-01-01",
        "kind": "time",
        "at": "2020-01-01T00:00:00.000Z",
        "ready": 0,
        "use_cases": 2,
    }
    assert document["changes"][0]["before"] == "NOT_STARTED"
    then = timestamp()
    fallen.monkeypatch.delenv("PROVIDER")
    record(fallen)
    assert diff(fallen, then, "now")["changes"][0]["before"] == "BLOCKED"
    comment = fallen.cli("diff", then, "now", "--format", "markdown").stdout
    assert "2 changes, no difference in what is ready" in comment


def runs(project: Project) -> list[str]:
    """Return the ids of all runs in the store, the oldest first. Ids of the same second have no order."""
    from pytest_readiness.pipeline.evaluate_project import find_project

    store = find_project(project.path).store()
    assert store is not None
    try:
        return [run.id for run in reversed(store.runs())]
    finally:
        store.close()


@pytest.mark.slow
def test_git_revisions(project: Project) -> None:
    """A revision is what was known after the last run from that commit, and else when it was made."""
    repository(project)
    project.configured(CONFIG, TRACKER)
    project.tests('@evidence("UC-001", item=1)\ndef test_provider(): assert os.environ.get("PROVIDER") != "down"\n')
    commit(project)
    record(project)
    git(project, "tag", "v1")
    project.write("notes.txt", "x")
    commit(project)
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project)
    worse = diff(project, "v1", "HEAD")
    assert [change["after"] for change in worse["changes"]] == ["BLOCKED", "FAILING"]
    assert (worse["old"]["kind"], worse["old"]["name"]) == ("revision", "v1")
    project.write("notes.txt", "y")
    project.monkeypatch.delenv("PROVIDER")
    record(project)  # with local changes: not of the commit
    assert diff(project, "v1", "HEAD") == worse
    time.sleep(1.1)
    commit(project)
    never_run = diff(project, "HEAD~1", "HEAD")
    assert [change["before"] for change in never_run["changes"]] == ["BLOCKED", "FAILING"]
    made = datetime.fromtimestamp(int(git(project, "show", "-s", "--format=%ct", "HEAD")), UTC)
    assert never_run["new"]["at"] == f"{made:%Y-%m-%dT%H:%M:%S}.999Z"


@pytest.mark.parametrize("side", ["now", "2026-01-01T00:00:00Z", "20260101T000000Z-0123abcd", "HEAD"])
@pytest.mark.parametrize("first", [True, False])
def test_a_side_that_needs_a_store_that_is_missing(fallen: Project, side: str, first: bool) -> None:
    """One line names the side and the store, instead of a comparison with nothing; files are compared as before."""
    repository(fallen)
    commit(fallen)
    (fallen.path / ".readiness").rename(fallen.path / "elsewhere")
    done = fallen.cli("diff", *((side, "a.json") if first else ("a.json", side)))
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(
        f"readiness: '{side}' is no file, so it is read from the store, but there is no store"
    )
    assert "sqlite:///.readiness/evidence.db" in done.stderr
    assert fallen.cli("diff", "a.json", "b.json").exit_code == 0


def test_bundles(fallen: Project) -> None:
    """A bundle is compared by its report; that of a session has none, and is evaluated."""
    assert fallen.cli("bundle", "-o", "b.zip").exit_code == 0
    assert diff(fallen, "b.zip", "b.json")["changes"] == []
    assert diff(fallen, "a.json", "b.zip")["no_longer_ready"] == ["UC-001"]
    fallen.run("--readiness-bundle=session.zip")
    document = diff(fallen, "session.zip", "session.zip")
    assert (document["new"]["kind"], document["new"]["use_cases"]) == ("bundle", 2)
    content = (fallen.path / "b.zip").read_bytes()
    (fallen.path / "b.zip").write_bytes(content.replace(b'"eligible":false', b'"eligible":true ', 1))
    changed = fallen.cli("diff", "b.zip", "b.json")
    assert (changed.exit_code, len(changed.stderr.splitlines())) == (3, 1)


@pytest.mark.parametrize(
    "name", ["absent.json", "", "no-such-branch", "2026-99-99", "20200101T000000Z-00000000", "--help.json", "x\ny", "\x00", "a" * 5000, ".", "wrong.json", "list.json", "other.json", "HEAD"]
)  # fmt: skip
@pytest.mark.parametrize("first", [True, False])
def test_what_cannot_be_read(fallen: Project, name: str, first: bool) -> None:
    """It is exit code 2 and one line, for the old and for the new one."""
    fallen.write("wrong.json", "{")
    fallen.write("list.json", "[]")
    document = json.loads((fallen.path / "a.json").read_text())
    fallen.write("other.json", json.dumps({**document, "context": {**document["context"], "register": "another"}}))
    arguments = (name, "a.json") if first else ("a.json", name)
    result = fallen.cli("diff", *arguments) if not name.startswith("-") else fallen.cli("diff", "--", *arguments)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1), result.output


@pytest.mark.parametrize("result", ["passed", "FAILED"])
def test_a_damaged_store_is_told(fallen: Project, result: str) -> None:
    """What was changed in the store is no answer, whether or not the new value can be read."""
    sql(fallen, f"UPDATE line SET text = replace(text, 'PASSED', '{result}')")
    answer = fallen.cli("diff", "a.json", "now")
    assert (answer.exit_code, answer.stdout, len(answer.stderr.splitlines())) == (3, "", 1)


def test_a_long_difference_fits_a_comment(project: Project) -> None:
    """Of thousands of changes the worst stand first, and the rest is counted."""

    def row(name: str, status: str, state: str) -> dict[str, Any]:
        requirement = {"id": f"{name}/1", "state": state, "why": f"of {name}", "evidence": []}
        return {"id": name, "status": status, "items": [{"item": "1", "state": state, "requirements": [requirement]}]}

    names = [f"UC-{number}" for number in range(3000)]
    document = {
        "schema": "readiness/report/v1",
        "context": {"register": "r"},
        "use_cases": [row(name, "READY_FOR_GO_LIVE", "COMPLETE") for name in names],
    }
    project.write("a.json", json.dumps(document))
    document["use_cases"] = [row(name, "BLOCKED", "FAILING") for name in names[:-1]]
    project.write("b.json", json.dumps(document))
    text = project.cli("diff", "a.json", "b.json", "--format", "markdown").stdout
    assert len(text) < 65_536
    assert "more changes: `readiness diff` shows all" in text
    annotations = project.cli("diff", "a.json", "b.json", "--format", "github").stdout.splitlines()
    assert len(annotations) == 10
    assert annotations[-1].endswith("5990 more changes: readiness diff shows all")
