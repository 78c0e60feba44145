"""What of a test's name is code, and what stands for a secret in the rest of it.

A name is the same in each environment: what is code stays, whatever a process holds to be secret, and in the brackets
the place of a parameter stands for the secret that it holds, with what the code says of the list that it is a place in.
So neither the value nor the store's key is part of a test's identity: a job with another key, or after a rotation, runs
the same test; and where the list is edited, no case takes the name of another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from .encodings import SHORTEST
from .known_secrets import KnownValues
from .match import Match

if TYPE_CHECKING:  # loaded where a place stands for a secret
    from .parameter_source import SourceFiles

__all__ = ["ParameterCases", "data_at", "spans_in_name"]

_MAY_HOLD = re.compile(rb"[^\w\[\]().-]|[\w.-]{16}", re.ASCII)
"""What a value beside a name, or a token that is known by its shape, cannot be without."""
_SEVERAL = 10
"""Characters that the places of several parameters may have in a mark; of more, there is a digest."""


def data_at(name: str) -> int:
    """Return where in a test's name the data begins: after file, classes and function, where these are code.

    The name of a recorded command or an examination is data from its beginning.
    """
    path, separator, rest = name.partition("::")
    if not separator:
        return len(name) if path.endswith(".py") and " " not in path else 0
    if path.endswith(".py"):
        code, bracket, _ = rest.partition("[")
        is_code = code.isidentifier() or all(part.replace(".", "").isidentifier() for part in code.split("::"))
        if is_code:
            return len(path) + len(separator) + len(code) if bracket else len(name)
        return len(path)
    return 0 if any(sign in path for sign in " :@=?[") else len(path)


def spans_in_name(data: bytes, known: KnownValues, least: int) -> list[Match]:
    """Return what is to be replaced in the data of a name: most is too short and plain for more than known values."""
    if _MAY_HOLD.search(data):
        from .spans import spans_of

        return spans_of(data, known, least)
    if found := list(known.find(data)):
        from .spans import merge_spans

        return merge_spans(found, data, known)
    return []


class _Known(NamedTuple):
    """What is known of the parameters of a test, as it can be told to another process."""

    of: str
    """What stands behind a place: of how many it is one, and a few digits of the code that lists them."""
    parameters: list[tuple[int, str]]
    """Each one's place, and how pytest writes its text in a node id (empty: it is no text)."""


class ParameterCases:
    """The parameters of tests, each with its place among the cases, by the names of the tests.

    With a place goes what it is a place in: the number of cases, and a few digits of the code that lists them. Where
    the list is edited, its cases have other names: none takes the place of another, whose failure it would mend.
    """

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}
        """The test as pytest collected it, or what another process told of it (``_Known``)."""
        self._editions: dict[tuple[int, str], str] = {}
        """The digits of the code, by what a test stands in and the name of its function."""
        self._sources: SourceFiles | None = None
        self.marked: set[str] = set()
        """Names in which a place stands for a secret."""
        self._is_told = False

    def add(self, name: str, item: Any) -> None:
        """Take in a parametrised test as pytest collected it, by its name with all secrets."""
        self._known[name] = item

    def renamed(self, name: str, written: str) -> None:
        """A secret was taken out of a name: another one may follow, and finds the same places."""
        if name in self._known:
            self._known[written] = self._known[name]
            self.marked.update((name, written))

    def place(self, name: str, secret: str) -> str | None:
        """Return what stands for a secret in the name of a test: the place of the first parameter that holds it.

        Where it is in none as it is, these are the places of all. None: the test has no parameters that are known.
        """
        known = self._of(name)
        for index, text in known.parameters:
            if secret in text:
                return f"case-{index}{known.of}"
        return self.places(name)

    def places(self, name: str) -> str | None:
        """Return the places of all parameters of a test; None where it has none."""
        known = self._of(name)
        places = "-".join(str(index) for index, _ in known.parameters)
        if len(places) > _SEVERAL:
            places = sha256(places.encode()).hexdigest()[:_SEVERAL]
        return f"case-{places}{known.of}" if places else None

    def _of(self, name: str) -> _Known:
        found = self._known.get(name)
        if found is None:
            return _NOTHING
        if isinstance(found, _Known):
            return found
        from ..mark import cases_of  # it imports pytest, which no command needs

        count, edition = cases_of(found), self._edition(found)
        of = "" if count is None else f"-of-{count}"
        return _Known(f"{of}-{edition}" if edition else of, _parameters(found.callspec))

    def _edition(self, item: Any) -> str:
        key = id(getattr(item, "parent", None)), getattr(item, "originalname", None) or ""
        found = self._editions.get(key)
        if found is None:
            if self._sources is None:
                from .parameter_source import SourceFiles

                self._sources = SourceFiles()
            found = self._editions[key] = self._sources.edition(item)
        return found

    def to_plain(self) -> dict[str, Any]:
        """Return what another process must know of the names in which a place stands."""
        return {name: list(self._of(name)) for name in self.marked}

    def take_unsent(self) -> dict[str, Any]:
        """Return, once, what it must know of all: a secret that becomes known late may stand in the name of any."""
        names = () if self._is_told else [name for name in self._known if len(name) - data_at(name) >= SHORTEST]
        self._is_told = True
        return {name: list(self._of(name)) for name in names}

    def merge(self, plain: Mapping[str, Any]) -> None:
        """Take in what ``to_plain`` of another process told."""
        for name, (of, found) in plain.items():
            self._known[name] = _Known(of, [(index, text) for index, text in found])


_NOTHING = _Known("", [])


def _parameters(callspec: Any) -> list[tuple[int, str]]:
    """Return each parameter's place among the cases, or in the list of its fixture, and its text as in a node id."""
    indices, values = getattr(callspec, "indices", {}), getattr(callspec, "params", {})
    return [(index, _spelled(values.get(name))) for name, index in indices.items()]


def _spelled(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1").encode("unicode_escape").decode("ascii")
    return value.encode("unicode_escape").decode("ascii") if isinstance(value, str) else ""
