"""Journals whose links fit, and of which a line lacks something: what a newer version wrote, or a hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_readiness.facts.ledger.line import LineChain
from tests.hostile.seeds import FIXTURES
from tests.project import Project

FIXTURE = FIXTURES / "before_subjects"
JOURNAL = next((FIXTURE / "state" / "journal").glob("*.jsonl"))
Lines = list[dict[str, Any]]


def lines_of(kind: str, lines: Lines) -> Lines:
    """Return the lines of a kind."""
    return [line for line in lines if line["kind"] == kind]


def written(project: Project, change: Callable[[Lines], object]) -> Path:
    """Put the journal of a killed session into the project, with a change, and all links made to fit."""
    for name in ("readiness.toml", "PROD_READINESS_TRACKER.md", "ci.pem"):
        shutil.copy(FIXTURE / name, project.path / name)
    shutil.copytree(FIXTURE / "state", project.path / ".readiness", ignore=shutil.ignore_patterns("evidence.db"))
    lines = [json.loads(text) for text in JOURNAL.read_text(encoding="utf-8").splitlines()]
    change(lines)
    chain, texts = LineChain(lines[0]["run"]), []
    for line in lines:
        body = {name: value for name, value in line.items() if name not in ("kind", "prev", "run", "seq")}
        texts.append(chain.next(line["kind"], body).text)
    return project.write(f".readiness/journal/{JOURNAL.name}", "".join(f"{text}\n" for text in texts))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda lines: lines_of("started", lines)[-1].pop("at"), id="no start"),
        pytest.param(lambda lines: lines_of("started", lines)[-1].update(test=["x"]), id="a list as a test"),
        pytest.param(lambda lines: lines_of("started", lines)[-1].update(at=0), id="a number as a time"),
        pytest.param(lambda lines: lines_of("planned", lines)[0]["tests"][0].pop("test"), id="a plan without a test"),
        pytest.param(
            lambda lines: lines_of("planned", lines)[0]["tests"][-1].update(claims=["x"]), id="a text as a claim"
        ),
        pytest.param(lambda lines: lines_of("planned", lines)[0].update(tests="x"), id="a plan of letters"),
        pytest.param(lambda lines: lines_of("finished", lines)[0].pop("claims"), id="no claims"),
        pytest.param(lambda lines: lines_of("finished", lines)[0].update(result="WELL"), id="a result that is none"),
        pytest.param(lambda lines: lines_of("finished", lines)[0].update(artifacts=["x"]), id="a text as an artifact"),
        pytest.param(
            lambda lines: lines_of("finished", lines)[0]["claims"][0].update(environment=[]), id="a list as a place"
        ),
        pytest.param(lambda lines: lines[0].pop("started_at"), id="no start of the run"),
        pytest.param(lambda lines: lines[0].update(group=7), id="a number as a group"),
    ],
)
def test_a_line_that_lacks_something_is_one_line_everywhere(
    project: Project, change: Callable[[Lines], object]
) -> None:
    """Each command names the journal in one line and says no; the journal stays as it was."""
    journal = written(project, change)
    before = journal.read_bytes()
    for command, code in (("gate", 3), ("report", 3), ("recover", 3), ("verify", 3), ("next", 3)):
        result = project.cli(command)
        assert (command, result.exit_code) == (command, code), result.output
        assert f"{journal.name}: is damaged" in result.output
        assert "internal error" not in result.output
    assert journal.read_bytes() == before


def test_a_key_that_a_plan_does_not_have_yet_is_kept(project: Project) -> None:
    """A plan with one more key, as a newer version may write it, is recovered, and the store verifies."""
    written(project, lambda lines: lines_of("planned", lines)[0].update(added="by a newer version"))
    recovered = project.cli("recover")
    assert recovered.exit_code == 0, recovered.output
    assert project.journals == []
    verified = project.cli("verify")
    assert (verified.exit_code, "intact: 1 run" in verified.stdout) == (0, True), verified.output
