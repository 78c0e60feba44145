"""Canonical lines: one JSON object per line, each with the digest of the line before.

The text equals RFC 8785 (JSON Canonicalization Scheme) for the allowed values: objects with ASCII keys, lists, texts,
integers below 2^53, booleans and null. Lone surrogates, which UTF-8 cannot carry, are escaped first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any

import msgspec

from ...errors import IntegrityError, one_line
from .digest import EMPTY, digest


def _plain(value: Any) -> Any:
    """Return an instance of a subclass of str or int as a plain one."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    raise TypeError(f"a value of type {type(value).__name__} has no canonical text")


def _refuse(number: str) -> None:
    raise ValueError(f"the number {number[:40]} is no integer")


_encode = msgspec.json.Encoder(order="sorted", enc_hook=_plain).encode
_decode = msgspec.json.Decoder(float_hook=_refuse).decode


def canonical(value: Any) -> str:
    """Return the canonical text of an object or a list of allowed values.

    Raises:
        ValueError, TypeError, RecursionError: a value is not allowed.
    """
    return canonicalise(value)[1].decode()


def canonicalise(value: Any) -> tuple[Any, bytes]:
    """Return the value as a line can carry it (nearly always unchanged), and its canonical text in UTF-8."""
    try:
        data = _encode(value)
    except UnicodeEncodeError:
        value = escape_surrogates(value)
        data = _encode(value)
    if b"null" in data:
        _refuse_nan((value,))
    return value, data


def _refuse_nan(values: Iterable[Any]) -> None:
    """Raise for NaN and infinity, which the encoder writes as null."""
    for value in values:
        if type(value) in _SIMPLE:
            continue
        if isinstance(value, msgspec.Struct):
            _refuse_nan(msgspec.structs.asdict(value).values())
        elif isinstance(value, dict):
            _refuse_nan(value.values())
        elif isinstance(value, (list, tuple)):
            _refuse_nan(value)
        elif isinstance(value, float) and not isfinite(value):
            raise ValueError(f"{value} is no number of JSON")


_SIMPLE = frozenset({str, int, bool, type(None)})


def escape_surrogates(value: Any) -> Any:
    r"""Return the value with lone surrogates in its texts escaped (``\ud800``), as UTF-8 cannot carry them."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, dict):
        return {escape_surrogates(key): escape_surrogates(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [escape_surrogates(inner) for inner in value]
    return value


def read_canonical(text: str) -> Any:
    """Return the value of a canonical text. It is canonical if the value is encoded as the same text again.

    Raises:
        ValueError, TypeError, RecursionError: it is not JSON, or not in canonical form.
    """
    return _read(text.encode())


def _read(data: bytes) -> Any:
    value = _decode(data)
    if _encode(value) != data:
        raise ValueError("it is not in canonical form")
    return value


def line_digest(text: str) -> str:
    """Return the digest of a line, which the next line contains."""
    return digest("line", text.encode())


def read_line(text: str) -> tuple[dict[str, Any], str]:
    """Return the body of a line and the digest of its text.

    Raises:
        IntegrityError: as ``Line.parse`` does.
    """
    try:
        data = text.encode()
        body = _read(data)
    except (ValueError, TypeError, RecursionError) as error:
        raise IntegrityError(f"a line is not valid: {one_line(str(error))}") from None
    if not isinstance(body, dict) or type(body.get("seq")) is not int:
        raise IntegrityError("a line is not an object with a sequence number")
    return body, digest("line", data)


class Line(msgspec.Struct, frozen=True, gc=False):
    """Line of a run: its text, which is the evidence, and the parsed body."""

    text: str
    body: dict[str, Any]
    digest: str

    @property
    def kind(self) -> str:
        """Kind of event: ``run``, ``planned``, ``started``, ``attempt``, ``finished``, ``not_run`` or ``sealed``.

        Empty if the line has none, which is a fault of its run.
        """
        kind = self.body.get("kind")
        return kind if isinstance(kind, str) else ""

    @property
    def seq(self) -> int:
        """Position in the run, from 0."""
        return int(self.body["seq"])

    @classmethod
    def parse(cls, text: str) -> Line:
        """Parse a line.

        Raises:
            IntegrityError: it is not JSON, nested too deeply, not an object, or not in canonical form (for example
                with a repeated key, about which readers would disagree).
        """
        return cls(text, *read_line(text))

    @classmethod
    def from_own_text(cls, text: str) -> Line:
        """Return the line of a text that this process wrote, without a check that it is canonical."""
        return cls(text, _decode(text), line_digest(text))

    @property
    def is_consistent(self) -> bool:
        """Whether the text is the canonical text of the body, and the digest is the digest of the text."""
        try:
            return _encode(self.body) == self.text.encode() and line_digest(self.text) == self.digest
        except (ValueError, TypeError, RecursionError):
            return False


class LineChain:
    """Builder of one run's lines, each with the digest of the one before."""

    def __init__(self, run_id: str, *, seq: int = 0, head: str = EMPTY) -> None:
        self.run_id = run_id
        self.seq = seq
        """Sequence number of the next line."""
        self.head = head
        """Digest of the newest line."""

    def next(self, kind: str, body: dict[str, Any]) -> Line:
        """Return the next line and advance the chain."""
        return self.next_with_data(kind, body)[0]

    def next_with_data(self, kind: str, body: dict[str, Any]) -> tuple[Line, bytes]:
        """Return the next line and its text in UTF-8, and advance the chain."""
        full, data = canonicalise({**body, "kind": kind, "prev": self.head, "run": self.run_id, "seq": self.seq})
        head = self.head = digest("line", data)
        self.seq += 1
        return Line(data.decode(), full, head), data


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
