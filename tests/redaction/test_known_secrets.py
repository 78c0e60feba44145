"""Tests for known secrets."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.redaction.redactor import SHORTEST, Redactor

KEY = b"k" * 32


@pytest.mark.parametrize(
    "name", ["API_TOKEN", "DB_PASSWORD", "STRIPE_API_KEY", "client_secret", "SSH_PRIVATE_KEY", "DSN", "BASIC_AUTH"]
)
def test_environment_names_that_say_secret(name: str) -> None:
    """The value of a variable with a secret name is redacted."""
    redactor = Redactor(KEY, {name: "hunter2-hunter2", "HOME": "plain-value"})
    assert redactor.text("x hunter2-hunter2 y plain-value") == "x [REDACTED:environment] y plain-value"


@pytest.mark.parametrize(("name", "value"), [("AUTHOR", "somebody"), ("MY_TOKEN", "true"), ("KEYBOARD", "qwertz-us")])
def test_ordinary_variables_stay(name: str, value: str) -> None:
    """A variable with a similar name, or with a word such as true, is not redacted."""
    assert Redactor(KEY, {name: value}).text(f"a {value} b") == f"a {value} b"


def test_paths_are_no_secrets() -> None:
    """The path of a socket or a file is not redacted, even in a variable with a secret name."""
    redactor = Redactor(KEY, {"SSH_AUTH_SOCK": "/run/user/agent", "KEY_FILE_TOKEN": "./keys/a.pem"})
    assert redactor.text("/run/user/agent ./keys/a.pem") == "/run/user/agent ./keys/a.pem"


@given(st.text(min_size=SHORTEST, max_size=40), st.text(max_size=30), st.text(max_size=30))
def test_a_registered_value_never_survives(secret: str, before: str, after: str) -> None:
    """A registered value is removed from every text, plain, in JSON and in a URL."""
    redactor = Redactor(KEY, {})
    redactor.register(secret)
    for spelling in (secret, json.dumps(secret), quote(secret, safe="", errors="replace")):
        redacted = redactor.text(before + spelling + after)
        assert secret not in redacted.replace("[REDACTED:registered]", "\0") or secret in before + "\0" + after


@given(st.binary(max_size=400), st.lists(st.integers(1, 60), min_size=1, max_size=20), st.data())
def test_a_stream_is_redacted_across_its_blocks(noise: bytes, sizes: list[int], data: st.DataObject) -> None:
    """A file in blocks of any size gives the same result as in one block."""
    secret = "s3cret-value"
    redactor = Redactor(KEY, {})
    redactor.register(secret)
    at = data.draw(st.integers(0, len(noise)))
    whole = noise[:at] + secret.encode() + noise[at:] + secret.encode()
    blocks, rest = [], whole
    for size in sizes:
        blocks.append(rest[:size])
        rest = rest[size:]
    blocks.append(rest)
    expected = b"".join(redactor.stream([whole]))
    assert b"".join(redactor.stream(blocks)) == expected
    assert secret.encode() not in expected


def test_a_fingerprint_is_keyed_and_short_values_get_none() -> None:
    """The same value has one fingerprint under one key, another under another key; a short value has none."""
    first, second = Redactor(KEY, {}), Redactor(b"o" * 32, {})
    assert first.register("sk-live-1234") == first.fingerprint("sk-live-1234")
    assert len(first.fingerprint("sk-live-1234")) == 12
    assert first.fingerprint("sk-live-1234") != second.fingerprint("sk-live-1234")
    assert first.register("12345") == ""


def test_counts_say_how_often_each_rule_applied() -> None:
    """Redactions are counted by rule, and ``take_counts`` clears the counts."""
    redactor = Redactor(KEY, {"A_TOKEN": "tttttttt"})
    redactor.register("rrrrrrrr")
    redactor.plain({"a": ["tttttttt rrrrrrrr", "rrrrrrrr"]})
    assert redactor.take_counts() == [("environment", 1), ("registered", 2)]
    assert redactor.take_counts() == []
