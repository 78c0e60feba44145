"""Nested sessions: a test may run pytest, in its own process or in another.

Such a session must not write to the journals or the store of the session around it. An environment variable lists the
sessions around a process.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from os import environ as _environ, getpid as _getpid
from pathlib import Path
from typing import NamedTuple

from ..journal.leftover_reader import is_active_journal

VARIABLE = "PYTEST_READINESS_SESSIONS"
"""Variable with the sessions around a process, as JSON; internal, no option."""
_WITHIN_A_TEST = "PYTEST_CURRENT_TEST"
"""Pytest's variable with the running test."""


class LiveSession(NamedTuple):
    """A session that records evidence."""

    journal: str
    """Its journal file, which need not exist yet."""
    store: str
    """URL of its store."""
    process: int
    """Process id of its controller."""


_own_sessions: list[LiveSession] = []
"""The sessions of this process, the innermost last; in an xdist worker that of its controller."""


def enter_session(session: LiveSession) -> None:
    """Add a session that begins: processes that are started from now on are inside it."""
    _own_sessions.append(session)
    _set_variable()


def leave_session(session: LiveSession) -> None:
    """Remove a session that is over; harmless if it is unknown."""
    if session in _own_sessions:
        _own_sessions.remove(session)
        _set_variable()


_inherited = _environ.get(VARIABLE)


def _set_variable() -> None:
    sessions = [*_parse_sessions(_inherited), *_own_sessions]
    if sessions:
        _environ[VARIABLE] = json.dumps(sessions)
    else:
        _environ.pop(VARIABLE, None)


def enclosing_journal(journals: Path, store: str) -> str | None:
    """Return the journal of a live session around this one with the same journal folder or store; None: no such."""
    outer = [
        session
        for session in _parse_sessions(_environ.get(VARIABLE))
        if session not in _own_sessions and _is_live(session)
    ]
    for session in (*_own_sessions, *outer):
        if session.store == store or Path(session.journal).parent == journals:
            return session.journal
    if _WITHIN_A_TEST in _environ:  # the test may have removed this package's variable
        return next((str(path) for path in sorted(journals.glob("*.jsonl")) if is_active_journal(path)), None)
    return None


def _parse_sessions(text: str | None) -> Iterator[LiveSession]:
    """Yield the sessions of the variable's value; anyone can set it, so anything else is skipped."""
    try:
        entries = json.loads(text or "[]")
    except ValueError:
        return
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, list) and [type(value) for value in entry] == [str, str, int]:
            yield LiveSession(*entry)


def _is_live(session: LiveSession) -> bool:
    """Return whether a session still runs; it may not have opened its journal yet."""
    journal = Path(session.journal)
    if journal.exists():
        return is_active_journal(journal)
    return session.process != _getpid() and _is_running(session.process)


def _is_running(process: int) -> bool:
    if sys.platform == "win32" or process <= 0:  # on Windows signal 0 ends a process
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
