"""Where what pytest does with a test becomes an observation, in each process that runs tests.

What was seen hangs on the reports, which ``keeper`` takes down in the process that owns the session; without xdist that
is the same process. Nothing raises out of these hooks: that would cost the remaining tests.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from json import dumps as _dumps
from typing import Any

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
from .artifacts import ArtifactFolder
from .authenticity.check import AuthenticityCheck, prepare
from .claim_resolution import resolve_claims
from .context import RunContext
from .evidence_recorder import RecordEvidence, SessionServices
from .interrupted_hooks import PASSES, postpone
from .observation import WENT_WELL, Observation, PhaseResult, worsened_line
from .recorder_base import RecordedData
from .report_phases import is_rerun, message_of, phase_of, phases_of
from .skipped_bodies import body_not_run, check_call, watch_body, watch_returns
from .test_ids import NodeIds

CARRIED = "readiness"
"""What hangs on a report: a dictionary with some of the following."""
EVIDENCE, ATTEMPT, SECRETS, TROUBLE = "evidence", "attempt", "secrets", "trouble"
TRY = "try"
"""An attempt that was followed by another before its phase was reported."""
LATE = "late"
"""It was marked as evidence while it ran."""
UNSEEN = "unseen"
"""It cannot be told whether something was replaced while it ran."""
UNSURE = "unsure"
"""The test may be run again, and its evidence tells then of this attempt too."""
PLANS = "plans"
"""What an xdist worker is given to send its plan by: a channel of execnet's."""
STORED = "readiness_kept"
_UNWATCHED = "a plugin runs its body in a way of its own, where nothing watches it"
_PROTOCOLS = frozenset({"runner", "rerunfailures", "pytest_rerunfailures"})
"""Plugins that run a test, and either never run it again or say so in its reports."""


