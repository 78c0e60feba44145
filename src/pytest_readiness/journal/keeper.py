"""Where reports become lines of the run, in the process that owns the session.

Nothing raises out of these hooks: that would cost the remaining tests.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Generator, Sequence
from json import loads as _loads
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pluggy import PluginManager

from ..errors import StorageError
from ..mark import late_note
from .artifact import Kept
from .begun import expect
from .cut_short import PASSES, postpone
from .earlier import BROKEN
from .naming import Names
from .observation import worsened
from .phases import OUTCOMES, is_rerun, message_of, phases_of, went_well
from .recorder import ATTEMPT, CARRIED, EVIDENCE, KEPT, LATE, PLANS, SECRETS, TROUBLE, TRY, UNSEEN, UNSURE, Observer
from .redaction import Redactor
from .run_log import RunLog
from .unseen import Unseen

_PHASES = frozenset({"setup", "call", "teardown"})
_BODIES = frozenset({ATTEMPT, EVIDENCE, LATE, TRY, UNSEEN, UNSURE})


class _Place(NamedTuple):
    """Where a test runs, and which of a collection it is."""

    worker: str
    nodeid: str
    item: int | None


def _place(report: pytest.TestReport) -> _Place:
    """What xdist adds to a report; of a worker that crashed it knows no index."""
    gateway = getattr(getattr(report, "node", None), "gateway", None)
    return _Place(str(getattr(gateway, "id", "")), report.nodeid, getattr(report, "item_index", None))


def _attempt_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the end of a test as an attempt, which another follows; one that ended badly says where it took place."""
    attempt = {"test": body["test"], **body["attempts"][-1]}
    if attempt["result"] in BROKEN:
        attempt["claims"] = [claim for claim in body["claims"] if "result" not in claim]
    return attempt


