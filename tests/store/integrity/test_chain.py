"""Hash chains: every difference between the lines of a run and its seal is a problem."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_readiness.errors import IntegrityError
from pytest_readiness.facts.ledger.line import Line
from pytest_readiness.facts.run import Run
from pytest_readiness.store.integrity.chain import check_run
from tests.store.runs import Body, claim, finished, not_run, planned, replaced, run, run_id

SOUND = run(1, planned("test_a"), finished("test_a"), not_run("test_b"))


def problems(value: Run) -> list[str]:
    """What is told of a run."""
    return [str(problem) for problem in check_run(value)]


def test_a_sound_run_has_no_problems() -> None:
    """What the journal writes is found to be whole, also when it is read back from text."""
    assert problems(SOUND) == []
    assert problems(Run.parse([line.text for line in SOUND.lines])) == []


@pytest.mark.parametrize("seq", range(len(SOUND.lines) - 1))
def test_each_changed_line_is_named(seq: int) -> None:
    """A value edited in any line before the seal breaks the chain after it."""
    edited = Line.parse(SOUND.lines[seq].text.replace("18:00:00", "18:00:01").replace("test_a", "test_x"))
    assert edited.digest != SOUND.lines[seq].digest
    assert any(
        f"line {seq + 1} does not follow the line before it" in told for told in problems(replaced(SOUND, seq, edited))
    )


@pytest.mark.parametrize("seq", range(1, len(SOUND.lines)))
def test_each_missing_line_is_named(seq: int) -> None:
    """No line can be left out, the last one included."""
    told = problems(Run((*SOUND.lines[:seq], *SOUND.lines[seq + 1 :])))
    assert any(f"line {seq} is missing" in text or "not sealed" in text for text in told)


def test_lines_in_another_order_are_named() -> None:
    """Two lines that changed places are out of order."""
    lines = list(SOUND.lines)
    lines[1], lines[2] = lines[2], lines[1]
    assert any("line 1 is missing or out of order (found 2)" in told for told in problems(Run(tuple(lines))))


def test_a_line_of_another_run_is_named() -> None:
    """A line moved from one run to another is told as such."""
    other = run(2, planned("test_a"), finished("test_a"), not_run("test_b"))
    assert any("line 2 belongs to another run" in told for told in problems(replaced(SOUND, 2, other.lines[2])))


def test_lines_after_the_seal_are_named() -> None:
    """A run is over with its seal."""
    twice = run(1, finished(), {"kind": "sealed", "count": 2}, finished("test_b"))
    assert f"run {run_id(1)}, line 2: there are lines after the seal" in problems(twice)


def test_a_second_opening_is_named() -> None:
    """Only the first line may open a run."""
    assert any("line 1: the first line of a run" in told for told in problems(run(1, {"kind": "run"})))


@pytest.mark.parametrize(
    ("seal", "told"),
    [
        ({"count": 3}, "the seal names 3 lines, and there are 4"),
        ({"count": None}, "the seal names None lines, and there are 4"),
        ({"planned": "0" * 64}, "the planned tests differ from those that the seal names"),
        ({"finished_at": "yesterday"}, "its times are not UTC moments with milliseconds"),
        ({"finished_at": 7}, "finished_at has a wrong type"),
    ],
)
def test_a_seal_that_does_not_fit_is_told(seal: Body, told: str) -> None:
    """Count, planned tests and time of the seal are held against the lines."""
    lines = (planned("test_a"), finished("test_a"), not_run("test_b"))
    assert any(told in text for text in problems(run(1, *lines, seal=seal)))


def test_an_open_run_is_told() -> None:
    """A run without a seal is not closed."""
    (told,) = problems(run(1, finished(), sealed=False))
    assert "it is not sealed" in told


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "finished", "test": "test_a"},
        {
            "kind": "finished",
            "test": "test_a",
            "claims": ["x"],
            "result": "PASSED",
            "started_at": "",
            "finished_at": "",
        },
        {"kind": "finished", "test": "test_a", "claims": 3, "result": "PASSED"},
        finished("test_a", result="GREAT"),
        finished("test_a", attempts=[{"result": "PASSED"}]),
        finished("test_a", artifacts=[{"name": "x", "extra": 1}]),
        finished("test_a", proofs=["trace"]),
        {"kind": "not_run", "tests": None},
        finished(7),  # type: ignore[arg-type]
        finished("test_a", claim(use_case=None)),  # type: ignore[arg-type]
        finished("test_a", claim(environment=["staging"])),
        finished("test_a", claim(parts=[1, "a"])),
        finished("test_a", claim(), claim("UC-002", environment=["staging"])),
        finished("test_a", started_at="2026-02-12T18:29:00Z"),
        finished("test_a", finished_at="2026-02-12 18:29:00.000Z"),
    ],
)
def test_unreadable_evidence_is_told_and_not_raised(body: Body) -> None:
    """Whatever JSON stands where evidence should be, the line is named."""
    assert any("line 1" in told for told in problems(run(1, body)))


@pytest.mark.parametrize("head", [{"register": 3}, {"started_at": "now"}, {"group": "g"}, {"git": "x"}, {"release": 4}])
def test_an_unreadable_first_line_is_told(head: Body) -> None:
    """The first line must say what the index of a run needs."""
    assert problems(run(1, **head)) != []


def test_unreadable_plans_are_told() -> None:
    """A line of planned tests that holds none ends in a sentence, not in a traceback."""
    broken = run(1, finished())
    line = replace(broken.lines[1], body={**broken.lines[1].body, "kind": "planned"})
    assert any("planned tests cannot be read" in told for told in problems(replaced(broken, 1, line)))


@pytest.mark.parametrize(
    "text",
    [
        SOUND.lines[2].text.replace(":", ": ", 1),
        SOUND.lines[2].text.replace('"test_a"', '"\\u0074est_a"'),
        SOUND.lines[2].text.replace('"test_a"', '"\\ud800"'),
    ],
)
def test_lines_that_are_not_canonical_are_refused(text: str) -> None:
    """The same value in another spelling is not the line that was written."""
    with pytest.raises(IntegrityError, match="a line is not valid"):
        Line.parse(text)


def test_a_value_that_differs_from_its_text_is_named() -> None:
    """A line whose value was changed beside its text is not taken at its word."""
    line = SOUND.lines[2]
    assert any("canonical" in told for told in problems(replaced(SOUND, 2, replace(line, body={**line.body, "x": 1}))))


def test_a_line_that_carries_another_digest_than_its_texts_is_named() -> None:
    """What the next line names is of no use where the line itself says another."""
    line = replace(SOUND.lines[2], digest="0" * 64)
    assert any("line 2: its text or its digest is not canonical" in told for told in problems(replaced(SOUND, 2, line)))
