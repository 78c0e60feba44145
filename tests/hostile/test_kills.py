"""Kills at random moments: some of each path that writes; ``python -m tests.hostile.kills`` makes as many as asked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.hostile.extent import ALL
from tests.hostile.kills import kill_often
from tests.hostile.write_paths import PATHS, NotHeldError, Session

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")]


@pytest.mark.parametrize("name", [name for name in PATHS if ALL or name != "workers"])  # they take long
def test_nothing_that_had_finished_is_lost(tmp_path: Path, name: str) -> None:
    """After a kill the store verifies, finished evidence is there, and the same can be done again."""
    count = kill_often(name, 3, "suite", tmp_path)
    assert (count.kills, count.faults) == (3, [])


def test_a_loss_is_seen(tmp_path: Path) -> None:
    """The check of a session names a test that finished and is not in the store."""
    path, folder = Session(), tmp_path / "before"
    path.prepare(folder)
    path.old = {}
    (folder / "told").write_text("test_it.py::test_it[3]\ntest_it.py::test_gone\n", encoding="utf-8")
    with pytest.raises(NotHeldError, match=r"finished, and not kept: .*test_gone"):
        path.check(folder)
