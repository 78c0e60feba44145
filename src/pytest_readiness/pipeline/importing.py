"""Results that are imported: JUnit XML files, as one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import Any

from ..claims.claim import Claim
from ..errors import ConfigError, ReadinessError, count, one_line, place as shown_place
from ..facts.clock import moment
from ..journal.junit import Case, Read, as_one, read_junit
from ..journal.junit_files import JUnitFile, files_of, load_junit
from .judging import Place
from .outside import Recorded, Session, Told, attach_files, message_of, open_session


def record_junit(place: Place, given: Sequence[Path], maps: Mapping[str, Sequence[str]], told: Told) -> Recorded:
    """Record the test cases of JUnit XML files that a pattern, or a property of their own, maps to an item: as one run.

    Args:
        place: Where it is kept.
        given: The XML files, folders of such, or patterns; each file is kept as an artifact.
        maps: ``UC/ITEM`` by pattern (glob on ``classname::name``).
        told: What the options tell.

    Raises:
        ReadinessError: a file cannot be used, something named does not exist, or nothing is mapped; nothing was
            recorded.
    """
    session = open_session(place, told)
    files = [load_junit(path) for path in files_of(given)]
    read = [read_junit(file) for file in files]
    cases, several = as_one(case for one in read for case in one.cases)
    mapped = [(case, claims) for case in cases if (claims := _claims(session, case, maps))]
    if not mapped:
        such = f", such as '{one_line(cases[0].name, 100)}'," if cases else ""
        how = "map some with --map 'PATTERN=UC/ITEM', or give them a property named 'readiness'"
        where = shown_place(files[0].path) if len(files) == 1 else f"{len(files)} files"
        raise ConfigError(f"{where}: none of {count(len(cases), 'test case')}{such} is mapped: {how}")
    kept = _kept(session, files, read)
    beside, others = session.account([])
    attach_files(beside, told.artifacts)
    session.plan([(session.name(case.name), claims) for case, claims in mapped])
    for case, claims in mapped:
        _, recording = session.account(claims)
        recording.artifacts += [*kept[case.name], *others.artifacts]
        session.finished(_imported(session, case), recording, claims)
    notes = [*chain.from_iterable(one.notes for one in read), *_of_names(several)]
    idle = [pattern for pattern in maps if not any(fnmatchcase(case.name, pattern) for case in cases)]
    notes += [f"--map '{one_line(pattern)}' matches no test case" for pattern in idle]
    if len(mapped) < len(cases):
        notes.append(f"{len(mapped):,} of {len(cases):,} test cases are mapped")
    return session.close(0, notes)


def _kept(session: Session, files: Sequence[JUnitFile], read: Sequence[Read]) -> dict[str, list[dict[str, Any]]]:
    """Keep the files, and return them by the names of their cases: those of several files have each of them."""
    redactor = session.opening.redactor
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for file, one in zip(files, read, strict=True):
        name = redactor.text(file.path.name)
        kept = session.opening.artifacts.keep_blocks([file.data], name, "application/xml", redactor).to_plain()
        for case in {case.name: case for case in one.cases}:
            found[case].append(kept)
    return found


def _of_names(several: Sequence[str]) -> Iterator[str]:
    if several:
        such = f", such as '{one_line(several[0], 100)}'"
        yield f"{count(len(several), 'name')} of several test cases{such}: each is taken as one, with the worst result"


def _claims(session: Session, case: Case, maps: Mapping[str, Sequence[str]]) -> list[Claim]:
    """Return what a case is mapped to, by the patterns and by its own word, each once."""
    by_pattern = [target for pattern, to in maps.items() if fnmatchcase(case.name, pattern) for target in to]
    claims: dict[Claim, None] = {}
    for target in dict.fromkeys((*by_pattern, *case.claims)):
        try:
            claims[session.claim(*split_target(target))] = None
        except ReadinessError as error:
            raise ConfigError(f"test case '{one_line(case.name, 100)}': {error}") from None
    return list(claims)


def split_target(text: str) -> tuple[str, str]:
    """Return use case and item of ``UC-003/4``.

    Raises:
        ConfigError: it is something else.
    """
    use_case, slash, item = text.partition("/")
    if not slash or not use_case or not item or "/" in item:
        raise ConfigError(f"'{one_line(text, 60)}' is no UC/ITEM, such as UC-003/4")
    return use_case, item


def _imported(session: Session, case: Case) -> dict[str, Any]:
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
        "test": session.name(case.name),
        "method": "imported",
        "result": case.result.value,
        "started_at": moment(case.started),
        "finished_at": moment(begun),
        "attempts": attempts,
    }
    if case.attempts[-1].message:
        body["message"] = attempts[-1]["message"]
    return body
