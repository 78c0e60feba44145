"""Updates of CSV, TSV and YAML trackers change only the bytes of the cells, and each word is read again."""

from __future__ import annotations

import csv
import io
import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings as profile, strategies as st

from pytest_readiness.claims.tracker import yaml_tree
from pytest_readiness.claims.tracker.delimited_text import DelimitedTextError, read_records
from pytest_readiness.claims.tracker.reader import read_tracker
from pytest_readiness.claims.tracker.status_words import STATUSES, box_of
from pytest_readiness.claims.tracker.writer import RowUpdate, update_tracker
from pytest_readiness.claims.tracker.yaml_tree import YamlError, parse_documents
from pytest_readiness.errors import ConfigError

pytestmark = pytest.mark.slow

KEYS = {"uc": "id", "status": "status", "last_updated": "day"}
TEXT = st.text(st.sampled_from("aB1 ,;\t|\"'#:-{}[]&*!?\\ü😀\u2028=%@`~<>"), max_size=8).map(str.strip)
LINES = st.text(st.sampled_from("ab, \"\n\r;\t|'#"), max_size=8).map(str.strip)
WORD = TEXT.filter(lambda word: word and word != "~" and not word.endswith("*") and not box_of(word))
"""A status word that is no prefix and no box."""
WORDS = st.lists(WORD, min_size=4, max_size=4, unique_by=lambda word: " ".join(word.split()).casefold())
NEWLINE = st.sampled_from(["\n", "\r\n"])
MARK = st.sampled_from(["", "\ufeff"])


def changed(name: str, pieces: list[list[str]], statuses: dict[str, str], to: dict[str, str]) -> None:
    """Mend a tracker whose text is these pieces, (id, before, status cell, after) of each row, and compare.

    Everything that is no status cell must be there byte for byte, and each row must say its new word.
    """
    text = "".join("".join(piece[1:]) for piece in pieces)
    path = Path(name)
    changes = {uc: RowUpdate(status, "2026-02-12") for uc, status in to.items()}
    new = update_tracker(path, text.encode(), changes, KEYS, statuses).decode()
    at = 0
    for uc, before, cell, after in pieces:
        assert new.startswith(before, at)
        at += len(before)
        if uc not in to:
            assert new.startswith(cell + after, at)
            at += len(cell + after)
        else:
            end = new.index(after, at) if after else len(new)
            at = end + len(after)
    assert at == len(new)


def sheet_cell(word: str, sign: str, style: str) -> str:
    """Return a value of a sheet in a style, with quotes if it needs them."""
    must = word.startswith('"') or any(character in word for character in (sign, "\n", "\r"))
    quoted = '"' + word.replace('"', '""') + '"'
    return {"plain": quoted if must else word, "quoted": quoted, "wide": f" {quoted if must else word} "}[style]


@st.composite
def sheets(draw):
    """A sheet in pieces, its words, and what is to be changed."""
    sign, newline, words = draw(st.sampled_from(",;\t|")), draw(NEWLINE), draw(WORDS)
    styles = ["plain", "quoted"] if sign == "\t" else ["plain", "quoted", "wide"]
    statuses = dict(zip(STATUSES, words, strict=True))
    pieces = [["", f"{draw(MARK)}note{sign}id{sign}status{sign}more{newline}", "", ""]]
    to = {}
    for number in range(draw(st.integers(1, 4))):
        cell = [sheet_cell(draw(LINES), sign, draw(st.sampled_from(styles))) for _ in range(2)]
        old, new = draw(st.sampled_from(STATUSES)), draw(st.none() | st.sampled_from(STATUSES))
        if new and new != old:
            to[f"UC-{number}"] = new
        written = sheet_cell(statuses[old], sign, draw(st.sampled_from(styles)))
        tail = sign + cell[1] + newline
        pieces.append([f"UC-{number}", f"{cell[0]}{sign}UC-{number}{sign}", written, tail])
    return sign, pieces, statuses, to


@profile(max_examples=100, deadline=None)
@given(sheets())
def test_a_sheet_changes_in_its_cells_alone(sheet):
    """Any word, in any style, beside any other value: no other byte changes, and the word is read again."""
    sign, pieces, statuses, to = sheet
    changed("T.tsv" if sign == "\t" else "T.csv", pieces, statuses, to)


def yaml_word(word: str, style: str) -> str:
    """A word of YAML in some style."""
    return {
        "single": "'" + word.replace("'", "''") + "'",
        "double": json.dumps(word, ensure_ascii=False),
        "anchored": "&a !!str " + json.dumps(word, ensure_ascii=False),
        "plain": word if word.isalnum() and word.isascii() else json.dumps(word, ensure_ascii=False),
    }[style]


STYLE = st.sampled_from(["single", "double", "anchored", "plain"])
NOTE = st.sampled_from(["", " # status: X", "  #", " "])


