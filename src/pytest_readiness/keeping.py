"""Keep: a sealed run, and what earlier sessions left behind, go from the journal into the store."""

from __future__ import annotations

from pathlib import Path

from .errors import ReadinessError
from .facts.run import Run
from .journal.recovery import leftovers, recover, requirements_of
from .journal.writer import Writer
from .place import Place
from .store.port import Store


def keep(place: Place, sealed: Run, writer: Writer) -> list[str]:
    """Take a sealed run, and what earlier sessions left behind, into the store; return what went wrong, a line each.

    The journal goes only when the store has the run, so that nothing is lost where this fails.
    """
    problems: list[str] = []
    if writer.unwritten:
        problems.append(f"{writer.path}: {writer.unwritten} lines could not be written: {writer.trouble}")
    try:
        store = place.store(create=True)
    except ReadinessError as error:
        writer.close()
        return [*problems, _still_there(error, writer.path, writer.unwritten)]
    assert store is not None  # noqa: S101 - for the type checker: it was to be made
    try:
        problems += _keep_run(store, sealed, writer, place, made_here=True)
        problems += recover_all(place, store, but=sealed.id)[1]
    finally:
        store.close()
    return problems


def _keep_run(store: Store, sealed: Run, writer: Writer, place: Place, *, made_here: bool = False) -> list[str]:
    found = requirements_of(place.journals, sealed)
    if found is None and sealed.requirements_digest == place.requirements.digest:
        found = place.requirements
    try:
        store.keep([sealed], [found] if found else [], made_here=[sealed.id] if made_here else ())
    except ReadinessError as error:
        writer.close()
        return [_still_there(error, writer.path, writer.unwritten)]
    writer.delete()
    return []


def _still_there(error: ReadinessError, journal: Path, unwritten: int) -> str:
    if unwritten:
        return f"evidence could not be kept: {error}"
    return f"{error}; the evidence is safe in {journal}: run 'readiness recover' when the store is back"


def recover_all(place: Place, store: Store, but: str | None = None) -> tuple[list[Run], list[str]]:
    """Take every journal that no living process writes into the store; return the runs, and what went wrong."""
    kept: list[Run] = []
    problems: list[str] = []
    for leftover in leftovers(place.journals, but):
        if leftover.living:
            continue
        try:
            recovered = recover(leftover)
        except ReadinessError as error:
            problems.append(str(error))
            continue
        if recovered is not None:
            run, writer = recovered
            wrong = _keep_run(store, run, writer, place)
            problems += wrong
            kept += [] if wrong else [run]
    return kept, problems
