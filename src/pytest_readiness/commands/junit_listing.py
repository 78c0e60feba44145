"""Listing of JUnit XML: a line for each test case with its mapping, and patterns for unmapped cases."""

from __future__ import annotations

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from glob import escape

from ..claims.claim import Claim
from ..errors import count
from ..external.import_results import ImportPreview, mapping_summary
from ..external.junit.reader import JUnitCase
from ..external.mapping import MappedTest
from ..facts.evidence import Result
from ..pipeline.evaluate_project import Project
from ..redaction.redactor import Redactor
from ..views.sanitise import sanitise
from .recorded_output import count_results, result_word

_WIDTH = max(len(result.value) for result in Result)
_WIDE = 400
"""Maximum characters of a line."""
_LONGEST = (160, 16)
"""Maximum characters of a name in a pattern, tried in this order: each may become ten when it is escaped."""
_REDACTED = re.compile(r"\[REDACTED[^\]]*(?:\]|\Z)")


def list_report(project: Project, preview: ImportPreview, claims: Sequence[Sequence[Claim]]) -> Iterator[str]:
    """Yield the lines of a listing, without secrets.

    Args:
        project: the project, with the plugins that redact texts.
        preview: the test cases and the mapped tests.
        claims: the claims of each mapped test.
    """
    redactor = Redactor(os.urandom(32), find_plugins=project.plugins.redactors)
    for line in _lines(preview, claims, redactor.text):
        yield sanitise(redactor.text(line), _WIDE)


def _lines(preview: ImportPreview, claims: Sequence[Sequence[Claim]], redacted: Callable[[str], str]) -> Iterator[str]:
    tests = preview.mapping.tests
    mapped = {id(case) for test in tests for case in test.members}
    unmapped = [case for case in preview.cases if id(case) not in mapped]
    by_claim: defaultdict[str, list[MappedTest]] = defaultdict(list)
    for test, test_claims in zip(tests, claims, strict=True):
        targets = [_target(claim) for claim in test_claims]
        for target in targets:
            by_claim[target].append(test)
        yield f"{_word(test.case):{_WIDTH}} {test.name} -> {', '.join(targets)}"
    name_counts = Counter(case.name for case in unmapped)
    for case in unmapped:
        yield f"{_word(case):{_WIDTH}} {case.path if name_counts[case.name] > 1 else case.name}"
    if by_claim:
        yield ""
        width = max(map(len, by_claim))
        for target, mapped_tests in sorted(by_claim.items()):
            results = _results(test.case for test in mapped_tests)
            yield f"{target:{width}} {count(len(mapped_tests), 'test')}: {results}"
    yield from _patterns(unmapped, preview.cases, redacted)
    yield ""
    yield f"{mapping_summary(preview)}; nothing was recorded"


def _target(claim: Claim) -> str:
    scope = (claim.environment, claim.provider_mode, claim.part)
    return "/".join((claim.use_case, claim.item, *filter(None, scope)))


def _results(cases: Iterable[JUnitCase]) -> str:
    return count_results(Counter(_word(case) for case in cases))


def _word(case: JUnitCase) -> str:
    return result_word(case.result, is_flaky=any(attempt.result is not Result.PASSED for attempt in case.attempts))


def _patterns(
    unmapped: Sequence[JUnitCase], cases: Iterable[JUnitCase], redacted: Callable[[str], str]
) -> Iterator[str]:
    """Yield lines for a map file: a pattern for the unmapped cases of each class or suite."""
    if not unmapped:
        return
    yield ""
    yield "# Not mapped. Lines for [map] in a --map-file; remove those that are evidence for nothing:"
    whole_suites = _whole_suites(cases)
    groups: defaultdict[str, list[JUnitCase]] = defaultdict(list)
    patterns: dict[tuple[str, str], str] = {}
    for case in unmapped:
        key = name, rest = _pattern_parts(case, whole_suites)
        if key not in patterns:
            patterns[key] = _glob(redacted(name), rest)
        groups[patterns[key]].append(case)
    for pattern, group in groups.items():
        yield f'{_quoted(pattern)} = "UC/ITEM"  # {_results(group)}'


def _glob(name: str, rest: str) -> str:
    """Return a pattern for names with this beginning; ``*`` replaces a redacted secret and what is too long."""
    pattern = ""
    for longest in _LONGEST:
        parts = map(escape, _REDACTED.split(name[:longest]))
        pattern = "*".join(parts) + (rest if len(name) <= longest else "*")
        if len(_quoted(pattern)) < _WIDE // 2:
            break
    return pattern


def _quoted(pattern: str) -> str:
    """Return a pattern as a TOML key, with escapes for characters that a terminal would not show."""
    quoted = json.dumps(pattern, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)


def _class(case: JUnitCase) -> str:
    return case.name.rpartition("::")[0]


def _whole_suites(cases: Iterable[JUnitCase]) -> set[tuple[str, ...]]:
    """Return the suites that need one pattern, since their classes are shared with other suites or differ per case."""
    suites: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    classes: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for case in cases:
        suites[_class(case)].add(case.suites)
        classes[case.suites][_class(case)] += 1
    return {
        suite
        for suite, names in classes.items()
        if suite
        if "" in names or any(len(suites[name]) > 1 for name in names) or 1 < len(names) == names.total()
    }


def _pattern_parts(case: JUnitCase, whole_suites: set[tuple[str, ...]]) -> tuple[str, str]:
    """Return the beginning of the case's name (its class or suite), and the pattern for the rest."""
    if any(case.suites[:number] in whole_suites for number in range(1, len(case.suites) + 1)):
        return "/".join(case.suites), "/*"
    name = _class(case)
    return (name, "::*") if name else (case.name, "")
