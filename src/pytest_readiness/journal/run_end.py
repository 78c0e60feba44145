"""Lines at the end of a run: unfinished tests, tests that did not start, and the seal."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Container, Iterable, Mapping
from typing import Any

from ..facts.evidence import Result
from ..facts.ledger.line import Line
from ..facts.run import planned_digest
from ..facts.timestamps import timestamp
from .writer import JournalWriter

IN_LINE = 100
"""Greatest number of planned or unstarted tests in one line."""


def interrupted_body(planned: Mapping[str, Any], started_at: str, message: str) -> dict[str, Any]:
    """Return the body of a line for a test that started and did not finish."""
    now = timestamp()
    attempt = {"result": Result.INTERRUPTED.value, "started_at": started_at, "duration_ms": 0, "message": message}
    body = {
        "test": planned["test"],
        "claims": planned["claims"],
        "result": Result.INTERRUPTED.value,
        "started_at": started_at,
        "finished_at": now,
        "attempts": [attempt],
        "message": message,
    }
    return {**body, "open_scope": True} if planned.get("records") else body


def close_run(
    writer: JournalWriter, plan: Iterable[tuple[str, Mapping[str, Any]]], ended: Container[str], seal: Mapping[str, Any]
) -> Line:
    """Write the tests that never ran and the seal, and return the seal. ``plan``: each id once, with its plan."""
    counts, not_run, now = {"tests": 0, "deselected": 0}, list[dict[str, Any]](), timestamp()
    for test_id, planned in plan:
        counts["tests"] += 1
        if planned.get("deselected"):
            counts["deselected"] += 1
        elif test_id not in ended:
            not_run.append({"test": test_id, "claims": planned["claims"]})
            if len(not_run) == IN_LINE:
                writer.append("not_run", {"tests": not_run, "started_at": now, "finished_at": now})
                not_run = []
    if not_run:
        writer.append("not_run", {"tests": not_run, "started_at": now, "finished_at": now})
    end = {"finished_at": timestamp(), "python": platform.python_version(), "clock": clock_check(writer), **seal}
    sums = {"count": writer.chain.seq, "planned": _digest_of_plan(writer), "plan": counts}
    return writer.append("sealed", {**sums, **end}, sync=True)


def _digest_of_plan(writer: JournalWriter) -> str:
    """Return the digest of the planned tests as they were written: in memory there may be more."""
    is_cached = len(writer.cached) == writer.chain.seq
    if is_cached:
        return planned_digest(writer.cached)
    planned = (text for text in writer.each_text() if '"kind":"planned"' in text)  # the others need no parsing
    return planned_digest(map(Line.from_own_text, planned))


def clock_check(writer: JournalWriter) -> dict[str, int]:
    """Return Python's clock and the file system's in milliseconds: a replaced clock shows as a difference.

    The journal is touched first, so that its time is the current time of the system, and not of Python.
    """
    try:
        python = int(time.time() * 1000)  # the clock of the tests, which may be replaced
    except (TypeError, ValueError, OverflowError):
        python = 0
    try:
        os.utime(writer.path)
        return {"python": python, "file": int(writer.path.stat().st_mtime * 1000)}
    except OSError:
        return {"python": python}
