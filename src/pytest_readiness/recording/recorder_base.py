"""The part of ``record_evidence`` that needs no proof; ``evidence_recorder`` adds the proofs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter as _perf_counter
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from ..claims.catalogue import Catalogue
from ..claims.claim import Claim
from ..errors import ClaimError, EvidenceError, ReadinessError, one_line, suggestion
from ..facts.evidence import Result
from ..facts.proofs.values import ProofResult
from ..redaction.redactor import Redactor, cut_text
from ..third_party import plain_text
from .artifacts import UNKNOWN_TYPE, ArtifactFolder, guess_media_type, looks_like_a_file, names_a_file
from .context import RunContext

TITLE_LIMIT = 500
"""Maximum length of a title or a name, in characters."""
VALUE_LIMIT = 4000
"""Maximum length of a property's value or a URL, in characters."""
MAX_DEFERRED_FILES = 200
"""Maximum number of files of one folder that are attached after the test."""
NOTE_LIMIT = 16_000
"""Maximum length of a note, in characters."""


class RecordedData(Struct):
    """Data that a test has recorded so far, redacted, and the proofs that it has shown."""

    context: RunContext
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    references: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    proofs: list[ProofResult] = field(default_factory=list)
    scoped_mode: str | None = None
    """Provider mode that the test stated with ``scope()``."""
    warnings: list[str] = field(default_factory=list)
    deferred: dict[Path, Callable[[Path], None]] = field(default_factory=dict)
    """Files and folders to attach after the fixtures' teardown, each with the function that attaches a file."""

    def attach_deferred(self) -> None:
        """Attach the deferred files that exist now. A failure is a warning: the test can no longer fail."""
        for path, attach in self.deferred.items():
            files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
            if len(files) > MAX_DEFERRED_FILES:
                self.warnings.append(
                    f"{len(files) - MAX_DEFERRED_FILES} of {len(files)} files in {path.name} were not attached"
                )
            for file in files[:MAX_DEFERRED_FILES]:
                try:
                    attach(file)
                except (ReadinessError, OSError) as error:
                    self.warnings.append(f"{file.name} could not be attached: {error}")
        self.deferred.clear()

    def begin_attempt(self, context: RunContext) -> None:
        """Discard the scope and the proofs: another attempt must state and prove them itself."""
        self.context, self.scoped_mode = context, None
        self.proofs.clear()

    def to_plain(self) -> dict[str, Any]:
        """Return the data as keys of a recorded line, without empty values."""
        plain: dict[str, Any] = {
            "artifacts": self.artifacts,
            "references": self.references,
            "notes": self.notes,
            "properties": [list(pair) for pair in self.properties.items()],
            "steps": self.steps,
            "proofs": [_plain_proof(proof) for proof in self.proofs],
            "warnings": self.warnings,
            **self.context.owner,
        }
        return {name: value for name, value in plain.items() if value}


def _plain_proof(result: ProofResult) -> dict[str, Any]:
    proof = result.to_proof()
    return {"kind": proof.kind, "details": [list(pair) for pair in proof.details]}


