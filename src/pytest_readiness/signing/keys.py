"""Keys: what signs and what verifies. The one place that knows the library which does both (extra ``sign_statement``).

A key that is trusted stands in the config as a PEM file; one that signs is named by ``READINESS_SIGNER``, in the form
that the library knows: ``file2:ci.key.pem``, ``awskms:…``, ``gcpkms:…``, ``azurekms:…``, ``hv:…``, ``hsm:…``.
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
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, Problem, location, one_line, suggestion
from ..facts.checkpoint import Checkpoint, is_note_name
from ..facts.envelope import PAYLOAD_TYPE, Envelope, Signature, pae, sealed_envelope
from ..regular_files import read_regular, regular_file
from ..settings import KeySettings, Settings, key_location
from ..third_party import describe_exception, is_failure
from .key_strength import describe_key

if TYPE_CHECKING:
    from securesystemslib.signer import Key

SIGNER = "READINESS_SIGNER"
SECRET = "READINESS_SIGNER_SECRET"  # noqa: S105 - the name of a variable
"""What opens the key that signs: the passphrase of a file, the PIN of an HSM."""
MISSING = "signatures need an extra: pip install 'pytest-readiness[sign]'"
BIGGEST_PEM = 1 << 16
FILE = "file2"
UNFIT = frozenset({"gnupg"})
"""Schemes of the library whose signatures need more than their bytes to be verified: no DSSE envelope holds that."""

_ED25519 = bytes.fromhex("302a300506032b6570032100")
"""What a SubjectPublicKeyInfo begins with whose last 32 bytes are an Ed25519 key."""
_ED25519_NOTE = b"\1"
"""How signed notes call the algorithm."""
_HINT = 4
"""Bytes before the signature in a note."""
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END \1-----")


# -- public keys ---------------------------------------------------------------------------------------------------


def trusted_keys(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the keys of the config by name, as a snapshot of the policy holds them: ``public``, ``roles``, ``person``.

    Raises:
        ConfigError: one of them cannot be used as the config says; the message names the key's file and line.
    """
    found, wrong = _examined(settings)
    for problem in wrong:
        raise ConfigError(str(problem))
    said = settings.keys
    return {
        name: {"public": public, "roles": sorted(set(said[name].roles)), "person": said[name].person}
        for name, public in found.items()
    }


def key_problems(settings: Settings) -> Iterator[Problem]:
    """Yield what is wrong with the keys of the config; all that the library finds too, where it is installed."""
    found, wrong = _examined(settings)
    yield from wrong
    for name, public in found.items() if not missing_library() else ():
        try:
            _key(public)
        except ConfigError as error:
            yield Problem(key_location(settings, "keys", name, "public"), str(error))


def _examined(settings: Settings) -> tuple[dict[str, str], list[Problem]]:
    """Return the public keys by name, and everything that keeps any from being used as the config says."""
    found: dict[str, str] = {}
    wrong: list[Problem] = []
    for name, key in settings.keys.items():
        try:
            public = found[name] = _public(settings, key)
        except ConfigError as error:
            wrong.append(Problem(key_location(settings, "keys", name, "public"), str(error)))
            continue
        if "checkpoints" in key.roles and not _ed25519(public):
            told = "signs checkpoints, and is no Ed25519 key: no checkpoint is ever signed with another kind"
            wrong.append(Problem(key_location(settings, "keys", name, "roles"), told))
    return found, [*wrong, *_of_two_persons(settings, found)]


def _of_two_persons(settings: Settings, public: Mapping[str, str]) -> Iterator[Problem]:
    """Yield each key that is another person's too: who has its secret half would be two pairs of eyes.

    Whatever way it is written: what is compared is the key, and not the bytes of its file.
    """
    owners: dict[tuple[str | int, ...], list[str]] = {}
    for name in public:
        if settings.keys[name].person:
            owners.setdefault(describe_key(base64.b64decode(public[name])).material, []).append(name)
    if all(len(names) == 1 for names in owners.values()):
        return
    from ..verdict.people import People  # late: who only records does not judge

    people = People.from_aliases({name: person.also for name, person in settings.people.items()})
    for first, *others in owners.values():
        for name in others:
            one, other = (settings.keys[each].person or "" for each in (first, name))
            if not people.is_same_person(one, other):
                told = f"is the same key as [keys.{first}], and signs for another person ({one_line(other)}, and there"
                advice = "give each person a key of their own, or join the names in [people]"
                place_of_it = key_location(settings, "keys", name, "public")
                yield Problem(place_of_it, f"{told} {one_line(one)}): {advice}")


def _public(settings: Settings, key: KeySettings) -> str:
    return base64.b64encode(public_part(settings.folder / key.public)).decode()


