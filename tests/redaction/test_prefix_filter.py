"""Tests for the prefix filter: a long text gives the same matches with it and without."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.redaction import credential_formats, key_scan, prefix_filter, spans, token_patterns
from pytest_readiness.redaction.known_secrets import KnownSecrets
from tests.redaction.corpus import SECRETS, lines
from tests.redaction.forms import FORMS

FILLER = b"2026-11-01 10:00:00 INFO the payment was accepted, and passed on to its host in 12 ms\n"
EXACT = (*token_patterns.PREFIXES, *key_scan.PREFIXES)
LOWERCASE = (*key_scan.LOWERCASE_PREFIXES, *credential_formats.PHRASES)
PATTERNS = {**token_patterns.PREFIX_PATTERNS, **key_scan.PREFIX_PATTERNS}


@pytest.mark.parametrize("at", [0, 1, 4090, 4096, 70_000, 90_000])
def test_a_word_is_found_wherever_it_stands(at: int) -> None:
    """A prefix is found at each position, also across two parts, and in any letter case if it is a lower-case one."""
    text = (FILLER * 1100)[:90_000]
    for prefix in {*EXACT, *LOWERCASE} - {*PATTERNS}:
        data = text[:at] + (prefix if prefix in EXACT else prefix.upper()) + text[at:]
        prefixes = spans._prefix_filter().find(data, data.lower())
        assert prefixes is not None
        assert prefix in prefixes


def matches_in(data: bytes) -> tuple[Sequence[object], Sequence[object]]:
    """Return the matches with the filter, and without."""
    secrets = KnownSecrets()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefix_filter, "SHORTEST", 0)
        quick = spans.spans_of(data, secrets)
        patch.setattr(prefix_filter, "SHORTEST", len(data) + 1)
        return quick, spans.spans_of(data, secrets)


LETTERS = st.sampled_from(
    [b"a", b"e", b"1", b"=", b" ", b"\n", b":", b"_", b"-", b'"', b"ed", b"ing", b"es", b"abcdefgh12345678"]
)
PIECES = st.lists(st.sampled_from([*EXACT, *LOWERCASE]) | LETTERS | st.binary(max_size=3), max_size=12).map(b"".join)


@given(st.lists(PIECES, max_size=3), st.integers(0, 9000), st.booleans())
def test_nothing_is_missed(pieces: list[bytes], filler: int, upper: bool) -> None:
    """Prefixes, the text after them and other bytes give the same matches with the filter and without."""
    data = (FILLER * 110)[:filler].join([b"", *pieces, b""])
    quick, slow = matches_in(data.upper() if upper else data)
    assert quick == slow


def test_every_secret_is_found_in_a_long_text() -> None:
    """Each form and each kind of secret is found inside a long ordinary text."""
    drawn = random.Random(1)
    texts = [form.replace("{}", "Zq8vLm2xT0kR4w") for form in FORMS.values()]
    texts += [SECRETS[kind](drawn).text for kind in SECRETS for _ in range(3)]
    for text in texts:
        quick, slow = matches_in(FILLER * 60 + text.encode() + b"\n" + FILLER * 60)
        assert quick == slow, text


@pytest.mark.slow
def test_a_long_text_of_many_secrets_is_looked_through_as_a_short_one() -> None:
    """If most parts hold a prefix, the filter gives up without a difference in the result."""
    texts = [line if isinstance(line, str) else line.text for line in lines(random.Random(1), 4000)]
    quick, slow = matches_in("\n".join(texts).encode())
    assert len(quick) > 50
    assert quick == slow
