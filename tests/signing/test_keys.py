"""Keys: which signatures verify, and which do not."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, strategies as st
from msgspec.structs import replace

from pytest_readiness.facts.checkpoint import Checkpoint
from pytest_readiness.facts.decision import IdentityLevel
from pytest_readiness.facts.envelope import PAYLOAD_TYPE, Envelope, Signature, pae, run_statement, sealed_envelope
from pytest_readiness.signing import keys
from pytest_readiness.signing.trust import TrustStore
from pytest_readiness.store.integrity.chain import unbroken_head
from pytest_readiness.verdict.people import People
from pytest_readiness.verdict.policy import Policy, TrustedKey
from tests.store.runs import finished, planned, review, run, texts

pytestmark = pytest.mark.slow

PRIVATE = Ed25519PrivateKey.generate()
PAYLOAD = run_statement(run(1, finished()))
WHOLE = texts(run(1, planned("test_a", "test_b"), finished("test_a"), finished("test_b")))


def public(private: Ed25519PrivateKey) -> str:
    """The public part of a key, as a policy holds it."""
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def signed(*sigs: bytes) -> Envelope:
    """A statement with these signatures."""
    return sealed_envelope(PAYLOAD, [Signature("", sig) for sig in sigs])


GOOD = PRIVATE.sign(pae(PAYLOAD_TYPE, PAYLOAD))


def test_one_signature_that_fits_is_enough() -> None:
    """Beside a signature of somebody else, and one that is none, in whatever order."""
    other = Ed25519PrivateKey.generate().sign(pae(PAYLOAD_TYPE, PAYLOAD))
    assert keys.verify_signature(public(PRIVATE), signed(b"", other, GOOD))
    assert not keys.verify_signature(public(PRIVATE), signed(b"", other))


@given(st.integers(0, len(GOOD) * 8 - 1))
def test_no_other_signature_fits(bit: int) -> None:
    """Each bit of a signature matters."""
    wrong = bytearray(GOOD)
    wrong[bit // 8] ^= 1 << bit % 8
    assert not keys.verify_signature(public(PRIVATE), signed(bytes(wrong)))


@given(st.binary(max_size=200) | st.integers(0, len(PAYLOAD) - 1).map(lambda at: PAYLOAD[:at] + PAYLOAD[at + 1 :]))
def test_no_other_payload_fits(payload: bytes) -> None:
    """A signature covers every byte of its payload, and how many there are."""
    assert not keys.verify_signature(public(PRIVATE), replace(signed(GOOD), payload=payload))


@pytest.mark.parametrize("signed_as", [PAYLOAD, pae("application/json", PAYLOAD), pae("", PAYLOAD)])
def test_no_other_payload_type_fits(signed_as: bytes) -> None:
    """The payload's type is signed with it: bytes that were signed as something else are no statement."""
    assert not keys.verify_signature(public(PRIVATE), signed(PRIVATE.sign(signed_as)))


def test_a_decision_is_identified_by_its_person_s_key_alone() -> None:
    """A key with the role, of the one who decided; and a text that only says that it is signed is declared."""
    trusted = TrustedKey("qa", public(PRIVATE), ("reviews",), "qa@example.com")
    made = review(known_by=IdentityLevel.GIT)

    class Home:
        def envelopes(self, subjects: object) -> list[Envelope]:
            from pytest_readiness.facts.envelope import decision_statement

            payload = decision_statement(made)
            return [sealed_envelope(payload, [Signature("", PRIVATE.sign(pae(PAYLOAD_TYPE, payload)))])]

    def known(key: TrustedKey, people: People | None = None) -> tuple[IdentityLevel, str]:
        trust = TrustStore((key,), people or People())
        (result,) = trust.with_identities([made], Home())  # type: ignore[arg-type]
        return result.known_by, result.id

    assert known(trusted) == (IdentityLevel.SIGNED, made.id)
    assert known(replace(trusted, person="eve@example.com")) == (IdentityLevel.GIT, made.id)
    assert known(replace(trusted, roles=("runs",))) == (IdentityLevel.GIT, made.id)
    joined = People.from_aliases({"qa@example.com": ["quality"]})
    assert known(replace(trusted, person="quality"), joined) == (IdentityLevel.SIGNED, made.id)
    claims = review(known_by=IdentityLevel.SIGNED)
    (result,) = TrustStore.from_policy(Policy()).with_identities([claims], None)
    assert (result.known_by, result.id) == (IdentityLevel.DECLARED, claims.id)


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, len(WHOLE) - 1), st.sampled_from(["drop", "swap", "edit"]))
def test_lines_lead_to_their_seal_only_as_they_were(first: int, second: int, how: str) -> None:
    """However lines are dropped, exchanged or edited, they do not lead to the digest of the same seal."""
    lines, seal = list(WHOLE), unbroken_head(WHOLE)
    assert seal == run(1, planned("test_a", "test_b"), finished("test_a"), finished("test_b")).lines[-1].digest
    if how == "drop":
        del lines[first]
    elif how == "swap":
        lines[first], lines[second] = lines[second], lines[first]
    else:
        lines[first] = lines[first].replace("ada", "eve").replace("test_", "tset_").replace('"exit_status":0', "")
    assert (unbroken_head(lines) == seal) is (lines == WHOLE)


