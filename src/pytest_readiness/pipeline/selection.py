"""Selection of a session's tests: by the use cases that they claim, or by missing evidence."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ..claims.catalogue import Catalogue
from ..claims.claim import Claim
from ..claims.collection import TaggedTest
from ..errors import IntegrityError
from ..facts.evidence import Evidence, Result
from ..facts.evidence_line import evidence_of
from ..facts.ledger.line import LineChain
from ..facts.subject import Subjects
from ..recording.claim_resolution import resolve_claim
from ..recording.context import RunContext
from .project import Project

if TYPE_CHECKING:  # slow to import: loaded if a session asks for an evaluation
    from ..verdict.readiness import RequirementReadiness


class SelectedTests(Struct, frozen=True):
    """The selection of a session; the same in each xdist worker."""

    patterns: tuple[str, ...] = ()
    """Globs of use cases; empty means any."""
    missing: frozenset[str] | None = None
    """Ids of the requirements that need evidence; None means no such restriction."""

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> SelectedTests:
        """Return the selection from its plain data."""
        missing = plain["missing"]
        return cls(tuple(plain["patterns"]), None if missing is None else frozenset(missing))

    def to_plain(self) -> dict[str, Any]:
        """Return the selection as plain data for an xdist worker."""
        return {"patterns": list(self.patterns), "missing": None if self.missing is None else sorted(self.missing)}

    @property
    def narrows(self) -> bool:
        """Whether the selection leaves out any test."""
        return bool(self.patterns) or self.missing is not None

    def wants(self, tagged: TaggedTest | None, catalogue: Catalogue, context: RunContext) -> bool:
        """Return whether a test is to run: never without a marker, and always with an invalid one."""
        if tagged is None:
            return False
        return bool(tagged.problems) or any(self._asks_for(claim, catalogue, context) for claim in tagged.claims)

    def _asks_for(self, claim: Claim, catalogue: Catalogue, context: RunContext) -> bool:
        name = claim.use_case.lower()
        if self.patterns and not any(fnmatchcase(name, pattern.lower()) for pattern in self.patterns):
            return False
        return self.missing is None or self._is_missing(claim, catalogue, context)

    def _is_missing(self, claim: Claim, catalogue: Catalogue, context: RunContext) -> bool:
        """Return whether a pass of the test here could cover a missing requirement, by the rules for evidence."""
        from ..verdict.coverage import RealPlaces

        expected = _expected_evidence(claim, catalogue, context)
        places = RealPlaces.from_catalogue(catalogue)
        return any(
            needed.item == claim.item and needed.id in (self.missing or ()) and places.could_cover(needed, expected)
            for needed in catalogue.requirements(claim.use_case)
        )


def _expected_evidence(claim: Claim, catalogue: Catalogue, context: RunContext) -> Evidence:
    """Return the evidence of a test's claim if it passes in this context without further scopes."""
    body = {
        "test": "",
        "claims": [resolve_claim(claim, context, catalogue)],
        "result": Result.PASSED.value,
        "started_at": "",
        "finished_at": "",
    }
    (expected,) = evidence_of(LineChain("expected").next("finished", body), catalogue.register)
    return expected


def missing_only(project: Project, patterns: tuple[str, ...], release: str | None, subjects: Subjects) -> SelectedTests:
    """Return the selection of requirements that are not complete, or will soon be stale.

    Raises:
        ConfigError: a pattern matches no use case.
        StorageError, IntegrityError: the store cannot be read or is not intact, so that missing evidence is unknown.
    """
    from .evaluate_project import EvaluationRequest, evaluate_project

    if project.catalogue.open_world:
        return SelectedTests(patterns or ("*",))  # without declared environments nothing is ever complete
    report = evaluate_project(project, EvaluationRequest(patterns, release=release, stated=subjects, to_sign=False))
    if report.context.problems:
        raise IntegrityError(f"missing evidence cannot be determined: {report.context.problems[0]}")
    requirements = (requirement for use_case in report.readiness.use_cases for requirement in use_case.requirements)
    return SelectedTests(
        patterns, frozenset(requirement.requirement.id for requirement in requirements if _is_needed(requirement))
    )


def _is_needed(requirement: RequirementReadiness) -> bool:
    from ..verdict.readiness import State

    if requirement.state is State.NOT_APPLICABLE:
        return False
    return requirement.state is not State.COMPLETE or requirement.expires_soon
