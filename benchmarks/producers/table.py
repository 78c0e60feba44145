"""The table producer x outcome, in Markdown, and what is wrong in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .producer import Producer
from .truth import OUTCOMES, Outcome

SIGNS = {
    "PASSED": "P",
    "FAILED": "F",
    "ERROR": "E",
    "SKIPPED": "S",
    "XFAILED": "X",
    "XPASSED": "XP",
    "FLAKY": "~",
}
CANNOT_TELL, WRONG, NOT_THERE, LACKS = "P?", "**wrong: P**", "-", "."
LEGEND = (
    "P PASSED, F FAILED, E ERROR, S SKIPPED, X XFAILED, ~ FLAKY, - not in the file, . not known to the producer, "
    "P? PASSED: the file cannot tell"
)


@dataclass(frozen=True, slots=True)
class Tried:
    """A producer, and what was recorded of its suite."""

    producer: Producer
    version: str
    results: Mapping[str, str]
    """By the word of the outcome."""


def cell(tried: Tried, outcome: Outcome) -> str:
    """Return the sign for what was recorded of an outcome."""
    word, result = outcome.word, tried.results.get(outcome.word)
    if word in tried.producer.lacks and result is None:
        return LACKS
    if result is None:
        return NOT_THERE
    if result == "PASSED" and not outcome.passed:
        return CANNOT_TELL if word in tried.producer.cannot_tell else WRONG
    return SIGNS[result]


def wrong(tried: Tried) -> Iterator[str]:
    """Yield what must not be: a pass of what did not pass, a pass that is lost, an entry that is not true."""
    name = tried.producer.name
    for outcome in OUTCOMES:
        sign, result = cell(tried, outcome), tried.results.get(outcome.word)
        if sign == WRONG:
            yield f"{name}: {outcome.title}: PASSED was recorded of what did not pass"
        if outcome.passed and result != "PASSED":
            yield f"{name}: {outcome.title}: {result or 'nothing'} was recorded of what passed"
        if outcome.word in tried.producer.cannot_tell and sign != CANNOT_TELL:
            yield f"{name}: {outcome.title}: can be told ({result or 'nothing'} was recorded): take it off the list"
        if outcome.word in tried.producer.lacks and result is not None:
            yield f"{name}: {outcome.title}: {result} was recorded of what it is said not to know"


def lines(rows: Sequence[Tried]) -> Iterator[str]:
    """Yield the table."""
    yield "| producer | " + " | ".join(outcome.title for outcome in OUTCOMES) + " |"
    yield "| --- " * (len(OUTCOMES) + 1) + "|"
    for tried in rows:
        cells = " | ".join(cell(tried, outcome) for outcome in OUTCOMES)
        yield f"| {tried.producer.name} {tried.version} | {cells} |"


def untold(producers: Sequence[Producer]) -> Iterator[str]:
    """Yield the table of what the files of each producer cannot tell."""
    titles = {outcome.word: outcome.title for outcome in OUTCOMES}
    yield "| producer | PASSED is recorded, though | why |"
    yield "| --- | --- | --- |"
    for producer in producers:
        for word, why in producer.cannot_tell.items():
            yield f"| {producer.name} | {titles[word]} | {why} |"
