"""Start times of the tests in a report: most producers write no time zone, and some no time at all."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from ...errors import ConfigError, count, one_line, suggestion
from ...facts.timestamps import timestamp

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_EARLIEST = 2 * 86400.0
"""Seconds after the epoch. Producers without a clock write an earlier time (1970, the year 1)."""
_MAX_CLOCK_SKEW = 60.0
"""Seconds by which the clock of the file system may be behind."""
_ZONE_STEP, _MAX_OFFSET = 1800.0, 14 * 3600.0
"""Seconds between time zones, and their maximal difference from UTC."""


def parse_timezone(text: str) -> tzinfo:
    """Return the time zone of a name such as ``Europe/Berlin``, ``UTC`` or ``+02:00``.

    Raises:
        ConfigError: the time zone does not exist.
    """
    if (offset := _OFFSET.fullmatch(text)) and int(offset[2]) < 24 and int(offset[3]) < 60:  # noqa: PLR2004 - of a day
        offset_from_utc = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(offset_from_utc if offset[1] == "+" else -offset_from_utc)
    if text.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        hint = suggestion(text, available_timezones()) or " (a zone is a name such as Europe/Berlin, UTC, or +02:00)"
        raise ConfigError(f"there is no time zone '{one_line(text, 60)}'{hint}") from None


class TimestampReader:
    """Reader of the times of one file. A missing time or zone is resolved so that a pass counts least."""

    def __init__(self, modified: float, timezone: tzinfo | None) -> None:
        """Start to read the times of a file.

        Args:
            modified: the time when the file was written, in seconds since the epoch.
            timezone: the zone of the times without one, if given.
        """
        self._modified, self._timezone = modified, timezone
        self._parsed: dict[str, datetime] = {}
        self._moved = 0
        self._latest_start: tuple[float, str, bool] | None = None
        """The latest start after the file was written, its text, and whether it is replaced by that time."""
        self._latest_end: tuple[float, str] | None = None
        """The latest end without a time zone, as if it were UTC, and the text of its start."""

    def started(self, text: str, *, passed: bool, duration: float) -> float:
        """Return the start of a test case, in seconds since the epoch.

        Args:
            text: the timestamp; empty if there is none.
            passed: whether the test passed. Without a time zone a test that did not pass is never older than the file,
                and a pass is never later than the file if the zone can be the cause. A pass must not hide a failure
                after it.
            duration: the duration of the suite or the test, in seconds.

        Raises:
            ValueError: the text is not a time.
        """
        if not text:
            return self._modified
        parsed = self._parsed.get(text) or self._parsed.setdefault(text, datetime.fromisoformat(text))
        start = self._seconds(parsed, passed=passed)
        if start < _EARLIEST:
            return max(start, 0.0) if passed else self._modified
        has_zone = parsed.tzinfo is not None or self._timezone is not None
        late = start - self._modified
        is_local = not has_zone and passed and _MAX_CLOCK_SKEW < late <= _MAX_OFFSET + _MAX_CLOCK_SKEW
        if late > _MAX_CLOCK_SKEW:
            candidate = (start, text, is_local)
            self._latest_start = max(self._latest_start or candidate, candidate)
        if not has_zone:
            self._latest_end = max(self._latest_end or (start + duration, text), (start + duration, text))
            if not passed and late < 0:
                self._moved += 1
                return self._modified
        return self._modified if is_local else start

    def _seconds(self, parsed: datetime, *, passed: bool) -> float:
        """Return the time in seconds. If clocks were put back, the hour that counts less is used."""
        if parsed.tzinfo is not None:
            return parsed.timestamp()
        zone = self._timezone or UTC
        try:
            candidates = [parsed.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1)]
        except OverflowError:  # the year 1, or 9999
            return 0.0
        return min(candidates) if passed else max(candidates)

    def notes(self) -> list[str]:
        """Return the notes, a sentence each."""
        written, notes = timestamp(self._modified), []
        if self._moved:
            have = "has" if self._moved == 1 else "have"
            cases = f"{count(self._moved, 'test case')} that did not pass {have} no time zone"
            notes.append(f"{cases}: the time of the file ({written}) is used; give --timezone")
        if self._latest_start is not None:
            start, text, is_local = self._latest_start
            after = f"'{one_line(text, 60)}' is {_span(start - self._modified)} after the file was written ({written})"
            notes.append(
                f"{after}: for passes the time of the file is used; if it is a local time, give --timezone"
                if is_local
                else f"{after}: the time zone or a clock is wrong, and passes do not count before their time"
            )
        elif self._latest_end is not None and (difference := self._offset_in_zone_steps(self._latest_end[0])):
            later = f"the file was written {_span(difference)} after that ({written})"
            text = one_line(self._latest_end[1], 60)
            notes.append(f"'{text}' is read as UTC, and {later}: if it is a local time, give --timezone")
        return notes

    def _offset_in_zone_steps(self, ended: float) -> float:
        """Return the time from the end of the tests to the file, in seconds, if it looks like a time zone, else 0."""
        difference = self._modified - ended
        rounded = round(difference / _ZONE_STEP) * _ZONE_STEP
        return rounded if 0 < rounded <= _MAX_OFFSET and abs(difference - rounded) <= _MAX_CLOCK_SKEW else 0.0


def _span(seconds: float) -> str:
    minutes = max(round(seconds / 60), 1)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours and rest else count(hours, "hour") if hours else count(minutes, "minute")
