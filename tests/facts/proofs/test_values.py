"""Proofs from values: each exists only if its check passes, and its error names the difference."""

from __future__ import annotations

import json

import pytest

from pytest_readiness.errors import ProofError
from pytest_readiness.facts.evidence import Proof
from pytest_readiness.facts.proofs import comparison, values as proofs
from pytest_readiness.facts.proofs.values import Drill

EVENTS = [{"op": "charge", "ts": 1}, {"op": "book", "ts": 2}]
AGAIN = [{"op": "charge", "ts": 3}, {"op": "book", "ts": 4}]
STATEMENT = {"name": "sdk", "version": "1.0", "files": 3, "digest": "sha256:00"}


class Response:
    """What ``requests`` returns: falsy where the status is an error."""

    def __init__(self, status_code):
        self.status_code = status_code

    def __bool__(self):
        return self.status_code < 400


class RefusedError(Exception):
    """A library's exception, with the response that led to it."""

    def __init__(self, text, status=None):
        super().__init__(text)
        self.response = Response(status) if status else None


def refused(make, *given, **named):
    """Return the message of a proof that fails."""
    with pytest.raises(ProofError) as caught:
        make(*given, **named)
    return str(caught.value)


def test_a_proof_becomes_texts_in_the_order_of_its_fields():
    """What evidence holds are texts, without the fields that are empty."""
    shown = comparison.prove_replay("FULL", EVENTS, [dict(event) for event in EVENTS], None)
    assert [name for name, _ in shown.to_proof().details] == ["mode", "events", "digest"]
    assert dict(shown.to_proof().details)["events"] == "2"
    handshake = proofs.prove_handshake("db:5432", "PostgreSQL 17", {"tls": True})
    assert handshake.to_proof() == Proof(
        "handshake", (("endpoint", "db:5432"), ("peer", "PostgreSQL 17"), ("tls", "True"))
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("", "f" * 12, "req"), "mode is empty"),
        (("BYOK", "", "req"), "secret has too few characters"),
        (("BYOK", "f" * 12, " "), "request_id is empty"),
        (("BYOK", "f" * 12, 7), "request_id must be a text, not an int"),
    ],
)
def test_a_credential_needs_mode_fingerprint_and_request(given, expected):
    """Without any of the three there is no proof."""
    assert expected in refused(proofs.prove_credential, *given)


@pytest.mark.parametrize("endpoint", ["db.example.com:5432", "10.0.0.1:1", "[::1]:443", "https://api.example.com/v1"])
def test_endpoints_of_a_handshake(endpoint):
    """A host with a port, or a URL."""
    assert proofs.prove_handshake(endpoint, "x", {}).endpoint == endpoint


@pytest.mark.parametrize("endpoint", ["", "db", "db:", "db:0", "db:65536", "a b:1", "https://", ":443", None])
def test_what_is_no_endpoint(endpoint):
    """A name without a port is no endpoint."""
    assert "endpoint" in refused(proofs.prove_handshake, endpoint, "x", {})


@pytest.mark.parametrize("peer", ["", None, True, {}, ()])
def test_a_handshake_without_a_peer(peer):
    """A handshake without a peer is refused."""
    assert "peer" in refused(proofs.prove_handshake, "db:1", peer, {})


def test_the_peer_may_be_what_the_library_returned():
    """A certificate's dict is kept as a text."""
    assert "db.example.com" in proofs.prove_handshake("db:1", {"subject": "CN=db.example.com"}, {}).peer


def attest(statement=STATEMENT, stored_at="s3://x", read_back=None, installed=STATEMENT):
    """Return an attestation against a distribution with the installed statement ``installed``."""
    return comparison.prove_attestation(statement, stored_at, read_back, lambda _: installed)


