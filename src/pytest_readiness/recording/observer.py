"""Observer of test execution, in every process that runs tests.

It attaches observations to pytest's reports. ``report_writer`` writes them, in the process that owns the session:
without xdist the same process. These hooks never raise: that would cost the remaining tests.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from json import dumps as _dumps
from os import getpid as _getpid
from typing import TYPE_CHECKING, Any

import pytest
from pluggy import PluginManager

from ..claims.catalogue import Catalogue
from ..claims.claim import Claim
from ..claims.collection import TAGGED, TaggedTest, fail_invalid, has_late_marks
from ..facts.ledger.line import canonical
from ..facts.proofs.values import ProofResult
from ..journal.earlier_attempts import BROKEN
from ..journal.started_tests import StartWriter
from ..redaction.redactor import Redactor
from . import report_keys as keys
from .artifacts import ArtifactFolder
from .authenticity.check import AuthenticityChecks, prepare
from .claim_resolution import resolve_claims
from .context import RunContext
from .evidence_recorder import RecordEvidence, SessionServices
from .interrupted_hooks import PASSES, postpone
from .observation import WENT_WELL, Observation, PhaseResult, worsened_line
from .recorder_base import RecordedData
from .report_phases import is_rerun, message_of, phase_of, phases_of
from .skipped_bodies import body_not_run, check_call, watch_body, watch_returns
from .test_ids import NodeIds

if TYPE_CHECKING:  # loaded for a config with rules
    from ..claims.claim_rules import ClaimRules

_RUN_BY_PLUGIN = "a plugin runs its body in a way of its own, where nothing watches it"
_PROTOCOLS = frozenset({"runner", "rerunfailures", "pytest_rerunfailures"})
"""Plugins that run tests and either never run one again or mark that in its reports."""


class Observer:
    """Observes the tests that this process runs, and attaches to their reports what is not to be asked of it."""

    attaches_evidence = False
    """Whether the evidence is attached too; it always is in a child process, which a plugin may have forked."""

    def __init__(
        self,
        catalogue: Catalogue,
        context: RunContext,
        redactor: Redactor,
        artifacts: ArtifactFolder,
        *,
        names: NodeIds | None = None,
        services: SessionServices | None = None,
        rules: ClaimRules | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.rules = rules
        self.context = context
        self.redactor = redactor
        self.artifacts = artifacts
        self.services = services or SessionServices()
        self.hooks: PluginManager | None = None
        self.records = False
        """Whether an observed test uses ``record_evidence``."""
        self.names = names or NodeIds({}, redactor)
        self.start_writer: StartWriter | None = None
        """Writes the start of each test, in an xdist worker."""
        self._process = _getpid()
        self._early_recordings: dict[pytest.Item, RecordedData] = {}
        """Data recorded by tests that are not set up yet."""
        self._running: dict[str, Observation] = {}
        self.latest_report: pytest.TestReport | None = None
        """The report that pytest created last."""
        self.may_run_again = False
        """Whether a plugin may run a test again without marking it in the test's report."""
        self._checks = AuthenticityChecks(catalogue, redactor)
        self._latest: tuple[pytest.Item | None, Observation | None] = None, None
        """The test that was set up last: a shortcut for its reports."""
        self._planned_claims: dict[tuple[Claim, ...], list[dict[str, Any]]] = {}
        """Claims as planned: valid unless the test names another place or proves something."""

    def build_plan(self, tagged: Sequence[TaggedTest]) -> list[dict[str, Any]]:
        """Return the plan of these tests as plain data."""
        self.records = self.records or any(test.records for test in tagged)
        plan = [self._plan_entry(test) for test in tagged if test.claims]
        if plan:
            simulations = self.services.simulations()  # loaded before a test can interfere
            self._checks = AuthenticityChecks(self.catalogue, self.redactor, simulations)
            prepare(self.redactor)
            watch_returns()
        return plan

    def _resolve(
        self, claims: Sequence[Claim], context: RunContext, proofs: Sequence[ProofResult]
    ) -> list[dict[str, Any]]:
        return resolve_claims(claims, context, self.catalogue, proofs)

    def _plan_entry(self, test: TaggedTest) -> dict[str, Any]:
        if (claims := self._planned_claims.get(test.claims)) is None:
            claims = self._planned_claims[test.claims] = self._resolve(test.claims, self.context, ())
        entry: dict[str, Any] = {"test": self.names.name_of_test(test), "claims": claims}
        if test.records:
            entry["records"] = True
        if not test.selected:
            entry["deselected"] = True
        return entry

    def observation_of(self, item: pytest.Item) -> Observation | None:
        """Return the observation of a running test; None if it is no evidence test."""
        observation = self._running.get(item.nodeid)
        return observation if observation is not None and observation.item is item else None

    def running_observation(self, nodeid: str) -> Observation | None:
        """Return the observation of the running test with this node id."""
        return self._running.get(nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin an observation, or another attempt of one; fail a test with an invalid evidence mark."""
        tagged = item.stash.get(TAGGED, None)
        if tagged is None:
            return
        nodeid = item.nodeid
        observation = self._running.get(nodeid)
        if observation is not None and observation.item is item:
            observation.begin_attempt(self.final_line(observation))
        elif tagged.claims:
            observation = self._running[nodeid] = Observation(
                self.names.name_of_test(tagged),
                tagged.claims,
                tagged.records,
                self.context,
                self.redactor,
                self._planned_claims.get(tagged.claims),
                self._checks.take(tagged.claims),
            )
            observation.item, observation.marks = item, tagged.mark_count
        else:
            observation = None
        self._latest = item, observation
        if tagged.problems:
            fail_invalid(item, recorded=True)
        if observation is not None:
            observation.authenticity.begin()
            if self._early_recordings or "runtest" in vars(item):
                self._adopt_early_recording(observation, item)

    def _adopt_early_recording(self, observation: Observation, item: pytest.Item) -> None:
        """Add data recorded before the setup: a plugin that runs tests concurrently may have run this one unwatched."""
        recording = self._early_recordings.pop(item, None)
        if recording is not None:
            observation.adopt_recording(recording)
        if recording is not None or "runtest" in vars(item):
            observation.authenticity.mark_unwatched(_RUN_BY_PLUGIN)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Record the result of a phase; after teardown, attach the evidence to the report."""
        report = self.latest_report = yield
        latest, observation = self._latest
        if latest is not item:
            observation = self.observation_of(item)
        # A test whose evidence cannot be recorded is INTERRUPTED: its start is written, and no end.
        try:
            if observation is not None:
                self._observe(observation, report, item)
            elif report.when == "teardown":
                self._check_late_marks(report, item)
        except PASSES:
            raise
        except BaseException as error:  # noqa: BLE001
            if report.when == "teardown" or postpone(self.hooks, item.nodeid, error):
                self.remove(item.nodeid)
        return report

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Check whether ``--trace`` steps through tests, and whether a plugin may run tests again without a mark."""
        runners = session.config.hook.pytest_runtest_protocol.get_hookimpls()
        names = {impl.plugin_name for impl in runners if not (impl.wrapper or impl.hookwrapper)}
        self.may_run_again = not names <= _PROTOCOLS
        if session.config.getoption("trace", default=False):
            session.config.pluginmanager.register(_Stepping(self), "readiness-stepping")

    def _check_late_marks(self, report: pytest.TestReport, item: pytest.Item) -> None:
        if has_late_marks(item, self.catalogue, self.rules):
            self._attach(report, keys.LATE, {"test": self.names.name_of(item.nodeid)})

    def _observe(self, observation: Observation, report: pytest.TestReport, item: pytest.Item) -> None:
        observation.reports.append(report)
        when, passed = report.when, report.outcome == "passed"
        phase = WENT_WELL.get(when) if passed and not hasattr(report, "wasxfail") else None
        if phase is None:
            phase = phase_of(report)
        if type(item) is not pytest.Function:
            watch_body(item, when, report.outcome)
            if passed and when == "call":
                phase = observation.unrun or check_call(item) or phase
        elif observation.unrun is not None and passed and when == "call":
            phase = observation.unrun
        observation.record_phase(phase, report.duration)
        if when == "teardown":
            self._finish(observation, report, item)
            return
        observation.authenticity.inspect(None if passed and when == "setup" else item)
        if report.outcome == "failed":
            self._attach(report, keys.ATTEMPT, self._attempt(observation, observation.attempt_so_far()))

    def _finish(self, observation: Observation, report: pytest.TestReport, item: pytest.Item) -> None:
        """Finish an observation; the test's fixtures are torn down, so the hook for simulations is not called."""
        observation.authenticity.end()
        if reasons := observation.authenticity.unwatched_reasons:
            self._attach(report, keys.UNWATCHED, {"test": observation.test_id, "reasons": reasons})
        line = observation.finish(self._resolve)
        if self.attaches_evidence or _getpid() != self._process:  # else the writer asks for it
            self._attach(report, keys.EVIDENCE, line)
        observation.evidence = line
        if observation.marks != len(item.own_markers):
            self._check_late_marks(report, item)

    def _attach(self, report: pytest.TestReport, name: str, body: Any) -> None:
        vars(report).setdefault(keys.ATTACHED, {})[name] = body

    def pytest_exception_interact(self, node: pytest.Item, report: pytest.TestReport) -> None:
        """Record a failure without a report: that of a try within a phase, followed by another try."""
        observation = self._running.get(node.nodeid)
        if observation is not None and observation.final_line is None and not observation.has_phase(str(report.when)):
            observation.record_phase(phase_of(report), report.duration)

    def expect_rerun(self, report: pytest.TestReport) -> None:
        """Record that another attempt follows this one."""
        observation = self._running.get(report.nodeid)
        if observation is None:
            return
        line, observation.final_line = observation.final_line, None
        if report.when == "teardown" and observation.evidence is not None:  # perhaps a copy of what was observed
            self._attach(report, keys.EVIDENCE, observation.evidence)
        failed = PhaseResult(str(report.when), "failed", False, message_of(report))  # noqa: FBT003
        if observation.phases and not observation.has_phase(failed.when):
            observation.record_phase(failed, report.duration)
            self._attach(report, keys.TRY, self._attempt(observation, observation.attempt_so_far()))
        elif line is not None and line["result"] not in BROKEN:  # a later hook turned its report into a failure
            observation.fail_attempt(line, failed)
            self._attach(report, keys.ATTEMPT, self._attempt(observation, observation.attempts[-1]))

    def _attempt(self, observation: Observation, attempt: dict[str, Any]) -> Any:
        claims = observation.claims_so_far(self._resolve)
        return self.redactor.plain({"test": observation.test_id, **attempt, "claims": claims})

    @property
    def is_busy(self) -> bool:
        """Whether an evidence test runs, or has ended and is not removed yet."""
        return bool(self._running)

    def ended_tests(self) -> list[tuple[str, Observation]]:
        """Return node id and observation of each test that ran to its end and is not run again."""
        return [(nodeid, observed) for nodeid, observed in self._running.items() if observed.final_line is not None]

    def remove(self, nodeid: str) -> None:
        """Remove the observation of a test that is over."""
        observation = self._running.pop(nodeid, None)
        if observation is not None:
            self._checks.give_back(observation.authenticity)

    def interrupted_lines(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of tests that were interrupted, also in the teardown of their fixtures.

        A test that ran to its end has its own result: another plugin may have failed on its report.
        """
        for observation in self._running.values():
            with suppress(Exception):  # as above: its start is written, and no end
                observation.authenticity.end()
                yield self.final_line(observation) or observation.finish(self._resolve, interrupted=True)

    def final_line(self, observation: Observation) -> dict[str, Any] | None:
        """Return the line of a test that ended, with its reports as they are now; None if it has not ended."""
        line = observation.final_line
        if line is not None:
            for report in observation.reports:
                if report.outcome != "passed" or hasattr(report, "wasxfail"):
                    return worsened_line(line, phases_of(observation.reports, self.redactor))
        return line

    def record_evidence(self, item: pytest.Item) -> RecordEvidence:
        """Return the value of the fixture ``record_evidence`` for a test."""
        observation, tagged = self.observation_of(item), item.stash.get(TAGGED, None)
        if observation is not None:
            recording, claims = observation.recording, observation.claims
        elif tagged is not None and tagged.claims:  # a fixture is created before the test's setup
            recording, claims = self._early_recordings.setdefault(item, RecordedData(self.context)), tagged.claims
        else:
            return detached_recorder(self.catalogue, self.redactor, self.artifacts.limit, self.services)
        return RecordEvidence(
            recording,
            self.redactor,
            self.artifacts,
            claims,
            self.catalogue,
            skipped=pytest.skip.Exception,
            services=self.services,
        )


class _Stepping:
    """Detects that the user quits the debugger of ``--trace``, which ends a test as if it had passed."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        """Wrap the debugger's quit, which the end of the input calls too."""
        import bdb

        observation, original = self._observer.observation_of(item), bdb.Bdb.set_quit

        def set_quit(debugger: bdb.Bdb) -> None:
            if observation is not None:
                observation.unrun = body_not_run("the debugger was left before its end")
            original(debugger)

        bdb.Bdb.set_quit = set_quit  # type: ignore[method-assign, assignment]
        try:
            return (yield)
        finally:
            bdb.Bdb.set_quit = original  # type: ignore[method-assign]


class WorkerObserver(Observer):
    """Observes the tests of an xdist worker, and attaches the results to their reports as text."""

    _evidence: frozenset[str] = frozenset()
    attaches_evidence = True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Record the result of a phase; attach what the controller needs to the report."""
        report = yield from super().pytest_runtest_makereport(item)
        if self.redactor.learned:
            # The controller writes node ids itself: it must know the secrets in them.
            super()._attach(report, keys.SECRETS, _dumps(self.redactor.take_learned()))
        if self.artifacts.stored.unreported:
            super()._attach(report, keys.STORED, _dumps(self.artifacts.stored.take_unreported()))
        if any(troubles := self.redactor.plugins.take_failures()):
            super()._attach(report, keys.PLUGIN_FAILURES, _dumps(troubles))
        return report

    def _attach(self, report: pytest.TestReport, name: str, body: Any) -> None:
        """Attach as a text: xdist then sends any content, even a lone surrogate."""
        super()._attach(report, name, canonical(body))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record that another attempt follows; attach the evidence to a report that replaced another."""
        if is_rerun(report):
            self.expect_rerun(report)
        elif report.when == "teardown" and (observation := self._running.get(report.nodeid)) is not None:
            if observation.final_line is not None and keys.EVIDENCE not in vars(report).get(keys.ATTACHED, ()):
                self._attach(report, keys.EVIDENCE, observation.final_line)
            if self.may_run_again:
                super()._attach(report, keys.MAY_RERUN, "true")

    def build_plan(self, tagged: Sequence[TaggedTest]) -> list[dict[str, Any]]:
        """Return the plan of these tests as plain data."""
        plan = super().build_plan(tagged)
        self._evidence = frozenset(test["test"] for test in plan)
        return plan

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Write the start of the test before it touches its environment; remove tests that are over."""
        try:
            if self.start_writer is not None and (test_id := self.names.name_of(nodeid)) in self._evidence:
                self.start_writer.write_start(test_id)
        except PASSES:
            raise
        except BaseException as error:  # noqa: BLE001 - the controller writes the start as well
            postpone(self.hooks, nodeid, error)
        for ended, observation in self.ended_tests():
            if ended != nodeid or self.names.is_another(observation.item):
                self.remove(ended)


def detached_recorder(
    catalogue: Catalogue | None = None,
    redactor: Redactor | None = None,
    limit: int = 1 << 30,
    services: SessionServices | None = None,
) -> RecordEvidence:
    """Return a ``record_evidence`` that checks its arguments and writes nothing."""
    redactor = redactor or Redactor(b"detached", {})
    no_folder = ArtifactFolder(None, limit)
    recording, skipped = RecordedData(RunContext()), pytest.skip.Exception
    return RecordEvidence(recording, redactor, no_folder, (), catalogue, skipped=skipped, services=services)
