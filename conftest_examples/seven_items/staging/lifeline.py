"""A server in a process of its own, which ends with the tests, however these end.

Its standard input is its lifeline. Over it come orders, each a line of JSON that one line answers. When it is closed,
the server stops and removes its files. The system closes it also when the tests are killed.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

EXAMPLE = Path(__file__).parents[1]


class Server:
    """A server that was started, seen from the tests. ``address`` is its first answer."""

    def __init__(self, module: str, **settings: object):
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=EXAMPLE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the tests, which then stop the server
        )
        try:
            self.address = self.order(**settings)
        except BaseException:
            self.stop()
            raise

    def order(self, **order: object) -> dict:
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            answer = ""
        else:
            answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._process.args[-1]} has ended: see what it wrote to standard error")
        return json.loads(answer)

    def stop(self) -> None:
        try:
            self._process.communicate(timeout=60)  # closes its standard input, and waits
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self._process.kill()
            self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def orders() -> Iterator[dict]:
    """Yield the orders to this process until its lifeline is closed."""
    for line in sys.stdin:
        yield json.loads(line)


def answer(**values: object) -> None:
    """Answer the newest order."""
    print(json.dumps(values), flush=True)  # noqa: T201 - this is how the tests hear of it
