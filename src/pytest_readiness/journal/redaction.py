"""Redaction: nothing secret reaches the disk.

Four layers look at every text before it is written: values that are known, in each of their spellings (``known``,
``encodings``); values beside a name that says secret (``structured``, ``keys``); tokens that are known by their shape
(``shapes``); and the redactors of plugins. ``spans`` puts together what they find. A long text is cut only afterwards,
as half a secret would not be known.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hmac import new as _hmac
from typing import Any

from ..facts.line import printable
from ..foreign import plain_text
from .cases import Cases, data_at, spans_in_name
from .deciding import DECIDING, NOTHING_KNOWN, OF_A_PROOF, OURS, TOLD, nothing_is_public
from .encodings import SHORTEST, spellings
from .finding import Finding
from .known import KnownValues
from .own_redactors import HOOK_FAILED, Own, OwnRedactors
from .variables import secrets_of, uncommon

__all__ = ["OURS", "SHORTEST", "Redactor"]

PAIRS = frozenset({"properties", "details"})
"""Fields that hold names and values of a test's own, as pairs."""
_MARKS = re.compile(r"(\[REDACTED:[a-z0-9-]{1,40}\])+\Z")
MOST_OF_A_WORD = 4000
"""Characters of a word of the command line that are kept."""
PIECE = 512 << 10
"""Bytes that are looked at at once."""
BEYOND = 48 << 10
"""Bytes that are looked at beyond a piece, where no known value is longer: no secret of another kind is."""


def _nothing() -> Sequence[Own]:
    return ()