@pytest.mark.parametrize("form", [dict, json.dumps, lambda value: json.dumps(value).encode()])
def test_an_attestation_reads_back(form):
    """A dict or its JSON that equals the statement is proof, with what else was stored."""
    statement = {**STATEMENT, "tenant": "t-42"}
    shown = attest(statement, read_back=form(statement))
    assert shown.to_proof().details == (
        ("distribution", "sdk"),
        ("version", "1.0"),
        ("digest", "sha256:00"),
        ("stored_at", "s3://x"),
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"read_back": STATEMENT}, "the very object"),
        ({"read_back": {**STATEMENT, "version": "1.1"}}, '$.version: stated "1.0", found "1.1"'),
        ({"read_back": {**STATEMENT, "files": "3"}}, '$.files: stated 3, found "3"'),
        ({"read_back": {**STATEMENT, "extra": 1}}, "$.extra: stated nothing, found 1"),
        ({"read_back": {"name": "sdk"}}, '$.version: stated "1.0", found nothing'),
        ({"read_back": "{"}, "read_back is no JSON"),
        ({"read_back": "[]"}, "read_back must be a dict, or its JSON, not a list"),
        ({"read_back": None}, "read_back must be a dict"),
        ({"read_back": dict(STATEMENT), "stored_at": ""}, "stored_at is empty"),
        ({"read_back": {"a": 1}, "statement": {"a": 1}}, "does not say name, version, digest"),
        ({"read_back": {}, "statement": "sdk 1.0"}, "must be a dict"),
        (
            {"read_back": dict(STATEMENT), "installed": {**STATEMENT, "digest": "sha256:11"}},
            'not true of what is installed:\n$.digest: stated "sha256:00", found "sha256:11"',
        ),
    ],
)
def test_what_is_no_attestation(changed, expected):
    """A statement that is not true, or that came back as another one, is told key by key."""
    assert expected in refused(attest, **changed)


def test_each_differing_key_of_an_attestation_is_told():
    """Not only the first difference is named."""
    text = refused(attest, read_back={**STATEMENT, "version": "2", "files": 4})
    assert "$.version" in text
    assert "$.files" in text


def test_two_captures_are_the_proof_of_a_trace():
    """Equal but for masked fields; one capture is kept and proves nothing."""
    capture = comparison.prove_trace(EVENTS, AGAIN, ["ts"])
    assert capture.proof is not None
    assert dict(capture.proof.to_proof().details) == {"digest": capture.digest, "events": "2", "masked": "ts"}
    assert json.loads(capture.text) == [{"op": "charge", "ts": "[MASKED]"}, {"op": "book", "ts": "[MASKED]"}]
    assert comparison.prove_trace(EVENTS, None, ["ts"]).proof is None
    assert comparison.prove_trace(EVENTS, None, "ts").digest == capture.digest


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((EVENTS, AGAIN, ()), "differ at $[0].ts\n  first: 1\n  second: 3"),
        ((EVENTS, AGAIN[:1], ["ts"]), '$[1]\n  first: {"op":"book","ts":"[MASKED]"}\n  second: nothing'),
        ((EVENTS, EVENTS, ["ts"]), "the first one again"),
        ((EVENTS, list(EVENTS), ["ts"]), "the first one again"),
        (([], None, ()), "the trace is empty"),
        ((EVENTS, [], ()), "the second capture is empty"),
        ((EVENTS, AGAIN, ["ts", "op"]), "nothing of the trace is left"),
        (([{}, []], None, ()), "nothing of the trace is left"),
        (("events", None, ()), "must be a list of events, not a str"),
        (({"a": 1}, None, ()), "must be a list of events, not a dict"),
        ((7, None, ()), "must be a list of events, not an int"),
        (([object()], None, ()), "$[0] is an object"),
        ((EVENTS, None, [1]), "mask must be names"),
        ((EVENTS, None, None), "mask must be names"),
    ],
)
def test_what_is_no_trace(given, expected):
    """Differences with their path; and what cannot show that a trace is deterministic."""
    assert expected in refused(comparison.prove_trace, *given)


def test_a_generator_is_a_capture():
    """Events may come from anything that yields them."""
    assert comparison.prove_trace(iter(EVENTS), iter(AGAIN), ["ts"]).proof is not None


