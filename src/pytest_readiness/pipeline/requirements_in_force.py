"""What is required at a moment: by the config from now on, and before by what was kept with runs and decisions."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import replace
from functools import cached_property

from ..claims.catalogue import Catalogue
from ..errors import IntegrityError
from ..fast_values import dataclass
from ..verdict.policy import Policy
from .load_inputs import FactSources, policy_of


@dataclass(frozen=True)
class RequirementsHistory:
    """The requirements in force at any moment: those of the newest run or decision at or before it.

    From now on those of the config are: no store knows what it says since the last run.
    """

    sources: FactSources
    present: Catalogue
    """Tells what a row only tells (titles, owners), and stands in where nothing was recorded yet."""
    policy: Policy
    digest: str
    """Of the requirements that are in force now."""
    now: str
    """The moment it is, whatever moment is asked about."""

    @cached_property
    def _moments(self) -> list[tuple[str, str]]:
        runs = [(run.started_at, run.requirements_digest) for run in self.sources.runs]
        runs += [(run.started_at, run.requirements_digest) for run in self.sources.journal_runs.values()]
        made = [(one.at, one.requirements_digest) for one in self.sources.register_decisions.decisions]
        return sorted((at, digest) for at, digest in (*runs, *made) if digest)

    def digest_at(self, at: str) -> str:
        """Return the digest of the requirements in force at a moment."""
        if at >= self.now:
            return self.digest
        count = bisect_right(self._moments, at, key=lambda one: one[0])
        return self._moments[count - 1][1] if count else self.digest

    def at(self, at: str) -> tuple[Catalogue, Policy]:
        """Return the requirements in force at a moment, and the policy.

        Raises:
            IntegrityError: the snapshot cannot be read.
        """
        return self._known(self.digest_at(at))

    def _known(self, digest: str) -> tuple[Catalogue, Policy]:
        if digest not in self._cache:
            self._cache[digest] = self._read(digest)
        return self._cache[digest]

    @cached_property
    def _cache(self) -> dict[str, tuple[Catalogue, Policy]]:
        return {self.digest: (self.present, self.policy)}

    def _read(self, digest: str) -> tuple[Catalogue, Policy]:
        found = self.sources.store.snapshot(digest) if self.sources.store is not None else None
        if found is None:
            # Nobody kept them (a journal that was never taken in): what is asked now is the best that is known.
            return self.present, self.policy
        try:
            plain = json.loads(found.text)
            return _told_by(self.present, Catalogue.from_plain(plain["catalogue"])), policy_of(plain["policy"])
        except (LookupError, TypeError, ValueError) as error:
            told = f"{type(error).__name__}: {error}"
            raise IntegrityError(f"the requirements kept as {digest} cannot be read: {told}") from None


def _told_by(present: Catalogue, past: Catalogue) -> Catalogue:
    """Return the past requirements with what the rows only tell (a snapshot holds none of it)."""
    told = ("title", "owner", "declared_status", "declared_also", "declared_in", "last_updated", "notes", "line")
    rows = {
        name: replace(row, **{each: getattr(present.use_cases[name], each) for each in told})
        if name in present.use_cases
        else row
        for name, row in past.use_cases.items()
    }
    return replace(past, use_cases=rows)
