"""Where a decision is kept, and what each says: in the store, or as a file of the repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..carrying import writable_store
from ..extensions import load_plugins, own_redactors
from ..facts.decision import Decision
from ..journal.key import load_key
from ..journal.provenance import git
from ..journal.redaction import Redactor
from ..pipeline import HOME, Place
from ..store.folder import SUFFIX
from .who import Decider, in_folder


@dataclass(frozen=True, slots=True)
class Kept:
    """Decisions that were kept."""

    decisions: tuple[Decision, ...]
    files: tuple[Path, ...] = ()
    """Where the repository is their home: the files, which count for nothing until they are committed."""
    author: str | None = None
    """There: who would be the author of a commit made here, and so who will have decided; None: git does not say."""


def keep(place: Place, decisions: Sequence[Decision]) -> Kept:
    """Keep decisions in their home, with the requirements in force: all of them, or none.

    Raises:
        IntegrityError: something else is there under the id of one.
        StorageError: they cannot be written.
    """
    if not in_folder(place):
        _keep_in_store(place, decisions)
        return Kept(tuple(decisions))
    home = place.decisions(None)
    assert home is not None  # noqa: S101 - for the type checker: a folder needs no store
    home.decide(decisions)
    folder = place.settings.folder / place.settings.decisions
    files = tuple(folder / f"{one.id}{SUFFIX}" for one in decisions)
    return Kept(tuple(decisions), files, git(place.settings.folder).get("email"))


def _keep_in_store(place: Place, decisions: Sequence[Decision]) -> None:
    store = writable_store(place)
    try:
        store.decide(decisions, [place.requirements])
    finally:
        store.close()


def stamped(place: Place, who: Decider, at: str) -> dict[str, Any]:
    """Return what every decision says."""
    return {
        "register": place.catalogue.register,
        "at": at,
        "by": who.name,
        "known_by": who.known_by,
        "requirements_digest": place.requirements.digest,
    }


def clean(place: Place, text: str) -> str:
    """Return a person's text as it may be kept: without secrets."""
    key = load_key(place.settings.folder / HOME)
    return Redactor(key, own=lambda: own_redactors(load_plugins(place.settings))).text(text.strip())
