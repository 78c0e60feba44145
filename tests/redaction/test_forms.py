"""Tests for secrets as services print them (``forms``), and for texts that only mention secrets."""

from __future__ import annotations

import unittest
from base64 import b64encode, encodebytes
from html import escape
from json import dumps
from random import Random
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.redaction import redactor as redaction
from pytest_readiness.redaction.redactor import Redactor
from tests.redaction.corpus import ALNUM, drawn, plain
from tests.redaction.forms import FORMS, HONEST, NOT_FOUND

pytestmark = pytest.mark.slow

KEY = b"k" * 32


def make_redactor(*values: str) -> Redactor:
    """Return a redactor with these known secrets and no others."""
    new = Redactor(KEY, {})
    for value in values:
        new.register(value)
    return new


def secret(random: Random) -> str:
    """Return a random value with letters and digits at both ends."""
    return "Zk3" + drawn(random, ALNUM, 12) + "7q"


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found_however_it_is_printed(form: str) -> None:
    """Each form is redacted between other lines, and a second redaction changes nothing."""
    random, redactor = Random(form), make_redactor()
    for _ in range(5):
        value = secret(random)
        text = f"{plain(random)}\n{FORMS[form].replace('{}', value)}\n{plain(random)}"
        redacted = redactor.text(text)
        assert value not in redacted
        assert value[-8:] not in redacted
        assert redactor.text(redacted) == redacted


@pytest.mark.parametrize("form", NOT_FOUND)
def test_what_is_named_as_not_found_is_not_found(form: str) -> None:
    """The documented limits are not found; a form that is found must be removed from the documentation."""
    text = NOT_FOUND[form].replace("{}", "Zk3vQ9mLx7Rt2Wc8")
    assert make_redactor().text(text) == text


@pytest.mark.parametrize("text", HONEST)
def test_a_text_that_only_speaks_of_secrets_stays(text: str) -> None:
    """Texts about secrets, and secret names without a value, stay unchanged."""
    assert make_redactor().text(text) == text
    assert make_redactor().text(f"before\n{text}\nafter") == f"before\n{text}\nafter"


def test_a_cookie_in_a_sentence_does_not_take_the_rest_of_its_line() -> None:
    """In a sentence only the cookie is redacted, and not the rest of the line."""
    redacted = make_redactor().text("we set the cookie: theme=dark; lang=de and then the user logs in")
    assert redacted == "we set the cookie: [REDACTED:header] and then the user logs in"


@pytest.mark.parametrize("before", ["", "x", "xx"])
@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
def test_a_private_key_in_base64_is_found(kind: str, before: str) -> None:
    """A private key in base64 is redacted in one line and in several, at each alignment; a certificate stays."""
    begin, end = f"-----BEGIN {kind}PRIVATE " + "KEY-----", f"-----END {kind}PRIVATE KEY-----"
    lines = [drawn(Random(before + kind), ALNUM, 64) for _ in range(12)]
    raw = before.encode() + "\n".join([begin, *lines, end]).encode()
    written = b64encode(raw).decode()
    wrapped = encodebytes(raw).decode().rstrip()
    indented = wrapped.replace("\n", "\n  ")
    for text in (f"  tls.key: {written}\n  a: b", f'{{"a": "{written}", "b": 1}}', f"  {indented}\n", repr(wrapped)):
        redacted = make_redactor().text(text)
        assert "[REDACTED:private-key]" in redacted
        assert not any(part in redacted for part in wrapped.split("\n"))
    public = b64encode(raw.replace(b"PRIVATE KEY", b"CERTIFICATE")).decode()
    assert make_redactor().text(f"  tls.crt: {public}\n") == f"  tls.crt: {public}\n"


def test_each_text_of_a_sensitive_output_is_gone() -> None:
    """All texts of a sensitive output of Terraform are redacted, and other outputs stay."""
    shown = dumps(
        {"db": {"sensitive": True, "type": ["object", {"a": "string"}], "value": {"a": "Aa1111", "b": "Bb2222"}}}
    )
    redacted = make_redactor().text(
        shown[:-1] + f", {shown[1:-1].replace('1111', '3333')}" + ', "url": {"sensitive": false, "value": "https://a"}}'
    )
    assert [part in redacted for part in ("Aa1111", "Bb2222", "Aa3333", "https://a")] == [False, False, False, True]


def test_both_values_of_a_change_are_gone() -> None:
    """The old and the new value are redacted in a plan, and in a .netrc that pytest compares."""
    assert (
        make_redactor().text('  ~ token = "Old12345" -> "New12345"')
        == '  ~ token = "[REDACTED:key]" -> "[REDACTED:key]"'
    )
    lines = ["machine m", "  login c", "- password Oldword", "?          ^^^", "+ password Newword", "?          ^^^"]
    redacted = make_redactor().text("\n".join(f"E       {line}" for line in lines))
    assert "Oldword" not in redacted
    assert "Newword" not in redacted


