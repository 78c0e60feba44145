"""The run that is being written: its plan, what has started and finished, and the seal. One for each session.

Everything is joined by node id, so that what a crashed worker leaves behind is INTERRUPTED for the right
claims. The journal is opened before the first test runs where an evidence test is among them, so that no test's time
goes by over it; where workers run them, when the first of them starts.
"""

from __future__ import annotations

import os
import platform
import secrets
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..atomic_write import write_atomically
from ..errors import ReadinessError
from ..facts.evidence import Artifact, Result
from ..facts.ledger.line import Line
from ..facts.requirements_snapshot import Snapshot
from ..facts.run import Run, planned_digest, planned_digest_of
from ..facts.timestamps import timestamp
from ..redaction.fingerprint_key import save_key
from .joined_executions import ExecutionJoiner
from .planned_tests import PlannedTest, SharedPlans
from .started_tests import StartedTests
from .writer import JournalWriter, ignore_folder, new_journal
from .written_lines import ChangedJournalError, WrittenLines

if TYPE_CHECKING:  # who judges a journal takes no secrets out
    from ..redaction.redactor import Redactor

IN_LINE = 100
"""Tests that one line names at most, of those that are planned or that never ran."""


def new_run_id() -> str:
    """Return an id that sorts by start: ``20260212T182900Z-`` and 8 hex digits."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(4)}"


@dataclass
class RunLog:
    """What the controller knows of the run."""

    folder: Path
    """Of the journals."""
    head: Callable[[], dict[str, Any]]
    """What the first line says of the origin; asked once, when the journal is opened."""
    register: str
    requirements: Snapshot
    key: bytes = field(repr=False)
    """Of the fingerprints; kept when the run is opened."""
    run_id: str = field(default_factory=new_run_id)
    dry: bool = False
    """Nothing is written: the session tries nothing, or has no place of its own to write."""
    writer: JournalWriter | None = None
    failure: BaseException | None = None
    """What first went wrong in recording; told at the end, and closes the gate."""
    _began: str = field(default_factory=timestamp)
    """When it started: before its first test did, which a worker of xdist starts before this process hears of it."""
    _plan: dict[str, PlannedTest] = field(default_factory=dict)
    _kinds: SharedPlans = field(default_factory=SharedPlans)
    _unwritten_plan: list[str] = field(default_factory=list)
    _running: dict[str, str] = field(default_factory=dict)
    """When each evidence test that is running started."""
    _ended: set[str] = field(default_factory=set)
    _tried: bool = False
    """An evidence test has started."""
    joiner: ExecutionJoiner = field(default_factory=ExecutionJoiner)
    """Where the ends of tests that bear one id become one."""
    recorded: int = 0
    """Pieces of evidence so far."""
    artifacts: dict[str, int] = field(default_factory=dict)
    """SHA-256 and size in bytes of each artifact that its lines name."""
    is_overwritten: bool = False
    """Lines of it were overwritten, as they held a secret: it is no run any more."""
    unread_marks: int = 0
    """Tests of whose evidence marks neither use case nor item can be understood: nothing is recorded of them."""
    uncollected: int = 0
    """Files, and other things that hold tests, that could not be collected."""

    @property
    def path(self) -> Path:
        """Of the journal."""
        return self.folder / f"{self.run_id}.jsonl"

    def open(self) -> None:
        """Open the journal and write what is known, where there is a test to run that is evidence."""
        if any(not planned.plain.get("deselected") for planned in self._plan.values()):
            self._ready()

    def plan(self, tests: Iterable[dict[str, Any]]) -> None:
        """Take in tests that are to run, or were deselected (``deselected``): plain, with their placed claims."""
        told, find = list(tests), self._kinds.finder()
        for test in told:
            known = self._plan.get(test["test"])
            if known is None or (known.plain.get("deselected") and not test.get("deselected")):
                self._plan[test["test"]] = find(test)
                self._unwritten_plan.append(test["test"])
        self.joiner.planned(told)

    def started(self, test_id: str, at: str | None = None) -> None:
        """A test starts; one that is no evidence is of no interest."""
        if test_id in self._plan:
            self.joiner.started(test_id)
            if test_id not in self._running:
                at = self._running[test_id] = at or timestamp()
                self._tried = True
                if (writer := self._ready()) is not None:
                    writer.take(writer.chain.started(test_id, at))

    def add_worker_starts(self) -> None:
        """Take in the tests that began in other processes, and of which this one was not told any more."""
        left = [test_id for test_id, one in self._plan.items() if not one.plain.get("deselected")]
        left = [test_id for test_id in left if test_id not in self._ended]
        begun = StartedTests(self.path, self.key, self._plan if left else ())
        for test_id in left:
            if test_id not in self._running and (at := begun.last(test_id)):
                self.started(test_id, at)
            self.joiner.started_at_least(test_id, begun.count(test_id))

    def is_running(self, test_id: str) -> bool:
        """Return whether an evidence test has started and not ended."""
        return test_id in self._running

    def arrive(self) -> None:
        """Keep the run though no evidence test started: a part of a run group arrives all the same."""
        self._tried = True
        self._ready()

    def attempt(self, body: Mapping[str, Any]) -> None:
        """An attempt ended, and the test is run again."""
        if body["test"] in self._plan and (writer := self._ready()) is not None:
            self.joiner.attempted(body)
            writer.append("attempt", dict(body))

    def finished(self, body: dict[str, Any]) -> None:
        """A test ran to its end (or is told how far it came); of several with one id, the last tells of all."""
        body, is_whole = self.joiner.take(body)
        if is_whole:
            self._finish(body)
        elif (writer := self._ready()) is not None:
            writer.append("ended", body)

    def _finish(self, body: dict[str, Any]) -> None:
        test_id = body["test"]
        self._running.pop(test_id, None)
        self._ended.add(test_id)
        self._tried = True
        if (writer := self._ready()) is None:
            return
        if "artifacts" in body:
            self.artifacts.update([(one["sha256"], one["size"]) for one in body["artifacts"]])
        claims = body["claims"]
        self.recorded += len(claims)
        if len(body["attempts"]) > 1:  # those that a later one covers are told within its own
            self.recorded -= sum("covered" in claim for claim in claims)
        planned = self._plan.get(test_id)
        if planned is not None and body["claims"] is planned.claims and _is_terse(body):
            writer.take(writer.chain.finished(body, planned.spelled_claims))
        else:
            writer.append("finished", body)

    def crashed(self, test_id: str, why: str, *, again: bool = False) -> None:
        """The process that ran a test ended before the test did; ``again``: another runs it again."""
        if test_id in self._plan:
            body = self._interrupted(test_id, why)
            if again:
                self.joiner.run_again(body)
                if (writer := self._ready()) is not None:
                    writer.append("attempt", {"test": test_id, **body["attempts"][-1]})
            else:
                self.finished(self.joiner.crashed(body))

    def _interrupted(self, test_id: str, why: str = "the session ended before the test did") -> dict[str, Any]:
        at = self._running.get(test_id) or timestamp()
        return interrupted_body(self._plan[test_id].of(test_id), at, why)

    def redact(self, redactor: Redactor) -> None:
        """A secret became known: take it out of what is remembered, and of what is written already.

        Raises:
            OSError: the journal could not be written anew.
        """
        self._redact_plan(redactor)
        self._unwritten_plan = [redactor.name(test) for test in self._unwritten_plan]
        self._running = {redactor.name(test): at for test, at in self._running.items()}
        self._ended = {redactor.name(test) for test in self._ended}
        self.joiner.redact(redactor)
        self.rewrite(redactor.plain)

    def replace_artifacts(self, artifacts: Mapping[str, Artifact], gone: Container[str]) -> None:
        """Artifacts were made anew, each by its digest before; ``gone``: digests that no line names any more."""
        new = {kept.sha256: kept.size for old, kept in artifacts.items() if old in self.artifacts}
        self.artifacts = {old: size for old, size in self.artifacts.items() if old not in gone} | new

    def redact_at_last(self, redactor: Redactor) -> None:
        """Do the same at the end, by all means: lines that cannot be written anew are overwritten where they are."""
        try:
            self.redact(redactor)
        except OSError:
            self.is_overwritten = True  # first: whatever comes of the next, such a run is not kept
            if self.writer is not None:
                self.writer.overwrite(redactor.plain)

    def _redact_plan(self, redactor: Redactor) -> None:
        changed = {id(one): redactor.plain(one.plain) for one in self._plan.values()}
        plan, self._plan, self._kinds = self._plan, {}, SharedPlans()
        find = self._kinds.finder()
        for test_id, one in plan.items():
            planned, name = find(changed[id(one)]), redactor.name(test_id)
            if name not in self._plan or self._plan[name].plain.get("deselected"):  # two may have become one
                self._plan[name] = planned

    def rewrite(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Write what is written already anew, each line with its body changed.

        Raises:
            OSError: the journal could not be written anew.
        """
        if self.writer is not None:
            self.writer.rewrite(change)

    def _ready(self) -> JournalWriter | None:
        """Return the open journal, with the plan as far as it is known; None where it cannot be opened."""
        if self.writer is None and (self.dry or not self._open()):
            return None
        assert self.writer is not None  # noqa: S101 - for the type checker; _open has seen to it
        while self._unwritten_plan:
            tests = [(test_id, self._plan[test_id]) for test_id in self._unwritten_plan[:IN_LINE]]
            spelling = f"[{','.join([planned.spelling(test_id) for test_id, planned in tests])}]"
            line = self.writer.chain.planned([planned.of(test_id) for test_id, planned in tests], spelling)
            self.writer.take(line)
            del self._unwritten_plan[:IN_LINE]  # only now: planned twice is planned once, planned never is lost
        return self.writer

    def _open(self) -> bool:
        """An OSError is the writer's to keep: it goes on in memory and tries again."""
        try:
            ignore_folder(self.folder.parent)
            save_key(self.folder.parent, self.key)
            _keep_requirements(self.folder, self.requirements)
        except OSError as error:
            self.failure = error
        origin = self._origin()  # before there is a journal: it takes its time, and one without a first line is none
        try:
            writer = new_journal(self.folder, self.run_id)
        except ReadinessError as error:
            self.failure = error
            return False
        first: dict[str, Any] = {"started_at": self._began, "register": self.register}
        first |= {"requirements": self.requirements.digest, "clock": _clock_check(writer), **origin}
        writer.append("run", first, sync=True)
        self.writer = writer
        return True

    def _origin(self) -> dict[str, Any]:
        try:
            return self.head()
        except Exception as error:  # noqa: BLE001 - evidence with an unknown origin is better than none
            self.failure = error
            return {}

    def seal(self, exit_status: int) -> Run | None:
        """Close the run: what was running is INTERRUPTED, what never started NOT_RUN. None if nothing was tried.

        Raises:
            ChangedJournalError: the journal cannot be read as it was written.
        """
        for test_id in list(self._running):
            if not self.joiner.is_incomplete(test_id):
                self.crashed(test_id, "the session ended before the test did")
        for body in self.joiner.remaining(self._interrupted):
            self._finish(body)
        if self.writer is None:
            return None
        if not self._tried:  # it was opened, and stopped before the first evidence test
            self.writer.delete()
            return None
        seal = {"exit_status": exit_status, "recovered": False}
        seal |= {name: count for name in ("uncollected", "unread_marks") if (count := getattr(self, name))}
        self._ready()
        plan = ((test_id, planned.plain) for test_id, planned in self._plan.items())
        try:
            return Run(WrittenLines(self.writer, close_run(self.writer, plan, self._ended, seal)))
        except UnicodeDecodeError:
            raise ChangedJournalError(self.writer.path) from None

    def discard(self) -> None:
        """Remove the journal: nothing took place that could be evidence."""
        if self.writer is not None:
            self.writer.delete()

    def release(self) -> None:
        """Let go of what was planned and written, once it is kept.

        pytest and Python look for garbage several times while they end, through all that is still there.
        """
        self._plan, self._kinds, self._ended = {}, SharedPlans(), set()


