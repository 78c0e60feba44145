"""`readiness check`: sound, or every problem with file and line."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from pytest_readiness.cli import commands
from pytest_readiness.settings import TRACKER_NAME

REAL = "\n[environments.staging]\nreal = true\n[environments.prod]\nreal = true\n[use_cases.UC-002]\nenvironments = ['prod']\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return the folder of a project as init leaves it."""
    monkeypatch.chdir(tmp_path)
    for name in ("READINESS_CONFIG", "READINESS_STORE", "READINESS_ARTIFACTS"):
        monkeypatch.delenv(name, raising=False)
    assert CliRunner().invoke(commands, ["init"]).exit_code == 0
    return tmp_path


def check(*options):
    """Run `readiness check` and return the exit code and the lines."""
    result = CliRunner().invoke(commands, [*options, "check"], prog_name="readiness")
    return result.exit_code, result.stdout.splitlines()


def append(path, text):
    """Add text to a file."""
    path.write_text(path.read_text() + text)


def test_a_fresh_project_is_sound_and_told_what_is_still_to_declare(project):
    """What init wrote has no problem; that nothing is real and nobody reviews yet is noted, and nothing is created."""
    before = sorted(project.iterdir())
    code, lines = check()
    assert code == 0
    assert lines[0] == f"readiness.toml: register 'default', 2 use cases from {TRACKER_NAME}"
    assert lines[-1] == "no problems"
    assert sum(line.startswith("note: ") for line in lines) == 3
    assert sorted(project.iterdir()) == before


def test_each_item_is_told_with_its_meaning(project):
    """Scope or parts, proof and age of each item stand in a row."""
    rows = {line.split()[0]: " ".join(line.split()) for line in check()[1] if line[:1].isdigit()}
    assert list(rows) == ["1", "2", "3", "4", "5", "6", "7"]
    assert rows["4"].startswith("4 trace once trace 90 d A real run")
    assert rows["6"].startswith("6 secrets rotation, revocation part 90 d Secrets")


def test_a_store_that_others_may_share_asks_for_the_name_of_the_register(project, tmp_path_factory):
    """Two projects with one store and no names of their own would be one: a pass of one hides a failure of the other."""
    shared = f"sqlite:///{tmp_path_factory.mktemp('shared')}/evidence.db"
    message = "note: the store is outside this project, and the register has the default name 'default'"
    assert any(line.startswith(message) for line in check("--store", shared)[1])
    assert not any("outside this project" in line for line in check()[1])
    config = project / "readiness.toml"
    config.write_text(f'register = "shop"\n{config.read_text()}')
    assert not any("outside this project" in line for line in check("--store", shared)[1])


def test_a_store_of_an_unknown_kind_is_one_problem(project):
    """It is told once, and the rest of what there is to say is said."""
    code, lines = check("--store", "mysql://host/db")
    assert (code, lines[-1]) == (1, "1 problem")
    assert lines[0].startswith("store 'mysql://host/db': 'mysql' is")
    assert any("[review] reviewers is empty" in line for line in lines)


def test_what_is_declared_is_counted(project):
    """With environments declared, the note goes and the number of requirements is told."""
    append(project / "readiness.toml", REAL)
    code, lines = check()
    assert code == 0
    assert "each use case has 8 to 10 requirements" in lines
    assert not any("no real environment" in line for line in lines)


def test_problems_of_config_and_tracker_are_all_told(project):
    """Each problem is a line with its place, the items are told all the same, and the exit code is 1."""
    append(project / "readiness.toml", "[use_cases.UC-3]\n")
    append(project / TRACKER_NAME, "\n")
    tracker = (project / TRACKER_NAME).read_text().replace("`NOT_STARTED` | `tbd`", "`STARTED` | `tbd`")
    (project / TRACKER_NAME).write_text(tracker.replace("UC-002", "UC-001"))
    code, lines = check()
    assert code == 1
    places = [line.split(": ")[0] for line in lines if ": " in line]
    assert places[:3] == [f"{TRACKER_NAME}:{line}" for line in (20, 21, 21)]
    assert places[3].startswith("readiness.toml:")
    assert lines[-1] == "4 problems"
    assert any(line.startswith("7 ") for line in lines)


def test_a_config_that_cannot_be_used_is_a_problem_too(project):
    """All mistakes of the config are told, and the exit code is still 1."""
    (project / "readiness.toml").write_text("trakcer = 1\n[gate]\non = 'x'\n")
    assert check() == (
        1,
        [
            "readiness.toml:1: unknown key 'trakcer' (did you mean 'tracker'?)",
            "readiness.toml:3: gate.on must be 'review' or 'evidence', not 'x'",
            "2 problems",
        ],
    )


def test_without_a_config_it_says_what_to_do(tmp_path, monkeypatch):
    """No config is a problem, and the line says how to write one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("READINESS_CONFIG", raising=False)
    assert check() == (1, ["there is no config: write one with `readiness init`", "1 problem"])
    assert check("--config", "x.toml") == (
        1,
        ["x.toml: there is no such file: write it with `readiness init`", "1 problem"],
    )


def test_a_store_that_is_none_is_a_problem(project):
    """A file in the store's place that is no store of ours is told, and left as it is."""
    (project / ".readiness").mkdir()
    (project / ".readiness" / "evidence.db").write_bytes(b"not a database, though of some length" * 40)
    code, lines = check()
    assert code == 1
    assert lines[-1] == "1 problem"
    assert "evidence.db" in lines[0]
    assert (project / ".readiness" / "evidence.db").read_bytes().startswith(b"not a database")


def test_hostile_text_does_not_reach_the_terminal(project):
    """Control characters in a tracker are shown as what they are."""
    append(project / "readiness.toml", '[items.99]\ntitle = "\\u001b]0;gone\\u0007"\n')
    lines = check()[1]
    assert all(line.isprintable() for line in lines)
    assert any("\\x1b]0;gone\\x07" in line for line in lines)
