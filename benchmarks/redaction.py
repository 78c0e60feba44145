"""How fast the redactor is, and what it finds and leaves alone. See benchmarks/README.md.

python benchmarks/redaction.py [--seed 1] [--lines 60000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.journal.corpus import ALNUM, PASSWORD, Bait, Planted, drawn, json_line, lines, plain, spelled

from pytest_readiness.journal.encodings import spellings
from pytest_readiness.journal.redaction import Redactor

KEY = b"k" * 32
BLOCK = 1 << 16


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--secrets", type=int, default=40, help="values that are known")
    given = parser.parse_args()
    random = Random(given.seed)
    known = [drawn(random, PASSWORD + "ü/\\\"'&<", random.randint(12, 40)) for _ in range(given.secrets)]
    _speed(random, known, given.lines, given.rounds)
    _found(random, known, given.lines)
    _known(random, 200)


def _redactor(known: list[str]) -> Redactor:
    redactor = Redactor(KEY, {})
    for value in known:
        redactor.register(value)
    return redactor


def _speed(random: Random, known: list[str], count: int, rounds: int) -> None:
    told = sum(len(spellings(value)) for value in known)
    took = min(_took(lambda: _redactor(known).text("x"), rounds))
    print(f"{len(known)} known values in {told:,} spellings, ready after {took * 1000:.1f} ms of CPU\n")
    print("MB/s of CPU time")
    texts = {
        "plain logs": "\n".join(plain(random) for _ in range(count)),
        "JSON logs": "\n".join(json_line(random) for _ in range(count)),
        "corpus": "\n".join(one if isinstance(one, str) else one.text for one in lines(random, count)),
    }
    for name, text in texts.items():
        data = text.encode()
        for label, values in (("nothing known", []), (f"{len(known)} known", known)):
            redactor = _redactor(values)
            redactor.text("x")
            took = min(_took(lambda data=data, redactor=redactor: list(redactor.stream(_blocks(data))), rounds))
            print(f"  {name:12} {label:14} {len(data) / took / 1e6:7.1f}")


def _took(act: object, rounds: int) -> Iterator[float]:
    for _ in range(rounds):
        begun = time.process_time()
        act()  # type: ignore[operator]
        yield time.process_time() - begun


def _blocks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))


def _found(random: Random, known: list[str], count: int) -> None:
    corpus = list(lines(random, count))
    text = "\n".join(one if isinstance(one, str) else one.text for one in corpus)
    left = b"".join(_redactor(known).stream(_blocks(text.encode()))).decode()
    planted: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    baits: Counter[str] = Counter()
    hurt: Counter[str] = Counter()
    for one in corpus:
        if isinstance(one, Planted):
            planted[one.kind] += 1
            missed[one.kind] += one.secret in left
        elif isinstance(one, Bait):
            baits[one.kind] += 1
            hurt[one.kind] += one.text not in left
    unplanted = [one for one in corpus if isinstance(one, str)]
    harmed = sum(one not in left for one in unplanted)
    print(
        f"\nsecrets that nobody named: {planted.total():,} planted, recall {1 - missed.total() / planted.total():.4f}"
    )
    for kind, number in sorted(planted.items()):
        print(f"  {kind:24} {number:5} planted {missed[kind]:5} missed")
    print(f"\nbait: {baits.total():,} lines, {hurt.total()} changed; {len(unplanted):,} plain lines, {harmed} changed")
    for kind, number in sorted(baits.items()):
        print(f"  {kind:24} {number:5} laid    {hurt[kind]:5} changed")


def _known(random: Random, count: int) -> None:
    tried: Counter[str] = Counter()
    survived: Counter[str] = Counter()
    for _ in range(count):
        value = drawn(random, ALNUM + "!#%+-.:=?@^_~/\\\"'&<>ü€ $`", random.randint(6, 60)) + "Zq"
        redactor = _redactor([value])
        forms = spellings(value)
        for encoding, text in spelled(value, random):
            tried[encoding] += 1
            left = redactor.text(text).encode()
            survived[encoding] += any(form in left for form in forms)
    print(f"\nknown values: {tried.total():,} texts, {survived.total()} survivors")
    for encoding, number in tried.items():
        print(f"  {encoding:24} {number:5} tried   {survived[encoding]:5} survived")


if __name__ == "__main__":
    main()
