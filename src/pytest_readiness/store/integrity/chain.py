"""The chain of a run: pure checks that its lines are complete, in order, unchanged and closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ...errors import IntegrityError, Problem
from ...facts.evidence import Artifact
from ...facts.ledger.digest import EMPTY, is_sha256
from ...facts.ledger.line import Line, broken_links, line_digest
from ...facts.run import Run, planned_digest
from ...facts.run_group import GroupPart
from ...facts.timestamps import is_timestamp
from .index import UNREADABLE, Piece, evidence_of_line, mistyped_column, run_row


def problem_location(run_id: str, line: int | None = None, *, evidence: int | None = None, column: str = "") -> str:
    """Return how a problem names its place: ``run X, line 3, evidence 1, column y``."""
    named = (("run", run_id), ("line", line), ("evidence", evidence), ("column", column or None))
    return ", ".join(f"{name} {value}" for name, value in named if value is not None)


def unbroken_head(texts: Iterable[str]) -> str:
    """Return the digest of the last of these lines, where each names the digest of the one before it; else nothing.

    The lines are not parsed: whatever else a line says, only the text that it names can stand before it.
    """
    head = EMPTY
    for text in texts:
        if f'"prev":"{head}"' not in text:
            return ""
        head = line_digest(text)
    return "" if head == EMPTY else head


def line_reader(run: Run) -> Callable[[Line], Sequence[Piece]]:
    """Return what reads the evidence of a run's lines, each line once. It raises what ``pieces`` raises."""
    register, known = run.head.get("register", ""), dict[int, Sequence[Piece]]()

    def read(line: Line) -> Sequence[Piece]:
        found = known.get(id(line))
        if found is None:
            found = known[id(line)] = tuple(evidence_of_line(line, register))
        return found

    return read


def check_run(run: Run, read: Callable[[Line], Sequence[Piece]] | None = None) -> Iterator[Problem]:
    """Yield everything that keeps a run from being a sealed, unbroken chain of readable lines. Raises nothing.

    ``read``: what ``line_reader`` returned, where the evidence is of further use.
    """
    read = read or line_reader(run)
    run_id = str(run.lines[0].body.get("run", "?"))
    here = problem_location(run_id)
    yield from (Problem(here, sentence) for sentence in broken_links(run_id, run.lines))
    for line in run.lines:
        if not line.is_consistent:
            yield Problem(
                problem_location(run_id, line.seq), "its text or its digest is not the canonical one of what it says"
            )
    yield from _opening(run, run_id)
    yield from _seal(run, run_id)
    count = 0
    for line in run.lines:
        try:
            found, problems = _evidence(line, read(line), run_id)
        except UNREADABLE as error:
            yield Problem(problem_location(run_id, line.seq), f"not readable as '{line.kind}': {_told(error)}")
        else:
            count += found
            yield from problems
    if run.seal is not None:
        yield from _heading(run, run_id, count)


def _opening(run: Run, run_id: str) -> Iterator[Problem]:
    for number, line in enumerate(run.lines):
        if (line.kind == "run") is not (number == 0):
            yield Problem(
                problem_location(run_id, line.seq), "the line that opens a run must be the first, and only the first"
            )
        if not line.kind:
            yield Problem(problem_location(run_id, line.seq), "it does not say of what kind it is")


def _seal(run: Run, run_id: str) -> Iterator[Problem]:
    for line in run.lines[:-1]:
        if line.kind == "sealed":
            yield Problem(problem_location(run_id, line.seq), "lines stand after the seal")
    seal = run.seal
    if seal is None:
        yield Problem(problem_location(run_id), "it is not sealed: its last lines are missing, or it never ended")
        return
    here, before = problem_location(run_id, seal.seq), len(run.lines) - 1
    if seal.body.get("count") != before:
        yield Problem(here, f"the seal closes {seal.body.get('count')} lines, and there are {before}")
    try:
        planned = planned_digest(run.lines)
    except UNREADABLE as error:
        yield Problem(problem_location(run_id), f"a line of planned tests is not readable: {_told(error)}")
        return
    if seal.body.get("planned") != planned:
        yield Problem(here, "the planned tests are not those that the seal names")


def _evidence(line: Line, found: Sequence[Piece], run_id: str) -> tuple[int, list[Problem]]:
    """Return how many pieces of evidence a line holds, and what is wrong with them."""
    problems = []
    for evidence, row, slot in found:
        if column := mistyped_column(row) or mistyped_column(slot):
            told = f"{column} is not of the kind it must be"
        elif not (is_timestamp(evidence.started_at) and is_timestamp(evidence.timestamp)):
            told = "its times are not UTC moments with milliseconds"
        elif not all(map(_is_artifact, evidence.artifacts)):
            told = "an artifact of it is not named by its SHA-256"
        else:
            continue
        problems.append(Problem(problem_location(run_id, line.seq, evidence=row.number), told))
    return len(found), problems


def _is_artifact(artifact: Artifact) -> bool:
    """What is named otherwise would be looked for elsewhere than in the artifact folder."""
    return is_sha256(artifact.sha256)


def _heading(run: Run, run_id: str, evidence_count: int) -> Iterator[Problem]:
    try:
        row, tracker = run_row(run, len(run.lines), evidence_count), run.tracker
        GroupPart.from_lines(run.head, {}, all_finished=True)
    except IntegrityError as error:
        yield Problem(problem_location(run_id), str(error))
        return
    except UNREADABLE as error:
        yield Problem(problem_location(run_id), f"its first line or its seal is not readable: {_told(error)}")
        return
    said = (name for name in ("register", "started_at") if not isinstance(run.head[name], str))
    if column := mistyped_column(row) or next(said, None):
        yield Problem(problem_location(run_id), f"{column} is not of the kind it must be")
    elif not (is_timestamp(row.started_at) and is_timestamp(row.finished_at)):
        yield Problem(problem_location(run_id), "its times are not UTC moments with milliseconds")
    elif tracker is not None and not _is_artifact(tracker):
        yield Problem(problem_location(run_id), "its tracker is not named by its SHA-256")


def _told(error: BaseException) -> str:
    return f"{type(error).__name__} {error}"
