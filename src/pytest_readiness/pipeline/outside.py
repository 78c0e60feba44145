"""Evidence from outside pytest: a command that is run, and a result that somebody examined."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import tzinfo
from itertools import chain
from pathlib import Path
from typing import Any

from ..claims.claim import Claim
from ..errors import ConfigError, EvidenceError, StorageError, one_line
from ..facts.clock import moment
from ..facts.evidence import Result
from ..facts.line import printable
from ..facts.proofs import OwnProof
from ..frozen import dataclass
from ..journal.command import Ended, check_command, run_command
from ..journal.commandline import PART_OF_NAME
from ..journal.observation import cut_message
from ..journal.placing import placed_all, without_connections
from ..journal.recording import Account, Recording
from ..journal.witness import belongs
from .judging import Place
from .opening import Opening, close_run, open_run, redaction_trouble
from .uncounted import why_uncounted


@dataclass(frozen=True, slots=True)
class Told:
    """What the options tell of the evidence, beside how it came about."""

    argv: tuple[str, ...] = ()
    """What was called."""
    said: Mapping[str, str] = field(default_factory=dict)
    """Context of the run, as ``open_run`` takes it."""
    part: str | None = None
    replay_mode: str | None = None
    proofs: tuple[OwnProof, ...] = ()
    notes: tuple[str, ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    """(name, URL)."""
    artifacts: tuple[Path, ...] = ()
    zone: tzinfo | None = None
    """Of times in a report that say none."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence that was recorded."""

    use_case: str
    item: str
    """With the part of it that it is for, if that is one."""
    test_id: str
    result: Result
    not_real_because: str | None
    is_flaky: bool = False
    """It passed, and an attempt before that did not."""
    uncounted: str = ""
    """Why it satisfies nothing, though it passed in a real environment; nothing where it may."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of recording."""

    run_id: str | None
    pieces: tuple[Piece, ...]
    problems: tuple[str, ...]
    """What went wrong in keeping it, a line each."""
    notes: tuple[str, ...] = ()
    """What whoever records should know."""

    @property
    def passed(self) -> bool:
        """Every piece passed."""
        return all(piece.result is Result.PASSED for piece in self.pieces)


@dataclass
class Session:
    """One run that is recorded here."""

    opening: Opening
    told: Told
    pieces: list[Piece] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)
    """What is written in the place of a name that was asked for."""

    def claim(self, use_case: str, item: str) -> Claim:
        """Return the claim as the register spells it.

        Raises:
            ClaimError: the use case, item or part does not exist.
        """
        given = Claim(use_case, item, part=self.told.part, replay_mode=self.told.replay_mode)
        return self.opening.place.catalogue.resolve(given)

    def name(self, text: str) -> str:
        """Return the name of what is recorded as it is written: never as pytest names a test, and no code of ours."""
        found = self._names.get(text)
        if found is None:
            name = f"recorded: {text}" if is_of_pytest(text) else text
            found = self._names[text] = self.opening.redactor.name(name, is_code=False)
        return found

    def account(self, claims: Sequence[Claim]) -> tuple[Account, Recording]:
        """Return what takes in artifacts, and the recording that it writes: the options' word is in it already."""
        opening, recording = self.opening, Recording(self.opening.context)
        recording.proofs.extend(self.told.proofs)
        account = Account(recording, opening.redactor, opening.artifacts, claims, opening.place.catalogue)
        for note in self.told.notes:
            account.note(note)
        for name, url in self.told.references:
            account.reference(name, url)
        return account, recording

    def placed(self, claims: Sequence[Claim]) -> list[dict[str, Any]]:
        """Return the claims as evidence holds them."""
        return placed_all(claims, self.opening.context, self.opening.place.catalogue, self.told.proofs)

    def plan(self, tests: Iterable[tuple[str, Sequence[Claim]]]) -> None:
        """Say what is to be recorded."""
        self.opening.log.plan([{"test": test, "claims": self.placed(claims)} for test, claims in tests])

    def finished(self, body: dict[str, Any], recording: Recording, claims: Sequence[Claim]) -> None:
        """Write one execution."""
        redactor = self.opening.redactor
        placed = self.placed(claims)
        if body["result"] == Result.PASSED:
            placed = without_connections(placed, self.opening.place.catalogue)
        line = dict(redactor.plain({**recording.to_plain(), **body, "claims": placed}))
        line |= {
            key: body[key] for key in ("test", "held") if key in body
        }  # without secrets already: names stay the same
        if counts := redactor.take_counts():
            line["redactions"] = [list(pair) for pair in counts]
        self.opening.log.finished(line)
        result = Result(body["result"])
        passed, catalogue = result is Result.PASSED, self.opening.place.catalogue
        is_flaky = passed and any(one["result"] != Result.PASSED for one in body["attempts"])
        for claim in line["claims"]:
            parts = claim.get("parts", ())
            item = f"{claim['item']}/{parts[0]}" if len(parts) == 1 else claim["item"]
            uncounted = why_uncounted(claim, catalogue) if passed else ""
            said = body["test"], result, claim.get("not_real_because"), is_flaky, uncounted
            self.pieces.append(Piece(claim["use_case"], item, *said))

    def close(self, exit_status: int, notes: Iterable[str] = ()) -> Recorded:
        """Seal and keep the run."""
        run, problems = close_run(self.opening.place, self.opening.log, exit_status)
        told = (*notes, *redaction_trouble(self.opening.redactor))
        return Recorded(run.id if run else None, tuple(self.pieces), (*self.problems, *problems), told)


