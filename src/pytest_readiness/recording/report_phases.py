"""Conversion of pytest's reports to phase results."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ..redaction.redactor import Redactor
from .observation import PhaseResult, cut_message

OUTCOMES = frozenset({"passed", "failed", "skipped"})
"""Pytest's outcomes. Plugins that run a test again give a failed report another one: ``rerun``, ``retried``."""


def is_rerun(report: pytest.TestReport) -> bool:
    """Return whether a plugin marked in the report that another attempt follows."""
    return report.outcome not in OUTCOMES


def went_well(report: pytest.TestReport) -> bool:
    """Return whether a phase passed, and was not expected to fail."""
    return report.outcome == "passed" and not hasattr(report, "wasxfail")


def phases_of(reports: Sequence[pytest.TestReport], redactor: Redactor) -> list[PhaseResult]:
    """Return the phase results of reports as they are now, without secrets; a duplicate report counts once."""
    phases = {id(report): phase_of(report) for report in reports if not is_rerun(report)}
    return [phase._replace(message=cut_message(redactor.text(phase.message))) for phase in phases.values()]


_TEARDOWN = "in teardown, perhaps of a fixture that other tests share"
"""Prefix of a teardown failure: pytest attributes a shared fixture's failure to the last test that used it."""


def phase_of(report: pytest.TestReport) -> PhaseResult:
    """Return the phase result of a report."""
    expected = hasattr(report, "wasxfail")  # its reason may be empty
    message = "" if went_well(report) else message_of(report)
    if report.when == "teardown" and report.outcome == "failed":
        message = f"{_TEARDOWN}: {message}"
    return PhaseResult(str(report.when), report.outcome, expected, message)


def message_of(report: pytest.TestReport) -> str:
    """Return why a phase failed, was skipped, or was expected to fail."""
    if hasattr(report, "wasxfail"):
        return str(report.wasxfail)
    if isinstance(report.longrepr, tuple):  # of a skip: file, line, reason
        return str(report.longrepr[2])
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longrepr)