_TERSE = {"test", "claims", "result", "started_at", "finished_at", "attempts"}
_ATTEMPT = {"result", "started_at", "duration_ms"}


def _is_terse(body: Mapping[str, Any]) -> bool:
    """Return whether a test ended after one attempt and has nothing more to tell than what every test must."""
    attempts = body["attempts"]
    return body.keys() == _TERSE and len(attempts) == 1 and attempts[0].keys() == _ATTEMPT


def interrupted_body(planned: Mapping[str, Any], started_at: str, why: str) -> dict[str, Any]:
    """Return the body of the line for a test that started and did not finish."""
    now = timestamp()
    attempt = {"result": Result.INTERRUPTED.value, "started_at": started_at, "duration_ms": 0, "message": why}
    body = {
        "test": planned["test"],
        "claims": planned["claims"],
        "result": Result.INTERRUPTED.value,
        "started_at": started_at,
        "finished_at": now,
        "attempts": [attempt],
        "message": why,
    }
    return {**body, "open_scope": True} if planned.get("records") else body


def close_run(
    writer: JournalWriter, plan: Iterable[tuple[str, Mapping[str, Any]]], ended: Container[str], seal: Mapping[str, Any]
) -> Line:
    """Write what never ran, and the seal, and return that. ``plan``: each id once, with what was planned of it."""
    counts, never, now = {"tests": 0, "deselected": 0}, list[dict[str, Any]](), timestamp()
    for test_id, planned in plan:
        counts["tests"] += 1
        if planned.get("deselected"):
            counts["deselected"] += 1
        elif test_id not in ended:
            never.append({"test": test_id, "claims": planned["claims"]})
            if len(never) == IN_LINE:
                writer.append("not_run", {"tests": never, "started_at": now, "finished_at": now})
                never = []
    if never:
        writer.append("not_run", {"tests": never, "started_at": now, "finished_at": now})
    told = {"finished_at": timestamp(), "python": platform.python_version(), "clock": _clock_check(writer), **seal}
    sums = {"count": writer.chain.seq, "planned": _digest_of_plan(writer), "plan": counts}
    return writer.append("sealed", {**sums, **told}, sync=True)


