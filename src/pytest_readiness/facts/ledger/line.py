"""Canonical lines: one JSON object per line, each with the digest of the line before.

The text equals RFC 8785 (JSON Canonicalization Scheme) for the allowed values: objects with ASCII keys, lists, texts,
integers below 2^53, booleans and null. Lone surrogates, which UTF-8 cannot carry, are escaped first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from json.encoder import encode_basestring
from typing import Any

from ...errors import IntegrityError
from ...fast_values import dataclass, fast_constructor, field
from .digest import EMPTY, digest
from .fast_check import CanonicalShapes

_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)


def _encoding() -> Callable[[Any], str]:
    """Return the encoder's ``encode``, if possible without the setup that it repeats for each value."""
    try:
        encoder_module: Any = json.encoder
        quote = encoder_module.c_encode_basestring
        pieces = encoder_module.c_make_encoder(None, _ENCODER.default, quote, None, ":", ",", True, False, False)  # noqa: FBT003
        sample = {"b": ["é", 1, None, True], "a": {}}
        if "".join(pieces(sample, 0)) == _ENCODER.encode(sample):
            return lambda value: "".join(pieces(value, 0))
    except (AttributeError, TypeError):  # another Python implementation has other internals
        pass
    return _ENCODER.encode


_encode = _encoding()


def _refuse(number: str) -> None:
    raise ValueError(f"the number {number[:40]} is no integer")


_decoder = json.JSONDecoder(parse_float=_refuse)
_scan: Callable[[str, int], tuple[Any, int]] = _decoder.scan_once  # type: ignore[attr-defined]
_shapes = CanonicalShapes()


def canonical(value: dict[str, Any] | list[Any]) -> str:
    """Return the canonical text of an object or a list of allowed values."""
    return canonicalise(value)[1]


def canonicalise(value: Any) -> tuple[Any, str]:
    """Return the value as a line can carry it (nearly always unchanged), and its canonical text."""
    text = _encode(value)
    if _encodable(text):
        return value, text
    value = escape_surrogates(value)
    return value, _encode(value)


