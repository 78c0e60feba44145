"""Sessions within sessions: a test may run pytest, in its own process or in another.

Such a session must not write where the one around it does. Which sessions are around a process, its environment says.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from os import environ as _environ, getpid as _getpid
from pathlib import Path
from typing import NamedTuple

from ..journal.recovery import is_active_journal

VARIABLE = "PYTEST_READINESS_SESSIONS"
"""Names the sessions around a process. Not one of the options' variables: it is not for people."""
_WITHIN_A_TEST = "PYTEST_CURRENT_TEST"
"""pytest's own."""


class LiveSession(NamedTuple):
    """A session that records."""

    journal: str
    """Its file, which need not be there yet."""
    store: str
    """Where its evidence is kept."""
    process: int
    """Of the controller."""


_here: list[LiveSession] = []
"""The sessions of this process, the innermost last; in a worker of xdist that of its controller."""


def enter_session(session: LiveSession) -> None:
    """A session begins: what is started from now on is within it."""
    _here.append(session)
    _tell()


def leave_session(session: LiveSession) -> None:
    """A session is over; harmless where it is not known."""
    if session in _here:
        _here.remove(session)
        _tell()


_outer = _environ.get(VARIABLE)


def _tell() -> None:
    around = [*_named(_outer), *_here]
    if around:
        _environ[VARIABLE] = json.dumps(around)
    else:
        _environ.pop(VARIABLE, None)


def enclosing_journal(journals: Path, store: str) -> str | None:
    """Return the journal of a living session around this one that has its folder of journals or its store."""
    named = [session for session in _named(_environ.get(VARIABLE)) if session not in _here and _lives(session)]
    for session in (*_here, *named):
        if session.store == store or Path(session.journal).parent == journals:
            return session.journal
    if _WITHIN_A_TEST in _environ:  # of a session whose variable the test took away
        return next((str(path) for path in sorted(journals.glob("*.jsonl")) if is_active_journal(path)), None)
    return None


def _named(text: str | None) -> Iterator[LiveSession]:
    """Anybody can set the variable: what is no session is none."""
    try:
        told = json.loads(text or "[]")
    except ValueError:
        return
    for one in told if isinstance(told, list) else ():
        if isinstance(one, list) and [type(value) for value in one] == [str, str, int]:
            yield LiveSession(*one)


def _lives(session: LiveSession) -> bool:
    """One may be asked before it has opened its journal."""
    journal = Path(session.journal)
    if journal.exists():
        return is_active_journal(journal)
    return session.process != _getpid() and _runs(session.process)


def _runs(process: int) -> bool:
    if sys.platform == "win32" or process <= 0:  # there this signal ends a process
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
