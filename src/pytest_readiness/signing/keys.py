"""Keys that sign and verify. Only this module uses the signing library (extra ``sign``).

The config names trusted keys as PEM files. ``READINESS_SIGNER`` names the signing key, in the form of the library:
``file2:ci.key.pem``, ``awskms:…``, ``gcpkms:…``, ``azurekms:…``, ``hv:…``, ``hsm:…``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, Problem, location, one_line, suggestion
from ..facts.checkpoint import Checkpoint, is_note_name
from ..facts.envelope import PAYLOAD_TYPE, Envelope, Signature, pae, sealed_envelope
from ..regular_files import read_regular, regular_file
from ..settings import KeySettings, Settings, key_location
from ..third_party import describe_exception, is_failure
from .key_strength import describe_key
from .library import FILE_SCHEME, MISSING, SECRET, SIGNER, missing_library

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, Key

PEM_LIMIT = 1 << 16
"""Bytes that are read of a PEM file."""
UNSUPPORTED_SCHEMES = frozenset({"gnupg"})
"""Schemes of the library whose signatures need more than a DSSE envelope contains."""

_ED25519_PREFIX = bytes.fromhex("302a300506032b6570032100")
"""The bytes before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo."""
_ED25519_NOTE = b"\1"
"""The number of Ed25519 in signed notes."""
_HINT_SIZE = 4
"""Bytes of the key hint before the signature in a note."""
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END \1-----")


# -- public keys ---------------------------------------------------------------------------------------------------


def trusted_keys(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the keys of the config by name, in the form of a policy snapshot: ``public``, ``roles``, ``person``.

    Raises:
        ConfigError: a key cannot be used. The message names its file and line.
    """
    public_keys, problems = _read_keys(settings)
    for problem in problems:
        raise ConfigError(str(problem))
    configured = settings.keys
    return {
        name: {"public": public, "roles": sorted(set(configured[name].roles)), "person": configured[name].person}
        for name, public in public_keys.items()
    }


def key_problems(settings: Settings) -> Iterator[Problem]:
    """Yield the problems of the keys in the config, and those that the library finds, if it is installed."""
    public_keys, problems = _read_keys(settings)
    yield from problems
    for name, public in public_keys.items() if not missing_library() else ():
        try:
            _key(public)
        except ConfigError as error:
            yield Problem(key_location(settings, "keys", name, "public"), str(error))


def _read_keys(settings: Settings) -> tuple[dict[str, str], list[Problem]]:
    """Return the public keys by name, and their problems."""
    public_keys: dict[str, str] = {}
    problems: list[Problem] = []
    for name, key in settings.keys.items():
        try:
            public = public_keys[name] = _read_public(settings, key)
        except ConfigError as error:
            problems.append(Problem(key_location(settings, "keys", name, "public"), str(error)))
            continue
        if "checkpoints" in key.roles and not _ed25519(public):
            text = "has the role checkpoints, but is not an Ed25519 key, which checkpoints need"
            problems.append(Problem(key_location(settings, "keys", name, "roles"), text))
    return public_keys, [*problems, *_shared_key_problems(settings, public_keys)]


def _shared_key_problems(settings: Settings, public_keys: Mapping[str, str]) -> Iterator[Problem]:
    """Yield a problem for each key of two persons, because its owner could act as both.

    The keys are compared, and not the bytes of their files.
    """
    owners: dict[tuple[str | int, ...], list[str]] = {}
    for name, public in public_keys.items():
        if settings.keys[name].person:
            owners.setdefault(describe_key(base64.b64decode(public)).material, []).append(name)
    if all(len(names) == 1 for names in owners.values()):
        return
    from ..verdict.people import People  # imported here, because a session that only records does not need it

    people = People.from_aliases({name: person.also for name, person in settings.people.items()})
    for first, *others in owners.values():
        for name in others:
            first_person, person = (settings.keys[key].person or "" for key in (first, name))
            if not people.is_same_person(first_person, person):
                persons = f"is of {one_line(person)}, but the same key as [keys.{first}] of {one_line(first_person)}"
                advice = "give each person their own key, or join the names in [people]"
                yield Problem(key_location(settings, "keys", name, "public"), f"{persons}: {advice}")


def _read_public(settings: Settings, key: KeySettings) -> str:
    return base64.b64encode(read_public_key(settings.folder / key.public)).decode()