def record_command(
    place: Place,
    target: tuple[str, str],
    told: Told,
    command: Sequence[str],
    echo: Callable[[bytes], None],
    name: str | None = None,
) -> Recorded:
    """Run a command as evidence for an item of a use case, and keep its output as an artifact.

    The run is opened before the command starts: killed in between, it is taken in as INTERRUPTED.

    Args:
        place: Where it is kept.
        target: Use case and item.
        told: What the options tell.
        command: The program and its arguments.
        echo: Is given the output as it comes.
        name: Stands for the command line, and for its folder where that is not the config's, as the test's id, so that
            a corrected command replaces an earlier one; the command line is kept as the property ``command``.

    Raises:
        ReadinessError: something named does not exist, or the program cannot be started; nothing was recorded.
        KeyboardInterrupt: the command was interrupted; that is recorded.
    """
    session = open_session(place, told)
    claims = [session.claim(*target)]
    check_command(command)
    account, recording = session.account(claims)
    line, called = session.opening.redactor.command(command)
    if name is not None:
        account.set(command=line)
    elif way := place.way_to(Path.cwd()):
        called = f"cd {shlex.quote(way)} && {called}"
    test_id, started = session.name(name or called), moment()
    session.plan([(test_id, claims)])
    session.opening.log.started(test_id, started)
    try:
        ended = run_command(command, lambda blocks: _keep_output(session, recording, blocks, echo))
    except KeyboardInterrupt:
        session.close(130)
        raise
    except ConfigError:
        session.opening.log.discard()
        raise
    ended = _with_artifacts(session, account, ended)
    session.finished(_body(session, test_id, "command", ended, started), recording, claims)
    notes = [PART_OF_NAME] if name is None and line != shlex.join(command) else []
    return session.close(0 if ended.result is Result.PASSED else 1, notes)


def record_examined(
    place: Place, target: tuple[str, str], told: Told, result: Result, test_id: str | None = None
) -> Recorded:
    """Record a result that somebody examined.

    Raises:
        ReadinessError: something named does not exist, or an artifact cannot be kept; nothing was recorded.
    """
    session = open_session(place, told, examined=True)
    claim = session.claim(*target)
    account, recording = session.account([claim])
    attach_files(account, told.artifacts)
    ends = (claim.use_case, claim.item, *([claim.part] if claim.part else []))
    # The name that is ours holds nothing secret: it is the same whatever becomes of a plugin's redactor.
    name = session.name(test_id) if test_id else str(printable(f"examined: {'/'.join(ends)}"))
    session.plan([(name, [claim])])
    session.finished(_body(session, name, "examined", Ended(result), moment()), recording, [claim])
    return session.close(0 if result is Result.PASSED else 1)


