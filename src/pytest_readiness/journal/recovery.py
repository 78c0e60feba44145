"""Recovery of journals that a crash or an unreachable store left behind.

A run that no process writes any more is closed with a seal.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import StorageError
from ..facts.ledger.digest import digest
from ..facts.ledger.line import LineChain
from ..facts.requirements_snapshot import Snapshot
from ..facts.run import Run
from ..regular_files import read_regular
from .folder import requirements_path
from .leftover_reader import Leftover
from .open_runs import plan_of, unfinished_tests
from .run_end import close_run
from .started_tests import remove_start_file
from .writer import JournalWriter


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
    for body in list(unfinished_tests(run)):
        writer.append("finished", body)
        ended.add(body["test"])
    plan = plan_of(run)
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
