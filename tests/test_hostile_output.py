"""Everything that is printed, fed with hostile text wherever a user or a test can put one: in a CI job, and not in one."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from pytest_readiness.views.output_formats import FORMATS
from tests.project import CONFIG, XDIST, Project
from tests.views.hostile import RAW, dangers
from tests.views.sinks import Runner, all_tokens

pytestmark = pytest.mark.slow

BAD = "::error::x ##[error]forged \x1b[31m\x07\x9b2J\u202e\u200b\u2028\x85 %0A::warning::y"
"""In names, which a tracker, a config and a command line hold in one line."""
WORSE = f"{BAD}\n::stop-commands::token\r##[add-mask]a\x00"
"""Where several lines are possible."""
SUITE = f"""
BAD = {WORSE!r}

@pytest.mark.parametrize("value", ["a", "b"], ids=["::error::id ##[error]x", "b"])
@evidence("UC-001", item=1)
def test_fails(value, record_evidence):
    record_evidence.note(BAD)
    record_evidence.set(**{{"name": BAD}})
    record_evidence.reference(BAD, "https://example.com/##[error]x")
    record_evidence.attach(BAD, name=BAD)
    with record_evidence.step(BAD):
        raise AssertionError(BAD)

@evidence("UC-002", item=1)
def test_passes(record_evidence):
    record_evidence.note(BAD)
"""
TABLE = """\
# Tracker

