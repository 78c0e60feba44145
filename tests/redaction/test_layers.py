"""Redaction by what stands around a secret, and by its shape; streams; the corpus."""

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
from pytest_readiness.redaction.redactor import EXEMPT_FIELDS, HOOK_FAILED, Redactor
from tests.redaction.corpus import ALNUM, BAITS, PASSWORD, SECRETS, SHAPES, drawn, lines, plain, private_key, spelled
from tests.redaction.forms import HOSTILE

pytestmark = pytest.mark.slow

KEY = b"k" * 32
KNOWN = "S3cret/Va+lue=ü"


def redactor(*known: str, **more: Any) -> Redactor:
    """Return one that knows these values and nothing else."""
    made = Redactor(KEY, {}, **more)
    for value in known:
        made.register(value)
    return made


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_that_nobody_named_is_found(kind: str) -> None:
    """Each kind of the corpus, forty times: nothing of it is left, and the rule that found it is counted."""
    random, ours = Random(f"planted {kind}"), redactor()
    for _ in range(40):
        planted = SECRETS[kind](random)
        left = ours.text(f"{plain(random)}\n{planted.text}\n{plain(random)}")
        assert planted.secret not in left, planted.text
        assert ours.take_counts()


@pytest.mark.parametrize("kind", BAITS)
def test_what_only_looks_like_a_secret_stays(kind: str) -> None:
    """Each kind of bait, forty times, is left as it is."""
    random, ours = Random(f"bait {kind}"), redactor(KNOWN)
    for _ in range(40):
        text = f"{plain(random)}\n{BAITS[kind](random)}\n{plain(random)}"
        assert ours.text(text) == text


def test_a_corpus_is_redacted_without_losing_a_plain_line() -> None:
    """In a corpus of one seed everything planted is gone, and everything else stands as it was."""
    corpus = list(lines(Random(7), 3000, planted=0.1, bait=0.1))
    text = "\n".join(one if isinstance(one, str) else one.text for one in corpus)
    left = redactor(KNOWN).text(text)
    assert [one for one in corpus if not isinstance(one, str) and hasattr(one, "secret") and one.secret in left] == []
    assert [one for one in corpus if isinstance(one, str) and one not in left] == []


def test_a_known_value_is_found_in_every_encoding() -> None:
    """Values with everything that somebody escapes, in each listed encoding: it is found, and none of its spellings left."""
    random, survived = Random(3), Counter[str]()
    for _ in range(60):
        value = drawn(random, ALNUM + "!#%+-.:=?@^_~/\\\"'&<>ü€ $`\n", random.randint(6, 60)) + "Zq"
        ours, forms = redactor(value), spellings(value)
        for encoding, text in spelled(value, random):
            clean = ours.text(text)
            survived[encoding] += clean == text or any(form in clean.encode() for form in forms)
    assert len(survived) == 31
    assert survived.total() == 0, survived


def test_each_long_line_of_a_known_value_is_found_by_itself() -> None:
    """Programs print line by line: a line of a multi-line secret is enough, and its short lines are ordinary words."""
    ours = redactor("begin\nfirst-line-of-the-secret\r\n  second-line-of-the-secret\nend")
    assert ours.text("a begin first-line-of-the-secret end") == "a begin [REDACTED:registered] end"
    assert ours.text("  second-line-of-the-secret\n") == "  [REDACTED:registered]\n"


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
    """What stands around a value stays, and what was redacted is not redacted again."""
    assert redactor().text(before) == after
    assert redactor().text(after) == after


def test_a_known_value_is_told_as_such_beside_a_telling_name() -> None:
    """Layers that find the same value count it once, by the rule that knows most."""
    ours = redactor("hunter2-hunter2")
    assert ours.text("password=hunter2-hunter2") == "password=[REDACTED:registered]"
    assert ours.take_counts() == [("registered", 1)]


def test_a_fingerprint_is_no_secret() -> None:
    """What ``secret()`` returned may stand beside any name: it is there to be seen."""
    ours = redactor()
    found = ours.register(KNOWN)
    assert ours.text(f"token={found}") == f"token={found}"
    assert ours.field("secret", found) == found
    assert ours.text("token=0123456789ab") == "token=[REDACTED:key]"


def test_a_name_keeps_two_tests_apart_whatever_gives_their_secrets_away() -> None:
    """Values in brackets leave fingerprints, the same for the same value; names of files and functions stay."""
    ours = redactor()
    one, other = (ours.name(f"tests/test_token.py::test_password[token={value}]") for value in ("aaaaaa1", "bbbbbb2"))
    assert one != other
    assert one.startswith("tests/test_token.py::test_password[token=[REDACTED:")
    assert (ours.name(one), redactor().name(one)) == (one, one)
    assert redactor().name("tests/test_token.py::test_password[token=aaaaaa1]") == one


