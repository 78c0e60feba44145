"""Recovery of journals that a crash or an unreachable store left behind.

Journals are read without any change to them. A run that no process writes any more is closed with a seal.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ..errors import IntegrityError, ReadinessError, StorageError
from ..facts.evidence import Evidence
from ..facts.evidence_line import evidence_of
from ..facts.ledger.digest import digest
from ..facts.ledger.line import LineChain, broken_links
from ..facts.requirements_snapshot import Snapshot
from ..facts.run import Run
from ..redaction.fingerprint_key import load_key
from ..regular_files import IrregularError, open_regular, read_regular
from .joined_executions import after_attempts, join_executions
from .lock import is_free, own_descriptor
from .run_end import close_run, interrupted_body
from .run_log import requirements_path, tests_of
from .started_tests import StartedTests, remove_start_file, start_path
from .writer import JournalWriter

_TEST_KINDS = frozenset({"started", "attempt", "ended", "finished"})
"""Kinds of lines that show that a test began."""


class Leftover(msgspec.Struct, frozen=True):
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
    """Number of lines of the run in the journal. The others are starts that only xdist workers wrote."""


def find_leftovers(folder: Path, except_run: str | None = None) -> list[Leftover]:
    """Return the journals in a folder, oldest first, without changing them.

    Args:
        folder: The folder of the journals; it need not exist.
        except_run: Id of a run to leave out (the session's own).
    """
    try:
        paths = sorted(path for path in folder.glob("*.jsonl") if path.stem != except_run)
    except OSError as error:
        raise StorageError(f"{folder}: the journals cannot be read: {error.strerror}") from error
    return [_read_leftover(path) for path in paths]


def _read_leftover(path: Path) -> Leftover:
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
    return Leftover(path, is_active, _with_worker_starts(path, run), None, len(incomplete), len(run.lines))


def _is_nothing(path: Path, data: bytes) -> bool:
    """Return whether a session may have been killed while it wrote its first line, before any test began.

    That line is on disk before a test begins, and before any other file has the name of the run.
    """
    is_first_line = (data[:2] == b'{"' or data in (b"", b"{")) and min(data, default=32) >= 32  # noqa: PLR2004 - a space
    return is_first_line and not any(
        other.name.startswith(f"{path.stem}.") and other != path for other in path.parent.iterdir()
    )


def _with_worker_starts(path: Path, run: Run) -> Run:
    """Return an unsealed run with the starts that its workers wrote and its journal does not have."""
    if run.seal is not None or not start_path(path).exists():
        return run
    plan = tests_of(_planned_tests(run))
    journaled = {line.body["test"] for line in run.lines if line.kind in _TEST_KINDS}
    started = StartedTests(path, load_key(path.parent.parent), plan)
    chain = LineChain(run.id, seq=len(run.lines), head=run.lines[-1].digest)
    missing = [name for name, test in plan.items() if name not in journaled and not test.get("deselected")]
    starts = [{"test": name, "at": at} for name in missing if (at := started.last(name))]
    return Run((*run.lines, *(chain.next("started", start) for start in starts)))


def open_evidence(run: Run) -> Iterator[Evidence]:
    """Yield the evidence of an unsealed run. A test that started and did not finish is INTERRUPTED."""
    yield from run.evidence()
    if run.seal is None:
        chain = LineChain(run.id, seq=len(run.lines), head=run.lines[-1].digest)
        for body in _unfinished(run):
            yield from evidence_of(chain.next("finished", body), run.register)


def _unfinished(run: Run, message: str = "its process ended before the test did") -> Iterator[dict[str, Any]]:
    started: dict[str, str] = {}
    attempts: dict[str, list[dict[str, Any]]] = {}
    ended: dict[str, list[dict[str, Any]]] = {}
    for line in run.lines:
        test_id = line.body.get("test", "")
        if line.kind == "started":
            started[test_id] = line.body["at"]
        elif line.kind == "attempt":
            attempts.setdefault(test_id, []).append(_attempt(line.body))
        elif line.kind == "ended":  # one of several tests with this id
            attempts.pop(test_id, None)
            ended.setdefault(test_id, []).append(_end(line.body))
        elif line.kind == "finished":
            for by_id in (started, attempts, ended):
                by_id.pop(test_id, None)
    plan = tests_of(_planned_tests(run))
    for test_id, at in started.items():
        if test_id in plan:
            body = interrupted_body(plan[test_id], at, message)
            yield join_executions([*ended.get(test_id, ()), after_attempts(attempts.get(test_id, ()), body)])


def _end(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("kind", "prev", "run", "seq")}


def _attempt(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("result", "started_at", "duration_ms", "message", "claims") if name in body}


def _planned_tests(run: Run) -> list[dict[str, Any]]:
    return [test for line in run.lines if line.kind == "planned" for test in line.body["tests"]]


def recover_run(leftover: Leftover) -> tuple[Run, JournalWriter] | None:
    """Seal a run whose process ended, and return it with its journal, which stays locked until it is stored.

    Returns:
        None if the journal was empty: it is removed.

    Raises:
        IntegrityError: The journal is damaged or was changed; it is not touched.
        StorageError: Another process has locked it, or it cannot be written.
    """
    if leftover.problem is not None:
        raise leftover.problem
    if leftover.run is None:
        leftover.path.unlink(missing_ok=True)
        remove_start_file(leftover.path)
        return None
    run, written = leftover.run, leftover.written
    writer = JournalWriter(
        leftover.path, LineChain(run.id, seq=written, head=run.lines[written - 1].digest), create=False
    )
    if writer.error:
        raise StorageError(f"{leftover.path}: cannot be written: {writer.error.strerror}")
    if leftover.torn_bytes:
        writer.drop_tail(leftover.torn_bytes)
    for line in run.lines[written:]:
        writer.append(line.kind, {"test": line.body["test"], "at": line.body["at"]})
    if run.seal is None:
        _close(run, writer, leftover.torn_bytes)
    sealed = Run.parse(writer.texts())
    return sealed, writer


def _close(run: Run, writer: JournalWriter, torn_bytes: int) -> None:
    ended = {line.body["test"] for line in run.lines if line.kind == "finished"}
    # An earlier recovery may have written these, and ended before its seal.
    ended |= {test["test"] for line in run.lines if line.kind == "not_run" for test in line.body["tests"]}
    for body in list(_unfinished(run)):
        writer.append("finished", body)
        ended.add(body["test"])
    plan = tests_of(_planned_tests(run))
    seal = {"exit_status": None, "recovered": True, "torn_bytes": torn_bytes}
    close_run(writer, plan.items(), ended, seal)


def requirements_of(folder: Path, run: Run) -> Snapshot | None:
    """Return the requirements beside a journal. None: they are missing, or have another digest."""
    try:
        text = read_regular(requirements_path(folder, run.requirements_digest), follow=False).decode()
    except (OSError, UnicodeDecodeError):
        return None
    snapshot = Snapshot(text, f"sha256:{digest('requirements', text.encode())}")
    return snapshot if snapshot.digest == run.requirements_digest else None
