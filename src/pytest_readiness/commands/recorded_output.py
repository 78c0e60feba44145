"""What was recorded, as a person reads it: each piece, or of very many those that failed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import click

from ..errors import count
from ..external.record import RecordedEvidence, RecordResult
from ..facts.evidence import BADNESS, Result
from ..views.sanitise import sanitise

_MANY = 100
"""Pieces that are told one by one; of more the passes and the skips are counted."""
_COUNTED = (Result.PASSED, Result.SKIPPED)
_FLAKY = "FLAKY"
_ORDER = [result.value for result in sorted(Result, key=BADNESS.__getitem__)]
_ORDER.insert(_ORDER.index(Result.PASSED.value) + 1, _FLAKY)
_NAMED = 5
"""Items that are named in one line."""
_OF_PYTEST = "--readiness-environment, READINESS_ENVIRONMENT or scope()"
_OURS = "--environment or READINESS_ENVIRONMENT"


def print_recorded(recorded: RecordResult) -> None:
    """Print what was recorded, what went wrong in keeping it, and as which run."""
    for note in recorded.notes:
        click.echo(f"readiness: {sanitise(note)}", err=True)
    reasons = {piece.not_real_because for piece in recorded.pieces}
    shared = reasons.pop() if len(recorded.pieces) > 1 and len(reasons) == 1 else None
    if shared:
        click.echo(f"readiness: {sanitise(f'all of it is a rehearsal: {_reason(shared)}')}", err=True)
    for line in _uncounted(recorded.pieces):
        click.echo(f"readiness: {sanitise(line)}", err=True)
    for line in _lines(recorded.pieces, shared):
        click.echo(sanitise(line))
    for problem in recorded.problems:
        click.echo(f"readiness: {sanitise(problem)}", err=True)
    if recorded.run_id is not None:
        click.echo(f"{count(len(recorded.pieces), 'piece')} of evidence recorded as run {recorded.run_id}")


def _uncounted(pieces: Sequence[RecordedEvidence]) -> Iterator[str]:
    """Yield which passes satisfy nothing, and why: a line for each reason."""
    found: defaultdict[str, list[RecordedEvidence]] = defaultdict(list)
    for piece in pieces:
        if piece.uncounted:
            found[piece.uncounted].append(piece)
    for reason, some in found.items():
        names = list(dict.fromkeys(f"{piece.use_case}/{piece.item}" for piece in some))
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        satisfy = "satisfies" if len(some) == 1 else "satisfy"
        yield f"{count(len(some), 'pass', 'passes')} for {', '.join(names[:_NAMED])}{more} {satisfy} nothing: {reason}"


def _reason(text: str) -> str:
    """Return why something is a rehearsal, with the option that this command has."""
    return text.replace(_OF_PYTEST, _OURS)


def _lines(pieces: Sequence[RecordedEvidence], shared: str | None) -> Iterator[str]:
    are_many = len(pieces) > _MANY
    results: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for piece in pieces:
        name = f"{piece.use_case}/{piece.item}"
        results[name][result_word(piece.result, is_flaky=piece.is_flaky)] += 1
        if not are_many or piece.result not in _COUNTED or piece.is_flaky:
            yield f"{name} {piece.result.value} by {piece.test_id}{_remarks(piece, shared)}"
    for name, some in results.items() if are_many else ():
        yield f"{name} {count_results(some)}"


def result_word(result: Result, *, is_flaky: bool) -> str:
    """Return the word for a result: a pass after an attempt that did not pass is FLAKY."""
    return _FLAKY if is_flaky and result is Result.PASSED else result.value


def count_results(results: Mapping[str, int]) -> str:
    """Return how many there are of each word, the best first."""
    return ", ".join(f"{results[word]:,} {word}" for word in sorted(results, key=_ORDER.index))


def _remarks(piece: RecordedEvidence, shared: str | None) -> str:
    remarks = [f"{_FLAKY}: an attempt before it did not pass"] if piece.is_flaky else []
    if piece.not_real_because:
        remarks.append("a rehearsal" if shared else f"a rehearsal: {_reason(piece.not_real_because)}")
    return f" ({'; '.join(remarks)})" if remarks else ""
