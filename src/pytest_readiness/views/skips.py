"""View of the skipped tests of a requirement, which the evidence that decides does not show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ..facts.evidence import Evidence
from ..verdict.cells import SKIPPED
from ..verdict.explanations import execution_message
from ..verdict.readiness import RequirementReadiness, UseCaseReadiness
from .text_format import count, requirement_groups

SKIPPED_SINCE = "skipped since: "
"""What stands before a sentence on a test that decides and was skipped ever since."""
_MOST_NAMED = 3


def skips_since(readiness: RequirementReadiness) -> list[str]:
    """Return which tests that decide were skipped ever since, a few of them, and the number of the others."""
    skips = readiness.skipped_since
    texts = [execution_message(skip) for skip in skips[:_MOST_NAMED]]
    if more := len(skips) - len(texts):
        texts[-1] += f" (and {count(more, 'more test')})"
    return texts


def all_skips_since(use_cases: Iterable[UseCaseReadiness]) -> list[str]:
    """Return which tests that decide were skipped ever since, with their requirements: those of a test share a text."""
    by_text: dict[str, list[tuple[str, str]]] = {}
    for use_case in use_cases:
        for requirement in use_case.required:
            for text in skips_since(requirement):
                by_text.setdefault(text, []).append((use_case.use_case.id, requirement.requirement.id))
    return [
        f"{', '.join(subject for subject, _ in requirement_groups(requirements))}: {text}"
        for text, requirements in by_text.items()
    ]


def skipped_text(readiness: RequirementReadiness, shown: Sequence[Evidence], retired: Collection[str]) -> str:
    """Return which tests of a requirement were skipped, or expected to fail, besides the shown ones; empty: none.

    A rehearsal of a shown test says nothing more, and of one that is shown as skipped nothing does.
    """
    ids, tests = {evidence.id for evidence in shown}, {evidence.test_id for evidence in shown}
    shown_skips = {evidence.test_id for evidence in shown if evidence.result in SKIPPED}
    skipped = [
        evidence
        for evidence in readiness.evidence
        if evidence.result in SKIPPED
        and evidence.id not in ids
        and evidence.test_id not in retired
        and evidence.test_id not in (shown_skips if evidence.real else tests)
    ]
    if not skipped:
        return ""
    others = len({evidence.test_id for evidence in skipped} - {skipped[0].test_id})
    more = f" (and {count(others, 'more test')})" if others else ""
    return f"{execution_message(skipped[0])}{more}"
