"""Trackers of all shapes: each row is read, and an update changes only its cells."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings as profile, strategies as st

from pytest_readiness.claims.tracker.reader import examine_text
from pytest_readiness.claims.tracker.status_words import STATUSES
from pytest_readiness.claims.tracker.writer import RowUpdate, update_tracker
from tests.claims.tracker.random_trackers import random_tracker
from tests.claims.tracker.shapes import BY_ENVIRONMENT, SHAPES

PATH = Path("T.md")


def check_tracker(seed: int) -> None:
    """Read the tracker of a seed, change it, and read it again."""
    expected = random_tracker(seed)
    text, columns, words = expected.text(), expected.columns, expected.words.config
    tracker, problems = examine_text(PATH, text.removeprefix("\ufeff"), columns, words)
    assert problems == []
    assert [(row.id, row.declared_status, row.line) for row in tracker.rows] == expected.rows
    read = {row.id: {name: statuses[0] for name, statuses in row.declared_in} for row in tracker.rows}
    assert {name: statuses for name, statuses in read.items() if statuses} == expected.statuses_by_environment
    changed = update_tracker(PATH, text.encode(), expected.changes, columns, words).decode()
    assert changed == expected.changed_text()
    again, problems = examine_text(PATH, changed.removeprefix("\ufeff"), columns, words)
    assert problems == []
    for row in again.rows:
        change = expected.changes.get(row.id)
        if change is not None and change.by_environment:
            assert all(status in dict(row.declared_in)[name] for name, status in change.by_environment)
        else:
            assert change is None or change.status in (row.declared_status, *row.declared_also)
    assert update_tracker(PATH, changed.encode(), expected.changes, columns, words).decode() == changed


@profile(deadline=None, max_examples=25)
@given(st.integers(0, 2**32))
def test_rows_of_any_shape_are_read_and_written(seed):
    """Each row is read with its line, and writing equals the tracker that was written with the other words."""
    check_tracker(seed)


@pytest.mark.slow
@profile(deadline=None, max_examples=300)
@given(st.integers(0, 2**32))
def test_rows_of_many_trackers_are_read_and_written(seed):
    """The same for more trackers; ``benchmarks/shapes.py`` takes 10,000."""
    check_tracker(seed)


@pytest.mark.parametrize("name", [*SHAPES, "14"])
def test_every_status_goes_through_every_shape(name):
    """A written status is read again, READY_FOR_GO_LIVE as no other, and the other rows stay the same."""
    shape = SHAPES.get(name, BY_ENVIRONMENT)
    config = tomllib.loads(shape.words)
    words = config.get("tracker_columns", {}), config.get("statuses", {})
    before, problems = examine_text(PATH, shape.text, *words)
    assert problems == []
    environments = [environment for environment, _ in before.rows[0].declared_in]
    for row in before.rows:
        text = shape.text
        for status in (*STATUSES, *reversed(STATUSES)):
            by_environment = tuple((environment, status) for environment in environments)
            change = RowUpdate("" if environments else status, "2026-02-12", by_environment)
            text = update_tracker(PATH, text.encode(), {row.id: change}, *words).decode()
            after, problems = examine_text(PATH, text, *words)
            assert problems == []
            (new,) = [other for other in after.rows if other.id == row.id]
            meanings = [meaning for _, meaning in new.declared_in] or [(new.declared_status, *new.declared_also)]
            assert all(
                status in meaning and ("READY_FOR_GO_LIVE" in meaning) == (len(meaning) == 1 and status == STATUSES[-1])
                for meaning in meanings
            )
            others = [other for other in after.rows if other.id != row.id]
            assert others == [other for other in before.rows if other.id != row.id]
            lines = zip(shape.text.splitlines(), text.splitlines(), strict=True)
            changed = [number for number, (old_line, new_line) in enumerate(lines, 1) if old_line != new_line]
            assert changed in ([], [row.line])
