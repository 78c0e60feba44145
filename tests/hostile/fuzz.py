"""Fuzzer of the parsers: random changes of known inputs, kept where they give another answer.

``python -m tests.hostile.fuzz [--parser NAME] [--inputs N] [--seed S] [--minutes M] [--found FOLDER]``

An input that gives an answer of a new kind is changed further. Equal parser, number and seed give equal inputs and equal
counts. A fault is an exception that is no line for people, a line that is none, a wrong answer, or more than five
seconds of CPU (60 seconds of waiting) for one input. Its bytes are written into a folder, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hostile.parsers import FOLDER, PARSERS, Input, Parser

SECONDS = 5.0
"""CPU seconds that one input may take."""
WAITING = 60.0
"""Seconds that one input may take in all, on a machine that others use too."""
KEPT = 1500
"""Inputs that are changed further, at most."""
MOST_FAULTS = 20


class Hang(Exception):  # noqa: N818 - a fault, not an error of ours
    """An input took too long."""


@dataclass
class Count:
    """What came of the inputs of one parser."""

    inputs: int = 0
    answers: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0
    """CPU seconds of the slowest input."""


def _stop(_number: int, _frame: Any) -> None:
    raise Hang


@contextmanager
def limited() -> Iterator[None]:
    """Interrupt a block that takes too long; code that cannot be interrupted ends the process with a traceback."""
    signal.signal(signal.SIGPROF, _stop)
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.setitimer(signal.ITIMER_REAL, WAITING)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def answer(parser: Parser, given: Input, folder: Path) -> str:
    """Return what the parser says of an input; raises a fault."""
    path = folder / given.name
    path.write_bytes(given.data)
    with limited():
        return parser.read(path)


def inputs_of(parser: Parser, seed: str, corpus: list[Input], number: int) -> Input:
    """Return the input of a number."""
    if number < len(parser.inputs):
        return parser.inputs[number]
    chance = random.Random(f"{seed}/{number}")
    recent = corpus[-50:] if chance.random() < 0.3 else corpus
    return parser.changed(chance.choice(recent), chance, chance.choice(corpus))


def fuzz(name: str, number: int, seed: str, found: Path, until: float = float("inf")) -> Count:
    """Give a parser so many inputs."""
    parser, count = PARSERS[name], Count()
    corpus = list(parser.inputs)
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home, FOLDER)
        folder.mkdir()
        for at in range(number):
            if len(count.faults) >= MOST_FAULTS or time.monotonic() > until:
                break
            given = inputs_of(parser, seed, corpus, at)
            began = time.process_time()
            try:
                said = answer(parser, given, folder)
            except Exception:  # noqa: BLE001 - whatever it is, it is a fault
                count.faults.append(_kept_fault(name, seed, at, given, found))
                for path in folder.iterdir():
                    path.unlink()
                continue
            finally:
                count.inputs += 1
                count.slowest = max(count.slowest, time.process_time() - began)
            if said not in count.answers and len(corpus) < KEPT:
                count.answers.add(said)
                corpus.append(given)
    return count


def _kept_fault(name: str, seed: str, at: int, given: Input, found: Path) -> str:
    found.mkdir(parents=True, exist_ok=True)
    path = found / f"{name}-{seed}-{at}-{given.name}"
    path.write_bytes(given.data)
    text = traceback.format_exc()
    path.with_name(f"{path.name}.txt").write_text(text, encoding="utf-8", errors="replace")
    return f"{path}: {text.strip().splitlines()[-1][:300]}"


def main() -> int:
    """Fuzz, print the counts, and return the exit code."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--parser", choices=PARSERS, action="append", help="default: each")
    options.add_argument("--inputs", type=int, default=10_000, help="for each parser")
    options.add_argument("--seed", default="0")
    options.add_argument("--minutes", type=float, default=float("inf"), help="for each parser, at most")
    options.add_argument("--found", type=Path, default=Path("fuzz-found"), help="folder for inputs with a fault")
    given = options.parse_args()
    warnings.simplefilter("error")
    faulthandler.enable()
    faults = 0
    for name in given.parser or PARSERS:
        began = time.monotonic()
        count = fuzz(name, given.inputs, given.seed, given.found, began + given.minutes * 60)
        faults += len(count.faults)
        spent = time.monotonic() - began
        sys.stdout.write(
            f"{name}: {count.inputs} inputs, {len(count.answers)} kinds of answer, {len(count.faults)} faults, "
            f"slowest {count.slowest:.2f} s of CPU, seed {given.seed}, {spent:.0f} s\n"
        )
        sys.stdout.writelines(f"  {fault}\n" for fault in count.faults)
        sys.stdout.flush()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