@st.composite
def outlines(draw):
    """A YAML tracker in pieces, its words, and what is to be changed."""
    words = draw(
        st.lists(
            WORD.filter(lambda word: "\u2028" not in word and "😀" not in word),
            min_size=4,
            max_size=4,
            unique_by=lambda word: " ".join(word.split()).casefold(),
        )
    )
    statuses, newline = dict(zip(STATUSES, words, strict=True)), draw(NEWLINE)
    head = draw(st.sampled_from(["", "# c\n---\n", "a: {b: [1, *x]}\nrows:\n".replace("*x", "2"), "rows: # c\n"]))
    pieces, to = [["", draw(MARK) + head.replace("\n", newline), "", ""]], {}
    for number in range(draw(st.integers(1, 4))):
        old, new = draw(st.sampled_from(STATUSES)), draw(st.none() | st.sampled_from(STATUSES))
        if new and new != old:
            to[f"UC-{number}"] = new
        written, other = yaml_word(statuses[old], draw(STYLE)), yaml_word(draw(TEXT), "double")
        if draw(st.booleans()):
            before, after = f"- {{x: {other}, id: UC-{number}, status: ", f" , y: {other}}}{draw(NOTE)}\n"
        else:
            before, after = f"- x: {other}\n  id: UC-{number}{draw(NOTE)}\n  status:  ", f"{draw(NOTE)}\n  y: {other}\n"
        pieces.append([f"UC-{number}", before.replace("\n", newline), written, after.replace("\n", newline)])
    return pieces, statuses, to


@profile(max_examples=100, deadline=None)
@given(outlines())
def test_yaml_changes_in_its_cells_alone(outline):
    """Any word, in any style, in brackets and without: no other byte changes, and the word is read again."""
    changed("T.yaml", *outline)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("T.csv", "id,status,x\nA,{},1\n"),
        ("T.csv", 'id,status,x\n"A","{}","1"\n'),
        ("T.tsv", "id\tstatus\nA\t{}\n"),
        ("T.md", "id\tstatus\nA\t{}\n"),
        ("T.yaml", "- id: A\n  status: {} # c\n"),
        ("T.yaml", "- {{id: A, status: '{}'}}\n"),
        ("T.yaml", '- {{status: "{}", id: A}}\n'),
        ("T.yaml", "- id: A\n  status: |\n    {}\n"),
        ("T.yaml", "- id: A\n  status: >-\n    {}\n"),
    ],
)
def test_every_word_goes_round(name, text, tmp_path):
    """From each status to each other and back, the file is byte for byte what it was."""
    path = tmp_path / name
    for old, new in product(STATUSES, STATUSES):
        path.write_text(text.format(old))
        there = update_tracker(path, path.read_bytes(), {"A": RowUpdate(new, "2026-02-12")}, KEYS)
        assert there.decode() == text.format(new)
        path.write_bytes(there)
        assert read_tracker(path, KEYS).rows[0].declared_status == new
        assert update_tracker(path, there, {"A": RowUpdate(old, "2026-02-12")}, KEYS).decode() == text.format(old)


@profile(max_examples=100, deadline=None)
@given(st.lists(st.lists(LINES, min_size=2, max_size=4), min_size=1, max_size=5), st.sampled_from(",;\t|"), NEWLINE)
def test_values_are_those_of_the_standard_library(rows, sign, newline):
    """Each value that Python's csv writer writes is read again."""
    out = io.StringIO()
    rows = [[value.replace("\r", "\n") for value in row] for row in rows]  # Python writes a lone one without quotes
    csv.writer(out, delimiter=sign, lineterminator=newline).writerows(rows)
    assert [[value.text for value in record] for record in read_records(out.getvalue(), sign)] == rows


@profile(max_examples=100, deadline=None)
@given(st.text(st.sampled_from('a1 ,\t"\n\r'), max_size=30), st.sampled_from(",\t"))
def test_any_text_is_records_or_a_fault_with_its_line(text, sign):
    """Values are in order and do not overlap, or the error has a line of the text."""
    read, lines = [], {1}
    try:
        read = list(read_records(text, sign))
    except DelimitedTextError as error:
        lines = {error.line}
    assert lines <= set(range(1, text.count("\n") + text.count("\r") + 2))
    spans = [(value.start, value.end) for record in read for value in record]
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


@profile(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("a-:{}[]&*!|>'\"#, \n\t?%@é😀"), max_size=40))
def test_any_text_is_a_tree_or_a_fault(text):
    """Any text gives nodes with positions within the text, or our own error."""
    pending, fault = [], YamlError(0, "")
    try:
        pending = parse_documents(text)
    except YamlError as error:
        fault = error
    assert fault.position is None or 0 <= fault.position <= len(text)
    assert "\n" not in fault.message
    while pending:
        node = pending.pop()
        assert 0 <= node.start <= node.end <= len(text)
        pending += node.children


@pytest.mark.parametrize("sort", ["[", "{a: ", "- ", "? ", "[{"])
@pytest.mark.parametrize("compiled", [True, False])
def test_depth_is_refused_by_either_parser(sort, compiled, monkeypatch):
    """A deep text is refused with the compiled parser and without it."""
    import yaml

    if not compiled:
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    with pytest.raises(YamlError):
        yaml_tree.parse_documents(sort * 5000)


@profile(max_examples=40, deadline=None)
@given(outlines())
def test_both_parsers_say_the_same(outline):
    """An update is the same with the compiled parser and without it."""
    import yaml

    pieces, statuses, to = outline
    data = "".join("".join(piece[1:]) for piece in pieces).encode()
    changes = {uc: RowUpdate(status, "2026-02-12") for uc, status in to.items()}
    results = []
    for compiled in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            if not compiled:
                patch.delattr(yaml, "CSafeLoader", raising=False)
            try:
                results.append(update_tracker(Path("T.yaml"), data, changes, KEYS, statuses))
            except ConfigError as error:
                results.append(str(error).encode())
    assert results[0] == results[1]
