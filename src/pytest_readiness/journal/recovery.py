"""Journals that a crash or an absent store left behind: read them, and close the runs that nobody writes any more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import IntegrityError, ReadinessError, StorageError
from ..facts.evidence import Evidence
from ..facts.evidence_line import evidence_of
from ..facts.ledger.digest import digest
from ..facts.ledger.line import LineChain, broken_links
from ..facts.requirements_snapshot import Snapshot
from ..facts.run import Run
from ..fast_values import dataclass
from ..redaction.fingerprint_key import load_key
from ..regular_files import IrregularError, open_regular, read_regular
from .joined_executions import after_attempts, join_executions
from .lock import is_free, is_held_here
from .run_log import close_run, interrupted_body, requirements_path, tests_of
from .started_tests import StartedTests, remove_start_file, start_path
from .writer import JournalWriter

_OF_A_TEST = frozenset({"started", "attempt", "ended", "finished"})
"""Lines of which each tells that one test began, at least."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A journal in the folder, as it was found."""

    path: Path
    is_active: bool
    """A process still writes it."""
    run: Run | None
    """What it says; None: nothing whole yet, or it cannot be read."""
    problem: ReadinessError | None
    """Why it cannot be used."""
    torn_bytes: int = 0
    """Bytes of a last line that was cut off in writing."""
    written: int = 0
    """Lines of the run that stand in the journal; the rest are starts that only the workers of xdist wrote."""


def find_leftovers(folder: Path, except_run: str | None = None) -> list[Leftover]:
    """Return the journals in a folder, oldest first, without changing anything.

    Args:
        folder: of the journals; need not exist.
        except_run: id of a run to leave out (the session's own).
    """
    try:
        paths = sorted(path for path in folder.glob("*.jsonl") if path.stem != except_run)
    except OSError as error:
        raise StorageError(f"{folder}: the journals cannot be read: {error.strerror}") from error
    return [_look(path) for path in paths]


def _look(path: Path) -> Leftover:
    if (own := is_held_here(path)) is not None:  # a session of this very process, around a test that looks
        return _understood(path, _content(own), is_active=True)
    try:
        try:
            descriptor, writable = open_regular(path, os.O_RDWR, follow=False), True
        except PermissionError:
            descriptor, writable = open_regular(path, follow=False), False
    except OSError as error:
        told = error.strerror
        if isinstance(error, IrregularError):
            told = f"{error.description}: move it away, the folder is for journals"
        return Leftover(path, is_active=False, run=None, problem=StorageError(f"{path}: cannot be read: {told}"))
    try:
        is_active = writable and not is_free(descriptor)
        return _understood(path, _content(descriptor), is_active=is_active)
    finally:
        os.close(descriptor)


