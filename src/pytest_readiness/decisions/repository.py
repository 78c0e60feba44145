"""Where a decision is kept, and what each says: in the store, or as a file of the repository."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from ..facts.decision import Decision, IdentityLevel
from ..facts.envelope import Envelope, decision_statement
from ..fast_values import dataclass
from ..pipeline.bundles import writable_store
from ..pipeline.evaluate_project import Project
from ..pipeline.run_lifecycle import redaction_problem
from ..recording.provenance.run import read_git
from ..signing.trust import TrustStore
from ..store.decision_files.committed_files import SIGNED, SUFFIX
from ..verdict.policy import Policy
from .decision_time import PriorDecisions
from .identity import Decider, in_folder


@dataclass(frozen=True, slots=True)
class DecisionDraft:
    """A decision before it is kept."""

    decision: Decision
    counted: Decision
    """As it will count: with who decided known as well as it can be."""
    signed: Envelope | None = None
    """Where a key that signs is named, the signed statement about it."""
    doubt: str = ""
    """Why that says nothing of who decided."""

    def refused(self, why: str, policy: Policy) -> str:
        """Return why it is refused: where who decided is not known well enough, with what its signature lacks."""
        by = self.counted.by
        if policy.trusts(self.counted.known_by) or not policy.is_reviewer(by):
            return why
        if self.signed is None:
            return f"{why}: nothing signs it (READINESS_SIGNER)" if policy.identity == "signed" else why
        return f"{why}: its signature (READINESS_SIGNER) {self.doubt}"


def draft_decision(
    place: Project, decision: Decision, earlier: PriorDecisions, concerned: Collection[str] = ()
) -> DecisionDraft:
    """Return a decision as it would be kept and as it would count; signed, where the environment names a key.

    Args:
        place: where it is made.
        decision: as the clock here dates it.
        earlier: what was decided before, after which it is dated.
        concerned: use cases that it concerns beside the one that it names.

    Raises:
        ConfigError: it cannot be signed with that key, or a clock is wrong.
    """
    decision = earlier.dated(decision, concerned)
    # In a folder of the repository it is judged as it will count: as decided by the author of a commit.
    counted = decision.attributed(decision.by) if in_folder(place) else decision
    if not os.environ.get("READINESS_SIGNER"):
        return DecisionDraft(decision, counted)
    from ..signing.keys import sign_statement  # the libraries that sign take 200 ms to load

    signed = sign_statement(decision_statement(decision), place.settings.folder, place.public_keys)
    trust = TrustStore.from_policy(place.policy)
    if trust.is_by_decider(signed, counted):
        return DecisionDraft(decision, counted.identified(IdentityLevel.SIGNED), signed)
    return DecisionDraft(decision, counted, signed, trust.distrust_reason(signed, counted.by))


@dataclass(frozen=True, slots=True)
class StoredDecisions:
    """Decisions that were kept."""

    decisions: tuple[Decision, ...]
    """As they count."""
    signed: int = 0
    """How many of them are signed, with whatever key."""
    files: tuple[Path, ...] = ()
    """Where the repository is their home: the files, which count for nothing until they are committed."""
    author: str | None = None
    """There: who would be the author of a commit made here, and so who will have decided; None: git does not say."""
    notes: tuple[str, ...] = ()
    """What whoever decided should know."""


def store_decisions(place: Project, decisions: Sequence[DecisionDraft]) -> StoredDecisions:
    """Keep decisions in their home, with the requirements in force: all of them, or none.

    Raises:
        IntegrityError: something else is there under the id of one.
        StorageError: they cannot be written.
    """
    counted = tuple(one.counted for one in decisions)
    signed = [one.signed for one in decisions if one.signed is not None]
    notes = tuple(redaction_problem(place.redactor))
    if not in_folder(place):
        _keep_in_store(place, decisions, signed)
        return StoredDecisions(counted, len(signed), notes=notes)
    home = place.decisions(None)
    assert home is not None  # noqa: S101 - for the type checker: a folder needs no store
    home.decide([one.decision for one in decisions], envelopes=signed)
    folder = place.settings.folder / place.settings.decisions
    files = [folder / f"{one.decision.id}{SUFFIX}" for one in decisions]
    files += [folder / f"{one.subject}{SIGNED}" for one in signed]
    return StoredDecisions(counted, len(signed), tuple(files), read_git(place.settings.folder).get("email"), notes)


def _keep_in_store(place: Project, decisions: Sequence[DecisionDraft], signed: Sequence[Envelope]) -> None:
    store = writable_store(place)
    try:
        store.decide([one.decision for one in decisions], [place.requirements], signed)
    finally:
        store.close()


def decision_fields(place: Project, who: Decider, at: str) -> dict[str, Any]:
    """Return what every decision says."""
    return {
        "register": place.catalogue.register,
        "at": at,
        "by": who.name,
        "known_by": who.known_by,
        "requirements_digest": place.requirements.digest,
    }


def redact_text(place: Project, text: str) -> str:
    """Return a person's text as it may be kept: without secrets."""
    return place.redactor.text(text.strip())