class Keeper:
    """Writes what was seen of the tests. Which process runs them makes two of it."""

    def __init__(self, log: RunLog, redactor: Redactor, for_workers: dict[str, Any], kept: Kept) -> None:
        """``for_workers``: what an xdist worker is given; ``kept``: of ``ArtifactFolder``, filled meanwhile."""
        self.log = log
        self.redactor = redactor
        self._for_workers = for_workers
        self._kept = kept
        self._left: list[str] = []
        self.hooks: PluginManager | None = None
        self.late: dict[str, None] = {}
        """Tests that were marked as evidence while they ran."""
        self._unseen_in = Unseen()
        self._learned = False
        self._is_owed = False
        """A secret became known, and what was written before could not be rid of it."""
        self.names = Names(for_workers, redactor)
        self._to_be_rerun: set[_Place] = set()
        """Tests whose attempt is over, and whose teardown is not the test's end."""

    def _safely(self, act: Callable[..., None], *given: Any) -> None:
        try:
            act(*given)
        except PASSES:
            raise
        except BaseException as error:  # noqa: BLE001 - kept, told at the end, and closes the gate
            self._kept_back(error, *given)

    def _kept_back(self, error: BaseException, about: Any = None, *_: Any) -> None:
        """``about``: the report of a test, or its node id."""
        ends = getattr(about, "when", None) == "teardown"
        nodeid = str(getattr(about, "nodeid", about))
        if ends or not postpone(self.hooks, nodeid, error):
            self.log.failure = self.log.failure or error

    def open(self) -> None:
        """Open the journal, and ask where the run comes from, before a test's time begins."""
        self._safely(self.log.open)

    def _write(self, report: pytest.TestReport, carried: dict[str, Any]) -> None:
        if self.redactor.learned:
            self._redact_what_is_written()
        attempt: Any = carried.get(ATTEMPT)
        evidence: Any = carried.get(EVIDENCE)
        if LATE in carried:
            self.late[carried[LATE]["test"]] = None
        if UNSEEN in carried:
            self._unseen_in.take_in(**carried[UNSEEN])
        if TRY in carried:
            self.log.attempt(carried[TRY])
        elif is_rerun(report):
            self._to_be_rerun.add(_place(report))  # also where another plugin made a failure of it, and carried nothing
            if attempt or evidence:
                self.log.attempt(attempt or _attempt_of(evidence))
        elif report.when == "setup":
            self._to_be_rerun.discard(_place(report))
        elif evidence is not None and not (self._to_be_rerun and _place(report) in self._to_be_rerun):
            self._ended(report, evidence, unsure=UNSURE in carried)

    def _ended(self, report: pytest.TestReport, evidence: dict[str, Any], *, unsure: bool) -> None:
        """A test ended; ``unsure``: it may be run again."""
        raise NotImplementedError

    def notes(self) -> list[str]:
        """Return what is to be said of tests: marked while they ran, not watched, of their names; a line each."""
        late = [late_note(list(self.late))] if self.late else []
        return [*late, *self._unseen_in.notes(), *(self.names.note() if self.log.recorded else []), *self._left]

    def _taken(self, report: pytest.TestReport) -> dict[str, Any]:
        """Return what a report carries of ours, and take it off: other reporters need not write it again."""
        carried: dict[str, Any] = vars(report).pop(CARRIED, {})
        return carried

    def _redact_what_is_written(self) -> None:
        if self.redactor.learned:
            self.redactor.learned.clear()
            self._learned = self._is_owed = True
            self.log.redact(self.redactor)
            self._is_owed = False

    def settle(self) -> None:
        """The session is over: write what it leaves open, and take out secrets that became known late."""
        self._safely(self._redact_what_is_written)
        if self._is_owed:  # it could not be written anew then; now there may be room
            self._safely(self.log.redact_at_last, self.redactor)
        self._write_what_is_open()
        if self._learned:
            self._safely(self._redact_what_is_kept)

    def _write_what_is_open(self) -> None:
        """What is known of tests that did not end; where nothing is, the log says that they were interrupted."""

    def _redact_what_is_kept(self) -> None:
        """Artifacts that were kept before their secret became known."""
        from .belated import redact_artifacts, told_anew  # only where a test registers a secret

        belated = redact_artifacts(Path(self._for_workers["artifacts"]), self._kept, self.redactor)
        if belated.moved:
            self.log.rewrite(lambda body: told_anew(body, belated.moved))
            self.log.moved(belated.moved, {path.name for path in belated.gone})
            self._left = belated.told()
            belated.remove()