def public_part(path: Path) -> bytes:
    """Return the public key (SubjectPublicKeyInfo) in a PEM file.

    Raises:
        ConfigError: it cannot be read, holds something else, or a key that is too weak.
    """
    try:
        with regular_file(path) as file:
            text = file.read(BIGGEST_PEM).decode("ascii", "replace")
    except OSError as error:
        raise ConfigError(f"{location(path)} cannot be read: {error.strerror}") from None
    blocks = _PEM.findall(text)
    if any("PRIVATE" in kind for kind, _ in blocks):
        advice = "keep it secret, and name its public part (openssl pkey -in KEY.pem -pubout)"
        raise ConfigError(f"{location(path)} holds a private key: {advice}")
    try:
        ((kind, encoded),) = blocks
        found = base64.b64decode("".join(encoded.split()), validate=True) if kind == "PUBLIC KEY" else b""
    except (ValueError, binascii.Error):
        found = b""
    if not found:
        raise ConfigError(f"{location(path)} holds no public key: a PEM file with one BEGIN PUBLIC KEY is needed")
    if weakness := describe_key(found).weakness:
        raise ConfigError(f"{location(path)} {weakness}")
    return found


def missing_library() -> str:
    """Return what to do where the library is not installed; empty where it is. Nothing is imported."""
    return "" if find_spec("securesystemslib") and find_spec("cryptography") else MISSING


@lru_cache(maxsize=64)
def _key(public: str) -> Key:
    der = base64.b64decode(public)
    if weakness := describe_key(der).weakness:  # of a policy of then, too, which no version of then refused
        raise ConfigError(f"the public key {weakness}")
    with _libraries():
        # Here, as in the rest of this module: it takes 200 ms, and only who signs or verifies needs it.
        from cryptography.hazmat.primitives.serialization import load_der_public_key
        from securesystemslib.signer import SSlibKey

        try:
            return SSlibKey.from_crypto(load_der_public_key(der))
        except BaseException as error:  # whatever the libraries find wrong with it
            if not is_failure(error):
                raise
            raise ConfigError(
                f"no signature can be verified with this public key: {describe_exception(error)}"
            ) from None


@contextmanager
def _libraries() -> Iterator[None]:
    """Run the block, which imports or calls the libraries, without what they warn each other of.

    Raises:
        ConfigError: one of them is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except ImportError:
            raise ConfigError(MISSING) from None


def verify_signature(public: str, envelope: Envelope) -> bool:
    """Return whether one of the signatures of a statement was made with the key whose public part this is.

    The id of a key in the envelope decides nothing.

    Raises:
        ConfigError: the key is of a kind that nothing verifies with, or the library is not installed.
    """
    key = _key(public)
    data = pae(PAYLOAD_TYPE, envelope.payload)
    return any(_fits(key, one.sig, data) for one in envelope.signatures)


def names_key(public: str, envelope: Envelope) -> bool:
    """Return whether a signature of a statement says, by its key id, that it was made with this key."""
    keyid = _key(public).keyid
    return any(one.keyid == keyid for one in envelope.signatures)


def _fits(key: Key, sig: bytes, data: bytes) -> bool:
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature as Made

    try:
        key.verify_signature(Made(key.keyid, sig.hex()), data)
    except UnverifiedSignatureError:
        return False
    return True


def _ed25519(public: str) -> bytes:
    """Return the 32 bytes of an Ed25519 key; nothing, where it is of another kind."""
    der = base64.b64decode(public)
    return der[len(_ED25519) :] if der.startswith(_ED25519) and len(der) == len(_ED25519) + 32 else b""


def _hint(name: str, ed25519: bytes) -> bytes:
    """Return the bytes that tell a key in a signed note. They decide nothing."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519_NOTE + ed25519).digest()[:_HINT]


def verify_note(public: str, checkpoint: Checkpoint) -> bool:
    """Return whether one of the signatures of a checkpoint was made with this key, whatever name stands before it.

    Raises:
        ConfigError: the key is of a kind that nothing verifies with, or the library is not installed.
    """
    key = _key(public) if _ed25519(public) else None
    note = checkpoint.note.encode()
    return key is not None and any(_fits(key, one[_HINT:], note) for _, one in checkpoint.signatures)


def note_names_key(public: str, checkpoint: Checkpoint) -> bool:
    """Return whether a signature of a checkpoint says that it is by this key, and does not fit.

    Raises:
        ConfigError: the key is of a kind that nothing verifies with, or the library is not installed.
    """
    ed25519, note = _ed25519(public), checkpoint.note.encode()
    said = [one[_HINT:] for name, one in checkpoint.signatures if ed25519 and one[:_HINT] == _hint(name, ed25519)]
    return not all(_fits(_key(public), one, note) for one in said)


# -- signing -------------------------------------------------------------------------------------------------------


def sign_statement(payload: bytes, folder: Path, trusted: Iterable[str] = ()) -> Envelope:
    """Return the envelope of a statement, signed with the key that ``READINESS_SIGNER`` names.

    Args:
        payload: the statement.
        folder: what the relative path of a key starts at.
        trusted: public keys (SubjectPublicKeyInfo, base64): a service that signs must fit one of them, as it does not
            tell its own. A file does.

    Raises:
        ConfigError: it cannot be signed, whatever the reason; one line without secrets.
    """
    return sign_as(payload, folder, trusted)[0]


