"""The requirements in force at a moment: from the config, or from stored snapshots for the past."""

from __future__ import annotations

import json
from bisect import bisect_right
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from ..claims.catalogue import Catalogue
from ..errors import IntegrityError
from ..verdict.policy import Policy
from .load_inputs import FactSources, policy_of


class RequirementsHistory(Struct, frozen=True, dict=True):
    """The requirements in force at any moment: those of the newest run or decision up to it.

    From now on the config applies, which may have changed after the last run.
    """

    sources: FactSources
    present: Catalogue
    """The current catalogue. It supplies titles and owners, and applies before the first record."""
    policy: Policy
    digest: str
    """Digest of the current requirements."""
    now: str
    """The current time, whatever moment is asked about."""

    @cached_property
    def _moments(self) -> list[tuple[str, str]]:
        runs = [(run.started_at, run.requirements_digest) for run in self.sources.runs]
        runs += [(run.started_at, run.requirements_digest) for run in self.sources.journal_runs.values()]
        decisions = [
            (decision.at, decision.requirements_digest) for decision in self.sources.register_decisions.decisions
        ]
        return sorted((at, digest) for at, digest in (*runs, *decisions) if digest)

    def digest_at(self, at: str) -> str:
        """Return the digest of the requirements in force at a moment."""
        if at >= self.now:
            return self.digest
        count = bisect_right(self._moments, at, key=lambda moment: moment[0])
        return self._moments[count - 1][1] if count else self.digest

    def at(self, at: str) -> tuple[Catalogue, Policy]:
        """Return the requirements in force at a moment, and the policy.

        Raises:
            IntegrityError: the snapshot cannot be read.
        """
        return self._cached(self.digest_at(at))

    def _cached(self, digest: str) -> tuple[Catalogue, Policy]:
        if digest not in self._cache:
            self._cache[digest] = self._read(digest)
        return self._cache[digest]

    @cached_property
    def _cache(self) -> dict[str, tuple[Catalogue, Policy]]:
        return {self.digest: (self.present, self.policy)}

    def _read(self, digest: str) -> tuple[Catalogue, Policy]:
        snapshot = self.sources.store.snapshot(digest) if self.sources.store is not None else None
        if snapshot is None:
            # Not stored (the journal was never imported): the current requirements are the best approximation.
            return self.present, self.policy
        try:
            plain = json.loads(snapshot.text)
            return _with_descriptions(self.present, Catalogue.from_plain(plain["catalogue"])), policy_of(
                plain["policy"]
            )
        except (LookupError, TypeError, ValueError) as error:
            cause = f"{type(error).__name__}: {error}"
            raise IntegrityError(f"the stored requirements {digest} cannot be read: {cause}") from None


def _with_descriptions(present: Catalogue, past: Catalogue) -> Catalogue:
    """Return the past requirements with the descriptive fields of the present rows, which a snapshot lacks."""
    fields = ("title", "owner", "declared_status", "declared_also", "declared_in", "last_updated", "notes", "line")
    rows = {
        name: replace(
            row, **{name_of_field: getattr(present.use_cases[name], name_of_field) for name_of_field in fields}
        )
        if name in present.use_cases
        else row
        for name, row in past.use_cases.items()
    }
    return replace(past, use_cases=rows)
