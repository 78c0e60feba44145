"""Snapshot of an evaluation: what two of them are compared by, from a readiness or from a JSON report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct

from ..errors import ConfigError, one_line
from ..facts.evidence import BAD, CONCLUSIVE, Evidence, Result
from .evidence_standing import standing_at
from .readiness import Phase, Readiness, RequirementReadiness, ReviewState, State, Status, UseCaseReadiness

SCHEMA = "readiness/report/v1"
"""Format of a JSON report."""
_RAN = frozenset(result.value for result in CONCLUSIVE)
_BY_RESULT = {
    Result.PASSED.value: State.COMPLETE,
    Result.INTERRUPTED.value: State.INTERRUPTED,
    **{result.value: State.FAILING for result in BAD},
}
TestPlace = tuple[str, str, str]
"""Id of a test, and the environment and the provider mode in which it ran; empty: not stated."""


class ShownEvidence(Struct, frozen=True):
    """One piece of evidence that a report shows at a requirement."""

    id: str
    test_id: str
    result: str
    real: bool
    environment: str | None = None
    provider_mode: str | None = None
    state: State | None = None
    """The state that the requirement would have with this evidence alone; None: an older report does not say it."""
    proven: bool = False
    """Whether it is a pass with the proof that the item asks for."""
    why_not: str = ""
    """Why it does not count; empty: it counts, or an older report does not say it."""

    @property
    def ran(self) -> bool:
        """Whether the test really ran: neither a rehearsal, nor skipped, nor only planned."""
        return self.real and self.result in _RAN

    @property
    def place(self) -> TestPlace:
        """The test, and where it ran."""
        return self.test_id, self.environment or "", self.provider_mode or ""

    @property
    def shows(self) -> State:
        """The state that it alone gives the requirement; by its result only if an older report does not say it."""
        return self.state or (_BY_RESULT[self.result] if self.ran else State.MISSING)


class RequirementSnapshot(Struct, frozen=True):
    """State of one requirement, and the evidence behind it."""

    id: str
    state: State
    evidence: tuple[ShownEvidence, ...] = ()
    """In the order of the report: the newest run first."""

    @property
    def tests(self) -> dict[str, ShownEvidence]:
        """By id of the test: its evidence that ran, else its newest."""
        shown: dict[str, ShownEvidence] = {}
        for piece in self.evidence:
            if piece.test_id not in shown or (piece.ran and not shown[piece.test_id].ran):
                shown[piece.test_id] = piece
        return shown

    @property
    def places(self) -> dict[TestPlace, ShownEvidence]:
        """By test and place: its evidence that counts, a failure first, else its newest."""
        shown: dict[TestPlace, ShownEvidence] = {}
        for piece in self.evidence:
            if piece.place not in shown or _weight(piece) < _weight(shown[piece.place]):
                shown[piece.place] = piece
        return shown


class UseCaseSnapshot(Struct, frozen=True):
    """Status of one use case, and what it follows from."""

    id: str
    status: Status
    phase: Phase | None
    requirements: Mapping[str, RequirementSnapshot]
    """By id, in order."""
    review: ReviewState = ReviewState.NONE
    reviewers: tuple[str, ...] = ()
    """The people behind the state of the review."""
    review_why: tuple[str, ...] = ()
    """Reasons why approvals are suspect, one sentence each."""
    blockers: Mapping[str, str] = {}
    """Open blockers: the id, and who blocked."""
    waived: Mapping[str, str] = {}
    """Requirements with a valid waiver, by id: who waived."""
    retired: frozenset[str] = frozenset()
    """Tests with a valid retirement."""


class EvaluationSnapshot(Struct, frozen=True):
    """What was ready at a moment, and by which evidence."""

    register: str
    at: str
    """The moment (UTC); empty: unknown."""
    use_cases: Mapping[str, UseCaseSnapshot]
    """By id, in the order of the register."""
    scope: tuple[str, ...] | None = None
    """Ids or globs of the use cases that it is limited to; None: the whole register, or it does not say it."""
    states_scope: bool = True
    """Whether it says what it is limited to; a report of an older version or of a bundle does not."""
    unnamed: str = ""
    """``subject`` or ``release`` if its gate asks for one and none was named, so that nothing counts in it."""

    def leaves_out(self, use_case: str) -> bool:
        """Return whether a use case is outside what it says that it is limited to."""
        if self.scope is None or use_case in self.use_cases:
            return False
        return not any(fnmatchcase(use_case.lower(), pattern.lower()) for pattern in self.scope)

    @property
    def ready(self) -> int:
        """Number of use cases that are ready."""
        return sum(row.status is Status.READY_FOR_GO_LIVE for row in self.use_cases.values())

    @property
    def tests(self) -> dict[str, str]:
        """The tests of the evidence, by its id."""
        return {piece.id: piece.test_id for piece in self._evidence}

    @property
    def by_result(self) -> bool:
        """Whether it has only the results of tests: an older report does not say what each alone shows."""
        return any(piece.state is None for piece in self._evidence)

    @property
    def _evidence(self) -> Iterator[ShownEvidence]:
        requirements = (requirement for row in self.use_cases.values() for requirement in row.requirements.values())
        return (piece for requirement in requirements for piece in requirement.evidence)

    @classmethod
    def from_readiness(cls, readiness: Readiness) -> EvaluationSnapshot:
        """Return the snapshot of an evaluation."""
        rows = (_use_case_of(use_case) for use_case in readiness.use_cases)
        return cls(readiness.register, readiness.at, {row.id: row for row in rows})

    @classmethod
    def from_document(cls, document: object) -> EvaluationSnapshot:
        """Return the snapshot of a JSON report (``readiness/report/v1``).

        Raises:
            ConfigError: the document is none, or lacks a field that a comparison needs.
        """
        if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
            raise ConfigError(f"this is no JSON report ({SCHEMA}): write one with `readiness report --format json`")
        try:
            register, at = _text(document["context"]["register"]), _text(document.get("generated_at", ""))
            rows = [_read_use_case(row) for row in document["use_cases"]]
            scope = document["context"].get("scope")
            patterns = None if scope is None else _texts(scope)
            rules = {_text(rule["rule"]) for rule in document.get("verdict", {}).get("rules", ())}
            named = {rule: document["context"].get(key) for rule, key in _VERSION_RULES.items()}
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            reason = one_line(f"{type(error).__name__}: {error}", 200)
            raise ConfigError(f"this JSON report cannot be read: {reason}") from None
        by_id, states_scope = {row.id: row for row in rows}, "scope" in document["context"]
        return cls(register, at, by_id, patterns, states_scope, unnamed_version(rules, named))


_VERSION_RULES = {"subject": "subjects", "release": "release"}
"""Rules of the gate about what is judged, each with the field of a report that names it."""


def unnamed_version(rules: Collection[str], named: Mapping[str, object]) -> str:
    """Return what a gate asks for and nobody named, ``subject`` or ``release``; empty: nothing.

    Args:
        rules: the names of its rules.
        named: what was named, by rule.
    """
    return next((rule for rule in _VERSION_RULES if rule in rules and not named.get(rule)), "")


def _use_case_of(readiness: UseCaseReadiness) -> UseCaseSnapshot:
    waivers = (standing.decision for standing in readiness.waivers if standing.void is None)
    return UseCaseSnapshot(
        id=readiness.use_case.id,
        status=readiness.status,
        phase=readiness.phase,
        requirements={row.requirement.id: _requirement_of(row) for row in readiness.requirements},
        review=readiness.review.state,
        reviewers=readiness.review.by,
        review_why=readiness.review.why,
        blockers={standing.decision.id: standing.decision.by for standing in readiness.blockers},
        waived={waiver.requirement: waiver.by for waiver in waivers},
        retired=frozenset(standing.decision.test_id for standing in readiness.retirements if standing.void is None),
    )


def _requirement_of(readiness: RequirementReadiness) -> RequirementSnapshot:
    return RequirementSnapshot(
        readiness.requirement.id, readiness.state, tuple([_shown(readiness, piece) for piece in readiness.evidence])
    )


def _shown(readiness: RequirementReadiness, piece: Evidence) -> ShownEvidence:
    standing = standing_at(readiness, piece)
    return ShownEvidence(
        piece.id,
        piece.test_id,
        piece.result.value,
        piece.real,
        piece.environment,
        piece.provider_mode,
        standing.state,
        standing.proven,
        standing.why_not,
    )


def _weight(piece: ShownEvidence) -> tuple[bool, int, bool]:
    """Return the sort key whose least value decides at a place. Claims of one pass add up: the best of them counts."""
    broken = (State.FAILING, State.INTERRUPTED)
    rank = broken.index(piece.shows) if piece.shows in broken else len(broken)
    return bool(piece.why_not) or not piece.ran, rank, not piece.proven


# -- from a JSON report --------------------------------------------------------------------------------------------


def _read_use_case(row: Mapping[str, Any]) -> UseCaseSnapshot:
    """Return a use case of a report. Fields that say only why it stands as it does may be missing."""
    review = row.get("review") or {}
    requirements = [_read_requirement(plain) for item in row["items"] for plain in item["requirements"]]
    waivers = [waiver for waiver in row.get("waivers", ()) if waiver.get("void") is None]
    return UseCaseSnapshot(
        id=_text(row["id"]),
        status=Status(row["status"]),
        phase=Phase(row["phase"]) if row.get("phase") else None,
        requirements={requirement.id: requirement for requirement in requirements},
        review=ReviewState(review.get("state", ReviewState.NONE)),
        reviewers=_texts(review.get("by", ())),
        review_why=_texts(review.get("why", ())),
        blockers={_text(blocker["id"]): _text(blocker["owner"]) for blocker in row.get("blockers", ())},
        waived={_text(waiver["requirement"]): _text(waiver["by"]) for waiver in waivers},
        retired=frozenset(_text(entry["test_id"]) for entry in row.get("retirements", ()) if entry.get("void") is None),
    )


def _read_requirement(row: Mapping[str, Any]) -> RequirementSnapshot:
    shown = tuple([_read_evidence(piece) for piece in row.get("evidence", ())])
    return RequirementSnapshot(_text(row["id"]), State(row["state"]), shown)


def _read_evidence(row: Mapping[str, Any]) -> ShownEvidence:
    environment, mode, why_not = row.get("environment"), row.get("provider_mode"), row.get("why_not")
    return ShownEvidence(
        _text(row["id"]),
        _text(row["test_id"]),
        Result(row["result"]).value,
        row.get("real") is True,
        None if environment is None else _text(environment),
        None if mode is None else _text(mode),
        State(row["state"]) if row.get("state") else None,
        row.get("proven") is True,
        "" if why_not is None else _text(why_not),
    )


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(_text(value) for value in values)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is expected")
    return value
