"""A whole pytest session, from its command line to its exit code: for some runs, to hold the quick way against it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .session import SECRETS
from .words import Claim, Execution, Run, Say

ARGUMENTS = (
    "-s", "--noconftest", "--import-mode=importlib", "-p", "pytest_readiness.plugin", "-p", "no:terminal",
    "-p", "no:cacheprovider", "-p", "pytest_rerunfailures",
    "-p", "no:unraisableexception", "-p", "no:threadexception",
)  # fmt: skip
EVENTS = '[{"event": 1}, {"event": 2}]'


def run_whole(run: Run, root: Path, options: dict[str, str]) -> int:
    """Write the tests of a run as a file, run pytest on it in this process, and return its exit code."""
    file, _, _ = run.executions[0].test.partition("::")
    (root / file).write_text(_source(run), encoding="utf-8")
    said = [f"--readiness-{name}={value}" for name, value in options.items()]
    left = [f"--deselect={one.test}" for one in run.deselected]
    before = dict(os.environ)
    try:
        return int(pytest.main([f"--rootdir={root}", *ARGUMENTS, *said, *left, str(root / file)]))
    finally:
        sys.modules.pop(file.removesuffix(".py"), None)
        os.environ.clear()
        os.environ.update(before)
        (root / file).unlink()


def _source(run: Run) -> str:
    lines = ["import pytest", "from pytest_readiness import evidence", "tries = {}"]
    for one in run.executions:
        lines += _test(one)
    for left in run.deselected:
        lines += [*_marks(left.claims), f"def {left.test.partition('::')[2]}():", "    pass"]
    return "\n".join(lines) + "\n"


def _marks(claims: tuple[Claim, ...]) -> Iterator[str]:
    for claim in reversed(claims):
        named = {"environment": claim.environment, "provider_mode": claim.mode, "part": claim.part}
        named |= {"replay_mode": claim.replay}
        told = "".join(f", {name}={value!r}" for name, value in named.items() if value)
        yield f"@evidence({claim.uc!r}, item={claim.item!r}{told})"


def _test(one: Execution) -> list[str]:
    """A test as a user writes it; what its attempts do is asked of a counter."""
    name = one.test.partition("::")[2]
    ends = [attempt.end for attempt in one.attempts]
    lines = [f"ends_{name} = {ends!r}", "@pytest.fixture", f"def fixture_{name}(record_evidence):"]
    lines += [f"    number = tries[{name!r}] = tries.get({name!r}, -1) + 1"]
    lines += [f"    end = ends_{name}[number]", "    assert end != 'setup'", "    yield number"]
    lines += ["    assert end != 'teardown'"]
    if len(ends) > 1:
        lines.append(f"@pytest.mark.flaky(reruns={len(ends) - 1})")
    if ends[-1] in ("xfailed", "xpassed"):
        lines.append("@pytest.mark.xfail(reason='known', strict=False)")
    lines += [*_marks(one.claims), f"def {name}(fixture_{name}, record_evidence):"]
    for number, attempt in enumerate(one.attempts):
        lines += [f"    if fixture_{name} == {number}:", "        pass"]
        lines += [f"        {_say(say)}" for say in attempt.says]
    lines += [f"    assert ends_{name}[fixture_{name}] not in ('failed', 'xfailed')"]
    lines += [f"    if ends_{name}[fixture_{name}] == 'skipped':", "        pytest.skip('not today')"]
    return lines


def _say(say: Say) -> str:  # noqa: PLR0911 - one for each kind
    match say.what:
        case "scope":
            return (
                f"record_evidence.scope(environment={say.environment!r}, provider_mode={say.mode!r}, part={say.part!r})"
            )
        case "credential":
            return f"record_evidence.credential(mode={say.value!r}, secret='key-of-{say.value}-123', request_id='r-1')"
        case "trace":
            return f"record_evidence.trace({EVENTS}, again={EVENTS})"
        case "replay":
            reason = None if say.value == "FULL" else "no recording"
            return (
                f"record_evidence.replay(mode={say.value!r}, recorded={EVENTS}, replayed={EVENTS}, reason={reason!r})"
            )
        case "handshake":
            return "record_evidence.handshake(endpoint='shop.example.com:443', peer='CN=shop')"
        case "rotation":
            return f"record_evidence.rotation(**{SECRETS!r}, accepted_by='HTTP 200')"
        case "revocation":
            return f"record_evidence.revocation(old={SECRETS['old']!r}, rejected_by='HTTP 401')"
    return f"record_evidence.drill({say.value!r}, fault='cut', detected=1.0, recovered=2.0, audit='https://log.example.com/1')"
