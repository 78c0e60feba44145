"""Version of run groups: the generations that are about the judged release, or the judged digests."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from ..facts.run_group import GroupPart
from ..facts.subject import NO_SUBJECTS, Subjects, counts_for


class GroupVersion(Struct, frozen=True):
    """What is judged of run groups, where the policy asks for a release or for digests.

    The parts of one generation may state different digests, as each tests something else.
    """

    release: str | None = None
    """None: any."""
    subjects: Subjects = NO_SUBJECTS
    """Digests by name; empty: any."""

    def concerns(self, parts: Iterable[GroupPart]) -> bool:
        """Return whether one of the parts counts for what is judged."""
        return any(
            self.release in (None, part.release) and (not self.subjects or counts_for(part.subjects, self.subjects))
            for part in parts
        )

    def shows(self, parts: Iterable[GroupPart]) -> bool:
        """Return whether one of the parts counts for what is judged, and none is for anything else."""
        parts = tuple(parts)
        return self.concerns(parts) and not any(map(self._is_of_another, parts))

    def _is_of_another(self, part: GroupPart) -> bool:
        shared = part.subjects.keys() & self.subjects.keys()
        another_digest = any(part.subjects[name] != self.subjects[name] for name in shared)
        return another_digest or self.release not in (None, part.release)
