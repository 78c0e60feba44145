"""Tests for secrets inside a secret: fields of documents, passwords of URLs, settings."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from pytest_readiness.redaction.embedded_secrets import SHORTEST_LEAF
from pytest_readiness.redaction.harmless_values import is_common
from pytest_readiness.redaction.redactor import SHORTEST, Redactor

KEY = b"k" * 32
ACCOUNT = {
    "type": "service_account",
    "private_key_id": "0a1b2c3d4e5f",
    "private_key": "-----BEGIN X-----\nMIIBVwIBADANBgkqhkiG9w0\nAQEFAASCAT8wggE7AgEA\n-----END X-----\n",
    "client": {"pin": "9 0 1 x y", "client_secret": "hunter2x", "scopes": ["one-long-scope-name"]},
}


def clean(value: str, text: str, name: str = "SVC_CREDENTIALS") -> str:
    """Return a text after redaction with one environment variable."""
    return Redactor(KEY, {name: value}).text(text)


@pytest.mark.parametrize("leaf", ["MIIBVwIBADANBgkqhkiG9w0", "hunter2x", "0a1b2c3d4e5f", "one-long-scope-name"])
@pytest.mark.parametrize(
    "spelled",
    [
        json.dumps(ACCOUNT),
        json.dumps(ACCOUNT, indent=2),
        json.dumps([ACCOUNT]),
        json.dumps({"account": json.dumps(ACCOUNT)}),
        b64encode(json.dumps(ACCOUNT).encode()).decode(),
        urlsafe_b64encode(json.dumps(ACCOUNT).encode()).decode().rstrip("="),
        f"'{json.dumps(ACCOUNT)}'".strip("'"),
    ],
    ids=["compact", "indented", "in a list", "in a text", "base64", "base64url", "quoted"],
)
def test_a_field_of_a_document_is_secret_by_itself(spelled: str, leaf: str) -> None:
    """A field of a service account is redacted on its own, however the variable encodes the document."""
    assert clean(spelled, f"using {leaf} now") == "using [REDACTED:environment] now"


def test_a_short_field_with_an_ordinary_name_stays() -> None:
    """A text of fewer than twelve characters is a secret only if its name is a secret name."""
    assert clean(json.dumps(ACCOUNT), "9 0 1 x y") == "9 0 1 x y"


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("postgresql://app:s3cret-of-db@db.example.com/app", "s3cret-of-db"),
        ("amqp://app:p%40ss-of-queue@mq.example.com", "p@ss-of-queue"),
        ("Server=db;User Id=app;Password=correct-horse;Encrypt=yes", "correct-horse"),
        ("# keys\nexport API_KEY='abcd-efgh'\nREGION=eu\n", "abcd-efgh"),
    ],
    ids=["url", "escaped", "connection string", "dotenv"],
)
def test_what_a_connection_string_holds_is_secret_by_itself(value: str, secret: str) -> None:
    """The password in a connection string is redacted on its own."""
    assert secret not in clean(value, f"denied for {secret}", "APP_DSN")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("postgresql://postgres:postgres@localhost/x", "test_it[postgres]"),
        ('{"region": "eu-central-1", "endpoint": "https://api.example.com"}', "eu-central-1 https://api.example.com"),
        ('{"password": "hunter2"}', "hunter2"),
        ("https://proxy.example.com:3128", "proxy.example.com:3128"),
        ("{not json", "{not json"),
    ],
)
def test_what_an_ordinary_variable_holds_stays(value: str, text: str) -> None:
    """In a variable without a secret name, common words, addresses and short values are not redacted."""
    assert clean(value, text, "DATABASE_URL") == text


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("postgresql://app:s3cret-of-db@db.example.com/app", "s3cret-of-db"),
        (json.dumps(ACCOUNT), "MIIBVwIBADANBgkqhkiG9w0"),
    ],
)
def test_an_ordinary_variable_may_hold_a_secret(value: str, secret: str) -> None:
    """A long password in a URL, and a long field with a secret name, are secrets in any variable."""
    assert secret not in clean(value, f"using {secret}", "DATABASE_URL")


def test_a_registered_document_is_looked_into_as_well() -> None:
    """The secrets inside a registered document are redacted too."""
    redactor = Redactor(KEY, {})
    redactor.register(json.dumps(ACCOUNT))
    assert redactor.text("using hunter2x") == "using [REDACTED:registered]"


JSON = st.recursive(
    st.text(min_size=SHORTEST_LEAF, max_size=30) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def _texts(document: Any) -> list[str]:
    if isinstance(document, dict):
        return [text for inner in document.values() for text in _texts(inner)]
    if isinstance(document, list):
        return [text for inner in document for text in _texts(inner)]
    return [document] if isinstance(document, str) else []


@pytest.mark.slow
@given(st.dictionaries(st.text(max_size=8), JSON, min_size=1, max_size=4))
@example({"": "Request0.an0"})
@example({"": "Request0.anx"})
def test_no_long_text_of_a_document_survives(document: dict[str, Any]) -> None:
    """The long texts of any document are redacted, except common words, such as ``request0.name1``, and hosts."""
    redactor = Redactor(KEY, {"APP_SECRET": json.dumps(document)})
    for text in _texts(document):
        assert text not in redactor.text(f"<{text}>") or len(text.strip()) < SHORTEST or is_common(text)
