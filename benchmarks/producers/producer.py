"""What is known of a producer of JUnit XML: how it is installed and run, and what its files cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Registry(StrEnum):
    """Where a producer comes from."""

    PYPI = "PyPI"
    NPM = "npm"
    DEBIAN = "Debian"
    NODE = "Node.js"


@dataclass(frozen=True, slots=True)
class Run:
    """One call of the producer in its suite's folder."""

    command: tuple[str, ...]
    report: str
    """The file or the folder that it writes."""
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Producer:
    """A test runner, with what writes JUnit XML for it."""

    name: str
    """As its column in the documentation."""
    key: str
    """Of its folder."""
    registry: Registry
    packages: tuple[str, ...]
    """What is installed; the first tell its version. Of PyPI and npm each at a pinned version."""
    runs: tuple[Run, ...]
    suite: str = ""
    """The folder in ``suites/``, if it is another's."""
    lacks: frozenset[str] = frozenset()
    """Words of outcomes that it does not know."""
    cannot_tell: Mapping[str, str] = field(default_factory=dict)
    """What its file says PASSED of, by the outcome's word, though it did not pass; and why nobody can tell."""
    also: Mapping[str, str] = field(default_factory=dict)
    """By an outcome's word: a pattern of cases that are of it, and have a name of the producer's own."""