def read_public_key(path: Path) -> bytes:
    """Return the public key (SubjectPublicKeyInfo) in a PEM file.

    Raises:
        ConfigError: the file cannot be read, or does not contain exactly one strong public key.
    """
    try:
        with regular_file(path) as file:
            text = file.read(PEM_LIMIT).decode("ascii", "replace")
    except OSError as error:
        raise ConfigError(f"{location(path)} cannot be read: {error.strerror}") from None
    blocks = _PEM.findall(text)
    if any("PRIVATE" in kind for kind, _ in blocks):
        advice = "keep it secret, and name its public part (openssl pkey -in KEY.pem -pubout)"
        raise ConfigError(f"{location(path)} contains a private key: {advice}")
    try:
        ((kind, encoded),) = blocks
        der = base64.b64decode("".join(encoded.split()), validate=True) if kind == "PUBLIC KEY" else b""
    except (ValueError, binascii.Error):
        der = b""
    if not der:
        raise ConfigError(f"{location(path)} contains no public key: a PEM file with one BEGIN PUBLIC KEY is needed")
    if weakness := describe_key(der).weakness:
        raise ConfigError(f"{location(path)} {weakness}")
    return der


@lru_cache(maxsize=64)
def _key(public: str) -> Key:
    der = base64.b64decode(public)
    if weakness := describe_key(der).weakness:  # a policy snapshot of an older version may contain it
        raise ConfigError(f"the public key {weakness}")
    with _libraries():
        # Imported here, as in the whole module: it takes 200 ms, and only signing and verifying needs it.
        from cryptography.hazmat.primitives.serialization import load_der_public_key
        from securesystemslib.signer import SSlibKey

        try:
            return SSlibKey.from_crypto(load_der_public_key(der))
        except BaseException as error:  # the libraries raise many kinds of errors
            if not is_failure(error):
                raise
            raise ConfigError(f"this public key cannot verify a signature: {describe_exception(error)}") from None


@contextmanager
def _libraries() -> Iterator[None]:
    """Run a block that uses the libraries, without their warnings.

    Raises:
        ConfigError: a library is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except ImportError:
            raise ConfigError(MISSING) from None


def verify_signature(public: str, envelope: Envelope) -> bool:
    """Return whether a statement is signed with the key that has this public part.

    The key ids in the envelope are not used.

    Raises:
        ConfigError: the kind of key is not supported, or the library is not installed.
    """
    key = _key(public)
    data = pae(PAYLOAD_TYPE, envelope.payload)
    return any(_fits(key, signature.sig, data) for signature in envelope.signatures)


def names_key(public: str, envelope: Envelope) -> bool:
    """Return whether a signature of a statement has the key id of this key."""
    keyid = _key(public).keyid
    return any(signature.keyid == keyid for signature in envelope.signatures)


def _fits(key: Key, signature: bytes, data: bytes) -> bool:
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature as LibrarySignature

    try:
        key.verify_signature(LibrarySignature(key.keyid, signature.hex()), data)
    except UnverifiedSignatureError:
        return False
    return True


def _ed25519(public: str) -> bytes:
    """Return the 32 bytes of an Ed25519 key; empty: another kind of key."""
    der = base64.b64decode(public)
    return (
        der[len(_ED25519_PREFIX) :]
        if der.startswith(_ED25519_PREFIX) and len(der) == len(_ED25519_PREFIX) + 32
        else b""
    )


def _hint(name: str, ed25519: bytes) -> bytes:
    """Return the key hint in a signed note. It is not used to verify."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519_NOTE + ed25519).digest()[:_HINT_SIZE]


def verify_note(public: str, checkpoint: Checkpoint) -> bool:
    """Return whether a checkpoint is signed with this key, under any name.

    Raises:
        ConfigError: the kind of key is not supported, or the library is not installed.
    """
    key = _key(public) if _ed25519(public) else None
    note = checkpoint.note.encode()
    return key is not None and any(_fits(key, signature[_HINT_SIZE:], note) for _, signature in checkpoint.signatures)


def has_false_signature(public: str, checkpoint: Checkpoint) -> bool:
    """Return whether a signature of a checkpoint has the hint of this key, but does not verify.

    Raises:
        ConfigError: the kind of key is not supported, or the library is not installed.
    """
    ed25519, note = _ed25519(public), checkpoint.note.encode()
    claimed = [
        signature[_HINT_SIZE:]
        for name, signature in checkpoint.signatures
        if ed25519 and signature[:_HINT_SIZE] == _hint(name, ed25519)
    ]
    return not all(_fits(_key(public), signature, note) for signature in claimed)


# -- signing -------------------------------------------------------------------------------------------------------


def sign_statement(payload: bytes, folder: Path, trusted: Iterable[str] = ()) -> Envelope:
    """Return the envelope of a statement, signed with the key that ``READINESS_SIGNER`` names.

    Args:
        payload: the statement.
        folder: the folder at which the relative path of a key starts.
        trusted: public keys (SubjectPublicKeyInfo, base64). A signing service must fit one of them, because it does not
            return its own public key.

    Raises:
        ConfigError: signing failed. The message is one line without secrets.
    """
    return sign_and_match(payload, folder, trusted)[0]


