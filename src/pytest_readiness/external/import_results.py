"""Import of JUnit XML files: all files of one import are recorded as one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from itertools import chain
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..claims.claim import Claim
from ..claims.target import claim_of
from ..errors import ReadinessError, SeveralError, count, location as shown_place, one_line
from ..facts.evidence import BAD, IMPORTED
from ..facts.timestamps import timestamp
from ..pipeline.evaluate_project import Project
from .junit.files import find_files, same_blocks
from .junit.reader import JUnitCase, JUnitReport, read_junit
from .mapping import MappedTest, MappingResult, MappingRule, map_cases, unmatched_rules
from .missing_tests import PriorImport, origin_of
from .record import ExternalRun, RecordOptions, RecordResult, attach_files, message_of, open_session
from .report_age import older_than_claimed
from .resolved_suite_failures import ImportedReports, resolve_failures

MAX_MESSAGES = 100
"""Messages of one kind that are printed."""


class ImportPreview(Struct, frozen=True):
    """Contents of JUnit XML files and the mapping of their cases. Nothing is recorded yet."""

    reports: tuple[JUnitReport, ...]
    """The report of each file."""
    rules: tuple[MappingRule, ...]
    mapping: MappingResult
    """The result of applying the rules."""
    size_limit: int
    """Size of the largest file that is read, in bytes."""

    @property
    def cases(self) -> Iterator[JUnitCase]:
        """The test cases of all files."""
        return chain.from_iterable(report.cases for report in self.reports)

    @property
    def notes(self) -> Iterator[str]:
        """Notes on the files, a sentence each."""
        return chain.from_iterable(report.notes for report in self.reports)


def preview_junit(
    project: Project, paths: Sequence[Path], rules: Sequence[MappingRule], timezone: tzinfo | None = None
) -> ImportPreview:
    """Read JUnit XML files and map their test cases.

    Args:
        project: the project; its settings limit the size of a file.
        paths: the XML files, folders of XML files, or patterns.
        rules: the mapping of cases to evidence.
        timezone: the time zone of times that name none.

    Raises:
        ConfigError: a file cannot be used.
    """
    size_limit = project.settings.junit_limit
    reports = tuple(read_junit(path, size_limit, timezone) for path in find_files(paths))
    return ImportPreview(
        reports, tuple(rules), map_cases([case for report in reports for case in report.cases], rules), size_limit
    )


def record_junit(project: Project, preview: ImportPreview, options: RecordOptions) -> RecordResult:
    """Record the test cases that a pattern, or their own property, maps to an item, as one run.

    Args:
        project: the project that stores the run.
        preview: the files and the mapping. Each file is stored as an artifact.
        options: the options of the command.

    Raises:
        ReadinessError: a name does not exist, or no case is mapped. Nothing was recorded.
    """
    mapping = preview.mapping
    if not mapping.tests:
        raise SeveralError(*_unmapped_messages(preview))
    claims_by_test, problems = claims_of(mapping, project, options)
    if problems:
        raise SeveralError(*problems)
    mapped = list(zip(mapping.tests, claims_by_test, strict=True))
    origin = origin_of(preview.rules, {case.suites[0] for case in preview.cases if case.suites})
    session = open_session(project, options, more={"imported": origin.to_plain()})
    file_artifacts = _store_reports(session, preview)
    recorder, attached = session.recorder_for([])
    attach_files(recorder, options.artifacts)
    reports = ImportedReports(session, preview.reports)
    planned = [(session.name(test.name), claims) for test, claims in mapped]
    resolved = list(reports.resolved_failures({name for name, _ in planned}))
    session.plan([*planned, *((failure.test_id, failure.claims) for failure in resolved)])
    for test, claims in mapped:
        _, recording = session.recorder_for(claims)
        artifacts = {
            (artifact["name"], artifact["sha256"]): artifact
            for case in test.members
            for artifact in file_artifacts[case.name]
        }
        recording.artifacts += [*artifacts.values(), *attached.artifacts]
        required = reports.required_cases(test)
        session.record(
            _result_line(session, test) | ({"held": required.to_plain()} if required else {}), recording, claims
        )
    resolved_notes = [resolve_failures(session, failure) for failure in resolved]
    prior = PriorImport(project, session.pending.context, chain.from_iterable(claims_by_test))
    missing_notes = list(prior.notes(origin, mapping.tests, session.name, [failure.test_id for failure in resolved]))
    prior.close()
    unmapped_notes = [mapping_summary(preview)] if mapping.mapped < mapping.cases else []
    age_notes = older_than_claimed(preview.reports, options.context.get("release"))
    return session.close(
        0, [*preview.notes, *age_notes, *mapping_notes(preview), *missing_notes, *resolved_notes, *unmapped_notes]
    )


def mapping_summary(preview: ImportPreview) -> str:
    """Return a sentence with the number of mapped test cases, and with the failures among the others."""
    summary = f"{preview.mapping.mapped:,} of {preview.mapping.cases:,} test cases are mapped"
    mapped_ids = {id(case) for test in preview.mapping.tests for case in test.members}
    failed = [case for case in preview.cases if case.result in BAD and id(case) not in mapped_ids]
    if not failed:
        return summary
    return f"{summary}; {len(failed):,} of the others failed, such as '{one_line(failed[0].name, 100)}'"


def claims_of(mapping: MappingResult, project: Project, options: RecordOptions) -> tuple[list[list[Claim]], list[str]]:
    """Return the claims of each mapped test, in order, and a message for each target that does not exist."""
    claim_or_message: dict[str, Claim | str] = {}
    for target in dict.fromkeys(target for test in mapping.tests for target in test.targets):
        try:
            claim_or_message[target] = claim_of(target, project.catalogue, options.part, options.replay_mode)
        except ReadinessError as error:
            claim_or_message[target] = str(error)
    problems = [
        _claim_problem(test, message)
        for test in mapping.tests
        for target in test.targets
        if isinstance(message := claim_or_message[target], str)
    ]
    more = [f"and {len(problems) - MAX_MESSAGES:,} more"] if len(problems) > MAX_MESSAGES else []
    claim_by_target = {target: claim for target, claim in claim_or_message.items() if isinstance(claim, Claim)}
    claims = [
        list(dict.fromkeys(claim_by_target[target] for target in test.targets if target in claim_by_target))
        for test in mapping.tests
    ]
    return claims, [*problems[:MAX_MESSAGES], *more]


def _claim_problem(test: MappedTest, reason: str) -> str:
    return f"test case '{one_line(test.name, 100)}': {reason}"


def _unmapped_messages(preview: ImportPreview) -> Iterator[str]:
    """Yield messages with advice for an import in which no case is mapped."""
    first = next(preview.cases, None)
    example = f", such as '{one_line(first.name, 100)}'," if first else ""
    advice = "map some with --map 'PATTERN=UC/ITEM', or give them a property named 'readiness'"
    source = shown_place(preview.reports[0].file.path) if len(preview.reports) == 1 else f"{len(preview.reports)} files"
    cases = count(preview.mapping.cases, "test case")
    yield f"{source}: none of {cases}{example} is mapped: {advice}; --list prints them all"
    yield from unmatched_rules(preview.mapping.unmatched, preview.cases, only_hints=True)


def _store_reports(session: ExternalRun, preview: ImportPreview) -> dict[str, list[dict[str, Any]]]:
    """Store the files as artifacts, and return these by the names of their test cases.

    A name that occurs in several files has the artifact of each.
    """
    redactor = session.pending.redactor
    artifacts_by_case: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for report in preview.reports:
        name, blocks = redactor.text(report.file.path.name), same_blocks(report.file, preview.size_limit)
        artifact = session.pending.artifacts.store_blocks(blocks, name, "application/xml", redactor).to_plain()
        for case in {case.name: case for case in report.cases}:
            artifacts_by_case[case].append(artifact)
    return artifacts_by_case


def mapping_notes(preview: ImportPreview) -> Iterator[str]:
    """Yield notes on the mapping for the person who imports."""
    mapping = preview.mapping
    several = [test for test in mapping.tests if len(test.members) > 1]
    if several:
        example = f", such as '{one_line(several[0].name, 100)}'"
        yield (
            f"{count(len(several), 'name')} of several test cases{example}: "
            f"each name counts as one test, with the worst result{_suite_advice(several)}"
        )
    if mapping.under_two_names:
        yield _two_names_note(mapping.under_two_names)
    yield from unmatched_rules(mapping.unmatched, preview.cases)


def _two_names_note(cases: Sequence[tuple[JUnitCase, MappingRule, MappingRule]]) -> str:
    """Return a note on cases that are evidence for one item under two names; both have to pass after a failure."""
    case, plain, longer = cases[0]
    names = " and ".join(f"'{one_line(name, 100)}'" for name in (case.name, case.path))
    by = " and ".join(f"{rule.where} '{one_line(rule.pattern, 60)}'" for rule in (plain, longer))
    return (
        f"{count(len(cases), 'test case')} {'is' if len(cases) == 1 else 'are'} evidence for one item under two names,"
        f" such as {names} for {plain.target} (by {by}): make one of the patterns narrower"
    )


def _suite_advice(tests: Iterable[MappedTest]) -> str:
    """Return advice for separating cases of one name by their suites, if possible."""
    for test in tests:
        paths = {case.path for case in test.members}
        if len(paths) > 1:
            return f"; a pattern with the suite name separates them, such as '{one_line(min(paths), 200)}'"
    return ""


def _result_line(session: ExternalRun, test: MappedTest) -> dict[str, Any]:
    case = test.case
    attempts: list[dict[str, Any]] = []
    started = case.started
    for attempt in case.attempts:
        plain: dict[str, Any] = {
            "result": attempt.result.value,
            "started_at": timestamp(started),
            "duration_ms": attempt.duration_ms,
        }
        if attempt.message:
            plain["message"] = message_of(session, attempt.message)
        attempts.append(plain)
        started += attempt.duration_ms / 1000
    body: dict[str, Any] = {
        "test": session.name(test.name),
        "method": IMPORTED,
        "result": case.result.value,
        "started_at": timestamp(case.started),
        "finished_at": timestamp(started),
        "attempts": attempts,
    }
    if case.attempts[-1].message:
        body["message"] = attempts[-1]["message"]
    return body
