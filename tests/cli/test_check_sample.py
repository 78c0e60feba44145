"""`readiness check` of a large store: it reads a sample, says so, and never calls sound what it did not read."""

from __future__ import annotations

import pytest

from tests.broken_runs import sql
from tests.project import Project

SUITE = """
@pytest.mark.parametrize("n", range({}))
@evidence("UC-001", item=[1, 2])
def test_a(n, record_evidence): record_evidence.attach(f"log {{n % 2}}")
"""
SAMPLED = "note: sampled 200 of 240 pieces of evidence: `readiness verify` reads all"


@pytest.fixture
def large(project: Project) -> Project:
    """A project with 240 pieces of evidence of one run."""
    project.configured().tests(SUITE.format(120))
    project.run()
    return project


def test_a_store_of_200_pieces_is_read_as_a_whole(project: Project) -> None:
    """Nothing is said of a sample, and the last line is the plain one."""
    project.configured().tests(SUITE.format(100))
    project.run()
    done = project.cli("check")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "no problems")
    assert "sampled" not in done.output


def test_a_larger_one_is_sampled(large: Project) -> None:
    """The note names both numbers, in text and JSON; the last line speaks of what was read; verify reads all."""
    done = large.cli("check")
    assert done.exit_code == 0
    assert SAMPLED in done.stdout.splitlines()
    assert done.stdout.splitlines()[-1] == "no problems in what was read"
    assert SAMPLED.removeprefix("note: ") in large.cli("check", "--json").stdout
    assert "sampled" not in large.cli("verify").output


def test_what_is_not_in_the_sample_is_left_to_verify(large: Project) -> None:
    """A result is changed in one line after the other; check finds it in most, never says just "no problems"."""
    codes = set()
    for seq in (20, 41, 60, 83, 100, 119):
        sql(large, f"UPDATE line SET text = replace(text, 'PASSED', 'FAILED') WHERE seq = {seq}")
        done = large.cli("check")
        codes.add(done.exit_code)
        assert (done.exit_code == 1) == (f"line {seq}" in done.stdout)
        assert done.stdout.splitlines()[-1] != "no problems"
        assert large.cli("verify").exit_code == 3
        sql(large, f"UPDATE line SET text = replace(text, 'FAILED', 'PASSED') WHERE seq = {seq}")
    assert 1 in codes
    assert large.cli("verify").exit_code == 0


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM evidence WHERE (seq, number) = (50, 1)", "table evidence: has 239 rows, but the runs name 240"),
        ("DELETE FROM line WHERE seq = 50", "table line: has "),
        ("UPDATE evidence SET result = 'FAILED'", "column evidence.result: the index has 'FAILED'"),
        ("UPDATE run SET commit_id = 'another'", "column run.commit_id"),
        ("DELETE FROM snapshot", "requirements"),
        ("CREATE TABLE more (id)", "table more: does not belong to the schema"),
    ],
)  # fmt: skip
def test_numbers_schema_seals_and_documents_are_checked_in_full(large: Project, statement: str, told: str) -> None:
    """These cost little, whatever the number of pieces."""
    sql(large, statement)
    done = large.cli("check")
    assert done.exit_code == 1
    assert told in done.stdout, done.stdout


def test_the_artifacts_of_the_sample_are_read(large: Project) -> None:
    """A changed file is named."""
    for path in (large.path / ".readiness" / "artifacts").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"another")
    done = large.cli("check")
    assert done.exit_code == 1
    assert "was changed: its content has another digest" in done.stdout
