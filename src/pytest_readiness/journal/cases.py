"""What of a test's name is code, and what stands for a secret in the rest of it.

A name is the same in each environment: what is code stays, whatever a process holds to be secret, and in the brackets
the place of a parameter in its list stands for the secret that it holds. So neither the value nor the store's key is
part of a test's identity: a job with another key, or after a rotation, runs the same test.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .finding import Finding
from .known import KnownValues

__all__ = ["Cases", "data_at", "spans_in_name"]

_MAY_HOLD = re.compile(rb"[^\w\[\]().-]|[\w.-]{16}", re.ASCII)
"""What a value beside a name, or a token that is known by its shape, cannot be without."""
_SEVERAL = 24 - len("case-")
"""Characters that the places of several parameters may have in a mark."""


def data_at(name: str) -> int:
    """Return where in a test's name the data begins: after file, classes and function, where these are code.

    The name of a recorded command or an examination is data from its beginning.
    """
    path, separator, rest = name.partition("::")
    if not separator:
        return len(name) if path.endswith(".py") and " " not in path else 0
    if path.endswith(".py"):
        code, bracket, _ = rest.partition("[")
        is_code = all(part.replace(".", "").isidentifier() for part in code.split("::"))
        if is_code:
            return len(path) + len(separator) + len(code) if bracket else len(name)
        return len(path)
    return 0 if any(sign in path for sign in " :@=?[") else len(path)


def spans_in_name(data: bytes, known: KnownValues, least: int) -> list[Finding]:
    """Return what is to be replaced in the data of a name: most is too short and plain for more than known values."""
    if _MAY_HOLD.search(data):
        from .spans import spans_of

        return spans_of(data, known, least)
    if found := list(known.find(data)):
        from .spans import merged

        return merged(found, data, known)
    return []


class Cases:
    """The parameters of tests, each with its place in its list, by the names of the tests."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}
        """pytest's ``callspec`` of a test, or what ``to_plain`` makes of it."""
        self.marked: set[str] = set()
        """Names in which a place stands for a secret."""
        self._is_told = False

    def note(self, name: str, callspec: Any) -> None:
        """Take in which case a test is, by its name with all secrets."""
        self._known[name] = callspec

    def renamed(self, name: str, written: str) -> None:
        """A secret was taken out of a name: another one may follow, and finds the same places."""
        if name in self._known:
            self._known[written] = self._known[name]
            self.marked.update((name, written))

    def place(self, name: str, secret: str) -> str | None:
        """Return what stands for a secret in the name of a test: the place of the first parameter that holds it.

        Where it is in none as it is, these are the places of all. None: the test has no parameters that are known.
        """
        parameters = self._parameters(name)
        for index, text in parameters:
            if secret in text:
                return f"case-{index}"
        return self.places(name)

    def places(self, name: str) -> str | None:
        """Return the places of all parameters of a test; None where it has none, or too many for a mark."""
        places = "-".join(str(index) for index, _ in self._parameters(name))
        return f"case-{places}" if places and len(places) <= _SEVERAL else None

    def _parameters(self, name: str) -> list[tuple[int, str]]:
        found = self._known.get(name)
        if found is None or isinstance(found, list):
            return found or []
        return _parameters(found)

    def to_plain(self) -> dict[str, list[tuple[int, str]]]:
        """Return what another process must know of the names in which a place stands."""
        return {name: self._parameters(name) for name in self.marked}

    def untold(self) -> dict[str, list[tuple[int, str]]]:
        """Return, once, what it must know of all: a secret that becomes known late may stand in the name of any."""
        known = {} if self._is_told else {name: self._parameters(name) for name in self._known}
        self._is_told = True
        return known

    def take_in(self, plain: Mapping[str, Any]) -> None:
        """Take in what ``to_plain`` of another process told."""
        self._known.update({name: [(index, text) for index, text in found] for name, found in plain.items()})


def _parameters(callspec: Any) -> list[tuple[int, str]]:
    """Return each parameter's place in its list, and how pytest writes its text in a node id (empty: it is no text)."""
    indices, values = getattr(callspec, "indices", {}), getattr(callspec, "params", {})
    return [(index, _spelled(values.get(name))) for name, index in indices.items()]


def _spelled(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1").encode("unicode_escape").decode("ascii")
    return value.encode("unicode_escape").decode("ascii") if isinstance(value, str) else ""
