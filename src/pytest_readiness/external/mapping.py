"""Mapping of test cases to evidence: by patterns on their names, and by a property of the case itself.

The name of a case in the evidence depends only on the matching pattern and on the case. It does not depend on the rest
of the report, so that an import of fewer or more cases uses the same name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import translate
from operator import itemgetter

from msgspec import Struct
from msgspec.structs import replace

from ..errors import one_line
from ..facts.evidence import BADNESS
from ..facts.suite_failure import FailureScope
from .junit.reader import JUnitCase
from .suite_scope import CaseIndex, CaseName

_MAGIC = re.compile(r"[*?[]")
_LAST_MAGIC = re.compile(r"[*?[\]]")
_SUITE = "/"
"""Separator of suites. A pattern that contains it may begin with the names of suites."""
_HINTS = 20
"""Unmatched rules for which a hint is searched."""


class MappingRule(Struct, frozen=True):
    """One rule of a mapping."""

    pattern: str
    """Glob on ``classname::name``. If none matches, glob on ``suite/classname::name``."""
    target: str
    """The target, such as ``UC-003/4``."""
    where: str
    """The source of the rule: an option, or a line of a file."""


class MappedTest(Struct, frozen=True):
    """One test: the cases of one name, with their worst result."""

    name: str
    """The id: ``classname::name``, or ``suite/classname::name`` if a pattern needs it."""
    case: JUnitCase
    targets: tuple[str, ...]
    """The targets, without duplicates."""
    members: tuple[JUnitCase, ...]
    """The cases of this test, in order."""


class MappingResult(Struct, frozen=True):
    """The result of mapping the cases of a report."""

    tests: tuple[MappedTest, ...]
    """The mapped tests, in the order of the cases."""
    cases: int
    """Number of cases in the report."""
    mapped: int
    """Number of cases that match a rule or name a target themselves."""
    unmatched: tuple[MappingRule, ...]
    """The rules that match no case."""
    under_two_names: tuple[tuple[JUnitCase, MappingRule, MappingRule], ...] = ()
    """Cases that are evidence for one target under both names, with the two rules."""


class _Patterns:
    """Index of rules by their pattern, with a cache of the names: thousands of rules meet thousands of names.

    A pattern with wildcards is tried only on names with the same text before its first wildcard, or after its last one.
    """

    def __init__(self, rules: Sequence[MappingRule]) -> None:
        self._exact: defaultdict[str, list[MappingRule]] = defaultdict(list)
        self._globs: defaultdict[tuple[str, str], list[tuple[int, MappingRule, re.Pattern[str]]]] = defaultdict(list)
        """Rules with wildcards, by the beginning or else the end of the name."""
        self._cache: dict[str, tuple[MappingRule, ...]] = {}
        for number, rule in enumerate(rules):
            head, *rest = _MAGIC.split(rule.pattern)
            if rest:
                tail = _LAST_MAGIC.split(rule.pattern)[-1]
                key = (head, "") if len(head) >= len(tail) else ("", tail)
                self._globs[key].append((number, rule, re.compile(translate(rule.pattern))))
            else:
                self._exact[rule.pattern].append(rule)
        self._lengths = sorted({(len(head), len(tail)) for head, tail in self._globs})

    def __bool__(self) -> bool:
        return bool(self._exact or self._globs)

    def matching(self, name: str) -> tuple[MappingRule, ...]:
        if name not in self._cache:
            candidates = [
                candidate
                for head, tail in self._lengths
                for candidate in self._globs.get(
                    (name[:head], name[len(name) - tail :] if tail <= len(name) else name), ()
                )
            ]
            globs = (rule for _, rule, pattern in sorted(candidates, key=itemgetter(0)) if pattern.match(name))
            self._cache[name] = (*self._exact.get(name, ()), *globs)
        return self._cache[name]


def map_cases(cases: Sequence[JUnitCase], rules: Sequence[MappingRule]) -> MappingResult:
    """Return the mapping of cases to evidence.

    A rule whose pattern matches ``classname::name`` maps all cases of that name as one test, whatever their suites. A
    rule that matches only with the suites maps the cases of that suite, as a test with that longer name. Cases of one
    name are one test, and their worst result counts, even if only one of them names a target. A failed suite or hook
    also counts for the targets of the cases that it concerns, so that their passes do not count alone.
    """
    plain, longer = _Patterns(rules), _Patterns([rule for rule in rules if _SUITE in rule.pattern])
    cases_by_name: defaultdict[str, list[JUnitCase]] = defaultdict(list)
    targets: defaultdict[str, dict[str, None]] = defaultdict(dict)
    matched: set[MappingRule] = set()
    mapped, under_two_names = 0, list[tuple[JUnitCase, MappingRule, MappingRule]]()
    for case in cases:
        by_name = plain.matching(case.name)
        if case.covered_cases is not None:
            # "suite::*" includes the suite itself.
            by_name = tuple(dict.fromkeys((*by_name, *plain.matching(f"{case.name}::"))))
        elif case.suite_failure is not None and case.suite_failure.scope in (FailureScope.CLASS, FailureScope.MODULE):
            by_name = tuple(dict.fromkeys((*by_name, *plain.matching(f"{case.suite_failure.names[0]}::"))))
        by_path = [rule for rule in longer.matching(case.path) if rule not in by_name] if longer else []
        matched.update(by_name, by_path)
        mapped += bool(by_name or by_path or case.claims)
        cases_by_name[case.name].append(case)
        targets[case.name] |= dict.fromkeys((*(rule.target for rule in by_name), *case.claims))
        if by_path:
            cases_by_name[case.path].append(case)
            rule_by_target = {rule.target: rule for rule in reversed(by_name)}
            under_two_names += [
                (case, rule_by_target[rule.target], rule) for rule in by_path if rule.target in rule_by_target
            ][:1]
            targets[case.path] |= dict.fromkeys(rule.target for rule in by_path)
    for failed, covered in _failed_suites(cases):
        path_targets = targets.get(failed.path, {})
        was_mapped = bool(targets[failed.name] or path_targets)
        for case in covered:
            case_targets = targets.get(case.name, {}) | targets.get(case.path, {})
            targets[failed.name] |= {target: None for target in case_targets if target not in path_targets}
        mapped += bool(targets[failed.name]) and not was_mapped
    mapped_names = [(name, members) for name, members in cases_by_name.items() if targets[name]]
    tests = tuple(
        MappedTest(name, _merge_cases(members), tuple(targets[name]), tuple(members)) for name, members in mapped_names
    )
    return MappingResult(
        tests, len(cases), mapped, tuple(rule for rule in rules if rule not in matched), tuple(under_two_names)
    )


def _failed_suites(cases: Sequence[JUnitCase]) -> Iterator[tuple[JUnitCase, Sequence[JUnitCase]]]:
    """Yield each failed suite or hook with the cases that it concerns; inner suites come before outer ones."""
    hooks = [case for case in cases if case.suite_failure is not None]
    tests = [case for case in cases if case.suite_failure is None and case.covered_cases is None] if hooks else []
    index = CaseIndex(CaseName(case.class_name, case.suites, case) for case in tests)
    for hook in hooks:
        if hook.suite_failure is not None:
            yield hook, index.reached_by(hook.suite_failure)
    for suite in cases:
        if suite.covered_cases:
            yield suite, suite.covered_cases


def _merge_cases(cases: Sequence[JUnitCase]) -> JUnitCase:
    """Return one case for all cases of a test: the latest start, and the worst result with the worst attempts."""
    worst = max(
        cases, key=lambda case: (BADNESS[case.result], max(BADNESS[attempt.result] for attempt in case.attempts))
    )
    return replace(worst, started=max(case.started for case in cases))


def unmatched_rules(
    rules: Sequence[MappingRule], cases: Iterable[JUnitCase], *, only_hints: bool = False
) -> Iterator[str]:
    """Yield a message for each pattern that matches no case, with a hint.

    ``only_hints``: leave out patterns without a hint.
    """
    distinct_rules = list({rule.pattern: rule for rule in reversed(rules)}.values())[::-1]
    all_cases = list(cases) if distinct_rules else []
    names = {case.name.lower(): case.name for case in all_cases} | {case.path.lower(): case.path for case in all_cases}
    for number, rule in enumerate(distinct_rules):
        hint = _similar_name_hint(rule.pattern.lower(), names) if number < _HINTS else ""
        if hint or not only_hints:
            yield f"{rule.where} '{one_line(rule.pattern)}' matches no test case{hint}"


def _similar_name_hint(pattern: str, names: Mapping[str, str]) -> str:
    """Return a hint at a similar name that matches, as the end of a sentence; empty if there is none.

    ``names``: the names by their lower-case form. The pattern is in lower case too.
    """
    for variant, hint in (
        (pattern, "differs in letter case"),
        (pattern.replace("[", "[[]"), "has a [, which a pattern writes as [[]"),
        (f"*{pattern}*", "is longer: a pattern matches the whole name, and * matches the rest"),
    ):
        is_match = re.compile(translate(variant)).match
        if match := next((name for lower_name, name in names.items() if is_match(lower_name)), None):
            return f": '{one_line(match, 100)}' {hint}"
    return ""