| UC | Architecture Status | Prod Readiness Status | Owner | Last Updated | Notes |
| --- | --- | --- | --- | --- | --- |
| UC-001 | `GREEN` | `NOT_STARTED` | {bad} | 2026-01-01 | {bad} |
| UC-002 | `GREEN` | `BLOCKED` | {bad} | 2026-01-01 | {bad} |
"""
IN_CI = pytest.mark.parametrize("in_ci", [True, False], ids=["in CI", "at a desk"])


def quoted(text: str) -> str:
    """As TOML has it."""
    return json.dumps(text).replace("\x7f", "\\u007f")


def hostile_project(project: Project, *, in_ci: bool) -> Project:
    """A project with hostile text in its tracker, its config and its tests."""
    if in_ci:
        project.monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.path / "summary.md"))
        for name, value in {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "7", "GITHUB_ACTOR": BAD}.items():
            project.monkeypatch.setenv(name, value)
    title = f"the provider answers {BAD}"
    config = CONFIG.replace('"the provider answers"', quoted(title)) + (
        f"[use_cases.UC-002]\ntitle = {quoted(BAD)}\nnot_applicable = {{ 2 = {quoted(BAD)} }}\n"
        f'[review]\nreviewers = [{quoted("qa " + BAD)}]\nseparate = false\n[gate]\nwaivers = "accept"\n'
    )
    cell = " ".join(BAD.split())  # a row is one line
    return project.configured(config, TABLE.format(bad=cell.replace("|", "/"))).tests(SUITE)


OURS = re.compile(r"::(?:error|warning) (?:file=[^:,]+,(?:line=\d+,)?)?title=readiness[^:,]*::.+")
"""An annotation of our own, which a CI server is to obey."""


def without_annotations(output: str, of: object) -> str:
    """The output without our own annotations, of which there are at most ten, each one command and no more."""
    lines = output.split("\n")
    annotations = [line for line in lines if OURS.fullmatch(line)]
    assert len(annotations) <= 10, of
    for line in annotations:
        assert len(Runner.reads(line).commands) == 1, of
        assert dangers(line.removeprefix("::")) == [], of
    return "\n".join(line for line in lines if line not in annotations)


def assert_harmless(output: str, of: object) -> None:
    """No line of it is obeyed by a CI server, and nothing in it moves a cursor or cannot be seen."""
    output = without_annotations(output, of)
    assert Runner.reads(output).commands == [], of
    assert dangers(output) == [], of
    assert RAW.findall(output) == [], of


def ours(result: pytest.RunResult) -> str:
    """What the plugin itself prints of a session: its section, and errors before one begins."""
    section = result.stdout.str().partition("= production readiness =")[2].split("= short test summary")[0]
    return f"{section}\n{result.stderr.str()}"


@IN_CI
@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_the_section_of_a_session(project: Project, how: tuple[str, ...], in_ci: bool) -> None:
    """The report, the gate and what went wrong, at the end of a session that is hostile all over."""
    hostile_project(project, in_ci=in_ci)
    options = [f"--readiness-{name}={BAD}" for name in ("actor", "release", "tenant", "project", "run-group")]
    options[-1] += ":1/2"
    result = project.run(*how, *options, "--readiness-report", "--readiness-gate", "-v", "--color=no")
    assert "UC-001" in ours(result)
    assert_harmless(ours(result), "report")
    if in_ci:
        summary = (project.path / "summary.md").read_text(encoding="utf-8")
        assert summary.startswith("## ✗ NOT ELIGIBLE")
        assert_harmless(summary, "summary")
        assert {token.type for token in all_tokens(summary)}.isdisjoint(
            {"html_inline", "html_block", "link_open", "image"}
        )
        assert any(OURS.fullmatch(line) for line in ours(result).splitlines())
    plain = project.run(*how, *options, "--color=no", "--readiness-store=sqlite:////dev/null/##[error]x.db")
    assert "x.db" in ours(plain)
    assert_harmless(ours(plain), "problems")
    if not how:
        plan = project.run("--readiness-plan", "--color=no")
        assert "test_fails" in ours(plan)
        assert_harmless(ours(plan), "plan")


@IN_CI
def test_mistakes_in_options(project: Project, in_ci: bool) -> None:
    """A usage error repeats what was said, and is not obeyed for it."""
    hostile_project(project, in_ci=in_ci)
    for option in ("environment", "provider-mode", "uc", "run-group", "gate-on", "store", "config"):
        result = project.run(f"--readiness-{option}={BAD}", environment=None)
        if option != "provider-mode":  # where no mode is declared, any is one
            assert result.ret == pytest.ExitCode.USAGE_ERROR, option
        assert_harmless(result.stderr.str(), option)


@IN_CI
def test_commands(project: Project, in_ci: bool) -> None:
    """Every command that tells of evidence, decisions, the tracker or the store."""
    hostile_project(project, in_ci=in_ci)
    project.run(f"--readiness-actor={BAD}", f"--readiness-release={BAD}", f"--readiness-tenant={BAD}")
    qa, soon = f"qa {BAD}", (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    why = ("--reason", WORSE, "--by", qa)
    examined = ("record", "UC-001", "--item", "1", "--environment", "staging")
    for code, *command in (
        (0, "block", "UC-001", *why, "--link", "https://example.com/##[error]x"),
        (0, "waive", "UC-001/2", *why, "--until", soon, "--requested-by", BAD),
        (1, "waive", "UC-002/1", *why, "--until", "2999-01-01", "--requested-by", BAD),
        (1, "waive", "UC-001/1", "--reason", WORSE, "--by", BAD, "--until", soon),
        (0, "review", "UC-002", "--reject", "--comment", WORSE, "--by", qa),
        (0, "review", "UC-002"), (2, "review", "UC-002", "--approve", "--by", qa, "--acknowledge", BAD),
        (0, "retire", "test_it.py::test_fails[b]", *why),
        (1, *examined, "--result", "FAILED", "--id", BAD, "--note", WORSE), (1, *examined, "--", "sh", "-c", f"exit 3 # {BAD}"),
        (0, "open", "--no-browser"), (0, "report", "-v"), (0, "report", "-q"), *((0, "report", "--format", name) for name in FORMATS),
        *((0, "show", "UC-001", "--format", name) for name in ("markdown", "json")), (1, "gate"), (0, "gate", "--report-only", "--keep"), (0, "check"),
        (0, "why", "UC-001"), (0, "why", "UC-002/1"), (0, "next", "-v"), (0, "next", "--owner", BAD),
        (0, "show", "UC-001"), (0, "show", "UC-002/1"), (0, "history", "UC-001"), (0, "history", "UC-002"),
        *((0, "report", "--format", name) for name in FORMATS), (0, "report", "--json"), (1, "gate", "--json"),
        *((0, *words, "--json") for words in (["check"], ["next"], ["why", "UC-001"], ["show", "UC-001"], ["history", "UC-001"])),
        (1, "sync", "--check"), (0, "sync"), (0, "recover"), (0, "verify"), (0, "checkpoint", "-o", "##[error]x.txt"), (0, "verify", "--checkpoint", "##[error]x.txt"),
        (0, "unblock", "UC-001", *why),
    ):  # fmt: skip
        done = project.cli(*command)
        assert (done.exit_code, bool(done.output)) == (code, True), (command, done.output)
        assert_harmless(done.output, command)


@IN_CI
def test_errors_of_commands(project: Project, in_ci: bool) -> None:
    """What a command refuses it may repeat, and never so that somebody obeys."""
    hostile_project(project, in_ci=in_ci)
    project.run()
    bad = "##[error]x \x1b[31m\n::error::y"
    for command in (
        [bad], ["report", bad], ["report", "--at", bad], ["report", "--format", bad], ["report", "-o", f"no/{bad}"], ["gate", bad],
        ["open", bad], ["artifact", bad, bad], ["gate", "--no-regression", bad], ["why", bad], ["why", f"UC-001/{bad}"], ["show", bad], ["history", bad],
        ["diff", bad, bad], ["next", bad], ["next", "--owner", bad], ["review", bad, "--approve"], ["waive", bad, "--reason", bad, "--by", bad, "--until", bad],
        ["block", bad, "--reason", bad], ["unblock", bad, "--reason", bad], ["retire", bad, "--reason", bad, "--by", bad],
        ["record", bad, "--item", bad, "--result", "PASSED"], ["record", "UC-001", "--item", "1", "--environment", bad, "--result", "PASSED"],
        ["merge", bad], ["bundle", bad, "-o", "x.zip"], ["init", "--tracker", bad], ["--config", bad, "report"],
        ["--store", bad, "report"], ["--store", f"sqlite:///{bad.split(maxsplit=1)[0]}/x.db", "report"],
    ):  # fmt: skip
        done = project.cli(*command)
        if command[0] != "report" and command[-1] != "report":
            assert done.exit_code in (1, 2, 3), (command, done.output)
        assert "defect" not in done.output, (command, done.output)
        assert_harmless(done.output, command)


@IN_CI
def test_differences(project: Project, in_ci: bool) -> None:
    """What changed between two reports with hostile names, in each format: only our own annotations are commands."""
    hostile_project(project, in_ci=in_ci)
    project.run(f"--readiness-actor={BAD}")
    assert project.cli("report", "--format", "json", "-o", "a.json").exit_code == 0
    document = json.loads((project.path / "a.json").read_text())
    for row in document["use_cases"]:
        row["id"] = f"{row['id']} {WORSE}"
        row["blockers"] = [{"id": BAD, "owner": WORSE}]
        row["status"] = "BLOCKED"
    (project.path / "b.json").write_text(json.dumps(document))
    for name in ("terminal", "json", "markdown"):
        output = project.cli("diff", "a.json", "b.json", "--format", name).output
        assert "001" in output
        assert_harmless(output, name)
        if name == "markdown":
            harmless = {"table_open", "heading_open", "bullet_list_open"}
            kinds = {token.type for token in all_tokens(output)}
            assert harmless <= kinds
            assert kinds.isdisjoint({"html_block", "html_inline", "image", "link_open", "fence", "code_block"})
    read = Runner.reads(project.cli("diff", "a.json", "b.json", "--format", "github").stdout)
    assert {name for name, _, _ in read.commands} == {"error", "notice"}
    assert {properties["title"] for _, properties, _ in read.commands} == {"changed", "worse than before"}
    assert [line for line in read.log if line] == []


@IN_CI
def test_damage_that_is_named_after_an_attack(project: Project, in_ci: bool) -> None:
    """What verify, check, recover and merge say of files whose names and contents are hostile."""
    hostile_project(project, in_ci=in_ci)
    project.run()
    journal = project.path / ".readiness" / "journal"
    (journal / "##[error]forged \x1b[31m.jsonl").write_bytes(b'{"kind":"::error::"}\n')
    bundle = project.path / "##[group]b\x1b.zip"
    bundle.write_bytes(b"PK ##[error]x")
    for command in (["verify"], ["check"], ["recover"], ["report"], ["gate"], ["merge", str(bundle)]):
        done = project.cli(*command)
        assert "\\x23#[" in done.output, command
        assert_harmless(done.output, command)
    shutil.rmtree(journal)


def test_a_config_and_a_tracker_with_problems(project: Project) -> None:
    """Every problem that check finds is told with the hostile word that caused it, harmlessly."""
    bad = quoted("##[error]x \x1b[31m \u202e")
    project.write("readiness.toml", f"tracker = {bad}\n{bad} = 1\n[gate]\non = {bad}\n[items.{bad}]\nproof = {bad}\n")
    done = project.cli("check")
    assert done.exit_code == 1
    assert_harmless(done.output, "check")
    project.configured(
        CONFIG + f"[use_cases.UC-001]\nenvironments = [{bad}]\n[items.3]\nproof = {bad}\n", TABLE.format(bad="a")
    )
    done = project.cli("check")
    assert done.exit_code == 1
    assert "\\x23#[error]x" in done.output
    assert_harmless(done.output, "check")


def test_a_traceback_that_was_asked_for(project: Project) -> None:
    """With --debug the traceback is harmless too."""
    project.configured()
    done = project.cli("--debug", "why", "UC-##[error]\x1b[31m")
    assert "Traceback" in done.output
    assert_harmless(done.output, "debug")
