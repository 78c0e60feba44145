"""History of the register's rows: whether this history had the row of a use case that has none now.

A row that only a branch had did not leave the register of another branch. Git answers that from the commits of the runs
under the row. If git cannot answer, the row counts as one of this history.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ..errors import IntegrityError
from ..facts.evidence import Evidence
from ..facts.run import Run
from ..facts.run_conditions import conditions_of
from ..recording.provenance.hidden_changes import GitError, ask_git
from ..store.protocol import RunSummary
from ..verdict.readiness import RemovedUseCase
from .load_inputs import FactSources, decisions_known_at


class RegisterHistory(Struct, frozen=True, dict=True):
    """The rows of the register up to a moment."""

    sources: FactSources
    folder: Path
    """A folder of the git repository."""
    evidence: Sequence[Evidence]
    at: str
    now: bool
    """Whether the moment is now, so that HEAD is the evaluated commit; otherwise it is the commit of the newest run."""

    def resolve_removed(self, removed_use_cases: Iterable[RemovedUseCase]) -> Iterator[RemovedUseCase]:
        """Yield the use cases that had a row, each marked if only other commits had it.

        Raises:
            StorageError, IntegrityError: the store or a snapshot cannot be read.
        """
        for removed in removed_use_cases:
            commits = self._commits(removed.use_case)
            if commits:
                is_known_here = None in commits or any(map(self._is_contained, commits))
                yield removed if is_known_here else replace(removed, in_other_commits=True)

    def _commits(self, name: str) -> set[str | None]:
        """Return the commits with a row of this name; None means an unknown commit."""
        run_ids = {piece.run_id for piece in self.evidence if piece.uc == name}
        runs: dict[str, str | None] = {}
        digests_of_runs: set[str] = set()
        for id_, digest, commit in self._runs:
            digests_of_runs.add(digest)
            rows = self._rows(digest)
            if name in rows if rows is not None else id_ in run_ids:
                runs[id_] = commit
        commits = self._register_commits(runs)
        for digest, use_case in self._decisions:
            # A decision has no commit. One about this use case counts as made in this history, if git cannot answer.
            # For another one, the runs under the same requirements answer, if there are any.
            if use_case == name or (digest not in digests_of_runs and name in (self._rows(digest) or ())):
                commits.add(None)
        return commits

    def _register_commits(self, runs: Mapping[str, str | None]) -> set[str | None]:
        """Return the commits of the register's repository for runs, given as the tests' commits by run id."""
        commits = {commit for commit in runs.values() if self._is_contained(commit)}
        other_ids = [id_ for id_, commit in runs.items() if commit not in commits]
        journal_runs, store = self.sources.journal_runs, self.sources.store
        conditions = {id_: conditions_of(journal_runs[id_].head, None) for id_ in other_ids if id_ in journal_runs}
        if store is not None and (stored_ids := [id_ for id_ in other_ids if id_ not in journal_runs]):
            conditions |= store.run_conditions(stored_ids)
        for id_ in other_ids:
            config_commit = conditions[id_].config_commit if id_ in conditions else None
            commits.add(runs[id_] if config_commit is None else config_commit or None)
        return commits

    @cached_property
    def _runs(self) -> list[tuple[str, str, str | None]]:
        """The id, requirements digest and commit of each run, oldest first."""
        runs: list[Run | RunSummary] = [*self.sources.runs, *self.sources.journal_runs.values()]
        return [(run.id, run.requirements_digest, run.commit) for run in runs if run.started_at <= self.at]

    @cached_property
    def _decisions(self) -> list[tuple[str, str | None]]:
        """The requirements digest and the use case of each decision."""
        decisions = decisions_known_at(self.sources.register_decisions.decisions, self.at)
        return [(decision.requirements_digest, getattr(decision, "use_case", None)) for decision in decisions]

    def _rows(self, digest: str) -> Collection[str] | None:
        """Return the ids of the rows in these requirements; None if they are not stored."""
        if digest not in self._row_cache:
            snapshot = self.sources.store.snapshot(digest) if self.sources.store is not None and digest else None
            self._row_cache[digest] = None if snapshot is None else _row_ids(digest, snapshot.text)
        return self._row_cache[digest]

    @cached_property
    def _row_cache(self) -> dict[str, Collection[str] | None]:
        return {}

    def _is_contained(self, commit: str | None) -> bool:
        return (
            self._contained_commits is None
            or commit in self._contained_commits
            or (self._is_shallow and commit is not None)
        )

    @property
    def _is_shallow(self) -> bool:
        return self._git_history is not None and self._git_history[0]

    @property
    def _contained_commits(self) -> Collection[str] | None:
        return None if self._git_history is None else self._git_history[1]

    @cached_property
    def _git_history(self) -> tuple[bool, Collection[str]] | None:
        """Whether the git history is shallow, and the commits up to the evaluated one; None if git cannot answer."""
        head = "HEAD" if self.now else next((commit for _, _, commit in reversed(self._runs) if commit), None)
        if head is None:
            return None
        try:
            shallow, top = ask_git(self.folder, "rev-parse", "--is-shallow-repository", head).split()
            listed = ask_git(self.folder, "--no-replace-objects", "rev-list", top, "--")
        except (GitError, ValueError):
            return None
        return shallow == "true", frozenset(listed.split())


def _row_ids(digest: str, text: str) -> Collection[str]:
    try:
        plain: Mapping[str, list[Mapping[str, str]]] = json.loads(text)["catalogue"]
        return frozenset(row["id"] for row in plain["use_cases"])
    except (LookupError, TypeError, ValueError) as error:
        cause = f"{type(error).__name__}: {error}"
        raise IntegrityError(f"the stored requirements {digest} cannot be read: {cause}") from None
