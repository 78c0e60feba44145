"""When the tests of a report began: most writers say a time without its zone, and some none at all."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from ...errors import ConfigError, count, one_line, suggestion
from ...facts.timestamps import timestamp

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_NEVER = 2 * 86400.0
"""Seconds after the epoch: writers who know no time say one before (1970, the year 1)."""
_CLOCKS_APART = 60.0
"""Seconds by which the clock of a file's folder may be behind."""
_STEP, _MOST_APART = 1800.0, 14 * 3600.0
"""Zones are half hours apart, and at most so far from UTC."""


def parse_timezone(text: str) -> tzinfo:
    """Return the zone of a name such as ``Europe/Berlin``, ``UTC`` or ``+02:00``.

    Raises:
        ConfigError: there is none of this name.
    """
    if (offset := _OFFSET.fullmatch(text)) and int(offset[2]) < 24 and int(offset[3]) < 60:  # noqa: PLR2004 - of a day
        apart = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(apart if offset[1] == "+" else -apart)
    if text.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        told = suggestion(text, available_timezones()) or " (a zone is a name such as Europe/Berlin, UTC, or +02:00)"
        raise ConfigError(f"there is no time zone '{one_line(text, 60)}'{told}") from None


class TimestampReader:
    """Reads the times of one file; what nobody says is taken for what counts least."""

    def __init__(self, modified: float, zone: tzinfo | None) -> None:
        """``modified``: when the file was written; ``zone``: of the times that say none, if somebody said that."""
        self._modified, self._zone = modified, zone
        self._read: dict[str, datetime] = {}
        self._moved = 0
        self._late: tuple[float, str, bool] | None = None
        """The latest start after the file was written, how it was said, and whether it is taken for that time."""
        self._ended: tuple[float, str] | None = None
        """The latest end of what says no zone, as if it were UTC; and how its start was said."""

    def started(self, text: str, *, passed: bool, took: float) -> float:
        """Return when a test case began, in seconds since the epoch.

        Args:
            text: what is said of it; empty: nothing.
            passed: it has passed. Without a zone, what has not passed is never older than the file, and a pass never
                later than it, as far as a zone can be the cause: a pass must not hide a failure that came after it.
            took: how long its suite or itself took, in seconds.

        Raises:
            ValueError: the text is no time.
        """
        if not text:
            return self._modified
        said = self._read.get(text) or self._read.setdefault(text, datetime.fromisoformat(text))
        begun = self._seconds(said, passed=passed)
        if begun < _NEVER:
            return max(begun, 0.0) if passed else self._modified
        has_zone = said.tzinfo is not None or self._zone is not None
        late = begun - self._modified
        is_local = not has_zone and passed and _CLOCKS_APART < late <= _MOST_APART + _CLOCKS_APART
        if late > _CLOCKS_APART:
            found = (begun, text, is_local)
            self._late = max(self._late or found, found)
        if not has_zone:
            self._ended = max(self._ended or (begun + took, text), (begun + took, text))
            if not passed and late < 0:
                self._moved += 1
                return self._modified
        return self._modified if is_local else begun

    def _seconds(self, said: datetime, *, passed: bool) -> float:
        """An hour that comes twice, when clocks are put back, is the one that counts less."""
        if said.tzinfo is not None:
            return said.timestamp()
        zone = self._zone or UTC
        try:
            both = [said.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1)]
        except OverflowError:  # the year 1, or 9999
            return 0.0
        return min(both) if passed else max(both)

    def notes(self) -> list[str]:
        """Return what is to be told, a sentence each."""
        written, told = timestamp(self._modified), []
        if self._moved:
            say, are = ("says", "is") if self._moved == 1 else ("say", "are")
            such = f"{count(self._moved, 'test case')} that did not pass and {say} no time zone"
            told.append(f"{such} {are} taken for as late as the file ({written}): give --timezone")
        if self._late is not None:
            begun, text, is_local = self._late
            after = f"'{one_line(text, 60)}' is {_span(begun - self._modified)} after the file was written ({written})"
            told.append(
                f"{after}: what passed is taken for as early as the file; if it is a local time, give --timezone"
                if is_local
                else f"{after}: the time zone or a clock is wrong, and what passed does not count before its time"
            )
        elif self._ended is not None and (apart := self._whole_hours(self._ended[0])):
            later = f"the file was written {_span(apart)} after that ({written})"
            text = one_line(self._ended[1], 60)
            told.append(f"'{text}' is taken for UTC, and {later}: if it is a local time, give --timezone")
        return told

    def _whole_hours(self, ended: float) -> float:
        """Return how long after the tests the file was written, where that looks like a time zone; else nothing."""
        apart = self._modified - ended
        near = round(apart / _STEP) * _STEP
        return near if 0 < near <= _MOST_APART and abs(apart - near) <= _CLOCKS_APART else 0.0


def _span(seconds: float) -> str:
    minutes = max(round(seconds / 60), 1)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours and rest else count(hours, "hour") if hours else count(minutes, "minute")
