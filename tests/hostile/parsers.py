"""The parsers of everything that others write, each with its first inputs and what must hold of any input.

Whatever the bytes are, a parser gives a value or one line. What it gives is then used as the product uses it.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.bundlefuzz.edits import edit
from benchmarks.bundlefuzz.taken_apart import Parts
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pytest_readiness.claims.tracker.layout_guess import guess_layout
from pytest_readiness.claims.tracker.reader import examine_text, examine_tracker
from pytest_readiness.claims.tracker.status_words import STATUSES
from pytest_readiness.claims.tracker.writer import RowUpdate, update_tracker
from pytest_readiness.errors import ConfigError, IntegrityError, Problem, ReadinessError
from pytest_readiness.external.junit.reader import read_junit
from pytest_readiness.facts.decision import id_of, parse_decision
from pytest_readiness.facts.envelope import parse_envelope
from pytest_readiness.facts.ledger.line import LineChain, canonical
from pytest_readiness.journal.leftover_reader import read_leftover
from pytest_readiness.journal.recovery import recover_run
from pytest_readiness.settings import config_problems, find_config, load_settings
from pytest_readiness.store.bundle import verify_bundle
from pytest_readiness.store.bundle.reading import open_bundle
from pytest_readiness.store.decision_files.decision_file import parse_decision_file, read_decision_text
from pytest_readiness.store.integrity.salvage import salvage_run
from tests.hostile import seeds
from tests.hostile.mutation import mutated

LIMIT = 1 << 22
"""Bytes of the largest report and artifact that are read."""
_LONGEST = 2500
"""Characters of the longest line that is acceptable."""
FOLDER = "given"
"""Name of the folder that inputs are read from."""
_VARIABLE = re.compile(rf"\S*/{FOLDER}/|'[^']*'|\"[^\"]*\"|[0-9a-f]{{8,}}|\d+|\(did you mean.*|<[^>]*>")
"""What differs between messages of one kind."""
_EVE = Ed25519PrivateKey.from_private_bytes(b"e" * 32)
SCRIPT_SHARE = 8
"""Of so many bundles one is also read by the script that stands alone."""

Change = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Input:
    """Bytes, and the name of the file that they are read from."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Parser:
    """A parser."""

    first: Callable[[], seeds.Seeds]
    read: Callable[[Path], str]
    """Reads a file, and returns what came of it; raises whatever is wrong."""
    tokens: Sequence[bytes]
    refitted: Change | None = None
    """Changes what the bytes say, and makes digests and names fit again; raises if they say nothing."""

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """The first inputs."""
        return tuple(Input(name, data) for name, texts in self.first().items() for data in texts)

    def changed(self, given: Input, chance: random.Random, other: Input) -> Input:
        """Return another input."""
        if self.refitted is not None and chance.random() < 0.5:
            with contextlib.suppress(Exception):  # bytes that say nothing are changed as bytes
                return replace(given, data=self.refitted(given.data, chance))
        return replace(given, data=mutated(given.data, chance, self.tokens, other.data))


def one_line(error: ReadinessError | Problem) -> str:
    """Return the kind of a message. Raises AssertionError if it is not one line."""
    text = str(error)
    if not text.strip() or len(text.splitlines()) != 1 or len(text) > _LONGEST or not text.isprintable():
        raise AssertionError(f"this is not one line: {text[:3000]!r}")
    return _VARIABLE.sub("#", text)[:100]


# -- tracker -----------------------------------------------------------------------------------------------------------


def read_tracker(path: Path) -> str:
    """Read a tracker, write each status into its first row, and guess its layout as ``init`` does."""
    tracker, problems = examine_tracker(path, {}, {})
    told = [one_line(problem) for problem in problems]
    _guess(path)
    if tracker is None or problems or not tracker.rows:
        return told[0] if told else "no rows"
    row = tracker.rows[0]
    by_environment = tuple((name, "") for name, _ in row.declared_in)
    for status in STATUSES:
        stated = tuple((name, status) for name, _ in by_environment)
        update = RowUpdate("" if stated else status, "2026-02-12", stated)
        try:
            data = update_tracker(path, path.read_bytes(), {row.id: update})
        except ConfigError as error:
            return f"not written: {one_line(error)}"
        again, more = examine_text(path, data.decode("utf-8-sig"), {}, {})
        assert not more, more
        assert [other.id for other in again.rows] == [other.id for other in tracker.rows]
        meanings = [meaning for _, meaning in again.rows[0].declared_in] or [
            (again.rows[0].declared_status, *again.rows[0].declared_also)
        ]
        assert all(status in meaning for meaning in meanings), (status, meanings)
    return f"{min(len(tracker.rows), 9)} rows, {len(tracker.items) > 0}, {len(tracker.skipped_rows) > 0}"


