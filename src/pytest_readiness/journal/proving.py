"""``record_evidence``: what a test says about itself while it runs, and what it proves.

Each proof is judged first and recorded whole, or it fails the test and nothing of it is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from os import stat as _stat
from pathlib import Path
from secrets import token_hex
from typing import Any, ParamSpec, TypeVar

from ..claims.catalogue import Catalogue
from ..claims.claim import Claim
from ..errors import ClaimError, ProofError, nearest, one_line
from ..facts import captures, proofs
from ..facts.proofs import ProofCheck, Shown
from ..facts.statement import statement as statement_of
from ..frozen import dataclass
from .artifact import ArtifactFolder
from .placing import asks_for, concerns
from .recording import Account, Recording
from .redaction import Redactor
from .witness import belongs

LINE_LIMIT = 500
"""Characters of a line of a message."""
LINES = 12
"""Lines of a message."""
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)

BUILT_IN = frozenset(
    {"credential", "handshake", "attestation", "trace", "replay", "rotation", "revocation", "drill", "receipt"}
)
P = ParamSpec("P")
T = TypeVar("T")


def __tracebackhide__(excinfo: Any) -> bool:  # noqa: N807 - pytest's name: a failed proof is shown where it was offered
    return isinstance(excinfo.value, ProofError)


def new_nonce() -> str:
    """Return a number used once: for a run, or for a test that is not recorded."""
    return token_hex(16)


def _no_kinds() -> Mapping[str, ProofCheck]:
    return {}


@dataclass(frozen=True, slots=True)
class Means:
    """What a session gives its tests to prove with."""

    nonce: str = field(default_factory=new_nonce)
    """Of the run; the same in each xdist worker."""
    kinds: Callable[[], Mapping[str, ProofCheck]] = _no_kinds
    """Returns the proof kinds of plugins, which are loaded only then."""
    simulations: Callable[[], Sequence[Any]] = tuple
    """Returns who beside pytest's own plugins says why a test was a simulation."""


