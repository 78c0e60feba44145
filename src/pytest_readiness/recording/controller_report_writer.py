"""Writer of the run's lines for xdist: joins what the workers send, in the controller.

These hooks never raise: that would cost the remaining tests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from json import loads as _loads
from sys import intern as _intern
from typing import Any

import pytest

from ..errors import StorageError
from ..facts.ledger.line import canonical
from ..journal.run_log import RunLog
from ..redaction.redactor import Redactor
from . import report_keys as keys
from .artifacts import StoredArtifacts
from .observation import worsened_line
from .report_phases import is_rerun, message_of, phases_of, went_well
from .report_writer import ReportWriter, TestKey, attempt_of, key_of

_PHASES = frozenset({"setup", "call", "teardown"})
_BODIES = frozenset({keys.ATTEMPT, keys.EVIDENCE, keys.LATE, keys.TRY, keys.UNWATCHED, keys.MAY_RERUN})


class ControllerReportWriter(ReportWriter):
    """Writes the observations of xdist workers, joined by node id."""

    def __init__(self, log: RunLog, redactor: Redactor, worker_input: dict[str, Any]) -> None:
        super().__init__(log, redactor, worker_input, StoredArtifacts())
        self._reports: dict[TestKey, list[pytest.TestReport]] = {}
        """Reports of running tests, from the first report on that is not a plain pass."""
        self._may_rerun: dict[TestKey, dict[str, Any]] = {}
        """Lines of ended tests that may be run again."""
        self._plans: deque[str] = deque()
        """Received plans of workers, as texts, that are not added yet."""
        self._planned_claims: dict[str, list[dict[str, Any]]] = {}
        """Claims of the plans by their canonical texts."""
        self._is_planned = False
        self._ran_unplanned = False
        """Whether a test started in a worker that had sent no plan."""
        self._running: set[str] = set()
        """Names of the running tests, evidence or not, if several tests share a node id."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, config: pytest.Config, specs: Sequence[object]) -> None:
        """Store whether all workers run all tests."""
        if config.getoption("dist") == "each":
            self.log.joiner.copies = len(specs)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give a worker its input, so that it reads no config, and a channel for its plan.

        The plan arrives before anything that the worker sends later. A thread of execnet calls the callback.
        """
        self.names.grouped = node.config.getoption("dist") == "loadgroup"
        plans = node.gateway.newchannel()
        plans.setcallback(self._plans.append)
        node.workerinput["readiness"] = {**self._worker_input, "grouped": self.names.grouped, keys.PLANS: plans}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self) -> None:
        """Open the journal with the plan before a worker gets its first test."""
        self._add_plans()
        self.open()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the stored artifacts of a worker that ended."""
        output = getattr(node, "workeroutput", None) or {}
        self._stored.merge(output.get(keys.STORED) or {})

    def pytest_runtest_logstart(self, nodeid: str, location: Sequence[Any]) -> None:
        """Write that the test starts."""
        if self._plans:
            self._add_plans()
        if not self._is_planned:
            self._ran_unplanned = True
        self._safely(self._start, nodeid, location)

    def _start(self, nodeid: str, location: Sequence[Any]) -> None:
        # Each message brings the name of a test as another text: plan, cache of names and ended tests hold it once.
        names = self.names.names_of(_intern(nodeid), location)
        if len(names) == 1:  # else the first report identifies the test
            self._start_named(names[0])

    def _start_named(self, name: str) -> None:
        if self.names.shared:
            self._running.add(name)
        self.log.started(name)

    def pytest_runtest_logfinish(self, nodeid: str, location: Sequence[Any]) -> None:
        """Remove a test that is over from the running tests."""
        if self._running:
            self._running.difference_update(self.names.names_of(nodeid, location))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Detach the data of a report before another plugin can fail on it; write it in its final form."""
        attached: dict[str, Any] = {}
        if keys.ATTACHED in vars(report):
            self._safely(lambda: attached.update(self._detach(report)))
        try:
            return (yield)
        finally:
            has_open_tests = self._reports or self._may_rerun or self._rerunning or self.names.shared
            if attached or has_open_tests or not went_well(report):
                self._safely(self._write, report, attached)

    def _write(self, report: pytest.TestReport, attached: dict[str, Any]) -> None:
        key = key_of(report)
        self._write_not_rerun(lambda other: other.worker == key.worker and other != key)
        if report.when not in _PHASES:  # xdist's own report of a worker that crashed
            for body in [
                self._may_rerun.pop(other) for other in list(self._may_rerun) if other.nodeid == report.nodeid
            ]:
                self.log.attempt(self._without_late_secrets(attempt_of(body)))
            self._crash(report.nodeid, self.redactor.text(message_of(report)), again=is_rerun(report))
            return
        if report.when == "setup":
            self._reports.pop(key, None)
            several = self.names.shared and len(self.names.names_of(report.nodeid, report.location)) > 1
            if several and (name := self.names.name_at(report.nodeid, key.item)) is not None:
                self._start_named(name)
        if not is_rerun(report) and (key in self._reports or not went_well(report)):
            self._reports.setdefault(key, []).append(report)
        super()._write(report, attached)
        if report.when == "teardown":
            self._reports.pop(key, None)

    def _crash(self, nodeid: str, message: str, *, again: bool) -> None:
        """Write a crashed worker's test. If several tests share its node id, it is one of the running ones."""
        names = self.names.names_of(nodeid)
        for name in [name for name in names if name in self._running] or names:
            self._running.discard(name)
            self.log.crashed(name, message, again=again)

    def _finish_test(self, report: pytest.TestReport, evidence: dict[str, Any], *, may_rerun: bool) -> None:
        key = key_of(report)
        body = worsened_line(evidence, phases_of(self._reports.get(key, ()), self.redactor))
        body["test"] = _intern(body["test"])
        if not may_rerun:
            self.log.finished(body)
            return
        if (earlier := self._may_rerun.get(key)) is not None:
            self.log.attempt(self._without_late_secrets(attempt_of(earlier)))
        self._may_rerun[key] = body

    def _write_not_rerun(self, is_over: Callable[[TestKey], bool]) -> None:
        for key in [key for key in self._may_rerun if is_over(key)]:
            self.log.finished(self._without_late_secrets(self._may_rerun.pop(key)))

    def _write_open_tests(self) -> None:
        """Write the last tests, which were not run again."""
        self._add_plans()
        self._safely(self._write_not_rerun, lambda _: True)
        self._safely(self.log.add_worker_starts)
        if self._ran_unplanned and not self._is_planned:
            message = "tests ran in xdist workers that sent no plan: is pytest-readiness loaded in the workers?"
            self.log.failure = self.log.failure or StorageError(message)

    def _detach(self, report: pytest.TestReport) -> dict[str, Any]:
        """Return the attached data of a report, without the secrets that another worker registered."""
        attached = {name: _loads(text) for name, text in super()._detach(report).items()}
        self._stored.merge(attached.get(keys.STORED, {}))
        if keys.SECRETS in attached:
            self.redactor.merge_learned(attached[keys.SECRETS])
        self.redactor.plugins.merge_failures(attached.get(keys.PLUGIN_FAILURES, ()))
        self._redact_written_lines()
        bodies = {name: body for name, body in attached.items() if name in _BODIES}
        return {name: self._without_late_secrets(body) for name, body in bodies.items()}

    def _without_late_secrets(self, body: Any) -> Any:
        """Return a body without the secrets that were registered after a worker, or this process, made it."""
        return self.redactor.plain(body) if self._has_late_secrets else body

    def _add_plans(self) -> None:
        while self._plans:
            self._safely(self._add_plan, self._plans.popleft())

    def _add_plan(self, text: str) -> None:
        if "uncollected" in (plan := _loads(text)):
            self.log.uncollected = max(self.log.uncollected, plan["uncollected"])
            return
        tests = self.redactor.plain(plan["tests"]) if self._has_late_secrets else plan["tests"]
        for test in tests:  # equal claims and names are in memory once
            test["test"] = _intern(test["test"])
            test["claims"] = self._planned_claims.setdefault(canonical(test["claims"]), test["claims"])
        self.log.plan(tests, self.redactor.plain(plan["rules"]))
        self.log.unread_marks = max(self.log.unread_marks, plan["unread"])
        self.invalid_marks = plan["wrong"]
        self.names.merge(plan)
        self._is_planned = True
