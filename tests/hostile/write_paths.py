"""The paths by which something is written: what is there before, what is done, and what must hold after a kill."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pytest_readiness.store.address import open_store
from pytest_readiness.store.sqlite import tables
from tests.hostile.children import readiness, run
from tests.store.older import older

CONFIG = """\
tracker = "PROD_READINESS_TRACKER.md"
[environments.staging]
real = true
[items.1]
title = "it holds"
[items.2]
title = "and goes on"
"""
TRACKER = """\
| UC | Architecture Status | Prod Readiness Status | Owner | Last Updated | Notes |
| --- | --- | --- | --- | --- | --- |
| UC-001 | `GREEN` | `NOT_STARTED` | `tbd` | 2026-01-01 | Survives |
| UC-002 | `GREEN` | `NOT_STARTED` | `tbd` | 2026-01-01 | Goes on |
"""
TESTS = 40
SUITE = f"""
import pytest

@pytest.mark.parametrize("n", range({TESTS}))
@pytest.mark.evidence("UC-001", item=1)
def test_it(n, record_evidence):
    record_evidence.note(f"note {{n}}")
    if n % 10 == 0:
        record_evidence.attach(f"artifact {{n}}")
    with open("told", "a") as file:
        file.write(f"test_it.py::test_it[{{n - 1}}]\\n")
"""
WITH_WORKERS = """
import os, pytest

@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report):
    if report.when == "teardown" and "PYTEST_XDIST_WORKER" not in os.environ:
        with open("told", "a") as file:
            file.write(f"{report.nodeid}\\n")
"""
"""The next test of a worker may start before the controller has heard of the one before: here the controller tells."""
ENDING = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish():
    open("ended", "x").close()
"""
CASES = "".join(f'<testcase classname="load" name="case{number}" time="0.1"/>' for number in range(TESTS))
STORE = "sqlite:///.readiness/evidence.db"
WHERE = ("--environment", "staging", "--actor", "bot@example.com")


class NotHeldError(AssertionError):
    """Something that must hold after a kill does not."""


def expect(holds: object, what: object) -> None:
    """Raise an error unless something holds."""
    if not holds:
        raise NotHeldError(str(what))


def session(*more: str) -> int:
    """Run the suite in this process."""
    words = ["-q", "-p", "pytest_readiness.plugin", "-p", "no:cacheprovider", "--readiness-environment=staging"]
    return int(pytest.main([*words, "--readiness-actor=bot@example.com", *more]))


def results(folder: Path) -> dict[str, str]:
    """Return the result of each piece of evidence in the store, by run and test."""
    store = open_store(STORE, folder, create=False)
    if store is None:
        return {}
    with closing(store):
        runs = [stored for summary in store.runs() if (stored := store.run(summary.id)) is not None]
        return {f"{stored.id} {piece.test_id}": piece.result.value for stored in runs for piece in stored.evidence()}


def command(folder: Path, *words: str, codes: tuple[int, ...] = (0,)) -> str:
    """Run the command in a child, and return its output; it must end with one of these codes, and in words."""
    code, output = run(folder, lambda: readiness(*words))
    expect(code in codes, f"{' '.join(words)} ended with {code}: {output}")
    for word in ("Traceback", "internal error"):
        expect(word not in output, output)
    return output


