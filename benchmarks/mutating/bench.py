"""Copies of the project, and a process in each that tries mutants on their tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import cache_from_source
from itertools import accumulate
from pathlib import Path

from .drawing import Mutant
from .learning import IMPORTING, Learned, Test, function_at, statement_at
from .rooms import ALL, ROOMS, ROOT, files_of

COPIED = ("src", "tests", "docs", "conftest_examples", "benchmarks", "pyproject.toml", "README.md", "release")
FILES, AT_FIRST = 12, 40
"""Of a mutant that needs a start of its own, so many files and tests are tried before all others are collected."""


@dataclass
class Server:
    """A pytest that has collected, and is asked."""

    process: subprocess.Popen[bytes]
    asks: object
    tells: object
    tests: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, copy: Path, files: Sequence[str]) -> Server | None:
        """Collect some test files; None: that fails."""
        (asked, asks), (tells, told) = os.pipe(), os.pipe()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "mutating.server"]
        command += ["-p", "hypothesispytest", "-p", "readiness", *files]
        environ = {**os.environ, "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy / 'benchmarks'}"}
        environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "MUTANTS_PIPES": f"{asked},{told}"}
        process = subprocess.Popen(
            command, cwd=copy, env=environ, pass_fds=(asked, told),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(asked)
        os.close(told)
        server = cls(process, os.fdopen(asks, "w", encoding="utf-8"), os.fdopen(tells, encoding="utf-8"))
        collected = server.tells.readline()
        if not collected:
            server.end()
            return None
        server.tests = json.loads(collected)
        return server

    def ask(self, **question: object) -> object:
        """Ask one question."""
        self.asks.write(json.dumps(question) + "\n")
        self.asks.flush()
        return json.loads(self.tells.readline())

    def end(self) -> None:
        """Have it end."""
        for pipe in (self.asks, self.tells):
            pipe.close()
        self.process.wait()


@dataclass
class Bench:
    """One copy of the project with its process: tries one mutant at a time."""

    copy: Path
    learned: Learned
    budget: float
    """Seconds that the tests of a mutant take together, as they were learned: what only dearer ones notice survives."""
    server: Server | None = None
    rooms: dict[str, list[Test]] = field(default_factory=dict)

    @classmethod
    def at(cls, copy: Path, learned: Learned, budget: float) -> Bench:
        """Copy what tests read."""
        copy.mkdir()
        for name in COPIED:
            one = ROOT / name
            (shutil.copytree if one.is_dir() else shutil.copy)(one, copy / name if one.is_dir() else copy)
        return cls(copy, learned, budget)

    def start(self, files: Sequence[str]) -> None:
        """Collect all tests, of the program as it is."""
        self.server = Server.start(self.copy, files)
        if self.server is None:
            raise SystemExit("mutants: the tests cannot be collected: run pytest")

    def learn(self, file: str) -> dict[str, dict]:
        """Run the tests of a file as they are, and return what is to be known of each."""
        tests = [test for test in self.server.tests if test.partition("::")[0] == file]
        package = self.copy / "src" / "pytest_readiness"
        watched = [str(package / name) for room in ROOMS.values() for name in room.files]
        learned = self.server.ask(do="learn", tests=tests, files=watched)
        if not isinstance(learned, dict):
            raise SystemExit(f"mutants: {file}: {learned}")
        for one in learned.values():
            one["lines"] = {Path(name).relative_to(package).as_posix(): at for name, at in one["lines"].items()}
        return learned

    def imported(self) -> dict[str, set[int]]:
        """Return the lines that are executed when the program is loaded."""
        package = self.copy / "src" / "pytest_readiness"
        modules = [
            ".".join(path.relative_to(package.parent).with_suffix("").parts)
            for path in sorted(package.rglob("*.py"))
            if path.stem not in ("__init__", "__main__", "verify_bundle")
        ]
        files = [str(package / name) for room in ROOMS.values() for name in room.files]
        command = [sys.executable, "-c", IMPORTING, ",".join(modules), *files]
        environ = {**os.environ, "PYTHONPATH": str(package.parent)}
        ran = subprocess.run(command, env=environ, cwd=self.copy, capture_output=True, check=True)
        found = json.loads(ran.stdout)
        return {Path(file).relative_to(package).as_posix(): set(lines) for file, lines in found.items()}

    def tries(self, mutant: Mutant) -> str | None:
        """Return which test noticed a mutant, or how; None: none did."""
        path, original = self.copy / "src" / "pytest_readiness" / mutant.file, mutant.original()
        self._write(path, mutant.code())
        try:
            return self._tries(mutant, path, original)
        finally:
            self._write(path, original)

    @staticmethod
    def _write(path: Path, text: str) -> None:
        """Write a module, and have nobody take the compiled one before it for it."""
        path.write_text(text, encoding="utf-8")
        Path(cache_from_source(path)).unlink(missing_ok=True)

    def _tries(self, mutant: Mutant, path: Path, original: str) -> str | None:
        if mutant.room not in self.rooms:
            self.rooms[mutant.room] = self.learned.tests_of(files_of(ROOMS[mutant.room].tests))
        known = self.rooms[mutant.room]
        lines = statement_at(original, mutant.line)
        if self.learned.imported[mutant.file].isdisjoint(lines):
            first = [test for test in known if test.executes(mutant.file, lines)]
            # Who executes no changed line cannot notice, but for what happens in processes where nobody looked.
            first = first or [test for test in known if test.executes(mutant.file) or test.apart]
            tests = self._within(_taking_turns(first, mutant.file, function_at(original, mutant.line)))
            found = self._ask(self.server, tests, path=str(path), old=original, new=mutant.code())
            if found != "afresh":
                return found
        return self._afresh(mutant, known)

    def _afresh(self, mutant: Mutant, known: Sequence[Test]) -> str | None:
        """Try what changes the program as it is loaded, in processes that load the changed one."""
        quick = sorted({test.file: test for test in reversed(known)}.values(), key=lambda test: test.seconds)
        files = {test.file for test in quick[:FILES]}
        ordered = sorted(known, key=lambda test: not test.executes(mutant.file))
        first = [test for test in ordered if test.file in files][:AT_FIRST] + quick[:FILES]
        first += [test for test in known if test.file in ALL]
        first = sorted({test.id: test for test in first}.values(), key=lambda test: test.seconds)
        for tests in (first, self._within([test for test in ordered if test not in first])):
            server = Server.start(self.copy, sorted({test.file for test in tests}))
            if server is None:
                return "cannot be loaded"
            found = self._ask(server, tests, path="", old=None, new=None)
            server.end()
            if found is not None:
                return found
        return None

    def _within(self, tests: Sequence[Test]) -> list[Test]:
        """Return as many of the first tests as the budget allows, and one at least."""
        spent = list(accumulate(test.seconds for test in tests))
        return list(tests[: max(1, bisect_right(spent, self.budget))])

    @staticmethod
    def _ask(server: Server, tests: Sequence[Test], **question: str | None) -> str | None:
        if not tests:
            return None
        limit = 20 + 4 * sum(test.seconds for test in tests)
        found = server.ask(do="try", tests=[test.id for test in tests], limit=limit, **question)
        return None if found is None else str(found)

    def end(self) -> None:
        """Have its process end."""
        if self.server is not None:
            self.server.end()


def _taking_turns(tests: Sequence[Test], file: str, function: range) -> list[Test]:
    """Return tests, now the quickest, now that which executes the most of a function: few may ever get to its point."""
    most = sorted(tests, key=lambda test: -len(test.lines.get(file, frozenset()).intersection(function)))
    return list({test.id: test for pair in zip(tests, most, strict=True) for test in pair}.values())