def canonical_text(text: str) -> str:
    """Return the canonical spelling of one text."""
    if text.isascii():
        return encode_basestring(text)
    encoded = encode_basestring(text)
    return encoded if _encodable(encoded) else encode_basestring(escape_surrogates(text))


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def escape_surrogates(value: Any) -> Any:
    r"""Return the value with lone surrogates in its texts escaped (``\ud800``), as UTF-8 cannot carry them."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {escape_surrogates(key): escape_surrogates(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [escape_surrogates(inner) for inner in value]
    return value


def read_canonical(text: str) -> Any:
    """Return the value of a canonical text.

    Raises:
        ValueError, TypeError, RecursionError: it is not JSON, or not in canonical form.
    """
    if _encodable(text) and _shapes.matches(text):
        return _quick_reader()(text)
    value = _read(text)
    if not _encodable(text) or _encode(value) != text:
        raise ValueError("it is not in canonical form")
    _shapes.learn(text)
    return value


@cache
def _quick_reader() -> Callable[[str], Any]:
    """Return a JSON parser that takes half the time, for texts that every parser reads alike."""
    from pydantic_core import from_json  # imported here: a process that only writes lines does not need it

    return from_json


def line_digest(text: str) -> str:
    """Return the digest of a line, which the next line contains."""
    return digest("line", text.encode())


def read_line(text: str) -> tuple[dict[str, Any], str]:
    """Return the body of a line and the digest of its text.

    Raises:
        IntegrityError: as ``Line.parse`` does.
    """
    try:
        body = read_canonical(text)
        text_digest = line_digest(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise IntegrityError(f"a line is not valid: {error}") from None
    if not isinstance(body, dict) or type(body.get("seq")) is not int:
        raise IntegrityError("a line is not an object with a sequence number")
    return body, text_digest


def _read(text: str) -> Any:
    """Return the value of a JSON text. Surrounding white space or further text goes to the decoder, which decides."""
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        return _decoder.decode(text)
    return value if end == len(text) else _decoder.decode(text)


@dataclass(frozen=True, slots=True)
class Line:
    """Line of a run: its text, which is the evidence, and the parsed body."""

    text: str
    body: dict[str, Any]
    digest: str
    _verified: bool = field(default=False, init=False, compare=False, repr=False)
    """Parsed or made in this module, so that text, body and digest are known to agree."""

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

    def list_text(self, name: str) -> str:
        """Return the canonical text of a list in the body. A list that comes last is not encoded again.

        Raises:
            KeyError, TypeError: the body has no such list.
        """
        value = self.body[name]
        if self._verified and type(value) is list and name == max(self.body):
            key = f',"{name}":'  # cannot occur within a text, as quotes are escaped there
            start = self.text.find(key) + len(key)
            if not any(isinstance(other, dict | list) for other in self.body.values() if other is not value):
                return self.text[start:-1]
        return canonical(list(value))

    @classmethod
    def parse(cls, text: str) -> Line:
        """Parse a line.

        Raises:
            IntegrityError: it is not JSON, nested too deeply, not an object, or not in canonical form (for example
                with a repeated key, about which readers would disagree).
        """
        return _mark_verified(cls(text, *read_line(text)))

    @classmethod
    def from_own_text(cls, text: str) -> Line:
        """Return the line of a text that this process wrote, without a check that it is canonical."""
        return _line(text, _read(text), line_digest(text), True)  # noqa: FBT003 - made here

    @property
    def is_consistent(self) -> bool:
        """Whether the text is the canonical text of the body, and the digest is the digest of the text."""
        try:
            return self._verified or (_encode(self.body) == self.text and line_digest(self.text) == self.digest)
        except (ValueError, TypeError, RecursionError):
            return False


def _mark_verified(line: Line) -> Line:
    """Mark a line as verified. ``__init__`` cannot: ``dataclasses.replace`` would copy the mark to another line."""
    object.__setattr__(line, "_verified", True)
    return line


_line = fast_constructor(Line)


class LineChain:
    """Builder of one run's lines, each with the digest of the one before.

    ``next`` makes any line. The other methods make the three most frequent kinds: they write the same text without
    sorting keys or encoding known values again.
    """

    def __init__(self, run_id: str, *, seq: int = 0, head: str = EMPTY) -> None:
        self.run_id = run_id
        self._run = encode_basestring(run_id)
        self.seq = seq
        """Sequence number of the next line."""
        self.head = head
        """Digest of the newest line."""

    def next(self, kind: str, body: dict[str, Any]) -> Line:
        """Return the next line and advance the chain."""
        full, text = canonicalise({**body, "kind": kind, "prev": self.head, "run": self.run_id, "seq": self.seq})
        return self._linked(text, full)

    def started(self, test: str, at: str) -> Line:
        """Return the next line: a test starts."""
        body = {"at": at, "kind": "started", "prev": self.head, "run": self.run_id, "seq": self.seq, "test": test}
        text = (
            f'{{"at":{encode_basestring(at)},"kind":"started","prev":"{self.head}","run":{self._run},"seq":{self.seq},'
            f'"test":{encode_basestring(test)}}}'
        )
        return self._linked(text, body) if _encodable(text) else self.next("started", {"test": test, "at": at})

    def finished(self, body: dict[str, Any], claims: str) -> Line:
        """Return the next line: a test ended after one attempt, without further details.

        Args:
            body: ``test``, ``claims``, ``result``, ``started_at``, ``finished_at`` and ``attempts``: one, with
                ``result``, ``started_at`` and ``duration_ms``.
            claims: the canonical text of the claims.
        """
        quote, (attempt,) = encode_basestring, body["attempts"]
        text = (
            f'{{"attempts":[{{"duration_ms":{attempt["duration_ms"]:d},"result":{quote(attempt["result"])},'
            f'"started_at":{quote(attempt["started_at"])}}}],"claims":{claims},'
            f'"finished_at":{quote(body["finished_at"])},"kind":"finished","prev":"{self.head}",'
            f'"result":{quote(body["result"])},"run":{self._run},"seq":{self.seq},'
            f'"started_at":{quote(body["started_at"])},"test":{quote(body["test"])}}}'
        )
        if not _encodable(text):
            return self.next("finished", body)
        return self._linked(text, {**body, "kind": "finished", "prev": self.head, "run": self.run_id, "seq": self.seq})

    def planned(self, tests: list[dict[str, Any]], spelling: str) -> Line:
        """Return the next line: tests that are to run. ``spelling``: their canonical text."""
        body = {"kind": "planned", "prev": self.head, "run": self.run_id, "seq": self.seq, "tests": tests}
        head = f'{{"kind":"planned","prev":"{self.head}","run":{self._run},"seq":{self.seq}'
        return self._linked(f'{head},"tests":{spelling}}}', body)

    def _linked(self, text: str, body: dict[str, Any]) -> Line:
        line = _line(text, body, line_digest(text), True)  # noqa: FBT003 - made here
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
