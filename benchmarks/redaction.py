"""Speed of the redactor, and what it finds and leaves unchanged. See benchmarks/README.md.

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
    options = parser.parse_args()
    random = Random(options.seed)
    secrets = [drawn(random, PASSWORD + "ü/\\\"'&<", random.randint(12, 40)) for _ in range(options.secrets)]
    _speed(random, secrets, options.lines, options.rounds)
    _hostile(random, options.lines // 10, options.rounds)
    _detection(random, secrets, options.lines)
    _forms()
    _printed(options.lines)
    _known_secrets(random, 200)


def _redactor(secrets: list[str]) -> Redactor:
    redactor = Redactor(KEY, {})
    for value in secrets:
        redactor.register(value)
    return redactor


def _speed(random: Random, secrets: list[str], count: int, rounds: int) -> None:
    spelling_count = sum(len(spellings(value)) for value in secrets)
    took = min(_took(lambda: _redactor(secrets).text("x"), rounds))
    print(f"{len(secrets)} known values in {spelling_count:,} spellings, ready after {took * 1000:.1f} ms of CPU\n")
    print("MB/s of CPU time")
    texts = {
        "plain logs": "\n".join(plain(random) for _ in range(count)),
        "JSON logs": "\n".join(json_line(random) for _ in range(count)),
        "corpus": "\n".join(line if isinstance(line, str) else line.text for line in lines(random, count)),
    }
    for name, text in texts.items():
        data = text.encode()
        for label, values in (("nothing known", []), (f"{len(secrets)} known", secrets)):
            redactor = _redactor(values)
            redactor.text("x")
            took = min(_took(lambda data=data, redactor=redactor: list(redactor.stream(_blocks(data))), rounds))
            print(f"  {name:12} {label:14} {len(data) / took / 1e6:7.1f}")


def _took(act: object, rounds: int) -> Iterator[float]:
    for _ in range(rounds):
        start = time.process_time()
        act()  # type: ignore[operator]
        yield time.process_time() - start


def _blocks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))


def _hostile(random: Random, count: int, rounds: int) -> None:
    """Print the speed for lines in which a rule begins again and again, relative to plain logs, and its growth."""
    redactor = _redactor(["aaaaaaaaaa"])
    redactor.text("password: x1234567 eyJ ://u:p@h")

    def speed(text: str) -> float:
        data = text.encode()
        return len(data) / min(_took(lambda: list(redactor.stream(_blocks(data))), max(rounds // 2, 1))) / 1e6

    plainly = speed("\n".join(plain(random) for _ in range(count)))
    size = count * 30
    results = []
    for text in HOSTILE:
        few, many = (speed(text * (length // len(text))) for length in (size // 8, size))
        results.append((many, many / plainly, few / many, text))
    print(f"\nhostile lines of {size:,} bytes, MB/s of CPU time (plain logs: {plainly:.1f})")
    print("    MB/s  of plain logs   8 times as long  line")
    for many, share, growth, text in sorted(results):
        print(f"  {many:6.2f} {share:10.2f} x {growth:12.2f} x      {text!r}")


def _forms() -> None:
    """Print how many of the forms are found, and how many ordinary texts are changed."""
    secret, redactor = "Zk3vQ9mLx7Rt2Wc8", _redactor([])
    every = FORMS | NOT_FOUND
    missed = [name for name, form in every.items() if secret in redactor.text(form.replace("{}", secret))]
    hurt = [text for text in HONEST if redactor.text(text) != text]
    print(f"\nforms: {len(every)}, found {1 - len(missed) / len(every):.3f}; missed: {', '.join(missed) or 'none'}")
    print(f"honest texts: {len(HONEST)}, {len(hurt)} changed{''.join(f'{chr(10)}  {text!r}' for text in hurt)}")


def _printed(count: int) -> None:
    """Print the same for the output of real programs, and for code and prose of others."""
    secret, redactor = "Zk3vQ9mLx7Rt2Wc8", _redactor([])
    outputs = dict(printers.printed(secret))
    missed = [name for name, text in outputs.items() if secret in redactor.text(text)]
    print(f"\nprinters: {len(outputs)}, clean {1 - len(missed) / len(outputs):.3f}; not: {', '.join(missed) or 'none'}")
    written = list(printers.honest(count))
    lost = Counter(written) - Counter(redactor.text("\n".join(written)).split("\n"))
    print(f"code and prose: {len(written):,} lines, {lost.total()} changed")


def _detection(random: Random, secrets: list[str], count: int) -> None:
    corpus = list(lines(random, count))
    text = "\n".join(line if isinstance(line, str) else line.text for line in corpus)
    redacted = b"".join(_redactor(secrets).stream(_blocks(text.encode()))).decode()
    planted: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    baits: Counter[str] = Counter()
    hurt: Counter[str] = Counter()
    for line in corpus:
        if isinstance(line, Planted):
            planted[line.kind] += 1
            missed[line.kind] += line.secret in redacted
        elif isinstance(line, Bait):
            baits[line.kind] += 1
            hurt[line.kind] += line.text not in redacted
    unplanted = [line for line in corpus if isinstance(line, str)]
    harmed = sum(line not in redacted for line in unplanted)
    print(
        f"\nsecrets that nobody named: {planted.total():,} planted, recall {1 - missed.total() / planted.total():.4f}"
    )
    for kind, number in sorted(planted.items()):
        print(f"  {kind:24} {number:5} planted {missed[kind]:5} missed")
    print(f"\nbait: {baits.total():,} lines, {hurt.total()} changed; {len(unplanted):,} plain lines, {harmed} changed")
    for kind, number in sorted(baits.items()):
        print(f"  {kind:24} {number:5} laid    {hurt[kind]:5} changed")


def _known_secrets(random: Random, count: int) -> None:
    tried: Counter[str] = Counter()
    survived: Counter[str] = Counter()
    for _ in range(count):
        value = drawn(random, ALNUM + "!#%+-.:=?@^_~/\\\"'&<>ü€ $`", random.randint(6, 60)) + "Zq"
        redactor = _redactor([value])
        forms = spellings(value)
        for encoding, text in spelled(value, random):
            tried[encoding] += 1
            redacted = redactor.text(text).encode()
            survived[encoding] += any(form in redacted for form in forms)
    print(f"\nknown values: {tried.total():,} texts, {survived.total()} survivors")
    for encoding, number in tried.items():
        print(f"  {encoding:24} {number:5} tried   {survived[encoding]:5} survived")


if __name__ == "__main__":
    main()
