"""Secrets that become known after a run has written them: at once they are in no line, in whatever order they come."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings, strategies as st

from pytest_readiness.facts.ledger.line import Line, broken_links
from pytest_readiness.facts.requirements_snapshot import Snapshot
from pytest_readiness.journal.run_log import RunLog
from pytest_readiness.redaction.redactor import Redactor
from tests.growth import assert_steady

KEY = b"k" * 32
MOST = 5
"""Most tests of a run."""
AT = "2026-01-01T00:00:00.000Z"
SECRETS = ("zq7-known-1", "P@ss w\"rd/1\\x'é", "Zk3vQ9mLx7Rt2Wc8", "493817", "sk-live/ü'42")
CLAIM = {"use_case": "UC-001", "item": "1", "environment": "staging"}


def open_log(folder: Path) -> RunLog:
    """Return the log of a run."""
    return RunLog(
        folder=folder / "journal",
        head=lambda: {"argv": ["pytest", "-k", "x y"], "release": "1.0"},
        register="r",
        requirements=Snapshot("{}", "sha256:0"),
        key=KEY,
        run_id="run",
    )


def end_of(test: str, message: str) -> dict[str, Any]:
    """Return the line of a test."""
    attempt = {"result": "FAILED", "started_at": AT, "duration_ms": 1, "message": message}
    body = {"test": test, "result": "FAILED", "claims": [CLAIM], "started_at": AT, "finished_at": AT}
    return {**body, "attempts": [attempt], "message": message, "properties": [["answer", message]]}


def bodies_of(log: RunLog) -> list[dict[str, Any]]:
    """Return what the lines on disk say, without their chain, and with one time for all."""
    text = log.path.read_text(encoding="utf-8")
    lines = [Line.parse(line) for line in text.splitlines()]
    assert list(broken_links(log.run_id, lines)) == []
    bodies = json.loads(re.sub(r"\b\d{4}-\d\d-\d\dT[\d:.]+Z", AT, json.dumps([line.body for line in lines])))
    return [{name: value for name, value in body.items() if name not in _CHAINED} for body in bodies]


_CHAINED = frozenset({"prev", "clock", "python", "planned"})
FORMS = (
    str,
    json.dumps,
    repr,
    lambda secret: quote(secret, safe=""),
    lambda secret: b64encode(secret.encode()).decode(),
    lambda secret: secret.encode().hex(),
    lambda secret: f"'{secret[:9]}...'",
)
PARTS = st.tuples(st.sampled_from(FORMS), st.sampled_from(SECRETS)).map(lambda part: part[0](part[1]))
TEXTS = st.lists(PARTS | st.sampled_from(["a", "0123", "the answer", "é"]), max_size=3).map(" ".join)
TESTS = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=MOST, unique_by=lambda test: test[0])


Learn = Callable[[RunLog, Redactor, int], None]
"""Registers secrets before the test with a number is started; -1: before the run is planned."""


def written(folder: Path, tests: list[tuple[str, str]], learn: Learn) -> list[dict[str, Any]]:
    """Return the lines of a run of these tests: texts in their names, and in their messages."""
    log, redactor = open_log(folder), Redactor(KEY, {})
    names = [f"test_x.py::test_{number}[{text}]" for number, (text, _) in enumerate(tests)]
    learn(log, redactor, -1)
    log.plan([redactor.plain({"test": name, "claims": [CLAIM], "records": True}) for name in names])
    log.open()
    for number, (name, (_, message)) in enumerate(zip(names, tests, strict=True)):
        learn(log, redactor, number)
        log.started(redactor.name(name))
        if number % 3 == 2:  # it is interrupted
            continue
        end = end_of(name, message)
        if number % 2:
            log.attempt({"test": redactor.name(name), **redactor.plain(end["attempts"][0])})
        log.finished(redactor.plain(end))
    learn(log, redactor, MOST)
    log.redact_at_last(redactor)
    log.seal(0)
    return bodies_of(log)


@settings(max_examples=40)
@given(TESTS, st.permutations([*enumerate(SECRETS)]), st.lists(st.integers(0, MOST), min_size=5, max_size=5))
def test_the_order_in_which_secrets_become_known_does_not_matter(
    tests: list[tuple[str, str]], order: list[tuple[int, str]], positions: list[int]
) -> None:
    """After each secret no line holds it any more, and in the end all is as if every secret had been known first."""

    def late(log: RunLog, redactor: Redactor, number: int) -> None:
        new = [secret for index, secret in order if min(positions[index], len(tests)) == min(number, len(tests))]
        for secret in new:
            redactor.register(secret)
            if log.writer is not None:
                log.redact(redactor)
        if log.writer is not None:
            assert all(redactor.plain(body) == body for body in bodies_of(log)), "a line holds a secret"

    def first(_: RunLog, redactor: Redactor, number: int) -> None:
        for secret in SECRETS if number < 0 else ():
            redactor.register(secret)

    with TemporaryDirectory() as folder:
        assert written(Path(folder, "1"), tests, late) == written(Path(folder, "2"), tests, first)


MESSAGES = {
    "another text": "the answer is 200 OK",
    "a shortened text": "assert 'the answer is ...' == 'another'",
    "a text that begins alike": "live-token-of-user is missing",
}


@pytest.mark.parametrize("what", MESSAGES)
def test_a_run_grows_with_its_secrets(tmp_path: Path, what: str) -> None:
    """What a further test that registers a secret costs does not depend on how many there were."""
    runs = iter(range(100))

    def of_many(count: int) -> Callable[[], None]:
        log, redactor = open_log(tmp_path / str(next(runs))), Redactor(KEY, {})
        names = [f"test_x.py::test_{number}" for number in range(count)]
        log.plan([{"test": name, "claims": [CLAIM]} for name in names])
        log.open()

        def act() -> None:
            for number, name in enumerate(names):
                log.started(name)
                redactor.register(f"live-token-{number:04}-{number * 7919 % 9973:04}-Zk3v")
                log.redact(redactor)
                log.finished(redactor.plain(end_of(name, f"{number}: {MESSAGES[what]}")))
            log.redact_at_last(redactor)
            log.discard()

        return act

    assert_steady(of_many, 24)


def test_a_secret_that_failed_to_be_removed_is_removed_with_the_next(tmp_path: Path, monkeypatch: Any) -> None:
    """A rewrite that fails is tried again: the lines hold neither secret after the next one was registered."""
    log, redactor = open_log(tmp_path), Redactor(KEY, {})
    log.plan([{"test": "test_x.py::test_a", "claims": [CLAIM]}])
    log.open()
    log.finished(end_of("test_x.py::test_a", "zq7-known-1 and Zk3vQ9mLx7Rt2Wc8"))
    redactor.register("zq7-known-1")
    with monkeypatch.context() as patch:
        patch.setattr("pytest_readiness.journal.writer._replace", _fail)
        with pytest.raises(OSError, match="full"):
            log.redact(redactor)
    assert b"zq7-known-1" in log.path.read_bytes()
    redactor.register("Zk3vQ9mLx7Rt2Wc8")
    log.redact(redactor)
    assert b"zq7-known-1" not in log.path.read_bytes()
    assert b"Zk3vQ9mLx7Rt2Wc8" not in log.path.read_bytes()
    log.discard()


def _fail(*_: object) -> None:
    raise OSError("the disk is full")
