"""The pages that list what was tried name tests that exist, and limits that are told where they say."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "explanation"
PAGES = ("what-opens-the-gate.md", "attacks-on-trust.md")
NO_TEST = "–"
NOT_STOPPED = "not stopped: "


def _rows(page: str) -> list[list[str]]:
    lines = (FOLDER / page).read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("|")]
    return [row for row in cells if row[0] != "what was tried" and set(row[0]) != {"-"}]


@cache
def _tests_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@cache
def _places_of(path: Path) -> tuple[set[str], set[str]]:
    """Return the anchors of a page's headings, and what it says in bold, as a heading or in a cell of a table."""
    text = path.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    bold = {re.sub(r"\s+", " ", found).rstrip(".,:") for found in re.findall(r"\*\*(.+?)\*\*", text, re.DOTALL)}
    cells = {cell.strip() for line in text.splitlines() if line.startswith("|") for cell in line.split("|")}
    return anchors, {*headings, *bold, *cells}


def _is_told(link: str) -> bool:
    """Return whether a link leads to a heading that is there, and its words are that place's own."""
    words, page, anchor = re.fullmatch(r"\[(.+)\]\(([^)#]+)(?:#([^)]+))?\)", link).groups()  # type: ignore[union-attr]
    path = (FOLDER / page).resolve()
    if not path.is_file():
        return False
    anchors, told = _places_of(path)
    return words in told and (anchor is None or anchor in anchors)


@pytest.mark.parametrize("page", PAGES)
def test_each_row_names_what_was_tried_what_stops_it_and_a_test(page: str) -> None:
    """Nothing on the page is told without what stops it, and a test; each of them stands there once."""
    rows = _rows(page)
    assert len(rows) > 100
    assert [row for row in rows if len(row) != 3 or not all(row)] == []


def test_no_row_stands_twice() -> None:
    """Neither on one page nor on both: what was tried is told in one place."""
    of_all = Counter(row[0] for page in PAGES for row in _rows(page) if not row[0].startswith(("the same", "so with")))
    assert [tried for tried, count in of_all.items() if count > 1] == []
    whole = Counter(tuple(row) for page in PAGES for row in _rows(page))
    assert [row for row, count in whole.items() if count > 1] == []


@pytest.mark.parametrize("page", PAGES)
def test_each_test_that_the_page_names_is_there(page: str) -> None:
    """Each test is a function of the file that is named with it; only what is not stopped may have none."""
    missing = []
    for row in _rows(page):
        named = re.findall(r"`(tests/[^`]+\.py)::(test_\w+)`", row[2])
        if not named and not (row[2] == NO_TEST and row[1].startswith(NOT_STOPPED)):
            missing.append(row[0])
        missing += [f"{path}::{name}" for path, name in named if name not in _tests_of(ROOT / path)]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_what_is_not_stopped_is_named_as_a_limit(page: str) -> None:
    """The row leads to the limit, by its own words, and the limit is there."""
    told = {row[0]: re.findall(r"\[[^\]]+\]\([^)]+\)", row[1]) for row in _rows(page) if NOT_STOPPED in row[1]}
    assert bool(told) == (page == "attacks-on-trust.md")
    assert [tried for tried, links in told.items() if not links or not all(map(_is_told, links))] == []
