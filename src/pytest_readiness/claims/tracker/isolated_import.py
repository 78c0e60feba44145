"""Libraries that are loaded for our own use alone: the process under test is left as if they were not there."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def isolated_import(*packages: str) -> Iterator[None]:
    """Forget what the block imports of these packages, unless it was loaded before: who imported it has it still.

    A test that uses the same library loads it itself, with loggers of its own. And what has no logger costs no test
    anything: pytest walks through all loggers of the process six times for each.
    """
    ours = [name for name in packages if name not in sys.modules]
    loggers = logging.root.manager.loggerDict
    known = set(loggers)
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] in ours]:
            del sys.modules[name]
        for name in loggers.keys() - known:
            if name.partition(".")[0] in ours:
                del loggers[name]
