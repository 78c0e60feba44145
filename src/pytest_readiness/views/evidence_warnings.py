"""What is odd about evidence that counts: warnings that came with it, told beside the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..verdict.readiness import RequirementReadiness
from .text_format import count

_MOST = 3
"""Warnings that a report tells one by one, and requirements that are named for each."""


def warnings(requirements: Iterable[RequirementReadiness]) -> Iterator[str]:
    """Yield each warning about the evidence that decides on requirements, once, with those that rest on it."""
    found: dict[str, dict[str, None]] = {}
    for needed in requirements:
        for evidence in needed.deciding:
            for text in evidence.warnings:
                found.setdefault(text, {})[needed.requirement.id] = None
    for text, ids in found.items():
        names = ", ".join(list(ids)[:_MOST]) + (f" and {len(ids) - _MOST} more" if len(ids) > _MOST else "")
        yield f"{names}: {text}"


def warning_notes(requirements: Iterable[RequirementReadiness]) -> Iterator[str]:
    """Yield the warnings for a report: the first few, and how many more there are."""
    told = list(warnings(requirements))
    yield from told[:_MOST]
    if (left := len(told) - _MOST) > 0:
        yield f"{count(left, 'more warning')} about evidence: readiness why tells those of a use case"
