"""Reader of a journal in the folder, which changes nothing in it."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from ..errors import IntegrityError, ReadinessError, StorageError, one_line
from ..facts.ledger.line import LineChain, broken_links
from ..facts.run import Run
from ..redaction.fingerprint_key import load_key
from ..regular_files import IrregularError, open_regular
from .lock import is_free, own_descriptor
from .open_runs import plan_of
from .readable_lines import reading_problem
from .started_tests import StartedTests

_END_KINDS = frozenset({"attempt", "ended", "finished"})
"""Kinds of lines about the end of a test, or of an attempt of it."""


class Leftover(Struct, frozen=True):
    """A journal in the folder."""

    path: Path
    is_active: bool
    """A process still writes it."""
    run: Run | None
    """Its run. None: it has no complete line, or it cannot be read."""
    problem: ReadinessError | None
    """Why it cannot be used; None if it can."""
    torn_bytes: int = 0
    """Bytes of an incomplete last line."""
    written: int = 0
    """Number of lines of the run in the journal. The others are starts, from the file beside it."""


def read_leftover(path: Path) -> Leftover:
    """Return the journal at a path, with the reason if it cannot be used. Raises nothing."""
    if (descriptor_here := own_descriptor(path)) is not None:  # the session of this process, around the test that reads
        return _parse_leftover(path, _content(descriptor_here), is_active=True)
    try:
        try:
            descriptor, writable = open_regular(path, os.O_RDWR, follow=False), True
        except PermissionError:
            descriptor, writable = open_regular(path, follow=False), False
    except OSError as error:
        reason = error.strerror
        if isinstance(error, IrregularError):
            reason = f"{error.description}: move it out of the folder of journals"
        return Leftover(path, is_active=False, run=None, problem=StorageError(f"{path}: cannot be read: {reason}"))
    try:
        is_active = writable and not is_free(descriptor)
        return _parse_leftover(path, _content(descriptor), is_active=is_active)
    finally:
        os.close(descriptor)


def _content(descriptor: int) -> bytes:
    """Read a file from its start. In a session's own file the position does not matter: lines are appended."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    return b"".join(iter(lambda: os.read(descriptor, 1 << 20), b""))


def is_active_journal(path: Path) -> bool:
    """Return whether a running session, in this process or another, writes the journal at a path."""
    if own_descriptor(path) is not None:
        return True
    try:
        descriptor = open_regular(path, os.O_RDWR, follow=False)
    except OSError:
        return False
    try:
        return not is_free(descriptor)
    finally:
        os.close(descriptor)


def _parse_leftover(path: Path, data: bytes, *, is_active: bool) -> Leftover:
    whole, _, incomplete = data.rpartition(b"\n")
    if not whole:
        problem = None if _is_nothing(path, data) else IntegrityError(f"{path}: is damaged: it has no complete line")
        return Leftover(path, is_active, None, problem, len(incomplete))
    try:
        run = Run.parse(whole.decode().split("\n"))
        broken_link = next(broken_links(run.id, run.lines), None)
    except (ReadinessError, UnicodeDecodeError) as error:
        return Leftover(path, is_active, None, IntegrityError(f"{path}: is damaged: {error}"), len(incomplete))
    if broken_link:
        return Leftover(path, is_active, run, IntegrityError(f"{path}: was changed: {broken_link}"), len(incomplete))
    if reason := reading_problem(run):
        problem = IntegrityError(f"{path}: is damaged: {one_line(reason, 600)}")
        return Leftover(path, is_active, None, problem, len(incomplete))
    return Leftover(path, is_active, _with_starts(path, run), None, len(incomplete), len(run.lines))


def _is_nothing(path: Path, data: bytes) -> bool:
    """Return whether a session may have been killed while it wrote its first line, before any test began.

    That line is on disk before a test begins, and before any other file of the run has a content. On a full disk
    neither has one, and the session said that nothing could be recorded.
    """
    is_first_line = (data[:2] == b'{"' or data in (b"", b"{")) and min(data, default=32) >= 32  # noqa: PLR2004 - a space
    others = (other for other in path.parent.iterdir() if other.name.startswith(f"{path.stem}.") and other != path)
    return is_first_line and not any(map(_has_content, others))


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:  # whatever it is, it is not nothing
        return True


def _with_starts(path: Path, run: Run) -> Run:
    """Return an unsealed run with the starts of its unfinished tests, which are in a file beside its journal."""
    if run.seal is not None:
        return run
    plan = plan_of(run)
    journaled_starts = {line.body["test"] for line in run.lines if line.kind == "started"}
    ends = [line for line in run.lines if line.kind in _END_KINDS]
    journaled = journaled_starts.union(line.body["test"] for line in ends)
    last_ends = {line.body["test"]: line.seq for line in ends if line.kind == "finished"}
    written = StartedTests(path, load_key(path.parent.parent), plan, in_journal=bool(journaled_starts))
    # What was imported from another runner has a method, and no start.
    ended = {line.body["test"] for line in ends if "method" not in line.body}
    written.check((ended & plan.keys()) - journaled_starts)
    chain = LineChain(run.id, seq=len(run.lines), head=run.lines[-1].digest)
    starts = dict(written.unfinished(last_ends))
    for name, test in plan.items():
        if name not in journaled and name not in written.own and not test.get("deselected"):
            starts[name] = written.last(name)
    return Run((*run.lines, *(chain.next("started", {"test": name, "at": at}) for name, at in starts.items() if at)))
