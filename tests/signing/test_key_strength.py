"""Strength of keys: weak keys and shared keys are config errors."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)
from hypothesis import given, settings, strategies as st

from pytest_readiness.signing.key_strength import describe_key
from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, BEN, BOT, REVIEW, TESTS, approve, record

from .keyring import key_pair, recorded, signing_as, store_of, trusting

pytestmark = pytest.mark.slow

_SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")
_LOW_ORDER = (
    "01" + "00" * 31,
    "ec" + "ff" * 30 + "7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
)


def der_of(public: object) -> bytes:
    """The SubjectPublicKeyInfo of a public key."""
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined, no-any-return]


def pem(der: bytes, width: int = 64) -> str:
    """A public key as a PEM file, with lines of some width."""
    text = base64.b64encode(der).decode()
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


def sequence(*parts: bytes) -> bytes:
    """A short sequence in DER."""
    content = b"".join(parts)
    return b"\x30" + bytes([len(content)]) + content


def compressed(key: ec.EllipticCurvePublicKey) -> bytes:
    """A P-256 key whose point is written compressed: the same key, in other bytes."""
    point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    algorithm = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
    return sequence(algorithm, b"\x03" + bytes([len(point) + 1, 0]) + point)


WEAK = {
    "RSA of 1,024 bits": (
        rsa.generate_private_key(65537, 1024).public_key(),
        "1,024 bits: 2,048 bits or more are needed",
    ),
    "RSA of 2,047 bits": (None, "2,047 bits: 2,048 bits or more are needed"),
    "RSA with the exponent 3": (rsa.generate_private_key(3, 2048).public_key(), "RSA key with the exponent 3"),
    "RSA with the exponent 1": (1, "RSA key with the exponent 1"),
    "RSA with an even exponent": (65538, "RSA key with an even exponent"),
    "RSA of an even modulus": ("even", "its modulus has a small factor"),
    "P-192": (ec.generate_private_key(ec.SECP192R1()).public_key(), "an ECDSA key on another curve: use"),
    "P-224": (ec.generate_private_key(ec.SECP224R1()).public_key(), "an ECDSA key on another curve: use"),
    "secp256k1": (ec.generate_private_key(ec.SECP256K1()).public_key(), "an ECDSA key on another curve: use"),
    "DSA": (dsa.generate_private_key(2048).public_key(), "is a DSA key: use"),
    "Ed448": (ed448.Ed448PrivateKey.generate().public_key(), "is an Ed448 key: use"),
    **{f"Ed25519 {each[:2]}": (bytes.fromhex(each), "it is a point of low order") for each in _LOW_ORDER},
}


P256 = der_of(ec.generate_private_key(ec.SECP256R1()).public_key())
NO_KEY = {
    "no key": b"no key at all",
    "cut off": P256[:-1],
    "more behind it": P256 + b"\0\0",
    "no point of its curve": P256[:-1] + bytes([P256[-1] ^ 1]),
    "an Ed25519 key of 31 bytes": bytes.fromhex("3029300506032b6570032000") + bytes(range(31)),
}
"""What stands in a PEM file as a public key, and is none."""


@pytest.mark.parametrize("name", NO_KEY)
def test_what_is_no_key_is_an_error_of_the_config_for_every_command(project: Project, name: str) -> None:
    """No gate opens, and nothing is called intact, with a key of which check says that nothing can be verified."""
    trusting(project, more="")
    recorded(project)
    approve(project)
    assert project.cli("gate", "UC-001").exit_code == 0
    project.write("keys/ben.pem", pem(NO_KEY[name]))
    assert_refused_by_all(project, "keys/ben.pem contains no readable public key")


def assert_refused_by_all(project: Project, expected: str) -> None:
    """The config is wrong: so says check, and every other command and a session end before they answer."""
    checked = project.cli("check")
    assert (checked.exit_code, expected in checked.stdout) == (1, True), checked.output
    for words in (("gate",), ("gate", "UC-001"), ("verify",), ("report",), ("next",)):
        done = project.cli(*words)
        assert (done.exit_code, done.stdout, expected in done.stderr) == (2, "", True), (words, done.output)
    result = project.run("--readiness-gate")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert expected in result.stderr.str()


@pytest.mark.parametrize(
    "private", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())], ids=["RSA", "P-256"]
)
def test_a_key_that_signs_no_checkpoint_cannot_be_trusted_with_them(
    project: Project, private: rsa.RSAPrivateKey
) -> None:
    """What check says of its role, every command says: none answers with a key that can never do what it is for."""
    trusting(project, more='\n[keys.big]\npublic = "keys/big.pem"\nroles = ["runs", "checkpoints"]\n')
    project.write("keys/big.pem", pem(der_of(private.public_key())))
    assert_refused_by_all(project, "has the role checkpoints, but is not an Ed25519 key")


def rsa_der(modulus: int, exponent: int) -> bytes:
    """An RSA key of these numbers, which no library would make."""

    def value(tag: int, content: bytes) -> bytes:
        size = len(content)
        length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2)
        return bytes([tag]) + length + content

    def number(key_info: int) -> bytes:
        return value(2, key_info.to_bytes(key_info.bit_length() // 8 + 1))

    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    return value(0x30, algorithm + value(3, b"\0" + value(0x30, number(modulus) + number(exponent))))


def weak(name: str) -> bytes:
    """One of the weak keys."""
    made = WEAK[name][0]
    if isinstance(made, bytes):
        return _SPKI_ED25519 + made
    if made is None:
        return rsa_der((1 << 2046) + 1155 * 2 + 15, 65537)
    if isinstance(made, int):
        return rsa_der(rsa.generate_private_key(65537, 2048).public_key().public_numbers().n, made)
    return rsa_der((1 << 2047) + 6, 65537) if made == "even" else der_of(made)


@pytest.mark.parametrize("name", WEAK)
def test_a_weak_key_is_an_error_of_the_config(project: Project, name: str) -> None:
    """Where the config names one: check says so with its line, and nothing is judged with it."""
    project.configured(CONFIG + '[keys.ci]\npublic = "ci.pem"\nroles = ["runs"]\n').tests(TESTS)
    project.write("ci.pem", pem(weak(name)))
    checked, gate = project.cli("check"), project.cli("gate")
    assert (checked.exit_code, gate.exit_code, gate.stdout) == (1, 2, ""), gate.output
    assert "readiness.toml:18: ci.pem is " in checked.stdout
    assert WEAK[name][1] in checked.stdout
    assert WEAK[name][1] in gate.stderr
    assert len(gate.stderr.splitlines()) == 1


@pytest.mark.parametrize("private", [rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP192R1())])
def test_a_weak_key_signs_nothing(project: Project, private: rsa.RSAPrivateKey) -> None:
    """A session keeps its run without a signature, and says why."""
    project.configured().tests(TESTS)
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    project.write("secret/weak.key.pem", secret)
    signing_as(project, "weak")
    result = project.run()
    assert result.ret == 13
    output = " ".join(str(result.stdout).split())
    assert "is stored without a signature: READINESS_SIGNER: secret/weak.key.pem is an " in output
    assert store_of(project, lambda store: store.envelopes([store.runs()[0].id])) == []


def two_persons(project: Project, first: str, second: str, more: str = "") -> Project:
    """The keys of Ana and Ben are these."""
    entries = "".join(
        f'\n[keys.{name}]\npublic = "keys/{name}.pem"\nroles = ["reviews"]\nperson = "{person}"\n'
        for name, person in (("ana", ANA), ("ben", BEN))
    )
    project.configured(CONFIG + REVIEW + 'required = 2\nidentity = "signed"\n' + more + entries).tests(TESTS)
    project.write("keys/ana.pem", first)
    project.write("keys/ben.pem", second)
    return project


TWICE = "is of ben@example.com, but the same key as [keys.ana] of ana@example.com"


def spellings() -> dict[str, tuple[str, str]]:
    """One key in two files."""
    ed, p256 = Ed25519PrivateKey.generate().public_key(), ec.generate_private_key(ec.SECP256R1()).public_key()
    big = rsa.generate_private_key(65537, 2048).public_key()
    plain = der_of(big)
    without = bytes.fromhex("300b06092a864886f70d01010a")  # for PSS alone
    rest = without + plain[4 + 15 :]
    pss = b"\x30\x82" + len(rest).to_bytes(2) + rest
    return {
        "the same file": (pem(der_of(ed)), pem(der_of(ed))),
        "other lines": (pem(der_of(ed)), f"# of Ben\n{pem(der_of(ed), 20)}"),
        "a compressed point": (pem(der_of(p256)), pem(compressed(p256))),
        "another algorithm": (pem(plain), pem(pss)),
    }


@pytest.mark.parametrize(("first", "second"), spellings().values(), ids=spellings())
def test_one_key_is_one_person_s(project: Project, first: str, second: str) -> None:
    """Two approvals by one private key are no four eyes: check names the line, and every other command ends with 2."""
    two_persons(project, first, second)
    checked = project.cli("check")
    assert (checked.exit_code, TWICE in checked.stdout) == (1, True), checked.output
    assert "readiness.toml:29: is of ben@example.com, but the same key" in checked.stdout
    for words in (("gate",), ("verify",), ("report",), ("review", "UC-001", "--approve", "--by", ANA)):
        done = project.cli(*words)
        assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), done.output
        assert TWICE in done.stderr
    result = project.run("--readiness-gate")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *the same key as*"])


def test_one_person_may_have_a_key_under_two_names(project: Project) -> None:
    """Names that are joined are one person, whose key may stand under each; and a key without a person is nobody's."""
    key = pem(der_of(Ed25519PrivateKey.generate().public_key()))
    ci = '\n[keys.ci]\npublic = "keys/ana.pem"\nroles = ["runs"]\n'
    two_persons(project, key, key, f'\n[people."{ANA}"]\nalso = ["{BEN}"]\n{ci}')
    assert project.cli("check").exit_code == 0


