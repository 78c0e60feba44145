"""Where pytest's reports become observations and lines.

``Observer`` lives in each process that runs tests, ``Keeper`` in the one that owns the session; without xdist that is
the same process. Nothing raises out of these hooks: that would cost the remaining tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ..claims.catalogue import Catalogue
from ..claims.claim import Claim
from ..claims.collected import TAGGED, Tagged, refuse
from ..facts.line import canonical
from ..facts.proofs import Shown
from .artifact import ArtifactFolder
from .context import Context
from .observation import WENT_WELL, Observation, Phase, test_id
from .placing import placed_all
from .proving import Means, RecordEvidence
from .realness import Realness
from .recording import Recording
from .redaction import Redactor
from .run_log import RunLog
from .simulation import prepare

CARRIED = "readiness"
"""What hangs on a report: a dictionary with some of the following."""
EVIDENCE, ATTEMPT, SECRETS, TROUBLE = "evidence", "attempt", "secrets", "trouble"
PLAN = "readiness_plan"
TEXTS = "readiness_texts"
RERUN: Any = "rerun"
"""The outcome that pytest-rerunfailures gives a report, which pytest has no type for."""


class Observer:
    """Watches the tests that this process runs, and hangs what it saw on their reports, which its keeper takes down."""

    def __init__(
        self,
        catalogue: Catalogue,
        context: Context,
        redactor: Redactor,
        artifacts: ArtifactFolder,
        *,
        grouped: bool = False,
        means: Means | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.context = context
        self.redactor = redactor
        self.artifacts = artifacts
        self.means = means or Means()
        self._grouped = grouped
        self._running: dict[str, Observation] = {}
        self._latest: tuple[pytest.Item | None, Observation | None] = None, None
        """The test that was set up last: it is asked for after each of its phases."""
        self._to_be_rerun: set[str] = set()
        self._places: dict[str, list[dict[str, Any]]] = {}
        """Claims as they were planned, by node id: they hold where the test names no other place and proves nothing."""

    def planned(self, tagged: Sequence[Tagged]) -> list[dict[str, Any]]:
        """Return the plan of these tests as plain data."""
        known: dict[int, list[dict[str, Any]]] = {}
        plan = [self._planned(test, known) for test in tagged if test.claims]
        if plan:
            prepare()
        return plan

    def _place(self, claims: Sequence[Claim], context: Context, proofs: Sequence[Shown]) -> list[dict[str, Any]]:
        return placed_all(claims, context, self.catalogue, proofs)

    def _planned(self, test: Tagged, known: dict[int, list[dict[str, Any]]]) -> dict[str, Any]:
        """``known``: claims that are placed already, by the identity of what tests with equal marks share."""
        claims = known.get(id(test.claims))
        if claims is None:
            claims = known[id(test.claims)] = self._place(test.claims, self.context, ())
        self._places[test.test_id] = claims
        found: dict[str, Any] = {"test": self._id(test.test_id), "claims": claims}
        if test.records:
            found["records"] = True
        if not test.selected:
            found["deselected"] = True
        return found

    def _id(self, nodeid: str) -> str:
        return test_id(nodeid, self.redactor, grouped=self._grouped)

    def of(self, item: pytest.Item) -> Observation | None:
        """Return the observation of a test that runs, if it is evidence for anything."""
        return self._running.get(item.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin an observation, or another attempt of one; fail a test whose evidence marks are wrong."""
        tagged = item.stash.get(TAGGED, None)
        if tagged is None:
            return
        nodeid = item.nodeid
        observation = self._running.get(nodeid)
        if observation is not None:
            observation.begin_attempt()
        elif tagged.claims:
            observation = self._running[nodeid] = Observation(
                self._id(nodeid),
                tagged.claims,
                tagged.records,
                self.context,
                self.redactor,
                self._places.get(nodeid),
                Realness(self.catalogue, self.redactor),
            )
        self._latest = item, observation
        if tagged.problems:
            refuse(item)
        if observation is not None:
            observation.realness.begin()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Take in how a phase ended; after teardown, hang the evidence on the report."""
        report = yield
        latest, observation = self._latest
        if latest is not item:
            observation = self._running.get(item.nodeid)
        if observation is not None:
            # A test whose evidence cannot be told is INTERRUPTED: it is seen to start, and not to end.
            try:  # noqa: SIM105 - three times for each test
                self._observe(observation, report, item)
            except Exception:  # noqa: BLE001, S110
                pass
        return report

    def _observe(self, observation: Observation, report: pytest.TestReport, item: pytest.Item) -> None:
        when, outcome = str(report.when), report.outcome
        went_well = outcome == "passed" and not hasattr(report, "wasxfail")
        observation.saw((went_well and WENT_WELL.get(when)) or _phase(report), report.duration)
        if when == "teardown":  # its fixtures are gone: nothing is looked at
            observation.realness.end()
            self._hang(report, EVIDENCE, observation.finish(self._place))
            return
        observation.realness.look(None if when == "setup" and outcome == "passed" else item)
        if outcome == "failed":
            attempt = {"test": observation.test_id, **observation.attempt_so_far()}
            self._hang(report, ATTEMPT, self.redactor.plain(attempt))

    def _hang(self, report: pytest.TestReport, name: str, body: Any) -> None:
        vars(report).setdefault(CARRIED, {})[name] = body

    def reran(self, report: pytest.TestReport) -> None:
        """See that another attempt follows."""
        if report.nodeid in self._running:
            self._to_be_rerun.add(report.nodeid)

    def ended(self, nodeid: str) -> None:
        """The test is over, unless another attempt follows: some versions of rerunfailures end each attempt so."""
        if nodeid in self._to_be_rerun:
            self._to_be_rerun.remove(nodeid)
        else:
            observation = self._running.pop(nodeid, None)
            if observation is not None:
                observation.realness.end()

    def unfinished(self) -> list[dict[str, Any]]:
        """Return what is known of tests that were interrupted, fixtures' teardown included."""
        for observation in self._running.values():
            observation.realness.end()
        return [observation.finish(self._place, interrupted=True) for observation in self._running.values()]

    def record_evidence(self, item: pytest.Item) -> RecordEvidence:
        """Return the fixture's value for a test."""
        observation = self.of(item)
        if observation is None:
            return detached(self.catalogue, self.redactor, self.artifacts.limit, self.means)
        return RecordEvidence(
            observation.recording,
            self.redactor,
            self.artifacts,
            observation.claims,
            self.catalogue,
            skipped=pytest.skip.Exception,
            means=self.means,
        )


