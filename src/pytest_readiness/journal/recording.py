"""What a test says about itself while it runs; ``proving`` adds what it proves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter as _perf_counter
from typing import Any

from ..claims.catalogue import Catalogue
from ..claims.claim import Claim
from ..errors import ClaimError, EvidenceError, ReadinessError, nearest, one_line
from ..facts.evidence import Result
from ..facts.proofs import Shown
from ..foreign import plain_text
from .artifact import UNKNOWN_TYPE, ArtifactFolder, guess_media_type, names_a_file
from .context import Context
from .redaction import Redactor, cut_text

TITLE_LIMIT = 500
"""Characters of a title or a name that are kept."""
VALUE_LIMIT = 4000
"""Characters of a property's value or a URL that are kept."""
MOST_LATER = 200
"""Files of one folder that are attached when the test is over."""
NOTE_LIMIT = 16_000
"""Characters of a note that are kept."""


@dataclass
class Recording:
    """What was recorded so far: plain data, redacted, and the proofs that held."""

    context: Context
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    references: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    proofs: list[Shown] = field(default_factory=list)
    scoped_mode: str | None = None
    """Provider mode that the test itself said with ``scope()``."""
    warnings: list[str] = field(default_factory=list)
    later: dict[Path, Callable[[Path], None]] = field(default_factory=dict)
    """Files and folders that are kept when the test's fixtures are gone, and what keeps a file of theirs."""

    def keep_what_came_later(self) -> None:
        """Keep the files that are there now; what cannot be kept is told, as nobody can be stopped any more."""
        for path, keep in self.later.items():
            found = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
            if len(found) > MOST_LATER:
                self.warnings.append(
                    f"{len(found) - MOST_LATER} of {len(found)} files in {path.name} were not attached"
                )
            for file in found[:MOST_LATER]:
                try:
                    keep(file)
                except (ReadinessError, OSError) as error:
                    self.warnings.append(f"{file.name} could not be attached: {error}")
        self.later.clear()

    def begin_again(self, context: Context) -> None:
        """Forget what another attempt must show itself: where it ran, and what it proved."""
        self.context, self.scoped_mode = context, None
        self.proofs.clear()

    def to_plain(self) -> dict[str, Any]:
        """Return it as a line holds it, without what is empty."""
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


def _plain_proof(shown: Shown) -> dict[str, Any]:
    proof = shown.to_proof()
    return {"kind": proof.kind, "details": [list(pair) for pair in proof.details]}