def _guess(path: Path) -> None:
    with contextlib.suppress(UnicodeDecodeError):
        text = path.read_bytes().decode("utf-8-sig")
        try:
            guess = guess_layout(path, text, {}, {}, ())
            for problem in examine_text(path, text, guess.columns, guess.statuses, guess.skip)[1]:
                one_line(problem)
        except ConfigError as error:
            one_line(error)


# -- config ------------------------------------------------------------------------------------------------------------


def read_config(path: Path) -> str:
    """Read a config: what has no problem is loaded, and what has one is not."""
    find_config(path.parent)
    problems = config_problems(path)
    for problem in problems:
        one_line(problem)
    message = ""
    try:
        load_settings(path)
    except ConfigError as error:
        message = one_line(error)
    assert bool(problems) == bool(message), (problems, message)
    return message or "loaded"


# -- journal -----------------------------------------------------------------------------------------------------------


def read_journal(path: Path) -> str:
    """Read a journal and recover it; the recovered one is read again, and has each line of the first."""
    leftover = read_leftover(path)
    texts = path.read_bytes().decode("utf-8", "replace").split("\n")
    salvage_run(path.stem, "before subjects", texts)
    try:
        recovered = recover_run(leftover)
        if recovered is None:
            return "nothing in it"
        run, writer = recovered
        writer.close()
        assert leftover.run is not None
        assert [line.digest for line in run.lines[: leftover.written]] == [
            line.digest for line in leftover.run.lines[: leftover.written]
        ]
        pieces = list(run.evidence())
        again = read_leftover(path)
        assert again.problem is None, again.problem
        return f"recovered, {min(len(pieces), 9)} pieces, {leftover.torn_bytes > 0}"
    except ReadinessError as error:
        return one_line(error)


def _refitted_journal(data: bytes, chance: random.Random) -> bytes:
    lines = [json.loads(text) for text in data.decode().split("\n") if text]
    for _ in range(chance.choice((1, 1, 2, 3))):
        if chance.random() < 0.8:
            edit(lines[chance.randrange(len(lines))], chance)
        else:
            one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
            lines.insert(one, json.loads(json.dumps(lines[other])))
    chain, texts = LineChain(str(lines[0].get("run"))), []
    for line in lines:
        body = {name: value for name, value in line.items() if name not in ("kind", "prev", "run", "seq")}
        texts.append(chain.next_with_data(line["kind"], body)[1])
    return b"".join(text.rstrip(b"\n") + b"\n" for text in texts)


# -- bundle ------------------------------------------------------------------------------------------------------------


def read_bundle(path: Path) -> str:
    """Read a bundle and each of its artifacts; the script that stands alone reads some of them too."""
    data = path.read_bytes()
    if zlib.crc32(data) % SCRIPT_SHARE == 0:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            assert verify_bundle.main([str(path)]) in (0, 2, 3)
    try:
        with open_bundle(path, LIMIT) as bundle:
            for sha256 in bundle.artifacts:
                for _ in bundle.artifact(sha256):
                    pass
            pieces = [piece for run in bundle.runs for piece in run.evidence()]
            return f"{len(bundle.runs)} runs, {min(len(pieces), 9)} pieces, {len(bundle.decisions)} decisions"
    except ReadinessError as error:
        return one_line(error)


def bundles() -> seeds.Seeds:
    """Return a whole bundle, and small ones made of it."""
    data = (seeds.FIXTURES / "before_subjects" / "bundle.zip").read_bytes()
    small = []
    for number, _ in enumerate(Parts.of(data, _EVE).runs):
        parts = Parts.of(data, _EVE)
        parts.report, parts.pages, parts.checkpoint, parts.leaves, parts.verdicts = None, {}, None, None, []
        parts.runs = [parts.runs[number]]
        parts.statements = [one for one in parts.statements if one["about"] == parts.runs[0][0]["run"]]
        named = canonical(parts.runs)
        parts.artifacts = [bytes_ for bytes_ in parts.artifacts if _sha256(bytes_) in named]
        used = {parts.runs[0][0]["requirements"], *(one.get("requirements_digest") for one in parts.decisions)}
        parts.snapshots = [one for one in parts.snapshots if one["\0was"] in used]
        small.append(parts.packed())
    return {"bundle.zip": [*small, data]}


