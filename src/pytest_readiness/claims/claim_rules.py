"""Rules of the config that claim requirements for tests by their names or by other tools' marks.

Each rule is parsed once. A test is compared only with the rules that fit its file, and with those that name its marks.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Protocol

from msgspec import Struct

from ..errors import ClaimError, Problem, ReadinessError, one_line
from ..settings import Settings, key_location, key_locations
from .catalogue import Catalogue
from .claim import Claim
from .marker import as_text
from .rule_patterns import (
    SEPARATOR,
    MarkPattern,
    PatternError,
    TestPattern,
    parse_mark_pattern,
    parse_test_pattern,
    texts_of,
)
from .target import claim_of

MARKS = "marks"
"""Key of the table of rules for marks."""
_PLACEHOLDER = re.compile(r"\{([0-9]{1,9})\}")
_Match = tuple[int, tuple[str, ...]]
"""Index of a rule, and what its wildcards matched."""


class CollectedTest(Protocol):
    """A test as pytest collects it."""

    @property
    def nodeid(self) -> str:
        """Its node id."""

    def iter_markers(self) -> Iterator[Any]:
        """Yield its marks, and those of its class, module and packages."""


class ClaimRule(Struct, frozen=True):
    """One rule of the config."""

    pattern: str
    targets: tuple[str, ...]
    """Such as ``UC-001/6/rotation``; ``{1}`` stands for what the first wildcard matched."""
    where: str
    """File and line."""
    for_marks: bool = False
    """Whether the pattern is one of marks."""

    @property
    def key(self) -> str:
        """The rule as runs record it."""
        return f"{MARKS}: {self.pattern}" if self.for_marks else self.pattern

    def parse(self) -> TestPattern | MarkPattern:
        """Return the parsed pattern.

        Raises:
            PatternError: it has a wrong form, or a target asks for more than its wildcards match.
        """
        pattern = parse_mark_pattern(self.pattern) if self.for_marks else parse_test_pattern(self.pattern)
        for target in self.targets:
            for number in map(int, _PLACEHOLDER.findall(target)):
                if not 1 <= number <= pattern.groups:
                    has = f"has {pattern.groups or 'no'} *"
                    raise PatternError(f"claims '{target}', where {{{number}}} is what a * matched, and {has}")
        return pattern

    def to_plain(self) -> list[Any]:
        """Return the rule as plain data for an xdist worker."""
        return [self.pattern, list(self.targets), self.where, self.for_marks]

    @classmethod
    def from_plain(cls, plain: Sequence[Any]) -> ClaimRule:
        """Return the rule from the data of ``to_plain``."""
        pattern, targets, where, for_marks = plain
        return cls(pattern, tuple(targets), where, for_marks)


def rules_of(settings: Settings) -> tuple[ClaimRule, ...]:
    """Return the rules of a config, in its order: those for tests, then those for marks."""
    tests, marks = settings.claims.tests, settings.claims.marks
    paths = [*(("claims", pattern) for pattern in tests), *(("claims", MARKS, pattern) for pattern in marks)]
    places = iter(key_locations(settings, paths) if paths else ())
    return (
        *(ClaimRule(pattern, targets, next(places)) for pattern, targets in tests.items()),
        *(ClaimRule(pattern, targets, next(places), for_marks=True) for pattern, targets in marks.items()),
    )


def rule_problems(settings: Settings, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield each problem of the rules that is known before a test is collected."""
    for rule in rules_of(settings):
        pattern = one_line(rule.pattern, 100)
        try:
            rule.parse()
        except PatternError as error:
            yield Problem(rule.where, f"'{pattern}' {error}")
            continue
        for number, target in enumerate(rule.targets):
            if (problem := target_problem(target, catalogue)) is not None:
                path = ("claims", *((MARKS,) if rule.for_marks else ()), rule.pattern, number)
                yield Problem(key_location(settings, *path), f"'{pattern}': {problem}")


