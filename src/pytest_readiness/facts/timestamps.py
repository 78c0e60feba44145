"""UTC moments as texts with milliseconds: they sort as they happened, and are what is stored."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any


def timestamp(seconds: float | None = None, *, now: Callable[[], float] = time.time) -> str:
    """Return ``2026-02-12T18:29:00.000Z`` for seconds since the epoch (now, if none are given).

    ``now``: the clock as it was when this was loaded. A test may replace the name, in any module that has it.
    """
    whole = now() if seconds is None else seconds
    second, milliseconds = divmod(int(whole * 1000), 1000)
    return f"{_to_the_second(second)}.{milliseconds:03d}Z"


@lru_cache(maxsize=4)
def _to_the_second(second: int, *, spell: Any = time.strftime, utc: Any = time.gmtime) -> str:
    """Many moments of a session lie within one second."""
    return str(spell("%Y-%m-%dT%H:%M:%S", utc(second)))


def parse_timestamp(text: str) -> datetime:
    """Return the aware UTC datetime of an ISO 8601 text; a date alone is its first moment, no zone means UTC.

    Raises:
        ValueError: the text is no date and no time.
    """
    value = datetime.fromisoformat(text)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def days_before(text: str, days: int) -> str:
    """Return the moment so many days before another; the empty text, which is before all others, where there is none.

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
    """Return the next moment after another; where there is none, or the text is no moment, the text itself."""
    try:
        later = (parse_timestamp(text) + timedelta(milliseconds=1)).replace(tzinfo=None)
        return f"{later.isoformat(timespec='milliseconds')}Z"
    except (OverflowError, ValueError):
        return text


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


def is_timestamp(text: object) -> bool:
    """Return whether this is a moment as ``timestamp`` writes it: only these sort as they happened."""
    return isinstance(text, str) and _MOMENT.fullmatch(text) is not None
