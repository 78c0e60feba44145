"""Notes on reports that are older than the commit or release they are recorded for.

Some test runners leave the report of their last run in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import location, one_line
from ..facts.timestamps import timestamp
from ..recording.provenance.hidden_changes import GitError, ask_git
from .junit.reader import JUnitReport

_DIGITS = 12
"""Digits of a commit that are shown."""
_MAX_CLOCK_SKEW = 60.0
"""Seconds by which the clocks of two machines may differ."""


def older_than_claimed(reports: Sequence[JUnitReport], release: str | None) -> Iterator[str]:
    """Yield a sentence for each report whose tests all began before the commit or the release was made."""
    commits = list(_claimed_commits(Path.cwd(), release))
    for report in reports:
        began = max((case.started for case in report.cases), default=None)
        if began is None:
            continue
        for name, seconds in commits:
            if began + _MAX_CLOCK_SKEW < seconds:
                yield (
                    f"{location(report.file.path)}: its tests began at {timestamp(began)} or before, "
                    f"and {name} was made at {timestamp(seconds)}: is it the report of an earlier run?"
                )


def _claimed_commits(folder: Path, release: str | None) -> Iterator[tuple[str, float]]:
    """Yield the commit of the work tree and that of the release's tag, each with the time it was made."""
    tags = [f"refs/tags/{prefix}{release}" for prefix in ("", "v")] if release else []
    times: dict[str, tuple[str, float]] = {}
    for name in ("HEAD", *tags):
        try:
            commit, seconds = ask_git(folder, "log", "-1", "--format=%H %ct", name, "--").split()
        except (GitError, ValueError):
            continue
        text = f"commit {commit[:_DIGITS]}"
        if name != "HEAD":
            text = f"release '{one_line(release or '', 60)}' ({text})"
        times.setdefault(commit, (text, float(seconds)))
    yield from times.values()