class RuledClaims(Struct, frozen=True):
    """The claims that rules make for a test."""

    claims: tuple[Claim, ...]
    problems: tuple[str, ...] = ()
    """A message for each target that names something unknown; the test fails for them."""
    guessed: tuple[Claim, ...] = ()
    """The claims of the use case and item of such a target, if both exist."""


class _NameIndex:
    """Index of the rules for a file by the beginning of a class or function: only few rules fit the name of a test."""

    def __init__(self, rules: Iterable[tuple[int, TestPattern, str]]) -> None:
        """``rules``: index of the rule, its pattern, and the glob of its path."""
        self._others: list[tuple[str, tuple[int, TestPattern, str]]] = []
        """Rules that begin with a wildcard or name no test, after a text that each matching name contains."""
        self._by_head: defaultdict[str, list[tuple[int, TestPattern, str]]] = defaultdict(list)
        for rule in rules:
            if rule[1].head:
                self._by_head[rule[1].head].append(rule)
            else:
                self._others.append((rule[1].literal, rule))
        self._lengths = sorted({len(head) for head in self._by_head})
        self._names_parameters = any("[" in head for head in self._by_head)
        self._of_function: dict[str, list[tuple[int, TestPattern, str]]] = {}
        """The rules by head for a function that is parametrised: the same for each of its cases."""

    def candidates(self, name: str) -> list[tuple[int, TestPattern, str]]:
        """Return the rules that may match a test of this name, its classes and parameters included."""
        candidates = [rule for literal, rule in self._others if literal in name]
        if self._lengths:
            end = name.find("[")
            if end < 0 or self._names_parameters:
                return candidates + self._with_head(name, end)
            function = name[:end]
            if (rules := self._of_function.get(function)) is None:
                rules = self._of_function[function] = self._with_head(function, -1)
            candidates += rules
        return candidates

    def _with_head(self, name: str, end: int) -> list[tuple[int, TestPattern, str]]:
        rules_of_name: list[tuple[int, TestPattern, str]] = []
        start = 0
        while True:
            for length in self._lengths:
                if rules := self._by_head.get(name[start : start + length]):
                    rules_of_name += rules
            start = name.find(SEPARATOR, start, end if end >= 0 else None) + len(SEPARATOR)
            if start < len(SEPARATOR):
                return rules_of_name


