"""A long text is looked through once for the beginnings of all secrets: nothing is found less than in a short one."""

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
SMALL = (*key_scan.LOWERCASE_PREFIXES, *credential_formats.PHRASES)
CLOSER = {**token_patterns.PREFIX_PATTERNS, **key_scan.PREFIX_PATTERNS}


@pytest.mark.parametrize("at", [0, 1, 4090, 4096, 70_000, 90_000])
def test_a_word_is_found_wherever_it_stands(at: int) -> None:
    """Also across two parts, at the beginning and at the end; in any letter case where that does not matter."""
    text = (FILLER * 1100)[:90_000]
    for word in {*EXACT, *SMALL} - {*CLOSER}:
        data = text[:at] + (word if word in EXACT else word.upper()) + text[at:]
        found = spans._prefix_filter().find(data, data.lower())
        assert found is not None
        assert word in found


def found_in(data: bytes) -> tuple[Sequence[object], Sequence[object]]:
    """What is found with one pass over the text, and without."""
    known = KnownSecrets()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefix_filter, "SHORTEST", 0)
        quick = spans.spans_of(data, known)
        patch.setattr(prefix_filter, "SHORTEST", len(data) + 1)
        return quick, spans.spans_of(data, known)


LETTERS = st.sampled_from(
    [b"a", b"e", b"1", b"=", b" ", b"\n", b":", b"_", b"-", b'"', b"ed", b"ing", b"es", b"abcdefgh12345678"]
)
PIECES = st.lists(st.sampled_from([*EXACT, *SMALL]) | LETTERS | st.binary(max_size=3), max_size=12).map(b"".join)


@given(st.lists(PIECES, max_size=3), st.integers(0, 9000), st.booleans())
def test_nothing_is_missed(pieces: list[bytes], filler: int, upper: bool) -> None:
    """Words, what follows them and bytes of any kind: the same is found in one pass as by every word on its own."""
    data = (FILLER * 110)[:filler].join([b"", *pieces, b""])
    quick, slow = found_in(data.upper() if upper else data)
    assert quick == slow


def test_every_secret_is_found_in_a_long_text() -> None:
    """Each form that services print and each kind of secret, far within a text that holds nothing else."""
    drawn = random.Random(1)
    texts = [form.replace("{}", "Zq8vLm2xT0kR4w") for form in FORMS.values()]
    texts += [SECRETS[kind](drawn).text for kind in SECRETS for _ in range(3)]
    for text in texts:
        quick, slow = found_in(FILLER * 60 + text.encode() + b"\n" + FILLER * 60)
        assert quick == slow, text


@pytest.mark.slow
def test_a_long_text_of_many_secrets_is_looked_through_as_a_short_one() -> None:
    """Where most parts hold a word, each is looked for in the whole text."""
    told = [one if isinstance(one, str) else one.text for one in lines(random.Random(1), 4000)]
    quick, slow = found_in("\n".join(told).encode())
    assert len(quick) > 50
    assert quick == slow