class Observer:
    """Watches the tests that this process runs, and hangs what it saw on their reports, which its keeper takes down."""

    def __init__(
        self,
        catalogue: Catalogue,
        context: RunContext,
        redactor: Redactor,
        artifacts: ArtifactFolder,
        *,
        names: NodeIds | None = None,
        services: SessionServices | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.context = context
        self.redactor = redactor
        self.artifacts = artifacts
        self.services = services or SessionServices()
        self.hooks: PluginManager | None = None
        self.records = False
        """A test that it watches uses ``record_evidence``."""
        self.names = names or NodeIds({}, redactor)
        self.start_writer: StartWriter | None = None
        """In a worker: what writes that a test begins."""
        self._ahead: dict[pytest.Item, RecordedData] = {}
        """What was said of tests that are not set up yet."""
        self._running: dict[str, Observation] = {}
        self.latest_report: pytest.TestReport | None = None
        """The report that was made last."""
        self.may_run_again = False
        """A plugin runs tests that may run one again, and says it too late."""
        self._simulations: Sequence[Any] = ()
        self._latest: tuple[pytest.Item | None, Observation | None] = None, None
        """The test that was set up last: it is asked for after each of its phases."""
        self._places: dict[tuple[Claim, ...], list[dict[str, Any]]] = {}
        """Claims as they were planned: they hold where the test names no other place and proves nothing."""

    def build_plan(self, tagged: Sequence[TaggedTest]) -> list[dict[str, Any]]:
        """Return the plan of these tests as plain data."""
        self.records = self.records or any(test.records for test in tagged)
        known: dict[int, list[dict[str, Any]]] = {}
        plan = [self._planned(test, known) for test in tagged if test.claims]
        if plan:
            self._simulations = self.services.simulations()  # loaded before a test can stand in the way
            prepare(self.redactor)
            watch_returns()
        return plan

    def _place(
        self, claims: Sequence[Claim], context: RunContext, proofs: Sequence[ProofResult]
    ) -> list[dict[str, Any]]:
        return resolve_claims(claims, context, self.catalogue, proofs)

    def _planned(self, test: TaggedTest, known: dict[int, list[dict[str, Any]]]) -> dict[str, Any]:
        """``known``: claims that are placed already, by the identity of what tests with equal marks share."""
        claims = known.get(id(test.claims))
        if claims is None:
            if (claims := self._places.get(test.claims)) is None:
                claims = self._places[test.claims] = self._place(test.claims, self.context, ())
            known[id(test.claims)] = claims
        found: dict[str, Any] = {"test": self.names.name_of_test(test), "claims": claims}
        if test.records:
            found["records"] = True
        if not test.selected:
            found["deselected"] = True
        return found

    def observation_of(self, item: pytest.Item) -> Observation | None:
        """Return the observation of a test that runs, if it is evidence for anything."""
        observation = self._running.get(item.nodeid)
        return observation if observation is not None and observation.item is item else None

    def running(self, nodeid: str) -> Observation | None:
        """Return the observation of the test with this id that runs."""
        return self._running.get(nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin an observation, or another attempt of one; fail a test whose evidence marks are wrong."""
        tagged = item.stash.get(TAGGED, None)
        if tagged is None:
            return
        nodeid = item.nodeid
        observation = self._running.get(nodeid)
        if observation is not None and observation.item is item:
            observation.begin_attempt(self.settled(observation))
        elif tagged.claims:
            observation = self._running[nodeid] = Observation(
                self.names.name_of_test(tagged),
                tagged.claims,
                tagged.records,
                self.context,
                self.redactor,
                self._places.get(tagged.claims),
                AuthenticityCheck(self.catalogue, self.redactor, tagged.claims, self._simulations),
            )
            observation.item, observation.marks = item, tagged.mark_count
        else:
            observation = None
        self._latest = item, observation
        if tagged.problems:
            fail_invalid(item)
        if observation is not None:
            observation.authenticity.begin()
            if self._ahead or "runtest" in vars(item):
                self._take_in_what_was_said_ahead(observation, item)

    def _take_in_what_was_said_ahead(self, observation: Observation, item: pytest.Item) -> None:
        """A plugin that runs several tests at once may have run this one already, where nothing watched it."""
        recording = self._ahead.pop(item, None)
        if recording is not None:
            observation.adopt_recording(recording)
        if recording is not None or "runtest" in vars(item):
            observation.authenticity.unwatched(_UNWATCHED)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Take in how a phase ended; after teardown, hang the evidence on the report."""
        report = self.latest_report = yield
        latest, observation = self._latest
        if latest is not item:
            observation = self.observation_of(item)
        # A test whose evidence cannot be told is INTERRUPTED: it is seen to start, and not to end.
        try:
            if observation is not None:
                observation.reports.append(report)
                self._observe(observation, report, item)
            if report.when == "teardown" and (observation is None or observation.marks != len(item.own_markers)):
                self._look_for_late_marks(report, item)
        except PASSES:
            raise
        except BaseException as error:  # noqa: BLE001
            if report.when == "teardown" or postpone(self.hooks, item.nodeid, error):
                self.forget(item.nodeid)
        return report

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """See whether tests are stepped through with a debugger, and whether a plugin may run them again unseen."""
        runners = session.config.hook.pytest_runtest_protocol.get_hookimpls()
        names = {impl.plugin_name for impl in runners if not (impl.wrapper or impl.hookwrapper)}
        self.may_run_again = not names <= _PROTOCOLS
        if session.config.getoption("trace", default=False):
            session.config.pluginmanager.register(_Stepping(self), "readiness-stepping")

    def _look_for_late_marks(self, report: pytest.TestReport, item: pytest.Item) -> None:
        if has_late_marks(item, self.catalogue):
            self._hang(report, LATE, {"test": self.names.name_of(item.nodeid)})

    def _observe(self, observation: Observation, report: pytest.TestReport, item: pytest.Item) -> None:
        when, outcome = str(report.when), report.outcome
        is_plain = outcome == "passed" and not hasattr(report, "wasxfail")
        phase = (is_plain and WENT_WELL.get(when)) or phase_of(report)
        if is_odd := type(item) is not pytest.Function:
            watch_body(item, when, outcome)
        if (is_odd or observation.unrun is not None) and when == "call" and outcome == "passed":
            phase = observation.unrun or check_call(item) or phase
        observation.record_phase(phase, report.duration)
        if when == "teardown":  # its fixtures are gone: nothing is looked at
            observation.authenticity.end()
            if unseen := observation.authenticity.unseen:
                self._hang(report, UNSEEN, {"test": observation.test_id, "because": unseen})
            self._hang(report, EVIDENCE, observation.finish(self._place))
            return
        observation.authenticity.look(None if when == "setup" and outcome == "passed" else item)
        if outcome == "failed":
            self._hang(report, ATTEMPT, self._attempt(observation, observation.attempt_so_far()))

    def _hang(self, report: pytest.TestReport, name: str, body: Any) -> None:
        vars(report).setdefault(CARRIED, {})[name] = body

    def pytest_exception_interact(self, node: pytest.Item, report: pytest.TestReport) -> None:
        """Take in a failure that nobody reports: of a try within a phase, which is followed by another."""
        observation = self._running.get(node.nodeid)
        if observation is not None and observation.final_line is None and not observation.has_phase(str(report.when)):
            observation.record_phase(phase_of(report), report.duration)

    def reran(self, report: pytest.TestReport) -> None:
        """See that another attempt follows: this was not the test's end."""
        observation = self._running.get(report.nodeid)
        if observation is None:
            return
        told, observation.final_line = observation.final_line, None
        failed = PhaseResult(str(report.when), "failed", False, message_of(report))  # noqa: FBT003
        if observation.phases and not observation.has_phase(failed.when):
            observation.record_phase(failed, report.duration)
            self._hang(report, TRY, self._attempt(observation, observation.attempt_so_far()))
        elif told is not None and told["result"] not in BROKEN:  # a later hook made a failure of its report
            observation.fail_attempt(told, failed)
            self._hang(report, ATTEMPT, self._attempt(observation, observation.attempts[-1]))

    def _attempt(self, observation: Observation, attempt: dict[str, Any]) -> Any:
        claims = observation.claims_so_far(self._place)
        return self.redactor.plain({"test": observation.test_id, **attempt, "claims": claims})

    @property
    def is_busy(self) -> bool:
        """A test of evidence runs, or has ended and is not forgotten."""
        return bool(self._running)

    def ended(self) -> list[tuple[str, Observation]]:
        """Return the tests that ran to their end, unless they are run again, by node id."""
        return [(nodeid, one) for nodeid, one in self._running.items() if one.final_line is not None]

    def forget(self, nodeid: str) -> None:
        """The test is over."""
        observation = self._running.pop(nodeid, None)
        if observation is not None:
            observation.authenticity.end()

    def unfinished(self) -> Iterator[dict[str, Any]]:
        """Yield what is known of tests that were interrupted, fixtures' teardown included.

        One that ran to its end is told as it ended: another plugin may have failed over its report.
        """
        for observation in self._running.values():
            with suppress(Exception):  # as above: what cannot be told is seen to start, and not to end
                observation.authenticity.end()
                yield self.settled(observation) or observation.finish(self._place, interrupted=True)

    def settled(self, observation: Observation) -> dict[str, Any] | None:
        """Return what is told of a test that ended, by its reports as they are now; None where it did not end."""
        told = observation.final_line
        if told is not None:
            for report in observation.reports:
                if report.outcome != "passed" or hasattr(report, "wasxfail"):
                    return worsened_line(told, phases_of(observation.reports, self.redactor))
        return told

    def record_evidence(self, item: pytest.Item) -> RecordEvidence:
        """Return the fixture's value for a test."""
        observation, tagged = self.observation_of(item), item.stash.get(TAGGED, None)
        if observation is not None:
            recording, claims = observation.recording, observation.claims
        elif tagged is not None and tagged.claims:  # its fixtures are made before it is set up: kept until then
            recording, claims = self._ahead.setdefault(item, RecordedData(self.context)), tagged.claims
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
    """Sees whether a debugger that steps through tests (``--trace``) is left, which ends a test as if it had passed."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        """The end of the input leaves it too."""
        import bdb

        observation, leave = self._observer.observation_of(item), bdb.Bdb.set_quit

        def set_quit(debugger: bdb.Bdb) -> None:
            if observation is not None:
                observation.unrun = body_not_run("the debugger was left before its end")
            leave(debugger)

        bdb.Bdb.set_quit = set_quit  # type: ignore[method-assign, assignment]
        try:
            return (yield)
        finally:
            bdb.Bdb.set_quit = leave  # type: ignore[method-assign]


class WorkerObserver(Observer):
    """Watches the tests of an xdist worker: what it saw travels on their reports, as text."""

    _evidence: frozenset[str] = frozenset()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Take in how a phase ended; hang on the report what the controller must know."""
        report = yield from super().pytest_runtest_makereport(item)
        if self.redactor.learned:
            # The controller writes node ids of its own accord: it must know what is secret in them.
            super()._hang(report, SECRETS, _dumps(self.redactor.take_learned()))
        if self.artifacts.stored.unreported:
            super()._hang(report, STORED, _dumps(self.artifacts.stored.take_unreported()))
        if any(troubles := self.redactor.plugins.take_failures()):
            super()._hang(report, TROUBLE, _dumps(troubles))
        return report

    def _hang(self, report: pytest.TestReport, name: str, body: Any) -> None:
        """As a text it travels whatever is in it, a lone surrogate too."""
        super()._hang(report, name, canonical(body))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """See that another attempt follows; hang on a report what the one that it replaces had."""
        if is_rerun(report):
            self.reran(report)
        elif report.when == "teardown" and (observation := self._running.get(report.nodeid)) is not None:
            if observation.final_line is not None and EVIDENCE not in vars(report).get(CARRIED, ()):
                self._hang(report, EVIDENCE, observation.final_line)
            if self.may_run_again:
                super()._hang(report, UNSURE, "true")

    def build_plan(self, tagged: Sequence[TaggedTest]) -> list[dict[str, Any]]:
        """Return the plan of these tests as plain data."""
        plan = super().build_plan(tagged)
        self._evidence = frozenset(test["test"] for test in plan)
        return plan

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Write that the test begins, before it touches its environment; forget tests that are over."""
        try:
            if self.start_writer is not None and (test_id := self.names.name_of(nodeid)) in self._evidence:
                self.start_writer.write_start(test_id)
        except PASSES:
            raise
        except BaseException as error:  # noqa: BLE001 - the controller is told as well
            postpone(self.hooks, nodeid, error)
        for ended, observation in self.ended():
            if ended != nodeid or self.names.is_another(observation.item):
                self.forget(ended)


def detached_recorder(
    catalogue: Catalogue | None = None,
    redactor: Redactor | None = None,
    limit: int = 1 << 30,
    services: SessionServices | None = None,
) -> RecordEvidence:
    """Return a ``record_evidence`` that checks what it is given and writes nothing."""
    redactor = redactor or Redactor(b"detached", {})
    nowhere = ArtifactFolder(None, limit)
    recording, skipped = RecordedData(RunContext()), pytest.skip.Exception
    return RecordEvidence(recording, redactor, nowhere, (), catalogue, skipped=skipped, services=services)
