"""Checks of a run's hash chain: its lines are complete, in order, unchanged and sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ...errors import IntegrityError, Problem
from ...facts.evidence import Artifact
from ...facts.ledger.digest import EMPTY, is_sha256
from ...facts.ledger.line import Line, broken_links, line_digest
from ...facts.run import Run, planned_digest
from ...facts.run_group import GroupPart
from ...facts.timestamps import is_timestamp
from .index import UNREADABLE, IndexedEvidence, evidence_of_line, mistyped_column, run_row


def problem_location(run_id: str, line: int | None = None, *, evidence: int | None = None, column: str = "") -> str:
    """Return the location of a problem, as ``run X, line 3, evidence 1, column y``."""
    parts = (("run", run_id), ("line", line), ("evidence", evidence), ("column", column or None))
    return ", ".join(f"{name} {value}" for name, value in parts if value is not None)


def unbroken_head(texts: Iterable[str]) -> str:
    """Return the digest of the last line if each line names the digest of the line before it; else an empty text.

    The lines are not parsed: only the text with the named digest can be the line before.
    """
    head = EMPTY
    for text in texts:
        if f'"prev":"{head}"' not in text:
            return ""
        head = line_digest(text)
    return "" if head == EMPTY else head


def line_reader(run: Run) -> Callable[[Line], Sequence[IndexedEvidence]]:
    """Return a cached function that reads the evidence of a line. It raises what ``evidence_of_line`` raises."""
    register, cache = run.head.get("register", ""), dict[str, Sequence[IndexedEvidence]]()

    def read(line: Line) -> Sequence[IndexedEvidence]:
        pieces = cache.get(line.text)
        if pieces is None:
            pieces = cache[line.text] = tuple(evidence_of_line(line, register))
        return pieces

    return read


def check_run(run: Run, read: Callable[[Line], Sequence[IndexedEvidence]] | None = None) -> Iterator[Problem]:
    """Yield each reason why a run is not a sealed, unbroken chain of readable lines. Raises nothing.

    ``read``: the result of ``line_reader``, if the caller uses the evidence too.
    """
    read = read or line_reader(run)
    run_id = str(run.lines[0].body.get("run", "?"))
    where = problem_location(run_id)
    yield from (Problem(where, problem) for problem in broken_links(run_id, run.lines))
    for line in run.lines:
        if not line.is_consistent:
            yield Problem(problem_location(run_id, line.seq), "its text or its digest is not canonical")
    yield from _opening_problems(run, run_id)
    yield from _seal_problems(run, run_id)
    count = 0
    for line in run.lines:
        try:
            pieces = read(line)
            problems = _evidence_problems(line, pieces, run_id)
        except UNREADABLE as error:
            yield Problem(problem_location(run_id, line.seq), f"cannot be read as '{line.kind}': {_error_text(error)}")
        else:
            count += len(pieces)
            yield from problems
    if run.seal is not None:
        yield from _summary_problems(run, run_id, count)


def _opening_problems(run: Run, run_id: str) -> Iterator[Problem]:
    for number, line in enumerate(run.lines):
        if (line.kind == "run") is not (number == 0):
            yield Problem(
                problem_location(run_id, line.seq), "the first line of a run must be of kind run, and no other line"
            )
        if not line.kind:
            yield Problem(problem_location(run_id, line.seq), "it has no kind")


def _seal_problems(run: Run, run_id: str) -> Iterator[Problem]:
    for line in run.lines[:-1]:
        if line.kind == "sealed":
            yield Problem(problem_location(run_id, line.seq), "there are lines after the seal")
    seal = run.seal
    if seal is None:
        yield Problem(problem_location(run_id), "it is not sealed: its last lines are missing, or it did not end")
        return
    where, count = problem_location(run_id, seal.seq), len(run.lines) - 1
    if seal.body.get("count") != count:
        yield Problem(where, f"the seal names {seal.body.get('count')} lines, and there are {count}")
    try:
        planned = planned_digest(run.lines)
    except UNREADABLE as error:
        yield Problem(problem_location(run_id), f"a line of planned tests cannot be read: {_error_text(error)}")
        return
    if seal.body.get("planned") != planned:
        yield Problem(where, "the planned tests differ from those that the seal names")


def _evidence_problems(line: Line, pieces: Sequence[IndexedEvidence], run_id: str) -> list[Problem]:
    """Return the problems of the evidence in a line."""
    problems = []
    for evidence, row, slot in pieces:
        if column := mistyped_column(row) or mistyped_column(slot):
            text = f"{column} has a wrong type"
        elif not (is_timestamp(evidence.started_at) and is_timestamp(evidence.timestamp)):
            text = "its times are not UTC moments with milliseconds"
        elif not all(map(_is_artifact, evidence.artifacts)):
            text = "an artifact of it is not named by its SHA-256"
        else:
            continue
        problems.append(Problem(problem_location(run_id, line.seq, evidence=row.number), text))
    return problems


def _is_artifact(artifact: Artifact) -> bool:
    """Return whether an artifact has a valid name. Another name could be a path outside of the artifact folder."""
    return is_sha256(artifact.sha256)


def _summary_problems(run: Run, run_id: str, evidence_count: int) -> Iterator[Problem]:
    try:
        row, tracker = run_row(run, len(run.lines), evidence_count), run.tracker
        GroupPart.from_lines(run.head, {}, all_finished=True)
    except IntegrityError as error:
        yield Problem(problem_location(run_id), str(error))
        return
    except UNREADABLE as error:
        yield Problem(problem_location(run_id), f"its first line or its seal cannot be read: {_error_text(error)}")
        return
    mistyped = (name for name in ("register", "started_at") if not isinstance(run.head[name], str))
    if column := mistyped_column(row) or next(mistyped, None):
        yield Problem(problem_location(run_id), f"{column} has a wrong type")
    elif not (is_timestamp(row.started_at) and is_timestamp(row.finished_at)):
        yield Problem(problem_location(run_id), "its times are not UTC moments with milliseconds")
    elif tracker is not None and not _is_artifact(tracker):
        yield Problem(problem_location(run_id), "its tracker is not named by its SHA-256")


def _error_text(error: BaseException) -> str:
    return f"{type(error).__name__} {error}"
