"""Signature envelopes: read strictly, from the signed bytes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.errors import IntegrityError
from pytest_readiness.facts.decision import text_digest
from pytest_readiness.facts.envelope import (
    PAYLOAD_TYPE,
    Envelope,
    Signature,
    decision_statement,
    pae,
    parse_envelope,
    run_statement,
    sealed_envelope,
)
from pytest_readiness.facts.ledger.line import canonical
from tests.store.runs import finished, review, run, run_id, statement

RUN = run(1, finished(), release="1.2", git={"commit": "c0ffee"})


def plain(**changed: Any) -> dict[str, Any]:
    """An envelope as JSON says it, with something in it changed."""
    return {**json.loads(statement(RUN).text), **changed}


def payload(**changed: Any) -> str:
    """A statement with something in it changed, as an envelope holds it."""
    return encoded(canonical({**json.loads(run_statement(RUN)), **changed}))


def encoded(text: str) -> str:
    """A text as an envelope holds it."""
    return base64.b64encode(text.encode()).decode()


def test_the_bytes_that_are_signed_are_those_of_the_specification() -> None:
    """The example of the DSSE specification; lengths are those of the bytes."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("é", b"") == "DSSEv1 2 é 0 ".encode()


def test_a_run_is_named_by_its_id_and_its_seal() -> None:
    """A statement about a run says its seal's digest, and what the seal and the first line say of it."""
    result = statement(RUN)
    assert RUN.seal is not None
    assert (result.subject_kind, result.subject, result.subject_digest) == ("run", run_id(1), RUN.seal.digest)
    text = json.loads(result.payload)
    assert text["predicateType"] == "urn:pytest-readiness:run:v1"
    parsed = text["predicate"]
    assert (parsed["register"], parsed["count"], parsed["release"], parsed["commit"]) == (
        "payments",
        2,
        "1.2",
        "c0ffee",
    )
    assert parsed["head"] == RUN.lines[-2].digest
    with pytest.raises(ValueError, match="not sealed"):
        run_statement(run(1, sealed=False))


def test_a_statement_about_a_run_has_the_digests_that_it_names() -> None:
    """They stand beside the commit; a run that names none has no such key, so that its statement is the one it was."""
    digest = f"sha256:{'a' * 64}"
    predicate = json.loads(run_statement(run(1, finished(), subjects={"api": digest})))["predicate"]
    assert predicate["subjects"] == [{"name": "api", "digest": digest}]
    assert "subjects" not in json.loads(run_statement(RUN))["predicate"]


def test_a_decision_is_named_by_its_id_and_its_text() -> None:
    """A statement about a decision says its text's whole digest, of which the id has a part."""
    made = review()
    result = sealed_envelope(decision_statement(made), [Signature("k", b"s")])
    assert (result.subject_kind, result.subject) == ("decision", made.id)
    assert result.subject_digest == text_digest(made.text)
    assert result.subject.endswith(result.subject_digest[:16])


@given(
    st.lists(st.builds(Signature, st.text(st.characters(codec="utf-8")), st.binary()), min_size=1, max_size=5),
)
def test_what_is_written_is_read_again(signatures: list[Signature]) -> None:
    """Whatever the signatures are: the same payload, byte for byte, and the same signatures."""
    made = sealed_envelope(run_statement(RUN), signatures)
    assert parse_envelope(made.text) == made
    assert (made.payload, list(made.signatures)) == (run_statement(RUN), signatures)


BAD = {
    "nothing": "",
    "no object": "[]",
    "not canonical": json.dumps(plain()),
    "a payload type of another kind": canonical(plain(payloadType="application/json")),
    "more than an envelope holds": canonical(plain(more=1)),
    "less": canonical({"payload": payload(), "payloadType": PAYLOAD_TYPE}),
    "no signature": canonical(plain(signatures=[])),
    "too many": canonical(plain(signatures=[{"keyid": "", "sig": ""}] * 65)),
    "signatures that are none": canonical(plain(signatures=["x"])),
    "a signature without bytes": canonical(plain(signatures=[{"keyid": "x"}])),
    "a key id that is a number": canonical(plain(signatures=[{"keyid": 1, "sig": ""}])),
    "a payload that is no base64": canonical(plain(payload="!")),
    "a payload in another base64": canonical(plain(payload=payload().rstrip("=") + "\n")),
    "bits behind the end of a base64": canonical(plain(signatures=[{"keyid": "", "sig": "QQ=="[:1] + "R=="}])),
    "a payload that is no text": canonical(plain(payload=base64.b64encode(b"\xff").decode())),
    "a payload that is not canonical": canonical(plain(payload=encoded(json.dumps(json.loads(run_statement(RUN)))))),
    "another statement": canonical(plain(payload=payload(_type="https://in-toto.io/Statement/v0.1"))),
    "about something else": canonical(plain(payload=payload(predicateType="https://slsa.dev/provenance/v1"))),
    "about nothing": canonical(plain(payload=payload(subject=[]))),
    "about two things": canonical(plain(payload=payload(subject=json.loads(run_statement(RUN))["subject"] * 2))),
    "about something without a name": canonical(plain(payload=payload(subject=[{"digest": {"sha256": "0" * 64}}]))),
    "another digest": canonical(plain(payload=payload(subject=[{"name": "x", "digest": {"sha256": "0" * 63}}]))),
    "a digest of another kind": canonical(plain(payload=payload(subject=[{"name": "x", "digest": {"sha1": "0"}}]))),
    "a predicate that says nothing": canonical(plain(payload=payload(predicate={}))),
    "a nonce that is no text": canonical(plain(payload=payload(predicate={"nonce": 1}))),
    "a predicate that is no object": canonical(plain(payload=payload(predicate="x"))),
    "nested without end": "[" * 100_000,
    "a lone surrogate": '{"payload":"\ud800"}',
    "without end": canonical(plain(signatures=[{"keyid": "x" * (1 << 20), "sig": ""}])),
}


@pytest.mark.parametrize("what", BAD)
def test_anything_else_is_refused(what: str) -> None:
    """What is not exactly an envelope of ours is one error on one line."""
    with pytest.raises(IntegrityError, match="this is no signed statement: "):
        parse_envelope(BAD[what])


def test_a_key_that_stands_twice_is_refused() -> None:
    """A repeated key is refused, as readers would not agree on its value."""
    text = statement(RUN).text
    with pytest.raises(IntegrityError):
        parse_envelope(text.replace('{"payload"', f'{{"payload":"{payload(predicate={"x": 1})}","payload"', 1))


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_no_text_raises_anything_else(text: str) -> None:
    """Any text is an envelope or an IntegrityError, in the place of an envelope as in that of its payload."""
    for tried in (text, canonical(plain(payload=base64.b64encode(text.encode("utf-8", "replace")).decode()))):
        try:
            result = parse_envelope(tried)
        except IntegrityError:
            continue
        assert isinstance(result, Envelope)
