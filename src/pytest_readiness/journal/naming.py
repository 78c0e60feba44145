"""What a test is called: pytest's node id, with the way from the config's folder to pytest's before it.

pytest names a test that lies outside its rootdir by a part of its path, or by none of it: tests of two folders may bear
one node id then. Such a test is called by where it lies, and so is one to which a plugin gave a node id of its own.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from os.path import normpath
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ..claims.collected import Tagged, where_else
from ..mark import is_tagged
from .redaction import Redactor
from .ways import way_to

BEARERS, CASES, GROUPED = "bearers", "cases", "grouped"


class Bearer(NamedTuple):
    """A test whose node id does not say where it lies, or is that of such a test."""

    name: str
    """What it is called, secrets and all."""
    location: list[Any]
    """Its place in the source, as pytest tells it when the test starts."""
    number: int
    """Which of the collection it is."""


class Names:
    """What the tests of a session are called, in a process that runs them or is told of them."""

    def __init__(self, given: Mapping[str, Any], redactor: Redactor) -> None:
        """``given``: what an xdist worker is given."""
        self.redactor = redactor
        self.grouped: bool = given.get("grouped", False)
        """xdist distributes by ``loadgroup``, and may have hung ``@group`` on a node id; alone it is the same test."""
        self._alone: dict[str, str] = {}
        """What the node ids are alone on which it did so."""
        self._prefix: str = given.get("prefix", "")
        """The way from the config's folder to pytest's, with a slash at its end."""
        self._folder = Path(given.get("folder", "."))
        self._above = Path(normpath(self._folder / self._prefix)) if self._prefix.startswith("../") else None
        """pytest's rootdir, where it does not lie below the config's folder: each of its files is asked for its way."""
        self._ways: dict[Path, str] = {}
        self.bearers: dict[str, dict[tuple[str, int], Bearer]] = {}
        """By node id, each of them once; in most sessions there are none."""
        self.shared = False
        """Several tests bear one node id."""
        self.running: pytest.Item | None = None
        """The test that runs, where several bear one node id."""

    def of(self, nodeid: str) -> str:
        """Return what the test with this node id is called; where several bear it, the one that runs."""
        if self.bearers and (bearers := self.bearers.get(nodeid)) is not None:
            runs = self.running if self.running is not None and self.running.nodeid == nodeid else None
            name = next(iter(bearers.values())).name if runs is None else self._name_of(runs)
            return self.redactor.name(name)
        return self.redactor.name(self._plain(nodeid) if self.grouped or self._prefix else nodeid)

    def of_tagged(self, test: Tagged) -> str:
        """Return what a test is called."""
        name, path = test.test_id, test.lies
        if path is not None:
            name = self._by_path(name, path)
        elif self.grouped or self._prefix:
            name = self._plain(name)
        if test.case is not None:
            self.redactor.cases.note(name, test.case)
        return self.redactor.name(name)

    def _plain(self, nodeid: str) -> str:
        """Return what the test of a node id that says where it lies is called."""
        nodeid = self._alone.get(nodeid, nodeid)
        if self._above is None:
            return self._prefix + nodeid
        path, separator, rest = nodeid.partition("::")
        return f"{self._way(self._above / path)}{separator}{rest}"

    def _way(self, path: Path) -> str:
        way = self._ways.get(path)
        if way is None:
            way = self._ways[path] = way_to(path, self._folder)
        return way

    def note(self) -> list[str]:
        """Return what is to be said of names that another checkout of the same tests does not have: a line, or none."""
        ways = [way for way in self._ways.values() if way.startswith("../")]
        if not ways:
            return []
        from .checkout import unnamed  # asks git: only where something lies beside the config

        if self._prefix.strip("./"):
            ways = [self._prefix if way.startswith(self._prefix) else way for way in ways]
        return [told for told in (unnamed(way, self._folder) for way in ways) if told is not None][:1]

    def each(self, nodeid: str, location: Sequence[Any] | None = None) -> list[str]:
        """Return what the tests with this node id are called; with a location, those that have it."""
        if not self.bearers or (bearers := self.bearers.get(nodeid)) is None:
            return [self.of(nodeid)]
        here = None if location is None or len(bearers) == 1 else list(location)
        names = dict.fromkeys(one.name for one in bearers.values() if here is None or one.location == here)
        return [self.redactor.name(name) for name in names]

    def at(self, nodeid: str, number: int | None) -> str | None:
        """Return what the test with this node id and this number in the collection is called; None: there is none."""
        found = [one.name for one in self.bearers.get(nodeid, {}).values() if one.number == number]
        return self.redactor.name(found[0]) if found else None

    def learn(self, session: pytest.Session, tagged: Sequence[Tagged], left_out: Sequence[pytest.Item] = ()) -> None:
        """Learn what tests are called whose node ids do not say where they lie, or are not theirs alone, if any are so.

        Args:
            session: has collected them.
            tagged: the evidence tests among them.
            left_out: tests that it does not run.
        """
        if self.grouped:
            hung = ((item.nodeid, _hung(item)) for item in (*session.items, *left_out) if is_tagged(item))
            self._alone = {nodeid: nodeid[: -len(suffix)] for nodeid, suffix in hung if suffix}
        if any(test.lies for test in tagged):
            self._learn(session.items)
        if self.shared:
            session.config.pluginmanager.register(_Following(self), "readiness-following")

    def _learn(self, items: Sequence[pytest.Item]) -> None:
        nodeids = {item.nodeid for item in items if where_else(item) is not None}
        for number, item in enumerate(items):
            if (nodeid := item.nodeid) in nodeids:
                self._bears(nodeid, Bearer(self._name_of(item), list(item.location), number))

    def _name_of(self, item: pytest.Item) -> str:
        path = where_else(item)
        return self._plain(item.nodeid) if path is None else self._by_path(item.nodeid, path)

    def _bears(self, nodeid: str, bearer: Bearer) -> None:
        bearers = self.bearers.setdefault(nodeid, {})
        bearers[bearer.name, bearer.number] = bearer
        self.shared = self.shared or len(bearers) > 1

    def _by_path(self, nodeid: str, path: Path) -> str:
        """Return the name of a test that lies elsewhere: where, and what its node id says beside a part of its path."""
        way, nodeid = self._way(path), self._alone.get(nodeid, nodeid)
        told, _, rest = nodeid.partition("::")
        rest = rest if not told or f"/{path.as_posix()}".endswith(f"/{told}") else nodeid
        return f"{way}::{rest}" if rest else way

    def is_another(self, item: object) -> bool:
        """Return whether, of tests that bear one node id, another one runs now."""
        return self.running is not None and self.running is not item

    def to_plain(self) -> dict[str, Any]:
        """Return what the controller must know of names that are not a node id as it is; mostly nothing."""
        bearers = {nodeid: [list(one) for one in bearers.values()] for nodeid, bearers in self.bearers.items()}
        found = {BEARERS: bearers, CASES: self.redactor.cases.to_plain(), GROUPED: self._alone}
        return {name: told for name, told in found.items() if told}

    def take_in(self, plain: Mapping[str, Any]) -> None:
        """Take in what ``to_plain`` of a worker told."""
        self.redactor.cases.take_in(plain.get(CASES, {}))
        self._alone |= plain.get(GROUPED, {})
        for nodeid, bearers in plain.get(BEARERS, {}).items():
            for name, location, number in bearers:
                self._bears(nodeid, Bearer(name, location, number))


def _hung(item: pytest.Item) -> str:
    """Return what xdist has hung on the node id of a test: the names of its groups; else nothing."""
    marks = item.iter_markers("xdist_group")
    names = {str(mark.args[0] if mark.args else mark.kwargs.get("name", "default")) for mark in marks}
    suffix = f"@{'_'.join(sorted(names))}"
    return suffix if names and item.nodeid.endswith(suffix) else ""


class _Following:
    """Sees which test runs, in a session where several bear one node id."""

    def __init__(self, names: Names) -> None:
        self._names = names

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Before anybody is told that it starts."""
        self._names.running = item
        return (yield)
