"""Results that are imported: JUnit XML files, as one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from ..claims.claim import Claim
from ..errors import ConfigError, ReadinessError, count, one_line, place as shown_place
from ..facts.clock import moment
from ..journal.junit import Read, read_junit
from ..journal.junit_files import files_of, same_blocks
from .judging import Place
from .mapping import Mapped, Mapping, Rule, map_cases, split_target
from .outside import Recorded, Session, Told, attach_files, message_of, open_session


def record_junit(place: Place, given: Sequence[Path], rules: Sequence[Rule], told: Told) -> Recorded:
    """Record the test cases of JUnit XML files that a pattern, or a property of their own, maps to an item: as one run.

    Args:
        place: Where it is kept.
        given: The XML files, folders of such, or patterns; each file is kept as an artifact.
        rules: Which cases are evidence for what.
        told: What the options tell.

    Raises:
        ReadinessError: a file cannot be used, something named does not exist, or nothing is mapped; nothing was
            recorded.
    """
    session = open_session(place, told)
    most = place.settings.junit_limit
    read = [read_junit(path, most) for path in files_of(given)]
    mapping = map_cases(list(chain.from_iterable(one.cases for one in read)), rules)
    if not mapping.tests:
        raise ConfigError(_nothing(read, mapping))
    mapped = [(test, _claims(session, test)) for test in mapping.tests]
    kept = _kept(session, read, most)
    beside, others = session.account([])
    attach_files(beside, told.artifacts)
    session.plan([(session.name(test.name), claims) for test, claims in mapped])
    for test, claims in mapped:
        _, recording = session.account(claims)
        of_files = {(one["name"], one["sha256"]): one for case in test.members for one in kept[case.name]}
        recording.artifacts += [*of_files.values(), *others.artifacts]
        session.finished(_imported(session, test), recording, claims)
    return session.close(0, [*chain.from_iterable(one.notes for one in read), *_notes(mapping)])


def _nothing(read: Sequence[Read], mapping: Mapping) -> str:
    """Return what to do where no case is mapped."""
    first = next((one.cases[0] for one in read if one.cases), None)
    such = f", such as '{one_line(first.name, 100)}'," if first else ""
    how = "map some with --map 'PATTERN=UC/ITEM', or give them a property named 'readiness'"
    where = shown_place(read[0].file.path) if len(read) == 1 else f"{len(read)} files"
    return f"{where}: none of {count(mapping.cases, 'test case')}{such} is mapped: {how}"


def _kept(session: Session, read: Sequence[Read], most: int) -> dict[str, list[dict[str, Any]]]:
    """Keep the files, and return them by the names of their cases: those of several files have each of them."""
    redactor = session.opening.redactor
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in read:
        name, blocks = redactor.text(one.file.path.name), same_blocks(one.file, most)
        kept = session.opening.artifacts.keep_blocks(blocks, name, "application/xml", redactor).to_plain()
        for case in {case.name: case for case in one.cases}:
            found[case].append(kept)
    return found


def _notes(mapping: Mapping) -> Iterator[str]:
    """Yield what whoever imports should know of the mapping."""
    several = [test for test in mapping.tests if len(test.members) > 1]
    if several:
        such = f", such as '{one_line(several[0].name, 100)}'"
        yield (
            f"{count(len(several), 'name')} of several test cases{such}: each is taken as one, with the worst result"
            f"{_apart(several)}"
        )
    for rule in mapping.idle:
        yield f"{rule.where} '{one_line(rule.pattern)}' matches no test case"
    if mapping.mapped < mapping.cases:
        yield f"{mapping.mapped:,} of {mapping.cases:,} test cases are mapped"


def _apart(several: Iterable[Mapped]) -> str:
    """Return how to tell namesakes apart by their suites, if that is possible."""
    for test in several:
        paths = {case.path for case in test.members}
        if len(paths) > 1:
            return f"; a pattern with the suite tells them apart, such as '{one_line(min(paths), 200)}'"
    return ""


def _claims(session: Session, test: Mapped) -> list[Claim]:
    """Return what a test is mapped to, each once."""
    claims: dict[Claim, None] = {}
    for target in test.targets:
        try:
            claims[session.claim(*split_target(target))] = None
        except ReadinessError as error:
            raise ConfigError(f"test case '{one_line(test.name, 100)}': {error}") from None
    return list(claims)


def _imported(session: Session, test: Mapped) -> dict[str, Any]:
    case = test.case
    attempts: list[dict[str, Any]] = []
    begun = case.started
    for attempt in case.attempts:
        told: dict[str, Any] = {
            "result": attempt.result.value,
            "started_at": moment(begun),
            "duration_ms": attempt.duration_ms,
        }
        if attempt.message:
            told["message"] = message_of(session, attempt.message)
        attempts.append(told)
        begun += attempt.duration_ms / 1000
    body: dict[str, Any] = {
        "test": session.name(test.name),
        "method": "imported",
        "result": case.result.value,
        "started_at": moment(case.started),
        "finished_at": moment(begun),
        "attempts": attempts,
    }
    if case.attempts[-1].message:
        body["message"] = attempts[-1]["message"]
    return body