class Sender(Observer):
    """Watches the tests of an xdist worker: what it saw travels on their reports, as text."""

    _plan: str | None = None

    @property
    def plan(self) -> str:
        """The plan as a canonical text, for the way to the controller; none of it once a report has carried it."""
        return self._plan or '{"tests":[]}'

    def planned(self, tagged: Sequence[Tagged]) -> list[dict[str, Any]]:
        """Return the plan of these tests as plain data, and send it with the next report."""
        plan = super().planned(tagged)
        self._plan = canonical({"tests": plan})
        return plan

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Take in how a phase ended; hang on the report what the controller must know."""
        report = yield from super().pytest_runtest_makereport(item)
        if self._plan is not None:
            super()._hang(report, PLAN, self._plan)
            self._plan = None
        if self.redactor.learned:
            # The controller writes node ids of its own accord: it must know what is secret in them.
            super()._hang(report, SECRETS, json.dumps(self.redactor.learned))
            self.redactor.learned.clear()
        if self.redactor.trouble is not None:
            super()._hang(report, TROUBLE, json.dumps(self.redactor.trouble))
            self.redactor.trouble = None
        return report

    def _hang(self, report: pytest.TestReport, name: str, body: Any) -> None:
        """As a text it travels whatever is in it, a lone surrogate too."""
        super()._hang(report, name, canonical(body))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """See that another attempt follows."""
        if is_rerun(report):
            self.reran(report)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """The test is over, unless another attempt follows."""
        self.ended(nodeid)


def detached(
    catalogue: Catalogue | None = None,
    redactor: Redactor | None = None,
    limit: int = 1 << 30,
    means: Means | None = None,
) -> RecordEvidence:
    """Return a ``record_evidence`` that checks what it is given and writes nothing."""
    redactor = redactor or Redactor(b"detached", {})
    nowhere = ArtifactFolder(None, limit)
    recording, skipped = Recording(Context()), pytest.skip.Exception
    return RecordEvidence(recording, redactor, nowhere, (), catalogue, skipped=skipped, means=means)


def is_rerun(report: pytest.TestReport) -> bool:
    """Return whether pytest-rerunfailures says that another attempt follows."""
    return bool(report.outcome == RERUN)


def _phase(report: pytest.TestReport) -> Phase:
    outcome, expected = report.outcome, hasattr(report, "wasxfail")  # its reason may be empty
    message = "" if outcome == "passed" and not expected else _message(report)
    return Phase(str(report.when), outcome, expected, message)


def _message(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return str(report.wasxfail)
    if isinstance(report.longrepr, tuple):  # of a skip: file, line, reason
        return str(report.longrepr[2])
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longrepr)


class Keeper:
    """Joins what the observers saw, by node id, and writes the run."""

    def __init__(self, log: RunLog, redactor: Redactor, observer: Observer | None, for_workers: dict[str, Any]) -> None:
        """``observer``: of this process, None under xdist; ``for_workers``: what an xdist worker is given."""
        self.log = log
        self.redactor = redactor
        self.observer = observer
        self._for_workers = for_workers
        self._learned = False
        self._texts: dict[str, bool] = {}
        """Digests of the texts that workers kept as artifacts, as ``ArtifactFolder`` has them."""
        self._grouped = False
        self._to_be_rerun: set[str] = set()
        """Tests whose attempt is over, and whose teardown is not the test's end."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand a worker what it needs, so that it reads no config."""
        self._grouped = node.config.getoption("dist") == "loadgroup"
        node.workerinput["readiness"] = {**self._for_workers, "grouped": self._grouped}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take in the plan of a worker that ended, in case no report of its carried it, and the texts that it kept."""
        output = getattr(node, "workeroutput", None) or {}
        for sha256, is_new in (output.get(TEXTS) or {}).items():  # new where one of them was the first to write it
            self._texts[sha256] = is_new or self._texts.get(sha256, False)
        if plan := output.get(PLAN):
            self._safely(self._take_in_plan, json.loads(plan))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Write that the test starts, before it touches its environment."""
        try:
            self.log.started(self._id(nodeid))
        except Exception as error:  # noqa: BLE001 - as below; said twice, since a call for each test is dear
            self.log.failure = self.log.failure or error

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Forget a test that is over."""
        if self.observer is not None:
            self.observer.ended(nodeid)
        elif self.log.unsure:
            self._safely(self.log.ended, self._id(nodeid))

    def _safely(self, act: Callable[..., None], *given: Any) -> None:
        try:
            act(*given)
        except Exception as error:  # noqa: BLE001 - kept, told at the end, and closes the gate
            self.log.failure = self.log.failure or error

    def _id(self, nodeid: str) -> str:
        return test_id(nodeid, self.redactor, grouped=self._grouped)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Write what a report carries, before another plugin can fail over it."""
        says_something = CARRIED in vars(report) or report.when not in _PHASES or report.outcome == RERUN
        if says_something or self.redactor.learned or self._to_be_rerun:  # most reports say nothing of ours
            self._safely(self._write, report)
        return (yield)

    def _write(self, report: pytest.TestReport) -> None:
        carried = vars(report).pop(CARRIED, {})  # other reporters need not write it again
        if self.observer is None:
            carried = self._told_by_worker(carried)
        elif is_rerun(report):
            self.observer.reran(report)
        if self.redactor.learned:
            self._redact_what_is_written()
        attempt, evidence = carried.get(ATTEMPT), carried.get(EVIDENCE)
        if report.when not in _PHASES:  # xdist's own report of a worker that crashed
            self.log.crashed(self._id(report.nodeid), self.redactor.text(_message(report)))
        elif is_rerun(report):
            if attempt or evidence:
                self._to_be_rerun.add(report.nodeid)
                self.log.attempt(attempt or {"test": evidence["test"], **evidence["attempts"][-1]})
        elif report.when == "setup":
            self._to_be_rerun.discard(report.nodeid)
        elif evidence is not None and report.nodeid not in self._to_be_rerun:
            self.log.finished(evidence)

    def _told_by_worker(self, carried: dict[str, str]) -> dict[str, Any]:
        """Return what hangs on a worker's report; what is no test's own is taken in."""
        told = {name: json.loads(text) for name, text in carried.items()}
        for secret in told.get(SECRETS, ()):
            self.redactor.register(secret)
        self.redactor.trouble = self.redactor.trouble or told.get(TROUBLE)
        self._redact_what_is_written()
        if PLAN in told:
            self._take_in_plan(told[PLAN])
        return self._known(told)

    def _take_in_plan(self, plan: dict[str, Any]) -> None:
        self.log.plan(self.redactor.plain(plan["tests"]) if self._learned else plan["tests"])

    def _known(self, told: dict[str, Any]) -> dict[str, Any]:
        """Return what a worker says of a test without the secrets that another worker registered."""
        bodies = {name: body for name, body in told.items() if name in (ATTEMPT, EVIDENCE)}
        return {name: self.redactor.plain(body) for name, body in bodies.items()} if self._learned else bodies

    def _redact_what_is_written(self) -> None:
        if self.redactor.learned:
            self.redactor.learned.clear()
            self._learned = True
            self.log.redact(self.redactor)

    def interrupted(self) -> None:
        """Write what is known of tests that this process was running when the session was interrupted."""
        self._safely(self._redact_what_is_written)
        for body in self.observer.unfinished() if self.observer else ():
            if self.log.runs(body["test"]):
                self._safely(self.log.finished, body)
        if self._learned:
            self._safely(self._redact_what_is_kept)

    def _redact_what_is_kept(self) -> None:
        """Artifacts that were kept before their secret became known."""
        from .belated import redact_artifacts, told_anew  # only where a test registers a secret

        folder = ArtifactFolder(Path(self._for_workers["artifacts"]), self._for_workers["artifact_limit"])
        folder.texts = self.observer.artifacts.texts if self.observer is not None else self._texts
        if moved := redact_artifacts(folder, self.redactor):
            self.log.rewrite(lambda body: dict(told_anew(body, moved)))


_PHASES = frozenset({"setup", "call", "teardown"})
