"""View of missing and unproven evidence, summed up by item and by how it is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..verdict.actions import OR_ACKNOWLEDGE
from ..verdict.cells import ALL_EXPECTED, CellProgress, missing_cell, skip_note
from ..verdict.readiness import Action, ItemReadiness, RequirementReadiness, State, UseCaseReadiness
from . import text_format
from .line_writer import Line, LineWriter

NO_TEST, NOT_COUNTED, NOT_RUN, SKIPPED, XFAIL, REHEARSED, UNPROVEN = KINDS = (
    "no test",
    "uncounted",
    "not run",
    "skipped",
    "skipped (expected to fail)",
    "rehearsed",
    "unproven",
)
"""Ways in which evidence is missing, in the order in which they are listed."""
_OF_CELL = {CellProgress.SKIPPED: SKIPPED, CellProgress.NOT_RUN: NOT_RUN, State.MISSING: NOT_COUNTED}
_MOST = 10
"""Lines of a report for them; the others are counted."""
_WORDS = {XFAIL: SKIPPED}
"""What leads a line, if it is not the kind itself."""
_WIDTH = max(len(_WORDS.get(kind, kind)) for kind in KINDS)


def missing_kind(requirement: RequirementReadiness, accepted: Iterable[str]) -> str | None:
    """Return how the evidence of a requirement is missing; None: it is not, or it is worse than missing."""
    state = requirement.state
    if state is State.MISSING:
        if not requirement.evidence:
            return NO_TEST
        kind = _OF_CELL[missing_cell((requirement,))]
        return XFAIL if kind == SKIPPED and skip_note((requirement,)) == ALL_EXPECTED else kind
    if state is State.REHEARSED:
        return REHEARSED
    return UNPROVEN if state is State.ASSERTED and requirement.requirement.id not in accepted else None


def missing_by_item(use_cases: Iterable[UseCaseReadiness]) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Yield kind, items and use cases: the items whose evidence the same use cases lack in the same way.

    What has a test that ran in another place was not run in its own, unless the test is only for the other one. An
    item is given by its key; by key and scope, such as ``2/production``, if only a part of it is lacking.
    """
    by_kind: dict[str, dict[str, list[str]]] = {kind: {} for kind in KINDS}
    for use_case in use_cases:
        name, accepted = use_case.use_case.id, use_case.accepted
        for item in use_case.items:
            if item.state is not State.COMPLETE:
                for kind, key in _of_item(name, item, accepted):
                    by_kind[kind].setdefault(key, []).append(name)
    for kind, by_item in by_kind.items():
        by_names: dict[tuple[str, ...], list[str]] = {}
        for key in sorted(by_item, key=text_format.natural_key):
            by_names.setdefault(tuple(by_item[key]), []).append(key)
        for names, keys in by_names.items():
            yield kind, tuple(keys), names


def _of_item(name: str, item: ItemReadiness, accepted: Sequence[str]) -> Iterator[tuple[str, str]]:
    kinds = [
        NOT_RUN if kind == NO_TEST and _has_test_elsewhere(requirement, item) else kind
        for requirement in item.requirements
        for kind in (missing_kind(requirement, accepted),)
    ]
    if kinds.count(kinds[0]) == len(kinds):
        if kinds[0] is not None:
            yield kinds[0], item.item.key
        return
    for requirement, kind in zip(item.requirements, kinds, strict=True):
        if kind is not None:
            yield kind, requirement.requirement.id.removeprefix(f"{name}/")


def _has_test_elsewhere(lacking: RequirementReadiness, item: ItemReadiness) -> bool:
    """Return whether a test that ran for another scope of the item is claimed for this one as well."""
    scope = lacking.requirement
    return any(
        piece.claim_environment in (None, scope.environment)
        and piece.claim_provider_mode in (None, scope.provider_mode)
        for requirement in item.requirements
        if requirement.requirement.part == scope.part
        for piece in requirement.evidence
    )


def write_missing(
    use_cases: Iterable[UseCaseReadiness], actions: Iterable[Action], writer: LineWriter, *, verbosity: int = 0
) -> list[Line]:
    """Return lines on the evidence that is missing or unproven, under a title; none if nothing is."""
    groups = list(missing_by_item(use_cases))
    if not groups:
        return []
    lines = [writer.line(), writer.line(("missing evidence", "strong"))]
    shown = groups if verbosity > 0 else groups[:_MOST]
    for kind, keys, names in shown:
        many = f" ({len(names)} use cases)" if len(names) > 1 else ""
        expected = f" ({ALL_EXPECTED})" if kind == XFAIL else ""
        text = f"{text_format.item_list(keys)} of {text_format.name_list(names)}{many}{expected}"
        lead = _WORDS.get(kind, kind).ljust(_WIDTH) + "  "
        lines += writer.paragraph(text, lead=(lead, ""), indent=2, most=2)
    if len(groups) > len(shown):
        more = text_format.count(len(groups) - len(shown), "more line")
        lines.append(writer.line("  ", (f"{more}: -v shows all", "dim")))
    if groups[-1][0] == UNPROVEN:
        lines += writer.paragraph(_way_out(actions), indent=4 + _WIDTH, style="dim")
    return lines


def _way_out(actions: Iterable[Action]) -> str:
    texts = [action.text for action in actions if action.action == "prove"]
    acknowledge = OR_ACKNOWLEDGE if texts and all(text.endswith(OR_ACKNOWLEDGE) for text in texts) else ""
    return f"unproven: record the proof in the test and run it{acknowledge}"
