"""A plugin of every session that is compared: the peak of each process, the names of the tests, a part of the tests."""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

import pytest

PEAKS = os.environ.get("PUBLIC_SUITE_PEAKS")
"""Folder for a file with the peak of each process, in bytes."""
TESTS = os.environ.get("PUBLIC_SUITE_TESTS")
"""File for the node ids of the collected tests."""
PART = int(os.environ.get("PUBLIC_SUITE_PART", "0"))
"""Number of parameters that each function has at most; 0: all."""


def peak() -> int:
    """Return the peak RSS of this process in bytes. A process that was forked has its parent's in its ``rusage``."""
    try:
        fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return int(fields["VmHWM"].split()[0]) * 1024


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Keep the first parameters of each function."""
    if PART:
        marks = metafunc.definition.own_markers
        for number, mark in enumerate(marks):
            if mark.name == "parametrize":
                names, values, *rest = mark.args
                marks[number] = pytest.mark.parametrize(names, list(values)[:PART], *rest, **mark.kwargs).mark


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write the names of the tests."""
    if TESTS:
        Path(TESTS).write_text(json.dumps([item.nodeid for item in session.items]))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Write the peak, after everything else."""
    if PEAKS:
        Path(PEAKS, os.environ.get("PYTEST_XDIST_WORKER", "session")).write_text(str(peak()))
