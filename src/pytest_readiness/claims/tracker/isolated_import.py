"""Import of third-party libraries that leaves no trace of them in the process under test."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def isolated_import(*packages: str) -> Iterator[None]:
    """Remove these packages and their loggers on exit, unless they were loaded before; the block keeps its imports.

    A test that uses the same library then imports its own copy, with its own loggers. Fewer loggers also save time:
    pytest walks through all loggers of the process six times for each test.
    """
    new_packages = [name for name in packages if name not in sys.modules]
    loggers = logging.root.manager.loggerDict
    names_before = set(loggers)
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] in new_packages]:
            del sys.modules[name]
        for name in loggers.keys() - names_before:
            if name.partition(".")[0] in new_packages:
                del loggers[name]
