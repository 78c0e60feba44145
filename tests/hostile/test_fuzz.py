"""The fuzzer of the parsers finds nothing in its first inputs, does not rot, and repeats itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.fuzz import answer, fuzz
from tests.hostile.parsers import PARSERS, Parser

pytestmark = pytest.mark.slow

READ = {
    "tracker": {"2 rows, False, False"},
    "config": {"loaded"},
    "journal": {"recovered, 6 pieces, False"},
    "bundle": {"1 runs, 6 pieces, 4 decisions"},
    "decision": {"a review", "a waiver"},
    "junit": {"3 cases, ['FAILED', 'PASSED', 'XFAILED'], 1 notes"},
}
"""An answer of each parser to an input that is in order."""


@pytest.mark.parametrize("name", PARSERS)
def test_what_it_starts_from_is_read(tmp_path: Path, name: str) -> None:
    """The first inputs of a parser are not all refused: changes of refused ones would try little."""
    answers = {answer(PARSERS[name], given, tmp_path) for given in PARSERS[name].inputs}
    assert answers & READ[name]


@pytest.mark.parametrize("name", PARSERS)
def test_invented_input_is_a_value_or_one_line(tmp_path: Path, name: str) -> None:
    """Some inputs of a fixed seed: no traceback, none slow, and the same inputs and answers again."""
    first, second = (fuzz(name, 400, "suite", tmp_path / "found") for _ in range(2))
    assert first.faults == []
    assert (first.inputs, first.answers) == (second.inputs, second.answers)
    assert len(first.answers) > 10


def test_a_parser_that_fails_is_seen(tmp_path: Path) -> None:
    """What is no line for people is a fault, and its bytes are kept."""

    def read(path: Path) -> str:
        return str(1 // (b"5" not in path.read_bytes()))

    parser = Parser(lambda: {"a.txt": [b"1"]}, read, (b"5",))
    PARSERS["made for this"] = parser
    try:
        count = fuzz("made for this", 200, "suite", tmp_path / "found")
    finally:
        del PARSERS["made for this"]
    assert count.faults
    kept = [path for path in (tmp_path / "found").iterdir() if not path.name.endswith(".txt.txt")]
    assert len(kept) == len(count.faults)
    assert all(b"5" in path.read_bytes() for path in kept)
