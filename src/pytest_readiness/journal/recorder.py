"""Where what pytest does with a test becomes an observation, in each process that runs tests.

What was seen hangs on the reports, which ``keeper`` takes down in the process that owns the session; without xdist that
is the same process. Nothing raises out of these hooks: that would cost the remaining tests.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from pluggy import PluginManager

from ..claims.catalogue import Catalogue
from ..claims.claim import Claim
from ..claims.collected import TAGGED, Tagged, refuse
from ..facts.line import canonical
from ..facts.proofs import Shown
from .artifact import ArtifactFolder
from .context import Context
from .cut_short import PASSES, postpone
from .observation import WENT_WELL, Observation, Phase, test_id
from .placing import placed_all
from .proving import Means, RecordEvidence
from .realness import Realness
from .recording import Recording
from .redaction import Redactor
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
        self.hooks: PluginManager | None = None
        self._grouped = grouped
        self._running: dict[str, Observation] = {}
        self._latest: tuple[pytest.Item | None, Observation | None] = None, None
        """The test that was set up last: it is asked for after each of its phases."""
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
            try:
                self._observe(observation, report, item)
            except PASSES:
                raise
            except BaseException as error:  # noqa: BLE001
                if report.when == "teardown" or postpone(self.hooks, item.nodeid, error):
                    self._forget(item.nodeid)
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
        """See that another attempt follows: this was not the test's end."""
        observation = self._running.get(report.nodeid)
        if observation is not None:
            observation.told = None

    def forget_ended(self) -> None:
        """Another test starts, or another attempt of one: those that ran to their end are over."""
        for nodeid in [nodeid for nodeid, observation in self._running.items() if observation.told is not None]:
            self._forget(nodeid)

    def _forget(self, nodeid: str) -> None:
        observation = self._running.pop(nodeid, None)
        if observation is not None:
            observation.realness.end()

    def unfinished(self) -> Iterator[dict[str, Any]]:
        """Yield what is known of tests that were interrupted, fixtures' teardown included.

        One that ran to its end is told as it ended: another plugin may have failed over its report.
        """
        for observation in self._running.values():
            with suppress(Exception):  # as above: what cannot be told is seen to start, and not to end
                observation.realness.end()
                yield observation.told or observation.finish(self._place, interrupted=True)

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

    def pytest_runtest_logstart(self) -> None:
        """Forget tests that are over."""
        self.forget_ended()


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
    message = "" if outcome == "passed" and not expected else message_of(report)
    return Phase(str(report.when), outcome, expected, message)


def message_of(report: pytest.TestReport) -> str:
    """Return why a phase failed, was skipped, or was expected to fail."""
    if hasattr(report, "wasxfail"):
        return str(report.wasxfail)
    if isinstance(report.longrepr, tuple):  # of a skip: file, line, reason
        return str(report.longrepr[2])
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longrepr)
