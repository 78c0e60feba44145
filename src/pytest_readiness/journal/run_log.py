"""Log of the run in progress: its plan, its started and finished tests, and its seal. One per session.

Everything is keyed by node id, so that a crash of a worker makes the claims of the right test INTERRUPTED. If the
session itself runs evidence tests, the journal is opened before the first test, so that no test takes longer for it. If
workers run them, it is opened when the first one starts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from ..errors import ReadinessError
from ..facts.evidence import Artifact
from ..facts.requirements_snapshot import Snapshot
from ..facts.run import Run
from ..facts.timestamps import timestamp
from ..redaction.fingerprint_key import save_key
from .folder import ignore_folder, write_requirements
from .joined_executions import ExecutionJoiner
from .planned_tests import Find, PlannedTests
from .run_end import IN_LINE, clock_check, close_run, interrupted_body
from .started_tests import StartedTests, StartWriter, create_start_file
from .writer import JournalWriter, new_journal
from .written_lines import ChangedJournalError, WrittenLines

if TYPE_CHECKING:  # a command that only reads a journal redacts nothing
    from ..redaction.redactor import Redactor
    from ..redaction.written_texts import WrittenTexts


def new_run_id() -> str:
    """Return an id that sorts by start: ``20260212T182900Z-`` and 8 hex digits."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.urandom(4).hex()}"