class RecordEvidence(Account):
    """The value of the fixture ``record_evidence``.

    Where nothing is recorded (the plugin is off, the test carries no mark) it still checks what it is given, and still
    fails the test; it only writes nothing.
    """

    def __init__(
        self,
        recording: Recording,
        redactor: Redactor,
        artifacts: ArtifactFolder,
        claims: Sequence[Claim] = (),
        catalogue: Catalogue | None = None,
        *,
        skipped: type[BaseException] | tuple[()] = (),
        means: Means | None = None,
    ) -> None:
        super().__init__(recording, redactor, artifacts, claims, catalogue, skipped)
        self._means = means or Means()
        self._stated: list[dict[str, Any]] = []

    @property
    def nonce(self) -> str:
        """A random text of this run, to be sent to the provider: what comes back with it came of this run."""
        return self._means.nonce

    def scope(
        self,
        environment: str | None = None,
        provider_mode: str | None = None,
        part: str | None = None,
        tenant_id: str | None = None,
        project_id: str | None = None,
    ) -> None:
        """Say where this really ran; checked as the marker is. Parts add up, tenant and project are replaced.

        Raises:
            ClaimError: the environment, provider mode or part does not exist; the message names the nearest known one.
                Or the test said another environment or provider mode before.
            ProofError: ``credential`` has shown another provider mode, or ``handshake`` an endpoint from elsewhere.
        """
        if provider_mode is not None:
            self._check_scoped_mode(provider_mode, self._recording.proofs)
        for shown in self._recording.proofs if environment is not None else ():
            if isinstance(shown, proofs.Handshake):
                self._check_endpoint(shown, environment)
        super().scope(environment, provider_mode, part, tenant_id, project_id)

    def credential(self, *, mode: str, secret: str, request_id: str) -> None:
        """Prove that the provider accepted a credential (item 1), and say which provider mode this is.

        Args:
            mode: provider mode, such as ``BYOK``; declared, where modes are declared.
            secret: the credential; redacted from now on, and kept as a fingerprint only.
            request_id: the provider's own id of the request.

        Raises:
            ProofError: one of them is empty, the secret has fewer than 6 characters, the mode is unknown, or the mark
                or ``scope()`` says another one.
        """
        fingerprint = self._fingerprint("secret", secret)
        shown = self._held(proofs.credential, mode, fingerprint, request_id)
        self._check_known_mode(shown.mode)
        self._check_scoped_mode(self._recording.scoped_mode, [shown])
        self._keep(replace(shown, mode=self._unless_known(shown.mode)), "provider_mode")

    def handshake(self, *, endpoint: str, peer: Any, **details: object) -> None:
        """Prove that the connector reached its endpoint (item 2).

        Args:
            endpoint: ``host:port`` or a URL.
            peer: who answered, such as a TLS subject or a server's version.
            **details: more about it; values are kept as texts.

        Raises:
            ProofError: the endpoint is neither, or none of those that its environment declares, or the peer is empty.
        """
        shown = self._held(proofs.handshake, endpoint, peer, details)
        self._check_endpoint(shown, self._recording.context.environment)
        self._keep(shown)

    def statement(self, distribution: str) -> dict[str, Any]:
        """Return what is to be attested: name, version, and a digest of the files of the installed distribution.

        Raises:
            ProofError: it is not installed, installed editable, or its files are not those that were installed.
        """
        found = self._held(statement_of, distribution)
        self._stated.append(dict(found))
        return found

    def attestation(self, statement: Mapping[str, Any], *, stored_at: str, read_back: Any) -> None:
        """Prove that what is installed was attested in a persistent store (item 3).

        Args:
            statement: what ``statement()`` returned, and whatever else was stored with it.
            stored_at: where it is stored.
            read_back: what came back from there: a dict, or its JSON as text or bytes.

        Raises:
            ProofError: the statement is not true of what is installed, or what came back differs; the message names
                each key.
        """
        redact = self._redactor.text
        self._keep(self._held(captures.attestation, statement, stored_at, read_back, self._installed, redact))

    def _installed(self, name: str) -> Mapping[str, Any]:
        """Files are hashed once for a statement that this test made itself."""
        return next((stated for stated in self._stated if stated["name"] == name), None) or statement_of(name)

    def trace(self, events: Iterable[Any], again: Iterable[Any] | None = None, mask: Iterable[str] = ()) -> str:
        """Keep a trace, and prove with a second capture that it is deterministic (item 4).

        Args:
            events: JSON-like values (dataclasses, dates and times too); kept as the artifact ``trace.json``.
            again: a second capture; without it nothing is proven.
            mask: names of fields, at any depth, whose values may differ.

        Returns:
            ``sha256:`` and the digest of the canonical trace, which is that of the artifact.

        Raises:
            ProofError: the captures differ (the message names the path), or are empty, the same object, masked as a
                whole, or no JSON.
        """
        capture = self._held(captures.trace, events, again, mask, self._redactor.text)
        self.attach(capture.text, "trace.json", "application/json")  # without secrets: redacting it changes nothing
        if capture.proof is not None:
            self._keep(capture.proof)
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
                neither or not the mark's, or ``TRACE_ONLY`` has no reason.
        """
        redact = self._redactor.text
        self._keep(self._held(captures.replay, mode, recorded, replayed, reason, redact), "replay_mode")

    def rotation(self, *, old: str, new: str, accepted_by: Any) -> None:
        """Prove that a secret was rotated (part ``rotation`` of item 6).

        Args:
            old: the old secret; redacted from now on, and kept as a fingerprint only.
            new: the new one.
            accepted_by: the response that accepted the new one, its HTTP status or its text.

        Raises:
            ProofError: they are the same, one has fewer than 6 characters, nothing accepted the new one, or
                ``revocation`` was shown of another secret than the old one.
        """
        revoked = [shown.old for shown in self._recording.proofs if isinstance(shown, proofs.Revocation)]
        fingerprints = self._fingerprint("old", old), self._fingerprint("new", new)
        self._keep(self._held(proofs.rotation, *fingerprints, accepted_by, revoked, self._redactor.text))

    def revocation(self, *, old: str, rejected_by: Any) -> None:
        """Prove that a revoked secret is refused (part ``revocation`` of item 6).

        Args:
            old: the revoked secret; redacted from now on, and kept as a fingerprint only.
            rejected_by: the exception that it led to (or pytest's ``ExceptionInfo``), the response, or its text.

        Raises:
            ProofError: nothing refused it, it has fewer than 6 characters, or it is not the old one of ``rotation``.
        """
        rotated = [shown.old for shown in self._recording.proofs if isinstance(shown, proofs.Rotation)]
        fingerprint = self._fingerprint("old", old)
        self._keep(self._held(proofs.revocation, fingerprint, rejected_by, rotated, self._redactor.text))

    def drill(self, name: str, *, fault: str, detected: float, recovered: float, audit: str | bytes | Path) -> None:
        """Prove that a failure drill was executed and audited (item 7); its name is the part that it shows.

        Args:
            name: of the drill; one of the use case's, if it names drills.
            fault: what was broken.
            detected: seconds until it was noticed.
            recovered: seconds until it was mended, from the same moment on.
            audit: a URL or another text that says where to look it up, or a file or bytes, which are kept.

        Raises:
            ProofError: one of them is missing or impossible, or there is no such drill.
            EvidenceError: the audit is a file that cannot be kept.
        """
        label = self._audit_label(audit)
        shown = self._held(proofs.drill, name, fault, detected, recovered, label, self._known_drills())
        self._check_claimed(shown, "part")
        if not isinstance(audit, str):
            self.attach(audit, f"audit of {shown.name}" if isinstance(audit, bytes) else audit.name)
            kept = self._recording.artifacts[-1]
            shown = replace(shown, audit=f"{kept['name']} sha256:{kept['sha256']}")
        elif _URL.fullmatch(shown.audit):
            self.reference(f"audit of {shown.name}", shown.audit)
        self._keep(replace(shown, name=self._unless_known(shown.name)))

    def _audit_label(self, audit: object) -> object:
        """What is empty shows nothing; a file that cannot be looked at is judged where it is kept."""
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
        self._keep(self._held(proofs.receipt, request_id, self.nonce))

    def prove(self, kind: str, /, **values: object) -> None:
        """Record a proof of a kind that a plugin brings (hook ``pytest_readiness_proofs``).

        Raises:
            ProofError: it does not hold, or there is no such kind.
        """
        kinds = self._means.kinds()
        if kind not in kinds:
            told = f": call record_evidence.{kind}(...)" if kind in BUILT_IN else nearest(str(kind), kinds)
            raise ProofError(self._clear(f"no plugin brings a proof '{kind}'{told}"))
        self._keep(self._held(proofs.own, kind, kinds[kind], values))

    def _held(self, make: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        try:
            return make(*given, **named)
        except ProofError as error:
            raise ProofError(self._clear(str(error))) from None

    def _clear(self, message: str) -> str:
        """Return a message without secrets, on a few lines; they are cut only then, as half a secret is not known."""
        lines = self._redactor.text(message).splitlines()
        more = [f"(and {len(lines) - LINES} more)"] if len(lines) > LINES else []
        return "\n".join([*(one_line(line, LINE_LIMIT) for line in lines[:LINES]), *more])

    def _fingerprint(self, name: str, secret: object) -> str:
        """Redacted from here on, also in the message of a proof that does not hold."""
        if not isinstance(secret, str):
            raise ProofError(f"{name} must be a text, not {type(secret).__name__}")
        return self._redactor.register(secret)

    def _keep(self, shown: Shown, limit: str | None = None) -> None:
        if limit is not None:
            self._check_claimed(shown, limit)
        self._recording.proofs.append(shown)

    def _asking(self, shown: Shown) -> tuple[Catalogue, list[Claim]] | None:
        """The claims whose item asks for a proof of this kind, if there are any."""
        known = self._catalogue
        if known is None:
            return None
        asking = [claim for claim in self._claims if asks_for(known.item(claim.item), shown)]
        return (known, asking) if asking else None

    def _check_claimed(self, shown: Shown, limit: str) -> None:
        """A proof that no claim of its kind can mean contradicts the mark; one of another kind is harmless."""
        found = self._asking(shown)
        if found is None:
            return
        catalogue, asking = found
        if not any(concerns(shown, claim, catalogue) for claim in asking):
            says = " or ".join(sorted({f"'{getattr(claim, limit)}'" for claim in asking}))
            mine = shown.name if isinstance(shown, proofs.Drill) else getattr(shown, "mode", "")
            raise ProofError(self._clear(f"the mark of this test says {limit}={says}, and this shows '{mine}'"))

    def _check_known_mode(self, mode: str) -> None:
        try:
            if self._catalogue is not None:
                self._catalogue.check_provider_mode(mode)
        except ClaimError as error:
            raise ProofError(self._clear(str(error))) from None

    def _check_scoped_mode(self, scoped: str | None, shown: Iterable[Shown]) -> None:
        other = next((one.mode for one in shown if isinstance(one, proofs.Credential) and one.mode != scoped), None)
        if scoped is not None and other is not None:
            raise ProofError(self._clear(f"scope() says provider mode '{scoped}', and credential() shows '{other}'"))

    def _check_endpoint(self, shown: proofs.Handshake, environment: str | None) -> None:
        """A handshake with another place shows nothing of an environment that says which places are its own."""
        names = {environment} if environment is not None else {claim.environment for claim in self._claims}
        known = self._catalogue.environments if self._catalogue is not None else {}
        for name in filter(None, names):
            declared = known[name].endpoints if name in known else ()
            if declared and not belongs(shown.endpoint, declared):
                where = f"no endpoint of environment '{name}' ({', '.join(declared)})"
                raise ProofError(self._clear(f"the handshake was with {one_line(shown.endpoint, 200)}, {where}"))

    def _known_drills(self) -> Collection[str]:
        """The drills that the use cases name; nothing where one of them takes any."""
        known = self._catalogue
        if known is None:
            return ()
        drills = [c for c in self._claims if known.item(c.item).proof == "drill"]
        named = [known.parts(claim.use_case, claim.item) for claim in drills]
        return {name for names in named for name in names} if all(named) else ()
