"""The options of a pytest session: their values, and the ones with a form of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from ..errors import ConfigError, one_line
from ..facts.subject import NO_SUBJECTS, Subjects, parse_subjects
from ..late_pattern import late_pattern

_RUN_GROUP = late_pattern(r"(?P<id>.*\S.*):(?P<part>[0-9]{1,9})/(?P<parts>[0-9]{1,9})", re.ASCII | re.DOTALL)
REPORT_FORMATS = ("html", "json", "markdown", "junit", "csv")
"""Formats with an option ``--readiness-FORMAT=PATH``, which also writes the report to a file."""
PLAN_FORMATS = ("json", "csv")
"""Those in which ``--readiness-plan`` writes the plan instead."""
OUTPUTS = (*REPORT_FORMATS, "bundle")
"""Options that name a file to write."""
NAME_OPTIONS = ("release", "actor")
"""Options whose values are compared, so that they are not redacted."""


class SessionOptions(Struct, frozen=True):
    """Values of the options, or of their environment variables."""

    values: Mapping[str, str]
    """The given values, by the option's name without its prefix, such as ``gate-on``."""
    patterns: tuple[str, ...] = ()
    report: bool = False
    gate: bool = False
    plan: bool = False
    missing: bool = False
    summary: bool = True
    """Whether a CI server's job summary is written."""

    @property
    def any(self) -> bool:
        """Whether any option is given."""
        return bool(self.values or self.patterns or self.report or self.gate or self.plan or self.missing)

    @property
    def evaluates(self) -> bool:
        """Whether the session does more than record: it selects, plans, reports, decides or exports."""
        return bool(self.evaluates_at_end or self.get("bundle") or self.plan or self.missing)

    @property
    def evaluates_at_end(self) -> bool:
        """Whether the session ends with an evaluation: for a report, a gate or a file."""
        return bool(self.report or self.gate or self.report_files)

    @property
    def report_files(self) -> dict[str, str]:
        """The report files to write: their paths by format."""
        return {name: self.values[name] for name in REPORT_FORMATS if self.values.get(name)}

    @property
    def output_files(self) -> dict[str, str]:
        """All files to write: their paths by option."""
        return {name: self.values[name] for name in OUTPUTS if self.values.get(name)}

    def get(self, name: str) -> str | None:
        """Return the value of an option, or None."""
        return self.values.get(name)


def names_given(options: SessionOptions, group: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the names given by options whose values are compared, by the option as messages show it."""
    names = {option: value for option in NAME_OPTIONS if (value := options.get(option)) is not None}
    names |= {"run-group": group["id"]} if group is not None else {}
    shown = {_shown(option): value for option, value in names.items()}
    for number, name in enumerate(stated_subjects(options), 1):
        shown[f"name {number} of {_shown('subject')}"] = name
    return shown


def stated_subjects(options: SessionOptions) -> Subjects:
    """Return the digests of what is under test, by name.

    Raises:
        ConfigError: one of them has another form.
    """
    text = options.get("subject")
    return parse_subjects(text, _shown("subject")) if text is not None else NO_SUBJECTS


def _shown(option: str) -> str:
    return f"--readiness-{option} (or READINESS_{option.replace('-', '_').upper()})"


def parse_run_group(text: str | None) -> dict[str, Any] | None:
    """Return the group from ``ID:K/N``; the id may contain colons. None: no group is given.

    Raises:
        ConfigError: the text has another form.
    """
    if text is None:
        return None
    match = _RUN_GROUP.fullmatch(text)
    message = f"--readiness-run-group takes ID:K/N, such as nightly:2/4, not '{one_line(text)}'"
    if match is None:
        raise ConfigError(f"{message}: K says which of the N parts this session is")
    part, parts = int(match["part"]), int(match["parts"])
    if not 1 <= part <= parts:
        raise ConfigError(f"{message}: K is a number from 1 to N")
    return {"id": match["id"], "part": part, "parts": parts}
