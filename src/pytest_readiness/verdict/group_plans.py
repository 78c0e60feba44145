"""Plans of run groups: those that decide what an incomplete generation holds, and so have to be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from msgspec.structs import replace

from ..facts.run_group import GroupPart, RunPlan
from .run_groups import Generation, generations, is_expired
from .run_version import RunVersion


def with_plans(
    parts: Iterable[GroupPart],
    read: Callable[[str], RunPlan],
    now: str,
    days: int | None,
    maybe_retired: Collection[str] = (),
    version: RunVersion | None = None,
) -> tuple[GroupPart, ...]:
    """Return the parts, with their plans if these decide what is held.

    Plans are not read for a group whose newest generation is surely complete or expired, unless an incomplete one
    before it may be about what is judged.

    Args:
        parts: of all groups.
        read: returns the plan of a run.
        now: the moment being judged.
        days: age in days after which a generation holds nothing; None: no limit.
        maybe_retired: ids of runs that a reviewer may have retired.
        version: what is judged; None: any.
    """
    retired = frozenset(maybe_retired)
    result: list[GroupPart] = []
    for group in generations(parts).values():
        newest, concerned = group[-1], _maybe_held(group, version, retired)
        is_newest_alone = len(group) == 1 or group[-2].began < newest.began
        sure = is_newest_alone and _is_surely_complete(newest, retired) and not concerned
        if sure or is_expired(newest.began, now, days):
            result += (part for generation in group for part in generation.parts)
            continue
        last = ""
        for generation in reversed(group):
            if generation.began < last:
                result += generation.parts
                continue
            planned = tuple(part if part.plan else replace(part, plan=read(part.run_id)) for part in generation.parts)
            result += planned
            lets_go = not concerned or generation.began < concerned or (version is not None and version.shows(planned))
            last = last or (generation.began if lets_go and Generation(planned, retired).complete else "")
    return tuple(result)


def _maybe_held(group: Sequence[Generation], version: RunVersion | None, retired: frozenset[str]) -> str:
    """Return when the first generation about what is judged began that may be incomplete; empty: there is none.

    Those before a surely complete one that shows what is judged are let go.
    """
    if version is None:
        return ""
    complete = [generation for generation in group if _is_surely_complete(generation, retired)]
    last = max((generation.began for generation in complete if version.shows(generation.parts)), default="")
    return next(
        (
            generation.began
            for generation in group
            if generation.began >= last and generation not in complete and version.concerns(generation.parts)
        ),
        "",
    )


def _is_surely_complete(generation: Generation, retired: frozenset[str]) -> bool:
    return generation.surely_complete and retired.isdisjoint(part.run_id for part in generation.parts)