class Redactor:
    """Replaces secret values in whatever is about to be written. One for each process of a session."""

    def __init__(
        self, key: bytes, environ: Mapping[str, str] | None = None, own: Callable[[], Sequence[Own]] = _nothing
    ) -> None:
        """Take in what is known; nothing is compiled before the first text.

        Args:
            key: The store's own key: it makes fingerprints, and is written nowhere else.
            environ: Variables whose values are secret where their names say so; default: this process's.
            own: Returns the redactors of plugins; asked with the first text.
        """
        self._key = key
        self._values: dict[str, str] = {}
        self._learned: dict[str, str] = {}
        """Values whose spellings are not looked for yet, each with its rule."""
        self._spelled = KnownValues()
        self._names: dict[str, str] = {}
        self.cases = Cases()
        """Which parameters the tests have: their places stand for secrets in names."""
        self.learned: list[str] = []
        """Values that were registered since somebody last emptied this list."""
        self.counts: Counter[str] = Counter()
        """How often each rule applied since the last ``take_counts``."""
        self.own = OwnRedactors(own, self._without_plugins, self.counts)
        """Those of plugins."""
        self.is_public: Callable[[str], bool] = nothing_is_public
        """Returns whether the config declares a name."""
        for value in secrets_of(os.environ if environ is None else environ):
            self.learn_variable(value)

    def learn_variable(self, value: str) -> None:
        """Look from now on for the value of a variable whose name says that it is secret."""
        self._learn(value, "environment")

    @property
    def known(self) -> int:
        """How many secrets are looked for; never fewer than before."""
        return len(self._values)

    def register(self, value: str) -> str:
        """Look for this value from now on, and return its fingerprint (12 hex digits; empty for a short value)."""
        if value not in self._values and len(value) >= SHORTEST:
            self._learn(value, "registered")
            self.learned.append(value)
        return self.fingerprint(value)

    def take_learned(self) -> dict[str, Any]:
        """Return what another process must know, as plain data: what was registered, and how it stands in names."""
        learned, self.learned = self.learned, []
        return {"values": learned, "cases": self.cases.untold()}

    def take_in(self, told: Mapping[str, Any]) -> None:
        """Take in what ``take_learned`` of another process told."""
        self.cases.take_in(told["cases"])
        for value in told["values"]:
            self.register(value)

    def fingerprint(self, value: str) -> str:
        """Return HMAC-SHA-256 of the value under the store's key, 12 hex digits; a short value gets none."""
        return self._digest(value.encode("utf-8", "surrogatepass")) if len(value) >= SHORTEST else ""

    def _digest(self, value: bytes) -> str:
        return _hmac(self._key, value, "sha256").hexdigest()[:12]

    def _learn(self, value: str, rule: str) -> None:
        if len(value) >= SHORTEST and value not in self._values:
            with self._spelled.lock:
                self._learned[value] = rule  # before anybody takes the value for known
                self._values[value] = rule
                self._names.clear()

    def _known(self) -> KnownValues:
        """The spellings are made when a text is first looked at."""
        if self._learned:
            with self._spelled.lock:
                for value, rule in list(self._learned.items()):
                    spelled = spellings(value)
                    self._spelled.add(spelled if rule != "environment" else uncommon(spelled), rule)
                    self._spelled.values.append((value, rule))
                    self._spelled.fingerprints.add(self.fingerprint(value).encode())
                    self._learned.pop(value, None)  # a handler of a signal, which comes in between, may have done it
        return self._spelled

    # -- texts

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        text = plain_text(text)
        return self.own.text(self._without_plugins(text)) if text else text

    def _without_plugins(self, text: str) -> str:
        data = text.encode("utf-8", "surrogatepass")
        clean = self._clean(data, self._known()) if len(data) <= PIECE else b"".join(self._pieces([data]))
        return text if clean is data else _decoded(clean)

    def name(self, text: str, *, is_code: bool = True) -> str:
        """Return a test's name as it is written: without secrets, and with what UTF-8 cannot carry spelled out.

        Code stays, and in the rest something stands for each secret: the place of the parameter that holds it, else the
        secret's fingerprint. Two tests stay two. ``is_code``: a part of it may be code of ours.
        """
        if type(text) is not str:
            text = plain_text(text)
        if not is_code:
            return str(printable(self._named(text, 0)))
        found = self._names.get(text)
        if found is None:
            if len(self._names) > 20_000:  # noqa: PLR2004 - more than a session asks for again and again
                self._names.clear()
            found = self._names[text] = str(printable(self._named(text, data_at(text))))
        return found

    def _named(self, text: str, at: int) -> str:
        if not _MARKS.sub("", text[at:]):
            return text
        data = text[at:].encode("utf-8", "surrogatepass")
        name = text
        if spans := spans_in_name(data, self._known(), SHORTEST):
            marks = [self._placed(text, data[one.start : one.end]) for one in spans]
            name = text[:at] + _decoded(_replaced(data, spans, marks))
            self.cases.renamed(text, name)
        return self._named_by_plugins(name, at)

    def _placed(self, name: str, secret: bytes) -> bytes:
        place = self.cases.place(name, _decoded(secret))
        return b"[REDACTED:%s]" % (place or self._digest(secret)).encode()

    def _marked(self, data: bytes, spans: Sequence[Finding]) -> bytes:
        """Return a text in which the names of the rules stand in the places of secrets; each is counted."""
        if not spans:
            return data
        rules = [one.rule for one in spans]
        self.counts.update(rules)
        marks = {rule: f"[REDACTED:{rule}]".encode() for rule in set(rules)}
        return _replaced(data, spans, map(marks.__getitem__, rules))

    def field(self, name: str, value: str) -> str:
        """Return the value of a field whose name may say that it is secret."""
        from .keys import is_harmless, is_secret

        cleaned = self.text(value)
        if not is_secret(name.encode("utf-8", "surrogatepass")):
            return cleaned
        data = cleaned.encode("utf-8", "surrogatepass")
        if is_harmless(data) or data in self._known().fingerprints:
            return cleaned
        self.counts["key"] += 1
        return "[REDACTED:key]"

    def plain(self, value: Any) -> Any:
        """Return plain data (texts, lists, dicts by value) without secrets; what is ``OURS`` stays as it is."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.plain(inner) for inner in value]
        if isinstance(value, dict):
            return {key: self._field(key, inner) for key, inner in value.items()}
        return value

    def _field(self, key: str, value: Any) -> Any:
        if key in OURS:
            return value
        if key in DECIDING:
            return self._apart(value)
        if key in PAIRS:
            return [[self.text(name), self._of_pair(key, name, inner)] for name, inner in value]
        if key == "argv":
            return self._arguments(value)
        if isinstance(value, str):
            return self.name(value) if key == "test" else self.field(key, value)
        return self.plain(value)

    def _of_pair(self, key: str, name: str, value: str) -> str:
        is_name = key == "details" and name in OF_A_PROOF and self.is_public(value)
        return value if is_name else self.field(name, value)

    def _apart(self, value: Any) -> Any:
        """Return names that are compared: no known value is looked for, and a token leaves its fingerprint."""
        if isinstance(value, dict):
            return {
                key: self._without_plugins(inner) if key in TOLD else self._apart(inner) for key, inner in value.items()
            }
        if not isinstance(value, str):
            return self.plain(value)
        text = plain_text(value)
        spans = self.find(text, NOTHING_KNOWN)
        data = text.encode("utf-8", "surrogatepass")
        marks = [f"[REDACTED:{self._digest(data[one.start : one.end])}]".encode() for one in spans]
        return _decoded(_replaced(data, spans, marks)) if spans else text

    def find(self, text: str, known: KnownValues | None = None) -> list[Finding]:
        """Return what of a text is secret, without plugins; ``known``: the values to look for in place of ours."""
        return spans_in_name(text.encode("utf-8", "surrogatepass"), known or self._known(), SHORTEST)

    def _arguments(self, argv: Iterable[str]) -> list[str]:
        """Return a command line's words; what an option announces as secret is, however it looks."""
        return [cut_text(self.own.text(word), MOST_OF_A_WORD) for word in self._words(list(argv), self._keyed)]

    def command(self, words: Sequence[str]) -> tuple[str, str]:
        """Return a command's line as it is told, and as it is called: there each secret leaves its fingerprint."""
        from .commandline import line_of

        told, named = self._words(words, self._keyed), self._words(words, self._fingerprinted)
        return line_of(words, told), line_of(words, named)

    def _words(self, words: Sequence[str], mark: Callable[[bytes], str]) -> list[str]:
        from .commandline import in_words, replaced
        from .spans import spans_of

        known = self._known()
        places = in_words(words, lambda data: spans_of(data, known))
        return [replaced(word, found, mark) for word, found in zip(words, places, strict=True)]

    def _keyed(self, secret: bytes) -> str:
        rule = next((one.rule for one in self._known().find(secret)), "key")
        self.counts[rule] += 1
        return f"[REDACTED:{rule}]"

    def _fingerprinted(self, secret: bytes) -> str:
        """Of a short one too: else two commands were one test, and a pass of one the end of the other's failure."""
        return f"[REDACTED:{self._digest(secret)}]"

    # -- plugins

    def _named_by_plugins(self, name: str, at: int) -> str:
        """What a plugin changes leaves the places of the parameters, else the fingerprint of the whole name."""
        changed = self.own.text(name)
        if changed == name:
            return name
        if changed == HOOK_FAILED:
            changed = name[:at]
        mark = self.cases.places(name) or self._digest(name.encode("utf-8", "surrogatepass"))  # also of a short name
        changed = f"{changed}[REDACTED:{mark}]"
        self.cases.renamed(name, changed)
        return changed

    # -- files

    def stream(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield a text file without secrets, also where one lies across two blocks.

        What is yielded does not depend on the blocks, and no more than some pieces are held at once.
        """
        for piece in self._pieces(blocks):
            yield self._piece_by_plugins(piece)

    def _piece_by_plugins(self, piece: bytes) -> bytes:
        if self.own.is_empty:
            return piece
        text = piece.decode("utf-8", "surrogateescape")
        changed = self.own.text(text)
        if changed == text:
            return piece
        try:
            return changed.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return changed.encode("utf-8", "backslashreplace")

    def _pieces(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the text piece by piece, each cut where a line ends, or at least where no secret stands."""
        from .spans import cut_at, rest_of, spans_of  # with the first text, as in all of these methods

        known = self._known()
        window = PIECE + max(BEYOND, known.longest)
        buffer = bytearray()
        rest: re.Pattern[bytes] | None = None
        for block in blocks:
            buffer += block
            while len(buffer) > window:
                if rest is not None:
                    rest = _without_rest(buffer, rest)
                    continue
                data = bytes(memoryview(buffer)[:window])
                spans = spans_of(data, known, goes_on=True)
                cut = cut_at(spans, data.rfind(b"\n", 0, PIECE) + 1 or PIECE, PIECE)
                yield self._marked(data[:cut], [one for one in spans if one.end <= cut])
                del buffer[:cut]
                rest = rest_of(spans[-1].rule) if spans and spans[-1].end == cut == window else None
        if rest is not None:
            _without_rest(buffer, rest)
        yield self._clean(bytes(buffer), known)

    def _clean(self, data: bytes, known: KnownValues) -> bytes:
        from .spans import spans_of

        return self._marked(data, spans_of(data, known))

    def holds_known(self, blocks: Iterable[bytes]) -> bool:
        """Return whether a known value stands in a file, in any of its spellings: faster than ``stream``."""
        known, rest = self._known(), b""
        for block in blocks:
            data = rest + block
            if any(known.find(data)):
                return True
            rest = data[max(len(data) - known.longest, 0) :]
        return False

    def take_counts(self) -> list[tuple[str, int]]:
        """Return how often each rule applied, and begin again."""
        counts = sorted(self.counts.items())
        self.counts.clear()
        return counts


def cut_text(text: str, limit: int) -> str:
    """Return a text as it is kept: cut, with its length said, where it is too long."""
    return text if len(text) <= limit else f"{text[: limit - 40]}… ({len(text):,} characters in all)"


def _replaced(data: bytes, spans: Sequence[Finding], marks: Iterable[bytes]) -> bytes:
    """Return a text in which marks stand in the places of secrets."""
    out: list[bytes] = []
    done = 0
    for (start, end, _, _, quote), mark in zip(spans, marks, strict=True):
        out += (data[done:start], quote, mark, quote) if quote else (data[done:start], mark)
        done = end
    if not done:
        return data
    out.append(data[done:])
    return b"".join(out)


def _without_rest(buffer: bytearray, rest: re.Pattern[bytes]) -> re.Pattern[bytes] | None:
    """Take the rest of a secret off the beginning of a text; return what is still to be taken off."""
    found = rest.match(buffer)
    ended = 0 if found is None else found.end()
    goes_on = ended == len(buffer)
    del found  # a buffer that a match holds cannot change its size
    del buffer[:ended]
    return rest if goes_on else None


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # a bounded value that was cut within a character
        return data.decode("utf-8", "replace")