def _digest_of_plan(writer: JournalWriter) -> str:
    """Return the digest of the planned tests as they were written: what is in memory may be more than that."""
    is_held = len(writer.cached) == writer.chain.seq
    return planned_digest(writer.cached) if is_held else planned_digest_of(_planned(writer))


def _planned(writer: JournalWriter) -> Iterator[str]:
    for text in writer.each_text():
        if text.startswith('{"kind":"planned",'):  # no key of such a line sorts before it, and each other kind has one
            yield text.partition(',"tests":')[2][:-1]


def _clock_check(writer: JournalWriter) -> dict[str, int]:
    """Python's clock and the file system's, in milliseconds: a replaced clock shows as a difference.

    The journal may have been written last a while ago, so it is touched: the system, and not Python, says the time.
    """
    try:
        python = int(time.time() * 1000)  # as the tests have it
    except (TypeError, ValueError, OverflowError):
        python = 0
    try:
        os.utime(writer.path)
        return {"python": python, "file": int(writer.path.stat().st_mtime * 1000)}
    except OSError:
        return {"python": python}


def _keep_requirements(folder: Path, requirements: Snapshot) -> None:
    """Beside the journals, by digest: a journal that is taken in after a crash brings its requirements with it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = requirements_path(folder, requirements.digest)
    if not path.exists():
        write_atomically(path, requirements.text.encode())


def requirements_path(folder: Path, digest: str) -> Path:
    """Return where the requirements with this digest are kept beside the journals."""
    return folder / f"requirements-{digest.removeprefix('sha256:')}.json"


def tests_of(lines: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the planned tests of a run by node id; what was selected goes before what was deselected."""
    plan: dict[str, Mapping[str, Any]] = {}
    for test in lines:
        if test["test"] not in plan or plan[test["test"]].get("deselected"):
            plan[test["test"]] = test
    return plan