class Account:
    """The plain half of ``record_evidence``: what needs no proof.

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
        """Keep a file, a text or bytes with the evidence, named by its SHA-256.

        Args:
            what: a ``pathlib.Path`` is a file (no link, up to ``artifact_limit``), ``str`` text, ``bytes`` bytes.
            name: a label, any text; never used as a path. Default: the file's name, ``text`` or ``bytes``.
            media_type: such as ``application/json``. Default: guessed from the name.
            raw: keep it as it is, secrets included. Default: what can be read as a text is redacted.

        Raises:
            EvidenceError: it cannot be kept: missing, a folder, a link, too large, a wrong type.
            StorageError: the artifact folder cannot be written.
        """
        label = _given_text("name", name) if name is not None else _label(what)
        if media_type is not None:
            media_type = self._shown(_given_text("media_type", media_type), TITLE_LIMIT)
        label = self._shown(label, TITLE_LIMIT)
        redactor = None if raw else self._redactor
        if isinstance(what, Path):
            kept = self._artifacts.keep_file(what, label, media_type or guess_media_type(what.name), redactor)
        elif isinstance(what, str):
            if names_a_file(what):
                named = f"the text '{one_line(what, 60)}' was attached, and not the file of that name"
                self._recording.warnings.append(self._shown(f"{named}: attach a pathlib.Path"))
            data = what.encode("utf-8", "backslashreplace")
            kept = self._artifacts.keep_bytes(data, label, media_type or "text/plain", redactor)
        elif isinstance(what, bytes):
            kept = self._artifacts.keep_bytes(what, label, media_type or guess_media_type(label), redactor)
        else:
            raise EvidenceError(f"attach takes a pathlib.Path, a text or bytes, not {type(what).__name__}")
        if media_type is None and kept.media_type == UNKNOWN_TYPE and not kept.unread:
            kept = replace(kept, media_type="text/plain")
        self._recording.artifacts.append(kept.to_plain())

    def attach_later(self, path: Path, name: str | None = None, media_type: str | None = None) -> None:
        """Keep a file, or the files of a folder, as they are when the test's fixtures are torn down.

        For what others write only then, such as the traces and screenshots of a browser. What is not there by then is
        not kept; what cannot be kept is a warning of the evidence.

        Args:
            path: of the file or the folder; it need not be there yet.
            name: a label, any text. Default: the file's name; of a file in a folder, its path in it.
            media_type: as for ``attach``.

        Raises:
            EvidenceError: the path is no ``pathlib.Path``, or name or media type are no texts.
        """
        if not isinstance(path, Path):
            raise EvidenceError(f"attach_later takes a pathlib.Path, not {type(path).__name__}")
        for what, given in (("name", name), ("media_type", media_type)):
            if given is not None:
                _given_text(what, given)
        path = path.absolute()  # the test may work elsewhere by then

        def keep(file: Path) -> None:
            self.attach(file, name or str(file.relative_to(path.parent if file == path else path)), media_type)

        self._recording.later[path] = keep

    def reference(self, name: str, url: str) -> None:
        """Record an external log or dashboard.

        Raises:
            EvidenceError: the name or the URL is no text, or the URL is empty.
        """
        name, url = _given_text("name", name), _given_text("url", url)
        if not url.strip():
            raise EvidenceError("reference needs a URL")
        self._recording.references.append({"name": self._shown(name, TITLE_LIMIT), "url": self._shown(url)})

    def note(self, text: str) -> None:
        """Record free text.

        Raises:
            EvidenceError: it is no text.
        """
        self._recording.notes.append(self._shown(_given_text("note", text), NOTE_LIMIT))

    def set(self, **properties: object) -> None:
        """Record free properties; values are kept as texts, and a later value of a name replaces the earlier one."""
        for name, value in properties.items():
            shown = self._redactor.field(name, str(value))
            self._recording.properties[name] = cut_text(shown, VALUE_LIMIT)

    def _shown(self, text: str, limit: int = VALUE_LIMIT) -> str:
        """Return a text as it is kept: without secrets, and cut only then."""
        return cut_text(self._redactor.text(text), limit)

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
        """
        given = {
            "environment": environment,
            "provider_mode": provider_mode,
            "tenant_id": tenant_id,
            "project_id": project_id,
        }
        stated: dict[str, Any] = {name: _given_text(name, value) for name, value in given.items() if value is not None}
        self._check_scope(environment, provider_mode, part)
        owner = {name: self._redactor.text(stated.pop(name)) for name in ("tenant_id", "project_id") if name in stated}
        stated = {name: self._unless_known(value) for name, value in stated.items()} | owner
        self._check_said_once(stated)
        stated |= {f"{name}_by": "scope" for name in ("environment", "provider_mode") if name in stated}
        context = replace(self._recording.context, **stated)
        if part is not None and part not in context.parts:
            context = replace(context, parts=(*context.parts, part))
        self._recording.context = context
        self._recording.scoped_mode = provider_mode or self._recording.scoped_mode

    def _check_said_once(self, stated: Mapping[str, Any]) -> None:
        """A test that fails on its way from one place to the next would count in the first alone."""
        context = self._recording.context
        for name, said_by in (("environment", context.environment_by), ("provider_mode", context.provider_mode_by)):
            before = getattr(context, name)
            if said_by is not None and name in stated and stated[name] != before:
                told = f"scope({name}='{stated[name]}'): the test said '{before}' before, and it runs in one"
                raise ClaimError(f"{told}: write a test for each, or parametrize it")

    def _unless_known(self, value: str) -> str:
        """A name that the catalogue declares is no secret, whatever is called so; of others two stay two."""
        is_declared = self._catalogue is not None and self._catalogue.declares(value)
        return value if is_declared else self._redactor.name(value)

    def _check_scope(self, environment: str | None, provider_mode: str | None, part: str | None) -> None:
        if part is not None:
            _given_text("part", part)
        if self._catalogue is None:
            return
        if environment is not None:
            self._catalogue.check_environment(environment)
        if provider_mode is not None:
            self._catalogue.check_provider_mode(provider_mode)
        if part is not None and self._claims and not self._catalogue.open_world:
            known = {name for claim in self._claims for name in self._catalogue.parts(claim.use_case, claim.item)}
            if part not in known:
                told = nearest(part, known) or (f" (parts are {', '.join(sorted(known))})" if known else "")
                raise ClaimError(f"no item that this test is evidence for has a part '{part}'{told}")

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Record a step with its result and duration; steps nest.

        Raises:
            EvidenceError: the title is no text.
        """
        shown = self._shown(_given_text("title", title), TITLE_LIMIT)
        inner: list[dict[str, Any]] = []
        around = self._open_steps[-1]
        self._open_steps.append(inner)
        result, begun = Result.PASSED, _perf_counter()
        entry: dict[str, Any] = {"title": shown, "result": Result.INTERRUPTED.value, "duration_ms": 0}
        around.append(entry)  # at once, in order: an interrupted step is seen as what it is
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
            entry["duration_ms"] = round((_perf_counter() - begun) * 1000)
            if inner:
                entry["steps"] = inner

    def secret(self, value: str) -> str:
        """Look for this value in everything that is recorded from now on, and return its fingerprint.

        Returns:
            HMAC-SHA-256 under the store's key, 12 hex digits; an empty text for a value under 6 characters.

        Raises:
            EvidenceError: it is no text.
        """
        return self._redactor.register(_given_text("secret", value))


def _given_text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise EvidenceError(f"{name} must be a text, not {type(value).__name__}")
    return plain_text(value)


def _label(what: object) -> str:
    if isinstance(what, Path):
        return what.name
    return "text" if isinstance(what, str) else "bytes"
