"""Keeping the tracker in step: the derived status and its date into the rows that say something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..atomic_write import write_atomically
from ..claims.tracker.layout import RegisterLayout
from ..claims.tracker.writer import RowUpdate, update_with_layout
from ..errors import ConfigError, IntegrityError, StorageError, location as shown_place
from ..facts.timestamps import timestamp
from ..fast_values import dataclass
from ..regular_files import read_regular
from ..verdict.tracker_drift import cell_differences
from .evaluate_project import EvaluationRequest, Project, evaluate_project
from .history import use_case_history


@dataclass(frozen=True, slots=True)
class TrackerDrift:
    """A row of the tracker that says another status than the derived one."""

    use_case: str
    where: str
    """``file:line`` of the row."""
    declared: str
    derived: str
    environment: str
    """Whose column says so; empty: the status of the use case."""
    since: str
    """UTC date of the last change of the derived status."""


def find_drift(place: Project) -> list[TrackerDrift]:
    """Return the rows of the tracker that say another status than the derived one, in their order.

    Raises:
        ConfigError: the config names no tracker, or one that has no word for READY_FOR_GO_LIVE alone.
        StorageError, IntegrityError: the store cannot be read, or is not intact: nothing can be derived from it.
    """
    tracker = _tracker(place)
    if told := _wanted(place).unwritable_reason():
        raise ConfigError(f"{shown_place(tracker)}: {told}")
    report = evaluate_project(place, EvaluationRequest())
    if report.context.problems:
        told = "the tracker is left as it is, since what it would be mended by is not intact"
        raise IntegrityError(f"{report.context.problems[0]}; {told}")
    return [
        TrackerDrift(
            use_case=found.use_case.id,
            where=shown_place(tracker, found.use_case.line),
            declared=one.declared,
            derived=one.derived,
            environment=one.environment,
            since=changed_on(place, found.use_case.id),
        )
        for found in report.readiness.use_cases
        if found.use_case.line is not None
        for one in cell_differences(found)
    ]


def changed_on(place: Project, use_case: str) -> str:
    """Return the UTC date on which the derived status of a use case last changed; today, where it never did.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    return (use_case_history(place, use_case).status_since or timestamp())[:10]


def sync_tracker(place: Project) -> list[TrackerDrift]:
    """Write the derived status, and the date of its last change, into the rows whose status differs; return these.

    Raises:
        ConfigError: there is no tracker, or a row cannot be changed with certainty; nothing was written.
        StorageError, IntegrityError: the store cannot be read or is not intact, or the tracker cannot be written.
    """
    found = find_drift(place)
    if found:
        _mend(place, _tracker(place), found)
    return found


def _tracker(place: Project) -> Path:
    if place.settings.tracker is None:
        raise ConfigError('there is no tracker to keep in step: name one in the config (tracker = "...")')
    return place.settings.tracker


def _wanted(place: Project) -> RegisterLayout:
    settings = place.settings
    columns = {str(ours): theirs for ours, theirs in settings.tracker_columns.items()}
    statuses = {str(ours): theirs for ours, theirs in settings.statuses.items()}
    return RegisterLayout.from_config(columns, statuses, settings.tracker_skip)


def _mend(place: Project, tracker: Path, found: Sequence[TrackerDrift]) -> None:
    changes: dict[str, RowUpdate] = {}
    for one in found:
        known = changes.setdefault(one.use_case, RowUpdate("", one.since))
        if one.environment:
            known = replace(known, by_environment=(*known.by_environment, (one.environment, one.derived)))
        else:
            known = replace(known, status=one.derived)
        changes[one.use_case] = known
    try:
        data = read_regular(tracker)
        mended = update_with_layout(tracker, data, changes, _wanted(place))
        if mended != data:
            write_atomically(tracker.resolve(), mended)
    except OSError as error:
        raise StorageError(f"{shown_place(tracker)}: the tracker cannot be written: {error.strerror}") from error
