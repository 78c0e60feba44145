"""Redaction: nothing secret reaches the disk.

The rules here know values: those that a test registers, and those of environment variables whose name says that they
are secret. Structured keys and token shapes join them in this module.
"""

from __future__ import annotations

import hmac
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any
from urllib.parse import quote

SHORTEST = 6
"""Values with fewer characters are not looked for: they would black out ordinary words."""
_SECRET_NAME = re.compile(
    r"token|secret|passw|pwd|api_?key|access_?key|private_?key|credential|cookie|session_?(id|key)|dsn|"
    r"connection_?string|(^|_)auth(_|$)|(^|_)key$",
    re.IGNORECASE,
)
OURS = frozenset(
    {
        "claim_environment",
        "claim_provider_mode",
        "environment",
        "finished_at",
        "item",
        "not_real_because",
        "parts",
        "provider_mode",
        "register",
        "replay_mode",
        "requirements",
        "result",
        "sha256",
        "started_at",
        "use_case",
    }
)
"""Fields that hold words of ours or of the catalogue: a password that is called like an environment must not make its
evidence unreadable, and says nothing there."""
_NOT_SECRET = re.compile(r"^(/|\.{0,2}/|[A-Za-z]:\\)|^(true|false|none|null|enabled|disabled)$", re.IGNORECASE)


class Redactor:
    """Replaces secret values in whatever is about to be written. One for each process of a session."""

    def __init__(self, key: bytes, environ: Mapping[str, str] | None = None) -> None:
        """``key`` is the store's own key: it makes fingerprints, and is written nowhere else."""
        self._key = key
        self._rules: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        self._bytes_pattern: re.Pattern[bytes] | None = None
        self.learned: list[str] = []
        """Values that were registered since somebody last emptied this list."""
        self.counts: Counter[str] = Counter()
        """How often each rule applied since the last ``take_counts``."""
        for name, value in (os.environ if environ is None else environ).items():
            if _SECRET_NAME.search(name) and not _NOT_SECRET.search(value):
                self._learn(value, "environment")
        self._compile()

    @property
    def known(self) -> int:
        """How many spellings of secrets are looked for; never fewer than before."""
        return len(self._rules)

    def register(self, value: str) -> str:
        """Look for this value from now on, and return its fingerprint (12 hex digits; empty for a short value)."""
        if value not in self._rules and len(value) >= SHORTEST:
            self._learn(value, "registered")
            self._compile()
            self.learned.append(value)
        return self.fingerprint(value)

    def fingerprint(self, value: str) -> str:
        """Return HMAC-SHA-256 of the value under the store's key, 12 hex digits; a short value gets none."""
        if len(value) < SHORTEST:
            return ""
        return hmac.new(self._key, value.encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:12]

    def _learn(self, value: str, rule: str) -> None:
        for spelling in _spellings(value):
            if len(spelling) >= SHORTEST:
                self._rules.setdefault(spelling, rule)

    def _compile(self) -> None:
        if not self._rules:
            return
        longest_first = sorted(self._rules, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        encoded = (re.escape(value.encode("utf-8", "surrogatepass")) for value in longest_first)
        self._bytes_pattern = re.compile(b"|".join(encoded))

    def text(self, text: str) -> str:
        """Return the text without the secrets known so far."""
        return self._pattern.sub(self._replace, text) if self._pattern else text

    def _replace(self, match: re.Match[str]) -> str:
        rule = self._rules[match.group()]
        self.counts[rule] += 1
        return f"[REDACTED:{rule}]"

    def name(self, text: str) -> str:
        """Return a test's name without secrets; each leaves its fingerprint, so that two tests stay two."""
        return self._pattern.sub(self._fingerprinted, text) if self._pattern else text

    def _fingerprinted(self, match: re.Match[str]) -> str:
        return f"[REDACTED:{self.fingerprint(match.group())}]"

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
        return self.name(value) if key == "test" else self.plain(value)

    def stream(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the blocks of a text file without secrets, also where one lies across two blocks."""
        pattern = self._bytes_pattern
        if pattern is None:
            yield from blocks
            return
        overlap = max(len(value.encode("utf-8", "surrogatepass")) for value in self._rules) - 1
        rest = b""
        for block in blocks:
            out, rest = self._cut(pattern, rest + block, overlap)
            yield out
        yield self._cut(pattern, rest, 0)[0]

    def _cut(self, pattern: re.Pattern[bytes], data: bytes, overlap: int) -> tuple[bytes, bytes]:
        """Return what is safe to write, and what may be the beginning of a secret."""
        safe, done, out = max(len(data) - overlap, 0), 0, []
        for match in pattern.finditer(data):
            if match.start() >= safe:
                break
            rule = self._rules[match.group().decode("utf-8", "surrogatepass")]
            self.counts[rule] += 1
            out += [data[done : match.start()], f"[REDACTED:{rule}]".encode()]
            done = match.end()
        end = max(done, safe)
        return b"".join([*out, data[done:end]]), data[end:]

    def take_counts(self) -> list[tuple[str, int]]:
        """Return how often each rule applied, and begin again."""
        counts = sorted(self.counts.items())
        self.counts.clear()
        return counts


def _spellings(value: str) -> Iterator[str]:
    """Yield the value as it may stand in a text: itself, in a node id, in JSON, a URL, or XML, as Python prints it."""
    yield value
    yield value.encode("unicode_escape").decode("ascii")
    yield json.dumps(value)[1:-1]
    yield quote(value, safe="", errors="replace")
    yield repr(value)[1:-1]
    yield escape(value, quote=False)
    yield escape(value)
