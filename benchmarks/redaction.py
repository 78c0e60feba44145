"""How fast the redactor is, and what it finds and leaves alone. See benchmarks/README.md.

python benchmarks/redaction.py [--seed 1] [--lines 60000] [--rounds 5]

With PYTHONPATH=OTHER/src another version of the package is measured with the same corpora.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

sys.path.append(str(Path(__file__).parents[1]))

import printers
from tests.redaction.corpus import ALNUM, PASSWORD, Bait, Planted, drawn, json_line, lines, plain, spelled
from tests.redaction.forms import FORMS, HONEST, HOSTILE, NOT_FOUND

from pytest_readiness.redaction.encodings import spellings
from pytest_readiness.redaction.redactor import Redactor

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
    _hostile(random, given.lines // 10, given.rounds)
    _found(random, known, given.lines)
    _forms()
    _printed(given.lines)
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


def _hostile(random: Random, count: int, rounds: int) -> None:
    """Show how fast lines are in which a rule begins again and again, beside plain logs, and whether that grows."""
    redactor = _redactor(["aaaaaaaaaa"])
    redactor.text("password: x1234567 eyJ ://u:p@h")

    def speed(text: str) -> float:
        data = text.encode()
        return len(data) / min(_took(lambda: list(redactor.stream(_blocks(data))), max(rounds // 2, 1))) / 1e6

    plainly = speed("\n".join(plain(random) for _ in range(count)))
    size = count * 30
    told = []
    for one in HOSTILE:
        few, many = (speed(one * (length // len(one))) for length in (size // 8, size))
        told.append((many, many / plainly, few / many, one))
    print(f"\nhostile lines of {size:,} bytes, MB/s of CPU time (plain logs: {plainly:.1f})")
    print("    MB/s  of plain logs   8 times as long  line")
    for many, share, growth, one in sorted(told):
        print(f"  {many:6.2f} {share:10.2f} x {growth:12.2f} x      {one!r}")


def _forms() -> None:
    """Show how many of the forms that services print are found, and how many honest texts are changed."""
    secret, redactor = "Zk3vQ9mLx7Rt2Wc8", _redactor([])
    every = FORMS | NOT_FOUND
    missed = [name for name, form in every.items() if secret in redactor.text(form.replace("{}", secret))]
    hurt = [text for text in HONEST if redactor.text(text) != text]
    print(f"\nforms: {len(every)}, found {1 - len(missed) / len(every):.3f}; missed: {', '.join(missed) or 'none'}")
    print(f"honest texts: {len(HONEST)}, {len(hurt)} changed{''.join(f'{chr(10)}  {text!r}' for text in hurt)}")


def _printed(count: int) -> None:
    """Show the same of what real programs print, and of code and prose that others wrote."""
    secret, redactor = "Zk3vQ9mLx7Rt2Wc8", _redactor([])
    told = dict(printers.printed(secret))
    missed = [name for name, text in told.items() if secret in redactor.text(text)]
    print(f"\nprinters: {len(told)}, clean {1 - len(missed) / len(told):.3f}; not: {', '.join(missed) or 'none'}")
    written = list(printers.honest(count))
    lost = Counter(written) - Counter(redactor.text("\n".join(written)).split("\n"))
    print(f"code and prose: {len(written):,} lines, {lost.total()} changed")


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