def is_of_pytest(name: str) -> bool:
    """Return whether a name is such as pytest gives its tests: a file that it collects, ``::`` and what is in it."""
    return _NODE_ID.match(name) is not None


_NODE_ID = re.compile(r"[^:]*\.(?:py|pyi|ipynb|md|rst|txt|feature|ya?ml|toml)::", re.IGNORECASE)


def open_session(place: Place, told: Told, *, examined: bool = False, more: Mapping[str, Any] | None = None) -> Session:
    """Return a run that is open, for what somebody examined or for what is run or imported.

    ``more``: what its first line says besides.

    Raises:
        ReadinessError: something named does not exist, or an endpoint is none of the environment's.
    """
    session = Session(open_run(place, told.said, Path.cwd(), told.argv, more, examined=examined), told)
    environment = place.catalogue.environments.get(session.opening.context.environment or "")
    endpoints = environment.endpoints if environment is not None else ()
    for proof in told.proofs if endpoints else ():
        endpoint = dict(proof.details).get("endpoint")
        if proof.own == "handshake" and endpoint is not None and not belongs(endpoint, endpoints):
            where = f"no endpoint of environment '{session.opening.context.environment}' ({', '.join(endpoints)})"
            raise ConfigError(f"--proof handshake endpoint={one_line(endpoint, 200)}: that is {where}")
    return session


def _keep_output(
    session: Session, recording: Recording, blocks: Iterator[bytes], echo: Callable[[bytes], None]
) -> None:
    """Keep the output without its secrets while it comes; whatever becomes of that, the command runs to its end."""
    opening = session.opening
    passing = _passing(blocks, echo)
    first = next(passing, None)
    if first is None:
        return
    clean = opening.redactor.stream(chain([first], passing))
    try:
        kept = opening.artifacts.keep_blocks(_cut(clean, opening.artifacts.limit, recording), "output", "text/plain")
        recording.artifacts.append(kept.to_plain())
    except StorageError as error:
        session.problems.append(str(error))
    for _ in passing:
        pass


def _passing(blocks: Iterator[bytes], echo: Callable[[bytes], None]) -> Iterator[bytes]:
    """Hand the blocks on as they come; where nobody reads the terminal any more, the evidence is still kept."""
    listened = True
    for block in blocks:
        if listened:
            try:
                echo(block)
            except OSError:
                listened = False
        yield block


def _cut(blocks: Iterator[bytes], limit: int, recording: Recording) -> Iterator[bytes]:
    """Yield no more than the limit; cut after redaction, as half a secret would not be known."""
    left = limit
    for block in blocks:
        if left < len(block) and left >= 0:
            recording.notes.append(f"the output was cut at artifact_limit ({limit:,} bytes)")
            yield block[:left]
            left = -1
        elif left >= 0:
            yield block
            left -= len(block)


def attach_files(account: Account, paths: Iterable[Path]) -> None:
    """Keep files as artifacts.

    Raises:
        ConfigError: one cannot be kept.
    """
    for path in paths:
        try:
            account.attach(path)
        except EvidenceError as error:
            raise ConfigError(str(error)) from None


def _with_artifacts(session: Session, account: Account, ended: Ended) -> Ended:
    """A command that did not leave what it was to leave has not passed."""
    for path in session.told.artifacts:
        try:
            account.attach(path)
        except EvidenceError as error:
            result = Result.ERROR if ended.result is Result.PASSED else ended.result
            ended = replace(ended, result=result, message="; ".join(filter(None, (ended.message, str(error)))))
        except StorageError as error:
            session.problems.append(str(error))
    return ended


def _body(session: Session, test_id: str, method: str, ended: Ended, started: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "test": test_id,
        "method": method,
        "result": ended.result.value,
        "started_at": started,
        "finished_at": moment(),
    }
    attempt: dict[str, Any] = {
        "result": ended.result.value,
        "started_at": started,
        "duration_ms": ended.duration_ms,
    }
    if ended.message:
        body["message"] = attempt["message"] = message_of(session, ended.message)
    return body | {"attempts": [attempt]}


def message_of(session: Session, text: str) -> str:
    """Return a message without secrets, and not longer than one is kept."""
    return cut_message(session.opening.redactor.text(text))
