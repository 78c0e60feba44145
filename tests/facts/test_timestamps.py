"""Timestamps: UTC texts with milliseconds that sort by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.facts.timestamps import is_timestamp, parse_timestamp, timestamp

SECONDS = st.floats(0, 4_000_000_000, allow_nan=False)


def test_a_moment_is_written_in_utc_with_milliseconds() -> None:
    """The form is fixed: four digits for the year, three for the milliseconds, Z for the zone."""
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"
    assert timestamp(1_770_920_940.1239) == "2026-02-12T18:29:00.123Z"


@given(SECONDS, SECONDS)
def test_moments_sort_as_they_happened(first: float, second: float) -> None:
    """The order of the texts is the order of the times, down to the millisecond."""
    earlier, later = sorted((int(first * 1000), int(second * 1000)))
    assert (timestamp(earlier / 1000) <= timestamp(later / 1000)) is True


@given(SECONDS)
def test_what_is_written_is_read_back(seconds: float) -> None:
    """Parsing gives the same millisecond in UTC, and the text is a moment."""
    text = timestamp(seconds)
    expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(seconds * 1000))
    assert parse_timestamp(text) == expected
    assert is_timestamp(text)


def test_now_is_now() -> None:
    """Without an argument the timestamp is the moment of the call."""
    before = datetime.now(UTC)
    moment = parse_timestamp(timestamp())
    assert before - timedelta(milliseconds=1) <= moment <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-12", "2026-02-12T00:00:00.000Z"),
        ("2026-02-12T18:29", "2026-02-12T18:29:00.000Z"),
        ("2026-02-12T18:29:00+02:00", "2026-02-12T16:29:00.000Z"),
        ("2026-02-12T18:29:00.5Z", "2026-02-12T18:29:00.500Z"),
    ],
)
def test_other_forms_are_read(text: str, expected: str) -> None:
    """A date is its first moment, no zone means UTC, another zone is converted."""
    assert parse_timestamp(text) == parse_timestamp(expected)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "12.02.2026"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """Anything else is a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        parse_timestamp(text)


@pytest.mark.parametrize(
    "text",
    ["2026-02-12T18:29:00Z", "2026-02-12T18:29:00.000", "2026-02-12T18:29:00.000+00:00", "٢026-02-12T18:29:00.000Z", 3, None],
)  # fmt: skip
def test_only_our_own_form_is_a_moment(text: object) -> None:
    """Other forms would not sort as they happened."""
    assert not is_timestamp(text)