def test_two_persons_with_two_keys_are_four_eyes(project: Project) -> None:
    """What the error is about works where each has a key of their own."""
    trusting(project, more="", review='required = 2\nidentity = "signed"\n')
    record(project)
    for name, person in (("ana", ANA), ("ben", BEN)):
        signing_as(project, name)
        approve(project, by=person)
    assert project.report("UC-001")["use_cases"][0]["status"] == "READY_FOR_GO_LIVE"


# -- properties ------------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([ec.SECP256R1, ec.SECP384R1, ec.SECP521R1]))
def test_a_good_key_is_described_as_the_library_reads_it(curve: type[ec.EllipticCurve]) -> None:
    """Nothing speaks against a key of a good kind, and another key is told from it."""
    each, other = (ec.generate_private_key(curve()).public_key() for _ in range(2))
    assert describe_key(der_of(each)).weakness == ""
    assert describe_key(der_of(each)) == describe_key(der_of(load_der_public_key(der_of(each))))
    assert describe_key(der_of(each)).material != describe_key(der_of(other)).material


GOOD = der_of(rsa.generate_private_key(65537, 2048).public_key())
KEYS = (GOOD, P256, der_of(ec.generate_private_key(ec.SECP521R1()).public_key()), compressed(load_der_public_key(P256)))  # type: ignore[arg-type]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(KEYS), st.data())
def test_what_nothing_speaks_against_the_library_can_read(key: bytes, data: st.DataObject) -> None:
    """A key with one byte changed is refused here, or is one that signatures can be verified with."""
    wrong = bytearray(key)
    wrong[data.draw(st.integers(0, len(key) - 1))] = data.draw(st.integers(0, 255))
    if not describe_key(bytes(wrong)).weakness:
        assert load_der_public_key(bytes(wrong)).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@given(st.binary(max_size=80) | st.integers(0, len(GOOD)).map(lambda end: GOOD[:end]))
