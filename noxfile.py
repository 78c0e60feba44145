"""What takes longer than CI has time for: ``pip install nox``, then ``nox -s producers``."""

from __future__ import annotations

import nox


@nox.session(default=False)
def producers(session: nox.Session) -> None:
    """Import what the writers of JUnit XML write of a suite of known truth."""
    session.install("-e", ".")
    session.run("python", "benchmarks/try_producers.py", *session.posargs)