class ClaimRules:
    """The rules of a session, with what they matched."""

    def __init__(
        self,
        rules: Iterable[ClaimRule],
        catalogue: Catalogue | None = None,
        name_of: Callable[[Any], str] = lambda item: item.nodeid,
    ) -> None:
        """``name_of``: returns the name of a test, relative to the config's folder.

        Raises:
            PatternError: a pattern has a wrong form.
        """
        self.rules = tuple(rules)
        self.counts = [0] * len(self.rules)
        """Number of tests that each rule matched."""
        self._catalogue = catalogue
        self._name_of = name_of
        self._by_path: defaultdict[str, list[tuple[int, TestPattern]]] = defaultdict(list)
        """Rules for tests by the glob of the path, which several rules may share."""
        self._by_mark: list[tuple[int, MarkPattern]] = []
        for index, rule in enumerate(self.rules):
            pattern = rule.parse()
            if isinstance(pattern, MarkPattern):
                self._by_mark.append((index, pattern))
            else:
                self._by_path[pattern.path.pattern].append((index, pattern))
        self._in_file: dict[str, tuple[_NameIndex, dict[str, tuple[str, ...]]]] = {}
        """The rules for a file, and what the wildcards of each path's glob matched."""
        self._indexes: dict[tuple[str, ...], _NameIndex] = {}
        """The rules for files that the same globs fit."""
        self._of_mark: dict[str, list[tuple[int, MarkPattern, tuple[str, ...]]]] = {}
        """Rules that name a mark, with what the wildcards of its name matched."""
        self._of_text: dict[tuple[str, str | None, str], tuple[_Match, ...]] = {}
        """Matches by name of the mark, keyword and argument."""
        self._made: dict[_Match, RuledClaims] = {}
        self._joined: dict[tuple[_Match, ...], RuledClaims] = {}

    def matches(self, item: CollectedTest) -> bool:
        """Return whether any rule matches a test."""
        return bool(self._matches(item))

    def claims_of(self, item: CollectedTest) -> RuledClaims | None:
        """Return the claims that rules make for a test, and count the test; None: no rule matches it."""
        matches = self._matches(item)
        if not matches:
            return None
        for index in {index for index, _ in matches}:
            self.counts[index] += 1
        return self._join(matches)

    def late_claims_of(self, item: CollectedTest) -> RuledClaims | None:
        """Return the claims that rules for marks make for a test now; None: none matches. The test is not counted."""
        matches = tuple(dict.fromkeys(sorted(self._mark_matches(item), key=itemgetter(0)))) if self._by_mark else ()
        return self._join(matches) if matches else None

    def _join(self, matches: tuple[_Match, ...]) -> RuledClaims:
        joined = self._joined.get(matches)
        if joined is None:
            made = [self._claims_of(match) for match in matches]
            claims = dict.fromkeys(claim for each in made for claim in each.claims)
            guessed = dict.fromkeys(claim for each in made for claim in each.guessed if claim not in claims)
            problems = dict.fromkeys(text for each in made for text in each.problems)
            joined = self._joined[matches] = RuledClaims(tuple(claims), tuple(problems), tuple(guessed))
        return joined

    @property
    def matched(self) -> dict[str, int]:
        """Number of tests that each rule matched, by its key."""
        return {rule.key: count for rule, count in zip(self.rules, self.counts, strict=True)}

    def _matches(self, item: CollectedTest) -> tuple[_Match, ...]:
        matches = list(self._test_matches(self._name_of(item))) if self._by_path else []
        if self._by_mark:
            matches += self._mark_matches(item)
        return tuple(dict.fromkeys(sorted(matches, key=itemgetter(0))))

    def _test_matches(self, test: str) -> Iterator[_Match]:
        path, _, name = test.partition(SEPARATOR)
        if (in_file := self._in_file.get(path)) is None:
            in_file = self._in_file[path] = self._rules_for(path)
        rules, groups = in_file
        for index, pattern, glob in rules.candidates(name):
            if pattern.name is None:
                yield index, groups[glob]
            elif (match := pattern.name.match(name)) is not None:
                yield index, (*groups[glob], *_groups(match))

    def _rules_for(self, path: str) -> tuple[_NameIndex, dict[str, tuple[str, ...]]]:
        matches = ((glob, rules[0][1].path.fullmatch(path)) for glob, rules in self._by_path.items())
        groups = {glob: _groups(match) for glob, match in matches if match is not None}
        globs = tuple(groups)
        if (rules := self._indexes.get(globs)) is None:
            fitting = ((index, pattern, glob) for glob in globs for index, pattern in self._by_path[glob])
            rules = self._indexes[globs] = _NameIndex(fitting)
        return rules, groups

    def _mark_matches(self, item: CollectedTest) -> Iterator[_Match]:
        for mark in item.iter_markers():
            name = as_text(getattr(mark, "name", None))
            if name is None or not (candidates := self._candidates(name)):
                continue
            keys: defaultdict[str | None, dict[str, None]] = defaultdict(dict)
            for index, pattern, groups in candidates:
                if pattern.key is None and pattern.argument is None:
                    yield index, groups
                    continue
                if pattern.key not in keys:
                    keys[pattern.key] |= dict.fromkeys(texts_of(mark, pattern.key))
            for key, texts in keys.items():
                for text in texts:
                    yield from self._text_matches(name, key, text)

    def _candidates(self, name: str) -> list[tuple[int, MarkPattern, tuple[str, ...]]]:
        if (candidates := self._of_mark.get(name)) is None:
            candidates = self._of_mark[name] = [
                (index, pattern, _groups(match))
                for index, pattern in self._by_mark
                if (match := pattern.name.fullmatch(name)) is not None
            ]
        return candidates

    def _text_matches(self, name: str, key: str | None, text: str) -> tuple[_Match, ...]:
        matches = self._of_text.get((name, key, text))
        if matches is None:
            fitting = []
            for index, pattern, groups in self._candidates(name):
                if (
                    pattern.key != key
                    or (key is None and pattern.argument is None)
                    or not text.startswith(pattern.head)
                ):
                    continue
                if pattern.argument is None:
                    fitting.append((index, groups))
                elif (match := pattern.argument.fullmatch(text)) is not None:
                    fitting.append((index, (*groups, *_groups(match))))
            matches = self._of_text[name, key, text] = tuple(fitting)
        return matches

    def _claims_of(self, match: _Match) -> RuledClaims:
        made = self._made.get(match)
        if made is None:
            index, groups = match
            made = self._made[match] = self._make(self.rules[index], groups)
        return made

    def _make(self, rule: ClaimRule, groups: tuple[str, ...]) -> RuledClaims:
        claims: list[Claim] = []
        guessed: list[Claim] = []
        problems: list[str] = []
        catalogue = self._catalogue
        if catalogue is None:
            return RuledClaims(())
        for template in rule.targets:
            target = _PLACEHOLDER.sub(lambda placeholder: groups[int(placeholder[1]) - 1], template)
            try:
                claims.append(claim_of(target, catalogue))
            except ReadinessError as error:
                pattern = one_line(rule.pattern, 100)
                problems.append(f"{rule.where}: '{pattern}' claims '{one_line(target, 100)}': {error}")
                guessed += _guess(target, catalogue)
        return RuledClaims(tuple(claims), tuple(problems), tuple(guessed))


