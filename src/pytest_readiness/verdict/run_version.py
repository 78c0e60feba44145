"""Version of runs: which are for the judged release, or the judged digests."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from ..facts.run_group import GroupPart
from ..facts.subject import NO_SUBJECTS, Subjects, counts_for
from .inputs import RunOrigin


class RunVersion(Struct, frozen=True):
    """What is judged, where the policy asks for a release or for digests.

    The parts of one run group may state different digests, as each tests something else.
    """

    release: str | None = None
    """None: any."""
    subjects: Subjects = NO_SUBJECTS
    """Digests by name; empty: any."""

    def counts(self, run: GroupPart | RunOrigin) -> bool:
        """Return whether a run counts for what is judged."""
        by_subjects = not self.subjects or counts_for(run.subjects, self.subjects)
        return by_subjects and self.release in (None, run.release)

    def contradicts(self, run: GroupPart | RunOrigin) -> bool:
        """Return whether a run is for another release, or for another digest of a judged name."""
        shared = run.subjects.keys() & self.subjects.keys()
        another_digest = any(run.subjects[name] != self.subjects[name] for name in shared)
        return another_digest or self.release not in (None, run.release)

    def concerns(self, parts: Iterable[GroupPart]) -> bool:
        """Return whether one of the parts counts for what is judged."""
        return any(map(self.counts, parts))

    def shows(self, parts: Iterable[GroupPart]) -> bool:
        """Return whether one of the parts counts for what is judged, and none is for anything else."""
        parts = tuple(parts)
        return self.concerns(parts) and not any(map(self.contradicts, parts))