@pytest.mark.parametrize(("mode", "reason"), [("FULL", None), ("TRACE_ONLY", "the provider bills each call")])
def test_a_replay_states_its_mode(mode, reason):
    """FULL, or TRACE_ONLY with a reason."""
    shown = comparison.prove_replay(mode, EVENTS, [dict(event) for event in EVENTS], reason)
    assert (shown.mode, shown.reason) == (mode, reason or "")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("full", EVENTS, AGAIN, None), "FULL or TRACE_ONLY, not 'full'"),
        ((None, EVENTS, AGAIN, None), "FULL or TRACE_ONLY, not None"),
        (("TRACE_ONLY", EVENTS, AGAIN, None), "needs a reason"),
        (("TRACE_ONLY", EVENTS, AGAIN, " "), "reason is empty"),
        (("FULL", EVENTS, AGAIN, None), "diverges at event 0, at $[0].ts\n  recorded: 1\n  replayed: 3"),
        (("FULL", EVENTS, EVENTS[:1] * 1, None), "diverges at event 1, at $[1]"),
        (("FULL", EVENTS, EVENTS, None), "the same object"),
        (("FULL", EVENTS, [*EVENTS], None), "the same object"),
        (("FULL", [], [], None), "the recording is empty"),
        (("FULL", EVENTS, [], None), "the replay is empty"),
        (("FULL", [{}], [{}], None), "no value in it"),
    ],
)
def test_what_is_no_replay(given, expected):
    """A divergence with its event and path; and what was not compared at all."""
    assert expected in refused(comparison.prove_replay, *given)


@pytest.mark.parametrize("answer", [Response(200), 201, "200 OK", {"status": 200}, "order accepted", b"ok", {"id": 1}])
def test_what_accepts_a_new_secret(answer):
    """A response, its status or its text."""
    assert proofs.prove_rotation("a" * 12, "b" * 12, answer).accepted_by


@pytest.mark.parametrize("answer", [None, "", b"", {}, [], True, False, 7, object()])
def test_what_says_nothing_is_no_answer(answer):
    """An empty value, a truth value and an object without a text are no answers."""
    assert "accepted_by says nothing" in refused(proofs.prove_rotation, "a" * 12, "b" * 12, answer)
    assert "rejected_by says nothing" in refused(proofs.prove_revocation, "a" * 12, answer)


@pytest.mark.parametrize(
    "answer", [Response(401), 503, "HTTP/1.1 403 Forbidden", RefusedError("no"), {"status_code": 401}]
)
def test_what_does_not_accept(answer):
    """An exception or an error is no acceptance."""
    assert "no acceptance" in refused(proofs.prove_rotation, "a" * 12, "b" * 12, answer)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [("a" * 12, "a" * 12, "same secret"), ("", "b" * 12, "old has too few"), ("a" * 12, "", "new has too few")],
)
def test_what_is_no_rotation(old, new, expected):
    """The same secret, and one without a fingerprint, are refused."""
    assert expected in refused(proofs.prove_rotation, old, new, "200 OK")


def test_what_rejects_a_revoked_secret():
    """An exception, pytest's ExceptionInfo, a response (which may be falsy), its status or its text."""
    with pytest.raises(RefusedError) as caught:
        raise RefusedError("key is revoked", 401)
    texts = {
        proofs.prove_revocation("a" * 12, answer).rejected_by
        for answer in (caught, caught.value, Response(403), 401, "401 Unauthorized", PermissionError())
    }
    assert texts == {"RefusedError: key is revoked", "Response 403", "HTTP 401", "401 Unauthorized", "PermissionError"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Response(200), "that is an acceptance"),
        (Response(302), "that is an acceptance"),
        ("200 OK", "that is an acceptance"),
        (RefusedError("odd", 204), "that is an acceptance"),
        (Response(503), "a failure of the service"),
        (RefusedError("down", 500), "a failure of the service"),
        (TimeoutError("no answer"), "nobody answered"),
        ("", "says nothing"),
    ],
)
def test_what_is_no_rejection(answer, expected):
    """An acceptance, a server error and a timeout are no rejections."""
    assert expected in refused(proofs.prove_revocation, "a" * 12, answer)


