"""One wrong byte at each position of journal, bundle, decision and config: read back equal, or named in one line."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_readiness.errors import IntegrityError, ReadinessError
from pytest_readiness.facts.run import Run
from pytest_readiness.journal.leftover_reader import read_leftover
from pytest_readiness.store.bundle.reading import open_bundle
from pytest_readiness.store.decision_files.decision_file import parse_decision_file, read_decision_text
from tests.hostile.extent import part_of
from tests.hostile.parsers import bundles, one_line
from tests.hostile.seeds import FIXTURES
from tests.project import Project
from tests.reviewed_project import commit, repository

pytestmark = pytest.mark.slow

FIXTURE = FIXTURES / "before_subjects"
JOURNAL = next((FIXTURE / "state" / "journal").glob("*.jsonl"))
DECISION = next((FIXTURE / "decisions").glob("*.json"))
IN_ONE_TEST = 400
"""Positions of a file that CI tries where one takes a millisecond."""


def damaged(data: bytes, number: int = IN_ONE_TEST) -> Iterator[tuple[int, bytes]]:
    """Yield positions and the data with another byte there: a flipped bit, and one drawn by chance."""
    for at in part_of(range(len(data)), number):
        chance = random.Random(at)
        other = chance.choice([byte for byte in range(256) if byte != data[at]])
        for byte in (data[at] ^ 1 << chance.randrange(8), other):
            yield at, data[:at] + bytes([byte]) + data[at + 1 :]


@pytest.fixture
def old(project: Project) -> Project:
    """A project with a store, and with the journal of a session that was killed; UC-001 would be ready without it."""
    for name in ("readiness.toml", "PROD_READINESS_TRACKER.md", "ci.pem"):
        shutil.copy(FIXTURE / name, project.path / name)
    shutil.copytree(FIXTURE / "state", project.path / ".readiness")
    return project


def test_a_journal_is_read_as_it_was_or_named(tmp_path: Path) -> None:
    """A wrong byte before the last line is named. No later line names the last one, which may be another or cut off."""
    path, data = tmp_path / JOURNAL.name, JOURNAL.read_bytes()
    last = data.rindex(b"\n", 0, -1)
    whole = Run.parse(data.decode().split("\n")[:-1])
    for at, wrong in damaged(data):
        path.write_bytes(wrong)
        leftover = read_leftover(path)
        if leftover.problem is not None:
            assert one_line(leftover.problem)
            continue
        assert at > last, at
        assert leftover.run is not None
        texts = [line.text for line in leftover.run.lines]
        assert texts[: len(whole.lines) - 1] == [line.text for line in whole.lines[:-1]]
        assert bool(leftover.torn_bytes) == (at == len(data) - 1)


def test_a_bundle_is_read_as_it_was_or_refused(tmp_path: Path) -> None:
    """Every byte of a bundle matters: another one is refused in one line."""
    path, data = tmp_path / "bundle.zip", bundles()["bundle.zip"][-2]
    with_error = 0
    for at, wrong in damaged(data):
        path.write_bytes(wrong)
        with pytest.raises(ReadinessError) as refused, open_bundle(path, 1 << 20):
            pytest.fail(f"accepted with another byte at {at}")
        assert one_line(refused.value)
        with_error += 1
    assert with_error


def test_a_decision_is_read_as_it_was_or_refused(tmp_path: Path) -> None:
    """Every byte of a decision's file matters, but for the line end at its end."""
    path, data = tmp_path / DECISION.name, DECISION.read_bytes()
    decision = parse_decision_file(read_decision_text(DECISION), DECISION.name, "before subjects")
    for at, wrong in damaged(data):
        path.write_bytes(wrong)
        try:
            assert parse_decision_file(read_decision_text(path), path.name, "before subjects") == decision
            assert at == len(data) - 1
        except IntegrityError as error:
            one_line(error)
        except UnicodeDecodeError:
            continue  # callers have a line for it


def test_a_wrong_byte_in_a_journal_opens_no_gate(old: Project) -> None:
    """While a run is open the gate is closed; a journal that cannot be read closes it as well."""
    [journal] = old.journals
    data = journal.read_bytes()
    for at, wrong in damaged(data, 40):
        journal.write_bytes(wrong)
        result = old.cli("gate", "UC-001")
        assert result.exit_code in (1, 3), (at, result.output)
        assert "internal error" not in result.output
    journal.unlink()
    assert old.cli("gate", "UC-001").exit_code == 0


def test_a_wrong_byte_in_a_config_opens_no_gate(old: Project) -> None:
    """UC-002, which is blocked and fails, stays closed; what cannot be read is a line with the file."""
    for journal in old.journals:
        journal.unlink()
    config = old.path / "readiness.toml"
    data = config.read_bytes()
    for at, wrong in damaged(data, 60):
        config.write_bytes(wrong)
        result = old.cli("gate", "UC-002")
        assert result.exit_code in (1, 2, 3), (at, wrong, result.output)
        assert "internal error" not in result.output
        assert "Traceback" not in result.output


def test_a_wrong_byte_in_a_decision_file_opens_no_gate(old: Project) -> None:
    """A committed blocker closes the gate; with a wrong byte in its file it still does."""
    for journal in old.journals:
        journal.unlink()
    config = old.path / "readiness.toml"
    config.write_text(config.read_text().replace("register = ", 'decisions = "decisions"\nregister = '))
    repository(old)
    shutil.copytree(FIXTURE / "decisions", old.path / "decisions")
    commit(old, by="qa@example.com")
    path = old.path / "decisions" / DECISION.name
    data = path.read_bytes()
    for at, wrong in damaged(data, 8):
        path.write_bytes(wrong)
        result = old.cli("gate", "UC-001")
        assert result.exit_code in (1, 3), (at, result.output)
        assert "internal error" not in result.output
