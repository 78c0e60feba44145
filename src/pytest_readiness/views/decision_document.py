"""Decisions as plain data of the JSON report, and the reading of a review basis from one."""

from __future__ import annotations

from typing import Any

from ..errors import ConfigError
from ..facts.decision import Decision
from ..facts.review_basis import PinnedEvidence, PinnedRequirement, ReviewBasis, Setting
from ..facts.subject import plain_subjects
from ..verdict.readiness import BlockerStanding, RetirementStanding, ReviewSummary, UseCaseReadiness, WaiverStanding


def to_review(readiness: UseCaseReadiness) -> dict[str, Any]:
    """Return the reviews of a use case, and the basis that a review of this report would have."""
    review = readiness.review
    return {
        "state": review.state.value,
        "approvals": review.approvals,
        "required": review.required,
        "by": list(review.by),
        "basis": {
            "digest": review.basis_digest,
            "definition": readiness.basis.definition,
            "policy": dict(readiness.basis.policy),
            "failed_runs": list(readiness.basis.failed_runs),
            "retired": list(readiness.basis.retired),
            "requirements": [_pinned(requirement) for requirement in readiness.basis.requirements],
        },
        "why": list(review.why),
        "reviews": _reviews(review),
    }


def _reviews(review: ReviewSummary) -> list[dict[str, Any]]:
    return [
        {
            **_common_fields(standing.decision),
            "meaning": standing.decision.meaning.value,
            "state": standing.state.value,
            "why": list(standing.why),
            "comment": standing.decision.comment,
            "acknowledged": list(standing.decision.acknowledged),
            "release": standing.decision.release,
            "subjects": plain_subjects(dict(standing.decision.subjects)),
        }
        for standing in review.standings
    ]


def to_blocker(standing: BlockerStanding) -> dict[str, Any]:
    """Return an open blocker as plain data."""
    blocker = standing.decision
    return {
        "id": blocker.id,
        "reason": blocker.reason,
        "owner": blocker.by,
        "since": blocker.at,
        "known_by": blocker.known_by.value,
        "due": blocker.due,
        "link": blocker.link,
        "still_open": list(standing.still_open),
    }


def to_waiver(standing: WaiverStanding) -> dict[str, Any]:
    """Return a waiver as plain data, with the reason if it is void."""
    waiver = standing.decision
    return {
        **_common_fields(waiver),
        "requirement": waiver.requirement,
        "reason": waiver.reason,
        "requested_by": waiver.requested_by,
        "until": standing.until,
        "used": standing.used,
        "void": standing.void,
    }


def to_retirement(standing: RetirementStanding) -> dict[str, Any]:
    """Return the retirement of a test as plain data, with the reason if it is void."""
    retirement = standing.decision
    return {
        **_common_fields(retirement),
        "test_id": retirement.test_id,
        "reason": retirement.reason,
        "replaced_by": retirement.replaced_by,
        "void": standing.void,
    }


def _common_fields(decision: Decision) -> dict[str, Any]:
    return {"id": decision.id, "at": decision.at, "by": decision.by, "known_by": decision.known_by.value}


def _pinned(requirement: PinnedRequirement) -> dict[str, Any]:
    return {
        "requirement": requirement.requirement,
        "state": requirement.state,
        "proof": requirement.proof or None,
        "max_age_days": requirement.max_age_days or None,
        "unproven": requirement.unproven,
        "pins": [_pin(pin) for pin in requirement.pins],
    }


def _pin(pin: PinnedEvidence) -> dict[str, Any]:
    return {
        "evidence_id": pin.evidence_id,
        "test_id": pin.test_id,
        "started_at": pin.started_at,
        "actor": pin.actor,
        "environment": pin.environment,
        "provider_mode": pin.provider_mode,
        "proofs": list(pin.proofs),
        "started_by": pin.started_by,
    }


def read_basis(use_case: Any) -> ReviewBasis:
    """Return the basis of a review from a use case of a JSON report.

    Raises:
        ConfigError: there is no basis that could be signed.
    """
    try:
        plain = use_case["review"]["basis"]
        rows = tuple(_read_row(row) for row in plain["requirements"])
        policy = tuple(sorted((name, _setting(value)) for name, value in plain["policy"].items()))
        failed, retired = (tuple(read_text(name) for name in plain[key]) for key in ("failed_runs", "retired"))
        return ReviewBasis(read_text(plain["digest"]), rows, read_text(plain["definition"]), policy, failed, retired)
    except (LookupError, TypeError, AttributeError) as error:
        cause = f"{type(error).__name__}: {error}"
        raise ConfigError(f"this JSON report does not contain the basis of a review ({cause})") from None


def _read_row(row: Any) -> PinnedRequirement:
    pins = tuple(
        PinnedEvidence(
            evidence_id=read_text(pin["evidence_id"]),
            test_id=read_text(pin["test_id"]),
            started_at=read_text(pin["started_at"]),
            actor=read_text(pin["actor"]),
            environment=None if pin["environment"] is None else read_text(pin["environment"]),
            provider_mode=None if pin["provider_mode"] is None else read_text(pin["provider_mode"]),
            proofs=tuple(read_text(kind) for kind in pin["proofs"]),
            started_by=read_text(pin.get("started_by", "")),
        )
        for pin in row["pins"]
    )
    proof, max_age = row["proof"], row["max_age_days"]
    if max_age is not None and (type(max_age) is not int or max_age < 1):
        raise TypeError("an age in days is expected")
    proof = "" if proof is None else read_text(proof)
    unproven = row.get("unproven", False)
    if not isinstance(unproven, bool):
        raise TypeError("true or false is expected")
    return PinnedRequirement(
        read_text(row["requirement"]), read_text(row["state"]), pins, proof, max_age or 0, unproven
    )


def _setting(value: Any) -> Setting:
    if not isinstance(value, Setting):
        raise TypeError("a setting is a text, or true or false")
    return value


def read_text(value: Any) -> str:
    """Return a value that must be a text.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(value, str):
        raise TypeError("a text is expected")
    return value
