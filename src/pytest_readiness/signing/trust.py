"""Trust in signatures: only those by trusted keys of the config count, all others count as missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from ..errors import ConfigError, Problem, one_line
from ..facts.decision import Decision, IdentityLevel
from ..store.protocol import EnvelopeStore, EvidenceStore
from ..verdict.inputs import SignedRun
from ..verdict.people import People
from ..verdict.policy import Policy, TrustedKey
from .library import missing_library

if TYPE_CHECKING:  # loaded with a trusted key, which most projects do not have
    from ..facts.checkpoint import Checkpoint
    from ..facts.envelope import Envelope
    from .verifier import Verifier

Role = Literal["runs", "reviews", "checkpoints"]


class TrustStore(Struct, frozen=True, dict=True):
    """The trusted keys, and the persons who own them."""

    keys: tuple[TrustedKey, ...]
    people: People

    @classmethod
    def from_policy(cls, policy: Policy) -> TrustStore:
        """Return the trusted keys of a policy."""
        return cls(policy.keys, policy.people)

    @cached_property
    def unchecked(self) -> str:
        """Why signatures cannot be verified; empty: they can, or no key is trusted."""
        return missing_library() if self.keys else ""

    @cached_property
    def _verifiers(self) -> tuple[Verifier, ...]:
        if not self.keys:
            return ()
        from .verifier import Verifier  # late: it loads what reads keys and signatures

        return tuple(map(Verifier, self.keys))

    def _verifiers_of_role(self, role: Role) -> tuple[Verifier, ...]:
        """Return the verifiers of the keys that may sign in a role; none if signatures cannot be verified."""
        return () if self.unchecked else tuple(each for each in self._verifiers if role in each.key.roles)

    def keys_of_role(self, role: Role) -> tuple[TrustedKey, ...]:
        """Return the keys that may sign in a role; none if signatures cannot be verified."""
        return tuple(verifier.key for verifier in self._verifiers_of_role(role))

    def signer(self, envelope: Envelope, role: Role) -> TrustedKey | None:
        """Return the trusted key of this role that signed a statement; None: there is none."""
        return next((each.key for each in self._verifiers_of_role(role) if each.verifies(envelope)), None)

    def signed_runs(self, store: EvidenceStore | None, run_ids: Collection[str]) -> dict[str, SignedRun]:
        """Return the signers of runs, by run id. The signed seal must be the current one, with an unbroken chain.

        Nothing is read if no key has the role runs.

        Raises:
            StorageError, IntegrityError: the store cannot be read.
        """
        if store is None or not run_ids or not self.keys_of_role("runs"):
            return {}
        envelopes = [envelope for envelope in store.envelopes(run_ids) if envelope.subject_kind == "run"]
        signed = [(envelope, key) for envelope in envelopes if (key := self.signer(envelope, "runs")) is not None]
        seals = store.seals({envelope.subject for envelope, _ in signed})
        return {
            envelope.subject: SignedRun(key.name, envelope.nonce)
            for envelope, key in signed
            if seals.get(envelope.subject) == envelope.subject_digest
        }

    def with_identities(self, decisions: Sequence[Decision], home: EnvelopeStore | None) -> tuple[Decision, ...]:
        """Return decisions with their verified identity level: signed, or at most what the text declares.

        Raises:
            StorageError, IntegrityError: the home cannot be read.
        """
        signed: set[str] = set()
        if not self.keys_of_role("reviews"):
            return tuple(_with_identity(decision, signed=False) for decision in decisions)  # no id is computed
        if home is not None and decisions:
            by_id = {decision.id: decision for decision in decisions}
            envelopes = home.envelopes(by_id)
            signed = {each.subject for each in envelopes if self.is_by_decider(each, by_id[each.subject])}
        return tuple(_with_identity(decision, signed=decision.id in signed) for decision in decisions)

    def is_by_decider(self, envelope: Envelope, decision: Decision) -> bool:
        """Return whether a statement is about this decision, and signed with a key of the deciding person."""
        return (
            envelope.subject_kind == "decision"
            and (envelope.subject, envelope.subject_digest) == (decision.id, decision.text_digest)
            and any(
                self.people.is_same_person(verifier.key.person or "", decision.by) and verifier.verifies(envelope)
                for verifier in self._verifiers_of_role("reviews")
            )
        )

    def distrust_reasons(self, envelopes: Iterable[Envelope], by: dict[str, str]) -> Iterator[DistrustReason]:
        """Yield the reasons why signatures do not count.

        Args:
            envelopes: statements whose subject is unchanged.
            by: id of a decision -> deciding person.
        """
        if self.unchecked:
            yield DistrustReason(Problem("", self.unchecked), broken=True)
            return
        for envelope in envelopes if self.keys else ():
            reason = self._reason(envelope, by.get(envelope.subject, ""))
            if reason is not None:
                where = f"{envelope.subject_kind} {one_line(envelope.subject)}, signature {envelope.id[:16]}"
                yield DistrustReason(Problem(where, reason.problem.what), broken=reason.broken)

    def distrust_reason(self, envelope: Envelope, by: str) -> str:
        """Return why a signature does not count, as the end of a sentence about it; empty: it counts."""
        reason = self._reason(envelope, by)
        return reason.problem.what if reason is not None else ""

    def checkpoint_distrust_reason(self, checkpoint: Checkpoint) -> str | None:
        """Return why a checkpoint does not count; None: a trusted key signed it, or no key has the role checkpoints.

        Signatures by unknown keys are skipped. A false signature of a trusted key is always a reason.
        """
        allowed = [verifier for verifier in self._verifiers if "checkpoints" in verifier.key.roles]
        if not allowed or self.unchecked:
            return self.unchecked if allowed else None
        names = ", ".join(f"'{verifier.key.name}'" for verifier in allowed)
        try:
            broken = next((each.key.name for each in allowed if each.has_false_signature(checkpoint)), None)
            if broken is not None:
                return f"its signature by the key '{broken}' is not valid: something was changed"
            if any(verifier.verifies_checkpoint(checkpoint) for verifier in allowed):
                return None
        except ConfigError as error:
            return str(error)
        state = "none of its signatures is" if checkpoint.signatures else "it is not signed, but must be signed"
        return f"{state} by a key with the role checkpoints ({names})"

    def _reason(self, envelope: Envelope, by: str) -> DistrustReason | None:
        fitting = [verifier.key for verifier in self._verifiers if verifier.verifies(envelope)]
        others = (verifier for verifier in self._verifiers if verifier.key not in fitting)
        claimed = [verifier.key.name for verifier in others if verifier.is_named_by(envelope)]
        if claimed:
            text = f"says that it is by the key '{claimed[0]}', but is not valid: something was changed"
            return DistrustReason(Problem("", text), broken=True)
        if not fitting:
            return DistrustReason(Problem("", "is not by a trusted key ([keys]): it does not count"))
        role: Role = "runs" if envelope.subject_kind == "run" else "reviews"
        allowed = [key for key in fitting if role in key.roles]
        if not allowed:
            text = f"is by the key '{fitting[0].name}', which may not sign {role}: it does not count"
            return DistrustReason(Problem("", text))
        if role == "reviews" and not any(self.people.is_same_person(key.person or "", by) for key in allowed):
            text = f"is by the key of {allowed[0].person}, and not of {one_line(by)}: it does not count"
            return DistrustReason(Problem("", text))
        return None


class DistrustReason(Struct, frozen=True):
    """Why a signature does not count."""

    problem: Problem
    broken: bool = False
    """The signature is not valid; else it is valid, but not trusted."""


def _with_identity(decision: Decision, *, signed: bool) -> Decision:
    if signed:
        return decision.identified(IdentityLevel.SIGNED)
    # A text can declare that it is signed, but that is not a signature.
    return decision.identified(IdentityLevel.DECLARED) if decision.known_by is IdentityLevel.SIGNED else decision
