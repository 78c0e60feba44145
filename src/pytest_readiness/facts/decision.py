"""Decisions: recorded statements of people, never edited, only followed by later ones.

A decision is one canonical JSON text, and its id contains the digest of that text. It has the same value in the store
and as a file of the repository, and a changed text no longer matches its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Self

from msgspec import Struct
from msgspec.structs import replace

from ..errors import IntegrityError, one_line
from .ledger.digest import digest
from .ledger.line import canonical, read_canonical
from .review_basis import PinnedEvidence, PinnedRequirement, ReviewBasis, id_list, read_basis
from .subject import read_subjects
from .timestamps import is_timestamp

SCHEMA = "readiness/decision/v1"


class IdentityLevel(StrEnum):
    """How the identity of the decider is known; each level is stronger than the one before."""

    DECLARED = "declared"
    """The name was given on the command line."""
    GIT = "git"
    """git's user.email, or the author of the commit that added the decision's file."""
    CI = "ci"
    """The CI provider names the person who started the job."""
    SIGNED = "signed"

    @property
    def rank(self) -> int:
        """Rank of the level; greater is stronger."""
        return RANKS[self]


RANKS: Mapping[str, int] = {level: rank for rank, level in enumerate(IdentityLevel)}
"""Rank of each level by its name; greater is stronger."""


class ReviewMeaning(StrEnum):
    """Meaning of a review."""

    APPROVED_FOR_GO_LIVE = "APPROVED_FOR_GO_LIVE"
    REJECTED = "REJECTED"


class Decision(Struct, frozen=True, kw_only=True):
    """Fields of every decision."""

    KIND: ClassVar[str] = ""

    register: str
    at: str
    """Time of the decision (UTC)."""
    by: str
    """The person who decided."""
    known_by: IdentityLevel = IdentityLevel.DECLARED
    requirements_digest: str = ""
    """Digest of the requirements in force."""
    stored_id: str = ""
    """The id in the store, if the decider is known better than the text says; empty: the id of the text."""
    stored_digest: str = ""
    """The digest of the stored text, if this value differs from it; empty: the digest of the text."""

    @property
    def text(self) -> str:
        """The canonical JSON text."""
        return canonical({"schema": SCHEMA, "kind": self.KIND, **_to_plain(self)})

    @property
    def id(self) -> str:
        """Id of the decision: its time and 16 hex digits of the text's digest. Ids sort by time."""
        if self.stored_id:
            return self.stored_id
        return id_of(self.at, self.text)

    @property
    def text_digest(self) -> str:
        """The digest (64 hex digits) of the stored text; signatures name the decision by it."""
        return self.stored_digest or text_digest(self.text)

    def attributed(self, author: str) -> Self:
        """Return the decision as made by the author of the commit that added its file. The id stays."""
        return replace(self.identified(IdentityLevel.GIT), by=author)

    def identified(self, known_by: IdentityLevel) -> Self:
        """Return the decision with another identity level than its text says. The id stays."""
        return replace(self, known_by=known_by, stored_id=self.id, stored_digest=self.text_digest)


class Review(Decision, frozen=True, kw_only=True):
    """Sign-off of a use case."""

    KIND: ClassVar[str] = "review"

    use_case: str
    meaning: ReviewMeaning
    basis: ReviewBasis
    comment: str = ""
    """Required for a rejection."""
    acknowledged: tuple[str, ...] = ()
    """Ids of the asserted and flaky requirements that the reviewer accepted by name."""
    release: str | None = None
    subjects: tuple[tuple[str, str], ...] = ()
    """Names and digests of what it was made for, as pairs."""
    seen_at: str = ""
    """Time of the report that was signed (UTC); empty: the reviewer looked when signing."""

    @property
    def seen_until(self) -> str:
        """The time (UTC) up to which the reviewer saw the evidence."""
        return min(self.seen_at, self.at) if self.seen_at else self.at


class Waiver(Decision, frozen=True, kw_only=True):
    """Time-limited exception from one requirement. ``by`` is the approver."""

    KIND: ClassVar[str] = "waiver"

    requirement: str
    """Id of the requirement, such as ``UC-003/2/staging``."""
    reason: str
    requested_by: str
    until: str
    """Last day (UTC date, inclusive)."""


class Blocker(Decision, frozen=True, kw_only=True):
    """Blocker: the use case cannot go live until it is unblocked."""

    KIND: ClassVar[str] = "blocker"

    use_case: str
    reason: str
    due: str | None = None
    """UTC date."""
    link: str | None = None


class Unblock(Decision, frozen=True, kw_only=True):
    """End of the blockers of a use case that were known at that time."""

    KIND: ClassVar[str] = "unblock"

    use_case: str
    reason: str
    ends: tuple[str, ...] = ()
    """Ids of the known blockers and rejections, sorted. A blocker that is not named stays open, whatever the clocks
    say: it was made on another branch or for another store, and was not considered."""


class Retirement(Decision, frozen=True, kw_only=True):
    """Retirement of a test, which no longer has to pass."""

    KIND: ClassVar[str] = "retirement"

    test_id: str
    reason: str
    replaced_by: str | None = None


class Departure(Decision, frozen=True, kw_only=True):
    """Retirement of a use case that left the register. What it left open no longer closes a gate."""

    KIND: ClassVar[str] = "departure"

    use_case: str
    reason: str
    ends: tuple[str, ...] = ()
    """Ids of the known blockers and rejections, sorted; others stay open."""
    failed_runs: tuple[str, ...] = ()
    """Ids of the runs with known bad results for it, sorted; bad results of other runs stay open."""


