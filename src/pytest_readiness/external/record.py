"""Recorded evidence without pytest: a command that is run, or a result that a person examined."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from itertools import chain
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from ..claims.claim import Claim
from ..errors import ConfigError, EvidenceError, StorageError, one_line
from ..facts.evidence import Result
from ..facts.ledger.line import escape_surrogates
from ..facts.proofs.values import OwnProof
from ..facts.timestamps import timestamp
from ..pipeline.evaluate_project import Project
from ..pipeline.run_lifecycle import PendingRun, close_run, open_run, redaction_problem
from ..recording.authenticity.connection_monitor import is_endpoint
from ..recording.claim_resolution import resolve_claims, without_connections
from ..recording.observation import cut_message
from ..recording.recorder_base import RecordedData, RecorderBase
from ..redaction.command_line import MASKED_NAME_NOTE
from .command import CommandResult, check_command, run_command
from .uncounted_passes import uncounted_reason


class RecordOptions(Struct, frozen=True):
    """Options for recording evidence that are common to all its kinds."""

    argv: tuple[str, ...] = ()
    """The command line."""
    context: Mapping[str, str] = field(default_factory=dict)
    """The context of the run, as ``open_run`` takes it."""
    part: str | None = None
    replay_mode: str | None = None
    proofs: tuple[OwnProof, ...] = ()
    notes: tuple[str, ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    """Pairs of name and URL."""
    artifacts: tuple[Path, ...] = ()
    timezone: tzinfo | None = None
    """The time zone of times in a report that name none."""


class RecordedEvidence(Struct, frozen=True):
    """One recorded piece of evidence."""

    use_case: str
    item: str
    """The item; with its part, if the evidence is for a single part."""
    test_id: str
    result: Result
    not_real_because: str | None
    is_flaky: bool = False
    """Whether it passed after an attempt that did not pass."""
    uncounted: str = ""
    """The reason why a pass satisfies no requirement; empty if there is none."""


class RecordResult(Struct, frozen=True):
    """The result of recording."""

    run_id: str | None
    pieces: tuple[RecordedEvidence, ...]
    problems: tuple[str, ...]
    """Problems while storing the run, a line each."""
    notes: tuple[str, ...] = ()
    """Notes for the person who records."""

    @property
    def passed(self) -> bool:
        """Whether every piece of evidence passed."""
        return all(piece.result is Result.PASSED for piece in self.pieces)


class ExternalRun(Struct):
    """A run that is being recorded."""

    pending: PendingRun
    options: RecordOptions
    pieces: list[RecordedEvidence] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)
    """The recorded names by the original ones."""

    def claim(self, use_case: str, item: str) -> Claim:
        """Return the claim with the names as the register spells them.

        Raises:
            ClaimError: the use case, item or part does not exist.
        """
        claim = Claim(use_case, item, part=self.options.part, replay_mode=self.options.replay_mode)
        return self.pending.project.catalogue.resolve(claim)

    def name(self, text: str) -> str:
        """Return the name under which evidence is recorded. It never has the form of a pytest node id.

        Secrets are redacted in all of it: no part of it is code.
        """
        name = self._names.get(text)
        if name is None:
            raw_name = f"recorded: {text}" if is_of_pytest(text) else text
            name = self._names[text] = self.pending.redactor.name(raw_name, is_code=False)
        return name

    def recorder_for(self, claims: Sequence[Claim]) -> tuple[RecorderBase, RecordedData]:
        """Return a recorder for artifacts, and the data that it fills.

        The data has the proofs, notes and references of the options.
        """
        pending, recording = self.pending, RecordedData(self.pending.context)
        recording.proofs.extend(self.options.proofs)
        recorder = RecorderBase(recording, pending.redactor, pending.artifacts, claims, pending.project.catalogue)
        for note in self.options.notes:
            recorder.note(note)
        for name, url in self.options.references:
            recorder.reference(name, url)
        return recorder, recording

    def resolve(self, claims: Sequence[Claim]) -> list[dict[str, Any]]:
        """Return the claims as evidence stores them."""
        return resolve_claims(claims, self.pending.context, self.pending.project.catalogue, self.options.proofs)

    def plan(self, tests: Iterable[tuple[str, Sequence[Claim]]]) -> None:
        """Write the plan of the run."""
        self.pending.log.plan([{"test": test, "claims": self.resolve(claims)} for test, claims in tests])

    def record(self, body: dict[str, Any], recording: RecordedData, claims: Sequence[Claim]) -> None:
        """Write one execution."""
        redactor = self.pending.redactor
        resolved = self.resolve(claims)
        if body["result"] == Result.PASSED:
            resolved = without_connections(resolved, self.pending.project.catalogue)
        line = dict(redactor.plain({**recording.to_plain(), **body, "claims": resolved}))
        # These names are redacted already, and must stay the same.
        line |= {key: body[key] for key in ("test", "held") if key in body}
        if counts := redactor.take_counts():
            line["redactions"] = [list(pair) for pair in counts]
        self.pending.log.finished(line)
        result = Result(body["result"])
        passed, catalogue = result is Result.PASSED, self.pending.project.catalogue
        is_flaky = passed and any(attempt["result"] != Result.PASSED for attempt in body["attempts"])
        for claim in line["claims"]:
            parts = claim.get("parts", ())
            item = f"{claim['item']}/{parts[0]}" if len(parts) == 1 else claim["item"]
            uncounted = uncounted_reason(claim, catalogue) if passed else ""
            reason = claim.get("not_real_because")
            self.pieces.append(
                RecordedEvidence(claim["use_case"], item, body["test"], result, reason, is_flaky, uncounted)
            )

    def close(self, exit_status: int, notes: Iterable[str] = ()) -> RecordResult:
        """Seal and store the run."""
        run, problems = close_run(self.pending.project, self.pending.log, exit_status)
        all_notes = (*notes, *redaction_problem(self.pending.redactor))
        return RecordResult(run.id if run else None, tuple(self.pieces), (*self.problems, *problems), all_notes)


def record_command(
    project: Project,
    target: tuple[str, str],
    options: RecordOptions,
    command: Sequence[str],
    echo: Callable[[bytes], None],
    name: str | None = None,
) -> RecordResult:
    """Run a command as evidence for an item of a use case, and store its output as an artifact.

    The run is opened before the command starts. If the process is killed in between, the run is imported as
    INTERRUPTED.

    Args:
        project: the project that stores the run.
        target: the use case and the item.
        options: the options of the command.
        command: the program and its arguments.
        echo: receives the output as it comes.
        name: the test id, instead of the command line and its folder, so that a corrected command replaces an earlier
            one. The command line is then stored as the property ``command``.

    Raises:
        ReadinessError: a name does not exist, or the program cannot be started. Nothing was recorded.
        KeyboardInterrupt: the command was interrupted. That is recorded.
    """
    session = open_session(project, options)
    claims = [session.claim(*target)]
    check_command(command)
    recorder, recording = session.recorder_for(claims)
    line, command_name = session.pending.redactor.command(command)
    if name is not None:
        recorder.set(command=line)
    elif folder := project.path_to(Path.cwd()):
        command_name = f"cd {shlex.quote(folder)} && {command_name}"
    test_id, started = session.name(name or command_name), timestamp()
    session.plan([(test_id, claims)])
    session.pending.log.started(test_id, started)
    try:
        command_result = run_command(command, lambda blocks: _store_output(session, recording, blocks, echo))
    except KeyboardInterrupt:
        session.close(130)
        raise
    except ConfigError:
        session.pending.log.discard()
        raise
    command_result = _attach_artifacts(session, recorder, command_result)
    session.record(_result_line(session, test_id, "command", command_result, started), recording, claims)
    notes = [MASKED_NAME_NOTE] if name is None and line != shlex.join(command) else []
    return session.close(0 if command_result.result is Result.PASSED else 1, notes)


def record_examined(
    project: Project, target: tuple[str, str], options: RecordOptions, result: Result, test_id: str | None = None
) -> RecordResult:
    """Record a result that a person examined.

    Raises:
        ReadinessError: a name does not exist, or an artifact cannot be stored. Nothing was recorded.
    """
    session = open_session(project, options, examined=True)
    claim = session.claim(*target)
    recorder, recording = session.recorder_for([claim])
    attach_files(recorder, options.artifacts)
    scope = (claim.use_case, claim.item, *([claim.part] if claim.part else []))
    # The default name contains no secret, and must not depend on a plugin's redactor.
    name = session.name(test_id) if test_id else str(escape_surrogates(f"examined: {'/'.join(scope)}"))
    session.plan([(name, [claim])])
    session.record(_result_line(session, name, "examined", CommandResult(result), timestamp()), recording, [claim])
    return session.close(0 if result is Result.PASSED else 1)


def is_of_pytest(name: str) -> bool:
    """Return whether a name has the form of a pytest node id: a file that pytest collects, and ``::``."""
    return _NODE_ID.match(name) is not None


_NODE_ID = re.compile(r"[^:]*\.(?:py|pyi|ipynb|md|rst|txt|feature|ya?ml|toml)::", re.IGNORECASE)


def open_session(
    project: Project, options: RecordOptions, *, examined: bool = False, more: Mapping[str, Any] | None = None
) -> ExternalRun:
    """Return an open run for an examined result, a command or an import.

    ``more``: further keys of the run's first line.

    Raises:
        ReadinessError: a name does not exist, or an endpoint is not one of the environment's.
    """
    session = ExternalRun(
        open_run(project, options.context, Path.cwd(), options.argv, more, examined=examined), options
    )
    environment = project.catalogue.environments.get(session.pending.context.environment or "")
    endpoints = environment.endpoints if environment is not None else ()
    for proof in options.proofs if endpoints else ():
        endpoint = dict(proof.details).get("endpoint")
        if proof.own == "handshake" and endpoint is not None and not is_endpoint(endpoint, endpoints):
            where = f"no endpoint of environment '{session.pending.context.environment}' ({', '.join(endpoints)})"
            raise ConfigError(f"--proof handshake endpoint={one_line(endpoint, 200)}: that is {where}")
    return session


def _store_output(
    session: ExternalRun, recording: RecordedData, blocks: Iterator[bytes], echo: Callable[[bytes], None]
) -> None:
    """Store the redacted output while it comes. If that fails, the command still runs to its end."""
    pending = session.pending
    echoed = _echoed_blocks(blocks, echo)
    first = next(echoed, None)
    if first is None:
        return
    clean = pending.redactor.stream(chain([first], echoed))
    try:
        artifact = pending.artifacts.store_blocks(
            _limited_blocks(clean, pending.artifacts.limit, recording), "output", "text/plain"
        )
        recording.artifacts.append(artifact.to_plain())
    except StorageError as error:
        session.problems.append(str(error))
    for _ in echoed:
        pass


def _echoed_blocks(blocks: Iterator[bytes], echo: Callable[[bytes], None]) -> Iterator[bytes]:
    """Pass the blocks on to ``echo``. If the terminal is closed, the evidence is still stored."""
    is_open = True
    for block in blocks:
        if is_open:
            try:
                echo(block)
            except OSError:
                is_open = False
        yield block


def _limited_blocks(blocks: Iterator[bytes], limit: int, recording: RecordedData) -> Iterator[bytes]:
    """Yield at most ``limit`` bytes. The cut is made after redaction, which would not recognize half a secret."""
    remaining = limit
    for block in blocks:
        if remaining < len(block) and remaining >= 0:
            recording.notes.append(f"the output was cut at artifact_limit ({limit:,} bytes)")
            yield block[:remaining]
            remaining = -1
        elif remaining >= 0:
            yield block
            remaining -= len(block)


def attach_files(recorder: RecorderBase, paths: Iterable[Path]) -> None:
    """Store files as artifacts.

    Raises:
        ConfigError: a file cannot be stored.
    """
    for path in paths:
        try:
            recorder.attach(path)
        except EvidenceError as error:
            raise ConfigError(str(error)) from None


def _attach_artifacts(session: ExternalRun, recorder: RecorderBase, command_result: CommandResult) -> CommandResult:
    """Return the result after attaching artifacts. A command that did not write them has not passed."""
    for path in session.options.artifacts:
        try:
            recorder.attach(path)
        except EvidenceError as error:
            result = Result.ERROR if command_result.result is Result.PASSED else command_result.result
            command_result = replace(
                command_result, result=result, message="; ".join(filter(None, (command_result.message, str(error))))
            )
        except StorageError as error:
            session.problems.append(str(error))
    return command_result


def _result_line(
    session: ExternalRun, test_id: str, method: str, command_result: CommandResult, started: str
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "test": test_id,
        "method": method,
        "result": command_result.result.value,
        "started_at": started,
        "finished_at": timestamp(),
    }
    attempt: dict[str, Any] = {
        "result": command_result.result.value,
        "started_at": started,
        "duration_ms": command_result.duration_ms,
    }
    if command_result.message:
        body["message"] = attempt["message"] = message_of(session, command_result.message)
    return body | {"attempts": [attempt]}


def message_of(session: ExternalRun, text: str) -> str:
    """Return a message without secrets, cut to the maximal length."""
    return cut_message(session.pending.redactor.text(text))
