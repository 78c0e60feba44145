"""Use cases that left the register: names without a row, and notes on them and on other registers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from ..claims.catalogue import Catalogue
from ..errors import one_line
from ..facts.evidence import Evidence
from ..store.protocol import Store
from ..verdict.readiness import RemovedUseCase
from ..views.text_format import count
from .load_inputs import FactSources


def names_without_row(sources: FactSources, catalogue: Catalogue, patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the names with evidence or decisions that match a pattern and have no row.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    if not patterns or catalogue.open_world:
        return ()
    names = {piece.uc for run in sources.journal_runs.values() for piece in run.evidence()}
    names |= {
        name for decision in sources.register_decisions.decisions if (name := getattr(decision, "use_case", None))
    }
    names |= set(sources.store.use_cases(sources.register)) if sources.store is not None else set()
    folded = [pattern.lower() for pattern in patterns]
    removed = names - catalogue.use_cases.keys()
    return tuple(sorted(name for name in removed if any(fnmatchcase(name.lower(), pattern) for pattern in folded)))


def resolve_removed(
    removed_use_cases: Iterable[RemovedUseCase],
    sources: FactSources,
    folder: Path,
    evidence: Sequence[Evidence],
    at: str,
    *,
    now: bool,
) -> tuple[RemovedUseCase, ...]:
    """Return the use cases that had a row, each marked if only other commits had it.

    Args:
        removed_use_cases: use cases without a row.
        sources: the sources of the facts.
        folder: a folder of the git repository.
        evidence: the evidence of the evaluation.
        at: the evaluated moment.
        now: whether it is now.

    Raises:
        StorageError, IntegrityError: the store or a snapshot cannot be read.
    """
    from .register_history import RegisterHistory  # late: seldom has a use case left the register, and it asks git

    return tuple(RegisterHistory(sources, folder, evidence, at, now=now).resolve_removed(removed_use_cases))


_MAX_REGISTERS = 3
"""Number of other registers that are named."""


def other_registers(store: Store | None, register: str) -> Iterator[str]:
    """Yield a note if the store has other registers: the records of a renamed register belong to its old name.

    Raises:
        StorageError: the store cannot be read.
    """
    others = store.other_registers(register) if store is not None else {}
    if not others:
        return
    texts = [
        f"'{one_line(name, 60)}' ({count(runs, 'run')}, {count(decisions, 'decision')})"
        for name, (runs, decisions) in list(others.items())[:_MAX_REGISTERS]
    ]
    more = f" and {len(others) - _MAX_REGISTERS} more" if len(others) > _MAX_REGISTERS else ""
    nouns, do = ("register", "does") if len(others) == 1 else ("registers", "do")
    yield (
        f"the store also has the {nouns} {', '.join(texts)}{more}, which {do} not count here, blockers and failures"
        f' included: if this register was renamed, restore its old name (register = "..." in the config)'
    )


def removed_notes(removed_use_cases: Iterable[RemovedUseCase]) -> Iterator[str]:
    """Yield a note for each use case that only other commits have."""
    for removed in removed_use_cases:
        if removed.in_other_commits:
            origin = f"of commits that this one does not contain, {removed.sentence}"
            yield f"{origin}: it has no row here, and keeps no gate closed"
