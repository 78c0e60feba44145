"""Secrets as services print them: each form of ``forms`` is found, and what only speaks of secrets stays."""

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


def redactor(*known: str) -> Redactor:
    """Return one that knows these values and nothing else."""
    made = Redactor(KEY, {})
    for value in known:
        made.register(value)
    return made


def secret(random: Random) -> str:
    """Return what nobody guesses, with letters and digits at both ends."""
    return "Zk3" + drawn(random, ALNUM, 12) + "7q"


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found_however_it_is_printed(form: str) -> None:
    """Nothing of it is left, between other lines, and a second look changes nothing more."""
    random, ours = Random(form), redactor()
    for _ in range(5):
        value = secret(random)
        text = f"{plain(random)}\n{FORMS[form].replace('{}', value)}\n{plain(random)}"
        left = ours.text(text)
        assert value not in left
        assert value[-8:] not in left
        assert ours.text(left) == left


@pytest.mark.parametrize("form", NOT_FOUND)
def test_what_is_named_as_not_found_is_not_found(form: str) -> None:
    """The page about redaction names these limits: a form that is found is to be taken off it."""
    text = NOT_FOUND[form].replace("{}", "Zk3vQ9mLx7Rt2Wc8")
    assert redactor().text(text) == text


@pytest.mark.parametrize("text", HONEST)
def test_a_text_that_only_speaks_of_secrets_stays(text: str) -> None:
    """What somebody wrote about secrets, and names beside which no secret stands, is left as it is."""
    assert redactor().text(text) == text
    assert redactor().text(f"before\n{text}\nafter") == f"before\n{text}\nafter"


def test_a_cookie_in_a_sentence_does_not_take_the_rest_of_its_line() -> None:
    """A name in the middle of a sentence is no header: only what looks like a cookie goes."""
    left = redactor().text("we set the cookie: theme=dark; lang=de and then the user logs in")
    assert left == "we set the cookie: [REDACTED:header] and then the user logs in"


@pytest.mark.parametrize("before", ["", "x", "xx"])
@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
def test_a_private_key_in_base64_is_found(kind: str, before: str) -> None:
    """As Kubernetes shows it, in one line and in several, at each alignment; a certificate stays as it is."""
    begin, end = f"-----BEGIN {kind}PRIVATE " + "KEY-----", f"-----END {kind}PRIVATE KEY-----"
    lines = [drawn(Random(before + kind), ALNUM, 64) for _ in range(12)]
    raw = before.encode() + "\n".join([begin, *lines, end]).encode()
    written = b64encode(raw).decode()
    wrapped = encodebytes(raw).decode().rstrip()
    indented = wrapped.replace("\n", "\n  ")
    for text in (f"  tls.key: {written}\n  a: b", f'{{"a": "{written}", "b": 1}}', f"  {indented}\n", repr(wrapped)):
        left = redactor().text(text)
        assert "[REDACTED:private-key]" in left
        assert not any(part in left for part in wrapped.split("\n"))
    public = b64encode(raw.replace(b"PRIVATE KEY", b"CERTIFICATE")).decode()
    assert redactor().text(f"  tls.crt: {public}\n") == f"  tls.crt: {public}\n"


def test_each_text_of_a_sensitive_output_is_gone() -> None:
    """The value that Terraform marks is an object or a list; the outputs after it stay."""
    shown = dumps(
        {"db": {"sensitive": True, "type": ["object", {"a": "string"}], "value": {"a": "Aa1111", "b": "Bb2222"}}}
    )
    left = redactor().text(
        shown[:-1] + f", {shown[1:-1].replace('1111', '3333')}" + ', "url": {"sensitive": false, "value": "https://a"}}'
    )
    assert [part in left for part in ("Aa1111", "Bb2222", "Aa3333", "https://a")] == [False, False, False, True]


def test_both_values_of_a_change_are_gone() -> None:
    """Of a plan the old value and the new one, and of a .netrc that pytest compares."""
    assert redactor().text('  ~ token = "Old12345" -> "New12345"') == '  ~ token = "[REDACTED:key]" -> "[REDACTED:key]"'
    lines = ["machine m", "  login c", "- password Oldword", "?          ^^^", "+ password Newword", "?          ^^^"]
    left = redactor().text("\n".join(f"E       {line}" for line in lines))
    assert "Oldword" not in left
    assert "Newword" not in left


