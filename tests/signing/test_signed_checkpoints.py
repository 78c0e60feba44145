"""Signed checkpoints: who signs them, and how verify and gate use them."""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import Callable

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from pytest_readiness.store.bundle import verify_bundle
from tests.project import Project

from .keyring import KEYS, database, recorded, signing_as, trusting

pytestmark = pytest.mark.slow

HEAD = """
[keys.head]
public = "keys/eve.pem"
roles = ["checkpoints"]
"""
"""Trusts the key that is neither CI's nor a person's."""
UNSIGNED = "the checkpoint is not signed: signed notes need an Ed25519 key, and READINESS_SIGNER names another kind\n"


@pytest.fixture
def trusted(project: Project) -> Project:
    """A project with a signed run, whose config trusts a key with checkpoints."""
    trusting(project, more="", keys=KEYS + HEAD)
    recorded(project)
    return project


def keep(project: Project, by: str | None, name: str = "head.txt") -> str:
    """Keep a checkpoint that is signed with this key; return its text."""
    signing_as(project, by)
    done = project.cli("checkpoint", "-o", name)
    signing_as(project, None)
    assert (done.exit_code, done.stderr) == (0, "")
    return (project.path / name).read_text(encoding="utf-8")


def resigned(project: Project, text: str, by: str, name: str = "head") -> str:
    """The first lines of a text, signed with a key: put together here, from the specification alone."""
    note = text.partition("\n\n")[0] + "\n"
    private = load_pem_private_key((project.path / "secret" / f"{by}.key.pem").read_bytes(), None)
    assert isinstance(private, ed25519.Ed25519PrivateKey)
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    hint = hashlib.sha256(name.encode() + b"\n\x01" + raw).digest()[:4]
    return f"{note}\n— {name} {base64.b64encode(hint + private.sign(note.encode())).decode()}\n"


def assert_counts(project: Project, *names: str) -> None:
    """Verify finds everything in order, and the rule of the gate passes."""
    options = [word for name in names or ("head.txt",) for word in ("--checkpoint", name)]
    done = project.cli("verify", *options)
    assert done.exit_code == 0, done.output
    assert "passed  checkpoint (1 of 1)" in project.cli("gate", *options).stdout


def assert_counts_for_nothing(project: Project, message: str) -> None:
    """Verify exits 3 and says it in one line; so does the gate, whose rule has failed."""
    done = project.cli("verify", "--checkpoint", "head.txt")
    assert (done.exit_code, done.stdout.splitlines()[1]) == (3, "not intact: 1 problem")
    assert done.stdout.startswith(f"checkpoint head.txt: {message}")
    gate = project.cli("gate", "--checkpoint", "head.txt")
    assert gate.exit_code == 3
    assert f"failed checkpoint (1 problem): checkpoint head.txt: {message}" in " ".join(gate.stdout.split())


# -- signing ---------------------------------------------------------------------------------------------------------


def test_a_signature_is_one_that_others_can_check(trusted: Project) -> None:
    """A line of a signed note with the key's name of the config, its hash, and a signature over the first three lines."""
    text = keep(trusted, "eve")
    note, _, line = text.partition("\n\n")
    dash, name, encoded = line.removesuffix("\n").split(" ")
    assert (dash, name) == ("—", "head")
    signed = base64.b64decode(encoded)
    public = load_pem_public_key((trusted.path / "keys" / "eve.pem").read_bytes())
    assert isinstance(public, ed25519.Ed25519PublicKey)
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert signed[:4] == hashlib.sha256(b"head\n\x01" + raw).digest()[:4]
    public.verify(signed[4:], f"{note}\n".encode())
    with pytest.raises(InvalidSignature):
        public.verify(signed[4:], note.encode())
    signing_as(trusted, "eve")
    assert trusted.cli("checkpoint").stdout == text == resigned(trusted, text, "eve")


def test_a_key_that_the_config_does_not_name_signs_under_the_name_of_the_store(project: Project) -> None:
    """And nothing looks at signatures where no key is trusted with checkpoints: neither at that, nor at its absence."""
    trusting(project, more="")
    recorded(project)
    text = keep(project, "eve")
    assert text.splitlines()[-1].split(" ")[1] == text.splitlines()[0]
    (project.path / "wrong.txt").write_text(text.replace("— ", "— AAAA"), encoding="utf-8")
    keep(project, None, "unsigned.txt")
    assert_counts(project, "head.txt", "unsigned.txt", "wrong.txt")


