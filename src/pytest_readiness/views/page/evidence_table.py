"""Evidence of a requirement as a table of the ten template fields and all that was recorded."""

from __future__ import annotations

import shlex
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ...facts.evidence import Artifact, Evidence
from ...facts.ledger.line import line_digest
from ...verdict.evidence_standing import EvidenceStanding
from ...verdict.inputs import RunOrigin
from ..evidence import COUNTS, envelope_fields, evidence_fields
from ..page_material import ArtifactContent, PageMaterial, line_key
from ..sanitise.html import to_href
from ..sanitise.terminal import visible
from ..text_format import commit_text

INLINE_BYTES = 4_096
"""Size of the longest text that is shown, in bytes; a longer one is a download."""
_ELSEWHERE = ("Artifacts", "Started")
"""Fields that the table shows in its own way."""


class Link(Struct, frozen=True, array_like=True):
    """One text of a field that leads to a web address."""

    text: str
    address: str


class ShownArtifact(Struct, frozen=True, array_like=True):
    """One artifact of a piece of evidence."""

    name: str
    about: str
    sha256: str
    text: str | None = None
    """Its content, if it is shown."""
    verbatim: bool = False
    """Whether the shown text is the content as it is, so that the browser can compare its digest."""
    download: str | None = None
    """The address of its content."""
    note: str = ""
    """Why its content is not here, and the command that reads it."""


class Column(Struct, frozen=True, array_like=True):
    """One piece of evidence."""

    id: str
    artifacts: tuple[ShownArtifact, ...]
    digest: str
    """Digest of its recorded line; empty: the page does not have the line."""


class FieldRow(Struct, frozen=True, array_like=True):
    """One field of all pieces."""

    name: str
    cells: tuple[tuple[str | Link, ...], ...]
    """The texts of each piece; of all pieces in one cell, if they are the same."""


class EvidenceTable(Struct, frozen=True, array_like=True):
    """The table of a requirement's evidence."""

    columns: tuple[Column, ...]
    rows: tuple[FieldRow, ...]
    """The ten template fields, then the other fields that a piece has."""

    @property
    def has_artifacts(self) -> bool:
        """Whether a piece has artifacts."""
        return any(column.artifacts for column in self.columns)

    @property
    def has_digests(self) -> bool:
        """Whether the page has the recorded line of a piece."""
        return any(column.digest for column in self.columns)


class EvidenceTables:
    """Builder of the tables of one page. It shows the content of an artifact once."""

    def __init__(self, material: PageMaterial, origins: Mapping[str, RunOrigin]) -> None:
        self._lines = material.lines
        self._artifacts = material.artifacts
        self._runs = {run_id: tuple(_run(origin)) for run_id, origin in origins.items()}
        self._places: dict[str, str] = {}
        """Ids of the pieces with which the contents of artifacts are shown, by digest."""

    def table(self, pieces: Sequence[Evidence], standings: Sequence[EvidenceStanding] = ()) -> EvidenceTable:
        """Return the table of these pieces. If one does not count, a row says which, and why.

        ``standings``: what each piece is worth; empty: the table does not say it.
        """
        columns = tuple(map(self._column, pieces))
        tell = not all(standing.counts for standing in standings)
        counts = [(f"no: {standing.why_not}" if standing.why_not else "yes") if tell else "" for standing in standings]
        values = [self._fields(piece, text) for piece, text in zip(pieces, counts or [""] * len(pieces), strict=True)]
        names = dict.fromkeys(name for by_name in values for name in by_name)
        return EvidenceTable(
            columns, tuple(_row(name, [by_name.get(name, ()) for by_name in values]) for name in names)
        )

    def _fields(self, piece: Evidence, counts: str) -> dict[str, tuple[str, ...]]:
        """Return the texts of the fields by name, the ten of the template first."""
        fields = dict(evidence_fields(piece))
        fields |= {COUNTS: (counts,)} if counts else {}
        fields |= {"Recorded": recorded} if (recorded := self._runs.get(piece.run_id)) else {}
        fields |= {name: texts for name, texts in envelope_fields(piece) if texts and name not in _ELSEWHERE}
        if len(piece.attempts) == 1:
            fields["Attempts"] = (f"1, in {piece.attempts[0].duration_ms} ms",)
        return fields

    def _column(self, piece: Evidence) -> Column:
        line = self._lines.get(line_key(piece))
        artifacts = tuple(self._shown(piece, artifact) for artifact in piece.artifacts)
        return Column(piece.id, artifacts, line_digest(line) if line else "")

    def _shown(self, piece: Evidence, artifact: Artifact) -> ShownArtifact:
        unread = f", not checked for secrets ({artifact.unread})" if artifact.unread else ""
        about = f"{artifact.media_type}, {artifact.size} bytes{unread}"
        shown = ShownArtifact(artifact.name, about, artifact.sha256)
        content = self._artifacts.get(artifact.sha256, _NOT_LOADED)
        if content.omitted:
            command = f"readiness artifact {piece.id} {shlex.quote(visible(artifact.name))} -o FILE"
            return replace(shown, note=f"not in this page, as {content.omitted}: {command}")
        place = self._places.setdefault(artifact.sha256, piece.id)
        if place != piece.id:
            return replace(shown, note=f"its content is with {place}")
        if (text := _as_text(content.content)) is not None:
            return replace(shown, text=text, verbatim=all(visible(line) == line for line in text.split("\n")))
        return replace(shown, download=f"data:application/octet-stream;base64,{b64encode(content.content).decode()}")


_NOT_LOADED = ArtifactContent(omitted="it was not read")


def _row(name: str, texts: Sequence[tuple[str, ...]]) -> FieldRow:
    cells = texts[:1] if len(texts) > 1 and all(text == texts[0] for text in texts) else texts
    if name == "Artifact/Log Reference":
        return FieldRow(name, tuple(tuple(map(_reference, cell)) for cell in cells))
    return FieldRow(name, tuple(cells))


def _reference(text: str) -> str | Link:
    """Return a reference, which is ``NAME: URL`` or a URL, as a link if it is a plain web address."""
    address = text.rpartition(": ")[2]
    return Link(text, address) if to_href(address) else text


def _run(origin: RunOrigin) -> Iterator[str]:
    """Yield who recorded a run, and of what."""
    if origin.actor:
        yield f"by {origin.actor}"
    if origin.commit:
        yield f"at commit {commit_text(origin.commit, origin.dirty)}"
    if origin.release:
        yield f"for release {origin.release}"
    yield from (f"for {name} {digest}" for name, digest in origin.subjects.items())


def _as_text(content: bytes) -> str | None:
    """Return a short content as text; None if it is long, or no text."""
    if len(content) > INLINE_BYTES:
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
