"""Option --json: documents of the commands, with the exit codes of the texts and the data of the JSON report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.project import Project
from tests.reviewed_project import ANA, BEN, BOT, approve, decided

COMMANDS = (
    ("gate",),
    ("gate", "--report-only"),
    ("gate", "UC-001", "--on", "evidence"),
    ("next",),
    ("why", "UC-001"),
    ("show", "UC-001"),
    ("history", "UC-001"),
    ("check",),
)
WRONG = (
    ("gate", "UC-999"),
    ("next", "UC-999"),
    ("why", "UC-999"),
    ("why", "UC-001/9"),
    ("show", "UC-999"),
    ("history", "UC-999"),
)


def read(project: Project, *words: str, code: int = 0) -> dict[str, Any]:
    """Return the document that a command prints."""
    done = project.cli(*words, "--json")
    assert (done.exit_code, done.stderr) == (code, ""), done.output
    assert done.stdout.isascii()
    document: dict[str, Any] = json.loads(done.stdout)
    assert next(iter(document)) == "schema"
    assert document["schema"] == f"readiness/{'evidence' if words[0] == 'show' else words[0]}/v1"
    return document


def test_each_command_ends_with_the_exit_code_of_its_text(project: Project) -> None:
    """Whatever it answers: what a script reads and what it branches on do not depend on the form."""
    decided(project)
    for words in COMMANDS:
        text = project.cli(*words)
        document = read(project, *words, code=text.exit_code)
        assert document.get("exit_code", text.exit_code) == text.exit_code
    for words in WRONG:
        text, plain = project.cli(*words), project.cli(*words, "--json")
        assert (plain.exit_code, plain.stdout, plain.stderr) == (text.exit_code, "", text.stderr), words
        assert plain.exit_code == 2


def test_report_json_is_the_format(project: Project) -> None:
    """Equal bytes; beside another format it is a wrong call."""
    decided(project)
    at = ("--at", "2999-01-01")
    assert project.cli("report", "--json", *at).stdout == project.cli("report", "--format", "json", *at).stdout
    done = project.cli("report", "--json", "--format", "csv")
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


def test_gate_and_next_say_what_the_report_says(project: Project) -> None:
    """Verdict, totals and actions are those of the report; the gate's actions are on what closes it."""
    decided(project)
    report, gate = project.report(), read(project, "gate", code=1)
    assert (gate["verdict"], gate["totals"]) == (report["verdict"], report["totals"])
    assert gate["failing"] == [row["id"] for row in report["use_cases"] if row["status"] != "READY_FOR_GO_LIVE"]
    assert gate["context"] == report["context"]
    assert gate["kept"] is None
    assert {action["use_case"] for action in gate["next"]} <= {*gate["failing"]}
    assert read(project, "next")["next"] == report["next"]
    hers = [action for action in report["next"] if ANA in action["who"].split(", ")]
    assert hers
    assert read(project, "next", "--owner", ANA.upper())["next"] == hers
    assert project.cli("next", "--owner", "nobody@example.com", "--json").stdout == ""


def test_a_kept_verdict_is_named(project: Project) -> None:
    """The id is the one that the text would have, and the verdict is stored."""
    decided(project)
    stored = read(project, "gate", "--keep", code=1)["kept"]
    assert len(stored) == 64
    assert project.cli("bundle", "-o", "a.zip").stdout.count("1 verdict") == 1


def test_why_has_the_requirements_that_it_explains(project: Project) -> None:
    """Those that are not COMPLETE; if one is named, that one, with its evidence; and the use case as in the report."""
    decided(project)
    (row,) = project.report("UC-001")["use_cases"]
    by_id = {requirement["id"]: requirement for item in row.pop("items") for requirement in item["requirements"]}
    why = read(project, "why", "uc-001")
    assert why["use_case"] == row
    assert why["requirements"] == [
        requirement for requirement in by_id.values() if requirement["state"] not in ("COMPLETE", "NOT_APPLICABLE")
    ]
    named = read(project, "why", "UC-001/1")
    assert named["requirements"] == [requirement for id_, requirement in by_id.items() if id_.split("/")[1] == "1"]
    assert named["requirements"][0]["evidence"]