def test_any_bytes_are_described(data: bytes) -> None:
    """However broken, they are told from a good key, and nothing is raised."""
    assert describe_key(data).material != describe_key(GOOD).material or data == GOOD


# -- merge signs what no trusted key signed --------------------------------------------------------------------------


def carried(project: Project, by: str | None) -> str:
    """A run in a bundle, signed with this key, and a store without it."""
    key_pair(project, "eve")
    run_id = recorded(project, by, "--readiness-bundle=run.zip")
    (project.path / ".readiness" / "evidence.db").unlink()
    return run_id


@pytest.mark.parametrize("by", ["eve", "ana", None])
def test_a_signature_of_somebody_else_keeps_nobody_from_signing(project: Project, by: str | None) -> None:
    """What counts is a trusted key with the role: without one the run is signed here, and merge says how many were."""
    trusting(project)
    run_id = carried(project, by)
    signing_as(project, "ci")
    done = project.cli("merge", "run.zip")
    assert (done.exit_code, done.stdout.splitlines()[1:]) == (0, ["signed with READINESS_SIGNER: 1 run"])
    assert len(store_of(project, lambda store: store.envelopes([run_id]))) == 1 + (by is not None)
    levels = [
        needed["level"] for item in project.report("UC-001")["use_cases"][0]["items"] for needed in item["requirements"]
    ]
    assert levels == ["L2", "L2"]
    again = project.cli("merge", "run.zip")
    expected = "signed with READINESS_SIGNER: 0 runs (each was already signed with a trusted key or this one)"
    assert (again.exit_code, again.stdout.splitlines()[1:]) == (0, [expected])


def test_a_key_that_nobody_trusts_signs_once_and_says_so(project: Project) -> None:
    """However often a bundle is merged, its signatures do not pile up."""
    trusting(project)
    run_id = carried(project, None)
    signing_as(project, "eve")
    expected = "readiness: the signing key is not trusted with runs ([keys]), so its signatures do not count here"
    for signed in (1, 0):
        done = project.cli("merge", "run.zip")
        assert (done.exit_code, done.stderr.splitlines()) == (0, [expected] * signed)
    assert len(store_of(project, lambda store: store.envelopes([run_id]))) == 1


def test_what_lies_beside_a_journal_keeps_nobody_from_signing(project: Project) -> None:
    """While the store is away a run and its statement wait: only one by a trusted key stands for ours."""
    trusting(project)
    broken = project.write(".readiness/evidence.db", "no store")
    project.monkeypatch.setenv("READINESS_SIGNER", "file2:secret/eve.key.pem")
    assert project.run(f"--readiness-actor={BOT}").ret == 13
    (remaining,) = (project.path / ".readiness" / "journal").glob("*.statement.json")
    broken.unlink()
    signing_as(project, "ci")
    assert project.cli("recover").exit_code == 0
    assert not remaining.exists()
    signed = store_of(project, lambda store: store.envelopes([store.runs()[0].id]))
    assert len(signed) == 2
    assert project.report("UC-001")["use_cases"][0]["items"][0]["requirements"][0]["level"] == "L2"