def test_rotation_and_revocation_speak_of_one_secret():
    """In any order, the revoked secret must be the old one of the rotation."""
    old, new = "a" * 12, "b" * 12
    assert "is not the old secret" in refused(proofs.prove_revocation, new, "401", [old])
    assert "is not the old secret" in refused(proofs.prove_rotation, old, new, "200", [new])
    assert proofs.prove_revocation(old, "401", [old]).old == proofs.prove_rotation(old, new, "200", [old]).old


def drill(name="failover", fault="primary killed", detected=1, recovered=2.5, audit="log", known_drills=()):
    """Return a drill that passes, except for the given fields."""
    return proofs.prove_drill(name, fault, detected, recovered, audit, known_drills)


def test_a_drill_is_kept_with_its_times():
    """Seconds are told as numbers, without a fraction that is none."""
    assert drill() == Drill("failover", "primary killed", "1", "2.5", "log")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"name": ""}, "name is empty"),
        ({"fault": " "}, "fault is empty"),
        ({"audit": ""}, "audit is empty"),
        ({"audit": None}, "audit must be a text"),
        ({"detected": -1}, "detected must be seconds"),
        ({"detected": "1"}, "detected must be seconds"),
        ({"recovered": float("nan")}, "recovered must be seconds"),
        ({"recovered": True}, "recovered must be seconds"),
        ({"recovered": 0.5}, "cannot be recovered before it is detected: recovered after 0.5 s, detected after 1 s"),
        ({"known_drills": ["fail-over", "timeout"]}, "there is no drill 'failover' (did you mean 'fail-over'?)"),
        ({"known_drills": ["xyz"]}, "(drills are xyz)"),
    ],
)
def test_what_is_no_drill(changed, expected):
    """Each invalid field of a drill is refused."""
    assert expected in refused(drill, **changed)


def test_a_drill_shows_its_own_part_only():
    """Evidence of two drills does not let the proof of one stand for the other."""
    proof = drill("failover").to_proof()
    assert proof.shows("drill", "failover")
    assert proof.shows("drill", None)
    assert not proof.shows("drill", "timeout")
    assert not proof.shows("trace", None)


def test_a_receipt_needs_a_request_id():
    """A receipt without a request id is refused."""
    assert dict(proofs.prove_receipt("req-1", "n").to_proof().details) == {"request_id": "req-1", "nonce": "n"}
    assert "request_id is empty" in refused(proofs.prove_receipt, "", "n")


@pytest.mark.parametrize("result", [None, {"a": 1}, {1: "a"}, "ab"])
def test_a_kind_of_ones_own_returns_texts(result):
    """The check of a plugin must return texts."""
    assert "must return a dict of texts" in refused(proofs.prove_own, "k", lambda _: result, {})


def test_a_kind_of_ones_own_sees_the_values():
    """What ``prove`` is given reaches the check, and what that returns is the proof."""
    shown = proofs.prove_own("k", lambda values: {"sum": str(sum(values.values()))}, {"a": 1, "b": 2})
    assert shown.to_proof() == Proof("k", (("sum", "3"),))


class _Changing(dict[str, str]):
    """Says something else each time that it is read."""

    def items(self):
        self["read"] = str(int(self["read"]) + 1)
        return [("read", self["read"]), ("late", 1)] if self["read"] != "1" else [("read", "1")]


class _Another(str):
    """Shows itself as another text than it holds."""

    __slots__ = ()

    def __str__(self):
        return "another"


def test_what_a_kind_of_ones_own_returns_is_read_once():
    """The returned values are read once, and stored as plain texts."""
    assert proofs.prove_own("k", lambda _: _Changing(read="0"), {}).to_proof() == Proof("k", (("read", "1"),))
    ((name, text),) = proofs.prove_own("k", lambda _: {_Another("a"): _Another("b")}, {}).to_proof().details
    assert (type(name), type(text), name, text) == (str, str, "a", "b")
