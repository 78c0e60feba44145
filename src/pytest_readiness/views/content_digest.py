"""Digest of what a report says, from which documents derive their own ids."""

from __future__ import annotations

import hashlib

from ..facts.ledger.line import escape_surrogates
from .outcomes import outcomes
from .report import Report


def content_digest(report: Report) -> str:
    """Return a SHA-256 (64 hex digits) of the moment, the verdict, and the state and evidence of each requirement.

    Reports that differ in one of these have another digest; equal reports have the same one.
    """
    content, context = hashlib.sha256(), report.context
    verdict = [f"{rule.rule}={rule.passed}={rule.looked_at}={rule.detail}" for rule in report.verdict.rules]
    subjects = [f"{name}={digest}" for name, digest in context.subjects.items()]
    version = context.release or "", *subjects
    head = (context.register, context.generated_at, context.requirements_digest, *version, *verdict)
    _add(content, *head, str(report.verdict.eligible))
    for use_case, requirement, outcome in outcomes(report):
        evidence = [piece.id for piece in requirement.deciding]
        status = f"{use_case.status.value}/{use_case.review.state.value}"
        _add(content, requirement.requirement.id, status, requirement.state.value, outcome.value, requirement.why)
        _add(content, *evidence)
    return content.hexdigest()


def _add(content: hashlib._Hash, *texts: str) -> None:
    for text in texts:
        data = str(escape_surrogates(text)).encode()
        content.update(b"%d:%b" % (len(data), data))
    content.update(b"\n")
