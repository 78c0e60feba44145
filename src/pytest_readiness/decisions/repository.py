"""Storing of decisions, in the store or as files of the repository."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..facts.decision import Decision, IdentityLevel
from ..facts.envelope import Envelope, decision_statement
from ..pipeline.evaluate_project import Project
from ..pipeline.project import writable_store
from ..pipeline.run_lifecycle import redaction_problem
from ..recording.provenance.run import read_git
from ..signing.trust import TrustStore
from ..store.decision_files.decision_file import SIGNED_SUFFIX, SUFFIX
from ..verdict.policy import Policy
from .decision_time import PriorDecisions
from .identity import Decider, in_folder


class DecisionDraft(Struct, frozen=True):
    """A decision before it is stored."""

    decision: Decision
    counted: Decision
    """The decision as it will count, with the best identity level that can be proved."""
    signed: Envelope | None = None
    """The signed statement about it; None: no signing key is named."""
    doubt: str = ""
    """Why the signature does not prove who decided; empty if it does."""

    def refused(self, why: str, policy: Policy) -> str:
        """Return the reason ``why``, with the problem of the signature if a better identity is needed."""
        by = self.counted.by
        if policy.trusts(self.counted.known_by) or not policy.is_reviewer(by):
            return why
        if self.signed is None:
            return f"{why}: it is not signed (READINESS_SIGNER)" if policy.identity == "signed" else why
        return f"{why}: its signature (READINESS_SIGNER) {self.doubt}"


def draft_decision(
    project: Project, decision: Decision, earlier: PriorDecisions, concerned: Collection[str] = ()
) -> DecisionDraft:
    """Return a decision as it would be stored and as it would count; signed if READINESS_SIGNER names a key.

    Args:
        project: the project.
        decision: the decision, dated by the local clock.
        earlier: the prior decisions, after which it is dated.
        concerned: further use cases that it concerns.

    Raises:
        ConfigError: the key cannot sign it, or a prior decision is dated in the future.
    """
    decision = earlier.dated(decision, concerned)
    # A decision file counts as decided by the author of its commit.
    counted = decision.attributed(decision.by) if in_folder(project) else decision
    if not os.environ.get("READINESS_SIGNER"):
        return DecisionDraft(decision, counted)
    from ..signing.keys import sign_statement  # loading the signing libraries takes 200 ms

    signed = sign_statement(decision_statement(decision), project.settings.folder, project.public_keys)
    trust = TrustStore.from_policy(project.policy)
    if trust.is_by_decider(signed, counted):
        return DecisionDraft(decision, counted.identified(IdentityLevel.SIGNED), signed)
    return DecisionDraft(decision, counted, signed, trust.distrust_reason(signed, counted.by))


class StoredDecisions(Struct, frozen=True):
    """Decisions that were stored."""

    decisions: tuple[Decision, ...]
    """The decisions as they count."""
    signed: int = 0
    """Number of signed decisions, whether the key is trusted or not."""
    files: tuple[Path, ...] = ()
    """Files in the repository, which do not count until they are committed; none if the store holds decisions."""
    author: str | None = None
    """Author of a commit made here, who will count as the decider of files; None: git has no user.email."""
    notes: tuple[str, ...] = ()
    """Notes for the person who decided."""


def store_decisions(project: Project, decisions: Sequence[DecisionDraft]) -> StoredDecisions:
    """Store decisions with the requirements in force: all of them, or none.

    Raises:
        IntegrityError: another record has the id of one.
        StorageError: they cannot be written.
    """
    counted = tuple(draft.counted for draft in decisions)
    signed = [draft.signed for draft in decisions if draft.signed is not None]
    notes = tuple(redaction_problem(project.redactor))
    if missing := project.missing_store:
        # Afterwards there is one, and nothing says any more that another one may have been lost.
        notes += (missing if in_folder(project) else f"{missing}; a new one was made for this",)
    if not in_folder(project):
        _write_to_store(project, decisions, signed)
        return StoredDecisions(counted, len(signed), notes=notes)
    folder_store = project.decisions(None)
    assert folder_store is not None  # noqa: S101 - for the type checker: a folder needs no store
    folder_store.decide([draft.decision for draft in decisions], envelopes=signed)
    folder = project.settings.folder / project.settings.decisions
    files = [folder / f"{draft.decision.id}{SUFFIX}" for draft in decisions]
    files += [folder / f"{envelope.subject}{SIGNED_SUFFIX}" for envelope in signed]
    return StoredDecisions(counted, len(signed), tuple(files), read_git(project.settings.folder).get("email"), notes)


def _write_to_store(project: Project, decisions: Sequence[DecisionDraft], signed: Sequence[Envelope]) -> None:
    store = writable_store(project)
    try:
        store.decide([draft.decision for draft in decisions], [project.requirements], signed)
    finally:
        store.close()


def decision_fields(project: Project, decider: Decider, at: str) -> dict[str, Any]:
    """Return the fields that every decision has."""
    return {
        "register": project.catalogue.register,
        "at": at,
        "by": decider.name,
        "known_by": decider.known_by,
        "requirements_digest": project.requirements.digest,
    }


def redact_text(project: Project, text: str) -> str:
    """Return a person's text without secrets and surrounding blanks."""
    return project.redactor.text(text.strip())
