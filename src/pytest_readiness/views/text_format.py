"""Text formatting: ranges, lists, numbers of things, and identity levels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from ..errors import count
from ..facts.decision import IdentityLevel
from ..verdict.counts import BlockReason, block_reasons
from ..verdict.natural_order import natural_key
from ..verdict.readiness import Phase, Status, UseCaseReadiness
from ..verdict.status import is_reviewed

__all__ = [
    "RANGE",
    "commit_text",
    "count",
    "done_text",
    "identity",
    "is_successor",
    "item_list",
    "name_groups",
    "name_list",
    "name_range",
    "natural_key",
    "phase_text",
    "seconds_text",
]

_NUMBERED = re.compile(r"(.*?)([0-9]{1,18})", re.DOTALL)
RANGE = 3
"""Minimum names in a range; fewer are listed one by one."""


def is_successor(name: str, before: str) -> bool:
    """Return whether ``name`` is numbered directly after ``before``, as UC-005 is after UC-004."""
    old, new = _NUMBERED.fullmatch(before), _NUMBERED.fullmatch(name)
    if old is None or new is None or old[1] != new[1]:
        return False
    return int(new[2]) == int(old[2]) + 1 and new[2] == str(int(new[2])).zfill(len(old[2]))


def name_groups(
    names: Iterable[str], are_alike: Callable[[str, str], bool] = lambda _name, _before: True
) -> list[list[str]]:
    """Return names in groups: several that are alike and each numbered directly after the one before, else one.

    Fewer than ``RANGE`` names are no group.

    Args:
        names: the names, which are unique.
        are_alike: whether a name may share a group with the one before; by default, it always may.
    """
    runs: list[list[str]] = []
    for name in names:
        if runs and is_successor(name, runs[-1][-1]) and are_alike(name, runs[-1][-1]):
            runs[-1].append(name)
        else:
            runs.append([name])
    return [group for run in runs for group in ([run] if len(run) >= RANGE else [[name] for name in run])]


def name_range(names: Sequence[str]) -> str:
    """Return ``UC-001 to UC-032`` for consecutive names, or the only name."""
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def name_list(names: Sequence[str], most: int = 6) -> str:
    """Return ``UC-001 to UC-030, UC-032``, with the number of omitted names after ``most`` parts.

    Three or more consecutive names are a range.
    """
    groups = name_groups(names)
    shown = groups[:most]
    more = sum(len(group) for group in groups[most:])
    text = ", ".join(name_range(group) for group in shown)
    return f"{text} and {more} more" if more else text


def item_list(keys: Sequence[str]) -> str:
    """Return ``item 4``, ``items 1 to 7`` or ``items 1, 4 to 7``."""
    texts = ", ".join(name_range(group) for group in name_groups(keys))
    return f"{'item' if len(keys) == 1 else 'items'} {texts}"


def requirement_groups(requirements: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Return requirements, each a use case and the requirement's id, as few texts, each with the ids that it names.

    Items that the same use cases have share a text, such as ``items 1, 2/staging of UC-001 to UC-020``. A requirement
    on its own is named by its id.
    """
    by_key: dict[str, dict[str, str]] = {}
    for name, id_ in requirements:
        by_key.setdefault(id_.removeprefix(f"{name}/"), {})[name] = id_
    by_names: dict[tuple[str, ...], list[str]] = {}
    for key in sorted(by_key, key=natural_key):
        by_names.setdefault(tuple(sorted(by_key[key], key=natural_key)), []).append(key)
    groups = []
    for names, keys in by_names.items():
        ids = [by_key[key][name] for name in names for key in keys]
        groups.append((ids[0] if len(ids) == 1 else f"{item_list(keys)} of {name_list(names)}", ids))
    return groups


def done_text(use_case: UseCaseReadiness) -> str:
    """Return how many required requirements are done: ``8/9``, or ``8/9 +1w`` with a waived one."""
    waived = f" +{use_case.waived}w" if use_case.waived else ""
    return f"{use_case.done}/{len(use_case.required)}{waived}"


def completion_text(use_case: UseCaseReadiness) -> str:
    """Return ``3 of 8 requirements complete``, with the numbers of accepted and waived ones if there are any."""
    accepted = f", {len(use_case.accepted)} accepted as they are" if use_case.accepted else ""
    waived = f", {use_case.waived} waived" if use_case.waived else ""
    return f"{use_case.complete} of {count(len(use_case.required), 'requirement')} complete{accepted}{waived}"


def phase_text(use_case: UseCaseReadiness) -> str:
    """Return the phase, or why it is BLOCKED: ``failing``, ``blocked: ana``, ``rejected: ben``; empty if neither."""
    if use_case.status is Status.BLOCKED:
        return ", ".join(_block_reason(use_case, reason) for reason in block_reasons(use_case))
    if use_case.phase is Phase.AWAITING_REVIEW and use_case.waived and is_reviewed(use_case.review):
        return f"REVIEWED, {use_case.waived} waived"
    return use_case.phase.value if use_case.phase else ""


def _block_reason(use_case: UseCaseReadiness, reason: BlockReason) -> str:
    if reason is BlockReason.BLOCKER:
        return f"blocked: {', '.join(dict.fromkeys(blocker.decision.by for blocker in use_case.blockers))}"
    return f"rejected: {', '.join(use_case.review.by)}" if reason is BlockReason.REJECTED else reason.value


def seconds_text(milliseconds: int) -> str:
    """Return a time in seconds with three digits after the point."""
    return f"{milliseconds // 1000}.{milliseconds % 1000:03}"


def commit_text(commit: str, dirty: bool | None) -> str:  # noqa: FBT001 - as the run has it
    """Return a commit, and whether the files of the run differed from it."""
    return f"{commit} with uncommitted changes" if dirty else commit


def identity(level: IdentityLevel) -> str:
    """Return ``identity: git``, which says how the identity of a person is known."""
    return f"identity: {'self-declared' if level is IdentityLevel.DECLARED else level.value}"
