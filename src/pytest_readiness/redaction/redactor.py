"""Redaction of secrets in everything that is written: the entry point of this package.

Four layers process each text before it is written: known secrets in each of their spellings (``encodings``,
``known_secrets``); values that are identified by their context, such as a key (``key_scan``); tokens with a known
format (``token_patterns``); and the redactors of plugins (``plugin_redactors``). ``spans`` merges the matches. A long
text is shortened only afterwards, because half a secret would not be found.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hmac import new as _hmac
from typing import Any

from ..facts.ledger.line import escape_surrogates
from ..late_pattern import late_pattern
from ..third_party import plain_text
from .compared_fields import (
    CORE_FIELDS,
    EXEMPT_FIELDS,
    NO_SECRETS,
    PROOF_NAME_DETAILS,
    UNCOMPARED_SUBFIELDS,
    nothing_is_public,
)
from .encodings import SHORTEST, spellings
from .known_secrets import KnownSecrets
from .match import Match
from .plugin_redactors import HOOK_FAILED, FindRedactors, PluginRedactor, PluginRedactors
from .secret_variables import secrets_of, without_common
from .test_names import ParameterCases, data_start, spans_in_name

__all__ = ["EXEMPT_FIELDS", "SHORTEST", "Redactor"]

PAIR_FIELDS = frozenset({"properties", "details"})
"""Fields with names and values that a test chose, as pairs."""
_MARKS = late_pattern(r"(\[REDACTED:[a-z0-9-]{1,40}\])+\Z")
MAX_ARGUMENT = 4000
"""Greatest length of a stored argument of a command line, in characters."""
_CACHED_NAMES = 500_000
"""Number of names that are kept. Any other is searched for secrets again when its test starts and when it ends."""
PIECE = 512 << 10
"""Size in bytes of a piece of a text that is redacted at once."""
OVERLAP = 48 << 10
"""Bytes after a piece that are scanned with it, unless a known secret is longer. No other secret is longer."""


def _no_plugins() -> Sequence[PluginRedactor]:
    return ()


class Redactor:
    """Replaces secrets in everything that is about to be written. Each process of a session has one."""

    def __init__(
        self, key: bytes, environ: Mapping[str, str] | None = None, find_plugins: FindRedactors = _no_plugins
    ) -> None:
        """Collect the known secrets. Patterns are compiled with the first text.

        Args:
            key: The store's own key for fingerprints; it is written nowhere else.
            environ: Environment variables, some of them secret by their names; default: those of this process.
            find_plugins: Returns the redactors of plugins; called with the first text.
        """
        self._key = key
        self._values: dict[str, str] = {}
        self.secret_count = 0
        """Number of known secrets; it never decreases."""
        self._pending: dict[str, str] = {}
        """Secrets whose spellings are not searched for yet, each with its rule."""
        self._secrets = KnownSecrets()
        self._name_cache: dict[str, str] = {}
        self.cases = ParameterCases()
        """The parameters of tests, whose positions replace secrets in names."""
        self.learned: list[str] = []
        """Secrets that were registered since this list was last cleared."""
        self.counts: Counter[str] = Counter()
        """Number of redactions by rule since the last ``take_counts``."""
        self.plugins = PluginRedactors(find_plugins, self._without_plugins, self.counts)
        """The redactors of plugins."""
        self.is_public: Callable[[str], bool] = nothing_is_public
        """Returns whether the config declares a name."""
        for value in secrets_of(os.environ if environ is None else environ):
            self.learn_variable(value)

    def learn_variable(self, value: str) -> None:
        """Search from now on for the value of a variable with a secret name."""
        self._learn(value, "environment")

    def register(self, value: str) -> str:
        """Search for this value from now on, and return its fingerprint (12 hex digits; empty for a short value)."""
        if value not in self._values and len(value) >= SHORTEST:
            self._learn(value, "registered")
            self.learned.append(value)
        return self.fingerprint(value)

    def take_learned(self) -> dict[str, Any]:
        """Return new secrets and test parameters for another process, as plain data, and clear the new secrets."""
        learned, self.learned = self.learned, []
        return {"values": learned, "cases": self.cases.take_unsent()}

    def merge_learned(self, learned: Mapping[str, Any]) -> None:
        """Add what ``take_learned`` of another process returned."""
        self.cases.merge(learned["cases"])
        for value in learned["values"]:
            self.register(value)

    def fingerprint(self, value: str) -> str:
        """Return HMAC-SHA-256 of the value under the store's key, 12 hex digits; empty for a short value."""
        return self._digest(value.encode("utf-8", "surrogatepass")) if len(value) >= SHORTEST else ""

    def _digest(self, value: bytes) -> str:
        return _hmac(self._key, value, "sha256").hexdigest()[:12]

    def _learn(self, value: str, rule: str) -> None:
        if len(value) >= SHORTEST and value not in self._values:
            with self._secrets.lock:
                self._pending[value] = rule  # first: another thread must not miss its spellings
                self._values[value] = rule
                self.secret_count = len(self._values)
                self._name_cache.clear()

    @property
    def known_secrets(self) -> KnownSecrets:
        """The known secrets, with the spellings of new ones: these are made when a text needs them."""
        if self._pending:
            with self._secrets.lock:
                for value, rule in list(self._pending.items()):
                    forms = spellings(value)
                    self._secrets.add(forms if rule != "environment" else without_common(forms), rule)
                    self._secrets.values.append((value, rule))
                    self._secrets.fingerprints.add(self.fingerprint(value).encode())
                    self._pending.pop(value, None)  # a signal handler may have done it meanwhile
        return self._secrets

    # -- texts

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        text = plain_text(text)
        return self.plugins.text(self._without_plugins(text)) if text else text

    def _without_plugins(self, text: str) -> str:
        data = text.encode("utf-8", "surrogatepass")
        redacted = self._redact(data, self.known_secrets) if len(data) <= PIECE else b"".join(self._pieces([data]))
        return text if redacted is data else _decode(redacted)

    def name(self, text: str, *, is_code: bool = True) -> str:
        """Return the name of a test without secrets, and with escapes for what UTF-8 cannot encode.

        Code is not redacted. In the rest each secret is replaced by the position of the parameter that holds it, or
        else by its fingerprint, so that two tests keep different names. ``is_code``: whether a part of it may be code.
        """
        if type(text) is not str:
            text = plain_text(text)
        if not is_code:
            return str(escape_surrogates(self._redact_name(text, 0)))
        name = self._name_cache.get(text)
        if name is None:
            start = data_start(text)
            is_plain = start == len(text) and text.isascii()  # most names
            name = text if is_plain else str(escape_surrogates(self._redact_name(text, start)))
            if len(self._name_cache) < _CACHED_NAMES:
                self._name_cache[text] = name
        return name

    def _redact_name(self, text: str, start: int) -> str:
        if start == len(text) or not _MARKS.sub("", text[start:]):
            return text
        data = text[start:].encode("utf-8", "surrogatepass")
        name = text
        if spans := spans_in_name(data, self.known_secrets, SHORTEST):
            marks = [self._parameter_mark(text, data[span.start : span.end]) for span in spans]
            name = text[:start] + _decode(_replace(data, spans, marks))
            self.cases.rename(text, name)
        return self._name_by_plugins(name, start)

    def _parameter_mark(self, name: str, secret: bytes) -> bytes:
        placeholder = self.cases.placeholder_for(name, _decode(secret))
        return b"[REDACTED:%s]" % (placeholder or self._digest(secret)).encode()

    def _mark(self, data: bytes, spans: Sequence[Match]) -> bytes:
        """Return a text with the names of the rules in place of the secrets, and count them."""
        if not spans:
            return data
        rules = [span.rule for span in spans]
        self.counts.update(rules)
        marks = {rule: f"[REDACTED:{rule}]".encode() for rule in set(rules)}
        return _replace(data, spans, map(marks.__getitem__, rules))

    def field(self, name: str, value: str) -> str:
        """Return the redacted value of a field; the value of a secret name is replaced as a whole."""
        from .secret_names import is_harmless, is_secret

        redacted = self.text(value)
        if not is_secret(name.encode("utf-8", "surrogatepass")):
            return redacted
        data = redacted.encode("utf-8", "surrogatepass")
        if is_harmless(data) or data in self.known_secrets.fingerprints:
            return redacted
        self.counts["key"] += 1
        return "[REDACTED:key]"

    def plain(self, value: Any) -> Any:
        """Return plain data (texts, lists, dicts by value) without secrets, except in ``EXEMPT_FIELDS``."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.plain(inner) for inner in value]
        if isinstance(value, dict):
            return {key: self._redact_field(key, inner) for key, inner in value.items()}
        return value

    def _redact_field(self, key: str, value: Any) -> Any:
        if key in EXEMPT_FIELDS:
            return value
        if key in CORE_FIELDS:
            return self._plain_compared(value)
        if key in PAIR_FIELDS:
            return [[self.text(name), self._redact_pair(key, name, inner)] for name, inner in value]
        if key == "argv":
            return self._redact_arguments(value)
        if isinstance(value, str):
            return self.name(value) if key == "test" else self.field(key, value)
        return self.plain(value)

    def _redact_pair(self, key: str, name: str, value: str) -> str:
        is_declared = key == "details" and name in PROOF_NAME_DETAILS and self.is_public(value)
        return value if is_declared else self.field(name, value)

    def _plain_compared(self, value: Any) -> Any:
        """Return names that are compared: known secrets stay, and a token is replaced by its fingerprint."""
        if isinstance(value, dict):
            return {
                key: self._without_plugins(inner) if key in UNCOMPARED_SUBFIELDS else self._plain_compared(inner)
                for key, inner in value.items()
            }
        if not isinstance(value, str):
            return self.plain(value)
        text = plain_text(value)
        spans = self.find(text, NO_SECRETS)
        data = text.encode("utf-8", "surrogatepass")
        marks = [f"[REDACTED:{self._digest(data[span.start : span.end])}]".encode() for span in spans]
        return _decode(_replace(data, spans, marks)) if spans else text

    def find(self, text: str, secrets: KnownSecrets | None = None) -> list[Match]:
        """Return the secrets in a text, without plugins; ``secrets``: the known secrets, None for this redactor's."""
        return spans_in_name(text.encode("utf-8", "surrogatepass"), secrets or self.known_secrets, SHORTEST)

    def _redact_arguments(self, argv: Iterable[str]) -> list[str]:
        """Return the words of a command line. The value of a secret option is replaced, however it looks."""
        words = self._redact_words(list(argv), self._rule_mark)
        return [cut_text(self.plugins.text(word), MAX_ARGUMENT) for word in words]

    def command(self, words: Sequence[str]) -> tuple[str, str]:
        """Return a command line twice: for display, and as a name with the fingerprint of each secret."""
        from .command_line import shell_line

        shown, named = self._redact_words(words, self._rule_mark), self._redact_words(words, self._fingerprint_mark)
        return shell_line(words, shown), shell_line(words, named)

    def _redact_words(self, words: Sequence[str], mark: Callable[[bytes], str]) -> list[str]:
        from .command_line import find_in_words, mask_word
        from .spans import spans_of

        secrets = self.known_secrets
        ranges = find_in_words(words, lambda data: spans_of(data, secrets))
        return [mask_word(word, word_ranges, mark) for word, word_ranges in zip(words, ranges, strict=True)]

    def _rule_mark(self, secret: bytes) -> str:
        rule = next((match.rule for match in self.known_secrets.find(secret)), "key")
        self.counts[rule] += 1
        return f"[REDACTED:{rule}]"

    def _fingerprint_mark(self, secret: bytes) -> str:
        """Return the mark for a secret, even a short one: two commands must not be one test, of which one passes."""
        return f"[REDACTED:{self._digest(secret)}]"

    # -- plugins

    def _name_by_plugins(self, name: str, start: int) -> str:
        """Return a name after the redactors of plugins.

        A changed name ends with the positions of all parameters, or else with its fingerprint, even if it is short.
        """
        changed = self.plugins.text(name)
        if changed == name:
            return name
        if changed == HOOK_FAILED:
            changed = name[:start]
        mark = self.cases.placeholder(name) or self._digest(name.encode("utf-8", "surrogatepass"))
        changed = f"{changed}[REDACTED:{mark}]"
        self.cases.rename(name, changed)
        return changed

    # -- files

    def stream(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield a text file without secrets, also if one extends over two blocks.

        The result does not depend on the blocks, and only a few pieces are in memory at once.
        """
        for piece in self._pieces(blocks):
            yield self._piece_by_plugins(piece)

    def _piece_by_plugins(self, piece: bytes) -> bytes:
        if self.plugins.is_empty:
            return piece
        text = piece.decode("utf-8", "surrogateescape")
        changed = self.plugins.text(text)
        if changed == text:
            return piece
        try:
            return changed.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return changed.encode("utf-8", "backslashreplace")

    def _pieces(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the redacted text in pieces, each cut at the end of a line, or at least outside of secrets."""
        from .spans import find_cut, spans_of, tail_pattern  # late, as in all methods: needed by the first text

        secrets = self.known_secrets
        window = PIECE + max(OVERLAP, secrets.longest)
        buffer = bytearray()
        tail: re.Pattern[bytes] | None = None
        for block in blocks:
            buffer += block
            while len(buffer) > window:
                if tail is not None:
                    tail = _remove_rest(buffer, tail)
                    continue
                data = bytes(memoryview(buffer)[:window])
                spans = spans_of(data, secrets, has_more=True)
                cut = find_cut(spans, data.rfind(b"\n", 0, PIECE) + 1 or PIECE, PIECE)
                yield self._mark(data[:cut], [span for span in spans if span.end <= cut])
                del buffer[:cut]
                tail = tail_pattern(spans[-1].rule) if spans and spans[-1].end == cut == window else None
        if tail is not None:
            _remove_rest(buffer, tail)
        yield self._redact(bytes(buffer), secrets)

    def _redact(self, data: bytes, secrets: KnownSecrets) -> bytes:
        from .spans import spans_of

        return self._mark(data, spans_of(data, secrets))

    def contains_secret(self, blocks: Iterable[bytes]) -> bool:
        """Return whether a file holds a known secret, in any of its spellings. This is faster than ``stream``."""
        secrets, tail = self.known_secrets, b""
        for block in blocks:
            data = tail + block
            if any(secrets.find(data)):
                return True
            tail = data[max(len(data) - secrets.longest, 0) :]
        return False

    def take_counts(self) -> list[tuple[str, int]]:
        """Return the number of redactions by rule, and clear the counts."""
        counts = sorted(self.counts.items())
        self.counts.clear()
        return counts


def cut_text(text: str, limit: int) -> str:
    """Return a text, shortened to ``limit`` characters with a note of its length."""
    return text if len(text) <= limit else f"{text[: limit - 40]}… ({len(text):,} characters in all)"


def _replace(data: bytes, spans: Sequence[Match], marks: Iterable[bytes]) -> bytes:
    """Return a text with marks in place of the secrets."""
    out: list[bytes] = []
    end_of_last = 0
    for (start, end, _, _, quote), mark in zip(spans, marks, strict=True):
        out += (data[end_of_last:start], quote, mark, quote) if quote else (data[end_of_last:start], mark)
        end_of_last = end
    if not end_of_last:
        return data
    out.append(data[end_of_last:])
    return b"".join(out)


def _remove_rest(buffer: bytearray, tail: re.Pattern[bytes]) -> re.Pattern[bytes] | None:
    """Remove the rest of a secret from the beginning of a text. Return the pattern for what is still to be removed."""
    match = tail.match(buffer)
    end = 0 if match is None else match.end()
    has_more = end == len(buffer)
    del match  # a buffer cannot change its size while a match refers to it
    del buffer[:end]
    return tail if has_more else None


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # a limited value was cut within a character
        return data.decode("utf-8", "replace")
