"""What a report holds, and what a mapping would do with it: a line for each test, and what is left to be mapped."""

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
"""Characters of a line."""
_LONGEST = (160, 16)
"""Characters of a name that a pattern holds: each may be ten of a line."""
_REDACTED = re.compile(r"\[REDACTED[^\]]*(?:\]|\Z)")


def list_report(place: Project, seen: ImportPreview, claims: Sequence[Sequence[Claim]]) -> Iterator[str]:
    """Yield the lines of a listing, without secrets.

    Args:
        place: whose plugins say what is secret.
        seen: the report, and what is mapped.
        claims: what each mapped test is evidence for.
    """
    redactor = Redactor(os.urandom(32), find_plugins=place.plugins.redactors)
    for line in _lines(seen, claims, redactor.text):
        yield sanitise(redactor.text(line), _WIDE)


def _lines(seen: ImportPreview, claims: Sequence[Sequence[Claim]], redacted: Callable[[str], str]) -> Iterator[str]:
    tests = seen.mapping.tests
    taken = {id(case) for test in tests for case in test.members}
    left = [case for case in seen.cases if id(case) not in taken]
    by_claim: defaultdict[str, list[MappedTest]] = defaultdict(list)
    for test, made in zip(tests, claims, strict=True):
        targets = [_target(claim) for claim in made]
        for target in targets:
            by_claim[target].append(test)
        yield f"{_word(test.case):{_WIDTH}} {test.name} -> {', '.join(targets)}"
    named = Counter(case.name for case in left)
    for case in left:
        yield f"{_word(case):{_WIDTH}} {case.path if named[case.name] > 1 else case.name}"
    if by_claim:
        yield ""
        width = max(map(len, by_claim))
        for target, some in sorted(by_claim.items()):
            yield f"{target:{width}} {count(len(some), 'test')}: {_results(test.case for test in some)}"
    yield from _patterns(left, seen.cases, redacted)
    yield ""
    yield f"{mapping_summary(seen)}; nothing was recorded"


def _target(claim: Claim) -> str:
    scope = (claim.environment, claim.provider_mode, claim.part)
    return "/".join((claim.use_case, claim.item, *filter(None, scope)))


def _results(cases: Iterable[JUnitCase]) -> str:
    return count_results(Counter(_word(case) for case in cases))


def _word(case: JUnitCase) -> str:
    return result_word(case.result, is_flaky=any(one.result is not Result.PASSED for one in case.attempts))


def _patterns(left: Sequence[JUnitCase], every: Iterable[JUnitCase], redacted: Callable[[str], str]) -> Iterator[str]:
    """Yield lines for a file of maps: a pattern for the cases of each class, or of each suite, that are not mapped."""
    if not left:
        return
    yield ""
    yield "# Not mapped. For a file of --map-file, under [map]; what is evidence for nothing is left out:"
    whole = _taken_whole(every)
    groups: defaultdict[str, list[JUnitCase]] = defaultdict(list)
    known: dict[tuple[str, str], str] = {}
    for case in left:
        named = name, rest = _named(case, whole)
        if named not in known:
            known[named] = _glob(redacted(name), rest)
        groups[known[named]].append(case)
    for pattern, some in groups.items():
        yield f'{_quoted(pattern)} = "UC/ITEM"  # {_results(some)}'


def _glob(name: str, rest: str) -> str:
    """Return a pattern for names that begin so: what is a secret in it, or too long for a line, is left to ``*``."""
    pattern = ""
    for longest in _LONGEST:
        parts = map(escape, _REDACTED.split(name[:longest]))
        pattern = "*".join(parts) + (rest if len(name) <= longest else "*")
        if len(_quoted(pattern)) < _WIDE // 2:
            break
    return pattern


def _quoted(pattern: str) -> str:
    """Return a pattern as a key of TOML, without a sign that a terminal would not show as it is."""
    shown = json.dumps(pattern, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in shown)


def _class(case: JUnitCase) -> str:
    return case.name.rpartition("::")[0]


def _taken_whole(every: Iterable[JUnitCase]) -> set[tuple[str, ...]]:
    """Return the suites whose cases no class tells from others: it is in several suites, or each case has its own."""
    suites: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    classes: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for case in every:
        suites[_class(case)].add(case.suites)
        classes[case.suites][_class(case)] += 1
    return {
        suite
        for suite, some in classes.items()
        if suite
        if "" in some or any(len(suites[name]) > 1 for name in some) or 1 < len(some) == some.total()
    }


def _named(case: JUnitCase, whole: set[tuple[str, ...]]) -> tuple[str, str]:
    """Return how its name begins and the pattern for the rest: of its class, or of a suite that is taken whole."""
    if any(case.suites[:number] in whole for number in range(1, len(case.suites) + 1)):
        return "/".join(case.suites), "/*"
    name = _class(case)
    return (name, "::*") if name else (case.name, "")
