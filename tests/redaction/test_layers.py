"""Tests for redaction by context and by format, for streams, and for the corpus."""

from __future__ import annotations

import json
import sys
from collections import Counter
from random import Random
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.recording.context import RunContext
from pytest_readiness.recording.observation import Observation, PhaseResult
from pytest_readiness.redaction import redactor as redaction
from pytest_readiness.redaction.encodings import spellings
from pytest_readiness.redaction.key_scan import find_keyed
from pytest_readiness.redaction.redactor import EXEMPT_FIELDS, Redactor
from tests.redaction.corpus import ALNUM, BAITS, PASSWORD, SECRETS, SHAPES, drawn, lines, plain, private_key, spelled
from tests.redaction.forms import HOSTILE

pytestmark = pytest.mark.slow

KEY = b"k" * 32
KNOWN = "S3cret/Va+lue=ü"


def make_redactor(*values: str) -> Redactor:
    """Return a redactor with these known secrets and no others."""
    made = Redactor(KEY, {})
    for value in values:
        made.register(value)
    return made


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_that_nobody_named_is_found(kind: str) -> None:
    """Each kind of secret in the corpus is removed and counted, forty times."""
    random, redactor = Random(f"planted {kind}"), make_redactor()
    for _ in range(40):
        planted = SECRETS[kind](random)
        redacted = redactor.text(f"{plain(random)}\n{planted.text}\n{plain(random)}")
        assert planted.secret not in redacted, planted.text
        assert redactor.take_counts()


@pytest.mark.parametrize("kind", BAITS)
def test_what_only_looks_like_a_secret_stays(kind: str) -> None:
    """Each kind of bait is not changed, forty times."""
    random, redactor = Random(f"bait {kind}"), make_redactor(KNOWN)
    for _ in range(40):
        text = f"{plain(random)}\n{BAITS[kind](random)}\n{plain(random)}"
        assert redactor.text(text) == text


def test_a_corpus_is_redacted_without_losing_a_plain_line() -> None:
    """In a corpus of one seed all secrets are removed, and all other lines stay."""
    corpus = list(lines(Random(7), 3000, planted=0.1, bait=0.1))
    text = "\n".join(line if isinstance(line, str) else line.text for line in corpus)
    redacted = make_redactor(KNOWN).text(text)
    assert [
        line for line in corpus if not isinstance(line, str) and hasattr(line, "secret") and line.secret in redacted
    ] == []
    assert [line for line in corpus if isinstance(line, str) and line not in redacted] == []


def test_a_known_value_is_found_in_every_encoding() -> None:
    """Values with all characters that need escapes are removed in each listed encoding."""
    random, survived = Random(3), Counter[str]()
    for _ in range(60):
        value = drawn(random, ALNUM + "!#%+-.:=?@^_~/\\\"'&<>ü€ $`\n", random.randint(6, 60)) + "Zq"
        redactor, forms = make_redactor(value), spellings(value)
        for encoding, text in spelled(value, random):
            clean = redactor.text(text)
            survived[encoding] += clean == text or any(form in clean.encode() for form in forms)
    assert len(survived) == 31
    assert survived.total() == 0, survived