class OwnKeeper(Keeper):
    """Keeps what the observer of this process saw."""

    def __init__(self, log: RunLog, redactor: Redactor, for_workers: dict[str, Any], observer: Observer) -> None:
        super().__init__(log, redactor, for_workers, observer.artifacts.kept)
        self._observer = observer
        self.names = observer.names
        self._unseen: dict[str, dict[str, Any]] = {}
        """Evidence of tests that another process saw (pytest-forked), by node id."""

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Write that the test starts, before it touches its environment."""
        try:
            self._tell_ended(runs_again=nodeid)
            self.log.started(self.names.of(nodeid))
        except PASSES:
            raise
        except BaseException as error:  # noqa: BLE001 - as in _safely; said twice, since a call for each test is dear
            self._kept_back(error, nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write what a report carries, before other plugins look at it.

        No wrapper, which is dear three times for each test: where another's fails first, ``settle`` writes it.
        """
        if report is not self._observer.made:  # it comes late, or in the place of another
            observation = self._observer.running(report.nodeid)
            if observation is not None:
                observation.reports.append(report)
        says_something = CARRIED in vars(report) or report.outcome not in OUTCOMES  # most say nothing of ours
        if says_something or self.redactor.learned or self._to_be_rerun:
            self._safely(self._write_own, report)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Write how the test ended: nobody is left who may change what was reported.

        Where a plugin may run it again without a word, that is told when the next test starts.
        """
        if not self._observer.may_run_again:
            try:
                self._tell_ended()
            except PASSES:
                raise
            except BaseException as error:  # noqa: BLE001 - as in logstart
                self._kept_back(error, nodeid)

    def _write_own(self, report: pytest.TestReport) -> None:
        if is_rerun(report):
            self._observer.reran(report)
        self._write(report, self._taken(report))

    def _ended(self, report: pytest.TestReport, evidence: dict[str, Any], *, unsure: bool) -> None:  # noqa: ARG002
        if self._observer.running(report.nodeid) is None:
            self._unseen[report.nodeid] = evidence

    def _tell_ended(self, runs_again: str | None = None) -> None:
        """Write the tests that ended; ``runs_again``: the one that starts, of which this was an attempt."""
        if not (self._observer.is_busy or self._unseen):
            return
        for nodeid, observation in self._observer.ended():
            if (body := self._observer.settled(observation)) is None:
                continue
            if nodeid == runs_again and not self.names.is_another(observation.item):
                self.log.attempt(_attempt_of(body))
            else:
                self.log.finished(body)
                self._observer.forget(nodeid)
        while self._unseen:
            self.log.finished(self._unseen.popitem()[1])

    def _write_what_is_open(self) -> None:
        """Write tests that were interrupted, and those that had ended where another plugin failed over their report."""
        self._safely(self._tell_ended)
        for body in self._observer.unfinished():
            if self.log.runs(body["test"]):
                self._safely(self.log.finished, body)


class WorkersKeeper(Keeper):
    """Keeps what the workers of xdist saw, joined by node id."""

    def __init__(self, log: RunLog, redactor: Redactor, for_workers: dict[str, Any]) -> None:
        super().__init__(log, redactor, for_workers, Kept())
        self._odd: dict[_Place, list[pytest.TestReport]] = {}
        """The reports of a test that runs, from the first on that tells of more than a phase that went well."""
        self._unsure: dict[_Place, dict[str, Any]] = {}
        """How tests ended that may be run again."""
        self._plans: deque[str] = deque()
        """Plans of workers, as texts, that are not taken in yet."""
        self._is_planned = False
        self._ran_unplanned = False
        """A test started in a worker that had told of no plan."""
        self._runs: set[str] = set()
        """What runs, evidence or not, where several tests bear one node id."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, config: pytest.Config, specs: Sequence[object]) -> None:
        """See whether all workers run everything."""
        if config.getoption("dist") == "each":
            self.log.ends.copies = len(specs)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand a worker what it needs, so that it reads no config, and a channel for its plan.

        What comes by it comes before all that the worker tells afterwards; it is a thread of execnet's that takes it.
        """
        self.names.grouped = node.config.getoption("dist") == "loadgroup"
        plans = node.gateway.newchannel()
        plans.setcallback(self._plans.append)
        node.workerinput["readiness"] = {**self._for_workers, "grouped": self.names.grouped, PLANS: plans}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self) -> None:
        """Open the journal with the plan before a worker is given a test to run."""
        self._take_in_plans()
        self.open()
        if self.log.writer is not None:
            self._safely(expect, self.log.path)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take in which texts a worker that ended has kept."""
        output = getattr(node, "workeroutput", None) or {}
        self._kept.take_in(output.get(KEPT) or {})

    def pytest_runtest_logstart(self, nodeid: str, location: Sequence[Any]) -> None:
        """Write that the test starts."""
        if self._plans:
            self._take_in_plans()
        if not self._is_planned:
            self._ran_unplanned = True
        self._safely(self._started, nodeid, location)

    def _started(self, nodeid: str, location: Sequence[Any]) -> None:
        names = self.names.each(nodeid, location)
        if len(names) == 1:  # else the first report says which it is
            self._started_as(names[0])

    def _started_as(self, name: str) -> None:
        if self.names.shared:
            self._runs.add(name)
        self.log.started(name)

    def pytest_runtest_logfinish(self, nodeid: str, location: Sequence[Any]) -> None:
        """Forget a test that is over."""
        if self._runs:
            self._runs.difference_update(self.names.each(nodeid, location))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Take what a report carries, before another plugin can fail over it; write it as it is in the end."""
        carried: dict[str, Any] = {}
        if CARRIED in vars(report):
            self._safely(lambda: carried.update(self._taken(report)))
        try:
            return (yield)
        finally:
            is_told = self._odd or self._unsure or self._to_be_rerun or self.names.shared
            if carried or is_told or not went_well(report):
                self._safely(self._write, report, carried)

    def _write(self, report: pytest.TestReport, carried: dict[str, Any]) -> None:
        place = _place(report)
        self._tell_unsure(lambda one: one.worker == place.worker and one != place)
        if report.when not in _PHASES:  # xdist's own report of a worker that crashed
            for body in [self._unsure.pop(one) for one in list(self._unsure) if one.nodeid == report.nodeid]:
                self.log.attempt(_attempt_of(body))
            self._crashed(report.nodeid, self.redactor.text(message_of(report)), again=is_rerun(report))
            return
        if report.when == "setup":
            self._odd.pop(place, None)
            several = self.names.shared and len(self.names.each(report.nodeid, report.location)) > 1
            if several and (name := self.names.at(report.nodeid, place.item)) is not None:
                self._started_as(name)
        if not is_rerun(report) and (place in self._odd or not went_well(report)):
            self._odd.setdefault(place, []).append(report)
        super()._write(report, carried)
        if report.when == "teardown":
            self._odd.pop(place, None)

    def _crashed(self, nodeid: str, why: str, *, again: bool) -> None:
        """A worker ended before its test did. Of several tests that bear its node id, it is one of those that run."""
        names = self.names.each(nodeid)
        for name in [one for one in names if one in self._runs] or names:
            self._runs.discard(name)
            self.log.crashed(name, why, again=again)

    def _ended(self, report: pytest.TestReport, evidence: dict[str, Any], *, unsure: bool) -> None:
        place = _place(report)
        body = worsened(evidence, phases_of(self._odd.get(place, ()), self.redactor))
        if not unsure:
            self.log.finished(body)
            return
        if (earlier := self._unsure.get(place)) is not None:
            self.log.attempt(_attempt_of(earlier))
        self._unsure[place] = body

    def _tell_unsure(self, is_over: Callable[[_Place], bool]) -> None:
        for place in [one for one in self._unsure if is_over(one)]:
            self.log.finished(self._unsure.pop(place))

    def _write_what_is_open(self) -> None:
        """Write the tests that were run last, and were not run again."""
        self._take_in_plans()
        self._safely(self._tell_unsure, lambda _: True)
        self._safely(self.log.take_in_begun)
        if self._ran_unplanned and not self._is_planned:
            told = "tests ran in workers that did not say which of them are evidence: is pytest-readiness loaded there?"
            self.log.failure = self.log.failure or StorageError(told)

    def _taken(self, report: pytest.TestReport) -> dict[str, Any]:
        """Return what is told of the report's test, without the secrets that another worker registered."""
        told = {name: json.loads(text) for name, text in super()._taken(report).items()}
        self._kept.take_in(told.get(KEPT, {}))
        if SECRETS in told:
            self.redactor.take_in(told[SECRETS])
        self.redactor.own.take_in_troubles(told.get(TROUBLE, ()))
        self._redact_what_is_written()
        bodies = {name: body for name, body in told.items() if name in _BODIES}
        return {name: self.redactor.plain(body) for name, body in bodies.items()} if self._learned else bodies

    def _take_in_plans(self) -> None:
        while self._plans:
            self._safely(self._take_in_plan, self._plans.popleft())

    def _take_in_plan(self, text: str) -> None:
        plan = _loads(text)
        if "uncollected" in plan:
            self.log.uncollected = max(self.log.uncollected, plan["uncollected"])
            return
        self.log.plan(self.redactor.plain(plan["tests"]) if self._learned else plan["tests"])
        self.log.unread_marks = max(self.log.unread_marks, plan["unread"])
        self.names.take_in(plan)
        self._is_planned = True