@pytest.mark.parametrize(
    "generate", [lambda: ec.generate_private_key(ec.SECP256R1()), lambda: rsa.generate_private_key(65537, 2048)]
)
def test_another_kind_of_key_signs_no_notes(trusted: Project, generate: Callable[[], rsa.RSAPrivateKey]) -> None:
    """The checkpoint is made without a signature, which one line says; to trust it with them is an error of the config."""
    private = generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    trusted.write("secret/big.key.pem", pem.decode())
    signing_as(trusted, "big")
    done = trusted.cli("checkpoint", "-o", "head.txt")
    assert (done.exit_code, done.stderr) == (0, UNSIGNED)
    assert (trusted.path / "head.txt").read_text().endswith("=\n\n")
    assert_counts_for_nothing(trusted, "it is not signed, but must be signed by a key with the role checkpoints")
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    trusted.write("keys/eve.pem", public.decode())
    for command, code in (("check", 1), ("checkpoint", 2), ("gate", 2)):
        done = trusted.cli(command)
        assert (done.exit_code, "has the role checkpoints, but is not an Ed25519 key" in done.output) == (code, True)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("file2:secret/none.pem", "none.pem cannot be read: No such file or directory"),
        ("file2:keys/ci.pem", "contains no usable private key"),
        ("secret/ci.key.pem", "is not a kind of key"),
        ("hsm:2?label=none", "(hsm:) cannot sign"),
    ],
)
def test_a_signer_that_fails_replaces_nothing(trusted: Project, uri: str, message: str) -> None:
    """Exit code 3 and one line; the file that was there stays, and nothing is printed that looks like a checkpoint."""
    before = keep(trusted, "eve")
    trusted.run()
    trusted.monkeypatch.setenv("READINESS_SIGNER", uri)
    for options in ((), ("-o", "head.txt")):
        done = trusted.cli("checkpoint", *options)
        assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (3, "", 1), done.output
        assert "no checkpoint was made, since it cannot be signed: " in done.stderr
        assert message in done.stderr
    assert (trusted.path / "head.txt").read_text(encoding="utf-8") == before


# -- trusting --------------------------------------------------------------------------------------------------------


def test_a_checkpoint_that_a_trusted_key_signed_counts(trusted: Project) -> None:
    """Under whatever name it signed; lines of others, such as witnesses, are passed over."""
    text = keep(trusted, "eve")
    witness = resigned(trusted, text, "ben", "witness.example/w1").splitlines()[-1]
    note, _, line = text.partition("\n\n")
    for name, written in {
        "named.txt": resigned(trusted, text, "eve", "another-name"),
        "after.txt": f"{text}{witness}\n",
        "before.txt": f"{note}\n\n{witness}\n— head AAECAwQ=\n{line}",
    }.items():
        (trusted.path / name).write_text(written, encoding="utf-8")
    assert_counts(trusted, "head.txt", "named.txt", "after.txt", "before.txt")


def test_a_checkpoint_without_a_signature_counts_for_nothing(trusted: Project) -> None:
    """Whoever can replace the file could have written it."""
    keep(trusted, None)
    assert_counts_for_nothing(
        trusted, "it is not signed, but must be signed by a key with the role checkpoints ('head')"
    )


@pytest.mark.parametrize("by", ["ci", "ana"])
def test_a_signature_by_a_key_without_the_role_counts_for_nothing(trusted: Project, by: str) -> None:
    """A key that signs runs or reviews vouches for no checkpoint; nor does it under the name of the one that does."""
    message = "none of its signatures is by a key with the role checkpoints ('head')"
    text = keep(trusted, by)
    assert f"— {by} " in text
    assert_counts_for_nothing(trusted, message)
    (trusted.path / "head.txt").write_text(resigned(trusted, text, by), encoding="utf-8")
    assert_counts_for_nothing(trusted, message)