def sign_and_match(
    payload: bytes, folder: Path, trusted: Iterable[str] = ()
) -> tuple[Envelope, Callable[[Envelope], bool]]:
    """Return the result of ``sign_statement``, and a function that returns whether the same key signed a statement.

    Raises:
        ConfigError: as ``sign_statement``.
    """
    key, signature = sign_bytes(pae(PAYLOAD_TYPE, payload), folder, trusted)

    def is_same_key(other: Envelope) -> bool:
        data = pae(PAYLOAD_TYPE, other.payload)
        return any(_fits(key, entry.sig, data) for entry in other.signatures)

    return sealed_envelope(payload, [Signature(key.keyid, signature)]), is_same_key


def sign_checkpoint(checkpoint: Checkpoint, folder: Path, trusted: Mapping[str, str]) -> Checkpoint:
    """Return a checkpoint signed with the key that ``READINESS_SIGNER`` names, if that is an Ed25519 key.

    Signed notes have no other kind of signature. With another kind the checkpoint is returned unchanged.

    Args:
        checkpoint: the checkpoint.
        folder: the folder at which the relative path of a key starts.
        trusted: public keys by name. The name in the signature is the first name of the key that a note allows, else
            the checkpoint's origin.

    Raises:
        ConfigError: signing failed. The message is one line without secrets.
    """
    key, signature = sign_bytes(checkpoint.note.encode(), folder, trusted.values())
    if key.keytype != "ed25519":
        return checkpoint
    ed25519 = bytes.fromhex(key.keyval["public"])
    names = (name for name, public in trusted.items() if _ed25519(public) == ed25519 and is_note_name(name))
    name = next(names, checkpoint.origin)
    return checkpoint.signed(name, _hint(name, ed25519) + signature)


def sign_bytes(data: bytes, folder: Path, trusted: Iterable[str]) -> tuple[Key, bytes]:
    """Return the key that ``READINESS_SIGNER`` names, and its signature of these bytes.

    Raises:
        ConfigError: signing failed.
    """
    uri = os.environ.get(SIGNER, "")
    with _libraries():
        scheme = _scheme(uri)
        try:
            return (
                _sign_with_file(uri, folder, data) if scheme == FILE_SCHEME else _sign_with_service(uri, trusted, data)
            )
        except ConfigError:
            raise
        except BaseException as error:  # each kind of signer raises its own errors
            if not is_failure(error):
                raise
            message = one_line(describe_exception(error, 10_000).replace(os.environ.get(SECRET) or "\0", "…"))
            raise ConfigError(f"{SIGNER} ({scheme}:) cannot sign: {message}") from None


def _scheme(uri: str) -> str:
    from securesystemslib.signer import SIGNER_FOR_URI_SCHEME

    scheme, colon, _ = uri.partition(":")
    supported = SIGNER_FOR_URI_SCHEME.keys() - UNSUPPORTED_SCHEMES
    if not colon or scheme not in supported:
        hint = suggestion(scheme, supported) or f" (supported: {', '.join(sorted(supported))})"
        raise ConfigError(f"{SIGNER} does not name a signing key: '{one_line(scheme, 40)}' is not a kind of key{hint}")
    return scheme


def _sign_with_file(uri: str, folder: Path, data: bytes) -> tuple[Key, bytes]:
    path = folder / uri.partition(":")[2]
    secret = os.environ.get(SECRET)
    try:
        pem = read_regular(path)
    except OSError as error:
        raise ConfigError(f"{SIGNER}: {location(path)} cannot be read: {error.strerror}") from None
    try:
        signer, weakness = _file_signer(pem, secret)
    except (ValueError, TypeError) as error:
        problem = f"contains no usable private key ({SECRET} is its passphrase): {one_line(str(error))}"
        raise ConfigError(f"{SIGNER}: {location(path)} {problem}") from None
    if signer is None:
        raise ConfigError(f"{SIGNER}: {location(path)} {weakness}")
    return signer.public_key, bytes.fromhex(signer.sign(data).signature)


@lru_cache(maxsize=1)
def _file_signer(pem: bytes, secret: str | None) -> tuple[CryptoSigner | None, str]:
    """Return the signer of a private key, or None and its weakness. Cached: a report has many statements."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    private = load_pem_private_key(pem, secret.encode() if secret else None)
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    weakness = describe_key(der).weakness
    return None if weakness else CryptoSigner(private), weakness


def _sign_with_service(uri: str, trusted: Iterable[str], data: bytes) -> tuple[Key, bytes]:
    """Return the signature of a service, and the trusted key that it fits. The URI does not name the public part."""
    from securesystemslib.signer import Signer

    first_error: BaseException | None = None
    for public in trusted:
        key = _key(public)
        try:
            signature = Signer.from_priv_key_uri(uri, key, lambda _: os.environ.get(SECRET, "")).sign(data)
            key.verify_signature(signature, data)
        except BaseException as error:  # the next key may fit
            if not is_failure(error):
                raise
            first_error = first_error or error
        else:
            return key, bytes.fromhex(signature.signature)
    raise first_error or ConfigError(
        f"{SIGNER}: declare the public part of the signing key, as [keys.NAME] in the config"
    )