class WritePath:
    """A path by which something is written."""

    was_told: bool = False
    """The last exit code said that something was not recorded."""
    kept_as: tuple[str, ...] = ("PASSED",)
    """Results of a test that finished; on a full disk its own writes may fail."""
    is_command: bool = True
    """It is no pytest session."""
    begins_with: str = ""
    """File that tells that the interesting part begins; empty: it is the whole."""

    def prepare(self, folder: Path) -> None:
        """Write what is there before. The suite ran once, with a pass for each of its tests."""
        folder.mkdir()
        files = {
            "readiness.toml": CONFIG,
            "PROD_READINESS_TRACKER.md": TRACKER,
            "test_it.py": SUITE,
            "pytest.ini": "[pytest]\n",
        }
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "load.xml").write_text(
            f'<testsuite name="load" tests="{TESTS}">{CASES}</testsuite>', encoding="utf-8"
        )
        code, output = run(folder, session)
        expect(code == 0, output)
        (folder / "told").unlink()

    def act(self) -> int:
        """Do what is killed, in the working folder; return an exit code."""
        raise NotImplementedError

    def expected(self, before: Path, whole: Path) -> None:
        """Learn from the folder before, and from the folder in which nobody killed it."""
        self.old = results(before)

    def check(self, folder: Path) -> None:
        """Check a folder after a kill; raises NotHeldError."""
        command(folder, "recover")
        expect(not list((folder / ".readiness" / "journal").glob("*.jsonl")), "a journal stays after recovery")
        command(folder, "verify")
        now = results(folder)
        lost = [name for name, result in self.old.items() if now.get(name) != result]
        expect(not lost, f"lost: {lost}")
        self.check_more(folder, {name: result for name, result in now.items() if name not in self.old})

    def check_more(self, folder: Path, new: dict[str, str]) -> None:
        """Check what is new: the result of each piece of evidence by run and test."""


class Session(WritePath):
    """A pytest session, at any moment: a test that is known to have finished is in the store, as it was."""

    is_command = False

    def act(self) -> int:
        return session()

    def check_more(self, folder: Path, new: dict[str, str]) -> None:
        path = folder / "told"
        told = set(path.read_text(encoding="utf-8").split("\n")[:-1]) if path.exists() else set()
        passed = {name.partition(" ")[2] for name, result in new.items() if result in self.kept_as}
        missing = told - passed - {"test_it.py::test_it[-1]"}
        expect(self.was_told or not missing, f"finished, and not kept: {sorted(missing)}")


class Workers(Session):
    """A session with two workers of xdist, which are killed with it."""

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        (folder / "test_it.py").write_text(SUITE.partition("    with open")[0], encoding="utf-8")
        (folder / "conftest.py").write_text(WITH_WORKERS, encoding="utf-8")

    def act(self) -> int:
        return session("-p", "xdist", "-n2")


class Ingest(Session):
    """The end of a session, in which its run goes into the store: all its tests are there."""

    begins_with = "ended"

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        (folder / "conftest.py").write_text(ENDING, encoding="utf-8")

    def check_more(self, folder: Path, new: dict[str, str]) -> None:
        expect(sorted(new.values()) == ["PASSED"] * TESTS, f"not all of {TESTS} passes: {new}")


class Record(WritePath):
    """``readiness record`` of JUnit XML and of a command: all of it or nothing, and what ran is not forgotten."""

    def act(self) -> int:
        imported = readiness("record", *WHERE, "--junit", "load.xml", "--map", "load::*=UC-002/1")
        if imported == 0:
            Path("imported").touch()
        ran = readiness("record", "UC-002", "--item", "2", *WHERE, "--id", "drill", "--", "touch", "ran")
        return imported or ran

    def check_more(self, folder: Path, new: dict[str, str]) -> None:
        cases = [result for name, result in new.items() if "case" in name]
        drill = [result for name, result in new.items() if "drill" in name]
        expect(cases in ([], ["PASSED"] * TESTS) or set(cases) <= {"PASSED", "INTERRUPTED", "NOT_RUN"}, cases)
        if (folder / "imported").exists():
            expect(cases == ["PASSED"] * TESTS, f"imported, and not kept: {cases}")
        if (folder / "ran").exists() and not self.was_told:
            expect(len(drill) == 1 and drill[0] in ("PASSED", "INTERRUPTED"), f"it ran, and nothing is kept: {drill}")


class Recover(WritePath):
    """``readiness recover`` of a session that was killed: in the end the store has what one recovery gives."""

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        text = SUITE + "\ndef test_dies(): import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n"
        (folder / "test_it.py").write_text(text, encoding="utf-8")
        run(folder, session)
        expect(list((folder / ".readiness" / "journal").glob("*.jsonl")), "the session left nothing behind")
        (folder / "told").unlink()

    def act(self) -> int:
        return readiness("recover")

    def expected(self, before: Path, whole: Path) -> None:
        super().expected(before, whole)
        self.recovered = {name: result for name, result in results(whole).items() if name not in self.old}
        expect(len(self.recovered) == TESTS, self.recovered)

    def check_more(self, folder: Path, new: dict[str, str]) -> None:
        expect(new == self.recovered, f"recovered differently: {new}")