def _content(descriptor: int) -> bytes:
    """Read from the start. Where it is a session's own file, its place does not matter: that is appended to."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    return b"".join(iter(lambda: os.read(descriptor, 1 << 20), b""))


def is_active_journal(path: Path) -> bool:
    """Return whether a living session, of this process or another, writes the journal at a path."""
    if is_held_here(path) is not None:
        return True
    try:
        descriptor = open_regular(path, os.O_RDWR, follow=False)
    except OSError:
        return False
    try:
        return not is_free(descriptor)
    finally:
        os.close(descriptor)


def _understood(path: Path, data: bytes, *, is_active: bool) -> Leftover:
    whole, _, torn = data.rpartition(b"\n")
    if not whole:
        problem = None if _is_nothing(path, data) else IntegrityError(f"{path}: is damaged: it holds no whole line")
        return Leftover(path, is_active, None, problem, len(torn))
    try:
        run = Run.parse(whole.decode().split("\n"))
        wrong = next(broken_links(run.id, run.lines), None)
    except (ReadinessError, UnicodeDecodeError) as error:
        return Leftover(path, is_active, None, IntegrityError(f"{path}: is damaged: {error}"), len(torn))
    if wrong:
        return Leftover(path, is_active, run, IntegrityError(f"{path}: was changed: {wrong}"), len(torn))
    return Leftover(path, is_active, _with_begun(path, run), None, len(torn), len(run.lines))


def _is_nothing(path: Path, data: bytes) -> bool:
    """Return whether a session may have been killed while it wrote its first line, before anything took place.

    That line is on disk before a test begins, and before there is anything else that bears the name of the run.
    """
    is_ours = (data[:2] == b'{"' or data in (b"", b"{")) and min(data, default=32) >= 32  # noqa: PLR2004 - a space
    return is_ours and not any(one.name.startswith(f"{path.stem}.") and one != path for one in path.parent.iterdir())


def _with_begun(path: Path, run: Run) -> Run:
    """Return a run that is not sealed with the starts that its workers wrote, and that its journal does not tell."""
    if run.seal is not None or not start_path(path).exists():
        return run
    plan = tests_of(_planned_tests(run))
    told = {line.body["test"] for line in run.lines if line.kind in _OF_A_TEST}
    begun = StartedTests(path, load_key(path.parent.parent), plan)
    chain = LineChain(run.id, seq=len(run.lines), head=run.lines[-1].digest)
    left = [name for name, test in plan.items() if name not in told and not test.get("deselected")]
    return Run((*run.lines, *(chain.started(name, at) for name in left if (at := begun.last(name)))))


def open_evidence(run: Run) -> Iterator[Evidence]:
    """Yield the evidence of a run that is not sealed: what finished, and what started and did not as INTERRUPTED."""
    yield from run.evidence()
    if run.seal is None:
        chain = LineChain(run.id, seq=len(run.lines), head=run.lines[-1].digest)
        for body in _unfinished(run):
            yield from evidence_of(chain.next("finished", body), run.register)


def _unfinished(run: Run, why: str = "its process ended before the test did") -> Iterator[dict[str, Any]]:
    started: dict[str, str] = {}
    tries: dict[str, list[dict[str, Any]]] = {}
    ended: dict[str, list[dict[str, Any]]] = {}
    for line in run.lines:
        test_id = line.body.get("test", "")
        if line.kind == "started":
            started[test_id] = line.body["at"]
        elif line.kind == "attempt":
            tries.setdefault(test_id, []).append(_attempt(line.body))
        elif line.kind == "ended":  # one of several with this id
            tries.pop(test_id, None)
            ended.setdefault(test_id, []).append(_end(line.body))
        elif line.kind == "finished":
            for known in (started, tries, ended):
                known.pop(test_id, None)
    plan = tests_of(_planned_tests(run))
    for test_id, at in started.items():
        if test_id in plan:
            body = interrupted_body(plan[test_id], at, why)
            yield join_executions([*ended.get(test_id, ()), after_attempts(tries.get(test_id, ()), body)])


def _end(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("kind", "prev", "run", "seq")}


def _attempt(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("result", "started_at", "duration_ms", "message", "claims") if name in body}


def _planned_tests(run: Run) -> list[dict[str, Any]]:
    return [test for line in run.lines if line.kind == "planned" for test in line.body["tests"]]


def recover_run(leftover: Leftover) -> tuple[Run, JournalWriter] | None:
    """Seal a run whose process is gone, and return it with its journal (held until the caller has kept it).

    Returns:
        None where there was nothing whole to keep: the empty journal is removed.

    Raises:
        IntegrityError: the journal is damaged or was changed; it is left as it is.
        StorageError: another process took it, or it cannot be written.
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
        writer.chain.started(line.body["test"], line.body["at"])
        writer.take(line)
    if run.seal is None:
        _close(run, writer, leftover.torn_bytes)
    sealed = Run.parse(writer.texts())
    return sealed, writer


def _close(run: Run, writer: JournalWriter, torn_bytes: int) -> None:
    ended = {line.body["test"] for line in run.lines if line.kind == "finished"}
    # Written by a recovery that was itself cut off before its seal.
    ended |= {test["test"] for line in run.lines if line.kind == "not_run" for test in line.body["tests"]}
    for body in list(_unfinished(run)):
        writer.append("finished", body)
        ended.add(body["test"])
    plan = tests_of(_planned_tests(run))
    seal = {"exit_status": None, "recovered": True, "torn_bytes": torn_bytes}
    close_run(writer, plan.items(), ended, seal)


def requirements_of(folder: Path, run: Run) -> Snapshot | None:
    """Return the requirements that lie beside a journal, or None where they are missing or are not what they say."""
    try:
        text = read_regular(requirements_path(folder, run.requirements_digest), follow=False).decode()
    except (OSError, UnicodeDecodeError):
        return None
    found = Snapshot(text, f"sha256:{digest('requirements', text.encode())}")
    return found if found.digest == run.requirements_digest else None
