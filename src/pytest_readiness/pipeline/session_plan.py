"""Plan of a session that runs no test: tests of each requirement, missing tests, invalid markers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..claims.collection import TaggedTest
from ..views.line_writer import Line
from ..views.plan import PlanRow, render_plan
from .project import select_use_cases
from .selection import SelectedTests
from .session import PreparedSession
from .session_options import SessionOptions
from .session_summary import prints_unicode


def plan_lines(
    tagged: Sequence[TaggedTest], prepared: PreparedSession, options: SessionOptions, *, width: int
) -> list[Line]:
    """Return the plan as lines: each requirement with the tests that claim it."""
    project, test_id_of = prepared.project, prepared.report_writer.names.name_of_test
    valid_claims = (
        (test, claim) for test in tagged if test.selected for claim in test.claims if claim not in test.guessed_claims
    )
    claims = [(test_id_of(test), claim) for test, claim in valid_claims]
    chosen = select_use_cases(project.catalogue, options.patterns)
    if project.catalogue.open_world and chosen is None:
        chosen = tuple(sorted({claim.use_case for _, claim in claims}))
    tests: dict[tuple[str, str], list[tuple[str, Any]]] = {}
    for test_id, claim in claims:
        tests.setdefault((claim.use_case, claim.item), []).append((test_id, claim))
    rows = []
    for name in chosen if chosen is not None else project.catalogue.use_cases:
        for requirement in project.catalogue.requirements(name):
            if requirement.not_applicable is None and _is_selected(requirement.id, prepared.selection):
                test_ids = [
                    test
                    for test, claim in tests.get((requirement.use_case, requirement.item), ())
                    if _may_cover(claim, requirement)
                ]
                title = project.catalogue.item(requirement.item).title
                rows.append(PlanRow(requirement.id, title, tuple(dict.fromkeys(test_ids))))
    problems = {test_id_of(test): "; ".join(test.problems) for test in tagged if test.selected and test.problems}
    return render_plan(rows, width, wrong=problems, unicode=prints_unicode())


def _is_selected(requirement: str, selection: SelectedTests) -> bool:
    return selection.missing is None or requirement in selection.missing


def _may_cover(claim: Any, requirement: Any) -> bool:
    """Return whether a claim may cover a requirement. A claim without a scope may cover any."""
    pairs = (
        (claim.environment, requirement.environment),
        (claim.provider_mode, requirement.provider_mode),
        (claim.part, requirement.part),
    )
    return all(claimed is None or required is None or claimed == required for claimed, required in pairs)
