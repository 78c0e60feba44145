"""The canonical line: one JSON object a line, each holding the digest of the line before.

The text equals RFC 8785 (JSON Canonicalization Scheme) for the values we allow: objects with ASCII keys, lists,
texts, integers below 2^53, booleans and null. Lone surrogates, which JSON text cannot carry, are escaped first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Any

from ..errors import IntegrityError
from .digest import EMPTY, digest
from .shape import Shapes

_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


def _refuse(number: str) -> None:
    raise ValueError(f"the number {number[:40]} is no integer")


_decoder = json.JSONDecoder(parse_float=_refuse)
_scan: Callable[[str, int], tuple[Any, int]] = _decoder.scan_once  # type: ignore[attr-defined]
_shapes = Shapes()


def canonical(value: dict[str, Any] | list[Any]) -> str:
    """Return the canonical text of a value made of the allowed kinds."""
    text = _encode(value)
    return text if _encodable(text) else _encode(printable(value))


def quoted(text: str) -> str:
    """Return the canonical text of a text."""
    found = encode_basestring(text)
    return found if _encodable(found) else encode_basestring(printable(text))


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def printable(value: Any) -> Any:
    r"""Return the value with lone surrogates in its texts spelled out (``\ud800``), as UTF-8 cannot carry them."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {printable(key): printable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [printable(inner) for inner in value]
    return value


def is_canonical(text: str, value: Any) -> bool:
    """Return whether a text is the canonical one of the value that it was read as (by a reader of whole numbers only).

    Raises:
        ValueError, TypeError, RecursionError: nothing has this value as its canonical text.
    """
    if not _encodable(text):
        return False
    if _shapes.fit(text) is not None:
        return True
    if _encode(value) != text:
        return False
    _shapes.learn(text)
    return True


def line_digest(text: str) -> str:
    """Return the digest that the next line names."""
    return digest("line", text.encode())


def read_line(text: str) -> tuple[dict[str, Any], str]:
    """Return what the text of a line says, and its digest.

    Raises:
        IntegrityError: as ``Line.parse`` does.
    """
    try:
        body = _read(text)
        found = line_digest(text)
        proven = is_canonical(text, body)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"a line is not valid: {error}") from None
    if not proven:
        raise IntegrityError("a line is not in canonical form")
    if not isinstance(body, dict) or type(body.get("seq")) is not int:
        raise IntegrityError("a line is not an object with a sequence number")
    return body, found


def _read(text: str) -> Any:
    """Return what a JSON text says; of white space around it, and of more after it, the canonical form has none."""
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        return _decoder.decode(text)
    return value if end == len(text) else _decoder.decode(text)


def link_of(text: str) -> tuple[int, str] | None:
    """Return the number of a line and the digest that it names of the line before it, where its shape tells both.

    What its shape does not tell, ``read_line`` tells.
    """
    found = _shapes.fit(text)
    try:
        return (int(found["seq"]), found["prev"]) if found is not None else None
    except IndexError:  # it has no such key
        return None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a run: its text, which is the evidence, and what the text says."""

    text: str
    body: dict[str, Any]
    digest: str
    _made: bool = field(default=False, init=False, compare=False, repr=False)
    """Parsed or made here, so that text, body and digest are known to agree."""

    @property
    def kind(self) -> str:
        """What happened: ``run``, ``planned``, ``started``, ``attempt``, ``finished``, ``not_run`` or ``sealed``."""
        return str(self.body.get("kind", ""))

    @property
    def seq(self) -> int:
        """Position in the run, from 0."""
        return int(self.body["seq"])

    @classmethod
    def parse(cls, text: str) -> Line:
        """Return the line that a text is.

        Raises:
            IntegrityError: it is not JSON, nested too deeply, not an object, or not in canonical form (a key that
                stands twice, say: readers would not agree on what the line says).
        """
        return _made_here(cls(text, *read_line(text)))

    @property
    def sound(self) -> bool:
        """Its text is the canonical text of what it says, and its digest is the digest of that text."""
        try:
            return self._made or (_encode(self.body) == self.text and line_digest(self.text) == self.digest)
        except (ValueError, TypeError, RecursionError):
            return False


def _made_here(line: Line) -> Line:
    object.__setattr__(line, "_made", True)
    return line


class Chain:
    """Makes the lines of one run, each naming the digest of the one before."""

    def __init__(self, run_id: str, *, seq: int = 0, head: str = EMPTY) -> None:
        self.run_id = run_id
        self.seq = seq
        """Sequence number of the next line."""
        self.head = head
        """Digest of the newest line."""

    def next(self, kind: str, body: dict[str, Any]) -> Line:
        """Return the next line; the chain moves on."""
        full = {**body, "kind": kind, "prev": self.head, "run": self.run_id, "seq": self.seq}
        text = _encode(full)
        if not _encodable(text):  # what is said must be what is written
            full = printable(full)
            text = _encode(full)
        line = _made_here(Line(text, full, line_digest(text)))
        self.seq, self.head = self.seq + 1, line.digest
        return line


def broken_links(run_id: str, lines: Iterable[Line]) -> Iterator[str]:
    """Yield a sentence for each line that does not follow from the one before it."""
    expected, head = 0, EMPTY
    for line in lines:
        if line.body.get("run") != run_id:
            yield f"line {line.seq} belongs to another run"
        if line.seq != expected:
            yield f"line {expected} is missing or out of order (found {line.seq})"
        elif line.body.get("prev") != head:
            yield f"line {line.seq} does not follow the line before it: one of them was changed"
        expected, head = line.seq + 1, line.digest