class RunRetirement(Decision, frozen=True, kw_only=True):
    """Retirement of a broken run. Its passes count for nothing; its bad results stay."""

    KIND: ClassVar[str] = "run retirement"

    run_id: str
    reason: str


KINDS: dict[str, type[Decision]] = {
    kind.KIND: kind for kind in (Review, Waiver, Blocker, Unblock, Retirement, Departure, RunRetirement)
}


def makes_worse(decision: Decision) -> bool:
    """Return whether a decision closes a gate: it is a blocker or a rejection."""
    rejects = isinstance(decision, Review) and decision.meaning is ReviewMeaning.REJECTED
    return rejects or isinstance(decision, Blocker)


def counts_at(decision: Decision, now: str) -> bool:
    """Return whether a known decision counts at a moment.

    A decision that makes things worse counts whatever its time says: the clock that made it ran ahead, and the person
    has decided. A decision that makes things better counts from its time on.
    """
    return decision.at <= now or makes_worse(decision)


def parse_decision(text: str) -> Decision:
    """Parse a decision.

    Raises:
        IntegrityError: it is not canonical JSON of a known kind with exactly the fields of its kind, or its time is
            not a UTC timestamp.
    """
    try:
        plain = read_canonical(text)
        kind = KINDS[plain.pop("kind")]
        schema = plain.pop("schema")
        decision = _build(kind, plain)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise IntegrityError(f"this is no decision: {one_line(reason)}") from None
    if schema != SCHEMA or not _is_complete(decision, plain):
        raise IntegrityError("this is no decision in canonical form")
    if not is_timestamp(decision.at) or (isinstance(decision, Review) and not is_timestamp(decision.seen_until)):
        raise IntegrityError("this is no decision: it does not say at which UTC moment it was made")
    return decision


def id_of(at: str, text: str) -> str:
    """Return the id of a decision from its time and its text."""
    compact = at.replace("-", "").replace(":", "").partition(".")[0]
    return f"{compact}Z-{text_digest(text)[:16]}"


def text_digest(text: str) -> str:
    """Return the digest (64 hex digits) of a decision's text. The id has the first 16 of them."""
    return digest("decision", text.encode())


_KINDS_OF_TEXT: tuple[type[Struct], ...] = (*KINDS.values(), ReviewBasis, PinnedRequirement, PinnedEvidence)
TEXT_FIELDS = {
    kind: tuple(name for name in kind.__struct_fields__ if name not in ("stored_id", "stored_digest"))
    for kind in _KINDS_OF_TEXT
}
"""Names of the fields that the text of each kind contains."""
_NONE: list[Any] = []


def _to_plain(value: Any) -> dict[str, Any]:
    """Return the fields of a value as plain data, without empty ones. JSON encodes enums and tuples correctly."""
    plain = {name: field_value for name in TEXT_FIELDS[type(value)] if (field_value := getattr(value, name))}
    if isinstance(value, Review):
        plain["basis"] = _to_plain(value.basis)
        if value.subjects:
            plain["subjects"] = dict(value.subjects)
    elif isinstance(value, ReviewBasis):
        if value.requirements:
            plain["requirements"] = [_to_plain(row) for row in value.requirements]
        if value.policy:
            plain["policy"] = dict(value.policy)
    elif isinstance(value, PinnedRequirement) and value.pins:
        plain["pins"] = [_to_plain(pin) for pin in value.pins]
    return plain


def _is_complete(decision: Decision, plain: dict[str, Any]) -> bool:
    """Return whether plain data is exactly what ``_to_plain`` returns for the decision made from it."""
    names = [name for name in TEXT_FIELDS[type(decision)] if getattr(decision, name)]
    if len(names) != len(plain) or not all(name in plain for name in names):
        return False
    if not isinstance(decision, Review):
        return True
    basis = plain["basis"]  # read_basis has checked the rows and their lists
    return (
        isinstance(plain.get("acknowledged", _NONE), list)
        and isinstance(basis.get("requirements", _NONE), list)
        and basis.keys() <= {*TEXT_FIELDS[ReviewBasis]}
        and all(basis.values())
    )


def _build(kind: type[Decision], plain: dict[str, Any]) -> Decision:
    given = dict(plain)
    given["known_by"] = IdentityLevel(given.get("known_by", IdentityLevel.DECLARED))
    if kind is Review:
        given["meaning"] = ReviewMeaning(given["meaning"])
        given["basis"] = read_basis(given["basis"])
        given["acknowledged"] = id_list(given.get("acknowledged", []))
        given["subjects"] = _read_subjects(given.get("subjects", {}))
    for name in _LISTS[kind] & given.keys():
        given[name] = id_list(given[name])
    texts = given.keys() - {"basis", "acknowledged", "subjects"} - _LISTS[kind]
    if any(not isinstance(given[name], str) for name in texts):
        raise TypeError("a field is no text")
    return kind(**given)


def _read_subjects(plain: Any) -> tuple[tuple[str, str], ...]:
    """Return the subjects of a review, sorted by name.

    Raises:
        TypeError: they are no digests by name.
    """
    subjects = read_subjects(plain)
    if subjects != plain:
        raise TypeError("the subjects are no digests by name")
    return tuple(subjects.items())


_LISTS: dict[type[Decision], frozenset[str]] = {
    kind: frozenset({Unblock: ("ends",), Departure: ("ends", "failed_runs")}.get(kind, ())) for kind in KINDS.values()
}
"""Names of the fields that are lists of ids."""
