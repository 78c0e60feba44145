"""Contents of the page that the report lacks: recorded lines, small artifacts, and the burn-up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from ..errors import ReadinessError
from ..facts.evidence import Artifact, Evidence
from ..facts.evidence_line import evidence_of
from ..facts.ledger.line import Line
from ..journal.folder import find_leftovers
from ..store.protocol import EvidenceStore
from ..verdict.burn_up import BurnUp, burn_up_of
from ..views.page_material import ArtifactContent, PageMaterial, evidence_with_lines, line_key, shown_evidence
from ..views.report import Report
from .evaluate_project import EvaluationRequest, Project
from .history import replay_all
from .kept_artifacts import checked_blocks, open_artifact

ARTIFACT_BYTES = 16_384
"""Size of the largest artifact in the page, in bytes."""
ARTIFACT_BYTES_TOGETHER = 98_304
"""Size of all artifacts in the page together, in bytes."""
REPLAYED_EVIDENCE = 10_000
"""Pieces of evidence in the store up to which its history is replayed."""
REPLAYED_EVENTS = 3_000
"""Events up to which a history is replayed: each of them is an evaluation."""
_TOO_LONG = "the history is too long to be replayed for a page: ask for fewer use cases, or 'readiness history UC'"


def with_page(project: Project, report: Report, request: EvaluationRequest) -> Report:
    """Return the report with the contents that its page needs.

    ``request``: the request that the report answers.

    Raises:
        StorageError: the store cannot be read.
    """
    pieces = evidence_with_lines(report.readiness)
    store = project.store()
    try:
        lines = _stored_lines(store, pieces)
    finally:
        if store is not None:
            store.close()
    lines |= _journal_lines(project, [piece for piece in pieces if line_key(piece) not in lines])
    burn_up, reason = _burn_up(project, report, request)
    material = PageMaterial(
        lines,
        _artifacts(project, shown_evidence(report.readiness)),
        burn_up,
        reason,
    )
    return replace(report, page=material)


def _stored_lines(store: EvidenceStore | None, pieces: Iterable[Evidence]) -> dict[str, str]:
    """Return the text of each line in the store that recorded one of these pieces, by its key."""
    by_run: dict[str, dict[int, list[Evidence]]] = {}
    for piece in pieces:
        by_run.setdefault(piece.run_id, {}).setdefault(piece.seq, []).append(piece)
    if store is None:
        return {}
    return {
        f"{run_id}.{seq}": text
        for run_id, by_line in by_run.items()
        for seq, text in store.lines(run_id, sorted(by_line))
        if _records(text, by_line[seq])
    }


def _journal_lines(project: Project, pieces: Sequence[Evidence]) -> dict[str, str]:
    """Return the same for pieces whose runs are only in journals."""
    if not pieces:
        return {}
    wanted: dict[str, list[Evidence]] = {}
    for piece in pieces:
        wanted.setdefault(line_key(piece), []).append(piece)
    lines = {}
    for leftover in find_leftovers(project.journals):
        if leftover.run is not None and leftover.problem is None:
            for line in leftover.run.lines:
                key = f"{leftover.run.id}.{line.seq}"
                if key in wanted and _records(line.text, wanted[key]):
                    lines[key] = line.text
    return lines


def _records(text: object, pieces: Sequence[Evidence]) -> bool:
    """Return whether a line records these pieces; not if they were derived, such as from a plan."""
    if not isinstance(text, str):  # a damaged store
        return False
    try:
        ids = {piece.id for piece in evidence_of(Line.parse(text), pieces[0].register)}
    except (ReadinessError, LookupError, ValueError, TypeError):
        return False  # the report tells of the damage
    return ids.issuperset(piece.id for piece in pieces)


def _artifacts(project: Project, pieces: Iterable[Evidence]) -> dict[str, ArtifactContent]:
    """Return the contents of small artifacts within the size of a page, the most urgent evidence first."""
    contents: dict[str, ArtifactContent] = {}
    left_over = ARTIFACT_BYTES_TOGETHER
    for artifact in (artifact for piece in pieces for artifact in piece.artifacts):
        if artifact.sha256 in contents:
            continue
        content = contents[artifact.sha256] = _content(project, artifact, left_over)
        left_over -= len(content.content)
    return contents


def _content(project: Project, artifact: Artifact, left_over: int) -> ArtifactContent:
    if artifact.unread == "raw":
        return ArtifactContent(omitted="it was not searched for secrets")
    if artifact.size > min(ARTIFACT_BYTES, left_over):
        return ArtifactContent(omitted="it is too large for the page")
    try:
        with open_artifact(project.artifacts, artifact) as file:
            return ArtifactContent(b"".join(checked_blocks(file, artifact)))
    except ReadinessError as error:
        return ArtifactContent(omitted=str(error))


def _burn_up(project: Project, report: Report, request: EvaluationRequest) -> tuple[BurnUp | None, str]:
    """Return the burn-up of the use cases in scope; None with the reason if it is not replayed."""
    names = [use_case.use_case.id for use_case in report.readiness.use_cases]
    now = report.readiness.at if request.at is None else request.current_time
    try:
        histories = replay_all(project, names, request, now, evidence=REPLAYED_EVIDENCE, events=REPLAYED_EVENTS)
    except ReadinessError as error:
        return None, str(error)  # the report tells of the damage, and must be shown
    if histories is None:
        return None, _TOO_LONG
    return burn_up_of(histories, report.readiness.at), ""