def test_each_long_line_of_a_known_value_is_found_by_itself() -> None:
    """A long line of a secret is redacted on its own; its short lines are ordinary words."""
    redactor = make_redactor("begin\nfirst-line-of-the-secret\r\n  second-line-of-the-secret\nend")
    assert redactor.text("a begin first-line-of-the-secret end") == "a begin [REDACTED:registered] end"
    assert redactor.text("  second-line-of-the-secret\n") == "  [REDACTED:registered]\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("password: hunter2", "password: [REDACTED:key]"),
        ('{"X-Api-Key": "a\\"b c", "n": 1}', '{"X-Api-Key": "[REDACTED:key]", "n": 1}'),
        ('{"pin_token": 12345678, "n": 1}', '{"pin_token": "[REDACTED:key]", "n": 1}'),
        ('"cookies": ["a=bcdef", "c=defgh"]', '"cookies": ["[REDACTED:key]", "[REDACTED:key]"]'),
        ("Authorization: Bearer abc.def\r\nHost: a", "Authorization: Bearer [REDACTED:header]\r\nHost: a"),
        ('Set-Cookie: a="b c"; HttpOnly', "Set-Cookie: [REDACTED:header]"),
        (
            "https://user:p@ss@host/x?a=1&token=abcd1&b=2",
            "https://user:[REDACTED:url]@host/x?a=1&token=[REDACTED:key]&b=2",
        ),
        ("https://user:pa/ss@host/x", "https://user:[REDACTED:url]@host/x"),
        ("https://0123456789abcdef0123@sentry.example.com/1", "https://[REDACTED:url]@sentry.example.com/1"),
        ("deploy --password hunter2 --token=abc123 db", "deploy --password [REDACTED:key] --token=[REDACTED:key] db"),
        ("assert password == 'hunter2'", "assert password == '[REDACTED:key]'"),
        ('def f(password: str = "hunter2"):', 'def f(password: str = "[REDACTED:key]"):'),
        ('os.environ["DB_PASSWORD"] = "hunter2"', 'os.environ["DB_PASSWORD"] = "[REDACTED:key]"'),
        ("password%3Dhunter2%26x%3D1", "password%3D[REDACTED:key]%26x%3D1"),
        ("session_id=5f0c77aa", "session_id=[REDACTED:key]"),
        ("API key: abcdef123", "API key: [REDACTED:key]"),
    ],
)
def test_only_the_value_is_replaced(before: str, after: str) -> None:
    """The text around a value stays, and a redacted text is not redacted again."""
    assert make_redactor().text(before) == after
    assert make_redactor().text(after) == after


def test_a_known_value_is_told_as_such_beside_a_telling_name() -> None:
    """A secret that several layers find is counted once, by the rule with the highest priority."""
    redactor = make_redactor("hunter2-hunter2")
    assert redactor.text("password=hunter2-hunter2") == "password=[REDACTED:registered]"
    assert redactor.take_counts() == [("registered", 1)]


def test_a_fingerprint_is_no_secret() -> None:
    """A fingerprint stays, even beside a secret name."""
    redactor = make_redactor()
    fingerprint = redactor.register(KNOWN)
    assert redactor.text(f"token={fingerprint}") == f"token={fingerprint}"
    assert redactor.field("secret", fingerprint) == fingerprint
    assert redactor.text("token=0123456789ab") == "token=[REDACTED:key]"


def test_a_name_keeps_two_tests_apart_whatever_gives_their_secrets_away() -> None:
    """Values in brackets are replaced by fingerprints, and names of files and functions stay."""
    redactor = make_redactor()
    first, second = (
        redactor.name(f"tests/test_token.py::test_password[token={value}]") for value in ("aaaaaa1", "bbbbbb2")
    )
    assert first != second
    assert first.startswith("tests/test_token.py::test_password[token=[REDACTED:")
    assert (redactor.name(first), make_redactor().name(first)) == (first, first)
    assert make_redactor().name("tests/test_token.py::test_password[token=aaaaaa1]") == first


def test_properties_details_and_arguments_are_redacted_by_their_names() -> None:
    """The value of a secret name is replaced in any form, unless it is harmless."""
    body = {
        "properties": [["db_password", "four plain words only"], ["region", "eu"], ["token", "none"]],
        "proofs": [{"kind": "own", "details": [["api_key", "just-a-word"], ["from", "db-1"]]}],
        "argv": ["-q", "--api-token", "just-a-word", "--maxfail", "1", "--password"],
        "api_token": "just-a-word",
    }
    assert make_redactor().plain(body) == {
        "properties": [["db_password", "[REDACTED:key]"], ["region", "eu"], ["token", "none"]],
        "proofs": [{"kind": "own", "details": [["api_key", "[REDACTED:key]"], ["from", "db-1"]]}],
        "argv": ["-q", "--api-token", "[REDACTED:key]", "--maxfail", "1", "--password"],
        "api_token": "[REDACTED:key]",
    }


@given(
    st.dictionaries(
        st.sampled_from(sorted(EXEMPT_FIELDS)), st.sampled_from([KNOWN, "token=abcdef1", "password: abcdef1"])
    )
)
def test_fields_of_ours_never_change(body: dict[str, str]) -> None:
    """The exempt fields do not change, whatever is secret."""
    assert make_redactor(KNOWN).plain(body) == body


