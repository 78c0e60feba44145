"""The fixture ``record_evidence``: data and proofs that a test records while it runs.

A proof is checked before it is recorded. One that does not hold fails the test, and nothing of it is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from os import stat as _stat
from pathlib import Path
from secrets import token_hex
from typing import Any, ParamSpec, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from ..claims.catalogue import RECORDED_PROOFS, Catalogue
from ..claims.claim import Claim
from ..errors import ClaimError, ProofError, one_line, suggestion
from ..facts.proofs import comparison, values as proofs
from ..facts.proofs.package_fingerprint import package_statement as statement_of
from ..facts.proofs.values import ProofCheck, ProofResult
from ..late_pattern import late_pattern
from ..redaction.redactor import Redactor
from .artifacts import ArtifactFolder
from .authenticity.connection_monitor import is_endpoint
from .claim_resolution import asks_for, concerns_claim
from .recorder_base import RecordedData, RecorderBase

LINE_LIMIT = 500
"""Maximum length of a line of a message, in characters."""
LINES = 12
"""Maximum number of lines of a message."""
_URL = late_pattern(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)

P = ParamSpec("P")
T = TypeVar("T")


def __tracebackhide__(excinfo: Any) -> bool:  # noqa: N807 - pytest's name: the traceback of a failed proof ends in the test
    return isinstance(excinfo.value, ProofError)


def new_nonce() -> str:
    """Return a random nonce for a run, or for a test that is not recorded."""
    return token_hex(16)


def _no_kinds() -> Mapping[str, ProofCheck]:
    return {}


class SessionServices(Struct, frozen=True):
    """Services of a session for the proofs of its tests."""

    nonce: str = field(default_factory=new_nonce)
    """Nonce of the run; the same in each xdist worker."""
    kinds: Callable[[], Mapping[str, ProofCheck]] = _no_kinds
    """Returns the proof kinds of plugins; the first call loads these."""
    simulations: Callable[[], Sequence[Any]] = tuple
    """Returns the implementations of the simulation hook that pytest does not know."""


class RecordEvidence(RecorderBase):
    """Value of the fixture ``record_evidence``.

    If nothing is recorded (the plugin is off, the test carries no mark), it still checks its arguments and fails the
    test, and writes nothing.
    """

    def __init__(
        self,
        recording: RecordedData,
        redactor: Redactor,
        artifacts: ArtifactFolder,
        claims: Sequence[Claim] = (),
        catalogue: Catalogue | None = None,
        *,
        skipped: type[BaseException] | tuple[()] = (),
        services: SessionServices | None = None,
    ) -> None:
        super().__init__(recording, redactor, artifacts, claims, catalogue, skipped)
        self._services = services or SessionServices()
        self._statements: list[dict[str, Any]] = []

    @property
    def nonce(self) -> str:
        """Random text of this run, to send to the provider: a response with it belongs to this run."""
        return self._services.nonce

    def scope(
        self,
        environment: str | None = None,
        provider_mode: str | None = None,
        part: str | None = None,
        tenant_id: str | None = None,
        project_id: str | None = None,
    ) -> None:
        """State where the test really runs; checked as the marker is. Parts add up, tenant and project are replaced.

        Raises:
            ClaimError: the environment, provider mode or part does not exist (the message names the nearest known
                one), or the test stated another environment or provider mode before.
            ProofError: ``credential`` has shown another provider mode, or ``handshake`` an endpoint of another place.
        """
        if provider_mode is not None:
            self._check_scoped_mode(provider_mode, self._recording.proofs)
        for proof in self._recording.proofs if environment is not None else ():
            if isinstance(proof, proofs.Handshake):
                self._check_endpoint(proof, environment)
        super().scope(environment, provider_mode, part, tenant_id, project_id)

    def credential(self, *, mode: str, secret: str, request_id: str) -> None:
        """Prove that the provider accepted a credential (item 1), and state the provider mode.

        Args:
            mode: provider mode, such as ``BYOK``; a declared one if modes are declared.
            secret: the credential; redacted from now on, and stored as a fingerprint only.
            request_id: the provider's own id of the request.

        Raises:
            ProofError: an argument is empty, the secret has fewer than 6 characters, the mode is unknown, or the mark
                or ``scope()`` names another mode.
        """
        fingerprint = self._fingerprint("secret", secret)
        proof = self._check(proofs.prove_credential, mode, fingerprint, request_id)
        self._check_declared_mode(proof.mode)
        self._check_scoped_mode(self._recording.scoped_mode, [proof])
        self._record(replace(proof, mode=self._redact_undeclared(proof.mode)), "provider_mode")

    def handshake(self, *, endpoint: str, peer: Any, **details: object) -> None:
        """Prove that the connector reached its endpoint (item 2).

        Args:
            endpoint: ``host:port`` or a URL.
            peer: the identity of the server, such as a TLS subject or a version.
            **details: more about the connection; values are stored as texts.

        Raises:
            ProofError: the endpoint is neither, or not one that its environment declares, or the peer is empty.
        """
        proof = self._check(proofs.prove_handshake, endpoint, peer, details)
        self._check_endpoint(proof, self._recording.context.environment)
        self._record(proof)

    def statement(self, distribution: str) -> dict[str, Any]:
        """Return the statement to attest: name, version, and file digest of an installed distribution.

        Raises:
            ProofError: it is not installed, installed editable, or its files were changed since the installation.
        """
        statement = self._check(statement_of, distribution)
        self._statements.append(dict(statement))
        return statement

    def attestation(self, statement: Mapping[str, Any], *, stored_at: str, read_back: Any) -> None:
        """Prove that the installed distribution was attested in a persistent store (item 3).

        Args:
            statement: the result of ``statement()``, with any further keys that were stored.
            stored_at: the place where it is stored.
            read_back: the stored statement as read back: a dict, or its JSON as text or bytes.

        Raises:
            ProofError: the statement does not match the installed distribution, or the stored one differs from it;
                the message names each key.
        """
        redact = self._redactor.text
        self._record(
            self._check(comparison.prove_attestation, statement, stored_at, read_back, self._installed, redact)
        )

    def _installed(self, name: str) -> Mapping[str, Any]:
        """Return the statement of an installed distribution; files are hashed only once per test."""
        return next((made for made in self._statements if made["name"] == name), None) or statement_of(name)

    def trace(self, events: Iterable[Any], again: Iterable[Any] | None = None, mask: Iterable[str] = ()) -> str:
        """Record a trace, and prove with a second capture that it is deterministic (item 4).

        Args:
            events: JSON-like values (dataclasses, Structs, dates and times too); stored as the artifact ``trace.json``.
            again: a second capture; without it nothing is proven.
            mask: names of fields, at any depth, whose values may differ.

        Returns:
            ``sha256:`` and the digest of the canonical trace, which is also the artifact's.

        Raises:
            ProofError: the captures differ (the message names the path), or are empty, the same object, masked as a
                whole, or no JSON.
        """
        capture = self._check(comparison.prove_trace, events, again, mask, self._redactor.text)
        self.attach(capture.text, "trace.json", "application/json")  # already redacted: redaction changes nothing
        if capture.proof is not None:
            self._record(capture.proof)
        return capture.digest

    def replay(self, *, mode: str, recorded: Iterable[Any], replayed: Iterable[Any], reason: str | None = None) -> None:
        """Prove that a recorded run replays (item 5).

        Args:
            mode: ``FULL`` or ``TRACE_ONLY``.
            recorded: events of the recorded run, JSON-like.
            replayed: events of the replay.
            reason: why it was not FULL.

        Raises:
            ProofError: they diverge (the message names event and path), are empty or the same object, the mode is
                neither or another than the mark's, or ``TRACE_ONLY`` has no reason.
        """
        redact = self._redactor.text
        self._record(self._check(comparison.prove_replay, mode, recorded, replayed, reason, redact), "replay_mode")

    def rotation(self, *, old: str, new: str, accepted_by: Any) -> None:
        """Prove that a secret was rotated (part ``rotation`` of item 6).

        Args:
            old: the old secret; redacted from now on, and stored as a fingerprint only.
            new: the new secret; as the old one.
            accepted_by: the response that accepted the new secret, its HTTP status or its text.

        Raises:
            ProofError: both are the same, one has fewer than 6 characters, the response is no acceptance, or
                ``revocation`` was recorded for another secret than the old one.
        """
        revoked = [proof.old for proof in self._recording.proofs if isinstance(proof, proofs.Revocation)]
        fingerprints = self._fingerprint("old", old), self._fingerprint("new", new)
        self._record(self._check(proofs.prove_rotation, *fingerprints, accepted_by, revoked, self._redactor.text))

    def revocation(self, *, old: str, rejected_by: Any) -> None:
        """Prove that a revoked secret is refused (part ``revocation`` of item 6).

        Args:
            old: the revoked secret; redacted from now on, and stored as a fingerprint only.
            rejected_by: the exception that it caused (or pytest's ``ExceptionInfo``), the response, or its text.

        Raises:
            ProofError: the response is no rejection, the secret has fewer than 6 characters, or it is not the old one
                of ``rotation``.
        """
        rotated = [proof.old for proof in self._recording.proofs if isinstance(proof, proofs.Rotation)]
        fingerprint = self._fingerprint("old", old)
        self._record(self._check(proofs.prove_revocation, fingerprint, rejected_by, rotated, self._redactor.text))

    def drill(self, name: str, *, fault: str, detected: float, recovered: float, audit: str | bytes | Path) -> None:
        """Prove that a failure drill was executed and audited (item 7). Its name is the part that it proves.

        Args:
            name: the drill; one of the use case's if it names drills.
            fault: the injected fault.
            detected: seconds from the fault to its detection.
            recovered: seconds from the fault to the recovery.
            audit: a URL or another text that refers to the audit log, or a file or bytes, which are attached.

        Raises:
            ProofError: an argument is missing or impossible, or there is no such drill.
            EvidenceError: the audit is a file that cannot be stored.
        """
        label = self._audit_label(audit)
        proof = self._check(proofs.prove_drill, name, fault, detected, recovered, label, self._declared_drills())
        self._check_claimed(proof, "part")
        if not isinstance(audit, str):
            self.attach(audit, f"audit of {proof.name}" if isinstance(audit, bytes) else audit.name)
            artifact = self._recording.artifacts[-1]
            proof = replace(proof, audit=f"{artifact['name']} sha256:{artifact['sha256']}")
        elif _URL.fullmatch(proof.audit):
            self.reference(f"audit of {proof.name}", proof.audit)
        self._record(replace(proof, name=self._redact_undeclared(proof.name)))

    def _audit_label(self, audit: object) -> object:
        """Return a label of the audit, empty for an empty one. A file without access fails later, when attached."""
        if isinstance(audit, Path):
            with suppress(OSError):
                return audit.name if _stat(audit).st_size else ""
            return audit.name
        return ("bytes" if audit else "") if isinstance(audit, bytes) else audit

    def receipt(self, request_id: str) -> None:
        """Record the provider's own id of a request that carried ``nonce``.

        Raises:
            ProofError: it is no text or empty.
        """
        self._record(self._check(proofs.prove_receipt, request_id, self.nonce))

    def prove(self, kind: str, /, **values: object) -> None:
        """Record a proof of a plugin's kind (hook ``pytest_readiness_proofs``).

        Raises:
            ProofError: the proof does not hold, or there is no such kind.
        """
        kinds = self._services.kinds()
        if kind not in kinds:
            hint = f": call record_evidence.{kind}(...)" if kind in RECORDED_PROOFS else suggestion(str(kind), kinds)
            raise ProofError(self._redacted_message(f"no plugin brings a proof '{kind}'{hint}"))
        self._record(self._check(proofs.prove_own, kind, kinds[kind], values))

    def _check(self, prove: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the proof, or raise its ProofError with a redacted message."""
        try:
            return prove(*args, **kwargs)
        except ProofError as error:
            raise ProofError(self._redacted_message(str(error))) from None

    def _redacted_message(self, message: str) -> str:
        """Return a message without secrets, then cut to a few lines: half a secret is not recognised."""
        lines = self._redactor.text(message).splitlines()
        more = [f"(and {len(lines) - LINES} more)"] if len(lines) > LINES else []
        return "\n".join([*(one_line(line, LINE_LIMIT) for line in lines[:LINES]), *more])

    def _fingerprint(self, name: str, secret: object) -> str:
        """Return the fingerprint of a secret, and register the secret for redaction, also in error messages."""
        if not isinstance(secret, str):
            raise ProofError(f"{name} must be a text, not {type(secret).__name__}")
        return self._redactor.register(secret)

    def _record(self, proof: ProofResult, limit: str | None = None) -> None:
        """Record a proof. ``limit``: the mark's parameter that it must not contradict."""
        if limit is not None:
            self._check_claimed(proof, limit)
        self._recording.proofs.append(proof)

    def _check_claimed(self, proof: ProofResult, limit: str) -> None:
        """Raise ProofError if all claims that ask for this kind of proof name another value of ``limit``."""
        catalogue = self._catalogue
        if catalogue is None:
            return
        claims = [claim for claim in self._claims if asks_for(catalogue.item(claim.item), proof)]
        if claims and not any(concerns_claim(proof, claim, catalogue) for claim in claims):
            claimed = " or ".join(sorted({f"'{getattr(claim, limit)}'" for claim in claims}))
            proven = proof.name if isinstance(proof, proofs.Drill) else getattr(proof, "mode", "")
            message = f"the mark of this test says {limit}={claimed}, and this shows '{proven}'"
            raise ProofError(self._redacted_message(message))

    def _check_declared_mode(self, mode: str) -> None:
        try:
            if self._catalogue is not None:
                self._catalogue.check_provider_mode(mode)
        except ClaimError as error:
            raise ProofError(self._redacted_message(str(error))) from None

    def _check_scoped_mode(self, scoped: str | None, recorded: Iterable[ProofResult]) -> None:
        modes = [proof.mode for proof in recorded if isinstance(proof, proofs.Credential)]
        other = next((mode for mode in modes if mode != scoped), None)
        if scoped is not None and other is not None:
            message = f"scope() says provider mode '{scoped}', and credential() shows '{other}'"
            raise ProofError(self._redacted_message(message))

    def _check_endpoint(self, proof: proofs.Handshake, environment: str | None) -> None:
        """Raise ProofError if the environment declares endpoints, and the proof's is not among them."""
        names = {environment} if environment is not None else {claim.environment for claim in self._claims}
        environments = self._catalogue.environments if self._catalogue is not None else {}
        for name in filter(None, names):
            declared = environments[name].endpoints if name in environments else ()
            if declared and not is_endpoint(proof.endpoint, declared):
                mismatch = f"no endpoint of environment '{name}' ({', '.join(declared)})"
                message = f"the handshake was with {one_line(proof.endpoint, 200)}, {mismatch}"
                raise ProofError(self._redacted_message(message))

    def _declared_drills(self) -> Collection[str]:
        """Return the drills that the claimed use cases name; empty if one of them accepts any drill."""
        catalogue = self._catalogue
        if catalogue is None:
            return ()
        claims = [claim for claim in self._claims if catalogue.item(claim.item).proof == "drill"]
        drills = [catalogue.parts(claim.use_case, claim.item) for claim in claims]
        return {name for names in drills for name in names} if all(drills) else ()
