"""Patterns of the config's rules for claims: globs on test names, and on marks and their arguments.

``*`` stands for any text within a step of a name, ``**`` for any number of steps, ``?`` for a character. Brackets stand
for themselves, because names of parametrised tests contain them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from msgspec import Struct

from .marker import MAX_ITEM_BITS, as_text

SEPARATOR = "::"
_WILDCARDS = re.compile(r"\*\*(?:/|::)?|\*|\?")
_FORM = re.compile(
    r"(?P<name>[^()]*[^()\s])\s*(?P<call>\(\s*(?:(?P<key>[A-Za-z_]\w*)\s*=\s*)?(?P<argument>.*?)\s*\))?", re.DOTALL
)
_ANY_STEPS, _IN_PATH, _IN_TEXT = "(.*?)", "([^/]*?)", "(.*?)"
_IN_NAME = r"((?:(?!::)[^\[])*?)"
"""Any text of a class or function, without the parameters of the test."""
_TYPES = ("label_type", "link_type")
"""Keywords by which a mark of Allure names the kind of its positional arguments."""
_ALLURE = {
    "link": ("allure_link", "link"),
    "issue": ("allure_link", "issue"),
    "testcase": ("allure_link", "tms"),
    "id": ("allure_label", "as_id"),
    "manual": ("allure_label", "ALLURE_MANUAL"),
    "parent_suite": ("allure_label", "parentSuite"),
    "sub_suite": ("allure_label", "subSuite"),
}
"""The mark that a decorator of Allure makes, and the kind; every other decorator makes a label of its own name."""


class PatternError(ValueError):
    """A pattern has a wrong form; the text says which one it must have."""


class TestPattern(Struct, frozen=True):
    """A glob on the names of tests."""

    __test__ = False  # no class of tests

    path: re.Pattern[str]
    name: re.Pattern[str] | None
    """Matches what follows the path: classes, function and parameters; None: the pattern names files."""
    head: str
    """The text with which the class or function of each matching test begins; empty: with a wildcard."""
    literal: str
    """The longest text that each matching name contains: searching it is faster than matching."""
    groups: int
    """Number of ``*`` and ``**``."""


def parse_test_pattern(text: str) -> TestPattern:
    """Return the glob of a text such as ``tests/keys/**::test_rotation*``.

    A glob that ends before the parameters, the function or the class of a test matches all tests of these. ``**`` at
    the end of the path also stands for classes.

    Raises:
        PatternError: the text has no glob.
    """
    path, separator, name = text.strip().removeprefix("./").partition(SEPARATOR)
    if not path or (separator and not name):
        raise PatternError('must be a glob on node ids, such as "tests/keys/**::test_rotation*"')
    path += "**" if path.endswith("/") else ""
    path_regex, groups = _translate(path, _IN_PATH)
    if not separator:
        return TestPattern(re.compile(path_regex, re.DOTALL), None, "", "", groups)
    name_regex, more = _translate(name, _IN_NAME)
    classes = r"(?:[^\[]*::)?" if path.endswith("**") else ""
    literals = _WILDCARDS.split(name)
    return TestPattern(
        re.compile(path_regex, re.DOTALL),
        re.compile(rf"{classes}{name_regex}(?=\[|::|\Z)", re.DOTALL),
        literals[0],
        max(literals, key=len),
        groups + more,
    )


class MarkPattern(Struct, frozen=True):
    """A glob on marks: their name, and possibly one of their arguments."""

    name: re.Pattern[str]
    key: str | None
    """Keyword of the argument, or kind of a label or link of Allure; None: a positional argument."""
    argument: re.Pattern[str] | None
    """None: any argument, or none."""
    head: str
    """The text with which each matching argument begins."""
    groups: int
    """Number of ``*`` and ``**``."""


def parse_mark_pattern(text: str) -> MarkPattern:
    """Return the glob of a text such as ``NAME``, ``NAME(ARG)`` or ``NAME(key=ARG)``.

    Raises:
        PatternError: the text has another form.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None or (match["call"] and not match["argument"]):
        raise PatternError("must be NAME, NAME(ARG) or NAME(key=ARG)")
    name, key, argument = match["name"], match["key"], match["argument"]
    if name.startswith("allure.") and key is None:
        decorator = name.removeprefix("allure.")
        name, key = _ALLURE.get(decorator, ("allure_label", decorator))
    elif name == "allure_label" and key == "id":
        key = "as_id"
    name_regex, groups = _translate(name, _IN_TEXT)
    regex, more, head = None, 0, ""
    if argument is not None:
        if len(argument) > 1 and argument[0] == argument[-1] and argument[0] in "\"'":
            argument = argument[1:-1]
        translated, more = _translate(argument, _IN_TEXT)
        regex, head = re.compile(translated, re.DOTALL), _WILDCARDS.split(argument)[0]
    return MarkPattern(re.compile(name_regex, re.DOTALL), key, regex, head, groups + more)


class _Wildcard(Struct):
    """A ``*`` or ``**`` of a glob as a regular expression, with what follows it up to the next one."""

    regex: str
    is_any: bool
    """Whether it stands for any text at all."""
    is_optional: bool = False
    literal: str = ""
    rest: str = ""
    """The literal as a regular expression."""

    def is_settled_by(self, following: _Wildcard, star: str) -> bool:
        """Return whether the nearest literal is as good as a later one: the next wildcard takes what is between.

        Without this, matching takes a time that grows with a power of the number of wildcards.
        """
        if self.is_optional or following.is_optional:
            return False
        if following.is_any:
            return True
        excluded = {_IN_PATH: "/", _IN_NAME: ":[?"}.get(star, "")
        return not self.is_any and not any(sign in self.literal for sign in excluded)


def _translate(glob: str, star: str) -> tuple[str, int]:
    """Return a glob as a regular expression, and the number of its groups. ``star``: the expression of ``*``."""
    end, is_in_brackets = 0, False
    wildcards = [_Wildcard("", is_any=False)]  # the first holds what precedes all wildcards
    for match in _WILDCARDS.finditer(glob):
        literal, wildcard = glob[end : match.start()], match.group()
        _add(wildcards[-1], literal, re.escape(literal))
        is_in_brackets = is_in_brackets or "[" in literal
        end = match.end()
        if wildcard == "?":
            _add(wildcards[-1], "?", "[^/]" if star == _IN_PATH else ".")
        elif separator := wildcard.removeprefix("**") if wildcard != "*" else "":
            is_step = star != _IN_TEXT and (match.start() == 0 or glob.endswith(separator, 0, match.start()))
            regex = f"(?:(.*?){separator})?" if is_step else f"{_ANY_STEPS}{separator}"
            wildcards.append(_Wildcard(regex, is_any=True, is_optional=is_step))
        elif wildcard == "**" or (star == _IN_NAME and is_in_brackets):
            wildcards.append(_Wildcard(_ANY_STEPS, is_any=True))
        else:
            wildcards.append(_Wildcard(star, is_any=star == _IN_TEXT))
    _add(wildcards[-1], glob[end:], re.escape(glob[end:]))
    regexes = [
        f"(?>{each.regex}{each.rest})" if each.is_settled_by(following, star) else each.regex + each.rest
        for each, following in pairwise(wildcards[1:])
    ]
    last = wildcards[-1]
    whole = wildcards[0].rest + "".join(regexes) + (last.regex + last.rest if len(wildcards) > 1 else "")
    return whole, len(wildcards) - 1


def _add(wildcard: _Wildcard, literal: str, rest: str) -> None:
    wildcard.literal += literal
    wildcard.rest += rest


def texts_of(mark: Any, key: str | None) -> Iterator[str]:
    """Yield the arguments of a mark that are texts or numbers, also those in lists.

    Args:
        mark: a mark as pytest stores it.
        key: keyword of the argument, or kind of a label or link of Allure; None: the positional arguments.
    """
    keywords = mark.kwargs
    if key is None or any(as_text(keywords.get(name)) == key for name in _TYPES):
        for argument in mark.args:
            yield from _texts(argument)
    if key is not None and key in keywords:
        yield from _texts(keywords[key])


def _texts(argument: Any) -> Iterator[str]:
    kind = type(argument)
    if kind in (list, tuple):
        for part in argument:
            yield from _text(part)
    elif kind in (set, frozenset):  # in no order of its own
        yield from sorted(text for part in argument for text in _text(part))
    else:
        yield from _text(argument)


def _text(argument: Any) -> Iterator[str]:
    """Yield a text or a number. Other objects are not asked: their methods may raise."""
    if (text := as_text(argument)) is not None:
        yield text
    elif type(argument) is int and argument.bit_length() <= MAX_ITEM_BITS:
        yield int.__repr__(argument)
