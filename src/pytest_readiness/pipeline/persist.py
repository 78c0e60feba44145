"""Keep: a sealed run, and what earlier sessions left behind, go from the journal into the store.

Where a key that signs is named, the seal is signed first. The statement lies beside the journal until the store has
both, so that no signature is lost where the store is away.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..atomic_write import write_atomically
from ..errors import ReadinessError, one_line
from ..facts.run import Run
from ..journal.recovery import find_leftovers, recover_run, requirements_of
from ..journal.writer import JournalWriter
from ..journal.written_lines import ChangedJournalError
from ..regular_files import read_regular
from ..store.protocol import Store
from .project import Project

if TYPE_CHECKING:  # loaded where there is a signature: most sessions have none
    from ..facts.envelope import Envelope

STATEMENT = ".statement.json"
"""Ends the name of the statement beside a journal."""


def keep_run(place: Project, sealed: Run, writer: JournalWriter) -> list[str]:
    """Take a sealed run, and what earlier sessions left behind, into the store; return what went wrong, a line each.

    The journal goes only when the store has the run, so that nothing is lost where this fails. A run that cannot be
    signed is kept all the same.

    Raises:
        ChangedJournalError: the journal is not what was written; nothing of the run was kept.
    """
    problems: list[str] = []
    if writer.unwritten:
        problems.append(f"{writer.path}: {writer.unwritten} lines could not be written: {writer.error}")
    signed, unsigned = _signed(place, sealed, writer.path)
    problems += unsigned
    try:
        store = place.store(create=True)
    except ReadinessError as error:
        writer.close()
        return [*problems, _still_there(error, writer.path, writer.unwritten)]
    assert store is not None  # noqa: S101 - for the type checker: it was to be made
    try:
        problems += _keep_run(store, sealed, writer, place, signed, made_here=True)
        problems += recover_all(place, store, but=sealed.id)[1]
    finally:
        store.close()
    return problems


def _keep_run(
    store: Store, sealed: Run, writer: JournalWriter, place: Project, signed: list[Envelope], *, made_here: bool = False
) -> list[str]:
    found = requirements_of(place.journals, sealed)
    if found is None and sealed.requirements_digest == place.requirements.digest:
        found = place.requirements
    made = [sealed.id] if made_here else ()
    try:
        store.save([sealed], [found] if found else [], made_here=made, envelopes=signed)
    except ChangedJournalError:
        raise
    except ReadinessError as error:
        writer.close()
        return [_still_there(error, writer.path, writer.unwritten)]
    writer.delete()
    if signed:
        with suppress(OSError):
            _statement_path(writer.path).unlink(missing_ok=True)
    return []


def _still_there(error: ReadinessError, journal: Path, unwritten: int) -> str:
    if unwritten:
        return f"evidence could not be kept: {error}"
    return f"{error}; the evidence is safe in {journal}: run 'readiness recover' when the store is back"


def recover_all(place: Project, store: Store, but: str | None = None) -> tuple[list[Run], list[str]]:
    """Take every journal that no living process writes into the store; return the runs, and what went wrong."""
    kept: list[Run] = []
    problems: list[str] = []
    for leftover in find_leftovers(place.journals, but):
        if leftover.is_active:
            continue
        try:
            recovered = recover_run(leftover)
        except ReadinessError as error:
            problems.append(str(error))
            continue
        if recovered is not None:
            run, writer = recovered
            signed, unsigned = _signed(place, run, writer.path)
            wrong = _keep_run(store, run, writer, place, signed)
            problems += [*unsigned, *wrong]
            kept += [] if wrong else [run]
    return kept, problems


# -- signatures ----------------------------------------------------------------------------------------------------


def _signed(place: Project, sealed: Run, journal: Path) -> tuple[list[Envelope], list[str]]:
    """Return the signed statements about a run, if there are to be any, and what went wrong, a line each.

    One that lies beside the journal is taken; where no trusted key signed it, whoever put it there, one is made all the
    same, if the environment names a key that signs.
    """
    path = _statement_path(journal)
    left, problems = _left_behind(path, sealed)
    there = [left] if left is not None else []
    if not os.environ.get("READINESS_SIGNER") or (left is not None and _trusted(place, left)):
        return there, problems
    try:
        # Here: only where something is signed; the libraries that sign take 200 ms to load.
        from ..facts.envelope import run_statement
        from ..signing.keys import sign_statement

        for _ in sealed.lines:  # nothing is signed that is not what was written
            pass
        made = sign_statement(run_statement(sealed), place.settings.folder, place.public_keys)
    except ReadinessError as error:
        return there, [*problems, f"run {sealed.id} is not signed, and is kept without a signature: {error}"]
    try:
        write_atomically(path, f"{made.text}\n".encode())
    except OSError as error:
        told = f"{path}: the signature could not be written beside the journal: {error.strerror}"
        return [*there, made], [*problems, told]
    return [*there, made], problems


def _trusted(place: Project, envelope: Envelope) -> bool:
    """Return whether a trusted key signed a statement about a run."""
    from ..signing.trust import TrustStore  # as above; and what lies there is rare

    return TrustStore.from_policy(place.policy).signer(envelope, "runs") is not None


def statements_of(place: Project, run: Run) -> list[Envelope]:
    """Return the signed statements about a run: those that the store has, else what lies beside its journal."""
    with suppress(ReadinessError):
        store = place.store()
        if store is not None:
            try:
                if found := store.envelopes([run.id]):
                    return found
            finally:
                store.close()
    left, _ = _left_behind(_statement_path(place.journals / f"{run.id}.jsonl"), run)
    return [left] if left else []


def _left_behind(path: Path, sealed: Run) -> tuple[Envelope | None, list[str]]:
    try:
        text = read_regular(path)
    except FileNotFoundError:
        return None, []
    except OSError as error:
        return None, [f"{path}: cannot be read: {error.strerror}"]
    from ..facts.envelope import parse_envelope

    try:
        found = parse_envelope(text.decode().removesuffix("\n"))
    except (ValueError, ReadinessError) as error:
        return None, [f"{path}: cannot be used as a signature: {one_line(str(error))}"]
    if sealed.seal is None or (found.subject, found.subject_digest) != (sealed.id, sealed.seal.digest):
        return None, [f"{path}: is no signature of run {sealed.id} as it is sealed: it is not kept"]
    return found, []


def _statement_path(journal: Path) -> Path:
    return journal.with_suffix(STATEMENT)
