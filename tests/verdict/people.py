"""Helpers for decisions: each in one line, and the evaluation of evidence with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from pytest_readiness.facts.decision import (
    Blocker,
    Decision,
    IdentityLevel,
    Retirement,
    Review,
    ReviewMeaning,
    Unblock,
    Waiver,
)
from pytest_readiness.facts.evidence import Evidence
from pytest_readiness.facts.subject import NO_SUBJECTS
from pytest_readiness.verdict.evaluation import Facts, evaluate
from pytest_readiness.verdict.inputs import RunOrigin
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.readiness import Readiness, UseCaseReadiness
from tests.verdict.judging import CATALOGUE, NOW, UC, days_ago

LEAD, SECOND, CI = "lead@example.com", "second@example.com", "ci@example.com"
REVIEWED = Policy(reviewers=(LEAD, SECOND))
ORIGINS = {"run": RunOrigin(actor=CI, commit="abc", dirty=False), "mine": RunOrigin(actor=LEAD)}
"""Every piece of evidence is of ``run``, recorded by CI, unless it says otherwise."""


def known_facts(evidence: Iterable[Evidence] = (), decisions: Iterable[Decision] = (), **facts) -> Facts:
    """Return facts with known origins."""
    return Facts(**{"evidence": tuple(evidence), "decisions": tuple(decisions), "origins": ORIGINS, **facts})


def judge_all(
    evidence=(),
    decisions=(),
    policy=REVIEWED,
    catalogue=CATALOGUE,
    now=NOW,
    release=None,
    subjects=NO_SUBJECTS,
    **facts,
) -> Readiness:
    """Return the readiness by evidence and decisions at a moment."""
    known = known_facts(evidence, decisions, **facts)
    return evaluate(catalogue, policy, known, now, release=release, subjects=subjects)


def judged(evidence=(), decisions=(), policy=REVIEWED, catalogue=CATALOGUE, **more) -> UseCaseReadiness:
    """Return the readiness of the only use case by evidence and decisions."""
    return judge_all(evidence, decisions, policy, catalogue, **more).use_cases[0]


def approval(
    evidence: Sequence[Evidence], days: float = 0.5, by: str = LEAD, policy=REVIEWED, catalogue=CATALOGUE, **more
) -> Review:
    """Return an approval of the basis as it was that many days ago."""
    at = days_ago(days)
    then = [execution for execution in evidence if execution.started_at <= at]
    earlier = more.pop("decisions", ())
    facts = {name: more.pop(name) for name in ("failed_runs", "open_runs") if name in more}
    basis = more.pop("basis", None) or judged(then, earlier, policy, catalogue, now=at, **facts).basis
    fields = {"meaning": ReviewMeaning.APPROVED_FOR_GO_LIVE, "known_by": IdentityLevel.DECLARED, **more}
    return Review(register="payments", at=at, by=by, use_case=UC, basis=basis, **fields)


def rejection(days: float = 0.5, by: str = LEAD, comment: str = "no rollback plan", **more) -> Review:
    """Return a rejection."""
    return replace(approval([], days, by), meaning=ReviewMeaning.REJECTED, comment=comment, **more)


def waiver(tail: str = "4", days: float = 0.5, by: str = LEAD, **more) -> Waiver:
    """Return a waiver until a month from now."""
    fields = {"reason": "vendor is late", "requested_by": "dev@example.com", "until": days_ago(-30)[:10], **more}
    return Waiver(register="payments", at=days_ago(days), by=by, requirement=f"{UC}/{tail}", **fields)


def blocker(days: float = 0.5, by: str = "anyone@example.com", **more) -> Blocker:
    """Return a blocker."""
    fields = {"reason": "data loss in prod", "use_case": UC, **more}
    return Blocker(register="payments", at=days_ago(days), by=by, **fields)


def unblock(days: float = 0.25, by: str = LEAD, *, ended: Sequence[Blocker] = (blocker(),), **more) -> Unblock:
    """Return the end of these blockers of a use case."""
    ends = tuple(sorted(blocker.id for blocker in ended))
    return Unblock(register="payments", at=days_ago(days), by=by, use_case=UC, reason="mended", ends=ends, **more)


def retirement(test: str, days: float = 0.25, by: str = LEAD, **more) -> Retirement:
    """Return the retirement of a test."""
    return Retirement(register="payments", at=days_ago(days), by=by, test_id=test, reason="feature removed", **more)
