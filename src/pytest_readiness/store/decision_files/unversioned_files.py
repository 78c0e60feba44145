"""Decision files of which git does not show the commit: a problem, as one may be a blocker."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ...errors import IntegrityError, Problem, location, one_line
from ...facts.decision import Decision
from ...settings import CONFIG_NAME
from ..protocol import RegisterDecisions
from .decision_file import NAME, parse_decision_file, read_decision_text

NO_REPOSITORY = "there is no git repository"


def is_in_repository(folder: Path) -> bool:
    """Return whether a folder or one of its parents contains ``.git``. Git is not asked."""
    return any((path / ".git").exists() for path in (folder, *folder.absolute().parents))


def unversioned_decisions(base: Path, register: str, reason: str, stored: Sequence[Decision] = ()) -> RegisterDecisions:
    """Return the problem of a decision file whose commit is not known: it may be a blocker.

    ``stored``: decisions that count without a file. The file of one of them says nothing new, such as in an unpacked
    bundle of the same store.
    """
    stored_digests = {decision.text_digest for decision in stored}
    files = _decision_files(base, register)
    path = next((path for path, decision in files if decision.text_digest not in stored_digests), None)
    if path is not None:
        text = f"is a decision, and git does not show whether it was committed, and by whom: {reason}{_advice(path)}"
        return RegisterDecisions(problems=(Problem(location(path), one_line(text, 600)),))
    if not is_in_repository(base):
        return RegisterDecisions()
    text = f"decision files were not searched for: {reason}"
    return RegisterDecisions(notes=(Problem("", one_line(text, 600)),))


def _advice(path: Path) -> str:
    """Return what to do about a file in an unpacked bundle; empty: it is in none."""
    folder = path.parent.parent
    if path.parent.name != "decisions" or not (folder / "manifest.json").is_file():
        return ""
    return f": {location(folder)} is an unpacked bundle: import its file (readiness merge), or move the folder away"


def _decision_files(base: Path, register: str) -> Iterator[tuple[Path, Decision]]:
    """Yield each readable file in the config's folder that is a decision of the register, and the decision."""
    for folder, folders, names in os.walk(base):
        if CONFIG_NAME in names and Path(folder) != base:
            folders[:] = []
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(filter(NAME.fullmatch, names)):
            with suppress(OSError, IntegrityError, UnicodeDecodeError):
                path = Path(folder, name)
                yield path, parse_decision_file(read_decision_text(path), name, register)
