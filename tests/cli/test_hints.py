"""Commands that an output hints at can be typed where the user stands: they carry the config and the store."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.project import CONFIG, TRACKER, Project

pytestmark = pytest.mark.slow

SUITE = "from pytest_readiness import evidence\n@evidence('UC-001', item=1)\ndef test_a(): assert 0\n"
WHERE = "--config 'my shop/readiness.toml'"
HINT = re.compile(rf"readiness ({WHERE}(?: [a-z]+)(?: UC-\d+(?:/\d)?| 2026\S+)?)")


@pytest.fixture
def below(project: Project) -> Project:
    """A project in a folder below the one in which the user stands."""
    project.write("my shop/readiness.toml", CONFIG)
    project.write("my shop/PROD_READINESS_TRACKER.md", TRACKER)
    project.write("my shop/pytest.ini", "[pytest]\n")
    project.write("my shop/test_it.py", SUITE)
    return project


def flat(text: str) -> str:
    """Return the text on one line."""
    return " ".join(text.split())


def test_the_hints_of_a_session_can_be_typed(below: Project) -> None:
    """A session whose config lies elsewhere hints at commands with the config, and each of them answers."""
    output = flat(below.run("my shop", "--readiness-report").stdout.str())
    assert f"see readiness {WHERE} next, readiness {WHERE} why UC-001" in output
    assert f"run `readiness {WHERE} sync`" in output
    hints = {match[1] for match in HINT.finditer(output)}
    assert len(hints) == 3
    for hint in hints:
        done = below.cli(*shlex.split(hint))
        assert done.exit_code == 0, (hint, done.output)


def test_the_hints_of_a_command_carry_its_options(below: Project) -> None:
    """Every hint on the way from the report to a piece of evidence works as it is printed."""
    below.run("my shop")
    seen: set[str] = set()
    commands = [["--config", "my shop/readiness.toml", "report"]]
    while commands:
        output = flat(below.cli(*commands.pop()).output)
        assert not re.search(r"readiness (?:why|show|next|sync|review|retire) ", output), output
        for match in HINT.finditer(output):
            if match[1] not in seen:
                seen.add(match[1])
                commands.append(shlex.split(match[1]))
    assert {shlex.split(hint)[2] for hint in seen} >= {"next", "why", "sync", "show"}
    error = below.cli("--config", "my shop/readiness.toml", "artifact", "x", "y").stderr
    assert f"'readiness {WHERE} show UC' prints the ids" in error


def test_a_store_is_carried_and_a_variable_is_not(below: Project) -> None:
    """An option has to be typed again, a variable stays set, and what a file holds names no place of its reader."""
    below.monkeypatch.chdir(below.path / "my shop")
    done = below.cli("--store", "sqlite:///other.db", "report")
    assert "see readiness --store sqlite:///other.db next" in flat(done.stdout)
    plain = below.cli("report", "--json").stdout
    below.monkeypatch.chdir(below.path)
    named = below.cli("--config", "my shop/readiness.toml", "report", "--json").stdout
    moment = re.compile(r"2026-[0-9T:.-]+Z")
    assert moment.sub("", named) == moment.sub("", plain)
    below.monkeypatch.setenv("READINESS_CONFIG", "my shop/readiness.toml")
    assert "see readiness next, readiness why UC-001" in flat(below.cli("report").stdout)


def test_no_command_is_broken_in_a_terminal_of_80_columns(project: Project) -> None:
    """Each command that an output names stands in one line, also with options and a long test name."""
    name = "test_that_was_removed_and_has_quite_a_long_name"
    project.configured().tests(f"@evidence('UC-001', item=1)\ndef {name}(): assert 0\n")
    project.run()
    project.tests("@evidence('UC-001', item=2)\ndef test_other(): pass\n")
    project.run()
    project.monkeypatch.setenv("COLUMNS", "80")
    folder = project.path / "a-folder-with-a-long-name"
    folder.mkdir()
    project.monkeypatch.chdir(folder)
    program = "readiness --config ../readiness.toml"
    expected = {
        ("report",): [f"`{program} sync`", f"{program} next", f"{program} why UC-001"],
        ("why", "UC-001"): [f"`{program} sync`", f"`{program} retire test_it.py::{name} --reason ...`"],
        ("next",): [f"`{program} sync`", f"`{program} retire test_it.py::{name} --reason ...`"],
        ("gate",): [f"`{program} retire test_it.py::{name} --reason ...`"],
    }
    for command, hints in expected.items():
        lines = project.cli("--config", "../readiness.toml", *command).stdout.splitlines()
        for hint in hints:
            assert any(hint in line for line in lines), (command, hint)
        assert all(len(line) <= 80 or line.startswith(f"`{program} retire ") for line in lines)