def sign_as(payload: bytes, folder: Path, trusted: Iterable[str] = ()) -> tuple[Envelope, Callable[[Envelope], bool]]:
    """Return what ``sign_statement`` does, and who tells of another statement whether the same key signed it.

    Raises:
        ConfigError: as ``sign_statement`` does.
    """
    key, made = _sign(pae(PAYLOAD_TYPE, payload), folder, trusted)

    def signed(other: Envelope) -> bool:
        data = pae(PAYLOAD_TYPE, other.payload)
        return any(_fits(key, one.sig, data) for one in other.signatures)

    return sealed_envelope(payload, [Signature(key.keyid, made)]), signed


def sign_checkpoint(checkpoint: Checkpoint, folder: Path, trusted: Mapping[str, str]) -> Checkpoint:
    """Return a checkpoint with a signature by the key that ``READINESS_SIGNER`` names, where that is an Ed25519 key.

    Signed notes know no other kind: with one, the checkpoint is returned as it is.

    Args:
        checkpoint: what is signed.
        folder: what the relative path of a key starts at.
        trusted: public keys by name; the first that fits and can be called so in a note names the key, else the
            checkpoint's origin does.

    Raises:
        ConfigError: it cannot be signed, whatever the reason; one line without secrets.
    """
    key, made = _sign(checkpoint.note.encode(), folder, trusted.values())
    if key.keytype != "ed25519":
        return checkpoint
    ed25519 = bytes.fromhex(key.keyval["public"])
    fitting = (name for name, public in trusted.items() if _ed25519(public) == ed25519 and is_note_name(name))
    name = next(fitting, checkpoint.origin)
    return checkpoint.signed(name, _hint(name, ed25519) + made)


def _sign(data: bytes, folder: Path, trusted: Iterable[str]) -> tuple[Key, bytes]:
    """Return with which key these bytes were signed, and the signature.

    Raises:
        ConfigError: they cannot be signed.
    """
    uri = os.environ.get(SIGNER, "")
    with _libraries():
        scheme = _scheme(uri)
        try:
            return _sign_with_file(uri, folder, data) if scheme == FILE else _sign_with_service(uri, trusted, data)
        except ConfigError:
            raise
        except BaseException as error:  # each kind of signer raises what it likes
            if not is_failure(error):
                raise
            told = one_line(describe_exception(error, 10_000).replace(os.environ.get(SECRET) or "\0", "…"))
            raise ConfigError(f"{SIGNER} ({scheme}:) cannot sign: {told}") from None


def _scheme(uri: str) -> str:
    from securesystemslib.signer import SIGNER_FOR_URI_SCHEME

    scheme, colon, _ = uri.partition(":")
    known = SIGNER_FOR_URI_SCHEME.keys() - UNFIT
    if not colon or scheme not in known:
        told = suggestion(scheme, known) or f" (known are {', '.join(sorted(known))})"
        raise ConfigError(f"{SIGNER} names no key that can sign: '{one_line(scheme, 40)}' is no kind of key{told}")
    return scheme


def _sign_with_file(uri: str, folder: Path, data: bytes) -> tuple[Key, bytes]:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    path = folder / uri.partition(":")[2]
    secret = os.environ.get(SECRET)
    try:
        pem = read_regular(path)
    except OSError as error:
        raise ConfigError(f"{SIGNER}: {location(path)} cannot be read: {error.strerror}") from None
    try:
        private = load_pem_private_key(pem, secret.encode() if secret else None)
        der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if weakness := describe_key(der).weakness:
            raise ConfigError(f"{SIGNER}: {location(path)} {weakness}")
        signer = CryptoSigner(private)
    except (ValueError, TypeError) as error:
        told = f"holds no private key that can be used ({SECRET} is its passphrase): {one_line(str(error))}"
        raise ConfigError(f"{SIGNER}: {location(path)} {told}") from None
    return signer.public_key, bytes.fromhex(signer.sign(data).signature)


def _sign_with_service(uri: str, trusted: Iterable[str], data: bytes) -> tuple[Key, bytes]:
    """Return the signature of a service, which must fit a trusted key: its URI says nothing of its public part."""
    from securesystemslib.signer import Signer

    failed: BaseException | None = None
    for public in trusted:
        key = _key(public)
        try:
            made = Signer.from_priv_key_uri(uri, key, lambda _: os.environ.get(SECRET, "")).sign(data)
            key.verify_signature(made, data)
        except BaseException as error:  # the next key may be the one
            if not is_failure(error):
                raise
            failed = failed or error
        else:
            return key, bytes.fromhex(made.signature)
    raise failed or ConfigError(
        f"{SIGNER}: declare the public part of the key that signs, as [keys.NAME] in the config"
    )
