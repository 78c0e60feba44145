"""Decisions: a person's recorded word. Append-only: never edited, only followed by another.

A decision is one canonical JSON text, whose digest is part of its id: the same value wherever it is kept, in the store
or as a file of the repository, and a changed one no longer has its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum
from typing import Any, ClassVar, Self

from ..errors import IntegrityError
from ..fast_values import dataclass
from .ledger.digest import digest
from .ledger.line import canonical, read_canonical
from .review_basis import PinnedEvidence, PinnedRequirement, ReviewBasis, field_names, id_list, read_basis
from .timestamps import is_timestamp

SCHEMA = "readiness/decision/v1"


class IdentityLevel(StrEnum):
    """How the identity of the person who decided is known; each is stronger than the one before."""

    __hash__ = str.__hash__

    DECLARED = "declared"
    """The name was given."""
    GIT = "git"
    """git's user.email, or the author of the commit that added the decision's file."""
    CI = "ci"
    """The CI says who started the job."""
    SIGNED = "signed"

    @property
    def rank(self) -> int:
        """Greater is stronger."""
        return RANKS[self]


RANKS: Mapping[str, int] = {level: rank for rank, level in enumerate(IdentityLevel)}
"""By the word, which it is known as: greater is stronger."""


class ReviewMeaning(StrEnum):
    """What a review says."""

    APPROVED_FOR_GO_LIVE = "APPROVED_FOR_GO_LIVE"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What every decision says."""

    KIND: ClassVar[str] = ""

    register: str
    at: str
    """When it was made (UTC)."""
    by: str
    """Who decided."""
    known_by: IdentityLevel = IdentityLevel.DECLARED
    requirements_digest: str = ""
    """Digest of the requirements in force."""
    stored_id: str = field(default="", metadata={"in_text": False})
    """The id it is kept under, where who decided is known better than its text says; empty: that of its text."""
    stored_digest: str = field(default="", metadata={"in_text": False})
    """The digest of the text it is kept as, where it is told otherwise here; empty: that of its text."""

    @property
    def text(self) -> str:
        """The canonical JSON text that is kept."""
        return canonical({"schema": SCHEMA, "kind": self.KIND, **_to_plain(self)})

    @property
    def id(self) -> str:
        """Sorts by time: the moment, and 16 hex digits of the text's digest."""
        if self.stored_id:
            return self.stored_id
        return id_of(self.at, self.text)

    @property
    def text_digest(self) -> str:
        """The digest of the text that is kept (64 hex digits), which a signature names it by."""
        return self.stored_digest or text_digest(self.text)

    def attributed(self, author: str) -> Self:
        """Return it as decided by the author of the commit that added its file; it keeps its id."""
        return replace(self.identified(IdentityLevel.GIT), by=author)

    def identified(self, known_by: IdentityLevel) -> Self:
        """Return it with who decided known in another way than its text says; it keeps its id."""
        return replace(self, known_by=known_by, stored_id=self.id, stored_digest=self.text_digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Decision):
    """A sign-off of a use case."""

    KIND: ClassVar[str] = "review"

    use_case: str
    meaning: ReviewMeaning
    basis: ReviewBasis
    comment: str = ""
    """Required for a rejection."""
    acknowledged: tuple[str, ...] = ()
    """Ids of the asserted and flaky requirements that the reviewer saw and accepted, by name."""
    release: str | None = None
    seen_at: str = ""
    """When the report that was signed was made (UTC); empty: it was looked at when it was signed."""

    @property
    def seen_until(self) -> str:
        """The moment up to which the reviewer saw what there was (UTC)."""
        return min(self.seen_at, self.at) if self.seen_at else self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver(Decision):
    """An exception from one requirement, for a time. ``by`` is the approver."""

    KIND: ClassVar[str] = "waiver"

    requirement: str
    """Its id, such as ``UC-003/2/staging``."""
    reason: str
    requested_by: str
    until: str
    """The last day (UTC date, inclusive)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker(Decision):
    """Something that keeps a use case from going live until it is unblocked."""

    KIND: ClassVar[str] = "blocker"

    use_case: str
    reason: str
    due: str | None = None
    """UTC date."""
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unblock(Decision):
    """The end of every blocker of a use case that was known when it was made."""

    KIND: ClassVar[str] = "unblock"

    use_case: str
    reason: str
    ends: tuple[str, ...] = ()
    """Ids of the blockers, and rejections, that were known of it, sorted. A blocker that it does not name stands,
    whatever clock made which: it was made on another branch, or for another store, and nobody looked at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement(Decision):
    """A test that no longer has to pass, and why."""

    KIND: ClassVar[str] = "retirement"

    test_id: str
    reason: str
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure(Decision):
    """The retirement of a use case that left the register: what it left open until now keeps no gate closed."""

    KIND: ClassVar[str] = "departure"

    use_case: str
    reason: str
    ends: tuple[str, ...] = ()
    """Ids of the blockers and rejections that were known of it, sorted; others stand."""
    failed_runs: tuple[str, ...] = ()
    """The runs that were known with something of it that ended badly, sorted; what ended so in others stays open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRetirement(Decision):
    """A run that is broken and was set aside: its passes count for nothing, what ended badly stays."""

    KIND: ClassVar[str] = "run retirement"

    run_id: str
    reason: str


KINDS: dict[str, type[Decision]] = {
    kind.KIND: kind for kind in (Review, Waiver, Blocker, Unblock, Retirement, Departure, RunRetirement)
}


def makes_worse(decision: Decision) -> bool:
    """Return whether a decision keeps a gate closed: a blocker, or a rejection."""
    rejects = isinstance(decision, Review) and decision.meaning is ReviewMeaning.REJECTED
    return rejects or isinstance(decision, Blocker)


def counts_at(decision: Decision, now: str) -> bool:
    """Return whether a decision that is known at a moment counts then.

    One that makes things worse does whatever its time says: a clock that ran ahead of this one made it, and the
    person who did so has decided. What makes things better waits for its time.
    """
    return decision.at <= now or makes_worse(decision)


def parse_decision(text: str) -> Decision:
    """Return the decision that a text is.

    Raises:
        IntegrityError: it is not canonical JSON of a known kind with exactly the fields of its kind, or was not made
            at a UTC moment.
    """
    try:
        plain = read_canonical(text)
        kind = KINDS[plain.pop("kind")]
        schema = plain.pop("schema")
        decision = _build(kind, plain)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise IntegrityError(f"this is no decision: {reason}") from None
    if schema != SCHEMA or not _is_complete(decision, plain):
        raise IntegrityError("this is no decision in canonical form")
    if not is_timestamp(decision.at) or (isinstance(decision, Review) and not is_timestamp(decision.seen_until)):
        raise IntegrityError("this is no decision: it does not say at which UTC moment it was made")
    return decision


def id_of(at: str, text: str) -> str:
    """Return the id of the decision that was made at a moment and has this text."""
    compact = at.replace("-", "").replace(":", "").partition(".")[0]
    return f"{compact}Z-{text_digest(text)[:16]}"


def text_digest(text: str) -> str:
    """Return the digest of a decision's text (64 hex digits); the id has the first 16 of them."""
    return digest("decision", text.encode())


