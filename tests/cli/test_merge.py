"""``readiness merge``: bundles from elsewhere meet in one store."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.project import Project

from .test_bundle import TESTS, blocker, decide, store_of

pytestmark = pytest.mark.slow


@pytest.fixture
def carried(project: Project) -> Project:
    """A project with two bundles, of a run each, and nothing left where they were made."""
    project.configured().tests(TESTS)
    for name in "ab":
        project.run("-k", f"test_{name}")
        assert project.cli("bundle", "-o", f"{name}.zip").exit_code == 0
        shutil.rmtree(project.path / ".readiness")
    return project


def changed(project: Project, sql: str) -> None:
    """Edit the project's store behind its back."""
    with closing(sqlite3.connect(project.path / ".readiness" / "evidence.db")) as plain:
        plain.execute(sql)
        plain.commit()


def test_bundles_meet_in_one_store(carried: Project) -> None:
    """The report knows what both brought, artifacts included, and everything verifies."""
    result = carried.cli("merge", "a.zip", "b.zip")
    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        [
            "a.zip: 1 run, 0 decisions, 0 verdicts, 2 artifacts new; 0 records already stored",
            "b.zip: 1 run, 0 decisions, 0 verdicts, 0 artifacts new; 0 records already stored",
        ],
    )
    assert (carried.states()["UC-001/1"], carried.states()["UC-002/1"]) == ("COMPLETE", "COMPLETE")
    assert carried.cli("verify").stdout == "intact: 2 runs, 2 pieces of evidence, 2 artifacts\n"
    assert (carried.path / ".readiness" / ".gitignore").read_text() == "*\n"


def test_merging_again_changes_nothing(carried: Project) -> None:
    """The store is the same file, byte for byte, when nothing is new."""
    carried.cli("merge", "b.zip", "a.zip")
    before = (carried.path / ".readiness" / "evidence.db").read_bytes()
    result = carried.cli("merge", "a.zip", "a.zip", "b.zip")
    assert (result.exit_code, result.stdout.count("0 runs, 0 decisions, 0 verdicts, 0 artifacts new; 1")) == (0, 3)
    assert (carried.path / ".readiness" / "evidence.db").read_bytes() == before


def test_the_order_does_not_matter(carried: Project) -> None:
    """Merged in either order and bundled again, it is the same bundle."""
    bundles = []
    for order in (["a.zip", "b.zip"], ["b.zip", "a.zip"]):
        carried.cli("merge", *order)
        carried.cli("bundle", "-o", "out.zip")
        bundles.append((carried.path / "out.zip").read_bytes())
        shutil.rmtree(carried.path / ".readiness")
    assert bundles[0] == bundles[1]


def test_decisions_come_along(carried: Project) -> None:
    """A decision made where the bundle came from is there afterwards."""
    carried.cli("merge", "a.zip")
    decide(carried, blocker("UC-001"))
    carried.cli("bundle", "-o", "c.zip")
    shutil.rmtree(carried.path / ".readiness")
    assert "1 decision" in carried.cli("merge", "c.zip").stdout
    assert store_of(carried).decisions("default") == [blocker("UC-001")]


def test_one_refused_bundle_does_not_keep_others_out(carried: Project) -> None:
    """Exit code 3, one line for what was refused, and the others are in."""
    (carried.path / "broken.zip").write_text("no bundle")
    result = carried.cli("merge", "broken.zip", "b.zip")
    assert (result.exit_code, result.stderr.count("\n")) == (3, 1)
    assert "not merged: broken.zip: is not a bundle" in result.stderr
    assert carried.states()["UC-002/1"] == "COMPLETE"


def test_a_refused_bundle_leaves_no_trace(project: Project) -> None:
    """No store, no folder, where nothing was taken in."""
    project.configured()
    (project.path / "broken.zip").write_text("no bundle")
    assert project.cli("merge", "broken.zip").exit_code == 3
    assert not (project.path / ".readiness").exists()


def test_another_run_with_the_same_id_is_refused(carried: Project) -> None:
    """Whatever came first stays: exit code 3, and nothing of the bundle is taken in."""
    with zipfile.ZipFile(carried.path / "a.zip") as file:
        (name,) = (name for name in file.namelist() if name.startswith("runs/"))
    carried.cli("merge", "a.zip")
    run_id = Path(name).stem
    changed(carried, "DROP TRIGGER run_no_update")
    changed(carried, "DROP TRIGGER line_no_update")
    changed(carried, "UPDATE run SET head = 'x'")
    changed(carried, "UPDATE line SET text = replace(text, '\"exit_status\":0', '\"exit_status\":1')")
    result = carried.cli("merge", "a.zip")
    assert result.exit_code == 3
    assert f"another run with the id {run_id} is in the store already" in result.stderr


def test_records_of_another_register_are_told(carried: Project) -> None:
    """They are kept, and a line says that they do not count here."""
    config = carried.path / "readiness.toml"
    config.write_text('register = "billing"\n' + config.read_text())
    result = carried.cli("merge", "a.zip")
    assert result.exit_code == 0
    assert "a.zip contains records of other registers, which do not count here: default" in result.stderr
    assert carried.states()["UC-001/1"] == "MISSING"


def test_decisions_that_do_not_count_here_are_told(carried: Project) -> None:
    """Where decisions are files of the repository, those of a bundle count for nothing, and that is said."""
    carried.cli("merge", "a.zip")
    decide(carried, blocker("UC-001"))
    carried.cli("bundle", "-o", "c.zip")
    shutil.rmtree(carried.path / ".readiness")
    config = carried.path / "readiness.toml"
    config.write_text('decisions = "decisions"\n' + config.read_text())
    assert (
        "decisions are files in 'decisions' here: those of c.zip do not count" in carried.cli("merge", "c.zip").stderr
    )


def test_an_artifact_over_the_limit_is_refused(carried: Project) -> None:
    """The config's artifact_limit holds for what comes from elsewhere too."""
    config = carried.path / "readiness.toml"
    config.write_text("artifact_limit = 10\n" + config.read_text())
    result = carried.cli("merge", "a.zip")
    assert result.exit_code == 3
    assert "is larger than artifact_limit (10 bytes): raise it in readiness.toml" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"), [([], "Missing argument"), (["no.zip"], "does not exist"), (["."], "is a directory")]
)
def test_files_that_are_not_there_are_usage_errors(project: Project, arguments: list[str], message: str) -> None:
    """Exit code 2 and one line."""
    result = project.configured().cli("merge", *arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert message in result.stderr
