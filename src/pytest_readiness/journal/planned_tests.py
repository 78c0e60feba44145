"""The planned tests of a run by name. Tests that are planned alike share what is planned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a command that only reads a journal redacts nothing
    from ..redaction.redactor import Redactor

Find = Callable[[Sequence[Mapping[str, Any]]], Iterable[int]]
"""Returns the positions of those bodies that may change when they are redacted again."""


class PlannedTests(dict[str, Mapping[str, Any]]):
    """What is planned of each test, without its name: a dict of its own would take 180 bytes until the end."""

    def __init__(self) -> None:
        super().__init__()
        self._alike: dict[tuple[int, bool, bool], Mapping[str, Any]] = {}
        """The shared values, by the identity of their claims and by whether a test records or is deselected."""

    def add(self, test: Mapping[str, Any]) -> bool:
        """Add a test as plain data. Return False if it is planned already, unless only now it is to run."""
        earlier = self.get(test["test"])
        if earlier is not None and not ("deselected" in earlier and "deselected" not in test):
            return False
        key = id(test["claims"]), "records" in test, "deselected" in test
        if (shared := self._alike.get(key)) is None:
            shared = self._alike[key] = {name: value for name, value in test.items() if name != "test"}
        self[test["test"]] = shared
        return True

    def whole(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """Return the plans of these tests with their names, as they are written."""
        return [{"test": name, **self[name]} for name in names]

    def selected(self) -> Iterator[str]:
        """Yield the names of the tests that are to run."""
        return (name for name, planned in self.items() if "deselected" not in planned)

    def redact(self, redactor: Redactor, find: Find) -> None:
        """Redact what may hold a secret that was registered since. Of names that become equal, one is to run."""
        positions = set(find(self.whole(self)))
        if not positions:
            return
        plan = list(self.items())
        self.clear()
        self._alike.clear()  # these hold the secret
        for number, (test_id, planned) in enumerate(plan):
            name = redactor.name(test_id) if number in positions else test_id
            if name not in self or "deselected" in self[name]:
                self[name] = redactor.plain(planned) if number in positions else planned
