"""Trust: who signed what, as far as a trusted key of the config says so. What is not known so counts as unsigned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Literal

from ..errors import ConfigError, Problem, one_line
from ..facts.checkpoint import Checkpoint
from ..facts.decision import Decision, IdentityLevel
from ..facts.envelope import Envelope
from ..fast_values import dataclass
from ..store.protocol import DecisionStore, Store
from ..verdict.inputs import SignedRun
from ..verdict.people import People
from ..verdict.policy import Policy, TrustedKey
from . import keys

Role = Literal["runs", "reviews", "checkpoints"]


@dataclass(frozen=True)
class TrustStore:
    """The keys whose signatures count, and whose decisions they sign."""

    keys: tuple[TrustedKey, ...]
    people: People

    @classmethod
    def from_policy(cls, policy: Policy) -> TrustStore:
        """Return the trust that a policy says."""
        return cls(policy.keys, policy.people)

    @cached_property
    def unchecked(self) -> str:
        """Why no signature can be checked though keys are trusted; empty: they can, or none is."""
        return keys.missing_library() if self.keys else ""

    def keys_of_role(self, role: Role) -> tuple[TrustedKey, ...]:
        """Return the keys that may sign this; none, where nothing can be checked."""
        return () if self.unchecked else tuple(key for key in self.keys if role in key.roles)

    def signer(self, envelope: Envelope, role: Role) -> TrustedKey | None:
        """Return a trusted key of this role that a statement was signed with, if there is one."""
        return next((key for key in self.keys_of_role(role) if _verifies(key, envelope)), None)

    def signed_runs(self, store: Store | None, run_ids: Collection[str]) -> dict[str, SignedRun]:
        """Return by whom runs are signed, by id: each seal as it is now, with every line that leads to it.

        Only these runs are looked at, and only where keys are trusted with runs.

        Raises:
            StorageError, IntegrityError: the store cannot be read.
        """
        if store is None or not run_ids or not self.keys_of_role("runs"):
            return {}
        found = [one for one in store.envelopes(run_ids) if one.subject_kind == "run"]
        signed = [(one, key) for one in found if (key := self.signer(one, "runs")) is not None]
        seals = store.seals({one.subject for one, _ in signed})
        return {
            one.subject: SignedRun(key.name, one.nonce)
            for one, key in signed
            if seals.get(one.subject) == one.subject_digest
        }

    def with_identities(self, decisions: Sequence[Decision], home: DecisionStore | None) -> tuple[Decision, ...]:
        """Return decisions with who decided known by a signature, where it is; what only says so is declared.

        Raises:
            StorageError, IntegrityError: the home cannot be read.
        """
        signed: set[str] = set()
        if not self.keys_of_role("reviews"):
            return tuple(_identified(one, signed=False) for one in decisions)  # without asking each for its id
        if home is not None and decisions:
            by_id = {one.id: one for one in decisions}
            signed = {one.subject for one in home.envelopes(by_id) if self.is_by_decider(one, by_id[one.subject])}
        return tuple(_identified(one, signed=one.id in signed) for one in decisions)

    def is_by_decider(self, envelope: Envelope, decision: Decision) -> bool:
        """Return whether a statement is about this decision, and signed with a key of the person who decided."""
        return (
            envelope.subject_kind == "decision"
            and (envelope.subject, envelope.subject_digest) == (decision.id, decision.text_digest)
            and any(
                self.people.is_same_person(key.person or "", decision.by) and _verifies(key, envelope)
                for key in self.keys_of_role("reviews")
            )
        )

    def distrust_reasons(self, envelopes: Iterable[Envelope], by: dict[str, str]) -> Iterator[DistrustReason]:
        """Yield why signatures do not count.

        Args:
            envelopes: whose subject is as it was signed.
            by: who decided, by the id of the decision.
        """
        if self.unchecked:
            yield DistrustReason(Problem("", self.unchecked), broken=True)
            return
        for envelope in envelopes if self.keys else ():
            doubt = self._reason(envelope, by.get(envelope.subject, ""))
            if doubt is not None:
                where = f"{envelope.subject_kind} {one_line(envelope.subject)}, signature {envelope.id[:16]}"
                yield DistrustReason(Problem(where, doubt.problem.what), broken=doubt.broken)

    def distrust_reason(self, envelope: Envelope, by: str) -> str:
        """Return why a signature says nothing of who decided, as the end of a sentence about it; empty: it does."""
        found = self._reason(envelope, by)
        return found.problem.what if found is not None else ""

    def checkpoint_distrust_reason(self, checkpoint: Checkpoint) -> str | None:
        """Return why a checkpoint does not count; None: a trusted key signed it, or none is trusted with checkpoints.

        Where any is, one without a signature proves no more than where it was kept. Signatures by others are passed
        over; one that says that it is by a trusted key, and is not, never is.
        """
        able = [key for key in self.keys if "checkpoints" in key.roles]
        if not able or self.unchecked:
            return self.unchecked if able else None
        names = ", ".join(f"'{key.name}'" for key in able)
        try:
            broken = next((key.name for key in able if keys.note_names_key(key.public, checkpoint)), None)
            if broken is not None:
                return f"its signature says that it is by the key '{broken}', and does not fit: something was changed"
            if any(keys.verify_note(key.public, checkpoint) for key in able):
                return None
        except ConfigError as error:
            return str(error)
        told = "none of its signatures is" if checkpoint.signatures else "it is not signed, and must be"
        return f"{told} by a key that is trusted with checkpoints ({names})"

    def _reason(self, envelope: Envelope, by: str) -> DistrustReason | None:
        fitting = [key for key in self.keys if _verifies(key, envelope)]
        claimed = [key.name for key in self.keys if key not in fitting and _claims(key, envelope)]
        if claimed:
            told = f"says that it is by the key '{claimed[0]}', and does not fit its bytes: something was changed"
            return DistrustReason(Problem("", told), broken=True)
        if not fitting:
            return DistrustReason(Problem("", "is by no key that is trusted ([keys]): it counts for nothing"))
        role: Role = "runs" if envelope.subject_kind == "run" else "reviews"
        able = [key for key in fitting if role in key.roles]
        if not able:
            told = f"is by the key '{fitting[0].name}', which may not sign {role}: it counts for nothing"
            return DistrustReason(Problem("", told))
        if role == "reviews" and not any(self.people.is_same_person(key.person or "", by) for key in able):
            told = f"is by the key of {able[0].person}, and not of {one_line(by)}: it counts for nothing"
            return DistrustReason(Problem("", told))
        return None


@dataclass(frozen=True, slots=True)
class DistrustReason:
    """Why a signature does not count."""

    problem: Problem
    broken: bool = False
    """Something does not fit; else it is only not trusted."""


def _identified(decision: Decision, *, signed: bool) -> Decision:
    if signed:
        return decision.identified(IdentityLevel.SIGNED)
    # A text that says so itself is no signature.
    return decision.identified(IdentityLevel.DECLARED) if decision.known_by is IdentityLevel.SIGNED else decision


def _verifies(key: TrustedKey, envelope: Envelope) -> bool:
    try:
        return keys.verify_signature(key.public, envelope)
    except ConfigError:  # a key of a kind that nothing verifies with, which ``check`` tells
        return False


def _claims(key: TrustedKey, envelope: Envelope) -> bool:
    try:
        return keys.names_key(key.public, envelope)
    except ConfigError:
        return False
