"""Synchronization of the tracker: the derived status and its date go into rows with another status."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ..atomic_write import write_atomically
from ..claims.tracker.layout import RegisterLayout
from ..claims.tracker.writer import RowUpdate, update_with_layout
from ..errors import ConfigError, IntegrityError, RefusedError, StorageError, count, location as shown_place
from ..facts.timestamps import timestamp
from ..regular_files import read_regular
from ..store.address import missing_store, printable_url
from ..verdict.tracker_drift import cell_differences, is_more_than_initial, is_unexplained
from ..views.text_format import name_list
from .evaluate_project import EvaluationRequest, Project, evaluate_project
from .history import use_case_history


class TrackerDrift(Struct, frozen=True):
    """A row of the tracker whose status differs from the derived one."""

    use_case: str
    where: str
    """``file:line`` of the row."""
    declared: str
    derived: str
    environment: str
    """The environment of the differing column; empty means the status of the use case."""
    since: str
    """UTC date of the last change of the derived status."""
    unexplained: bool = False
    """The row says READY_FOR_GO_LIVE, and the store is not where that came from."""


def find_drift(project: Project) -> list[TrackerDrift]:
    """Return the rows of the tracker whose status differs from the derived one, in order.

    Raises:
        ConfigError: the config names no tracker, the tracker has no status of its own for READY_FOR_GO_LIVE, or
            there is no store and a row would lose a status that only evidence or a decision can give.
        StorageError, IntegrityError: the store cannot be read or is not intact, so that no status can be derived.
    """
    tracker = _tracker(project)
    if problem := _layout(project).unwritable_reason():
        raise ConfigError(f"{shown_place(tracker)}: {problem}")
    report = evaluate_project(project, EvaluationRequest(to_sign=False))
    if report.context.problems:
        raise IntegrityError(f"{report.context.problems[0]}; the tracker was not changed")
    drift = [
        TrackerDrift(
            use_case=readiness.use_case.id,
            where=shown_place(tracker, readiness.use_case.line),
            declared=difference.declared,
            derived=difference.derived,
            environment=difference.environment,
            since=changed_on(project, readiness.use_case.id),
            unexplained=is_unexplained(readiness),
        )
        for readiness in report.readiness.use_cases
        if readiness.use_case.line is not None
        for difference in cell_differences(readiness)
    ]
    if report.context.store is None:
        _refuse_loss(drift, missing_store(project.settings.store))
    return drift


def _refuse_loss(drift: Sequence[TrackerDrift], missing: str) -> None:
    """Raise ConfigError if a row has more than the initial status: the evidence behind it may only be elsewhere."""
    lost = [row for row in drift if is_more_than_initial(row.declared)]
    if lost:
        first, more = lost[0], f" and {count(len(lost) - 1, 'more cell')}" if len(lost) > 1 else ""
        says = f"{first.where}: {first.use_case} says {first.declared}{more}"
        rows = f"{says}, which only evidence or a decision can give"
        raise ConfigError(f"{rows}, but {missing}; the tracker was not changed")


def changed_on(project: Project, use_case: str) -> str:
    """Return the UTC date of the last change of a use case's derived status; today if it never changed.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    return (use_case_history(project, use_case).status_since or timestamp())[:10]


def unexplained_text(project: Project, drift: Sequence[TrackerDrift]) -> str:
    """Return the sentence on the rows whose READY_FOR_GO_LIVE does not come from this store; empty: there are none."""
    rows = {row.use_case: row for row in drift if row.unexplained}
    if not rows:
        return ""
    where, names = next(iter(rows.values())).where, name_list(list(rows))
    return (
        f"{where}: READY_FOR_GO_LIVE of {names} does not come from this store ({printable_url(project.settings.store)}"
        " has no review of it, or not its evidence): if the store was lost, restore it; if the status was typed by"
        " hand, `readiness sync --take-back` takes it back"
    )


def sync_tracker(project: Project, *, take_back: bool = False) -> list[TrackerDrift]:
    """Write the derived status and its date into the rows whose status differs; return these rows.

    ``take_back``: also take back READY_FOR_GO_LIVE where the store cannot tell where it came from.

    Raises:
        RefusedError: without ``take_back`` there is such a row. Nothing was written.
        ConfigError: there is no tracker, or a row cannot be changed safely. Nothing was written.
        StorageError, IntegrityError: the store cannot be read or is not intact, or the tracker cannot be written.
    """
    drift = find_drift(project)
    if not take_back and (reason := unexplained_text(project, drift)):
        raise RefusedError(f"{reason}; the tracker was not changed")
    if drift:
        _write_rows(project, _tracker(project), drift)
    return drift


def _tracker(project: Project) -> Path:
    if project.settings.tracker is None:
        raise ConfigError('there is no tracker to update: name one in the config (tracker = "...")')
    return project.settings.tracker


def _layout(project: Project) -> RegisterLayout:
    settings = project.settings
    columns = {str(name): column for name, column in settings.tracker_columns.items()}
    statuses = {str(status): text for status, text in settings.statuses.items()}
    return RegisterLayout.from_config(columns, statuses, settings.tracker_skip)


def _write_rows(project: Project, tracker: Path, drift: Sequence[TrackerDrift]) -> None:
    changes: dict[str, RowUpdate] = {}
    for row in drift:
        update = changes.setdefault(row.use_case, RowUpdate("", row.since))
        if row.environment:
            update = replace(update, by_environment=(*update.by_environment, (row.environment, row.derived)))
        else:
            update = replace(update, status=row.derived)
        changes[row.use_case] = update
    try:
        data = read_regular(tracker)
        updated = update_with_layout(tracker, data, changes, _layout(project))
        if updated != data:
            write_atomically(tracker.resolve(), updated)
    except OSError as error:
        raise StorageError(f"{shown_place(tracker)}: the tracker cannot be written: {error.strerror}") from error
