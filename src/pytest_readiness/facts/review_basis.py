"""What a review rests on: each requirement as it stood, and the evidence that decided it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ..fast_values import dataclass, fast_constructor


@dataclass(frozen=True, slots=True)
class PinnedEvidence:
    """The evidence of one test that a review rests on, for one requirement."""

    evidence_id: str
    test_id: str
    started_at: str
    actor: str
    """Who recorded it: a person, or a job of CI."""
    environment: str | None = None
    provider_mode: str | None = None
    proofs: tuple[str, ...] = ()
    """Kinds."""
    started_by: str = ""
    """Who started the job that recorded it; empty: not known, or not a job."""


@dataclass(frozen=True, slots=True)
class PinnedRequirement:
    """State of a requirement when it was reviewed, and what it rested on."""

    requirement: str
    state: str
    pins: tuple[PinnedEvidence, ...] = ()
    proof: str = ""
    """Kind of proof that it asked for; empty: none."""
    max_age_days: int = 0
    """Age at which a pass was stale; 0: never."""
    unproven: bool = False
    """FLAKY, and without its proof as well."""


Setting = str | bool


@dataclass(frozen=True, slots=True)
class ReviewBasis:
    """Exactly what was reviewed: so that what changed since can be shown."""

    digest: str
    """Of the use case's requirements, with the policy (``sha256:...``)."""
    requirements: tuple[PinnedRequirement, ...] = ()
    definition: str = ""
    """Of the items, scopes and environments alone, which no policy makes stricter or weaker (``sha256:...``)."""
    policy: tuple[tuple[str, Setting], ...] = ()
    """The settings of the policy that differed from their default, sorted by name."""
    failed_runs: tuple[str, ...] = ()
    """The runs then known with a FAILED or ERROR for it within the longest age of its items, sorted."""
    retired: tuple[str, ...] = ()
    """The tests and runs with anything of it that were then known to be retired, sorted."""


def field_names(kind: type[Any]) -> tuple[str, ...]:
    """Return the names of what a value of a kind tells."""
    return tuple(each_field.name for each_field in fields(kind) if each_field.metadata.get("in_text", True))


def id_list(plain: Any) -> tuple[str, ...]:
    """Return a list of ids.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(plain, list) or not all(isinstance(text, str) for text in plain):
        raise TypeError("a list of ids is none")
    return tuple(plain)


def read_basis(plain: dict[str, Any]) -> ReviewBasis:
    """Return the basis that plain data tells, each row and list looked at.

    Raises:
        TypeError, KeyError, AttributeError: it tells none.
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
    try:  # a gate reads thousands: joining raises where one is no text, and making where a name is unknown or not there
        "".join(texts.values())
        if (type(pins), type(days), type(unproven)) == _ROW_TYPES and days >= 0 and all(plain.values()):
            return _make_row(**texts, pins=pinned, max_age_days=days, unproven=unproven)
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
            return _make_pin(**texts, proofs=tuple(proofs))
    except TypeError:
        pass
    raise TypeError("a pin does not say which evidence it is, or says something empty or unknown")


_NONE: list[Any] = []
_ROW_TYPES = list, int, bool
"""The types of what a row says that is no text."""
_make_pin, _make_row = fast_constructor(PinnedEvidence), fast_constructor(PinnedRequirement)
