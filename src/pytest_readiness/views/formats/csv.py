"""Evidence register as CSV (RFC 4180): the ten template fields first, then the envelope and the run."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts.evidence import Evidence
from ...verdict.evidence_standing import EvidenceStandings, counts_text
from ...verdict.inputs import UNKNOWN, RunOrigin
from ...verdict.readiness import Readiness
from ..evidence import COUNTS, ENVELOPE_FIELDS, TEMPLATE_FIELDS, envelope_fields, evidence_fields
from ..report import Report
from ..sanitise.csv import csv_row

LONGEST_CELL = 32_000
"""Characters of a cell: a spreadsheet takes at most 32,767."""
_RUN = (
    "Run",
    "Run started",
    "Actor",
    "Started by",
    "Commit",
    "Local changes",
    "Release",
    "Run group",
    "CI",
    "Subjects",
)
COLUMNS = (*TEMPLATE_FIELDS, "Evidence", "Decides", COUNTS, *ENVELOPE_FIELDS, *_RUN)
"""Headers of the columns, in their order."""


def render(report: Report) -> Iterator[str]:
    """Yield the header and a row for each piece of evidence in scope, newest first, as UTF-8 text with CRLF.

    Several values in a cell are separated by ``; ``. A cell that a spreadsheet would compute begins with an apostrophe.
    ``Decides`` has the requirements whose state rests on this evidence, and ``Counts`` whether it counts and why not.

    Raises:
        IntegrityError, StorageError: the evidence cannot be read.
    """
    yield csv_row(COLUMNS)
    decided, standings = _decided_requirements(report.readiness), EvidenceStandings(report.readiness)
    for piece in report.evidence_register:
        values = dict((*evidence_fields(piece), *envelope_fields(piece)))
        values |= {"Evidence": (piece.id,), "Decides": decided.get(piece.id, ()), "Method": (piece.method,)}
        values |= {COUNTS: (counts_text(standings.find(piece)),)}
        values |= _run_fields(piece, report.origins.get(piece.run_id, UNKNOWN))
        yield csv_row(("; ".join(map(str.strip, values[name])) for name in COLUMNS), LONGEST_CELL)


def _decided_requirements(readiness: Readiness) -> dict[str, tuple[str, ...]]:
    """Return the requirements that each deciding piece of evidence decides, by its id."""
    ids: dict[str, tuple[str, ...]] = {}
    for use_case in readiness.use_cases:
        for requirement in use_case.required:
            for piece in requirement.deciding:
                ids[piece.id] = (*ids.get(piece.id, ()), requirement.requirement.id)
    return ids


def _run_fields(evidence: Evidence, run: RunOrigin) -> dict[str, tuple[str, ...]]:
    changes = {True: "yes", False: "no", None: ""}[run.dirty]
    ci = (f"{name} {value}" for name, value in run.conditions.ci)
    texts = (evidence.run_id, run.started_at, run.actor, run.started_by, run.commit, changes, run.release, run.group)
    subjects = tuple(f"{name}={digest}" for name, digest in run.subjects.items())
    fields = {name: (text,) if text else () for name, text in zip(_RUN, texts, strict=False)}
    return fields | {"CI": tuple(ci), "Subjects": subjects}