AS_JSON = {
    "Go and Rails": lambda text: _escaped(text, "<>&", "%04x"),
    "json_script": lambda text: _escaped(text, "<>&", "%04X"),
    "gson": lambda text: _escaped(text, "<>&='", "%04x"),
    ".NET": lambda text: _escaped(text, "<>&'\"+`", "%04X"),
    "PHP": lambda text: _escaped(text, "<>&'\"", "%04X").replace("/", "\\/"),
    "with \\/": lambda text: dumps(text)[1:-1].replace("/", "\\/"),
}
"""Writers of JSON, with the characters that each of them escapes."""
TWICE = {
    "repr of JSON": lambda text: repr(dumps({"a": text})),
    "repr of JSON bytes": lambda text: repr(dumps({"a": text}).encode()),
    "repr in JSON": lambda text: dumps({"a": repr(text)}),
    "repr of bytes in JSON": lambda text: dumps({"a": repr(text.encode())}),
    "base64 of JSON": lambda text: b64encode(dumps({"a": text}).encode()).decode(),
    "HTML in JSON": lambda text: dumps({"a": escape(text)}),
    "HTML in JSON of Go": lambda text: _escaped(escape(text), "<>&", "%04x"),
    "JSON in a query": lambda text: quote(dumps({"a": text})),
    "form in a query": lambda text: quote(quote_plus(text)),
    "JSON of Go in JSON": lambda text: dumps({"a": _escaped(text, "<>&", "%04x")}),
}


def _escaped(text: str, characters: str, digits: str) -> str:
    """Return a text as JSON with escapes for these characters."""
    escapes = {character: "\\u" + digits % ord(character) for character in characters}
    return "".join(escapes.get(character) or dumps(character, ensure_ascii=False)[1:-1] for character in text)


SPECIAL = st.text(st.sampled_from("ab7<>&'\"+/=\\ü %"), min_size=6, max_size=12).map(lambda text: f"Zq{text}9x")


@pytest.mark.parametrize("how", [*AS_JSON, *TWICE])
@given(value=SPECIAL)
def test_a_known_value_is_found_as_others_write_json(how: str, value: str) -> None:
    """A known secret is found with the escapes of each writer, and in one encoding within another."""
    written = {**AS_JSON, **TWICE}[how](value)
    shown = make_redactor(value).text(f"<<{written}>>")
    assert "[REDACTED:registered]" in shown


@pytest.mark.parametrize("rest", ["", " after", "\nafter"])
@pytest.mark.parametrize(
    ("before", "unit"),
    [
        ("token=", "aB3"),
        ("Authorization: Negotiate ", "aB3"),
        ("Authorization: Bearer ", "aB3"),
        ("x ghp_", "aB3"),
        ("x eyJhbGciOiJIUzI1NiJ9.", "aB3"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----\n", "aB3/" * 16 + "\n"),
        ('{"password": "', "aB3 "),
        ("Cookie: a=", "aB3"),
    ],
)
def test_a_long_value_is_gone_to_its_end(before: str, unit: str, rest: str) -> None:
    """No part of a value of 100,000 characters is left, in a text and in a file that is read in pieces."""
    closed = "@host" if "//" in before else '"}' if before.startswith("{") else ""
    text = before + unit * (100_000 // len(unit)) + closed + rest
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "PIECE", 4096)
        patch.setattr(redaction, "OVERLAP", 512)
        streamed = b"".join(make_redactor().stream([b"line\n" * 900, text.encode()])).decode()
    for redacted in (make_redactor().text(text), streamed):
        assert unit * 3 not in redacted
        assert "[REDACTED:" in redacted


VALUES = st.text(st.sampled_from(ALNUM + "+/=&<'\"\\ -"), min_size=30, max_size=60).map(lambda text: f"Zq{text}9x")


@given(value=VALUES, left_out=st.sampled_from(["...", "…", "[20 chars]"]), data=st.data())
def test_a_piece_of_a_known_value_beside_what_was_left_out_is_gone(
    value: str, left_out: str, data: st.DataObject
) -> None:
    """Neither the beginning nor the end of a shortened secret is left."""
    head = data.draw(st.integers(8, 14))
    tail = data.draw(st.integers(8, 14))
    redacted = make_redactor(value).text(f"'{value[:head]}{left_out}{value[-tail:]}'")
    assert redacted == f"'[REDACTED:registered]{left_out}[REDACTED:registered]'"
    assert make_redactor(value).text(f"x {value[:head]}{left_out}") == f"x [REDACTED:registered]{left_out}"


@pytest.mark.parametrize("form", ["texts", "lists", "the other way round"])
@pytest.mark.parametrize("seed", range(10))
def test_what_unittest_shows_of_the_middle_of_a_known_value_is_gone(seed: int, form: str) -> None:
    """Two long texts that differ in one character leave no part of a secret between two counts of characters."""
    random = Random(seed)
    value = drawn(random, ALNUM + "+/=_-.", random.randint(160, 400))
    place = random.randint(70, len(value) - 70)
    other = f"{value[:place]}!{value[place + 1 :]}"
    texts: tuple[object, object] = ([value], [other]) if form == "lists" else (value, other)
    equal = unittest.TestCase().assertEqual
    with pytest.raises(AssertionError) as failed:
        equal(*(texts[::-1] if form == "the other way round" else texts))
    message = str(failed.value).partition("\n")[0]
    redacted = make_redactor(value).text(message)
    assert " chars]" in message
    assert not [begin for begin in range(len(value) - 8) if value[begin : begin + 8] in redacted], (message, redacted)