def test_why_of_a_use_case_that_left(project: Project) -> None:
    """It has no row, and what it left open."""
    decided(project)
    assert project.cli("block", "UC-001", "--reason", "pen test", "--by", BEN).exit_code == 0
    tracker = project.path / "PROD_READINESS_TRACKER.md"
    rows = tracker.read_text(encoding="utf-8").splitlines(keepends=True)
    tracker.write_text("".join(line for line in rows if "UC-001" not in line), encoding="utf-8")
    why = read(project, "why", "UC-001")
    assert (why["use_case"], why["requirements"], why["departed"]["use_case"]) == (None, [], "UC-001")
    assert any("pen test" in sentence for sentence in why["departed"]["why"])


def test_show_has_everything_that_was_recorded(project: Project) -> None:
    """The fields of the report first, then attempts, steps, notes and the run."""
    decided(
        project,
        tests="""
        @evidence("UC-001", item=1)
        def test_provider(record_evidence):
            record_evidence.note("seen twice")
            record_evidence.set(region="eu")
            with record_evidence.step("call"):
                pass
        """,
    )
    (piece,) = read(project, "show", "UC-001/1")["evidence"]
    assert piece["steps"][0]["title"] == "call"
    assert (piece["notes"], piece["properties"]) == (["seen twice"], [{"name": "region", "value": "eu"}])
    assert (piece["run"]["actor"], piece["run"]["state"]) == (BOT, "SEALED")
    assert piece["attempt_list"][0]["result"] == "PASSED"
    assert (
        project.cli("show", "UC-001/1", "--json").stdout == project.cli("show", "UC-001/1", "--format", "json").stdout
    )
    assert project.cli("show", "UC-001/1", "--json", "--format", "markdown").exit_code == 2
    (again,) = read(project, "show", piece["id"])["evidence"]
    assert again == piece
    assert read(project, "show", "UC-002")["evidence"] == []


def test_history_has_events_changes_and_progress(project: Project) -> None:
    """Runs and decisions as they happened, what they changed, and how far it came."""
    decided(project)
    approve(project)
    history = read(project, "history", "uc-001")
    assert history["use_case"] == "UC-001"
    run, review = history["events"]
    assert (run["decision"], len(run["runs"]), {piece["uc"] for piece in run["evidence"]}) == (None, 1, {"UC-001"})
    assert (review["decision"]["kind"], review["decision"]["by"], review["evidence"]) == ("review", ANA, [])
    assert [change["to_status"] for change in history["changes"]][-1] == "READY_FOR_GO_LIVE"
    assert history["changes"][-1]["because_of"] == review["decision"]["id"]
    assert history["burn_up"][-1]["complete"] <= history["burn_up"][-1]["required"]


def test_check_has_problems_notes_and_items(project: Project) -> None:
    """Problems with their places and exit code 1; of a config that cannot be read there is nothing else."""
    decided(project)
    check = read(project, "check")
    assert (check["problems"], check["register"]) == ([], "default")
    assert [item["item"] for item in check["items"]] == list(dict.fromkeys(item["item"] for item in check["items"]))
    assert {row["id"] for row in check["use_cases"]} == {row["id"] for row in project.report()["use_cases"]}
    config = project.path / "readiness.toml"
    config.write_text(f"{config.read_text(encoding='utf-8')}\n[gat]\n", encoding="utf-8")
    check = read(project, "check", code=1)
    assert (check["register"], check["items"], check["use_cases"]) == (None, [], [])
    (problem,) = check["problems"]
    assert problem["where"].startswith("readiness.toml:")
    assert "gat" in problem["what"]


@pytest.mark.parametrize("words", [("gate",), ("next",), ("why", "UC-001")])
def test_damage_is_told_as_beside_a_text(project: Project, words: tuple[str, ...]) -> None:
    """Exit code 3 stays, and the document is whole."""
    decided(project)
    store = project.path / ".readiness" / "evidence.db"
    data = store.read_bytes()
    assert b'"result":"PASSED"' in data
    store.write_bytes(data.replace(b'"result":"PASSED"', b'"result":"FAILED"'))
    text, plain = project.cli(*words), project.cli(*words, "--json")
    assert (text.exit_code, plain.exit_code) == (3, 3)
    assert plain.stderr == text.stderr
    assert json.loads(plain.stdout)["schema"] == f"readiness/{words[0]}/v1"
