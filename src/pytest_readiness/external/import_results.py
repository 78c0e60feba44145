"""Results that are imported: JUnit XML files, as one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from itertools import chain
from pathlib import Path
from typing import Any

from ..claims.claim import Claim
from ..errors import ReadinessError, SeveralError, count, location as shown_place, one_line
from ..facts.evidence import BAD, IMPORTED
from ..facts.timestamps import timestamp
from ..fast_values import dataclass
from ..pipeline.evaluate_project import Project
from .junit.files import find_files, same_blocks
from .junit.reader import JUnitCase, JUnitReport, read_junit
from .mapping import MappedTest, MappingResult, MappingRule, claim_of, map_cases, unmatched_rules
from .missing_tests import PriorImport, origin_of
from .record import ExternalRun, RecordOptions, RecordResult, attach_files, message_of, open_session
from .report_age import older_than_claimed
from .resolved_suite_failures import ImportedReports, resolve_failures

MOST_LINES = 100
"""Lines of one kind that are told."""


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What JUnit XML files hold, and what a mapping makes of it. Nothing is recorded yet."""

    reports: tuple[JUnitReport, ...]
    """What each of them tells."""
    rules: tuple[MappingRule, ...]
    mapping: MappingResult
    """What the rules make of it."""
    size_limit: int
    """The largest file that is read, in bytes."""

    @property
    def cases(self) -> Iterator[JUnitCase]:
        """The cases of all files."""
        return chain.from_iterable(one.cases for one in self.reports)

    @property
    def notes(self) -> Iterator[str]:
        """What is to be known of the files."""
        return chain.from_iterable(one.notes for one in self.reports)


def preview_junit(
    place: Project, given: Sequence[Path], rules: Sequence[MappingRule], zone: tzinfo | None = None
) -> ImportPreview:
    """Read JUnit XML files, and see what is mapped.

    Args:
        place: Where the settings say how large a file may be.
        given: The XML files, folders of such, or patterns.
        rules: Which cases are evidence for what.
        zone: Of times that say none.

    Raises:
        ConfigError: a file cannot be used.
    """
    most = place.settings.junit_limit
    read = tuple(read_junit(path, most, zone) for path in find_files(given))
    return ImportPreview(read, tuple(rules), map_cases([case for one in read for case in one.cases], rules), most)


def record_junit(place: Project, seen: ImportPreview, told: RecordOptions) -> RecordResult:
    """Record the test cases that a pattern, or a property of their own, maps to an item: as one run.

    Args:
        place: Where it is kept.
        seen: The files, and what is mapped; each file is kept as an artifact.
        told: What the options tell.

    Raises:
        ReadinessError: something named does not exist, or nothing is mapped; nothing was recorded.
    """
    mapping = seen.mapping
    if not mapping.tests:
        raise SeveralError(*_nothing(seen))
    every, wrong = claims_of(mapping, place, told)
    if wrong:
        raise SeveralError(*wrong)
    mapped = list(zip(mapping.tests, every, strict=True))
    origin = origin_of(seen.rules, {case.suites[0] for case in seen.cases if case.suites})
    session = open_session(place, told, more={"imported": origin.to_plain()})
    kept = _kept(session, seen)
    beside, others = session.recorder_for([])
    attach_files(beside, told.artifacts)
    reports = ImportedReports(session, seen.reports)
    planned = [(session.name(test.name), claims) for test, claims in mapped]
    over = list(reports.resolved_failures({name for name, _ in planned}))
    session.plan([*planned, *((one.test_id, one.claims) for one in over)])
    for test, claims in mapped:
        _, recording = session.recorder_for(claims)
        of_files = {(one["name"], one["sha256"]): one for case in test.members for one in kept[case.name]}
        recording.artifacts += [*of_files.values(), *others.artifacts]
        held = reports.required_cases(test)
        session.record(_imported(session, test) | ({"held": held.to_plain()} if held else {}), recording, claims)
    ended = [resolve_failures(session, one) for one in over]
    earlier = PriorImport(place, session.pending.context, chain.from_iterable(every))
    lacking = list(earlier.notes(origin, mapping.tests, session.name, [one.test_id for one in over]))
    earlier.close()
    left_out = [mapping_summary(seen)] if mapping.mapped < mapping.cases else []
    age = older_than_claimed(seen.reports, told.context.get("release"))
    return session.close(0, [*seen.notes, *age, *mapping_notes(seen), *lacking, *ended, *left_out])


def mapping_summary(seen: ImportPreview) -> str:
    """Return how many test cases are mapped, as a sentence, and what failed that is not."""
    told = f"{seen.mapping.mapped:,} of {seen.mapping.cases:,} test cases are mapped"
    taken = {id(case) for test in seen.mapping.tests for case in test.members}
    failed = [case for case in seen.cases if case.result in BAD and id(case) not in taken]
    if not failed:
        return told
    return f"{told}; {len(failed):,} of the others failed, such as '{one_line(failed[0].name, 100)}'"