def test_properties_details_and_arguments_are_redacted_by_their_names() -> None:
    """The value of a telling name is secret however it looks; a harmless one stays."""
    body = {
        "properties": [["db_password", "four plain words only"], ["region", "eu"], ["token", "none"]],
        "proofs": [{"kind": "own", "details": [["api_key", "just-a-word"], ["from", "db-1"]]}],
        "argv": ["-q", "--api-token", "just-a-word", "--maxfail", "1", "--password"],
        "api_token": "just-a-word",
    }
    assert redactor().plain(body) == {
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
    """Words of ours and of the catalogue stay, whatever a secret is called."""
    assert redactor(KNOWN).plain(body) == body


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
    """What was redacted is left as it is, whatever stands around it."""
    ours = redactor(KNOWN)
    once = ours.text(text)
    assert ours.text(once) == once
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
    """A text of JSON is one afterwards."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert isinstance(json.loads(redactor().text(text)), type(value))


@given(st.lists(TEXTS, max_size=6).map("\n".join), st.lists(st.integers(1, 80), max_size=30), st.booleans())
def test_a_stream_does_not_depend_on_its_blocks(text: str, sizes: list[int], ends: bool) -> None:
    """Any split into blocks gives the same bytes, and no piece's end hides a secret."""
    data = text.encode("utf-8", "surrogatepass") + (b"\n" + KNOWN.encode() if ends else b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "PIECE", 40)
        patch.setattr(redaction, "OVERLAP", 400)
        blocks, rest = [], data
        for size in sizes:
            blocks.append(rest[:size])
            rest = rest[size:]
        whole = b"".join(redactor(KNOWN).stream([data]))
        assert b"".join(redactor(KNOWN).stream([*blocks, rest])) == whole
        assert KNOWN.encode() not in whole


def test_a_private_key_is_found_across_the_blocks_of_a_stream() -> None:
    """A block of many lines, in a file that comes in pieces, leaves nothing of itself."""
    random = Random(5)
    pem = private_key(random, "\n")
    text = "\n".join([*(plain(random) for _ in range(30)), pem, plain(random)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "PIECE", 300)
        patch.setattr(redaction, "OVERLAP", 4000)
        left = b"".join(redactor().stream([text[at : at + 100].encode() for at in range(0, len(text), 100)])).decode()
    assert left == text.replace(pem, "[REDACTED:private-key]")


def test_a_long_file_is_redacted_in_bounded_memory() -> None:
    """Of a file of many pieces in one line no more than a few pieces are held."""
    import tracemalloc

    piece, secret, ours = 16 << 10, KNOWN.encode(), redactor(KNOWN)
    ours.text(KNOWN)  # what is made once, such as patterns, is no part of the file
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "PIECE", piece)
        patch.setattr(redaction, "OVERLAP", piece // 8)
        tracemalloc.start()
        kept = sum(len(block) for block in ours.stream(b"ab" * (piece // 4) + secret for _ in range(96)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert kept == 96 * (piece // 2 + len(b"[REDACTED:registered]"))
    assert most < 24 * piece


def test_bytes_that_are_no_text_pass_unharmed() -> None:
    """Undecodable bytes stay where they are, and hide no secret."""
    data = b"\xff\xfe\x00" + KNOWN.encode() + b"\x80token=abcdef1\xff"
    assert b"".join(redactor(KNOWN).stream([data])) == b"\xff\xfe\x00[REDACTED:registered]\x80token=[REDACTED:key]"


def test_a_run_of_one_secret_longer_than_a_piece_is_gone() -> None:
    """Secrets that overlap are one, also beyond a piece of a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "PIECE", 40)
        patch.setattr(redaction, "OVERLAP", 40)
        left = b"".join(redactor("aaaaaaaaaa").stream([b"a" * 1000]))
    assert b"aaaaaaaaaa" not in left


@pytest.mark.parametrize("kind", SHAPES)
def test_a_token_is_counted_by_its_own_rule(kind: str) -> None:
    """Which provider a token was made by is told by the rule."""
    ours = redactor()
    ours.text(f"x {SHAPES[kind](Random(1))} y")
    assert len(ours.take_counts()) == 1


def test_plugins_redact_what_ours_left() -> None:
    """A plugin's redactor is given each text after ours, may leave it, and sees no known value."""
    seen: list[str] = []

    def own(text: str) -> str | None:
        seen.append(text)
        return text.replace("customer-7", "[customer]") if "customer-7" in text else None

    ours = redactor(KNOWN, find_plugins=lambda: [own])
    assert ours.text(f"{KNOWN} of customer-7") == "[REDACTED:registered] of [customer]"
    assert b"".join(ours.stream([b"\xffcustomer-7"])) == b"\xff[customer]"
    one, other = ours.name("test_a[customer-7]"), ours.name("test_a[[customer]]")
    assert one.startswith("test_a[[customer]][REDACTED:")
    assert one != other
    assert ours.name(one) == one
    assert not any(KNOWN in text for text in seen)


@pytest.mark.parametrize("fails", [lambda text: 1 / 0, lambda text: 7])
def test_what_a_plugin_fails_over_is_replaced(fails: Any) -> None:
    """Nobody knows what is secret in it; two tests stay two; what went wrong is remembered once."""
    ours = redactor(find_plugins=lambda: [fails])
    assert (ours.text("a"), ours.text("")) == (HOOK_FAILED, "")
    assert b"".join(ours.stream([b"a"])) == HOOK_FAILED.encode()
    assert ours.name("t.py::test_a[1]") != ours.name("t.py::test_a[2]")
    assert ours.name("t.py::test_a[1]").startswith("t.py::test_a[REDACTED:")
    assert ours.plugins.failure is not None
    assert ours.take_counts() == [("hook-failed", 4)]


def test_a_plugin_that_cannot_be_asked_costs_no_evidence() -> None:
    """Redactors that cannot be loaded replace every text, and raise nothing."""
    asked: list[int] = []

    def unloadable() -> list[Any]:
        asked.append(1)
        raise RuntimeError("no such module")

    ours = redactor(find_plugins=unloadable)
    assert ours.plain({"message": "a", "result": "PASSED"}) == {"message": HOOK_FAILED, "result": "PASSED"}
    assert ours.text("b") == HOOK_FAILED
    assert "RuntimeError: no such module" in str(ours.plugins.load_failure)
    assert asked == [1]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_is_looked_at_more_often_for_its_length(hostile: str) -> None:
    """Sixteen times as much of what begins a rule and never ends asks for sixteen times as much, in one line.

    What is counted are calls: how long they take is measured by the benchmark.
    """
    ours = redactor("aaaaaaaaaa")
    ours.text("password: x1234567 [REDACTED:key]")

    def calls(count: int) -> int:
        counted, text = 0, hostile * (count // len(hostile))

        def count_call(_: object, event: str, __: object) -> None:
            nonlocal counted
            counted += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(count_call)
        try:
            left = ours.text(text)
        finally:
            sys.setprofile(before)
        assert ours.text(left) == left
        return counted

    few, many = calls(3_000), calls(48_000)
    assert many < 20 * few + 2_000


def test_threads_that_tell_secrets_at_once() -> None:
    """A secret is taken out of what is said after it was told, whatever other threads of the test tell meanwhile."""
    left: list[str] = []

    def tell(ours: Redactor, at_once: Barrier, name: str) -> None:
        at_once.wait()
        for number in range(40):
            secret = f"Zk3vQ9m-{name}-{number:03d}-x"
            ours.register(secret)
            left.extend(
                text for text in (f"a {secret} b", f"'{secret[:12]}...{secret[-9:]}'") if text == ours.text(text)
            )

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(15):
            ours, at_once = redactor(), Barrier(4)
            threads = [Thread(target=tell, args=(ours, at_once, name)) for name in "abcd"]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert left == []


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_is_read_again_within_a_value(hostile: str) -> None:
    """Names within a value begin no further values: what is found is no longer than the text, twice told at most."""
    data = (hostile * (20_000 // len(hostile))).encode()
    found = sum(one.end - one.start for one in find_keyed(data))
    assert found <= 2 * len(data)


def test_a_line_of_a_test_that_records_nothing_is_not_looked_at() -> None:
    """What a plain pass says was made by us: no layer is asked."""

    class Untouched(Redactor):
        def text(self, text: str) -> str:
            raise AssertionError(text)

    ours = Untouched(KEY, {})
    observation = Observation(ours.name("tests/test_a.py::test_b"), (), False, RunContext(), ours)
    for when in ("setup", "call", "teardown"):
        observation.record_phase(PhaseResult(when, "passed", False, ""), 0.0)
    assert observation.finish(lambda claims, context, proofs: [])["result"] == "PASSED"


def test_nothing_is_compiled_before_a_text_is_looked_at() -> None:
    """A session that records nothing pays for no pattern and no spelling."""
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
    """A password of any of its characters is found in JSON and in a Python dict."""
    random, ours = Random(11), redactor()
    for _ in range(200):
        value = "q7" + drawn(random, PASSWORD, 12)
        assert value not in ours.text(json.dumps({"password": value}))
        assert value not in ours.text(repr({"password": value}))