def _sha256(data: bytes) -> str:
    from hashlib import sha256

    return sha256(data).hexdigest()


def _refitted_bundle(data: bytes, chance: random.Random) -> bytes:
    parts = Parts.of(data, _EVE)
    for _ in range(chance.choice((1, 1, 2))):
        rooms: list[Any] = [*parts.decisions, *parts.snapshots, *parts.verdicts, *parts.statements]
        rooms += [line for run in parts.runs for line in run]
        rooms += [room for room in (parts.leaves, parts.report) if room is not None]
        edit(chance.choice(rooms), chance)
    return parts.packed()


# -- decision files ----------------------------------------------------------------------------------------------------


def decisions() -> seeds.Seeds:
    """Return decisions of each kind, and a signed statement."""
    paths = sorted(seeds.FIXTURES.glob("*/decisions/*.json"))
    texts = [path.read_bytes() for path in paths]
    statements = []
    for path in sorted(seeds.FIXTURES.glob("*/bundle.zip")):
        parts = Parts.of(path.read_bytes(), _EVE)
        texts += [_decision_text(one) for one in parts.decisions]
        statements += [canonical(one["envelope"]).encode() for one in parts.statements]
    return {"decision.json": texts, "decision.dsse.json": statements}


def _decision_text(plain: dict[str, Any]) -> bytes:
    return canonical({name: value for name, value in plain.items() if name != "\0was"}).encode() + b"\n"


def read_decision(path: Path) -> str:
    """Read a decision or a statement from its file; what is accepted gives the same text and the same id again."""
    try:
        return _decided(path, read_decision_text(path))
    except UnicodeDecodeError:
        return "no UTF-8"  # each caller has a line for it
    except ReadinessError as error:
        return one_line(error)


def _decided(path: Path, text: str) -> str:
    if path.name.endswith(".dsse.json"):
        return f"statement about a {parse_envelope(text).subject_kind}"
    decision = parse_decision(text)
    assert decision.text == text, "accepted, and its text is another"
    assert decision.id == id_of(decision.at, text)
    name = f"{decision.id}.json"
    assert parse_decision_file(text, name, decision.register) == decision
    for wrong in (("x.json", decision.register), (name, f"{decision.register}x")):
        with contextlib.suppress(IntegrityError):
            parse_decision_file(text, *wrong)
            raise AssertionError(f"accepted as {wrong}")
    return f"a {decision.KIND}"


def _refitted_json(data: bytes, chance: random.Random) -> bytes:
    plain = json.loads(data)
    edit(plain, chance)
    return canonical(plain).encode()


# -- JUnit XML ---------------------------------------------------------------------------------------------------------


def read_report(path: Path) -> str:
    """Read JUnit XML; each case has a name and a result."""
    try:
        report = read_junit(path, LIMIT)
    except ConfigError as error:
        return one_line(error)
    assert all(case.path and case.attempts and case.duration_ms >= 0 for case in report.cases)
    for note in report.notes:
        one_line(Problem("", note))
    results = sorted({case.result.value for case in report.cases})
    return f"{min(len(report.cases), 9)} cases, {results}, {len(report.notes)} notes"


PARSERS = {
    "tracker": Parser(seeds.trackers, read_tracker, seeds.TOKENS["tracker"]),
    "config": Parser(seeds.configs, read_config, seeds.TOKENS["config"]),
    "journal": Parser(seeds.journals, read_journal, seeds.TOKENS["json"], _refitted_journal),
    "bundle": Parser(bundles, read_bundle, seeds.TOKENS["json"], _refitted_bundle),
    "decision": Parser(decisions, read_decision, seeds.TOKENS["json"], _refitted_json),
    "junit": Parser(seeds.junit_files, read_report, seeds.TOKENS["junit"]),
}
"""The parsers by name."""