def claims_of(mapping: MappingResult, place: Project, told: RecordOptions) -> tuple[list[list[Claim]], list[str]]:
    """Return what each test is evidence for, in their order; and a line for each property that names nothing."""
    found: dict[str, Claim | str] = {}
    for target in dict.fromkeys(target for test in mapping.tests for target in test.targets):
        try:
            found[target] = claim_of(target, place.catalogue, told.part, told.replay_mode)
        except ReadinessError as error:
            found[target] = str(error)
    wrong = [_wrong(test, why) for test in mapping.tests for at in test.targets if isinstance(why := found[at], str)]
    more = [f"and {len(wrong) - MOST_LINES:,} more"] if len(wrong) > MOST_LINES else []
    every = {target: claim for target, claim in found.items() if isinstance(claim, Claim)}
    claims = [list(dict.fromkeys(every[at] for at in test.targets if at in every)) for test in mapping.tests]
    return claims, [*wrong[:MOST_LINES], *more]


def _wrong(test: MappedTest, why: str) -> str:
    return f"test case '{one_line(test.name, 100)}': {why}"


def _nothing(seen: ImportPreview) -> Iterator[str]:
    """Yield what to do where no case is mapped."""
    first = next(seen.cases, None)
    such = f", such as '{one_line(first.name, 100)}'," if first else ""
    how = "map some with --map 'PATTERN=UC/ITEM', or give them a property named 'readiness'"
    where = shown_place(seen.reports[0].file.path) if len(seen.reports) == 1 else f"{len(seen.reports)} files"
    yield f"{where}: none of {count(seen.mapping.cases, 'test case')}{such} is mapped: {how}; --list prints them all"
    yield from unmatched_rules(seen.mapping.unmatched, seen.cases, only_hints=True)


def _kept(session: ExternalRun, seen: ImportPreview) -> dict[str, list[dict[str, Any]]]:
    """Keep the files, and return them by the names of their cases: those of several files have each of them."""
    redactor = session.pending.redactor
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in seen.reports:
        name, blocks = redactor.text(one.file.path.name), same_blocks(one.file, seen.size_limit)
        kept = session.pending.artifacts.store_blocks(blocks, name, "application/xml", redactor).to_plain()
        for case in {case.name: case for case in one.cases}:
            found[case].append(kept)
    return found


def mapping_notes(seen: ImportPreview) -> Iterator[str]:
    """Yield what whoever imports should know of the mapping."""
    mapping = seen.mapping
    several = [test for test in mapping.tests if len(test.members) > 1]
    if several:
        such = f", such as '{one_line(several[0].name, 100)}'"
        yield (
            f"{count(len(several), 'name')} of several test cases{such}: each is taken as one, with the worst result"
            f"{_apart(several)}"
        )
    if mapping.under_two_names:
        yield _twice(mapping.under_two_names)
    yield from unmatched_rules(mapping.unmatched, seen.cases)


def _twice(found: Sequence[tuple[JUnitCase, MappingRule, MappingRule]]) -> str:
    """Return that cases count under two names for one item: of a failure both have to pass."""
    case, plain, longer = found[0]
    names = " and ".join(f"'{one_line(name, 100)}'" for name in (case.name, case.path))
    by = " and ".join(f"{rule.where} '{one_line(rule.pattern, 60)}'" for rule in (plain, longer))
    return (
        f"{count(len(found), 'test case')} {'is' if len(found) == 1 else 'are'} evidence for one item under two names,"
        f" such as {names} for {plain.target} (by {by}): make one of the patterns narrower"
    )


def _apart(several: Iterable[MappedTest]) -> str:
    """Return how to tell namesakes apart by their suites, if that is possible."""
    for test in several:
        paths = {case.path for case in test.members}
        if len(paths) > 1:
            return f"; a pattern with the suite tells them apart, such as '{one_line(min(paths), 200)}'"
    return ""


def _imported(session: ExternalRun, test: MappedTest) -> dict[str, Any]:
    case = test.case
    attempts: list[dict[str, Any]] = []
    begun = case.started
    for attempt in case.attempts:
        told: dict[str, Any] = {
            "result": attempt.result.value,
            "started_at": timestamp(begun),
            "duration_ms": attempt.duration_ms,
        }
        if attempt.message:
            told["message"] = message_of(session, attempt.message)
        attempts.append(told)
        begun += attempt.duration_ms / 1000
    body: dict[str, Any] = {
        "test": session.name(test.name),
        "method": IMPORTED,
        "result": case.result.value,
        "started_at": timestamp(case.started),
        "finished_at": timestamp(begun),
        "attempts": attempts,
    }
    if case.attempts[-1].message:
        body["message"] = attempts[-1]["message"]
    return body
