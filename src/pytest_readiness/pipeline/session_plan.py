"""The plan of a session that runs nothing: who would show what, what nobody shows, and which marks are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..claims.collection import TaggedTest
from ..views.line_writer import Line
from ..views.plan import PlanRow, render_plan
from .project import select_use_cases
from .selection import SelectedTests
from .session import PreparedSession, SessionOptions, prints_unicode


def plan_lines(
    tagged: Sequence[TaggedTest], prepared: PreparedSession, options: SessionOptions, *, width: int
) -> list[Line]:
    """Return the plan: requirement by requirement the tests that claim it, and what nobody claims."""
    place, called = prepared.project, prepared.report_writer.names.name_of_test
    sound = (
        (test, claim) for test in tagged if test.selected for claim in test.claims if claim not in test.guessed_claims
    )
    claims = [(called(test), claim) for test, claim in sound]
    chosen = select_use_cases(place.catalogue, options.patterns)
    if place.catalogue.open_world and chosen is None:
        chosen = tuple(sorted({claim.use_case for _, claim in claims}))
    tests: dict[tuple[str, str], list[tuple[str, Any]]] = {}
    for test_id, claim in claims:
        tests.setdefault((claim.use_case, claim.item), []).append((test_id, claim))
    rows = []
    for name in chosen if chosen is not None else place.catalogue.use_cases:
        for needed in place.catalogue.requirements(name):
            if needed.not_applicable is None and _is_asked(needed.id, prepared.selection):
                found = [test for test, claim in tests.get((needed.use_case, needed.item), ()) if _may(claim, needed)]
                title = place.catalogue.item(needed.item).title
                rows.append(PlanRow(needed.id, title, tuple(dict.fromkeys(found))))
    wrong = {called(test): "; ".join(test.problems) for test in tagged if test.selected and test.problems}
    return render_plan(rows, width, wrong=wrong, unicode=prints_unicode())


def _is_asked(requirement: str, selection: SelectedTests) -> bool:
    return selection.missing is None or requirement in selection.missing


def _may(claim: Any, needed: Any) -> bool:
    """A claim without a scope may cover any."""
    pairs = (
        (claim.environment, needed.environment),
        (claim.provider_mode, needed.provider_mode),
        (claim.part, needed.part),
    )
    return all(said is None or asked is None or said == asked for said, asked in pairs)
