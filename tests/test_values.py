"""Values are frozen: what was recorded, decided or judged is never changed in place."""

from __future__ import annotations

import sys
from dataclasses import FrozenInstanceError, is_dataclass

ROOMS = ("settings", "claims", "facts", "verdict", "store", "journal", "pipeline")
WORKING = {
    "claims.outline._Entry": "an entry of a list while it is read",
    "claims.rows._Search": "a table while it is looked for",
    "claims.yaml_tree.Node": "a value while its text is read",
    "journal.belated.Belated": "files of a session while it ends",
    "journal.joining._Namesakes": "ends while they arrive",
    "journal.joining._Shared": "a claim while ends are joined",
    "journal.recording.Recording": "a session while it runs",
    "journal.run_log.RunLog": "a run while it is written",
    "journal.simulation._Made": "what is replaced while a test runs",
    "pipeline.outside.Session": "a command while it runs",
    "pipeline.session.Outcome": "a session while it ends",
    "store.looking.Look": "a folder while it is looked at",
    "verdict.elsewhere._Earlier": "executions while they are sorted",
    "verdict.history._Replay": "a history while it is replayed",
}
"""What is no value, and why."""

DERIVING = {
    "claims.catalogue.Catalogue",
    "facts.evidence.Evidence",
    "facts.run.Run",
    "pipeline.deriving._Alone",
    "pipeline.deriving._OneStore",
    "pipeline.deriving._Question",
    "pipeline.extensions.Plugins",
    "pipeline.gathering.Sources",
    "pipeline.in_force.InForce",
    "pipeline.judging.Judged",
    "pipeline.judging.Request",
    "pipeline.judging._Grounds",
    "pipeline.leaving.Past",
    "pipeline.opening.Opening",
    "pipeline.place.Place",
    "pipeline.session.Prepared",
    "pipeline.trust.Trust",
    "pipeline.upkeep.Recovered",
    "pipeline.upkeep.Verified",
    "store.bundle.Bundle",
    "store.history.History",
    "store.looking.Ground",
    "verdict.deciding.Ledger",
    "verdict.evaluation._Known",
    "verdict.gate.Grounds",
    "verdict.groups.Generation",
    "verdict.later_runs.LaterRuns",
    "verdict.readiness.UseCaseReadiness",
}

VALUES = {
    f"{room}.{name}.{one.__qualname__}": one
    for room in ROOMS
    for path, module in sorted(sys.modules.items())
    if path.startswith(f"pytest_readiness.{room}.") and (name := path.rpartition(".")[2])
    for one in vars(module).values()
    if isinstance(one, type) and is_dataclass(one) and one.__module__ == path
}
"""Every dataclass of the rooms, all of which the suite loads before its first test."""


def _is_frozen(kind: type) -> bool:
    """Whether nothing of such a value can be set, however its class was made."""
    try:
        object.__new__(kind).__setattr__("x", None)
    except FrozenInstanceError:
        return True
    except AttributeError:  # it has no such field, but others
        return False
    return False


def test_values_are_frozen() -> None:
    """No field of a value can be set; what is none says why."""
    assert {name for name, one in VALUES.items() if not _is_frozen(one)} == set(WORKING)


def test_values_take_no_more_than_their_fields() -> None:
    """There are many of them: only what keeps what it derived, or stands alone, has a dictionary of its own."""
    values = {name: one for name, one in VALUES.items() if name not in WORKING}
    assert {name for name, one in values.items() if "__slots__" not in vars(one)} == DERIVING
