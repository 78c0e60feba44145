"""Warnings about evidence that counts, which a report shows beside the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..errors import first_names
from ..verdict.readiness import RequirementReadiness
from .text_format import count

_MOST = 3
"""Maximum warnings that a report shows, and requirements that it names for each."""


def warnings(requirements: Iterable[RequirementReadiness]) -> Iterator[str]:
    """Yield each warning about the evidence that decides on requirements, with the requirements concerned."""
    ids_by_warning: dict[str, dict[str, None]] = {}
    for requirement in requirements:
        for evidence in requirement.deciding:
            for text in evidence.warnings:
                ids_by_warning.setdefault(text, {})[requirement.requirement.id] = None
    for text, ids in ids_by_warning.items():
        yield f"{first_names(list(ids), _MOST)}: {text}"


def warning_notes(requirements: Iterable[RequirementReadiness]) -> Iterator[str]:
    """Yield the first warnings, and the number of further ones."""
    every = list(warnings(requirements))
    yield from every[:_MOST]
    if (more := len(every) - _MOST) > 0:
        yield f"{count(more, 'more warning')} about evidence: `readiness why` shows those of a use case"
