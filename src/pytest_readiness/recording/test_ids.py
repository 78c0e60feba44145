"""Test names: pytest's node id, prefixed with the path from the config's folder to pytest's rootdir.

Pytest names a test outside its rootdir by a part of its path, or by none of it: tests of two folders may share a node
id. Such a test is named by its path, and so is one with a node id of a plugin.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from os.path import normpath
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ..claims.collection import TAGGED, TaggedTest, external_path
from ..redaction.redactor import Redactor
from .provenance.relative_path import relative_path

AMBIGUOUS, CASES, GROUPED = "ambiguous", "cases", "grouped"


class AmbiguousTest(NamedTuple):
    """A test whose node id does not name its file, or that shares the node id of such a test."""

    name: str
    """Its name, before redaction."""
    location: list[Any]
    """Its place in the source, as pytest reports it when the test starts."""
    number: int
    """Its index in the collection."""


class NodeIds:
    """Names of a session's tests by node id, in a worker or in the controller."""

    def __init__(self, worker_input: Mapping[str, Any], redactor: Redactor) -> None:
        """``worker_input``: the plain data that an xdist worker gets."""
        self.redactor = redactor
        self.grouped: bool = worker_input.get("grouped", False)
        """Whether xdist distributes by ``loadgroup``: then it may have appended ``@group`` to a node id."""
        self._without_group: dict[str, str] = {}
        """Node ids without the groups that xdist appended, by node id."""
        self._prefix: str = worker_input.get("prefix", "")
        """Path from the config's folder to pytest's rootdir, with a slash at its end."""
        self._folder = Path(worker_input.get("folder", "."))
        self._outer_root = Path(normpath(self._folder / self._prefix)) if self._prefix.startswith("../") else None
        """Pytest's rootdir if it is not in the config's folder: then each file's relative path is determined."""
        self._relative_paths: dict[Path, str] = {}
        self.ambiguous: dict[str, dict[tuple[str, int], AmbiguousTest]] = {}
        """Tests with ambiguous node ids, by node id; in most sessions there are none."""
        self.shared = False
        """Whether several tests share a node id."""
        self.running: pytest.Item | None = None
        """The running test, if several tests share a node id."""

    def name_of(self, nodeid: str) -> str:
        """Return the name of the test with this node id; if several share it, that of the running one."""
        if self.ambiguous and (tests := self.ambiguous.get(nodeid)) is not None:
            running = self.running if self.running is not None and self.running.nodeid == nodeid else None
            name = next(iter(tests.values())).name if running is None else self._unredacted_name(running)
            return self.redactor.name(name)
        return self.redactor.name(self._prefixed(nodeid) if self.grouped or self._prefix else nodeid)

    def name_of_test(self, test: TaggedTest) -> str:
        """Return the name of a collected test."""
        name, path = test.test_id, test.external_path
        if path is not None:
            name = self._by_path(name, path)
        elif self.grouped or self._prefix:
            name = self._prefixed(name)
        if test.parametrised_item is not None:
            self.redactor.cases.add(name, test.parametrised_item)
        return self.redactor.name(name)

    def written_name(self, item: pytest.Item) -> str:
        """Return the name of a test before redaction, also before ``learn``."""
        nodeid = item.nodeid
        if self.grouped and (suffix := _group_suffix(item)):
            nodeid = nodeid[: -len(suffix)]
        path = external_path(item)
        return self._prefixed(nodeid) if path is None else self._by_path(nodeid, path)

    def _prefixed(self, nodeid: str) -> str:
        """Return the name of a test whose node id names its file."""
        nodeid = self._without_group.get(nodeid, nodeid)
        if self._outer_root is None:
            return self._prefix + nodeid
        path, separator, rest = nodeid.partition("::")
        return f"{self._relative_path(self._outer_root / path)}{separator}{rest}"

    def _relative_path(self, path: Path) -> str:
        relative = self._relative_paths.get(path)
        if relative is None:
            relative = self._relative_paths[path] = relative_path(path, self._folder)
        return relative

    def notes(self) -> list[str]:
        """Return one line if another checkout of the same tests would have other names, or none."""
        outside = [path for path in self._relative_paths.values() if path.startswith("../")]
        if not outside:
            return []
        from .provenance.checkout import unnamed_note  # calls git: only for tests outside the config's folder

        if self._prefix.strip("./"):
            outside = [self._prefix if path.startswith(self._prefix) else path for path in outside]
        notes = (unnamed_note(path, self._folder) for path in outside)
        return [note for note in notes if note is not None][:1]

    def names_of(self, nodeid: str, location: Sequence[Any] | None = None) -> list[str]:
        """Return the names of the tests with this node id; with a location, only those at that place."""
        if not self.ambiguous or (tests := self.ambiguous.get(nodeid)) is None:
            return [self.name_of(nodeid)]
        wanted = None if location is None or len(tests) == 1 else list(location)
        names = dict.fromkeys(test.name for test in tests.values() if wanted is None or test.location == wanted)
        return [self.redactor.name(name) for name in names]

    def name_at(self, nodeid: str, number: int | None) -> str | None:
        """Return the name of the test with this node id and index in the collection; None if there is none."""
        names = [test.name for test in self.ambiguous.get(nodeid, {}).values() if test.number == number]
        return self.redactor.name(names[0]) if names else None

    def learn(
        self, session: pytest.Session, tagged: Sequence[TaggedTest], deselected: Sequence[pytest.Item] = ()
    ) -> None:
        """Store the names of tests with ambiguous or grouped node ids, if there are any among these.

        Args:
            session: the session that has collected them.
            tagged: the evidence tests among them.
            deselected: the tests that it does not run.
        """
        if self.grouped:
            evidence = (item for item in (*session.items, *deselected) if TAGGED in item.stash)
            groups = ((item.nodeid, _group_suffix(item)) for item in evidence)
            self._without_group = {nodeid: nodeid[: -len(suffix)] for nodeid, suffix in groups if suffix}
        if any(test.external_path for test in tagged):
            self._learn_all(session.items)
        if self.shared:
            session.config.pluginmanager.register(_RunningTest(self), "readiness-running-test")

    def _learn_all(self, items: Sequence[pytest.Item]) -> None:
        nodeids = {item.nodeid for item in items if external_path(item) is not None}
        for number, item in enumerate(items):
            if (nodeid := item.nodeid) in nodeids:
                self._add_ambiguous(nodeid, AmbiguousTest(self._unredacted_name(item), list(item.location), number))

    def _unredacted_name(self, item: pytest.Item) -> str:
        path = external_path(item)
        return self._prefixed(item.nodeid) if path is None else self._by_path(item.nodeid, path)

    def _add_ambiguous(self, nodeid: str, test: AmbiguousTest) -> None:
        tests = self.ambiguous.setdefault(nodeid, {})
        tests[test.name, test.number] = test
        self.shared = self.shared or len(tests) > 1

    def _by_path(self, nodeid: str, path: Path) -> str:
        """Return the name of a test outside pytest's rootdir: its path, and the node id without a part of it."""
        relative, nodeid = self._relative_path(path), self._without_group.get(nodeid, nodeid)
        named_path, _, rest = nodeid.partition("::")
        rest = rest if not named_path or f"/{path.as_posix()}".endswith(f"/{named_path}") else nodeid
        return f"{relative}::{rest}" if rest else relative

    def is_another(self, item: object) -> bool:
        """Return whether another test than this one runs now, if several share a node id."""
        return self.running is not None and self.running is not item

    def to_plain(self) -> dict[str, Any]:
        """Return the names that differ from a node id as plain data for the controller; mostly empty."""
        ambiguous = {nodeid: [list(test) for test in tests.values()] for nodeid, tests in self.ambiguous.items()}
        names = {AMBIGUOUS: ambiguous, CASES: self.redactor.cases.to_plain(), GROUPED: self._without_group}
        return {key: value for key, value in names.items() if value}

    def merge(self, plain: Mapping[str, Any]) -> None:
        """Add the names that ``to_plain`` of a worker returned."""
        self.redactor.cases.merge(plain.get(CASES, {}))
        self._without_group |= plain.get(GROUPED, {})
        for nodeid, tests in plain.get(AMBIGUOUS, {}).items():
            for name, location, number in tests:
                self._add_ambiguous(nodeid, AmbiguousTest(name, location, number))


def _group_suffix(item: pytest.Item) -> str:
    """Return the groups that xdist appended to the node id of a test, with ``@``; empty if there are none."""
    marks = item.iter_markers("xdist_group")
    names = {str(mark.args[0] if mark.args else mark.kwargs.get("name", "default")) for mark in marks}
    suffix = f"@{'_'.join(sorted(names))}"
    return suffix if names and item.nodeid.endswith(suffix) else ""


class _RunningTest:
    """Hook that stores the running test, in a session in which several tests share a node id."""

    def __init__(self, names: NodeIds) -> None:
        self._names = names

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Store the test before its start is reported."""
        self._names.running = item
        return (yield)