def test_no_lines_lead_nowhere() -> None:
    """Of nothing there is no seal."""
    assert unbroken_head([]) == ""


# -- checkpoints -----------------------------------------------------------------------------------------------------

SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
"""The first test key of RFC 8032."""
NOTE = f"readiness-store/{'5' * 32}\n2\nlFONTUj/wneiaDrmosHlEppWCdRO8He/Q91EFK4gNuE=\n"
VECTOR = (
    f"{NOTE}\n— head atV3DjVmO+rCW/c9MkONIZNA8JEA7jYD97zIwhCPO/VcMHjCppZuslOKiZS4juOKktYATvRRqMWGFZmyQfxrztGOMg4=\n"
)
"""The key's hash by hand, and its signature by OpenSSL."""


def rfc_key(folder: Path) -> str:
    """Write the test key to a file; return its public part."""
    private = Ed25519PrivateKey.from_private_bytes(SECRET)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "rfc.pem").write_bytes(pem)
    return public(private)


def test_a_checkpoint_is_signed_as_every_signed_note_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test key of RFC 8032 gives the very bytes that another implementation gives."""
    trusted = rfc_key(tmp_path)
    monkeypatch.setenv("READINESS_SIGNER", "file2:rfc.pem")
    made = keys.sign_checkpoint(Checkpoint.parse(f"{NOTE}\n"), tmp_path, {"other": public(PRIVATE), "head": trusted})
    assert made.text == VECTOR
    assert keys.verify_note(trusted, made)
    assert not keys.has_false_signature(trusted, made)


@pytest.mark.parametrize(
    ("names", "called"),
    [((), None), (("the head", "a+b"), None), (("the head", "head"), "head"), (("größe",), "größe")],
)
def test_how_a_key_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], called: str | None
) -> None:
    """By the first name of it in the config that a note can hold, else by the origin; the note is one that is read."""
    trusted = rfc_key(tmp_path)
    monkeypatch.setenv("READINESS_SIGNER", "file2:rfc.pem")
    made = keys.sign_checkpoint(Checkpoint.parse(f"{NOTE}\n"), tmp_path, dict.fromkeys(names, trusted))
    assert made.signatures[0][0] == (called or made.origin)
    assert Checkpoint.parse(made.text) == made


@given(st.integers(0, 68 * 8 - 1))
def test_no_other_signature_of_a_checkpoint_fits(bit: int) -> None:
    """Each bit of the signature matters; those of the hash before it decide nothing, and the key is recognised by it."""
    trusted = public(Ed25519PrivateKey.from_private_bytes(SECRET))
    good = Checkpoint.parse(VECTOR)
    wrong = bytearray(good.signatures[0][1])
    wrong[bit // 8] ^= 1 << bit % 8
    made = replace(good, signatures=(("head", bytes(wrong)),))
    assert keys.verify_note(trusted, made) is (bit < 32)
    assert keys.has_false_signature(trusted, made) is (bit >= 32)


@given(st.binary(min_size=1, max_size=80))
def test_any_bytes_for_a_signature_are_only_not_the_right_one(level: bytes) -> None:
    """However short or long they are, nothing but an answer comes of it."""
    trusted = public(Ed25519PrivateKey.from_private_bytes(SECRET))
    made = replace(Checkpoint.parse(VECTOR), signatures=(("head", level),))
    assert not keys.verify_note(trusted, made)
