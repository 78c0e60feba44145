"""Which tests a session is about: those that claim certain use cases, those that are still needed."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..claims.catalogue import Catalogue
from ..claims.claim import Claim
from ..claims.collection import TaggedTest
from ..errors import IntegrityError
from ..facts.evidence import Evidence, Result
from ..facts.evidence_line import evidence_of
from ..facts.ledger.line import LineChain
from ..fast_values import dataclass
from ..recording.claim_resolution import resolve_claim
from ..recording.context import RunContext
from .project import Project

if TYPE_CHECKING:  # judging is heavy: loaded where a session asks for it
    from ..verdict.readiness import RequirementReadiness


@dataclass(frozen=True, slots=True)
class SelectedTests:
    """What a session is about; the same in each xdist worker."""

    patterns: tuple[str, ...] = ()
    """Use cases (glob); none: any."""
    missing: frozenset[str] | None = None
    """Ids of the requirements that still need evidence; None: that is not asked."""

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> SelectedTests:
        """Return the selection that ``to_plain`` described."""
        missing = plain["missing"]
        return cls(tuple(plain["patterns"]), None if missing is None else frozenset(missing))

    def to_plain(self) -> dict[str, Any]:
        """Return it as plain data (for an xdist worker)."""
        return {"patterns": list(self.patterns), "missing": None if self.missing is None else sorted(self.missing)}

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.patterns) or self.missing is not None

    def wants(self, tagged: TaggedTest | None, catalogue: Catalogue, context: RunContext) -> bool:
        """Return whether a test is to run; one without a mark is not, one with a wrong mark is never passed over."""
        if tagged is None:
            return False
        return bool(tagged.problems) or any(self._asks_for(claim, catalogue, context) for claim in tagged.claims)

    def _asks_for(self, claim: Claim, catalogue: Catalogue, context: RunContext) -> bool:
        name = claim.use_case.lower()
        if self.patterns and not any(fnmatchcase(name, pattern.lower()) for pattern in self.patterns):
            return False
        return self.missing is None or self._is_missing(claim, catalogue, context)

    def _is_missing(self, claim: Claim, catalogue: Catalogue, context: RunContext) -> bool:
        """Whether the test, if it passed here, could cover a missing requirement: told as it is of evidence."""
        from ..verdict.coverage import RealPlaces

        expected = _expected(claim, catalogue, context)
        places = RealPlaces.from_catalogue(catalogue)
        return any(
            needed.item == claim.item and needed.id in (self.missing or ()) and places.could_cover(needed, expected)
            for needed in catalogue.requirements(claim.use_case)
        )


def _expected(claim: Claim, catalogue: Catalogue, context: RunContext) -> Evidence:
    """Return the evidence that a test gives for its claim where it passes in this context and says nothing more."""
    body = {
        "test": "",
        "claims": [resolve_claim(claim, context, catalogue)],
        "result": Result.PASSED.value,
        "started_at": "",
        "finished_at": "",
    }
    (expected,) = evidence_of(LineChain("expected").next("finished", body), catalogue.register)
    return expected


def missing_only(place: Project, patterns: tuple[str, ...], release: str | None) -> SelectedTests:
    """Return the selection of what still needs evidence: requirements not complete, or soon not any more.

    Raises:
        ConfigError: a pattern matches no use case.
        StorageError, IntegrityError: the store cannot be read, or is not intact: what is missing cannot be told.
    """
    from .evaluate_project import EvaluationRequest, evaluate_project

    if place.catalogue.open_world:
        return SelectedTests(patterns or ("*",))  # no environment is declared there, so nothing is ever complete
    report = evaluate_project(place, EvaluationRequest(patterns, release=release))
    if report.context.problems:
        raise IntegrityError(f"what is missing cannot be told: {report.context.problems[0]}")
    judged = (one for use_case in report.readiness.use_cases for one in use_case.requirements)
    return SelectedTests(patterns, frozenset(one.requirement.id for one in judged if _is_needed(one)))


def _is_needed(judged: RequirementReadiness) -> bool:
    from ..verdict.readiness import State

    if judged.state is State.NOT_APPLICABLE:
        return False
    return judged.state is not State.COMPLETE or judged.expires_soon
