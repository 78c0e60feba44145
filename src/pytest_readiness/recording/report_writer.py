"""Writer of the run's lines: turns pytest's reports into lines, in the process that owns the session.

These hooks never raise: that would cost the remaining tests.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pluggy import PluginManager

from ..journal.earlier_attempts import BROKEN
from ..journal.run_log import RunLog
from ..mark import late_note
from ..redaction.redactor import Redactor
from . import report_keys as keys
from .artifacts import StoredArtifacts
from .interrupted_hooks import PASSES, postpone
from .observer import Observer
from .report_phases import OUTCOMES, is_rerun
from .test_ids import NodeIds
from .unwatched_tests import UnwatchedTests


class TestKey(NamedTuple):
    """Key of a running test: its worker, its node id, and its index in the collection."""

    worker: str
    nodeid: str
    item: int | None


def key_of(report: pytest.TestReport) -> TestKey:
    """Return the key of a report's test, from what xdist adds; for a crashed worker it adds no index."""
    gateway = getattr(getattr(report, "node", None), "gateway", None)
    return TestKey(str(getattr(gateway, "id", "")), report.nodeid, getattr(report, "item_index", None))


def attempt_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return a test's line as an attempt that another follows; one that ended badly has claims."""
    attempt = {"test": body["test"], **body["attempts"][-1]}
    if attempt["result"] in BROKEN:
        attempt["claims"] = [claim for claim in body["claims"] if "result" not in claim]
    return attempt


class ReportWriter:
    """Writes test observations to the run log; its two subclasses serve the own process and xdist's controller."""

    def __init__(self, log: RunLog, redactor: Redactor, worker_input: dict[str, Any], stored: StoredArtifacts) -> None:
        """``worker_input``: plain data for xdist workers; ``stored``: the session's artifacts, filled meanwhile."""
        self.log = log
        self.redactor = redactor
        self._worker_input = worker_input
        self._stored = stored
        self._artifact_notes: list[str] = []
        self.hooks: PluginManager | None = None
        self.late: dict[str, None] = {}
        """Tests that were marked as evidence while they ran."""
        self.invalid_marks: list[tuple[str, int | None, str]] = []
        """File, line and problem of each test with an invalid evidence mark."""
        self._unwatched = UnwatchedTests()
        self._has_late_secrets = False
        self.names = NodeIds(worker_input, redactor)
        self._rerunning: set[TestKey] = set()
        """Tests with another attempt to come: their next teardown is not their end."""

    def _safely(self, action: Callable[..., None], *args: Any) -> None:
        try:
            action(*args)
        except PASSES:
            raise
        except BaseException as error:  # noqa: BLE001 - stored, reported at the end, and closes the gate
            self._handle_failure(error, *args)

    def _handle_failure(self, error: BaseException, subject: Any = None, *_: Any) -> None:
        """Raise the error in the next phase, or store it. ``subject``: the report of a test, or its node id."""
        is_last_phase = getattr(subject, "when", None) == "teardown"
        nodeid = str(getattr(subject, "nodeid", subject))
        if is_last_phase or not postpone(self.hooks, nodeid, error):
            self.log.failure = self.log.failure or error

    def open(self) -> None:
        """Open the journal and read the run's provenance, before the first test."""
        self._safely(self.log.open)

    def _write(self, report: pytest.TestReport, attached: dict[str, Any]) -> None:
        if self.redactor.learned:
            self._redact_written_lines()
        attempt: Any = attached.get(keys.ATTEMPT)
        evidence: Any = attached.get(keys.EVIDENCE)
        if keys.LATE in attached:
            self.late[attached[keys.LATE]["test"]] = None
        if keys.UNWATCHED in attached:
            self._unwatched.add(**attached[keys.UNWATCHED])
        if keys.TRY in attached:
            self.log.attempt(attached[keys.TRY])
        elif is_rerun(report):
            self._rerunning.add(key_of(report))  # also if another plugin turned it into a failure without evidence
            if attempt or evidence:
                self.log.attempt(attempt or attempt_of(evidence))
        elif report.when == "setup":
            self._rerunning.discard(key_of(report))
        elif evidence is not None and not (self._rerunning and key_of(report) in self._rerunning):
            self._finish_test(report, evidence, may_rerun=keys.MAY_RERUN in attached)

    def _finish_test(self, report: pytest.TestReport, evidence: dict[str, Any], *, may_rerun: bool) -> None:
        """Write a test that ended; ``may_rerun``: it may be run again."""
        raise NotImplementedError

    def notes(self) -> list[str]:
        """Return notes, one line each: late marks, unwatched tests, test names, artifacts."""
        late = [late_note(list(self.late))] if self.late else []
        names = self.names.notes() if self.log.recorded else []
        return [*late, *self._unwatched.notes(), *names, *self._artifact_notes]

    def _detach(self, report: pytest.TestReport) -> dict[str, Any]:
        """Return the attached data of a report, and remove it: other reporters must not write it again."""
        attached: dict[str, Any] = vars(report).pop(keys.ATTACHED, {})
        return attached

    def _redact_written_lines(self) -> None:
        if self.redactor.learned:
            self.redactor.learned.clear()
            self._has_late_secrets = True
            self.log.redact(self.redactor)

    def settle(self) -> None:
        """Write the open tests at the end of the session, and redact late secrets."""
        self._safely(self._redact_written_lines)
        self._write_open_tests()
        if self._has_late_secrets:  # also if a rewrite failed: by now the disk may have space
            self._safely(self.log.redact_at_last, self.redactor)
            self._safely(self._redact_stored_artifacts)

    def _write_open_tests(self) -> None:
        """Write the tests that did not end; of the others the log knows that they were interrupted."""

    def _redact_stored_artifacts(self) -> None:
        """Redact artifacts that were stored before their secret was registered."""
        from .late_secrets import redact_artifacts, replace_digests  # only where a test registers a secret

        late = redact_artifacts(Path(self._worker_input["artifacts"]), self._stored, self.redactor)
        if late.replaced:
            self.log.rewrite(lambda body: replace_digests(body, late.replaced))
            self.log.replace_artifacts(late.replaced, {path.name for path in late.obsolete})
            self._artifact_notes = late.notes()
            late.remove_obsolete()


