"""Fuzzer of the parsers that is led by coverage: atheris, with the changes of the other fuzzer.

``pip install atheris``, then ``python -m tests.hostile.guided --parser NAME [--inputs N] [--seed S]``

The package is instrumented while it is imported, so that an input that reaches new code is changed further. A fault ends
the process with its traceback; the input is written into the working folder (``crash-…``).
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any


def main() -> None:
    """Fuzz one parser."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--parser", required=True)
    options.add_argument("--inputs", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()

    atheris: Any = import_module("atheris")  # it is installed for this alone
    with atheris.instrument_imports(include=["pytest_readiness"]):
        parsers: Any = import_module("tests.hostile.parsers")
    parser = parsers.PARSERS[given.parser]
    names = sorted(parser.first())

    def written(given: Any) -> bytes:
        return bytes([names.index(given.name)]) + given.data

    def read(data: bytes) -> Any:
        return parsers.Input(names[data[0] % len(names)] if data else names[0], data[1:])

    def change(data: bytes, limit: int, seed: int) -> bytes:
        chance = random.Random(seed)
        return written(parser.changed(read(data), chance, chance.choice(parser.inputs)))[:limit]

    with tempfile.TemporaryDirectory() as home:
        corpus, folder = Path(home, "corpus"), Path(home, parsers.FOLDER)
        corpus.mkdir()
        folder.mkdir()
        for number, first in enumerate(parser.inputs):
            (corpus / str(number)).write_bytes(written(first))

        def test(data: bytes) -> None:
            one = read(data)
            path = folder / one.name
            path.write_bytes(one.data)
            parser.read(path)

        words = [f"-runs={given.inputs}", f"-seed={given.seed}", "-timeout=5", "-max_len=65536", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *words, str(corpus)], test, custom_mutator=change)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
