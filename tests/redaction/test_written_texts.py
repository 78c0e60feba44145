"""Tests for the search of written texts for secrets that become known later."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote

from hypothesis import given, strategies as st

from pytest_readiness.redaction.redactor import Redactor
from pytest_readiness.redaction.written_texts import SecretSearch, WrittenTexts
from tests.growth import calls

KEY = b"k" * 32
SECRETS = (
    "zq7-known-1",
    "zq7-known-2",
    "P@ss w\"rd/1\\x'é",
    "Zk3vQ9mLx7Rt2Wc8",
    "493817",
    "line one of it\nline two of it",
)


def spelled(secret: str) -> list[str]:
    """Return a secret as texts may hold it, also shortened."""
    return [
        secret,
        json.dumps(secret),
        json.dumps(json.dumps(secret)),
        repr(secret),
        quote(secret, safe=""),
        b64encode(f"user:{secret}".encode()).decode(),
        secret.encode().hex(),
        f"'{secret[:9]}...",
        f"...{secret[-8:]}'",
        f"Skipping 40 identical leading characters in diff\n- {secret[1:9]}\n+ other",
        f"[25 chars]{secret[2:12]}",
    ]


PIECES = st.sampled_from([form for secret in SECRETS for form in spelled(secret)])
WORDS = st.sampled_from([" ", "\n", "'", "zq7-", "password=", "known", "a", "é", "[REDACTED:registered]", "..."])
TEXTS = st.lists(PIECES | WORDS, max_size=6).map("".join)
BODIES = st.fixed_dictionaries(
    {"test": TEXTS.map("test_it[{}]".format), "message": TEXTS},
    optional={
        "argv": st.lists(TEXTS, max_size=3),
        "properties": st.lists(st.tuples(TEXTS, TEXTS).map(list), max_size=2),
        "claims": st.lists(
            st.fixed_dictionaries({"environment": TEXTS, "proofs": st.lists(TEXTS, max_size=2)}), max_size=2
        ),
        "ci": st.fixed_dictionaries({"url": TEXTS, "commit": TEXTS}),
    },
)


@given(BODIES, st.sets(st.sampled_from(SECRETS)), st.sampled_from(SECRETS))
def test_what_a_new_secret_changes_is_found(body: dict[str, Any], earlier: set[str], new: str) -> None:
    """A written text that would be redacted otherwise with one more secret is found, whatever its form."""
    redactor = Redactor(KEY, {})
    for secret in sorted(earlier):
        redactor.register(secret)
    written = redactor.plain(body)
    again = redactor.plain(written)
    sizes = redactor.known_secrets.sizes
    redactor.register(new)
    newer = redactor.known_secrets.since(sizes)
    texts = WrittenTexts()
    texts.add(written)
    if redactor.plain(written) != again:
        assert texts.may_hold(newer)
        assert SecretSearch(newer).holds(written)
    if SecretSearch(newer).holds(written):
        assert texts.may_hold(newer)


def test_what_was_never_written_is_not_searched_for() -> None:
    """After thousands of texts with digests and alike names, a new secret is still known to be in none of them."""
    texts = WrittenTexts()
    for number in range(3000):
        digest = f"{number * 0x9E3779B97F4A7C15 % (1 << 64):016x}" * 4
        texts.add(
            {"test": f"tests/test_api.py::test_{number}", "message": f"{digest} token of user-{number}: 200 OK ..."}
        )
    redactor = Redactor(KEY, {})
    for number in range(200):
        sizes = redactor.known_secrets.sizes
        redactor.register(f"user-token-{number:04}-Zk3vQ9")
        assert not texts.may_hold(redactor.known_secrets.since(sizes))


def test_a_fragment_counts_only_where_something_was_left_out() -> None:
    """The beginning of a secret is a part of it in a shortened text, and a word elsewhere."""
    texts, redactor = WrittenTexts(), Redactor(KEY, {})
    redactor.register("zq7-known-value-of-it")
    secrets = redactor.known_secrets
    texts.add({"message": "the zq7-known values"})
    assert not texts.may_hold(secrets)
    body = {"message": "assert 'zq7-known... == 'x'"}
    texts.add(body)
    assert texts.may_hold(secrets)
    assert SecretSearch(secrets).holds(body)


def test_a_text_is_searched_alike_with_few_and_many_secrets() -> None:
    """Secrets that begin alike, short ones, and those of shortened texts cost a text no more when they are many."""
    text = "the api-token- of 12 users: api-token-x, 123456 of 654321, 'api-toke...', api-token-{}\n" * 3

    def search(count: int) -> int:
        redactor = Redactor(KEY, {})
        for number in range(count):
            redactor.register(f"api-token-{number:05}-{number * 7919 % 99991:05}")
            redactor.register(f"{(number + 1) * 7919 % 1_000_000:06}")
        redactor.text(text)
        return calls(lambda: redactor.text(text))

    search(10)
    assert search(640) < 2 * search(40)
