"""Which test cases of a report are evidence for what: patterns on their names, and what a case says of itself.

What a case is called in the evidence depends on the pattern that it matches and on the case alone, and not on what else
the report holds: an import of fewer cases, or of more, calls it the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import translate
from operator import itemgetter

from ..claims.catalogue import Catalogue
from ..claims.claim import Claim
from ..errors import ClaimError, ConfigError, one_line, suggestion
from ..facts.evidence import BADNESS
from ..facts.suite_failure import FailureScope
from ..fast_values import dataclass
from .junit.reader import JUnitCase
from .suite_scope import CaseIndex, CaseName

_MAGIC = re.compile(r"[*?[]")
_LAST_MAGIC = re.compile(r"[*?[\]]")
_SUITE = "/"
"""A pattern with this in it may begin with the names of suites."""
_HINTS = 20
"""Idle rules that are looked at more closely."""


@dataclass(frozen=True, slots=True)
class MappingRule:
    """A line of a mapping."""

    pattern: str
    """Glob on ``classname::name``; or, where it matches no such, on ``suite/classname::name``."""
    target: str
    """``UC-003/4``."""
    where: str
    """Where it was written: an option, or a line of a file."""


@dataclass(frozen=True, slots=True)
class MappedTest:
    """What is one test: the cases of one name, with the worst result of them."""

    name: str
    """Its id: ``classname::name``, or ``suite/classname::name`` where a pattern needs it."""
    case: JUnitCase
    targets: tuple[str, ...]
    """What it is evidence for, each once."""
    members: tuple[JUnitCase, ...]
    """The cases that it stands for, in their order."""


@dataclass(frozen=True, slots=True)
class MappingResult:
    """What a mapping makes of a report."""

    tests: tuple[MappedTest, ...]
    """What is mapped, in the order of the cases."""
    cases: int
    """How many cases the report holds."""
    mapped: int
    """How many of them match a rule, or say themselves what they are evidence for."""
    unmatched: tuple[MappingRule, ...]
    """The rules that match no case."""
    under_two_names: tuple[tuple[JUnitCase, MappingRule, MappingRule], ...] = ()
    """Cases that are evidence for one thing under both names, by one rule each."""


def claim_of(target: str, catalogue: Catalogue, part: str | None = None, replay_mode: str | None = None) -> Claim:
    """Return the claim that a target makes: ``UC-003/4``, or a requirement such as ``UC-003/6/rotation``.

    Args:
        target: what a mapping or a test case says.
        catalogue: which names exist.
        part: the part that it shows, unless the target names one.
        replay_mode: how a replay was validated.

    Raises:
        ReadinessError: it is something else, or names what does not exist.
    """
    use_case, _, rest = target.partition("/")
    item, *scope = rest.split("/")
    if not use_case or not item or not all(scope):
        raise ConfigError(f"'{one_line(target, 60)}' is no UC/ITEM, such as UC-003/4")
    claim = catalogue.resolve(Claim(use_case, item, part=None if scope else part, replay_mode=replay_mode))
    for name in scope:
        claim = _limited(claim, name, catalogue)
    return claim if claim.part or not part else catalogue.resolve(replace(claim, part=part))


def _limited(claim: Claim, name: str, catalogue: Catalogue) -> Claim:
    """Return the claim within the environment, the provider mode or the part of this name."""
    if name in catalogue.environments and claim.environment is None:
        return replace(claim, environment=name)
    if name in catalogue.provider_modes and claim.provider_mode is None:
        return replace(claim, provider_mode=name)
    if claim.part is not None:
        raise ConfigError(f"'{one_line(name, 60)}' is one scope too many: {claim.use_case}/{claim.item}/{claim.part}")
    try:
        return catalogue.resolve(replace(claim, part=name))
    except ClaimError:
        if near := suggestion(name, [*catalogue.environments, *catalogue.provider_modes]):
            told = f"there is no environment or provider mode '{one_line(name, 60)}'{near}"
            raise ClaimError(told) from None
        raise


class _Patterns:
    """Rules by what they match, each name looked at once: thousands of rules meet thousands of names.

    A pattern is tried only on names that begin, or end, as it does before its first sign that stands for others, or
    after its last one.
    """

    def __init__(self, rules: Sequence[MappingRule]) -> None:
        self._exact: defaultdict[str, list[MappingRule]] = defaultdict(list)
        self._globs: defaultdict[tuple[str, str], list[tuple[int, MappingRule, re.Pattern[str]]]] = defaultdict(list)
        """By how a name begins, or else by how it ends."""
        self._found: dict[str, tuple[MappingRule, ...]] = {}
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
        if name not in self._found:
            tried = [
                one
                for head, tail in self._lengths
                for one in self._globs.get((name[:head], name[len(name) - tail :] if tail <= len(name) else name), ())
            ]
            globs = (rule for _, rule, pattern in sorted(tried, key=itemgetter(0)) if pattern.match(name))
            self._found[name] = (*self._exact.get(name, ()), *globs)
        return self._found[name]


def map_cases(cases: Sequence[JUnitCase], rules: Sequence[MappingRule]) -> MappingResult:
    """Return which cases are evidence for what.

    A rule whose pattern matches ``classname::name`` takes all cases of that name as one test, whatever their suites.
    One that matches only with the suites before it takes the cases of that suite, as a test of that longer name. Cases
    of one name are one test, of which the worst result counts, also where only one says what it is evidence for.
    A suite, or a hook, that failed is evidence also for what the cases that it concerns are mapped to: none of their
    passes stands alone.
    """
    plain, longer = _Patterns(rules), _Patterns([rule for rule in rules if _SUITE in rule.pattern])
    found: defaultdict[str, list[JUnitCase]] = defaultdict(list)
    targets: defaultdict[str, dict[str, None]] = defaultdict(dict)
    matched: set[MappingRule] = set()
    mapped, twice = 0, list[tuple[JUnitCase, MappingRule, MappingRule]]()
    for case in cases:
        by_name = plain.matching(case.name)
        if case.covered_cases is not None:
            by_name = tuple(dict.fromkeys((*by_name, *plain.matching(f"{case.name}::"))))  # "suite::*" takes all of it
        elif case.suite_failure is not None and case.suite_failure.scope in (FailureScope.CLASS, FailureScope.MODULE):
            by_name = tuple(dict.fromkeys((*by_name, *plain.matching(f"{case.suite_failure.names[0]}::"))))
        by_path = [rule for rule in longer.matching(case.path) if rule not in by_name] if longer else []
        matched.update(by_name, by_path)
        mapped += bool(by_name or by_path or case.claims)
        found[case.name].append(case)
        targets[case.name] |= dict.fromkeys((*(rule.target for rule in by_name), *case.claims))
        if by_path:
            found[case.path].append(case)
            here = {rule.target: rule for rule in reversed(by_name)}
            twice += [(case, here[rule.target], rule) for rule in by_path if rule.target in here][:1]
            targets[case.path] |= dict.fromkeys(rule.target for rule in by_path)
    for failed, concerned in _concerned(cases):
        there = targets.get(failed.path, {})
        is_known = bool(targets[failed.name] or there)
        for case in concerned:
            also = targets.get(case.name, {}) | targets.get(case.path, {})
            targets[failed.name] |= {target: None for target in also if target not in there}
        mapped += bool(targets[failed.name]) and not is_known
    due = [(name, some) for name, some in found.items() if targets[name]]
    tests = tuple(MappedTest(name, _as_one(some), tuple(targets[name]), tuple(some)) for name, some in due)
    return MappingResult(tests, len(cases), mapped, tuple(rule for rule in rules if rule not in matched), tuple(twice))


def _concerned(cases: Sequence[JUnitCase]) -> Iterator[tuple[JUnitCase, Sequence[JUnitCase]]]:
    """Yield what failed and is no test, with the cases that it concerns: of suites the innermost first."""
    hooks = [case for case in cases if case.suite_failure is not None]
    tests = [case for case in cases if case.suite_failure is None and case.covered_cases is None] if hooks else []
    reached = CaseIndex(CaseName(case.class_name, case.suites, case) for case in tests)
    for hook in hooks:
        if hook.suite_failure is not None:
            yield hook, reached.reached_by(hook.suite_failure)
    for suite in cases:
        if suite.covered_cases:
            yield suite, suite.covered_cases


def _as_one(cases: Sequence[JUnitCase]) -> JUnitCase:
    """Return the cases of one test as one: the latest start, and of the worst results one with the worst attempts."""
    worst = max(cases, key=lambda case: (BADNESS[case.result], max(BADNESS[one.result] for one in case.attempts)))
    return replace(worst, started=max(case.started for case in cases))


def unmatched_rules(
    rules: Sequence[MappingRule], cases: Iterable[JUnitCase], *, only_hints: bool = False
) -> Iterator[str]:
    """Yield a line for each pattern that matches no case, with what may be meant.

    ``only_hints``: of those alone of which that is known.
    """
    waiting = list({rule.pattern: rule for rule in reversed(rules)}.values())[::-1]
    every = list(cases) if waiting else []
    names = {case.name.lower(): case.name for case in every} | {case.path.lower(): case.path for case in every}
    for number, rule in enumerate(waiting):
        hint = _meant(rule.pattern.lower(), names) if number < _HINTS else ""
        if hint or not only_hints:
            yield f"{rule.where} '{one_line(rule.pattern)}' matches no test case{hint}"


def _meant(pattern: str, names: Mapping[str, str]) -> str:
    """Return what matches if it is written a little otherwise, as the end of a sentence; empty: nothing does.

    ``names``: each behind itself in small letters, as the pattern is.
    """
    for other, told in (
        (pattern, "differs in letter case"),
        (pattern.replace("[", "[[]"), "has a [, which a pattern writes as [[]"),
        (f"*{pattern}*", "is longer: a pattern matches the whole name, and * stands for what is left out"),
    ):
        matches = re.compile(translate(other)).match
        if found := next((name for small, name in names.items() if matches(small)), None):
            return f": '{one_line(found, 100)}' {told}"
    return ""
