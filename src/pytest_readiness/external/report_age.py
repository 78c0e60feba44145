"""Whether a report is of an earlier run than what is claimed for it: some runners leave the last one where it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import location, one_line
from ..facts.timestamps import timestamp
from ..recording.provenance.hidden_changes import GitError, ask_git
from .junit.reader import JUnitReport

_SHOWN = 12
"""Digits of a commit."""
_CLOCKS_APART = 60.0
"""Seconds by which two machines may disagree."""


def older_than_claimed(read: Sequence[JUnitReport], release: str | None) -> Iterator[str]:
    """Yield a sentence for each report whose tests all began before what they are recorded for was made."""
    made = list(_made(Path.cwd(), release))
    for one in read:
        began = max((case.started for case in one.cases), default=None)
        if began is None:
            continue
        for what, seconds in made:
            if began + _CLOCKS_APART < seconds:
                yield (
                    f"{location(one.file.path)}: its tests began at {timestamp(began)} or before, and {what} was made "
                    f"at {timestamp(seconds)}: is it the report of an earlier run?"
                )


def _made(folder: Path, release: str | None) -> Iterator[tuple[str, float]]:
    """Yield what is claimed, and when it was made: the commit of the work tree, and that of the release's tag."""
    tags = [f"refs/tags/{prefix}{release}" for prefix in ("", "v")] if release else []
    found: dict[str, tuple[str, float]] = {}
    for name in ("HEAD", *tags):
        try:
            commit, seconds = ask_git(folder, "log", "-1", "--format=%H %ct", name, "--").split()
        except (GitError, ValueError):
            continue
        told = f"commit {commit[:_SHOWN]}"
        if name != "HEAD":
            told = f"release '{one_line(release or '', 60)}' ({told})"
        found.setdefault(commit, (told, float(seconds)))
    yield from found.values()
