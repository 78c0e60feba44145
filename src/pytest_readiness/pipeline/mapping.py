"""Which test cases of a report are evidence for what: patterns on their names, and what a case says of itself.

What a case is called in the evidence depends on the pattern that it matches and on the case alone, and not on what else
the report holds: an import of fewer cases, or of more, calls it the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import translate

from ..errors import ConfigError, one_line
from ..facts.evidence import BADNESS
from ..frozen import dataclass
from ..journal.junit import Case

_MAGIC = re.compile(r"[*?[]")
_SUITE = "/"
"""A pattern with this in it may begin with the names of suites."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of a mapping."""

    pattern: str
    """Glob on ``classname::name``; or, where it matches no such, on ``suite/classname::name``."""
    target: str
    """``UC-003/4``."""
    where: str
    """Where it was written: an option, or a line of a file."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """What is one test: the cases of one name, with the worst result of them."""

    name: str
    """Its id: ``classname::name``, or ``suite/classname::name`` where a pattern needs it."""
    case: Case
    targets: tuple[str, ...]
    """What it is evidence for, each once."""
    members: tuple[Case, ...]
    """The cases that it stands for, in their order."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a mapping makes of a report."""

    tests: tuple[Mapped, ...]
    """What is mapped, in the order of the cases."""
    cases: int
    """How many cases the report holds."""
    mapped: int
    """How many of them match a rule, or say themselves what they are evidence for."""
    idle: tuple[Rule, ...]
    """The rules that match no case."""


def split_target(text: str) -> tuple[str, str]:
    """Return use case and item of ``UC-003/4``.

    Raises:
        ConfigError: it is something else.
    """
    use_case, slash, item = text.partition("/")
    if not slash or not use_case or not item or "/" in item:
        raise ConfigError(f"'{one_line(text, 60)}' is no UC/ITEM, such as UC-003/4")
    return use_case, item


class _Patterns:
    """Rules by what they match, each name looked at once: thousands of rules meet thousands of names."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._exact: defaultdict[str, list[Rule]] = defaultdict(list)
        self._globs: list[tuple[Rule, re.Pattern[str]]] = []
        self._found: dict[str, tuple[Rule, ...]] = {}
        for rule in rules:
            if _MAGIC.search(rule.pattern):
                self._globs.append((rule, re.compile(translate(rule.pattern))))
            else:
                self._exact[rule.pattern].append(rule)

    def __bool__(self) -> bool:
        return bool(self._exact or self._globs)

    def matching(self, name: str) -> tuple[Rule, ...]:
        if name not in self._found:
            globs = (rule for rule, pattern in self._globs if pattern.match(name))
            self._found[name] = (*self._exact.get(name, ()), *globs)
        return self._found[name]


def map_cases(cases: Sequence[Case], rules: Sequence[Rule]) -> Mapping:
    """Return which cases are evidence for what.

    A rule whose pattern matches ``classname::name`` takes all cases of that name as one test, whatever their suites.
    One that matches only with the suites before it takes the cases of that suite, as a test of that longer name. Cases
    of one name are one test, of which the worst result counts, also where only one says what it is evidence for.
    """
    plain, longer = _Patterns(rules), _Patterns([rule for rule in rules if _SUITE in rule.pattern])
    found: defaultdict[str, list[Case]] = defaultdict(list)
    targets: defaultdict[str, dict[str, None]] = defaultdict(dict)
    matched: set[Rule] = set()
    mapped = 0
    for case in cases:
        by_name = plain.matching(case.name)
        by_path = [rule for rule in longer.matching(case.path) if rule not in by_name] if longer else []
        matched.update(by_name, by_path)
        mapped += bool(by_name or by_path or case.claims)
        found[case.name].append(case)
        targets[case.name] |= dict.fromkeys((*(rule.target for rule in by_name), *case.claims))
        if by_path:
            found[case.path].append(case)
            targets[case.path] |= dict.fromkeys(rule.target for rule in by_path)
    due = [(name, some) for name, some in found.items() if targets[name]]
    tests = tuple(Mapped(name, _as_one(some), tuple(targets[name]), tuple(some)) for name, some in due)
    return Mapping(tests, len(cases), mapped, tuple(rule for rule in rules if rule not in matched))


def _as_one(cases: Sequence[Case]) -> Case:
    """Return the cases of one test as one: the latest start, and of the worst results one with the worst attempts."""
    worst = max(cases, key=lambda case: (BADNESS[case.result], max(BADNESS[one.result] for one in case.attempts)))
    return replace(worst, started=max(case.started for case in cases))
