"""Report in a bundle: merge derives it again, and refuses a different one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pytest_readiness.facts.ledger.line import canonical, line_digest
from pytest_readiness.facts.requirements_snapshot import snapshot_digest
from tests.project import CONFIG, TRACKER, Project
from tests.reviewed_project import ANA, BOT, REVIEW, TESTS, approve, decided
from tests.signing.keyring import L2, database, recorded, signing_as, trusting
from tests.store.bundle.bundles import members, packed

pytestmark = pytest.mark.slow

Change = Callable[[dict[str, Any]], object]


def bundled(project: Project, *words: str) -> dict[str, bytes]:
    """Write a bundle, and return its members."""
    done = project.cli("bundle", "-o", "a.zip", *words)
    assert done.exit_code == 0, done.output
    return members(project.path / "a.zip")


def with_report(project: Project, contents: dict[str, bytes], change: Change) -> None:
    """Write the bundle with another report, and a manifest that fits."""
    report = json.loads(contents["report.json"])
    change(report)
    packed(project.path / "a.zip", {**contents, "report.json": canonical(report).encode()})


def says(path: str, value: object) -> Change:
    """Put a value in a place of the report."""

    def change(report: dict[str, Any]) -> None:
        *before, last = [int(part) if part.isdigit() else part for part in path.split("/")]
        at: Any = report
        for part in before:
            at = at[part]
        at[last] = value

    return change


FORGED: dict[str, tuple[Change, str]] = {
    "eligible": (says("verdict/eligible", value=True), "verdict.eligible was changed"),
    "ready": (says("use_cases/0/status", "READY_FOR_GO_LIVE"), "use_cases[0].status was changed"),
    "a title": (says("use_cases/0/title", "Refunds"), "use_cases[0].title was changed"),
    "doubled rows": (lambda report: report["use_cases"].append(report["use_cases"][0]), "use_cases was changed"),
    "a warning less": (says("warnings", ["all is well"]), "warnings was changed"),
    "a rule less": (lambda report: report["verdict"]["rules"].pop(), "verdict.rules was changed"),
    "another moment": (says("generated_at", "2020-01-01T00:00:00.000Z"), "generated_at was changed"),
    "more keys": (says("comment", "checked"), "comment was changed"),
    "another register": (says("context/register", "others"), "was changed"),
    "a use case of none": (says("use_cases/0/id", "UC-999"), "no use case in register 'default' matches"),
    "another digest": (says("context/requirements_digest", "sha256:x"), "context.requirements_digest was changed"),
    "emptied": (lambda report: [report.pop(key) for key in {*report} - {"schema", "generated_at"}], "are missing"),
    "of no version": (
        lambda report: report["context"].pop("derived_by"),
        "its register, use cases or release are missing",
    ),
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_report_is_refused(project: Project, how: str) -> None:
    """With every digest fitting: one line names the first thing that differs, and nothing of the bundle is taken in."""
    decided(project)
    contents = bundled(project)
    change, messages = FORGED[how]
    with_report(project, contents, change)
    database(project).unlink()
    done = project.cli("merge", "a.zip")
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (3, "", 1), done.output
    assert done.stderr.startswith("readiness: not merged: a.zip: report.json ")
    assert messages in done.stderr
    assert not database(project).exists()


@pytest.mark.parametrize("name", ["README.md", "index.html"])
def test_a_forged_page_is_refused(project: Project, name: str) -> None:
    """Whoever writes another approval, or READY, into a page is found out: the line is named, and nothing is taken in."""
    decided(project)
    contents = bundled(project)
    page = contents[name].decode()
    assert "NOT ELIGIBLE" in page
    forged = page.replace("NOT ELIGIBLE", "ELIGIBLE")
    packed(project.path / "a.zip", {**contents, name: forged.encode()})
    database(project).unlink()
    done = project.cli("merge", "a.zip")
    number = page[: page.index("NOT ELIGIBLE")].count("\n") + 1
    message = f"readiness: not merged: a.zip: {name} does not match the bundle: line {number} was changed\n"
    assert (done.exit_code, done.stdout, done.stderr) == (3, "", message)
    assert not database(project).exists()


def test_a_bundle_of_the_earlier_format_has_no_pages(project: Project) -> None:
    """It is read, its report is compared, and its manifest names the first version."""
    decided(project)
    contents = {name: data for name, data in bundled(project).items() if name not in ("README.md", "index.html")}
    packed(project.path / "a.zip", contents)
    assert b'"schema":"readiness/bundle/v1"' in members(project.path / "a.zip")["manifest.json"]
    database(project).unlink()
    done = project.cli("merge", "a.zip")
    assert (done.exit_code, done.stderr) == (0, "")


def test_a_report_of_another_version_is_told_and_not_compared(project: Project) -> None:
    """Another version may word it otherwise, or judge more strictly: evidence is not lost for that."""
    decided(project)
    with_report(project, bundled(project), says("context/derived_by", "pytest-readiness 0.0.1"))
    database(project).unlink()
    done = project.cli("merge", "a.zip")
    messages = "readiness: a.zip: its report and its pages were made by pytest-readiness 0.0.1 and were not compared\n"
    assert (done.exit_code, done.stderr) == (0, messages)


def test_a_bundle_without_a_report_is_taken_in(project: Project) -> None:
    """A session's bundle has none: what is not told is no lie."""
    decided(project)
    contents = bundled(project)
    for name in ("report.json", "README.md", "index.html"):
        del contents[name]
    packed(project.path / "a.zip", contents)
    database(project).unlink()
    assert project.cli("merge", "a.zip").exit_code == 0


