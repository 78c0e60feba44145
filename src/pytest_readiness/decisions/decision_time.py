"""Dating of decisions: a new one comes after all prior decisions about the same use case."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from ..errors import ConfigError, one_line
from ..facts.decision import Decision, Retirement, Review, Waiver, makes_worse
from ..facts.timestamps import just_after, timestamp
from ..pipeline.decision_sources import decision_subject
from ..pipeline.evaluate_project import Project
from ..store.decision_files.folder import DecisionFolder

D = TypeVar("D", bound=Decision)


class ClockError(ConfigError):
    """A decision that could open the gate cannot be dated, since a prior one is dated in the future."""


class PriorDecisions(Struct, frozen=True):
    """The prior decisions of the register."""

    decisions: Sequence[Decision] = ()

    @classmethod
    def load(cls, project: Project) -> PriorDecisions:
        """Return the decisions of the store and of the folder, files that are not committed yet included.

        Raises:
            StorageError, IntegrityError: the decisions cannot be read.
        """
        store = project.store()
        try:
            sources = project.sources(store)
            home = sources.home
            uncommitted = home.written_decisions(sources.register) if isinstance(home, DecisionFolder) else []
            return cls((*sources.register_decisions.decisions, *uncommitted))
        finally:
            if store is not None:
                store.close()

    def closing(self, use_case: str) -> tuple[str, ...]:
        """Return the sorted ids of the blockers and rejections of a use case. A decision that ends them names them."""
        return tuple(
            sorted({prior.id for prior in self.decisions if makes_worse(prior) and _subject(prior) == use_case})
        )

    def dated(self, decision: D, concerned: Collection[str] = (), now: str = "") -> D:
        """Return the decision, dated after all prior decisions about the same use case or test.

        Decisions are ordered by their time. A prior decision whose clock was fast must not overrule a newer one.

        Args:
            decision: the decision, dated by the local clock.
            concerned: further use cases that it concerns.
            now: the time of the local clock (UTC); empty: it is read.

        Raises:
            ClockError: the decision could open the gate, and a prior one is dated in the future. It is unknown which
                clock is right.
        """
        subjects = {*concerned, _subject(decision)}
        priors = (prior for prior in self.decisions if _subject(prior) in subjects)
        newest = max(priors, key=lambda prior: prior.at, default=None)
        if newest is None or newest.at < decision.at:
            return decision
        now = max(now or timestamp(), decision.at)
        if newest.at > now and not makes_worse(decision):
            times = f"{decision_subject(newest)} by {newest.by} was made at {newest.at}, but the clock here says {now}"
            raise ClockError(one_line(f"{times}: correct the wrong clock, or decide after that time", 600))
        if isinstance(decision, Review):  # the reviewer has not seen what came after the review was shown
            return replace(decision, at=just_after(newest.at), seen_at=decision.seen_at or decision.at)
        return replace(decision, at=just_after(newest.at))


def _subject(decision: Decision) -> str | None:
    """Return the use case or the test that a decision is about; None: it is about neither."""
    if isinstance(decision, Waiver):
        return decision.requirement.partition("/")[0]
    if isinstance(decision, Retirement):
        return decision.test_id
    return getattr(decision, "use_case", None)