FRAGMENTS = st.sampled_from(
    ["password", "token", "Authorization", "Cookie", "db_secret", "api key", ": ", "=", " = ", ":", '"', "'", "\\", '\\"', "\\n",
     "\n", " ", ", ", "{", "}", "[", "]", "hunter2x", "12345678", "Bearer ", "--token ", "https://u:", "@host/", "&quot;", "<",
     ">", "é", "\ud800", KNOWN, "[REDACTED:key]", "[REDACTED:", "a=b; c=d", "-----BEGIN RSA " + "PRIVATE KEY-----", "none", "value=",
     '"name": "', '", "value": "', "name: ", "\n  value: ", "(b'", "', b'", "Digest ", '="', "; ", "<password", "</password>", "Some(", "\x1b[0m",
     "\\u0022", "\\u003c", "...", KNOWN[:9], '"kty"', '"d":"', "PASSWORD '", "curl ", "cookies", "|", "    ", "E   ", "password: |\n  "]
) | st.text(max_size=4)  # fmt: skip
TEXTS = st.lists(FRAGMENTS, max_size=14).map("".join)


@given(TEXTS)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    """A second redaction changes nothing."""
    redactor = make_redactor(KNOWN)
    once = redactor.text(text)
    assert redactor.text(once) == once
    assert KNOWN not in once


KEYS = ["password", "X-Api-Key", "token", "a", "cookie", "n", "name", "value", "key", "cookies", "kty", "d", "auth"]
JSON = st.recursive(
    TEXTS.filter(lambda text: "\ud800" not in text)
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, st.booleans(), st.sampled_from([None, 2]))
def test_json_stays_json(value: Any, ascii_only: bool, indent: int | None) -> None:
    """Redacted JSON is valid JSON of the same type."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert isinstance(json.loads(make_redactor().text(text)), type(value))


@given(st.lists(TEXTS, max_size=6).map("\n".join), st.lists(st.integers(1, 80), max_size=30), st.booleans())
def test_a_stream_does_not_depend_on_its_blocks(text: str, sizes: list[int], ends: bool) -> None:
    """Any split into blocks gives the same bytes, without secrets at the ends of pieces."""
    data = text.encode("utf-8", "surrogatepass") + (b"\n" + KNOWN.encode() if ends else b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "PIECE", 40)
        patch.setattr(redaction, "OVERLAP", 400)
        blocks, rest = [], data
        for size in sizes:
            blocks.append(rest[:size])
            rest = rest[size:]
        whole = b"".join(make_redactor(KNOWN).stream([data]))
        assert b"".join(make_redactor(KNOWN).stream([*blocks, rest])) == whole
        assert KNOWN.encode() not in whole


def test_a_private_key_is_found_across_the_blocks_of_a_stream() -> None:
    """A private key of many lines is removed from a file in pieces."""
    random = Random(5)
    pem = private_key(random, "\n")
    text = "\n".join([*(plain(random) for _ in range(30)), pem, plain(random)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "PIECE", 300)
        patch.setattr(redaction, "OVERLAP", 4000)
        redacted = b"".join(
            make_redactor().stream([text[at : at + 100].encode() for at in range(0, len(text), 100)])
        ).decode()
    assert redacted == text.replace(pem, "[REDACTED:private-key]")


def test_a_long_file_is_redacted_in_bounded_memory() -> None:
    """Only a few pieces of a long line are in memory at once."""
    import tracemalloc

    piece, secret, redactor = 16 << 10, KNOWN.encode(), make_redactor(KNOWN)
    redactor.text(KNOWN)  # patterns are compiled once, and do not belong to the file
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "PIECE", piece)
        patch.setattr(redaction, "OVERLAP", piece // 8)
        tracemalloc.start()
        size = sum(len(block) for block in redactor.stream(b"ab" * (piece // 4) + secret for _ in range(96)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert size == 96 * (piece // 2 + len(b"[REDACTED:registered]"))
    assert most < 24 * piece


def test_bytes_that_are_no_text_pass_unharmed() -> None:
    """Bytes that cannot be decoded stay, and do not hide a secret."""
    data = b"\xff\xfe\x00" + KNOWN.encode() + b"\x80token=abcdef1\xff"
    assert b"".join(make_redactor(KNOWN).stream([data])) == b"\xff\xfe\x00[REDACTED:registered]\x80token=[REDACTED:key]"


def test_a_run_of_one_secret_longer_than_a_piece_is_gone() -> None:
    """Overlapping secrets are merged, even if they are longer than a piece."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "PIECE", 40)
        patch.setattr(redaction, "OVERLAP", 40)
        redacted = b"".join(make_redactor("aaaaaaaaaa").stream([b"a" * 1000]))
    assert b"aaaaaaaaaa" not in redacted