class LocalReportWriter(ReportWriter):
    """Writes the observations of this process."""

    def __init__(self, log: RunLog, redactor: Redactor, worker_input: dict[str, Any], observer: Observer) -> None:
        super().__init__(log, redactor, worker_input, observer.artifacts.stored)
        self._observer = observer
        self.names = observer.names
        self._from_child: dict[str, dict[str, Any]] = {}
        """Evidence of tests that a forked child ran (pytest-forked), by node id."""

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Write that the test starts, before it touches its environment."""
        self._safely(self._start, nodeid)

    def _start(self, nodeid: str) -> None:
        self._write_ended(nodeid, restarts=True)
        self.log.started(self.names.name_of(nodeid))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the attached data of a report, before other plugins handle it.

        A wrapper would be slow, three times per test. If another plugin fails first, ``settle`` writes the test.
        """
        if report is not self._observer.latest_report:  # it is late, or replaces another
            observation = self._observer.running_observation(report.nodeid)
            if observation is not None:
                observation.reports.append(report)
        is_relevant = keys.ATTACHED in vars(report) or report.outcome not in OUTCOMES  # most reports are not
        if is_relevant or self.redactor.learned or self._rerunning:
            self._safely(self._write_own, report)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Write the ended test: no plugin can change its reports any more.

        If a plugin may run it again without a mark, it is written when the next test starts.
        """
        if not self._observer.may_run_again:
            self._safely(self._write_ended, nodeid)

    def _write_own(self, report: pytest.TestReport) -> None:
        if is_rerun(report):
            self._observer.expect_rerun(report)
        self._write(report, self._detach(report))

    def _finish_test(self, report: pytest.TestReport, evidence: dict[str, Any], *, may_rerun: bool) -> None:  # noqa: ARG002
        if self._observer.running_observation(report.nodeid) is None:
            self._from_child[report.nodeid] = evidence

    def _write_ended(self, nodeid: str = "", *, restarts: bool = False) -> None:
        """Write the tests that ended; ``restarts``: the one with this node id starts again, so this was an attempt."""
        if not (self._observer.is_busy or self._from_child):
            return
        for ended, observation in self._observer.ended_tests():
            if (body := self._observer.final_line(observation)) is None:
                continue
            if restarts and ended == nodeid and not self.names.is_another(observation.item):
                self.log.attempt(attempt_of(body))
            else:
                self.log.finished(body)
                self._observer.remove(ended)
        while self._from_child:
            self.log.finished(self._from_child.popitem()[1])

    def _write_open_tests(self) -> None:
        """Write tests that were interrupted, and ended tests on whose reports another plugin failed."""
        self._safely(self._write_ended)
        for body in self._observer.interrupted_lines():
            if self.log.is_running(body["test"]):
                self._safely(self.log.finished, body)
