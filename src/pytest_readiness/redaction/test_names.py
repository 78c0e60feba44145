"""Redaction of test names: code stays, and placeholders replace secrets in the parameters.

A name must be the same in each environment. So code stays, whatever values are secret in a process. In the brackets the
position of a parameter replaces the secret that it holds, with a digest of the code that lists the parameters. Neither
the secret nor the store's key is part of a test's identity: a job with another key, or with a rotated secret, runs the
same test. If the list is edited, its cases get other names, and none takes the name of another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from ..late_pattern import late_pattern
from .encodings import SHORTEST
from .known_secrets import KnownSecrets
from .match import Match

if TYPE_CHECKING:  # imported only if a test has a placeholder
    from .parameter_source import SourceFiles

__all__ = ["ParameterCases", "data_start", "spans_in_name"]

_MAY_HOLD = late_pattern(rb"[^\w\[\]().-]|[\w.-]{16}", re.ASCII)
"""Required by every value with a secret name and every token; without it only known secrets are searched for."""
_MAX_POSITIONS = 10
"""Greatest length of the positions of several parameters in a mark; longer ones are replaced by a digest."""


def data_start(name: str) -> int:
    """Return the start of the data in the name of a test: after file, classes and function, if these are code.

    The name of a recorded command or an examination is data from its beginning.
    """
    path, separator, test = name.partition("::")
    if not separator:
        return len(name) if path.endswith(".py") and " " not in path else 0
    if path.endswith(".py"):
        code, bracket, _ = test.partition("[")
        is_code = code.isidentifier() or all(part.replace(".", "").isidentifier() for part in code.split("::"))
        if is_code:
            return len(path) + len(separator) + len(code) if bracket else len(name)
        return len(path)
    return 0 if any(sign in path for sign in " :@=?[") else len(path)


def spans_in_name(data: bytes, secrets: KnownSecrets, min_size: int) -> list[Match]:
    """Return the ranges to replace in the data of a name. Short and plain data can only hold known secrets."""
    if _MAY_HOLD.search(data):
        from .spans import spans_of

        return spans_of(data, secrets, min_size)
    if matches := list(secrets.find(data)):
        from .spans import merge_spans

        return merge_spans(matches, data, secrets)
    return []


class _TestParameters(NamedTuple):
    """The parameters of a test, in a form for another process."""

    suffix: str
    """Follows the position in a placeholder: the number of cases, and a few digits of the code that lists them."""
    parameters: list[tuple[int, str]]
    """The position of each parameter, and its text in a node id (empty: it is no text)."""


class ParameterCases:
    """The parameters of tests by test name, each with its position among the cases.

    Placeholders also hold the number of cases and a few digits of the code that lists them. If the list is edited, its
    cases get other names: none takes the place of another, whose failure it would replace.
    """

    def __init__(self) -> None:
        self._tests: dict[str, Any] = {}
        """The test as pytest collected it, or its parameters from another process (``_TestParameters``)."""
        self._source_digests: dict[tuple[Any, str], str] = {}
        """The digits of the code, by the parent of a test and the name of its function."""
        self._sources: SourceFiles | None = None
        self.marked: set[str] = set()
        """Names with a placeholder for a secret."""
        self._is_sent = False

    def add(self, name: str, item: Any) -> None:
        """Store a parametrised test as pytest collected it, by its name with all secrets."""
        self._tests[name] = item

    def rename(self, name: str, redacted: str) -> None:
        """Store the redacted name of a test: it may be redacted again, and needs the same parameters."""
        if name in self._tests:
            self._tests[redacted] = self._tests[name]
            self.marked.update((name, redacted))

    def placeholder_for(self, name: str, secret: str) -> str | None:
        """Return the placeholder for a secret: the position of the first parameter that holds it.

        If none holds it unchanged, return the positions of all parameters. None: the test has no known parameters.
        """
        test = self._parameters_of(name)
        for position, text in test.parameters:
            if secret in text:
                return f"case-{position}{test.suffix}"
        return self.placeholder(name)

    def placeholder(self, name: str) -> str | None:
        """Return the positions of all parameters of a test as a placeholder. None: it has none."""
        test = self._parameters_of(name)
        positions = "-".join(str(position) for position, _ in test.parameters)
        if len(positions) > _MAX_POSITIONS:
            positions = sha256(positions.encode()).hexdigest()[:_MAX_POSITIONS]
        return f"case-{positions}{test.suffix}" if positions else None

    def _parameters_of(self, name: str) -> _TestParameters:
        test = self._tests.get(name)
        if test is None:
            return _NO_PARAMETERS
        if isinstance(test, _TestParameters):
            return test
        from ..mark import cases_of  # late: it imports pytest, which no command needs

        count, digest = cases_of(test), self._source_digest(test)
        suffix = "" if count is None else f"-of-{count}"
        return _TestParameters(f"{suffix}-{digest}" if digest else suffix, _parameters(test.callspec))

    def _source_digest(self, item: Any) -> str:
        key = getattr(item, "parent", None), getattr(item, "originalname", None) or ""
        digest = self._source_digests.get(key)
        if digest is None:
            if self._sources is None:
                from .parameter_source import SourceFiles

                self._sources = SourceFiles()
            digest = self._source_digests[key] = self._sources.parameters_digest(item)
        return digest

    def to_plain(self) -> dict[str, Any]:
        """Return the parameters of all names with a placeholder, for another process."""
        return {name: list(self._parameters_of(name)) for name in self.marked}

    def take_unsent(self) -> dict[str, Any]:
        """Return the parameters of all tests, only once: any name may hold a secret that is registered late."""
        names = () if self._is_sent else [name for name in self._tests if len(name) - data_start(name) >= SHORTEST]
        self._is_sent = True
        return {name: list(self._parameters_of(name)) for name in names}

    def merge(self, plain: Mapping[str, Any]) -> None:
        """Add what ``to_plain`` of another process returned."""
        for name, (suffix, parameters) in plain.items():
            self._tests[name] = _TestParameters(suffix, [(position, text) for position, text in parameters])


_NO_PARAMETERS = _TestParameters("", [])


def _parameters(callspec: Any) -> list[tuple[int, str]]:
    """Return for each parameter its position among the cases, or in its fixture's list, and its node id text."""
    positions, values = getattr(callspec, "indices", {}), getattr(callspec, "params", {})
    return [(position, _node_id_text(values.get(name))) for name, position in positions.items()]


def _node_id_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1").encode("unicode_escape").decode("ascii")
    return value.encode("unicode_escape").decode("ascii") if isinstance(value, str) else ""
