"""What was recorded, as a person reads it: each piece, or of very many those that did not pass."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import click

from ..errors import count
from ..facts.evidence import BADNESS, Result
from ..pipeline.outside import Piece, Recorded
from ..views.sanitise import sanitise

_MANY = 100
"""Pieces that are told one by one; of more the passes are counted."""
_OF_PYTEST = "--readiness-environment, READINESS_ENVIRONMENT or scope()"
_OURS = "--environment or READINESS_ENVIRONMENT"


def tell(recorded: Recorded) -> None:
    """Print what was recorded, what went wrong in keeping it, and as which run."""
    for note in recorded.notes:
        click.echo(f"readiness: {sanitise(note)}", err=True)
    reasons = {piece.not_real_because for piece in recorded.pieces}
    shared = reasons.pop() if len(recorded.pieces) > 1 and len(reasons) == 1 else None
    if shared:
        click.echo(f"readiness: {sanitise(f'all of it is a rehearsal: {_reason(shared)}')}", err=True)
    for line in _lines(recorded.pieces, shared):
        click.echo(sanitise(line))
    for problem in recorded.problems:
        click.echo(f"readiness: {sanitise(problem)}", err=True)
    if recorded.run_id is not None:
        click.echo(f"{count(len(recorded.pieces), 'piece')} of evidence recorded as run {recorded.run_id}")


def _reason(text: str) -> str:
    """Return why something is a rehearsal, with the option that this command has."""
    return text.replace(_OF_PYTEST, _OURS)


def _lines(pieces: Sequence[Piece], shared: str | None) -> Iterator[str]:
    are_many = len(pieces) > _MANY
    counted: defaultdict[str, Counter[Result]] = defaultdict(Counter)
    for piece in pieces:
        name = f"{piece.use_case}/{piece.item}"
        counted[name][piece.result] += 1
        if not are_many or piece.result is not Result.PASSED or piece.is_flaky:
            yield f"{name} {piece.result.value} by {piece.test_id}{_remarks(piece, shared)}"
    for name, results in counted.items() if are_many else ():
        told = ", ".join(f"{results[one]:,} {one.value}" for one in sorted(results, key=BADNESS.__getitem__))
        yield f"{name} {told}"


def _remarks(piece: Piece, shared: str | None) -> str:
    remarks = ["FLAKY: an attempt before it did not pass"] if piece.is_flaky else []
    if piece.not_real_because:
        remarks.append("a rehearsal" if shared else f"a rehearsal: {_reason(piece.not_real_because)}")
    return f" ({'; '.join(remarks)})" if remarks else ""
