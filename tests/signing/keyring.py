"""Key pairs, and a project that trusts some of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from pytest_readiness.facts.envelope import PAYLOAD_TYPE, Envelope, Signature, pae, sealed_envelope
from pytest_readiness.store.address import open_store
from pytest_readiness.store.protocol import Store
from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, BEN, REVIEW, TESTS, record

KEYS = f"""
[keys.ci]
public = "keys/ci.pem"
roles = ["runs"]

[keys.ana]
public = "keys/ana.pem"
roles = ["reviews"]
person = "{ANA}"

[keys.ben]
public = "keys/ben.pem"
roles = ["reviews"]
person = "{BEN}"
"""
L2 = """
[gate]
level = "L2"
"""
NAMES = ("ci", "ana", "ben", "eve")


def key_pair(project: Project, name: str) -> None:
    """Write a private key, and its public part where the config looks for it."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    project.write(f"secret/{name}.key.pem", pem.decode())
    project.write(f"keys/{name}.pem", public.decode())


def trusting(project: Project, more: str = L2, review: str = "", keys: str = KEYS, tests: str = TESTS) -> Project:
    """The project with reviewers, whose config trusts the keys of CI, Ana and Ben; Eve has one too."""
    for name in NAMES:
        key_pair(project, name)
    return project.configured(CONFIG + REVIEW + review + keys + more).tests(tests)


def signing_as(project: Project, name: str | None) -> None:
    """Name the key that signs from here on."""
    if name is None:
        project.monkeypatch.delenv("READINESS_SIGNER", raising=False)
    else:
        project.monkeypatch.setenv("READINESS_SIGNER", f"file2:secret/{name}.key.pem")


def recorded(project: Project, by: str | None = "ci", *args: str) -> str:
    """Record the tests in a run that is signed with this key; return its id."""
    signing_as(project, by)
    record(project, *args)
    signing_as(project, None)
    return str(store_of(project, lambda store: store.runs()[0].id))


def store_of(project: Project, ask: Any) -> Any:
    """What the store of the project answers."""
    store = open_store("sqlite:///.readiness/evidence.db", project.path, create=False)
    assert store is not None
    try:
        return ask(store)
    finally:
        store.close()


def statement_of(project: Project, subject: str) -> Envelope:
    """The one signed statement about a run or a decision."""

    def ask(store: Store) -> Envelope:
        (result,) = store.envelopes([subject])
        return result

    result: Envelope = store_of(project, ask)
    return result


def resigned(project: Project, payload: bytes, name: str, keyid: str = "") -> Envelope:
    """A statement with a signature by the key of this name, whatever it says."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    private = load_pem_private_key((project.path / "secret" / f"{name}.key.pem").read_bytes(), None)
    assert isinstance(private, Ed25519PrivateKey)
    return sealed_envelope(payload, [Signature(keyid, private.sign(pae(PAYLOAD_TYPE, payload)))])


def database(project: Project) -> Path:
    """The file of the store."""
    return project.path / ".readiness" / "evidence.db"
