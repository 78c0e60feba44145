"""Storage of runs: finalized runs, and runs of earlier sessions, go from the journal into the store.

If a signing key is configured, the seal is signed first. The signature is a file next to the journal until the store
has both, so that it is not lost if the store is unavailable.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..atomic_write import write_atomically
from ..errors import ReadinessError, one_line
from ..facts.run import Run
from ..journal.folder import find_leftovers
from ..journal.recovery import recover_run, requirements_of
from ..journal.writer import JournalWriter
from ..journal.written_lines import ChangedJournalError
from ..regular_files import read_regular
from ..store.protocol import EvidenceStore
from .project import Project

if TYPE_CHECKING:  # loaded for signatures, which most sessions do not have
    from ..facts.envelope import Envelope

STATEMENT = ".statement.json"
"""Suffix of the file with the signed statement about a run."""


def keep_run(project: Project, sealed: Run, writer: JournalWriter) -> list[str]:
    """Store a finalized run, and runs that earlier sessions left behind; return problems, a line each.

    The journal is deleted only when the store has the run, so that nothing is lost if this fails. A run that cannot be
    signed is stored without a signature.

    Raises:
        ChangedJournalError: the journal was changed. Nothing of the run was stored.
    """
    problems: list[str] = []
    if writer.unwritten:
        problems.append(f"{writer.path}: {writer.unwritten} lines could not be written: {writer.error}")
    signed, unsigned = _signatures_of(project, sealed, writer.path)
    problems += unsigned
    try:
        store = project.store(create=True)
    except ReadinessError as error:
        writer.close()
        return [*problems, _unstored_message(error, writer.path, writer.unwritten)]
    assert store is not None  # noqa: S101 - for the type checker
    try:
        problems += _keep_run(store, sealed, writer, project, signed, made_here=True)
        problems += recover_all(project, store, except_id=sealed.id)[1]
    finally:
        store.close()
    return problems


def _keep_run(
    store: EvidenceStore,
    sealed: Run,
    writer: JournalWriter,
    project: Project,
    signed: list[Envelope],
    *,
    made_here: bool = False,
) -> list[str]:
    snapshot = requirements_of(project.journals, sealed)
    if snapshot is None and sealed.requirements_digest == project.requirements.digest:
        snapshot = project.requirements
    try:
        store.save(
            [sealed], [snapshot] if snapshot else [], made_here=[sealed.id] if made_here else (), envelopes=signed
        )
    except ChangedJournalError:
        raise
    except ReadinessError as error:
        writer.close()
        return [_unstored_message(error, writer.path, writer.unwritten)]
    writer.delete()
    if signed:
        with suppress(OSError):
            _statement_path(writer.path).unlink(missing_ok=True)
    return []


def _unstored_message(error: ReadinessError, journal: Path, unwritten: int) -> str:
    if unwritten:
        return f"evidence could not be stored: {error}"
    return f"{error}; the evidence is safe in {journal}: run 'readiness recover' when the store is back"


def recover_all(project: Project, store: EvidenceStore, except_id: str | None = None) -> tuple[list[Run], list[str]]:
    """Store every journal that no living process writes; return the runs, and problems, a line each."""
    runs: list[Run] = []
    problems: list[str] = []
    for leftover in find_leftovers(project.journals, except_id):
        if leftover.is_active:
            continue
        try:
            recovered = recover_run(leftover)
        except ReadinessError as error:
            problems.append(str(error))
            continue
        if recovered is not None:
            run, writer = recovered
            signed, unsigned = _signatures_of(project, run, writer.path)
            run_problems = _keep_run(store, run, writer, project, signed)
            problems += [*unsigned, *run_problems]
            runs += [] if run_problems else [run]
    return runs, problems


# -- signatures ----------------------------------------------------------------------------------------------------


def _signatures_of(project: Project, sealed: Run, journal: Path) -> tuple[list[Envelope], list[str]]:
    """Return the signed statements about a run, if any, and problems, a line each.

    A statement next to the journal is used. If no trusted key signed it, another statement is made with the key in the
    environment, if there is one.
    """
    path = _statement_path(journal)
    statement, problems = _read_statement(path, sealed)
    statements = [statement] if statement is not None else []
    if not os.environ.get("READINESS_SIGNER") or (statement is not None and _is_trusted(project, statement)):
        return statements, problems
    try:
        # Late: the signing libraries take 200 ms to load.
        from ..facts.envelope import run_statement
        from ..signing.keys import sign_statement

        for _ in sealed.lines:  # reading checks that the lines are those that were written
            pass
        signature = sign_statement(run_statement(sealed), project.settings.folder, project.public_keys)
    except ReadinessError as error:
        return statements, [*problems, f"run {sealed.id} is stored without a signature: {error}"]
    try:
        write_atomically(path, f"{signature.text}\n".encode())
    except OSError as error:
        problem = f"{path}: the signature could not be written next to the journal: {error.strerror}"
        return [*statements, signature], [*problems, problem]
    return [*statements, signature], problems


def _is_trusted(project: Project, envelope: Envelope) -> bool:
    """Return whether a trusted key signed a statement about a run."""
    from ..signing.trust import TrustStore  # late, as above

    return TrustStore.from_policy(project.policy).signer(envelope, "runs") is not None


def statements_of(project: Project, run: Run) -> list[Envelope]:
    """Return the signed statements about a run: those in the store, else the one next to its journal."""
    with suppress(ReadinessError):
        store = project.store()
        if store is not None:
            try:
                if envelopes := store.envelopes([run.id]):
                    return envelopes
            finally:
                store.close()
    statement, _ = _read_statement(_statement_path(project.journals / f"{run.id}.jsonl"), run)
    return [statement] if statement else []


def _read_statement(path: Path, sealed: Run) -> tuple[Envelope | None, list[str]]:
    try:
        text = read_regular(path)
    except FileNotFoundError:
        return None, []
    except OSError as error:
        return None, [f"{path}: cannot be read: {error.strerror}"]
    from ..facts.envelope import parse_envelope

    try:
        envelope = parse_envelope(text.decode().removesuffix("\n"))
    except (ValueError, ReadinessError) as error:
        return None, [f"{path}: cannot be used as a signature: {one_line(str(error))}"]
    if sealed.seal is None or (envelope.subject, envelope.subject_digest) != (sealed.id, sealed.seal.digest):
        return None, [f"{path}: is not a signature of the finalized run {sealed.id}: it is not stored"]
    return envelope, []


def _statement_path(journal: Path) -> Path:
    return journal.with_suffix(STATEMENT)
