"""Plan of a session that runs no test: tests of each requirement, invalid markers, idle rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..claims.collection import TaggedTest
from ..recording.provenance.invocation import is_about_files
from ..views.line_writer import Line
from ..views.plan import Plan, PlanRow, UnmatchedRule, render_csv, render_json, render_plan
from .output_files import write_report
from .project import select_use_cases
from .selection import SelectedTests
from .session import PreparedSession
from .session_options import SessionOptions
from .session_summary import prints_unicode

if TYPE_CHECKING:  # loaded for a config with rules
    from ..claims.claim_rules import ClaimRules

_RENDERERS: Mapping[str, Callable[[Plan], Iterator[str]]] = MappingProxyType({"json": render_json, "csv": render_csv})
_MAX_HINTS = 20
"""Number of rules for which a similar test is searched."""


def plan_lines(
    tagged: Sequence[TaggedTest],
    collected: Sequence[Any],
    prepared: PreparedSession,
    options: SessionOptions,
    *,
    width: int,
) -> list[Line]:
    """Return the plan as lines, and write it to the requested files.

    ``collected``: all collected tests of pytest, selected or not. A session about single files says nothing about rules
    for others.

    Raises:
        ConfigError, StorageError: a file cannot be written.
    """
    is_partial = any(is_about_files(item.config.option) for item in collected[:1])
    plan = _plan(tagged, collected, prepared, options, is_partial=is_partial)
    for name, path in options.report_files.items():
        write_report(Path(path), _RENDERERS[name](plan))
    return render_plan(plan, width, unicode=prints_unicode())


def _plan(
    tagged: Sequence[TaggedTest],
    collected: Sequence[Any],
    prepared: PreparedSession,
    options: SessionOptions,
    *,
    is_partial: bool,
) -> Plan:
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
    use_cases = frozenset(chosen if chosen is not None else project.catalogue.use_cases)
    for name in chosen if chosen is not None else project.catalogue.use_cases:
        for requirement in project.catalogue.requirements(name):
            if requirement.not_applicable is None and _is_selected(requirement.id, prepared.selection):
                test_ids = [
                    test
                    for test, claim in tests.get((requirement.use_case, requirement.item), ())
                    if _may_cover(claim, requirement)
                ]
                rows.append(_row(requirement, tuple(dict.fromkeys(test_ids))))
    problems = {test_id_of(test): "; ".join(test.problems) for test in tagged if test.selected and test.problems}
    titles = {key: item.title for key, item in project.catalogue.items.items()}
    rules = prepared.observer.rules if prepared.observer is not None and not is_partial else None
    names = prepared.report_writer.names
    unmatched = _unmatched(rules, lambda: [names.redactor.name(names.written_name(item)) for item in collected])
    unread = sum(bool(test.problems) and test.selected and not test.claims for test in tagged)
    unneeded = {} if prepared.selection.missing is not None else dict(_unneeded(tests, rows, use_cases))
    return Plan(tuple(rows), titles, problems, tuple(unmatched), unread, unneeded)


def _unneeded(
    tests: Mapping[tuple[str, str], Sequence[tuple[str, Any]]], rows: Sequence[PlanRow], use_cases: Collection[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each claimed use case and item with the tests whose claim no requirement needs."""
    needed = {(row.use_case, row.item, test) for row in rows for test in row.tests}
    for (use_case, item), claims in tests.items():
        names = tuple(dict.fromkeys(test for test, _ in claims if (use_case, item, test) not in needed))
        if names and use_case in use_cases:
            yield f"{use_case}/{item}", names


def _row(requirement: Any, tests: tuple[str, ...]) -> PlanRow:
    return PlanRow(
        requirement.id,
        requirement.use_case,
        requirement.item,
        tests,
        requirement.environment,
        requirement.provider_mode,
        requirement.part,
    )


def _unmatched(rules: ClaimRules | None, names: Callable[[], Sequence[str]]) -> Iterator[UnmatchedRule]:
    """Yield the rules that match no collected test, selected or not."""
    idle = [rule for rule, count in zip(rules.rules, rules.counts, strict=True) if not count] if rules else []
    if not idle:
        return
    from ..claims.claim_rules import near_miss

    collected = names()
    for number, rule in enumerate(idle):
        hint = near_miss(rule, collected) if number < _MAX_HINTS else ""
        yield UnmatchedRule(rule.key, rule.where, hint)


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
