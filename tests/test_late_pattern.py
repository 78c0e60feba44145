"""Patterns that are compiled at their first use are sound, and behave as patterns do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import pytest_readiness
from pytest_readiness import late_pattern as module
from pytest_readiness.late_pattern import late_pattern

ROOT = Path(pytest_readiness.__file__ or "").parent
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in ROOT.rglob("*.py")
    if "late_pattern(" in path.read_text(encoding="utf-8") and path.stem != "late_pattern"
)


def late_patterns(value: Any) -> Iterator[Any]:
    """Yield the late patterns in a value of a module, or in its dicts, lists and tuples."""
    if isinstance(value, module._LatePattern):
        yield value
    elif isinstance(value, dict):
        yield from (pattern for inner in value.values() for pattern in late_patterns(inner))
    elif isinstance(value, list | tuple):
        yield from (pattern for inner in value for pattern in late_patterns(inner))


@pytest.mark.parametrize("name", MODULES)
def test_every_pattern_compiles(name: str) -> None:
    """A mistake in an expression would show only in a session that needs it, so each is compiled here."""
    for value in vars(import_module(f"pytest_readiness.{name}")).values():
        for pattern in late_patterns(value):
            assert isinstance(pattern.pattern, str | bytes)


def test_there_are_late_patterns() -> None:
    """The search above finds some: else it would prove nothing."""
    names = vars(import_module("pytest_readiness.redaction.key_scan")).values()
    assert sum(1 for value in names for _ in late_patterns(value)) > 5


def test_it_behaves_as_the_compiled_pattern() -> None:
    """Its methods and attributes are those of the pattern, flags included, again and again."""
    late, compiled = late_pattern(r"(?P<word>a+)b", re.IGNORECASE), re.compile(r"(?P<word>a+)b", re.IGNORECASE)
    for _ in range(2):
        assert (late.pattern, late.flags, late.groupindex) == (compiled.pattern, compiled.flags, compiled.groupindex)
        assert late.sub("x", "AAB aab") == compiled.sub("x", "AAB aab") == "x x"
        assert [match.span() for match in late.finditer("ab aab")] == [(0, 2), (3, 6)]
    assert late.fullmatch("aac") is None


def test_a_wrong_expression_shows_at_the_first_use() -> None:
    """Python's own error names it then."""
    wrong = late_pattern("(")
    with pytest.raises(re.error):
        wrong.search("x")
