"""When a decision is made: after all that is known about the same use case, by whatever clock that was decided."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from ..errors import ConfigError, one_line
from ..facts.decision import Decision, Retirement, Review, Waiver, makes_worse
from ..facts.timestamps import just_after, timestamp
from ..fast_values import dataclass
from ..pipeline.decision_sources import decision_subject
from ..pipeline.evaluate_project import Project
from ..store.decision_files.folder import DecisionFolder

D = TypeVar("D", bound=Decision)


class ClockError(ConfigError):
    """A decision that opens cannot be made: one that is known lies in the future."""


@dataclass(frozen=True, slots=True)
class PriorDecisions:
    """What was decided before, as far as it is known here."""

    decisions: Sequence[Decision] = ()

    @classmethod
    def of(cls, place: Project) -> PriorDecisions:
        """Return what is known in whatever home; where that is a folder, also what is not committed yet.

        Raises:
            StorageError, IntegrityError: the decisions cannot be read.
        """
        store = place.store()
        try:
            sources = place.sources(store)
            home = sources.home
            written = home.written_decisions(sources.register) if isinstance(home, DecisionFolder) else []
            return cls((*sources.register_decisions.decisions, *written))
        finally:
            if store is not None:
                store.close()

    def closing(self, use_case: str) -> tuple[str, ...]:
        """Return the ids of the blockers and rejections of a use case, sorted: what ends them names what it knew."""
        return tuple(sorted({one.id for one in self.decisions if makes_worse(one) and _about(one) == use_case}))

    def dated(self, decision: D, concerned: Collection[str] = (), now: str = "") -> D:
        """Return a decision with a moment after everything that is known about the same use case, or test.

        The order of decisions is that of their moments. So a clock that ran ahead must not make what was decided
        before overrule what is decided now.

        Args:
            decision: as the clock here dates it.
            concerned: further use cases that it concerns.
            now: the moment, by the clock here; empty: it is looked at.

        Raises:
            ClockError: it makes things better, and something that is known lies in the future: which clock is right
                nobody knows.
        """
        about = {*concerned, _about(decision)}
        newest = max((one for one in self.decisions if _about(one) in about), key=lambda one: one.at, default=None)
        if newest is None or newest.at < decision.at:
            return decision
        here = max(now or timestamp(), decision.at)
        if newest.at > here and not makes_worse(decision):
            made = (
                f"{decision_subject(newest)} by {newest.by} was made at {newest.at}, and by the clock here it is {here}"
            )
            raise ClockError(one_line(f"{made}: set the clock right that is wrong, or decide after that moment", 600))
        if isinstance(decision, Review):  # what came since it was looked at was not looked at
            return replace(decision, at=just_after(newest.at), seen_at=decision.seen_at or decision.at)
        return replace(decision, at=just_after(newest.at))


def _about(decision: Decision) -> str | None:
    """Return the use case that a decision is about, or the test; None: neither."""
    if isinstance(decision, Waiver):
        return decision.requirement.partition("/")[0]
    if isinstance(decision, Retirement):
        return decision.test_id
    return getattr(decision, "use_case", None)
