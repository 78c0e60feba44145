"""Learned once: which lines each test executes, whether it starts a Python of its own and how long it takes."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .rooms import PACKAGE, ROOMS, ROOT

IMPORTING = """
import coverage, json, sys
from importlib import import_module
watching = coverage.Coverage(data_file=None, include=sys.argv[2:], config_file=False)
watching.start()
for name in sys.argv[1].split(","):
    import_module(name)
watching.stop()
data = watching.get_data()
print(json.dumps({file: data.lines(file) for file in data.measured_files()}))
"""


@dataclass(frozen=True)
class Test:
    """What is known of a test."""

    id: str
    seconds: float
    apart: bool
    """It starts processes, in which nobody looked."""
    lines: dict[str, frozenset[int]]
    """By the name of the file in the package."""

    @property
    def file(self) -> str:
        """The file that it stands in."""
        return self.id.partition("::")[0]

    def executes(self, file: str, lines: Iterable[int] | None = None) -> bool:
        """Whether it executes one of these lines; none: anything of the file."""
        there = self.lines.get(file, frozenset())
        return bool(there) if lines is None else not there.isdisjoint(lines)


@dataclass
class Learned:
    """What is known of all tests, kept in a file and learned again where what it rests on has changed."""

    path: Path
    keys: dict[str, str]
    """By test file, what the knowledge of it is kept under."""
    rows: dict[str, dict] = field(default_factory=dict)
    """By the digest of a test file and of everything that it rests on."""
    imported: dict[str, set[int]] = field(default_factory=dict)
    """The lines that are executed when the program is loaded, by file."""

    @classmethod
    def at(cls, path: Path, keys: dict[str, str]) -> Learned:
        """Read what is there."""
        return cls(path, keys, json.loads(path.read_text(encoding="utf-8")) if path.exists() else {})

    def missing(self, files: Sequence[str]) -> list[str]:
        """Return the test files of which nothing is known as they are now."""
        return [file for file in files if self.keys[file] not in self.rows]

    def learn(self, file: str, tests: dict[str, dict]) -> None:
        """Keep what was learned of a test file."""
        self.rows[self.keys[file]] = tests
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.rows), encoding="utf-8")

    def tests_of(self, files: Sequence[str]) -> list[Test]:
        """Return the tests of some files, cheapest first."""
        found = [
            Test(name, one["seconds"], one["apart"], {file: frozenset(lines) for file, lines in one["lines"].items()})
            for file in files
            for name, one in self.rows[self.keys[file]].items()
        ]
        return sorted(found, key=lambda test: test.seconds)


def key_of(file: str) -> str:
    """Return what knowledge of a test file is kept under: it changes with all that the tests rest on."""
    names = sorted(name for room in ROOMS.values() for name in room.files)
    helpers = [path for path in sorted((ROOT / "tests").rglob("*.py")) if not path.name.startswith("test_")]
    together = hashlib.sha256("\n".join(names).encode())
    for path in (*sorted(PACKAGE.rglob("*.py")), *helpers, ROOT / file):
        together.update(path.read_bytes())
    return f"{file} {together.hexdigest()[:24]}"


def statement_at(source: str, line: int) -> range:
    """Return the lines of the innermost statement at a line: of a compound one its head."""
    lines = range(line, line + 1)
    smallest = None
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            continue
        body = getattr(node, "body", None)
        first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
        last = max(first, body[0].lineno - 1) if body else node.end_lineno
        if first <= line <= last and (smallest is None or last - first < smallest):
            smallest, lines = last - first, range(first, last + 1)
    return lines


def function_at(source: str, line: int) -> range:
    """Return the lines of the innermost function at a line; none: just that line."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    around = [range(node.lineno, node.end_lineno + 1) for node in functions if node.lineno <= line <= node.end_lineno]
    return min(around, key=len, default=range(line, line + 1))