class Merge(WritePath):
    """``readiness merge``: all of a bundle's runs and decisions or none, and a second merge completes it."""

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        other = folder.with_name("other")
        super().prepare(other)
        command(other, "record", *WHERE, "--junit", "load.xml", "--map", "load::*=UC-002/1")
        command(other, "block", "UC-001", "--reason", "x", "--by", "ana@example.com")
        command(other, "bundle", "-o", str(folder / "bundle.zip"))
        shutil.rmtree(other)

    def act(self) -> int:
        return readiness("merge", "bundle.zip")

    def expected(self, before: Path, whole: Path) -> None:
        super().expected(before, whole)
        self.merged = {name: result for name, result in results(whole).items() if name not in self.old}
        expect(len(self.merged) == 2 * TESTS, self.merged)

    def check_more(self, folder: Path, new: dict[str, str]) -> None:
        expect(new in ({}, self.merged), f"a part of the bundle: {len(new)} of {len(self.merged)}")
        command(folder, "merge", "bundle.zip")
        command(folder, "verify")
        now = results(folder)
        expect(now == self.old | self.merged, "a second merge does not complete it")


class Sync(WritePath):
    """``readiness sync``: the tracker is the old one or the new one, and a second sync gives the new one."""

    def act(self) -> int:
        return readiness("sync")

    def expected(self, before: Path, whole: Path) -> None:
        super().expected(before, whole)
        self.texts = [(at / "PROD_READINESS_TRACKER.md").read_bytes() for at in (before, whole)]
        expect(self.texts[0] != self.texts[1], "nothing to write")

    def check_more(self, folder: Path, new: dict[str, str]) -> None:
        path = folder / "PROD_READINESS_TRACKER.md"
        expect(path.read_bytes() in self.texts, f"a part of a tracker: {path.read_bytes()!r}")
        command(folder, "sync")
        expect(path.read_bytes() == self.texts[1], "a second sync does not complete it")


class Migrate(WritePath):
    """The first write into a store of an older version: it is of the old version or of the new, and goes on."""

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        older(folder / ".readiness" / "evidence.db", 1)

    def act(self) -> int:
        return readiness("block", "UC-001", "--reason", "x", "--by", "ana@example.com")

    def check(self, folder: Path) -> None:
        path = folder / ".readiness" / "evidence.db"
        with closing(sqlite3.connect(path)) as plain:
            (version,) = plain.execute("PRAGMA user_version").fetchone()
        expect(version in (1, tables.VERSION), f"a schema between two versions: {version}")
        super().check(folder)
        command(folder, "unblock", "UC-001", "--reason", "y", "--by", "ana@example.com", codes=(0, 1))
        command(folder, "record", "UC-002", "--item", "1", *WHERE, "--id", "later", "--result", "PASSED")
        command(folder, "verify")


class Decide(WritePath):
    """A decision: it is kept as a whole or not at all."""

    def act(self) -> int:
        return readiness("block", "UC-001", "--reason", "x", "--by", "ana@example.com")

    def check_more(self, folder: Path, new: dict[str, str]) -> None:
        store = open_store(STORE, folder, create=False)
        assert store is not None
        with closing(store):
            kinds = [decision.KIND for decision in store.decisions("default")]
        expect(kinds in ([], ["blocker"]), kinds)
        command(folder, "gate", "UC-001", codes=(1,))


PATHS: dict[str, Callable[[], WritePath]] = {
    "session": Session, "workers": Workers, "ingest": Ingest, "record": Record, "recover": Recover, "merge": Merge, "sync": Sync,
    "migrate": Migrate, "decide": Decide,
}  # fmt: skip
"""The paths by name."""
