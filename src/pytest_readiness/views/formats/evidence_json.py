"""Evidence with all recorded fields as JSON, in the format ``readiness/evidence/v1``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ...facts.run_conditions import UNKNOWN_CONDITIONS
from ...facts.subject import plain_subjects
from ...store.protocol import RunSummary
from ..document import plain_data
from ..evidence import ShownPiece
from ..json_text import to_json_text

SCHEMA = "readiness/evidence/v1"


def render_json(pieces: Iterable[ShownPiece]) -> Iterator[str]:
    """Yield a document with ``schema`` and ``evidence``: for each piece what the JSON report has of it, and the rest.

    The text is ASCII, and contains no command for a CI server.
    """
    document = {"schema": SCHEMA, "evidence": list(map(_plain, pieces))}
    yield to_json_text(document)


def _plain(piece: ShownPiece) -> dict[str, Any]:
    evidence, run, standings = piece
    counting = [standing for _, standing in standings if standing.counts]
    # Of several requirements, the one for which it counts: it is the same execution.
    standing = counting[0] if counting else standings[0][1]
    recorded = msgspec.to_builtins(evidence)
    return {
        **plain_data(evidence, standing),
        "requirements": [
            {"requirement": id_, "counts": shown.counts, "why_not": shown.why_not or None, "state": shown.state.value}
            for id_, shown in standings
            if id_
        ],
        "register": evidence.register,
        "method": evidence.method,
        "parts": recorded["parts"],
        "claim_environment": evidence.claim_environment,
        "claim_provider_mode": evidence.claim_provider_mode,
        "message": evidence.message,
        "attempt_list": recorded["attempts"],
        "proof_list": [{"kind": proof.kind, "details": dict(proof.details)} for proof in evidence.proofs],
        "reference_list": recorded["references"],
        "steps": recorded["steps"],
        "notes": recorded["notes"],
        "properties": [{"name": name, "value": value} for name, value in evidence.properties],
        "redactions": dict(evidence.redactions),
        "run": {"id": evidence.run_id, **(_run(run) if run is not None else {})},
    }


def _run(run: RunSummary) -> dict[str, Any]:
    return {
        "state": run.state.value,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "actor": run.actor,
        "commit": run.commit,
        "dirty": run.dirty,
        "release": run.release,
        "subjects": plain_subjects((run.conditions or UNKNOWN_CONDITIONS).subjects),
        "requirements_digest": run.requirements_digest,
    }
