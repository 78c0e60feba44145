"""Lines of keys in TOML text."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.settings.key_lines import key_lines, nearest_line

TEXT = '''\
# a comment = 1
top = 1 # [not.a.table]
"quoted key" . 'and "this"' = """
[not.a.table]
x = 1"""

[a."b.c".d]
list = [
  1, # one
  "]", { k = 1, deep.er = [ { z = 2 } ] },
]
inline = { x = 1, "y z" = { w = '}' } }
[[entries]]
name = "first"
[[entries]]
name = "second"
[entries.sub]
when = 1979-05-27 07:32:00
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("quoted key", 'and "this"'), 3),
        (("a", "b.c", "d"), 7),
        (("a", "b.c", "d", "list", 0), 9),
        (("a", "b.c", "d", "list", 2, "deep", "er", 0, "z"), 10),
        (("a", "b.c", "d", "inline", "y z", "w"), 12),
        (("entries", 0, "name"), 14),
        (("entries", 1, "name"), 16),
        (("entries", 1, "sub", "when"), 18),
    ],
)
def test_line_of_every_way_to_write_a_key(path, line):
    """Tables, dotted and quoted keys, inline tables, lists and lists of tables each have their line."""
    assert key_lines(TEXT)[path] == line


def test_windows_line_ends_change_no_line():
    """A file with CRLF has its keys in the same lines."""
    assert key_lines(TEXT.replace("\n", "\r\n")) == key_lines(TEXT)


def test_the_innermost_known_line_stands_for_what_has_none():
    """A missing path has the line of the table or list around it, or None."""
    lines = key_lines("[review]\nrequired = 1\n")
    assert nearest_line(lines, ("review", "reviewers", 3)) == 1
    assert nearest_line(lines, ("review", "required", "x")) == 2
    assert nearest_line(lines, ("gate",)) is None


def _paths(value, path=()):
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _paths(inner, (*path, number))


def _toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(_toml, value)) + "\n]"
    return json.dumps(value)


names = st.text(st.characters(codec="ascii", exclude_characters="\x7f"), max_size=6)
values = st.recursive(
    st.integers(-5, 5) | st.booleans() | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(names, values, min_size=1, max_size=4), st.integers(0, 3))
def test_every_key_that_the_reader_finds_has_a_line(data, blank):
    """Each key that the standard library reads has a line, in the order of the keys."""
    text = "\n" * blank + "".join(f"{json.dumps(key)} = {_toml(value)}\n" for key, value in data.items())
    assert tomllib.loads(text) == data
    lines = key_lines(text)
    assert set(_paths(data)) == set(lines)
    at = blank + 1
    for key, value in data.items():
        assert lines[(key,)] == at
        at += 1 + _toml(value).count("\n")
