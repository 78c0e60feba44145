"""Whatever shape a tracker has: each row is read, and what is written changes nothing but the cells."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings as profile, strategies as st

from pytest_readiness.claims.tracker.reader import examine_text
from pytest_readiness.claims.tracker.status_words import STATUSES
from pytest_readiness.claims.tracker.writer import RowUpdate, update_tracker
from tests.claims.tracker.drawn import drawn
from tests.claims.tracker.shapes import BY_ENVIRONMENT, SHAPES

PATH = Path("T.md")


def judge(seed: int) -> None:
    """Read the tracker of a seed, write into it, and read it again."""
    one = drawn(seed)
    text = one.text()
    tracker, found = examine_text(PATH, text.removeprefix("\ufeff"), one.columns, one.words.said)
    assert found == []
    assert [(row.id, row.declared_status, row.line) for row in tracker.rows] == one.rows
    read = {row.id: {place: words[0] for place, words in row.declared_in} for row in tracker.rows}
    assert {name: places for name, places in read.items() if places} == one.places
    mended = update_tracker(PATH, text.encode(), one.changes, one.columns, one.words.said).decode()
    assert mended == one.mended()
    again, found = examine_text(PATH, mended.removeprefix("\ufeff"), one.columns, one.words.said)
    assert found == []
    for row in again.rows:
        change = one.changes.get(row.id)
        if change is not None and change.by_environment:
            assert all(status in dict(row.declared_in)[place] for place, status in change.by_environment)
        else:
            assert change is None or change.status in (row.declared_status, *row.declared_also)
    assert update_tracker(PATH, mended.encode(), one.changes, one.columns, one.words.said).decode() == mended


@profile(deadline=None, max_examples=25)
@given(st.integers(0, 2**32))
def test_rows_of_any_shape_are_read_and_written(seed):
    """Each row is read with its line, and writing equals the tracker that was written with the other words."""
    judge(seed)


@pytest.mark.slow
@profile(deadline=None, max_examples=300)
@given(st.integers(0, 2**32))
def test_rows_of_many_trackers_are_read_and_written(seed):
    """The same for more trackers; ``benchmarks/shapes.py`` takes 10,000."""
    judge(seed)


@pytest.mark.parametrize("name", [*SHAPES, "14"])
def test_every_status_goes_through_every_shape(name):
    """What is written into a row is read from it again: ready apart from all others, and other rows as before."""
    shape = SHAPES.get(name, BY_ENVIRONMENT)
    config = tomllib.loads(shape.words)
    words = config.get("tracker_columns", {}), config.get("statuses", {})
    before, found = examine_text(PATH, shape.text, *words)
    assert found == []
    places = [place for place, _ in before.rows[0].declared_in]
    for row in before.rows:
        text = shape.text
        for status in (*STATUSES, *reversed(STATUSES)):
            wanted = RowUpdate("" if places else status, "2026-02-12", tuple((place, status) for place in places))
            text = update_tracker(PATH, text.encode(), {row.id: wanted}, *words).decode()
            after, found = examine_text(PATH, text, *words)
            assert found == []
            (new,) = [one for one in after.rows if one.id == row.id]
            meant = [said for _, said in new.declared_in] or [(new.declared_status, *new.declared_also)]
            assert all(
                status in said and ("READY_FOR_GO_LIVE" in said) == (len(said) == 1 and status == STATUSES[-1])
                for said in meant
            )
            others = [one for one in after.rows if one.id != row.id]
            assert others == [one for one in before.rows if one.id != row.id]
            changed = [
                at
                for at, (old, now) in enumerate(zip(shape.text.splitlines(), text.splitlines(), strict=True), 1)
                if old != now
            ]
            assert changed in ([], [row.line])
