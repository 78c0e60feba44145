"""Where reports become lines of the run, in the process that owns the session.

Nothing raises out of these hooks: that would cost the remaining tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from pluggy import PluginManager

from .artifact import ArtifactFolder
from .cut_short import PASSES, postpone
from .observation import test_id
from .recorder import (
    ATTEMPT,
    CARRIED,
    EVIDENCE,
    PLAN,
    RERUN,
    SECRETS,
    TEXTS,
    TROUBLE,
    Observer,
    is_rerun,
    message_of,
)
from .redaction import Redactor
from .run_log import RunLog

_PHASES = frozenset({"setup", "call", "teardown"})


class Keeper:
    """Writes what was seen of the tests. Which process runs them makes two of it."""

    def __init__(self, log: RunLog, redactor: Redactor, for_workers: dict[str, Any], texts: dict[str, bool]) -> None:
        """``for_workers``: what an xdist worker is given; ``texts``: those of ``ArtifactFolder``, filled meanwhile."""
        self.log = log
        self.redactor = redactor
        self._for_workers = for_workers
        self._texts = texts
        self.hooks: PluginManager | None = None
        self._learned = False
        self._grouped = False
        self._to_be_rerun: set[str] = set()
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

    def _id(self, nodeid: str) -> str:
        return test_id(nodeid, self.redactor, grouped=self._grouped)

    def _write(self, report: pytest.TestReport) -> None:
        carried = self._taken(report)
        if self.redactor.learned:
            self._redact_what_is_written()
        attempt: Any = carried.get(ATTEMPT)
        evidence: Any = carried.get(EVIDENCE)
        if is_rerun(report):
            if attempt or evidence:
                self._to_be_rerun.add(report.nodeid)
                self.log.attempt(attempt or {"test": evidence["test"], **evidence["attempts"][-1]})
        elif report.when == "setup":
            self._to_be_rerun.discard(report.nodeid)
        elif evidence is not None and report.nodeid not in self._to_be_rerun:
            self.log.finished(evidence)

    def _taken(self, report: pytest.TestReport) -> dict[str, Any]:
        """Return what a report carries of ours, and take it off: other reporters need not write it again."""
        carried: dict[str, Any] = vars(report).pop(CARRIED, {})
        return carried

    def _redact_what_is_written(self) -> None:
        if self.redactor.learned:
            self.redactor.learned.clear()
            self._learned = True
            self.log.redact(self.redactor)

    def settle(self) -> None:
        """The session is over: write what it leaves open, and take out secrets that became known late."""
        self._safely(self._redact_what_is_written)
        self._write_what_is_open()
        if self._learned:
            self._safely(self._redact_what_is_kept)

    def _write_what_is_open(self) -> None:
        """What is known of tests that did not end; where nothing is, the log says that they were interrupted."""

    def _redact_what_is_kept(self) -> None:
        """Artifacts that were kept before their secret became known."""
        from .belated import redact_artifacts, told_anew  # only where a test registers a secret

        folder = ArtifactFolder(Path(self._for_workers["artifacts"]), self._for_workers["artifact_limit"])
        folder.texts = self._texts
        if moved := redact_artifacts(folder, self.redactor):
            self.log.rewrite(lambda body: dict(told_anew(body, moved)))


class OwnKeeper(Keeper):
    """Keeps what the observer of this process saw."""

    def __init__(self, log: RunLog, redactor: Redactor, for_workers: dict[str, Any], observer: Observer) -> None:
        super().__init__(log, redactor, for_workers, observer.artifacts.texts)
        self._observer = observer

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Write that the test starts, before it touches its environment."""
        try:
            self._observer.forget_ended()
            self.log.started(self._id(nodeid))
        except PASSES:
            raise
        except BaseException as error:  # noqa: BLE001 - as in _safely; said twice, since a call for each test is dear
            self._kept_back(error, nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write what a report carries, before other plugins look at it.

        No wrapper, which is dear three times for each test: where another's fails first, ``settle`` writes it.
        """
        says_something = CARRIED in vars(report) or report.outcome == RERUN  # most reports say nothing of ours
        if says_something or self.redactor.learned or self._to_be_rerun:
            self._safely(self._write, report)

    def _taken(self, report: pytest.TestReport) -> dict[str, Any]:
        if is_rerun(report):
            self._observer.reran(report)
        return super()._taken(report)

    def _write_what_is_open(self) -> None:
        """Write tests that were interrupted, and those that had ended where another plugin failed over their report."""
        for body in self._observer.unfinished():
            if self.log.runs(body["test"]):
                self._safely(self.log.finished, body)


class WorkersKeeper(Keeper):
    """Keeps what the workers of xdist saw, joined by node id."""

    def __init__(self, log: RunLog, redactor: Redactor, for_workers: dict[str, Any]) -> None:
        super().__init__(log, redactor, for_workers, {})

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
        """Write that the test starts."""
        self._safely(self.log.started, self._id(nodeid))

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Forget a test that is over."""
        if self.log.unsure:
            self._safely(self.log.ended, self._id(nodeid))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Write what a report carries, before another plugin can fail over it."""
        says_something = CARRIED in vars(report) or report.when not in _PHASES or report.outcome == RERUN
        if says_something or self._to_be_rerun:
            self._safely(self._write, report)
        return (yield)

    def _write(self, report: pytest.TestReport) -> None:
        if report.when in _PHASES:
            super()._write(report)
        else:  # xdist's own report of a worker that crashed
            self.log.crashed(self._id(report.nodeid), self.redactor.text(message_of(report)))

    def _taken(self, report: pytest.TestReport) -> dict[str, Any]:
        """Return what is told of the report's test, without the secrets that another worker registered."""
        told = {name: json.loads(text) for name, text in super()._taken(report).items()}
        for secret in told.get(SECRETS, ()):
            self.redactor.register(secret)
        self.redactor.trouble = self.redactor.trouble or told.get(TROUBLE)
        self._redact_what_is_written()
        if PLAN in told:
            self._take_in_plan(told[PLAN])
        bodies = {name: body for name, body in told.items() if name in (ATTEMPT, EVIDENCE)}
        return {name: self.redactor.plain(body) for name, body in bodies.items()} if self._learned else bodies

    def _take_in_plan(self, plan: dict[str, Any]) -> None:
        self.log.plan(self.redactor.plain(plan["tests"]) if self._learned else plan["tests"])