class RecorderBase:
    """Base of ``record_evidence``: everything but the proofs.

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
        skipped: type[BaseException] | tuple[()] = (),
    ) -> None:
        self._recording = recording
        self._redactor = redactor
        self._artifacts = artifacts
        self._claims = claims
        self._catalogue = catalogue
        self._skipped = skipped
        self._open_steps: list[list[dict[str, Any]]] = [recording.steps]

    def attach(
        self,
        what: Path | str | bytes,
        name: str | None = None,
        media_type: str | None = None,
        raw: bool = False,  # noqa: FBT001, FBT002 - the published signature
    ) -> None:
        """Attach a file, a text or bytes to the evidence, stored under its SHA-256.

        Args:
            what: a ``pathlib.Path`` is a file (no link, up to ``artifact_limit``), ``str`` text, ``bytes`` bytes.
            name: a label, any text; never used as a path. Default: the file's name, ``text`` or ``bytes``.
            media_type: such as ``application/json``. Default: ``text/plain`` for a text, else guessed from the name.
            raw: store it unchanged, secrets included. Default: what can be read as text is redacted.

        Raises:
            EvidenceError: it cannot be stored: missing, a folder, a link, too large, a wrong type.
            StorageError: the artifact folder cannot be written.
        """
        label = _required_text("name", name) if name is not None else _label(what)
        if media_type is not None:
            media_type = self._clean(_required_text("media_type", media_type), TITLE_LIMIT)
        label = self._clean(label, TITLE_LIMIT)
        redactor = None if raw else self._redactor
        if isinstance(what, Path):
            artifact = self._artifacts.store_file(what, label, media_type or guess_media_type(what.name), redactor)
        elif isinstance(what, str):
            if (exists := names_a_file(what)) or looks_like_a_file(what):
                file = "the file of that name" if exists else "a file of that name"
                warning = f"the text '{one_line(what, 60)}' was attached, and not {file}"
                self._recording.warnings.append(self._clean(f"{warning}: attach a pathlib.Path"))
            data = what.encode("utf-8", "backslashreplace")
            artifact = self._artifacts.store_bytes(data, label, media_type or "text/plain", redactor)
        elif isinstance(what, bytes):
            artifact = self._artifacts.store_bytes(what, label, media_type or guess_media_type(label), redactor)
        else:
            raise EvidenceError(f"attach takes a pathlib.Path, a text or bytes, not {type(what).__name__}")
        if media_type is None and artifact.media_type == UNKNOWN_TYPE and not artifact.unread:
            artifact = replace(artifact, media_type="text/plain")
        self._recording.artifacts.append(artifact.to_plain())

    def attach_later(self, path: Path, name: str | None = None, media_type: str | None = None) -> None:
        """Attach a file, or the files of a folder, as they are after the teardown of the test's fixtures.

        Use it for files that are written only then, such as a browser's traces and screenshots. A file that does not
        exist by then is skipped. A file that cannot be stored is a warning of the evidence.

        Args:
            path: the file or the folder; it need not exist yet.
            name: a label, any text. Default: the file's name; for a file in a folder, its path in the folder.
            media_type: as for ``attach``.

        Raises:
            EvidenceError: the path is no ``pathlib.Path``, or the name or the media type is no text.
        """
        if not isinstance(path, Path):
            raise EvidenceError(f"attach_later takes a pathlib.Path, not {type(path).__name__}")
        for parameter, value in (("name", name), ("media_type", media_type)):
            if value is not None:
                _required_text(parameter, value)
        path = path.absolute()  # the test may change its working folder

        def attach(file: Path) -> None:
            self.attach(file, name or str(file.relative_to(path.parent if file == path else path)), media_type)

        self._recording.deferred[path] = attach

    def reference(self, name: str, url: str) -> None:
        """Record an external log or dashboard.

        Raises:
            EvidenceError: the name or the URL is no text, or the URL is empty.
        """
        name, url = _required_text("name", name), _required_text("url", url)
        if not url.strip():
            raise EvidenceError("reference needs a URL")
        self._recording.references.append({"name": self._clean(name, TITLE_LIMIT), "url": self._clean(url)})

    def note(self, text: str) -> None:
        """Record free text.

        Raises:
            EvidenceError: it is no text.
        """
        self._recording.notes.append(self._clean(_required_text("note", text), NOTE_LIMIT))

    def set(self, **properties: object) -> None:
        """Record free properties. Values are stored as texts; a later value of a name replaces the earlier one."""
        for name, value in properties.items():
            redacted = self._redactor.field(name, str(value))
            self._recording.properties[name] = cut_text(redacted, VALUE_LIMIT)

    def _clean(self, text: str, limit: int = VALUE_LIMIT) -> str:
        """Return a text without secrets, then cut to the limit."""
        return cut_text(self._redactor.text(text), limit)

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
        """
        values = {
            "environment": environment,
            "provider_mode": provider_mode,
            "tenant_id": tenant_id,
            "project_id": project_id,
        }
        stated: dict[str, Any] = {
            name: _required_text(name, value) for name, value in values.items() if value is not None
        }
        self._check_scope(environment, provider_mode, part)
        owner = {name: self._redactor.text(stated.pop(name)) for name in ("tenant_id", "project_id") if name in stated}
        stated = {name: self._redact_undeclared(value) for name, value in stated.items()} | owner
        self._check_stated_once(stated)
        stated |= {f"{name}_by": "scope" for name in ("environment", "provider_mode") if name in stated}
        context = replace(self._recording.context, **stated)
        if part is not None and part not in context.parts:
            context = replace(context, parts=(*context.parts, part))
        self._recording.context = context
        self._recording.scoped_mode = provider_mode or self._recording.scoped_mode

    def _check_stated_once(self, stated: Mapping[str, Any]) -> None:
        """Raise ClaimError for a second place: a test that fails between two places would count only in the first."""
        context = self._recording.context
        for name, source in (("environment", context.environment_by), ("provider_mode", context.provider_mode_by)):
            before = getattr(context, name)
            if source is not None and name in stated and stated[name] != before:
                message = f"scope({name}='{stated[name]}'): the test said '{before}' before, and it runs in one"
                raise ClaimError(f"{message}: write a test for each, or parametrize it")

    def _redact_undeclared(self, value: str) -> str:
        """Return a name without secrets. A declared name is no secret, even if a password is the same text.

        Two other names stay different: each secret is replaced by its fingerprint.
        """
        is_declared = self._catalogue is not None and self._catalogue.declares(value)
        return value if is_declared else self._redactor.name(value)

    def _check_scope(self, environment: str | None, provider_mode: str | None, part: str | None) -> None:
        if part is not None:
            _required_text("part", part)
        if self._catalogue is None:
            return
        if environment is not None:
            self._catalogue.check_environment(environment)
        if provider_mode is not None:
            self._catalogue.check_provider_mode(provider_mode)
        if part is not None and self._claims and not self._catalogue.open_world:
            parts = {name for claim in self._claims for name in self._catalogue.parts(claim.use_case, claim.item)}
            if part not in parts:
                hint = suggestion(part, parts) or (f" (parts are {', '.join(sorted(parts))})" if parts else "")
                raise ClaimError(f"no item that this test is evidence for has a part '{part}'{hint}")

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Record a step with its result and duration; steps nest.

        Raises:
            EvidenceError: the title is no text.
        """
        clean_title = self._clean(_required_text("title", title), TITLE_LIMIT)
        nested: list[dict[str, Any]] = []
        siblings = self._open_steps[-1]
        self._open_steps.append(nested)
        result, started = Result.PASSED, _perf_counter()
        entry: dict[str, Any] = {"title": clean_title, "result": Result.INTERRUPTED.value, "duration_ms": 0}
        siblings.append(entry)  # at once: so steps are in order, and an interrupted one is recorded as such
        try:
            yield
        except self._skipped:
            result = Result.SKIPPED
            raise
        except Exception:
            result = Result.FAILED
            raise
        except BaseException as error:
            result = Result.INTERRUPTED if isinstance(error, KeyboardInterrupt | SystemExit) else Result.FAILED
            raise
        finally:
            self._open_steps.pop()
            entry["result"] = result.value
            entry["duration_ms"] = round((_perf_counter() - started) * 1000)
            if nested:
                entry["steps"] = nested

    def secret(self, value: str) -> str:
        """Register a value for redaction in everything that is recorded from now on, and return its fingerprint.

        Returns:
            HMAC-SHA-256 with the store's key, 12 hex digits; an empty text for a value under 6 characters.

        Raises:
            EvidenceError: it is no text.
        """
        return self._redactor.register(_required_text("secret", value))


def _required_text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise EvidenceError(f"{name} must be a text, not {type(value).__name__}")
    return plain_text(value)


def _label(what: object) -> str:
    if isinstance(what, Path):
        return what.name
    return "text" if isinstance(what, str) else "bytes"
