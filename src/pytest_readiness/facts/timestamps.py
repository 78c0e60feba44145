"""UTC timestamps as texts with milliseconds, which sort by time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ..late_pattern import late_pattern


def timestamp(seconds: float | None = None, *, now: Callable[[], float] = time.time) -> str:
    """Return ``2026-02-12T18:29:00.000Z`` for seconds since the epoch (default: now).

    ``now``: the clock as it was when this module was loaded. A test may replace the name in any module.
    """
    second, milliseconds = divmod(int((now() if seconds is None else seconds) * 1000), 1000)
    return (_seconds.get(second) or _to_the_second(second)) + _MILLISECONDS[milliseconds]


_STORED_SECONDS = 4
_MILLISECONDS = tuple([f".{number:03d}Z" for number in range(1000)])
"""Ends of a timestamp: formatting one takes as many instructions as the rest of ``timestamp``."""


_seconds: dict[int, str] = {}
"""Texts of the latest seconds, which many timestamps share. It takes less time than ``lru_cache``."""


def _to_the_second(second: int, *, spell: Any = time.strftime, utc: Any = time.gmtime) -> str:
    """Return the text of a second, and store it."""
    text = str(spell("%Y-%m-%dT%H:%M:%S", utc(second)))
    if len(_seconds) >= _STORED_SECONDS:
        _seconds.clear()
    _seconds[second] = text
    return text


def parse_timestamp(text: str) -> datetime:
    """Return the aware UTC datetime of an ISO 8601 text. A date alone means its start; no zone means UTC.

    Raises:
        ValueError: the text is neither a date nor a time.
    """
    value = datetime.fromisoformat(text)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def days_before(text: str, days: int) -> str:
    """Return the moment this many days before another; the empty text, which sorts first, if there is none.

    Raises:
        ValueError: the text is no moment.
    """
    try:
        return (
            f"{(parse_timestamp(text) - timedelta(days=days)).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
        )
    except OverflowError:
        return ""


def just_after(text: str) -> str:
    """Return the next millisecond after a moment; the text itself if there is none, or it is no moment."""
    try:
        later = (parse_timestamp(text) + timedelta(milliseconds=1)).replace(tzinfo=None)
        return f"{later.isoformat(timespec='milliseconds')}Z"
    except (OverflowError, ValueError):
        return text


_MOMENT = late_pattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


def is_timestamp(text: object) -> bool:
    """Return whether a text is a timestamp as ``timestamp`` writes it. Only these sort by time."""
    return isinstance(text, str) and _MOMENT.fullmatch(text) is not None