_TEXT_FIELDS = {kind: field_names(kind) for kind in (*KINDS.values(), ReviewBasis, PinnedRequirement, PinnedEvidence)}
"""The names of what a value of each kind tells."""
_NONE: list[Any] = []


def _to_plain(value: Any) -> dict[str, Any]:
    """Return what a value tells, without what is empty. Words and tuples are what JSON makes of them anyway."""
    plain = {name: field_value for name in _TEXT_FIELDS[type(value)] if (field_value := getattr(value, name))}
    if isinstance(value, Review):
        plain["basis"] = _to_plain(value.basis)
    elif isinstance(value, ReviewBasis):
        if value.requirements:
            plain["requirements"] = [_to_plain(row) for row in value.requirements]
        if value.policy:
            plain["policy"] = dict(value.policy)
    elif isinstance(value, PinnedRequirement) and value.pins:
        plain["pins"] = [_to_plain(pin) for pin in value.pins]
    return plain


def _is_complete(decision: Decision, plain: dict[str, Any]) -> bool:
    """Return whether plain data is exactly what the decision that was made of it tells (``_to_plain``)."""
    names = [name for name in _TEXT_FIELDS[type(decision)] if getattr(decision, name)]
    if len(names) != len(plain) or not all(name in plain for name in names):
        return False
    if not isinstance(decision, Review):
        return True
    basis = plain["basis"]  # its rows, and its lists, were looked at when they were made
    return (
        isinstance(plain.get("acknowledged", _NONE), list)
        and isinstance(basis.get("requirements", _NONE), list)
        and basis.keys() <= {*_TEXT_FIELDS[ReviewBasis]}
        and all(basis.values())
    )


def _build(kind: type[Decision], plain: dict[str, Any]) -> Decision:
    given = dict(plain)
    given["known_by"] = IdentityLevel(given.get("known_by", IdentityLevel.DECLARED))
    if kind is Review:
        given["meaning"] = ReviewMeaning(given["meaning"])
        given["basis"] = read_basis(given["basis"])
        given["acknowledged"] = id_list(given.get("acknowledged", []))
    for name in _LISTS[kind] & given.keys():
        given[name] = id_list(given[name])
    texts = given.keys() - {"basis", "acknowledged"} - _LISTS[kind]
    if any(not isinstance(given[name], str) for name in texts):
        raise TypeError("a field is no text")
    return kind(**given)


_LISTS: dict[type[Decision], frozenset[str]] = {
    kind: frozenset({Unblock: ("ends",), Departure: ("ends", "failed_runs")}.get(kind, ())) for kind in KINDS.values()
}
"""What is a list of ids."""
