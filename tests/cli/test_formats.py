"""A register in CSV, TSV, YAML or a sheet of tabs: adopted, judged and kept in step as a Markdown one is."""

from __future__ import annotations

import sys
from contextlib import closing
from sqlite3 import connect

import pytest

from pytest_readiness.facts.timestamps import timestamp
from tests.project import CONFIG, Project

PASSING = "@evidence('UC-001', item=1)\ndef test_a(): pass\n"
CSV = 'UC,Title,Prod Readiness Status,Last Updated\r\nUC-001,"Pay, twice","NOT_STARTED",2026-01-01\r\nUC-002,Refund,NOT_STARTED,\r\n'
YAML = """\
# Ours
use_cases:
- uc: UC-001
  title: &t "Pay, twice"
  prod_readiness_status: 'NOT_STARTED'  # derived
  last_updated: 2026-01-01
- {uc: UC-002, title: *t, prod_readiness_status: NOT_STARTED}
"""
TABS = "# Ours\n\nUC\tTitle\tProd Readiness Status\tLast Updated\nUC-001\tPay, twice\tNOT_STARTED\t2026-01-01\nUC-002\tRefund\tNOT_STARTED\t\n"
FORMATS = {
    "register.csv": (CSV, 2),
    "register.tsv": (TABS.partition("\n\n")[2], 2),
    "register.yaml": (YAML, 3),
    "register.YML": (YAML, 3),
    "REGISTER.md": (TABS, 4),
}


def configured(project: Project, name: str, text: str) -> Project:
    """Give a project a tracker of this name."""
    project.configured(CONFIG.replace("PROD_READINESS_TRACKER.md", name), None)
    (project.path / name).write_bytes(text.encode())
    return project


@pytest.mark.parametrize(("name", "text", "line"), [(name, *one) for name, one in FORMATS.items()])
def test_a_register_of_any_format(project: Project, name: str, text: str, line: int) -> None:
    """It is sound, its rows are reported, and sync writes status and date and no other byte."""
    configured(project, name, text).tests(PASSING)
    days = {timestamp()[:10]}
    assert project.run().ret == 0
    checked = project.cli("check")
    assert checked.exit_code == 0, checked.output
    assert project.report("UC-001")["use_cases"][0]["title"] == "Pay, twice"
    result = project.cli("sync", "--check")
    differs = f"{name}:{line}: UC-001 says NOT_STARTED, derived is IN_PROGRESS\n`readiness sync` updates the tracker\n"
    assert (result.exit_code, result.stdout) == (1, differs)
    assert project.cli("sync").exit_code == 0
    days.add(timestamp()[:10])
    new = text.replace("NOT_STARTED", "IN_PROGRESS", 1)
    assert (project.path / name).read_bytes().decode() in {new.replace("2026-01-01", day) for day in days}
    assert project.cli("sync", "--check").exit_code == 0
    assert project.cli("verify").exit_code == 0


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, (text, _) in FORMATS.items()])
def test_it_is_adopted_as_it_is(project: Project, name: str, text: str) -> None:
    """Init reads it, does not touch it, and leaves a config that is sound."""
    (project.path / name).write_bytes(text.encode())
    result = project.cli("init", "--tracker", name)
    assert result.exit_code == 0, result.output
    assert "adopted, not changed (2 use cases" in result.stdout
    assert (project.path / name).read_bytes() == text.encode()
    assert project.cli("check").exit_code == 0


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, (text, _) in FORMATS.items()])
def test_a_wrong_word_is_told_with_file_and_line(project: Project, name: str, text: str) -> None:
    """A status that is none closes the gate, is a problem of check, and ends a session before a test runs."""
    configured(project, name, text.replace("NOT_STARTED", "Nearly", 1)).tests(PASSING)
    line = FORMATS[name][1]
    assert f"{name}:{line}: UC-001 has no known status: 'Nearly'" in " ".join(project.cli("check").output.split())
    gate = project.cli("gate")
    assert (gate.exit_code, gate.stderr.count("\n")) == (2, 1)
    assert gate.stderr.startswith(f"readiness: {name}:{line}: UC-001 has no known status: 'Nearly'")
    assert project.run().ret == 4


def test_yaml_without_its_library(project: Project) -> None:
    """One line names the extra, for the command and for pytest."""
    configured(project, "register.yaml", YAML).tests(PASSING)
    with project.monkeypatch.context() as patch:
        patch.setitem(sys.modules, "yaml", None)
        gate = project.cli("gate")
        session = project.run()
    message = "register.yaml: YAML needs an extra: pip install 'pytest-readiness[yaml]'"
    assert (gate.exit_code, gate.stderr) == (2, f"readiness: {message}\n")
    assert session.ret == 4
    assert message in " ".join(session.stderr.str().split())


def test_a_bomb_ends_in_one_line(project: Project) -> None:
    """Aliases of aliases are refused before anything is made of them, and a tag runs nothing."""
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    configured(project, "register.yaml", bomb + YAML)
    gate = project.cli("gate")
    assert gate.exit_code == 2
    assert gate.stderr == "readiness: register.yaml:7: its aliases stand for too much: write out what they refer to\n"


def test_the_kept_tracker_has_its_own_media_type(project: Project) -> None:
    """What is kept with a run says that it is no Markdown."""
    from pytest_readiness.facts.run import tracker_media_type

    assert tracker_media_type("docs/register.CSV") == "text/csv"
    assert tracker_media_type("T.yml") == "application/yaml"
    assert tracker_media_type("T.md") == "text/markdown"
    configured(project, "register.csv", CSV).tests(PASSING)
    project.run()
    with closing(connect(project.path / ".readiness" / "evidence.db")) as plain:
        (line,) = plain.execute("SELECT text FROM line WHERE seq = 0").fetchone()
    assert '"name":"register.csv"' in line.replace('": "', '":"')
