"""Inputs on which the fuzzer once found a fault: each is a value or one line now."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_readiness.claims.tracker.vocabulary import status_meaning
from tests.hostile.fuzz import answer, limited
from tests.hostile.parsers import PARSERS, Input

DECISION = (
    '{"at":"2026-11-30T22:24:59.336Z","by":"qa@example.com","kind":"blocker","known_by":%s,"reason":"x","register":"r",'
    '"requirements_digest":"","schema":"readiness/decision/v1","use_case":"UC-001"}'
)
DEEP = '{"a":' * 700 + "1e5" + "}" * 700
FOUND = {
    "a value that a message repeats": ("decision", "decision.json", DECISION % f'[[],"{"0" * 60_000}"]'),
    "a key that is not printable": (
        "decision",
        "decision.json",
        '{"kind":"blocker","schema":"x","us\x7f_case":"UC-001"}',
    ),
    "a number at the end of a long way": ("decision", "decision.json", DEEP),
    "the same in a statement": ("decision", "decision.dsse.json", DEEP),
    "a table with a long name that is there twice": ("config", "readiness.toml", f"[{'9' * 4000}]\n" * 2),
    "a header that is struck out twice": (
        "tracker",
        "T.md",
        "| Item | Owner |\n| ~~Fax~~ | ~~Approved (Gate 1)~~ |\n|---|---|\n| [ ] Limits | ann |\n",
    ),
    "the same in a journal": ("journal", "20261130T080933Z-9b307275.jsonl", f"{DEEP}\n"),
}


@pytest.mark.parametrize("what", FOUND)
def test_what_was_found_is_one_line(tmp_path: Path, what: str) -> None:
    """The parser names what is wrong, in one printable line that is not too long."""
    parser, name, text = FOUND[what]
    assert answer(PARSERS[parser], Input(name, text.encode()), tmp_path)


@pytest.mark.parametrize("more", ["or so", "x", "(gate 1), soon", "v1.2.3.4?"])
def test_a_sign_before_a_long_number_is_read_at_once(more: str) -> None:
    """`readiness init` guesses what a cell means; the number of its digits is no matter."""
    with limited():
        assert status_meaning(f"\u2705 {'0' * 5000} {'1.' * 5000} {more}") is None
