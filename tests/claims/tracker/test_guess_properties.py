"""A guess never reads more into a word than a person would, and any file gives a guess or one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings as profile, strategies as st

from pytest_readiness.claims.tracker import vocabulary
from pytest_readiness.claims.tracker.layout_guess import guess_layout
from pytest_readiness.claims.tracker.reader import examine_text
from pytest_readiness.claims.tracker.status_words import READY, SKIP
from pytest_readiness.claims.tracker.vocabulary import status_meaning
from pytest_readiness.errors import ConfigError

pytestmark = pytest.mark.slow

GOOD = sorted(word for word, status in vocabulary._STATUS_OF.items() if status == READY)
OTHER = sorted(word for word, status in vocabulary._STATUS_OF.items() if status not in (READY, SKIP))
SIGN = st.sampled_from(["", "✅ ", "🟢 ", "☑ "])
MORE = st.text("abcdefghijklmnopqrstuvwxyz ,-", min_size=4, max_size=20).filter(
    lambda text: re.search(r"[a-z]{3}", text) and not vocabulary._HARMLESS.fullmatch(text)
)


@given(SIGN, st.sampled_from(GOOD), st.sampled_from(["{} ({})", "{}, {}", "{} - {}", "{}: {}", "{} {}"]), MORE)
def test_nothing_that_is_added_to_a_good_word_is_passed_over(sign, word, form, more):
    """A ready word with a harmful addition is unclear, or means less than ready."""
    read = status_meaning(sign + form.format(word, more))
    assert read is None or read[0] not in (READY, SKIP) or f"{word} {more}".strip(" ,-") in vocabulary._STATUS_OF


@given(
    st.sampled_from(GOOD),
    st.sampled_from(["not {}", "nearly {}", "{}?", "almost {}", "{} 50%", "{} 3/4", "un{}", "non-{}"]),
)
def test_what_stands_before_a_good_word_is_not_passed_over(word, form):
    """A ready word with a negation, a doubt or a share does not mean ready."""
    read = status_meaning(form.format(word))
    assert read is None or read[0] != READY


@given(st.sampled_from(GOOD), st.sampled_from("❌🔴🟡🟠⬜⛔🚧⚠"), st.booleans())
def test_a_sign_that_contradicts_a_good_word_makes_it_none(word, sign, before):
    """A ready word with a contradicting symbol is unclear."""
    assert status_meaning(f"{sign} {word}" if before else f"{word} {sign}") is None


@given(st.sampled_from(OTHER), SIGN)
def test_a_good_sign_makes_no_word_better(word, sign):
    """A green symbol does not improve another word."""
    read = status_meaning(sign + word)
    assert read is None or read[0] == vocabulary._STATUS_OF[word]


WHERE = {"uc": "ID", "status": "Status"}


@given(st.sampled_from([*GOOD, *OTHER]), SIGN, st.sampled_from(["", " by #12", ": waits for ann", " (2026-10-01)"]))
def test_the_word_that_is_written_says_no_more_than_the_status(word, sign, more):
    """The word to write is a plain word of a cell, or else the name of the status."""
    guess = guess_layout(Path("T.md"), f"| ID | Status |\n|--|--|\n| A-1 | {sign}{word}{more} |\n", WHERE, {}, ())
    for status, words in guess.statuses.items():
        assert status == SKIP or not vocabulary.implies_more(words[0])
        assert status == SKIP or not more or more not in words[0]


CELL = st.sampled_from(
    ["", "Done", "Draft", "✅", "❌ No", "[x]", "[ ] a", "A-1", "A-2", "1", "2", "a b", "N/A", "Total", "**G**", "~~x~~", "x | y",
     "IN_PROGRESS", "WIP (3)", "Pass", "ID", "Status", "Item", "Prod", "Staging", "状态", "<b>", "`c`", '"q"', "\t", "- [ ] t"]
)  # fmt: skip
ROW = st.lists(CELL, min_size=1, max_size=4)


def _table(rows: list[list[str]]) -> str:
    head, *body = rows
    lines = [head, ["--"] * len(head), *body]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


BLOCK = st.one_of(
    st.lists(ROW, min_size=1, max_size=5).map(_table),
    CELL.map(lambda cell: f"# {cell}\n"),
    st.lists(CELL, min_size=1, max_size=3).map(lambda cells: "".join(f"- [ ] {cell}\n" for cell in cells)),
    CELL.map(lambda cell: f"<table><tr><td>{cell}</td></tr></table>\n"),
)


@profile(max_examples=200)
@given(st.lists(BLOCK, min_size=1, max_size=4).map("\n".join))
def test_any_markdown_is_guessed_or_refused_in_one_line(text):
    """Any Markdown gives a guess by which it is read, or one line."""
    _guessed("T.md", text)


@profile(max_examples=200)
@given(
    st.lists(ROW, min_size=1, max_size=5),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["T.csv", "T.tsv", "T.md"]),
)
def test_any_sheet_is_guessed_or_refused_in_one_line(rows, sign, name):
    """Any sheet gives a guess by which it is read, or one line."""
    _guessed(name, "".join(sign.join(cells) + "\n" for cells in rows))


@profile(max_examples=200)
@given(
    st.recursive(CELL, lambda part: st.lists(part, max_size=3) | st.dictionaries(CELL, part, max_size=3), max_leaves=8)
)
def test_any_yaml_is_guessed_or_refused_in_one_line(value):
    """Any YAML gives a guess by which it is read, or one line."""
    import yaml

    _guessed("T.yaml", yaml.safe_dump(value, allow_unicode=True))


def _guessed(name: str, text: str) -> None:
    message = ""
    try:
        guess = guess_layout(Path(name), text, {}, {}, ())
        examine_text(Path(name), text, guess.columns, guess.statuses, guess.skip)
    except ConfigError as error:
        message = str(error)
    assert "\n" not in message
