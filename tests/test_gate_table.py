"""The page that lists what opened the gate names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "what-opens-the-gate.md"


def _rows() -> list[list[str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("|")]
    return [row for row in cells if row[0] != "what was tried" and set(row[0]) != {"-"}]


def _tests_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_row_names_what_was_tried_what_stops_it_and_a_test() -> None:
    """Nothing on the page is told without what stops it, and a test."""
    assert [row for row in _rows() if len(row) != 3 or not all(row)] == []


def test_each_test_that_the_page_names_is_there() -> None:
    """Each test is a function of the file that is named with it."""
    missing = []
    for row in _rows():
        named = re.findall(r"`(tests/[^`]+\.py)::(test_\w+)`", row[2])
        if not named:
            missing.append(row[0])
        missing += [f"{path}::{name}" for path, name in named if name not in _tests_of(ROOT / path)]
    assert missing == []
