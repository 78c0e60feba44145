"""Values are frozen: what was recorded, decided or judged is never changed in place."""

from __future__ import annotations

import sys
from dataclasses import is_dataclass

from msgspec import Struct

ROOMS = (
    "settings", "claims", "facts", "redaction", "store", "verdict", "journal", "signing", "recording", "pipeline", "external",
)  # fmt: skip
WORKING = {
    "claims.rule_patterns._Wildcard": "a wildcard while its glob is read",
    "claims.tracker.yaml_document._ListEntry": "the keys of an entry while they are read",
    "claims.tracker.markdown_rows._RegisterSearch": "the register while it is searched",
    "claims.tracker.yaml_tree.YamlNode": "a value while its text is read",
    "recording.late_secrets.LateRedaction": "files of a session while it ends",
    "journal.joined_executions._SharedId": "ends while they arrive",
    "journal.joined_executions._SharedClaim": "a claim while ends are joined",
    "recording.recorder_base.RecordedData": "a session while it runs",
    "journal.run_log.RunLog": "a run while it is written",
    "recording.authenticity.mock_detection._Replacement": "a replacement while a test runs",
    "external.record.ExternalRun": "a command while it runs",
    "pipeline.session.SessionOutcome": "a session while it ends",
    "store.decision_files.committed_files.FolderReader": "a folder while it is read",
    "verdict.requirement.interrupted_scope._EarlierExecutions": "executions while they are sorted",
    "verdict.history._Replay": "a history while it is replayed",
}
"""What is no value, and why."""

DERIVING = {
    "claims.catalogue.Catalogue",
    "claims.tracker.all_tables.Table",
    "facts.run.Run",
    "pipeline.derived_report._BundleProject",
    "pipeline.derived_report._StoreSources",
    "pipeline.extensions.Plugins",
    "pipeline.load_inputs.FactSources",
    "pipeline.requirements_in_force.RequirementsHistory",
    "pipeline.register_history.RegisterHistory",
    "pipeline.project.Project",
    "signing.trust.TrustStore",
    "store.decision_files.git_history.GitHistory",
    "verdict.requirement.execution_ledger.ExecutionLedger",
    "verdict.gate_input.GateInput",
    "verdict.run_groups.Generation",
    "verdict.requirement.later_runs.LaterRuns",
    "verdict.readiness.UseCaseReadiness",
}

VALUES = {
    f"{path.partition('.')[2]}.{one.__qualname__}": one
    for path, module in sorted(sys.modules.items())
    if path.startswith(tuple(f"pytest_readiness.{room}." for room in ROOMS))
    for one in vars(module).values()
    if isinstance(one, type) and (issubclass(one, Struct) or is_dataclass(one)) and one.__module__ == path
}
"""Every Struct and dataclass of the rooms, all of which the suite loads before its first test."""


def _is_frozen(kind: type) -> bool:
    """Whether nothing of such a value can be set."""
    return kind.__struct_config__.frozen if issubclass(kind, Struct) else kind.__setattr__ is not object.__setattr__


def test_values_are_frozen() -> None:
    """No field of a value can be set; what is none says why."""
    assert {name for name, one in VALUES.items() if not _is_frozen(one)} == set(WORKING)


def test_values_take_no_more_than_their_fields() -> None:
    """There are many of them: only what keeps what it derived, or stands alone, has a dictionary of its own."""
    values = {name: one for name, one in VALUES.items() if name not in WORKING}
    assert {name for name, one in values.items() if one.__dictoffset__} == DERIVING