VARIABLES = {
    "READINESS_GATE_ON": "evidence",
    "READINESS_RELEASE": "9.9",
    "READINESS_CHECKPOINT": "head.txt",
    "READINESS_UC": "UC-002",
    "GIT_DIR": "/nowhere",
}


@pytest.mark.parametrize("use_cases", [(), ("UC-001",), ("UC-00*",)])
@pytest.mark.parametrize("required", ["ignore", "required"])
def test_it_is_derived_alike_wherever_and_whenever(project: Project, use_cases: tuple[str, ...], required: str) -> None:
    """No variable, config, tracker or clock of the machine that merges changes what a bundle says of itself."""
    project.monkeypatch.setenv("READINESS_RELEASE", "1.0")
    decided(project, f'[gate]\nrelease = "{required}"\n')
    approve(project)
    project.cli("block", "UC-002", "--reason", "vendor", "--by", BOT)
    project.cli("gate", "--keep")
    report = json.loads(bundled(project, *use_cases)["report.json"])
    assert report["use_cases"][0]["status"] == "READY_FOR_GO_LIVE"
    assert len(report["use_cases"]) == (1 if use_cases == ("UC-001",) else 2)
    project.cli("checkpoint", "-o", "head.txt")
    for name, value in VARIABLES.items():
        project.monkeypatch.setenv(name, value)
    database(project).unlink()
    project.configured('tracker = "PROD_READINESS_TRACKER.md"\n', TRACKER.replace("UC-001", "UC-007"))
    done = project.cli("merge", "a.zip")
    messages = done.stderr.splitlines()
    assert (done.exit_code, len(messages)) == (0, 1), done.output
    assert "is only self-declared here" in messages[0]  # and nothing of the report


def test_signatures_and_a_row_that_left_are_derived_alike(project: Project) -> None:
    """The keys stand in the requirements that travel with the bundle; git is asked by neither."""
    trusting(project, more=L2)
    recorded(project, "ci")
    project.configured((project.path / "readiness.toml").read_text(), TRACKER.replace("UC-001", "UC-003"))
    project.tests(TESTS.replace("UC-001", "UC-003"))
    recorded(project, "ci")
    signing_as(project, "ana")
    assert project.cli("review", "UC-003", "--approve", "--by", ANA, "--acknowledge", "asserted").exit_code == 0
    signing_as(project, None)
    report = json.loads(bundled(project)["report.json"])
    (problems,) = [each for each in report["use_cases"] if each["id"] == "UC-003"]
    assert {needed["level"] for item in problems["items"] for needed in item["requirements"]} == {"L2"}
    database(project).unlink()
    project.configured(CONFIG + REVIEW)
    done = project.cli("merge", "a.zip")
    messages = done.stderr.splitlines()
    assert (done.exit_code, len(messages)) == (0, 1), done.output
    assert "is only self-declared here" in messages[0]  # and nothing of the report


@pytest.mark.parametrize("odd", ['"id":0', '"id":[]'])
def test_requirements_that_mean_nothing_are_no_defect(project: Project, odd: str) -> None:
    """They are somebody else's: what cannot be judged by them is refused in one line."""
    decided(project)
    contents = bundled(project)
    (name,) = [each for each in contents if each.startswith("requirements/")]
    text = contents.pop(name).decode().replace('"id":"UC-001"', odd)
    other = snapshot_digest(text)
    moved = json.loads(contents["report.json"])
    moved["context"]["requirements_digest"] = other
    run = next(each for each in contents if each.startswith("runs/"))
    lines = [json.loads(line) for line in contents.pop(run).decode().splitlines()]
    lines[0]["requirements"] = other
    head = "0" * 64
    texts = []
    for line in lines:
        texts.append(canonical({**line, "prev": head}))
        head = line_digest(texts[-1])
    contents[run] = "".join(f"{each}\n" for each in texts).encode()
    contents[f"requirements/{other.removeprefix('sha256:')}.json"] = text.encode()
    contents["report.json"] = canonical(moved).encode()
    packed(project.path / "a.zip", contents)
    database(project).unlink()
    done = project.cli("merge", "a.zip")
    assert (done.exit_code, len(done.stderr.splitlines())) == (3, 1), done.output
    assert "a.zip: report.json " in done.stderr
