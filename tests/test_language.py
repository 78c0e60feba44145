"""The code speaks one language: a name means one thing, and a module's first line says what it is."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

from tests.pages import ROOT

SOURCE = ROOT / "src" / "pytest_readiness"
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))}
VAGUE = {"found", "held", "kept", "known", "left", "mine", "one", "ours", "said", "theirs", "told"}
"""Words that name no thing: a variable, a parameter or a field has the noun of what it is."""
NO_VERBS = {"gone", "grown", "held", "kept", "known", "look", "of", "plant", "said", "sound", "taken", "told"}
"""Words that say of no function what it does or returns."""
LONGEST = 100
"""Characters of a module's first line."""
CLAUSE = re.compile(r"(What|How|Which|Who|Whether|Where)\b")
"""Begins a clause, and names nothing."""


def shown(path: Path) -> str:
    """Return the path of a module in its package."""
    return path.relative_to(SOURCE).as_posix()


def test_a_module_begins_with_a_noun_phrase() -> None:
    """The first line of each module's docstring is a short phrase that says what the module is, with a full stop."""
    first = {shown(path): (ast.get_docstring(tree) or "").split("\n")[0] for path, tree in TREES.items()}
    assert {name: line for name, line in first.items() if not line.endswith(".")} == {}
    assert {name: line for name, line in first.items() if len(line) > LONGEST} == {}
    assert {name: line for name, line in first.items() if CLAUSE.match(line)} == {}


def test_a_public_class_name_means_one_thing() -> None:
    """No two modules have a public class of one name, so that a search finds the one that is meant."""
    places = defaultdict(list)
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(shown(path))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def names_bound(tree: ast.AST) -> list[tuple[str, int]]:
    """Return the variables, parameters and fields that a module binds, each with its line."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append((node.id, node.lineno))
        elif isinstance(node, ast.arg):
            names.append((node.arg, node.lineno))
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.append((node.attr, node.lineno))
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            names.append((node.name, node.lineno))
    return names


def test_no_variable_has_a_vague_name() -> None:
    """A variable is called by the noun of what it holds."""
    vague = [
        f"{shown(path)}:{line}: {name}"
        for path, tree in TREES.items()
        for name, line in names_bound(tree)
        if name.strip("_") in VAGUE
    ]
    assert vague == []


def test_no_function_has_a_name_that_is_no_action() -> None:
    """A function is called by what it does or returns."""
    vague = [
        f"{shown(path)}:{node.lineno}: {node.name}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.strip("_") in NO_VERBS
    ]
    assert vague == []


def test_each_room_is_on_the_map() -> None:
    """The map of the rooms has a row for each folder of the package."""
    page = (ROOT / "docs" / "explanation" / "map-of-the-rooms.md").read_text(encoding="utf-8")
    rooms = {shown(path.parent) for path in TREES} - {"."}
    assert {room for room in rooms if f"| `{room}/` |" not in page} == set()


def test_the_map_names_files_that_are_there() -> None:
    """Each file that the map names in a walk, or to begin with, exists."""
    page = (ROOT / "docs" / "explanation" / "map-of-the-rooms.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_/]+)/` \| .* \| (.*) \|$", page, re.MULTILINE)
    begun = [f"{room}/{name}" for room, names in rows for name in re.findall(r"`([a-z_]+\.py)`", names)]
    walked = re.findall(r"`([a-z_]+(?:/[a-z_]+)+\.py)`", page)
    assert [name for name in (*begun, *walked) if not (SOURCE / name).is_file()] == []