@pytest.mark.parametrize("kind", SHAPES)
def test_a_token_is_counted_by_its_own_rule(kind: str) -> None:
    """A token is counted by the rule of its provider."""
    redactor = make_redactor()
    redactor.text(f"x {SHAPES[kind](Random(1))} y")
    assert len(redactor.take_counts()) == 1


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_is_looked_at_more_often_for_its_length(hostile: str) -> None:
    """The number of calls grows linearly for the unfinished beginnings of rules in one line.

    The benchmark measures the time.
    """
    redactor = make_redactor("aaaaaaaaaa")
    redactor.text("password: x1234567 [REDACTED:key]")

    def calls(count: int) -> int:
        counted, text = 0, hostile * (count // len(hostile))

        def count_call(_: object, event: str, __: object) -> None:
            nonlocal counted
            counted += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(count_call)
        try:
            redacted = redactor.text(text)
        finally:
            sys.setprofile(before)
        assert redactor.text(redacted) == redacted
        return counted

    few, many = calls(3_000), calls(48_000)
    assert many < 20 * few + 2_000


def test_threads_that_tell_secrets_at_once() -> None:
    """A secret is redacted as soon as it is registered, whatever other threads register at the same time."""
    unchanged: list[str] = []

    def tell(redactor: Redactor, at_once: Barrier, name: str) -> None:
        at_once.wait()
        for number in range(40):
            secret = f"Zk3vQ9m-{name}-{number:03d}-x"
            redactor.register(secret)
            unchanged.extend(
                text for text in (f"a {secret} b", f"'{secret[:12]}...{secret[-9:]}'") if text == redactor.text(text)
            )

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(15):
            redactor, at_once = make_redactor(), Barrier(4)
            threads = [Thread(target=tell, args=(redactor, at_once, name)) for name in "abcd"]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert unchanged == []


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_is_read_again_within_a_value(hostile: str) -> None:
    """Names within a value give no further values: all matches are at most twice as long as the text."""
    data = (hostile * (20_000 // len(hostile))).encode()
    size = sum(match.end - match.start for match in find_keyed(data))
    assert size <= 2 * len(data)


def test_a_line_of_a_test_that_records_nothing_is_not_looked_at() -> None:
    """The body of a plain pass holds no text of others, and is not redacted."""

    class Untouched(Redactor):
        def text(self, text: str) -> str:
            raise AssertionError(text)

    redactor = Untouched(KEY, {})
    observation = Observation(redactor.name("tests/test_a.py::test_b"), (), False, RunContext(), redactor)
    for when in ("setup", "call", "teardown"):
        observation.record_phase(PhaseResult(when, "passed", False, ""), 0.0)
    assert observation.finish(lambda claims, context, proofs: [])["result"] == "PASSED"


def test_nothing_is_compiled_before_a_text_is_looked_at() -> None:
    """A session that records nothing compiles no pattern and makes no spelling."""
    import subprocess
    import sys

    code = (
        "import sys\nfrom pytest_readiness.redaction.redactor import Redactor\nr = Redactor(b'k', {'A_TOKEN': 'x' * 20})\n"
        "r.name('tests/test_a.py::test_b')\nassert r.secret_count == 1\n"
        "names = ('key_scan', 'key_value_rules', 'secret_names', 'spans', 'token_patterns')\n"
        "assert not [n for n in names if 'pytest_readiness.redaction.' + n in sys.modules]\n"
        "r.text('a')\nassert 'pytest_readiness.redaction.spans' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_password_alphabet_of_the_corpus_survives_no_quoting() -> None:
    """A password of any characters is found in JSON and in a Python dict."""
    random, redactor = Random(11), make_redactor()
    for _ in range(200):
        value = "q7" + drawn(random, PASSWORD, 12)
        assert value not in redactor.text(json.dumps({"password": value}))
        assert value not in redactor.text(repr({"password": value}))