def target_problem(target: str, catalogue: Catalogue) -> str | None:
    """Return the problem of a target, as far as it is known before a test is matched; None: there is none."""
    try:
        if _PLACEHOLDER.search(target) is None:
            claim_of(target, catalogue)
            return None
        use_case, *rest = target.split("/")
        if rest and _PLACEHOLDER.search(use_case) is None:
            catalogue.use_case(use_case)
        if rest and _PLACEHOLDER.search(rest[0]) is None:
            catalogue.item(rest[0])
    except ReadinessError as error:
        return str(error)
    return None


def _guess(target: str, catalogue: Catalogue) -> Iterator[Claim]:
    """Yield the claim of the use case and item of a target, if both exist."""
    use_case, _, rest = target.partition("/")
    try:
        yield catalogue.resolve(Claim(use_case, rest.partition("/")[0]))
    except ClaimError:
        return


def _groups(match: re.Match[str]) -> tuple[str, ...]:
    return tuple(group or "" for group in match.groups())


def near_miss(rule: ClaimRule, names: Iterable[str]) -> str:
    """Return the end of a message about a rule that matches no test: a name that it nearly matches; else empty."""
    if rule.for_marks:
        return ""
    first, *pieces = map(re.escape, re.split(r"[*?]+", rule.pattern.strip()))
    # The nearest place of each piece but the last is as good as a later one.
    parts = (*(f"(?>.*?{piece})" for piece in pieces[:-1]), *(f".*?{piece}" for piece in pieces[-1:]))
    loose = re.compile(rf"{first}{''.join(parts)}(?=[/\[]|::|\Z)", re.DOTALL)
    folded = re.compile(loose.pattern, re.DOTALL | re.IGNORECASE)
    for name in names:
        if loose.match(name):
            return f": it nearly matches '{one_line(name, 100)}' (* stands for one step, ** for any number of steps)"
        if folded.match(name):
            return f": it nearly matches '{one_line(name, 100)}' (letter case counts)"
    return ""