def test_a_text_that_was_changed_does_not_fit_its_signature(trusted: Project) -> None:
    """A root exchanged for another one of the same store is told, though the store has grown out of that too."""
    older = keep(trusted, "eve", "older.txt")
    recorded(trusted)
    line = keep(trusted, "eve").partition("\n\n")[2]
    (trusted.path / "head.txt").write_text(older.partition("\n\n")[0] + f"\n\n{line}", encoding="utf-8")
    assert_counts_for_nothing(trusted, "its signature by the key 'head' is not valid: something was changed")


def test_a_store_that_was_rolled_back_and_its_checkpoint_signed_with_another_key(trusted: Project) -> None:
    """Who has the store and the checkpoint, and a key of their own, can make the two fit: the signature shows it."""
    shutil.copyfile(database(trusted), trusted.path / "older.db")
    recorded(trusted)
    keep(trusted, "eve")
    shutil.copyfile(trusted.path / "older.db", database(trusted))
    (trusted.path / "head.txt").unlink()
    forged = resigned(trusted, keep(trusted, None), "ben")
    (trusted.path / "head.txt").write_text(forged, encoding="utf-8")
    assert_counts_for_nothing(trusted, "none of its signatures is by a key with the role checkpoints ('head')")


def test_the_variable_and_a_session_ask_for_the_signature_too(trusted: Project) -> None:
    """A pytest session with a gate takes an unsigned checkpoint for none, as the command does."""
    keep(trusted, None)
    trusted.monkeypatch.setenv("READINESS_CHECKPOINT", "head.txt")
    done = trusted.run("--readiness-gate")
    assert done.ret == 13
    done.stdout.fnmatch_lines(["*failed  checkpoint (1 problem): checkpoint head.txt: it is not signed*"])


def test_without_the_extra_no_checkpoint_counts(trusted: Project) -> None:
    """Where a signature is asked for and cannot be checked, the gate is closed, and says what to install."""
    keep(trusted, "eve")
    trusted.monkeypatch.setattr("pytest_readiness.signing.library.find_spec", lambda _: None)
    done = trusted.cli("gate", "--checkpoint", "head.txt")
    assert done.exit_code == 3
    assert "checkpoint head.txt: signatures need an extra" in " ".join(done.stdout.split())


def test_a_key_for_checkpoints_makes_no_review_suspect(project: Project) -> None:
    """It says nothing of use cases: what was reviewed before it was trusted is reviewed still."""
    from tests.reviewed_project import approve

    trusting(project, more="")
    recorded(project)
    signing_as(project, "ana")
    approve(project)
    signing_as(project, None)
    before = project.report()["use_cases"]
    config = project.path / "readiness.toml"
    config.write_text(config.read_text() + HEAD)
    assert project.report()["use_cases"] == before


# -- the offline script ----------------------------------------------------------------------------------------------


def test_the_offline_script_reads_a_signed_checkpoint(
    trusted: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It compares the three lines; who signed them, the command tells."""
    keep(trusted, "eve")
    assert trusted.cli("bundle", "--with-tree", "-o", "all.zip").exit_code == 0
    capsys.readouterr()
    monkeypatch.setattr("sys.argv", ["verify_bundle.py", "all.zip", "--checkpoint", "head.txt"])
    assert verify_bundle.main() == 0, capsys.readouterr().out


@pytest.mark.parametrize("by", [None, "ana"])
def test_a_checkpoint_that_counts_is_never_replaced_by_one_that_does_not(trusted: Project, by: str | None) -> None:
    """Unsigned, or signed with a key that may not: the file stays, and the command says so; the trusted key may."""
    checkpoint = keep(trusted, "eve")
    recorded(trusted)
    signing_as(trusted, by)
    done = trusted.cli("checkpoint", "-o", "head.txt")
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)
    assert "checkpoint head.txt: is trusted, and the new one would not be: " in done.stderr
    assert "; the file was not changed" in done.stderr
    assert (trusted.path / "head.txt").read_text(encoding="utf-8") == checkpoint
    newer = keep(trusted, "eve")
    assert newer != checkpoint
    verified = trusted.cli("verify", "--checkpoint", "head.txt")
    assert verified.stdout.splitlines()[1:] == [
        "the first 2 of 2 records are those of head.txt, signed with a trusted key"
    ]


def test_what_does_not_count_is_replaced_by_whatever_comes(trusted: Project) -> None:
    """An unsigned file gives way to a signed one, and to another that is not."""
    for by in (None, "ana", None, "eve"):
        keep(trusted, by)
