"""Output of ``readiness record``: each piece of evidence, or counts if there are very many."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import click

from ..errors import count, first_names
from ..external.record import RecordedEvidence, RecordResult
from ..facts.evidence import BADNESS, Result
from ..views.sanitise import sanitise

_MANY = 100
"""Maximum pieces to list one by one. If there are more, passes and skips are only counted."""
_COUNTED_RESULTS = (Result.PASSED, Result.SKIPPED)
_FLAKY = "FLAKY"
_ORDER = [result.value for result in sorted(Result, key=BADNESS.__getitem__)]
_ORDER.insert(_ORDER.index(Result.PASSED.value) + 1, _FLAKY)
_NAMED = 5
"""Maximum items to name in one line."""
_PYTEST_OPTIONS = "--readiness-environment, READINESS_ENVIRONMENT or scope()"
_RECORD_OPTIONS = "--environment or READINESS_ENVIRONMENT"


def print_recorded(recorded: RecordResult) -> None:
    """Print what was recorded, the problems of storing it, and the id of the run."""
    for note in recorded.notes:
        click.echo(f"readiness: {sanitise(note)}", err=True)
    reasons = {piece.not_real_because for piece in recorded.pieces}
    shared = reasons.pop() if len(recorded.pieces) > 1 and len(reasons) == 1 else None
    if shared:
        click.echo(f"readiness: {sanitise(f'all of it is a rehearsal: {_reason(shared)}')}", err=True)
    for line in _uncounted_passes(recorded.pieces):
        click.echo(f"readiness: {sanitise(line)}", err=True)
    for line in _lines(recorded.pieces, shared):
        click.echo(sanitise(line))
    for problem in recorded.problems:
        click.echo(f"readiness: {sanitise(problem)}", err=True)
    if recorded.run_id is not None:
        click.echo(f"{count(len(recorded.pieces), 'piece')} of evidence recorded as run {recorded.run_id}")


def _uncounted_passes(pieces: Sequence[RecordedEvidence]) -> Iterator[str]:
    """Yield a line for each reason why passes do not count, with their items."""
    by_reason: defaultdict[str, list[RecordedEvidence]] = defaultdict(list)
    for piece in pieces:
        if piece.uncounted:
            by_reason[piece.uncounted].append(piece)
    for reason, passes in by_reason.items():
        names = list(dict.fromkeys(f"{piece.use_case}/{piece.item}" for piece in passes))
        do = "does" if len(passes) == 1 else "do"
        yield f"{count(len(passes), 'pass', 'passes')} for {first_names(names, _NAMED)} {do} not count: {reason}"


def _reason(text: str) -> str:
    """Return the reason of a rehearsal, with the options of this command."""
    return text.replace(_PYTEST_OPTIONS, _RECORD_OPTIONS)


def _lines(pieces: Sequence[RecordedEvidence], shared: str | None) -> Iterator[str]:
    are_many = len(pieces) > _MANY
    results: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for piece in pieces:
        name = f"{piece.use_case}/{piece.item}"
        results[name][result_word(piece.result, is_flaky=piece.is_flaky)] += 1
        if not are_many or piece.result not in _COUNTED_RESULTS or piece.is_flaky:
            yield f"{name} {piece.result.value} by {piece.test_id}{_remarks(piece, shared)}"
    for name, counts in results.items() if are_many else ():
        yield f"{name} {count_results(counts)}"


def result_word(result: Result, *, is_flaky: bool) -> str:
    """Return the name of a result: FLAKY for a pass after an attempt that did not pass."""
    return _FLAKY if is_flaky and result is Result.PASSED else result.value


def count_results(results: Mapping[str, int]) -> str:
    """Return the number of each result, best first."""
    return ", ".join(f"{results[word]:,} {word}" for word in sorted(results, key=_ORDER.index))


def _remarks(piece: RecordedEvidence, shared: str | None) -> str:
    remarks = [f"{_FLAKY}: an earlier attempt did not pass"] if piece.is_flaky else []
    if piece.not_real_because:
        remarks.append("a rehearsal" if shared else f"a rehearsal: {_reason(piece.not_real_because)}")
    return f" ({'; '.join(remarks)})" if remarks else ""