AS_JSON = {
    "Go and Rails": lambda text: _escaped(text, "<>&", "%04x"),
    "json_script": lambda text: _escaped(text, "<>&", "%04X"),
    "gson": lambda text: _escaped(text, "<>&='", "%04x"),
    ".NET": lambda text: _escaped(text, "<>&'\"+`", "%04X"),
    "PHP": lambda text: _escaped(text, "<>&'\"", "%04X").replace("/", "\\/"),
    "with \\/": lambda text: dumps(text)[1:-1].replace("/", "\\/"),
}
"""Writers of JSON, by the characters that each writes as an escape."""
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
    """Write a text as JSON whose writer escapes these characters too."""
    escapes = {one: "\\u" + digits % ord(one) for one in characters}
    return "".join(escapes.get(one) or dumps(one, ensure_ascii=False)[1:-1] for one in text)


SPECIAL = st.text(st.sampled_from("ab7<>&'\"+/=\\ü %"), min_size=6, max_size=12).map(lambda text: f"Zq{text}9x")


@pytest.mark.parametrize("how", [*AS_JSON, *TWICE])
@given(value=SPECIAL)
def test_a_known_value_is_found_as_others_write_json(how: str, value: str) -> None:
    """Whatever its special characters: the escapes of each writer, and one encoding within another."""
    written = {**AS_JSON, **TWICE}[how](value)
    shown = redactor(value).text(f"<<{written}>>")
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
    """Of 100,000 characters no piece is left, in one text and in a file that is read piece by piece."""
    closed = "@host" if "//" in before else '"}' if before.startswith("{") else ""
    text = before + unit * (100_000 // len(unit)) + closed + rest
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "PIECE", 4096)
        patch.setattr(redaction, "OVERLAP", 512)
        streamed = b"".join(redactor().stream([b"line\n" * 900, text.encode()])).decode()
    for left in (redactor().text(text), streamed):
        assert unit * 3 not in left
        assert "[REDACTED:" in left


VALUES = st.text(st.sampled_from(ALNUM + "+/=&<'\"\\ -"), min_size=30, max_size=60).map(lambda text: f"Zq{text}9x")


@given(value=VALUES, left_out=st.sampled_from(["...", "…", "[20 chars]"]), data=st.data())
def test_a_piece_of_a_known_value_beside_what_was_left_out_is_gone(
    value: str, left_out: str, data: st.DataObject
) -> None:
    """Of a value that somebody shortened neither the beginning nor the end is left."""
    head = data.draw(st.integers(8, 14))
    tail = data.draw(st.integers(8, 14))
    left = redactor(value).text(f"'{value[:head]}{left_out}{value[-tail:]}'")
    assert left == f"'[REDACTED:registered]{left_out}[REDACTED:registered]'"
    assert redactor(value).text(f"x {value[:head]}{left_out}") == f"x [REDACTED:registered]{left_out}"


@pytest.mark.parametrize("way", ["texts", "lists", "the other way round"])
@pytest.mark.parametrize("seed", range(10))
def test_what_unittest_shows_of_the_middle_of_a_known_value_is_gone(seed: int, way: str) -> None:
    """Two long texts that differ in one character: what lies about it stands between two counts of characters."""
    random = Random(seed)
    value = drawn(random, ALNUM + "+/=_-.", random.randint(160, 400))
    place = random.randint(70, len(value) - 70)
    other = f"{value[:place]}!{value[place + 1 :]}"
    texts: tuple[object, object] = ([value], [other]) if way == "lists" else (value, other)
    equal = unittest.TestCase().assertEqual
    with pytest.raises(AssertionError) as failed:
        equal(*(texts[::-1] if way == "the other way round" else texts))
    message = str(failed.value).partition("\n")[0]
    left = redactor(value).text(message)
    assert " chars]" in message
    assert not [begin for begin in range(len(value) - 8) if value[begin : begin + 8] in left], (message, left)