class RunLog(Struct, eq=False):
    """The state of the run in the controller."""

    folder: Path
    """The folder of the journals."""
    head: Callable[[], dict[str, Any]]
    """Returns the origin of the run for the first line; called once, when the journal is opened."""
    register: str
    requirements: Snapshot
    key: bytes
    """The key for fingerprints; written when the run is opened."""
    run_id: str = field(default_factory=new_run_id)
    dry: bool = False
    """Nothing is written: the session runs no tests, or has no journal folder of its own."""
    writer: JournalWriter | None = None
    _start_writer: StartWriter | None = None
    """Writes the started tests beside the journal."""
    failure: BaseException | None = None
    """The first error in recording; reported at the end, and closes the gate."""
    _began: str = field(default_factory=timestamp)
    """Start of the run (UTC). It is before the first test, which a worker starts before this process hears of it."""
    _plan: PlannedTests = field(default_factory=PlannedTests)
    _unwritten_plan: list[str] = field(default_factory=list)
    _running: dict[str, str] = field(default_factory=dict)
    """Start of each running evidence test (UTC)."""
    _ended: set[str] = field(default_factory=set)
    _tried: bool = False
    """An evidence test has started."""
    joiner: ExecutionJoiner = field(default_factory=ExecutionJoiner)
    """Joins the ends of tests with one id."""
    recorded: int = 0
    """Number of pieces of evidence so far."""
    rehearsals: dict[str, int] = field(default_factory=dict)
    """Number of these pieces that are rehearsals, by the reason."""
    warnings: dict[str, str] = field(default_factory=dict)
    """The warnings of the evidence, each with the first test that has it."""
    artifacts: dict[str, int] = field(default_factory=dict)
    """Size in bytes by SHA-256 of the artifacts in the lines of the run."""
    _written: WrittenTexts | None = None
    """The texts of the lines and of the plan; None until a secret is registered after some were written."""
    _absent: tuple[int, int] = 0, 0
    """The first known secrets, which are in none of these texts: the number of their spellings, and their number."""
    is_overwritten: bool = False
    """Lines with a secret were overwritten, so the journal is no valid run any more."""
    unread_marks: int = 0
    """Number of tests without evidence, because neither use case nor item of their marks can be read."""
    rule_counts: dict[str, int] = field(default_factory=dict)
    """Number of collected tests by the config's rule that matched them."""
    uncollected: int = 0
    """Number of files and other collectors of tests that could not be collected."""

    def __repr__(self) -> str:
        """Show the journal, and not the key."""
        return f"RunLog({self.path})"

    @property
    def path(self) -> Path:
        """The path of the journal."""
        return self.folder / f"{self.run_id}.jsonl"

    def open(self) -> None:
        """Open the journal and write the plan, if there is an evidence test to run."""
        if any(True for _ in self._plan.selected()):
            self._ready_writer()

    def plan(self, tests: Iterable[dict[str, Any]], rule_counts: Mapping[str, int] | None = None) -> None:
        """Add tests that will run or were deselected (``deselected``), as plain data with their resolved claims."""
        self.rule_counts |= rule_counts or {}  # the same in each worker
        planned = list(tests)
        for test in planned:
            if self._plan.add(test):
                self._unwritten_plan.append(test["test"])
                if self._written is not None:
                    self._written.add(test)
        self.joiner.planned(planned)

    def started(self, test_id: str, at: str | None = None) -> None:
        """Write the start of a test; tests without evidence are ignored."""
        if test_id in self._plan:
            self.joiner.started(test_id)
            if test_id not in self._running:
                at = self._running[test_id] = at or timestamp()
                self._tried = True
                if (writer := self._ready_writer()) is not None and not self._write_start(writer, test_id, at):
                    writer.append("started", {"test": test_id, "at": at})

    def _write_start(self, writer: JournalWriter, test_id: str, at: str) -> bool:
        """Write a start beside the journal, in case the process dies. Return False if it must go into the journal.

        Where the journal cannot be written, nothing is beside it either: a start without its run would be damage.
        """
        if writer.unwritten and not writer.is_inherited:
            return False
        if self._start_writer is None:
            self._start_writer = StartWriter(self.path, self.key, create=True)
        return writer.is_inherited or self._start_writer.write_own_start(test_id, at, writer.line_count)

    def add_worker_starts(self) -> None:
        """Add the starts that only workers wrote, because they did not reach this process."""
        pending = [test_id for test_id in self._plan.selected() if test_id not in self._ended]
        if not pending or self.writer is None:
            return
        worker_starts = StartedTests(self.path, self.key, self._plan)
        for test_id in pending:
            if test_id not in self._running and (at := worker_starts.last(test_id)):
                self.started(test_id, at)
            self.joiner.started_at_least(test_id, worker_starts.count(test_id))

    def is_running(self, test_id: str) -> bool:
        """Return whether an evidence test has started and not ended."""
        return test_id in self._running

    def arrive(self) -> None:
        """Store the run although no evidence test started: a part of a run group counts as arrived even then."""
        self._tried = True
        self._ready_writer()

    def attempt(self, body: Mapping[str, Any]) -> None:
        """Write an attempt of a test that is run again."""
        if body["test"] in self._plan and (writer := self._ready_writer()) is not None:
            self.joiner.attempted(body)
            writer.append("attempt", dict(body))

    def finished(self, body: dict[str, Any]) -> None:
        """Write the end of a test. Of several tests with one id, the last end writes the result of all."""
        body, is_whole = self.joiner.join(body)
        if is_whole:
            self._finish(body)
        elif (writer := self._ready_writer()) is not None:
            writer.append("ended", body)

    def _finish(self, body: dict[str, Any]) -> None:
        test_id = body["test"]
        self._running.pop(test_id, None)
        self._ended.add(test_id)
        self._tried = True
        if (writer := self._ready_writer()) is None:
            return
        if "artifacts" in body:
            self.artifacts.update([(artifact["sha256"], artifact["size"]) for artifact in body["artifacts"]])
        claims = body["claims"]
        if len(body["attempts"]) > 1:  # a covered claim belongs to the later attempt
            claims = [claim for claim in claims if "covered" not in claim]
        self.recorded += len(claims)
        for claim in claims:
            if (reason := claim.get("not_real_because")) is not None:
                self.rehearsals[reason] = self.rehearsals.get(reason, 0) + 1
        for text in body.get("warnings", ()):
            self.warnings.setdefault(text, test_id)
        writer.append("finished", body)

    def crashed(self, test_id: str, message: str, *, again: bool = False) -> None:
        """Write that the process of a test died before the test ended. ``again``: another process runs it again."""
        if test_id in self._plan:
            body = self._interrupted(test_id, message)
            if again:
                self.joiner.run_again(body)
                if (writer := self._ready_writer()) is not None:
                    writer.append("attempt", {"test": test_id, **body["attempts"][-1]})
            else:
                self.finished(self.joiner.crashed(body))

    def _interrupted(self, test_id: str, message: str = "the session ended before the test did") -> dict[str, Any]:
        at = self._running.get(test_id) or timestamp()
        return interrupted_body(self._plan.whole((test_id,))[0], at, message)

    def redact(self, redactor: Redactor) -> None:
        """Redact what holds a secret that was registered since, in memory and on disk.

        Raises:
            OSError: The journal could not be rewritten.
        """
        if self.writer is None:
            self._redact_where(redactor, _everywhere)
            return
        from ..redaction.written_texts import SecretSearch, WrittenTexts  # only where a test registers a secret

        secrets = redactor.known_secrets
        sizes = secrets.sizes
        new = secrets.since(self._absent)
        if self._written is None:
            self._written = WrittenTexts()
            for body in chain(self._plan.whole(self._plan), self.writer.bodies()):
                self._written.add(body)
            self.writer.on_line = self._written.add
        if self._written.may_hold(new):
            self._redact_where(redactor, SecretSearch(new))
        self._absent = sizes

    def _redact_where(self, redactor: Redactor, find: Find) -> None:
        """Redact everything again. ``find``: returns the positions of the lines, or planned tests, that may change."""

        def rename(test: str) -> str:
            return test if test in self._plan else redactor.name(test)

        def change(body: dict[str, Any]) -> dict[str, Any]:
            if body["kind"] != "planned":
                return dict(redactor.plain(body))
            positions = set(find(body["tests"]))  # a line has many tests, and few of them change
            tests = [redactor.plain(test) if number in positions else test for number, test in enumerate(body["tests"])]
            return {**body, "tests": tests}

        self._plan.redact(redactor, find)
        self._unwritten_plan = list(map(rename, self._unwritten_plan))
        self._running = {rename(test): at for test, at in self._running.items()}
        self._ended = set(map(rename, self._ended))
        self.joiner.redact(redactor)
        self.rewrite(change, find)
        if self._start_writer is None or self.writer is None or self.writer.is_inherited:
            return
        if not self._start_writer.rename(self._running, self.writer.line_count):
            for test_id, at in self._running.items():
                self.writer.append("started", {"test": test_id, "at": at})

    def replace_artifacts(self, artifacts: Mapping[str, Artifact], removed: Container[str]) -> None:
        """Replace artifacts that were redacted again, by their earlier digests. ``gone``: digests without a line."""
        new = {artifact.sha256: artifact.size for old, artifact in artifacts.items() if old in self.artifacts}
        self.artifacts = {old: size for old, size in self.artifacts.items() if old not in removed} | new

    def redact_at_last(self, redactor: Redactor) -> None:
        """Search everything for all secrets at the end of the session. Lines that cannot be rewritten are overwritten.

        A line may have been made before a secret was registered, and written after that. A plugin may redact more by
        now.
        """
        from ..redaction.written_texts import SecretSearch

        find = SecretSearch(redactor.known_secrets) if redactor.plugins.is_empty else _everywhere
        try:
            self._redact_where(redactor, find)
        except OSError:
            self.is_overwritten = True  # first: even if the next step fails, such a run is not stored
            if self.writer is not None:
                self.writer.overwrite(redactor.plain)

    def rewrite(self, change: Callable[[dict[str, Any]], dict[str, Any]], find: Find | None = None) -> None:
        """Rewrite each line of the journal with a changed body. ``find``: returns the positions of what may change.

        Raises:
            OSError: The journal could not be rewritten.
        """
        if self.writer is not None:
            self.writer.rewrite(change, find)

    def _ready_writer(self) -> JournalWriter | None:
        """Return the open journal, with the plan so far. None: it cannot be opened."""
        if self.writer is None and (self.dry or not self._open()):
            return None
        assert self.writer is not None  # noqa: S101 - for the type checker; _open has set it
        while self._unwritten_plan:
            self.writer.append("planned", {"tests": self._plan.whole(self._unwritten_plan[:IN_LINE])})
            del self._unwritten_plan[:IN_LINE]  # only now: a plan may be written twice, but must not be lost
        return self.writer

    def _open(self) -> bool:
        """Open the journal. An OSError is stored by the writer, which then works in memory and tries again."""
        try:
            ignore_folder(self.folder.parent)
            save_key(self.folder.parent, self.key)
            write_requirements(self.folder, self.requirements)
        except OSError as error:
            self.failure = error
        origin = self._origin()  # before the journal exists: it takes time, and a journal must have a first line
        try:
            writer = new_journal(self.folder, self.run_id)
        except ReadinessError as error:
            self.failure = error
            return False
        first: dict[str, Any] = {"started_at": self._began, "register": self.register}
        first |= {"requirements": self.requirements.digest, "clock": clock_check(writer), **origin}
        writer.append("run", first, sync=True)
        self.writer = writer
        if not writer.unwritten:
            create_start_file(self.path)
        return True

    def _origin(self) -> dict[str, Any]:
        try:
            return self.head()
        except Exception as error:  # noqa: BLE001 - evidence with an unknown origin is better than none
            self.failure = error
            return {}

    def seal(self, exit_status: int) -> Run | None:
        """Close the run: running tests are INTERRUPTED, and unstarted ones NOT_RUN. None: no evidence test started.

        Raises:
            ChangedJournalError: The journal cannot be read as it was written.
        """
        for test_id in list(self._running):
            if not self.joiner.is_incomplete(test_id):
                self.crashed(test_id, "the session ended before the test did")
        for body in self.joiner.remaining(self._interrupted):
            self._finish(body)
        if self.writer is None:
            return None
        if not self._tried:  # the session stopped before the first evidence test
            self.discard()
            return None
        seal = {"exit_status": exit_status, "recovered": False}
        seal |= {
            name: count for name in ("uncollected", "unread_marks", "rule_counts") if (count := getattr(self, name))
        }
        self._ready_writer()
        self._close_starts()
        try:
            return Run(WrittenLines(self.writer, close_run(self.writer, self._plan.items(), self._ended, seal)))
        except ValueError:  # a line is no text, or no JSON any more
            raise ChangedJournalError(self.writer.path) from None

    def _close_starts(self) -> None:
        if self._start_writer is not None:
            self._start_writer.close()

    def drop_idle_rules(self) -> None:
        """Forget the rules that matched no test, because the session did not collect all tests."""
        self.rule_counts = {rule: number for rule, number in self.rule_counts.items() if number}

    def discard(self) -> None:
        """Remove the journal: there is nothing that could be evidence."""
        self._close_starts()
        if self.writer is not None:
            self.writer.delete()

    def release(self) -> None:
        """Release the plan, the ended tests and the cached lines after the run was stored.

        At exit pytest and Python collect garbage several times, which takes longer with more objects.
        """
        self._plan, self._ended = PlannedTests(), set()
        if self.writer is not None:
            self.writer.cached = []


def _everywhere(bodies: Sequence[Mapping[str, Any]]) -> Iterable[int]:
    return range(len(bodies))
