"""Basis of a review: the state of each requirement, and the evidence that decided it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class PinnedEvidence(Struct, frozen=True):
    """Evidence of one test that a review rests on, for one requirement."""

    evidence_id: str
    test_id: str
    started_at: str
    actor: str
    """Recorder of the evidence: a person, or a CI job."""
    environment: str | None = None
    provider_mode: str | None = None
    proofs: tuple[str, ...] = ()
    """Kinds of its proofs."""
    started_by: str = ""
    """The person who started the job that recorded it; empty: not known, or not a job."""


class PinnedRequirement(Struct, frozen=True):
    """State of a requirement when it was reviewed, and its evidence."""

    requirement: str
    state: str
    pins: tuple[PinnedEvidence, ...] = ()
    proof: str = ""
    """Kind of proof that the requirement asked for; empty: none."""
    max_age_days: int = 0
    """Age in days at which a pass was stale; 0: never."""
    unproven: bool = False
    """FLAKY, and also without its proof."""


Setting = str | bool


class ReviewBasis(Struct, frozen=True):
    """Exactly what was reviewed, so that later changes can be shown."""

    digest: str
    """Digest (``sha256:...``) of the use case's requirements, with the policy."""
    requirements: tuple[PinnedRequirement, ...] = ()
    definition: str = ""
    """Digest (``sha256:...``) of the items, scopes and environments, which no policy makes stricter or weaker."""
    policy: tuple[tuple[str, Setting], ...] = ()
    """Settings of the policy that differed from their defaults, sorted by name."""
    failed_runs: tuple[str, ...] = ()
    """Ids of the runs then known with a FAILED or ERROR for it within the longest max age of its items, sorted."""
    retired: tuple[str, ...] = ()
    """The tests and runs of the use case then known to be retired, sorted."""


def id_list(plain: Any) -> tuple[str, ...]:
    """Return a list of ids as a tuple.

    Raises:
        TypeError: it is not a list of texts.
    """
    if not isinstance(plain, list) or not all(isinstance(text, str) for text in plain):
        raise TypeError("a list of ids is none")
    return tuple(plain)


def read_basis(plain: dict[str, Any]) -> ReviewBasis:
    """Return the basis in plain data, with each row and list checked.

    Raises:
        TypeError, KeyError, AttributeError: it is not a basis.
    """
    policy = tuple(plain.get("policy", {}).items())
    digest, definition = plain["digest"], plain.get("definition", "")
    if not isinstance(digest, str) or not isinstance(definition, str):
        raise TypeError("a digest is no text")
    if not all(isinstance(value, Setting) for _, value in policy):
        raise TypeError("a setting of the policy is neither a text nor true or false")
    rows = tuple([_read_requirement(row) for row in plain.get("requirements", ())])
    failed, retired = id_list(plain.get("failed_runs", [])), id_list(plain.get("retired", []))
    return ReviewBasis(digest, rows, definition, policy, failed, retired)


def _read_requirement(plain: dict[str, Any]) -> PinnedRequirement:
    texts = {**plain}
    pins, days, unproven = texts.pop("pins", _NONE), texts.pop("max_age_days", 0), texts.pop("unproven", False)
    pinned = tuple([_read_pin(pin) for pin in pins])
    # Fast check: joining raises on a value that is no text, the constructor on an unknown or missing name.
    try:
        "".join(texts.values())
        if (type(pins), type(days), type(unproven)) == _ROW_TYPES and days >= 0 and all(plain.values()):
            return PinnedRequirement(**texts, pins=pinned, max_age_days=days, unproven=unproven)
    except TypeError:
        pass
    raise TypeError("a requirement does not say what it is, or says something empty or unknown")


def _read_pin(plain: dict[str, Any]) -> PinnedEvidence:
    texts = {**plain}
    proofs = texts.pop("proofs", _NONE)
    try:  # as above
        "".join(texts.values())
        "".join(proofs)
        if type(proofs) is list and all(plain.values()):
            return PinnedEvidence(**texts, proofs=tuple(proofs))
    except TypeError:
        pass
    raise TypeError("a pin does not say which evidence it is, or says something empty or unknown")


_NONE: list[Any] = []
_ROW_TYPES = list, int, bool
"""Types of the fields of a row that are not texts."""
