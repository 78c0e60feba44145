"""Use cases that left the register: which names have no row, and whether their row was one of this history.

A row that is known only from a branch did not leave the register of another: the commits of the runs that were made
under it tell, as git has them. What git cannot tell counts as having been here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from ..claims.catalogue import Catalogue
from ..errors import IntegrityError, one_line
from ..facts.conduct import conduct_of
from ..facts.evidence import Evidence
from ..facts.run import Run
from ..frozen import dataclass
from ..journal.worktree import GitError, ask
from ..store.port import RunSummary, Store
from ..verdict.readiness import Departed
from ..views.words import count
from .gathering import Sources, known_by


def without_a_row(sources: Sources, catalogue: Catalogue, patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the names with evidence or decisions that match a pattern, and have no row.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    if not patterns or catalogue.open_world:
        return ()
    names = {one.uc for run in sources.runs_left.values() for one in run.evidence()}
    names |= {name for one in sources.decided.decisions if (name := getattr(one, "use_case", None))}
    names |= set(sources.store.use_cases(sources.register)) if sources.store is not None else set()
    folded = [pattern.lower() for pattern in patterns]
    gone = names - catalogue.use_cases.keys()
    return tuple(sorted(name for name in gone if any(fnmatchcase(name.lower(), one) for one in folded)))


@dataclass(frozen=True)
class Past:
    """What is known of the rows that there were by a moment."""

    sources: Sources
    folder: Path
    """Whose git is asked."""
    evidence: Sequence[Evidence]
    at: str
    now: bool
    """The moment is now, so that the judged commit is the one that is checked out; else that of the newest run."""

    def settled(self, departed: Iterable[Departed]) -> Iterator[Departed]:
        """Yield those whose row was known, as of here or of elsewhere; the history is read only where there is one.

        Raises:
            StorageError, IntegrityError: the store cannot be read, or a snapshot cannot.
        """
        for one in departed:
            commits = self._commits(one.use_case)
            if commits:
                here = None in commits or any(map(self._is_contained, commits))
                yield one if here else replace(one, elsewhere=True)

    def _commits(self, name: str) -> set[str | None]:
        """Return the commits under which a row of this name was known; None among them: one that nobody can tell."""
        mine = {one.run_id for one in self.evidence if one.uc == name}
        runs: dict[str, str | None] = {}
        by_runs: set[str] = set()
        for id_, digest, commit in self._runs:
            by_runs.add(digest)
            rows = self._rows(digest)
            if name in rows if rows is not None else id_ in mine:
                runs[id_] = commit
        found = self._of_the_register(runs)
        for digest, about in self._decisions:
            # A decision names no commit. What a person said of the use case was said here, for all that git can tell;
            # of others that were in force with it the runs under the same requirements tell, if there are any.
            if about == name or (digest not in by_runs and name in (self._rows(digest) or ())):
                found.add(None)
        return found

    def _of_the_register(self, runs: Mapping[str, str | None]) -> set[str | None]:
        """Return the commits of the register's repository in which runs (by id, with the tests' commits) were made."""
        found = {commit for commit in runs.values() if self._is_contained(commit)}
        apart = [id_ for id_, commit in runs.items() if commit not in found]
        left, store = self.sources.runs_left, self.sources.store
        said = {id_: conduct_of(left[id_].head, None) for id_ in apart if id_ in left}
        if store is not None and (kept := [id_ for id_ in apart if id_ not in left]):
            said |= store.conducts(kept)
        for id_ in apart:
            beside = said[id_].config_commit if id_ in said else None
            found.add(runs[id_] if beside is None else beside or None)
        return found

    @cached_property
    def _runs(self) -> list[tuple[str, str, str | None]]:
        """(id, digest of the requirements, commit) of each run, oldest first."""
        runs: list[Run | RunSummary] = [*self.sources.runs, *self.sources.runs_left.values()]
        return [(run.id, run.requirements_digest, run.commit) for run in runs if run.started_at <= self.at]

    @cached_property
    def _decisions(self) -> list[tuple[str, str | None]]:
        """(digest of the requirements, the use case it is about) of each decision."""
        made = known_by(self.sources.decided.decisions, self.at)
        return [(one.requirements_digest, getattr(one, "use_case", None)) for one in made]

    def _rows(self, digest: str) -> Collection[str] | None:
        """Return the ids of the rows that there were under these requirements; None: nobody kept them."""
        if digest not in self._known:
            found = self.sources.store.snapshot(digest) if self.sources.store is not None and digest else None
            self._known[digest] = None if found is None else _ids(digest, found.text)
        return self._known[digest]

    @cached_property
    def _known(self) -> dict[str, Collection[str] | None]:
        return {}

    def _is_contained(self, commit: str | None) -> bool:
        return self._history is None or commit in self._history or (self._is_shallow and commit is not None)

    @property
    def _is_shallow(self) -> bool:
        return self._told is not None and self._told[0]

    @property
    def _history(self) -> Collection[str] | None:
        return None if self._told is None else self._told[1]

    @cached_property
    def _told(self) -> tuple[bool, Collection[str]] | None:
        """Whether the history is cut off, and the commits that the judged one contains; None: git cannot tell."""
        head = "HEAD" if self.now else next((commit for _, _, commit in reversed(self._runs) if commit), None)
        if head is None:
            return None
        try:
            shallow, top = ask(self.folder, "rev-parse", "--is-shallow-repository", head).split()
            listed = ask(self.folder, "--no-replace-objects", "rev-list", top, "--")
        except (GitError, ValueError):
            return None
        return shallow == "true", frozenset(listed.split())


def _ids(digest: str, text: str) -> Collection[str]:
    try:
        plain: Mapping[str, list[Mapping[str, str]]] = json.loads(text)["catalogue"]
        return frozenset(row["id"] for row in plain["use_cases"])
    except (LookupError, TypeError, ValueError) as error:
        told = f"{type(error).__name__}: {error}"
        raise IntegrityError(f"the requirements kept as {digest} cannot be read: {told}") from None


_MOST_REGISTERS = 3
"""Others that are named; a shared store may hold any number."""


def other_registers(store: Store | None, register: str) -> Iterator[str]:
    """Yield a sentence where the store holds other registers: one that was renamed left everything under its old name.

    Raises:
        StorageError: the store cannot be read.
    """
    found = store.other_registers(register) if store is not None else {}
    if not found:
        return
    told = [
        f"'{one_line(name, 60)}' ({count(runs, 'run')}, {count(decisions, 'decision')})"
        for name, (runs, decisions) in list(found.items())[:_MOST_REGISTERS]
    ]
    more = f" and {len(found) - _MOST_REGISTERS} more" if len(found) > _MOST_REGISTERS else ""
    word = "register" if len(found) == 1 else "registers"
    yield (
        f"the store also holds the {word} {', '.join(told)}{more}, of which nothing counts here, blockers and failures"
        f' too: if this register was called so, call it so again (register = "..." in the config)'
    )


def notes(departed: Iterable[Departed]) -> Iterator[str]:
    """Yield a sentence for each use case that is known from other commits only."""
    for one in departed:
        if one.elsewhere:
            yield f"of commits that this one does not contain, {one.told}: it has no row here, and keeps no gate closed"
