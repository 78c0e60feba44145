"""Refusal to answer from a store that is not intact."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ..errors import IntegrityError
from ..facts.run_group import GroupPart
from ..store.integrity.chain import check_run
from ..store.protocol import Store
from ..verdict.run_groups import generations
from ..verdict.run_version import RunVersion


def refuse_damage(problems: Sequence[str]) -> None:
    """Raise an error with the first problem, and the number of others.

    Raises:
        IntegrityError: there is a problem.
    """
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise IntegrityError(f"{problems[0]}{more}; 'readiness verify' names all problems")


def refuse_changed_parts(
    store: Store, parts: Iterable[GroupPart], version: RunVersion, retired: Collection[str]
) -> None:
    """Raise an error if a part of an incomplete run group is not as it was recorded, and is set aside for its version.

    Args:
        store: the store.
        parts: the parts of all groups.
        version: what is judged.
        retired: ids of retired runs, which may be damaged.

    Raises:
        StorageError: the store cannot be read.
        IntegrityError: a part was changed, such as its release or its digests.
    """
    incomplete = (
        generation
        for group in generations(parts, retired).values()
        for generation in group
        if not generation.surely_complete and not version.concerns(generation.parts)
    )
    for part in (part for generation in incomplete for part in generation.parts if part.run_id not in retired):
        run = store.run(part.run_id)
        if run is not None:
            refuse_damage([str(problem) for problem in check_run(run)])
