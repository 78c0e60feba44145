"""Script verify_bundle.py: it agrees with the reader, and verifies signatures."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from pytest_readiness.errors import IntegrityError
from pytest_readiness.facts.decision import KINDS, TEXT_FIELDS, parse_decision
from pytest_readiness.facts.envelope import Signature, sealed_envelope
from pytest_readiness.facts.ledger.digest import digest
from pytest_readiness.facts.ledger.line import Line, LineChain, canonical
from pytest_readiness.facts.review_basis import PinnedEvidence, PinnedRequirement, ReviewBasis
from pytest_readiness.facts.run import Run, planned_digest
from pytest_readiness.store.bundle import verify_bundle
from pytest_readiness.store.bundle.origin import BundleOrigin
from tests.store.bundle.bundles import Members, arranged, members, packed, read_bundle
from tests.store.runs import blocker, review

from .carried import (
    FIRST,
    LEAVES,
    LOG,
    RUN,
    SECOND,
    SHA,
    made_to_pass,
    origin_of_tree,
    recomputed,
    script,
    statement,
    with_run,
    write_sound_bundle,
)

pytestmark = pytest.mark.slow

MEANING = (
    "cannot be read as",
    "has a wrong type",
    "a line of planned tests cannot be read",
    "its first line or its seal cannot be read",
    "this is no decision",
    "its times are not UTC moments",
    "a claim names a proof",
)
"""What the reader alone judges, and the documentation names: whether values mean anything to this version."""


SAYS_MORE = ("statements", "checkpoint", "leaves")
"""What speaks of the runs of a bundle, and keeps another from standing in their place."""


def reader(path: Path) -> str:
    """What the reader says against a bundle; nothing where it takes it in."""
    try:
        read_bundle(path)
    except IntegrityError as error:
        return str(error)
    return ""


def verifier(path: Path) -> str:
    """What the script says against a bundle; nothing where everything fits."""
    try:
        with path.open("rb") as file:
            verification = verify_bundle.Verification(file, path.stat().st_size)
            verification.check_all({})
    except verify_bundle.BundleError as error:
        return str(error)
    return "; ".join(verification.problems)


def assert_agreed(path: Path) -> bool:
    """Both take a bundle in, or neither does; return whether they do."""
    reader_problem, script_problem = reader(path), verifier(path)
    if any(word in reader_problem for word in MEANING):
        return False
    assert bool(reader_problem) is bool(script_problem), (reader_problem, script_problem)
    return not reader_problem


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a sound bundle."""
    return write_sound_bundle(tmp_path_factory.mktemp("sound") / "a.zip").read_bytes()


@pytest.fixture(scope="module")
def contents(whole: bytes, tmp_path_factory: pytest.TempPathFactory) -> Members:
    """Its members."""
    path = tmp_path_factory.mktemp("members") / "a.zip"
    path.write_bytes(whole)
    return members(path)


# -- agreement -------------------------------------------------------------------------------------------------------


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The bytes with one to three changes: a bit, a cut, something twice, something put in, a number made extreme."""
    altered = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at, length = chance.randrange(len(altered) + 1), chance.choice((1, 2, 4, 30, 200))
        match chance.randrange(6):
            case 0 if at < len(altered):
                altered[at] ^= 1 << chance.randrange(8)
            case 1:
                del altered[at : at + length]
            case 2:
                altered[at:at] = altered[at : at + length]
            case 3:
                altered[at:at] = chance.randbytes(length)
            case 4:
                altered[at : at + 4] = chance.choice((b"\0" * 4, b"\xff" * 4, b"PK\5\6", b"PK\1\2", b"\1\0\0\0"))
            case _:
                del altered[at:]
    return bytes(altered)


@pytest.mark.parametrize("seed", range(8))
def test_both_agree_on_bytes_changed_anywhere(tmp_path: Path, whole: bytes, seed: int) -> None:
    """Every byte of a bundle follows from its contents: whatever is changed in the file, both refuse it."""
    chance, path = random.Random(seed), tmp_path / "a.zip"
    for _ in range(60):
        path.write_bytes(changed := mutated(whole, chance))
        assert assert_agreed(path) is (changed == whole)


@pytest.mark.parametrize("seed", range(8))
def test_both_agree_on_members_changed_anywhere(tmp_path: Path, contents: Members, seed: int) -> None:
    """A member is changed, left out or renamed, and the archive and its manifest are made to fit."""
    chance, path = random.Random(seed), tmp_path / "a.zip"
    for _ in range(60):
        others = {name: data for name, data in contents.items() if name != "manifest.json"}
        name = chance.choice(list(others))
        match chance.randrange(4):
            case 0:
                del others[name]
            case 1:
                others[mutated(name.encode(), chance).decode("latin-1")[:90].encode("ascii", "replace").decode()] = b"x"
            case 2:
                others[chance.choice(list(others))] = others[name]
            case _:
                others[name] = mutated(others[name], chance)
        packed(path, others)
        assert_agreed(path)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 2**60)
    | st.text(max_size=5)
    | st.sampled_from(["PASSED", "run", "0" * 64]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
"""What JSON can hold, numbers that are no integers left out: a line cannot be made with them."""


@settings(max_examples=150)
@given(data=st.data())
def test_both_agree_on_runs_made_anew(tmp_path_factory: pytest.TempPathFactory, contents: Members, data: Any) -> None:
    """A value of a line is replaced by any other, and every digest after it is made to fit."""
    texts = {name: value for name, value in contents.items() if not name.startswith(SAYS_MORE)}
    number = data.draw(st.integers(0, len(FIRST.lines) - 1))
    key = data.draw(st.sampled_from(sorted(FIRST.lines[number].body)))
    value = data.draw(VALUES)
    chain, lines = LineChain(FIRST.id), list[Line]()
    for line in FIRST.lines:
        body = {name: inner for name, inner in line.body.items() if name not in ("kind", "prev", "run", "seq")}
        kind = line.kind
        if line.seq == number and key in body:
            body[key] = value
        elif line.seq == number and key == "kind" and isinstance(value, str):
            kind = value
        try:
            if line.kind == "sealed" and line.seq != number:
                body |= {"count": chain.seq, "planned": planned_digest(lines)}
            lines.append(chain.next(kind, body))
        except (TypeError, KeyError, ValueError, AttributeError):
            return
    path = packed(tmp_path_factory.mktemp("anew") / "a.zip", with_run(texts, Run(tuple(lines))))
    assert_agreed(path)


@settings(max_examples=150)
@given(data=st.data())
def test_both_agree_on_statements_of_any_kind(
    tmp_path_factory: pytest.TempPathFactory, contents: Members, data: Any
) -> None:
    """A value anywhere in an envelope or its statement is replaced, and its id is made to fit."""
    name = next(name for name in contents if name.startswith("statements"))
    envelope = json.loads(contents[name])
    payload = json.loads(base64.b64decode(envelope["payload"]))
    targets = [envelope, envelope["signatures"][0], payload, payload["subject"][0], payload["predicate"]]
    target = data.draw(st.sampled_from(targets))
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(VALUES)
    if isinstance(envelope.get("payload"), str) and target is not envelope:
        envelope["payload"] = base64.b64encode(canonical(payload).encode()).decode()
    text = canonical(envelope)
    changed = {key: value for key, value in contents.items() if key != name}
    changed[f"statements/{digest('envelope', text.encode())}.json"] = text.encode()
    assert_agreed(packed(tmp_path_factory.mktemp("statement") / "a.zip", changed))


@pytest.mark.parametrize("nonce", [5, [], {"x": 1}, False])
def test_a_statement_whose_nonce_is_no_text(tmp_path: Path, contents: Members, nonce: Any) -> None:
    """Both programs refuse it, with or without a key to verify it by."""
    name = next(name for name in contents if name.startswith("statements"))
    envelope = json.loads(contents[name])
    payload = json.loads(base64.b64decode(envelope["payload"]))
    payload["predicate"]["nonce"] = nonce
    text = canonical({**envelope, "payload": base64.b64encode(canonical(payload).encode()).decode()})
    changed = {key: value for key, value in contents.items() if key != name}
    changed[f"statements/{digest('envelope', text.encode())}.json"] = text.encode()
    path = packed(tmp_path / "a.zip", changed)
    assert "its nonce is no text" in reader(path)
    assert "its nonce is not a text" in verifier(path)


def test_what_the_reader_alone_judges_is_accepted_by_the_script(tmp_path: Path, contents: Members) -> None:
    """The documented exception: a value that means nothing to this version is told by merge, and not by the script."""
    texts = {name: value for name, value in contents.items() if not name.startswith(SAYS_MORE)}
    odd = recomputed(lambda body: {**body, "attempts": [{"result": "MAYBE"}]} if body.get("artifacts") else body)
    path = packed(tmp_path / "a.zip", with_run(texts, odd))
    assert "cannot be read as 'finished'" in reader(path)
    assert verifier(path) == ""


@pytest.mark.parametrize(
    ("result", "fits"), [("FAILED", True), ("INTERRUPTED", True), ("PASSED", False), ("SKIPPED", False), ("", False)]
)
def test_a_claim_with_a_result_of_its_own(tmp_path: Path, contents: Members, result: str, *, fits: bool) -> None:
    """It is of an earlier attempt that ended badly: none of its own passes, and both programs say so."""
    texts = {name: value for name, value in contents.items() if not name.startswith(SAYS_MORE)}

    def changed(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "claims": [{**body["claims"][0], "result": result}]} if body.get("artifacts") else body

    path = packed(tmp_path / "a.zip", with_run(texts, recomputed(changed)))
    assert (reader(path) == "", verifier(path) == "") == (fits, fits)


@pytest.mark.parametrize("kind", [{}, {"kind": ""}, {"kind": None}, {"kind": 5}, {"kind": ["run"]}])
def test_a_line_of_no_kind(tmp_path: Path, contents: Members, kind: dict[str, Any]) -> None:
    """What is no evidence for want of a word may have been the failure: both programs refuse the run."""
    texts = {name: value for name, value in contents.items() if not name.startswith(SAYS_MORE)}
    chain, lines = LineChain(FIRST.id), list[Line]()
    for line in FIRST.lines:
        body = {name: value for name, value in line.body.items() if name not in ("kind", "prev", "run", "seq")}
        if line.kind == "sealed":
            body |= {"count": chain.seq, "planned": planned_digest(lines)}
        if body.get("result") == "FAILED":
            place = {"prev": chain.head, "run": FIRST.id, "seq": chain.seq}
            lines.append(Line.parse(canonical({**body, **kind, **place})))
            chain = LineChain(FIRST.id, seq=chain.seq + 1, head=lines[-1].digest)
        else:
            lines.append(chain.next(line.kind, body))
    path = packed(tmp_path / "a.zip", with_run(texts, Run(tuple(lines))))
    assert "it has no kind" in reader(path)
    assert verifier(path) != ""


def test_the_script_names_everything_that_does_not_fit(tmp_path: Path, contents: Members) -> None:
    """Not the first thing alone: an edited run, a swapped artifact and an edited verdict are three lines."""
    changed = {
        name: data.replace(b"false", b"true") if name.startswith("verdicts") else data
        for name, data in contents.items()
    }
    changed |= {RUN: changed[RUN].replace(b"FAILED", b"PASSED"), f"artifacts/{SHA[LOG]}": b"x"}
    code, output = script(packed(tmp_path / "a.zip", changed))
    assert code == 3
    for name in (RUN, f"artifacts/{SHA[LOG]}", "verdicts/"):
        assert f"PROBLEM: {name}" in output


def test_an_artifact_that_is_gone_is_told(tmp_path: Path, contents: Members) -> None:
    """It is not there to be looked at, which is said; nothing was changed, so the exit code is 0."""
    del (remaining := dict(contents))[f"artifacts/{SHA[LOG]}"]
    code, output = script(packed(tmp_path / "a.zip", remaining))
    assert (code, f"not in the bundle, so not checked: the artifact {SHA[LOG]}" in output) == (0, True)


@pytest.mark.parametrize("arguments", [[], ["no.zip"], ["{folder}"], ["{bundle}", "--key", "ci=no.pem"], ["--odd"]])
def test_a_wrong_call_is_no_verdict(tmp_path: Path, whole: bytes, arguments: list[str]) -> None:
    """Exit code 2 where nothing could be looked at."""
    (tmp_path / "a.zip").write_bytes(whole)
    given = [each.format(folder=tmp_path, bundle=tmp_path / "a.zip") for each in arguments]
    assert script(*given)[0] == 2


# -- checkpoints -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "odd",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("c2lnbmF0dXJl", "AB=="),
        lambda text: text.replace("c2lnbmF0dXJl", "AAA"),
        lambda text: text.replace("c2lnbmF0dXJl", "AA="),
        lambda text: text + "— key c2lnbmF0dXJl\n" * 4000,
    ],
    ids=["CRLF", "not canonical", "unpadded", "wrongly padded", "too long"],
)
def test_both_readers_read_a_checkpoint_alike(tmp_path: Path, whole: bytes, odd: Callable[[str], str]) -> None:
    """What is not the one text of what it says is none, in a bundle and where it was kept elsewhere."""
    path = tmp_path / "a.zip"
    path.write_bytes(whole)
    contents = members(path)
    text = odd(contents["checkpoint.txt"].decode())
    packed(path, {**contents, "checkpoint.txt": text.encode()})
    assert reader(path) != ""
    assert verifier(path) != ""
    path.write_bytes(whole)
    (tmp_path / "kept.txt").write_bytes(text.encode())
    code, output = script(path, "--checkpoint", tmp_path / "kept.txt")
    assert (code, "is not a checkpoint" in output) == (2, True), output


def test_an_empty_tree_is_nothing_to_look_at(tmp_path: Path, whole: bytes) -> None:
    """Every store has grown out of it: it says nothing."""
    (tmp_path / "a.zip").write_bytes(whole)
    (tmp_path / "kept.txt").write_text(origin_of_tree().checkpoint, encoding="utf-8")
    code, output = script(tmp_path / "a.zip", "--checkpoint", tmp_path / "kept.txt")
    assert (code, "it is of a store without records, so there is nothing to compare" in output) == (3, True)


def test_a_key_for_checkpoints_must_have_signed_the_one_that_was_kept(tmp_path: Path) -> None:
    """As a signed note is signed; another key without the role, or no signature at all, is unsigned."""
    sign, key = made_key(tmp_path, "head")
    runs, ci = made_key(tmp_path, "ci")
    path = write_sound_bundle(tmp_path / "a.zip", runs)
    note = origin_of_tree(*LEAVES[:2]).checkpoint.partition("\n\n")[0] + "\n"
    for signed, expected in ((sign(note.encode()), 0), (runs(note.encode()), 1), (b"x" * 64, 1)):
        line = base64.b64encode(b"hint" + signed).decode()
        (tmp_path / "kept.txt").write_text(f"{note}\n— head {line}\n", encoding="utf-8")
        keys = ("--key", only(ci, "runs"), "--key", only(key, "checkpoints"))
        code, output = script(path, *keys, "--checkpoint", tmp_path / "kept.txt")
        assert code == expected, output
        compared = "2 records then, 6 now: the store continues from it; signed by"
        assert (
            f"checkpoint {tmp_path / 'kept.txt'}: {compared} {'none of the given keys' if expected else 'head'}\n"
            in output
        )


def test_a_checkpoint_that_only_says_whose_it_is_does_not_fit(tmp_path: Path) -> None:
    """A signature that names a given key, and is not by it, was changed: that is more than a missing one."""
    runs, ci = made_key(tmp_path, "ci")
    _, head = made_key(tmp_path, "head")
    path = write_sound_bundle(tmp_path / "a.zip", runs)
    public = verify_bundle.read_key(head.partition("=")[2])
    assert public is not None
    note = origin_of_tree(*LEAVES[:2]).checkpoint.partition("\n\n")[0] + "\n"
    line = base64.b64encode(hashlib.sha256(b"head\n\1" + public).digest()[:4] + b"x" * 64).decode()
    (tmp_path / "kept.txt").write_text(f"{note}\n— head {line}\n", encoding="utf-8")
    keys = ("--key", only(ci, "runs"), "--key", only(head, "checkpoints"))
    code, output = script(path, *keys, "--checkpoint", tmp_path / "kept.txt")
    assert (code, "says that it is signed by the key head, and is not" in output) == (3, True), output


@pytest.mark.parametrize("size", range(1, len(LEAVES) + 1))
def test_every_earlier_checkpoint_fits(tmp_path: Path, whole: bytes, size: int) -> None:
    """A checkpoint that was kept elsewhere at any time before is found in the tree that the bundle carries."""
    (tmp_path / "a.zip").write_bytes(whole)
    (tmp_path / "kept.txt").write_text(origin_of_tree(*LEAVES[:size]).checkpoint, encoding="utf-8")
    code, output = script(tmp_path / "a.zip", "--checkpoint", tmp_path / "kept.txt")
    assert code == 0, output
    assert "had 6 records; 5 of them are in this bundle" in output


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        (origin_of_tree(*LEAVES[:2], ("run", "another", "0" * 64)), "the store does not continue from it"),
        (origin_of_tree(*LEAVES, LEAVES[0]), "the store does not continue from it"),
        (origin_of_tree(*LEAVES, store="readiness-store/" + "00" * 16), "it is of another store"),
    ],
)
def test_a_checkpoint_that_the_tree_contradicts(tmp_path: Path, whole: bytes, origin: BundleOrigin, says: str) -> None:
    """Another record then, more records then, another store: exit code 3."""
    (tmp_path / "a.zip").write_bytes(whole)
    (tmp_path / "kept.txt").write_text(origin.checkpoint, encoding="utf-8")
    code, output = script(tmp_path / "a.zip", "--checkpoint", tmp_path / "kept.txt")
    assert (code, says in output) == (3, True), output


def test_a_checkpoint_needs_a_tree(tmp_path: Path, contents: Members) -> None:
    """A bundle without a tree shows nothing of where it comes from, and the checkpoint was asked for."""
    bare = {name: data for name, data in contents.items() if not name.startswith(SAYS_MORE)}
    (tmp_path / "kept.txt").write_text(origin_of_tree(*LEAVES[:1]).checkpoint, encoding="utf-8")
    code, output = script(packed(tmp_path / "a.zip", bare), "--checkpoint", tmp_path / "kept.txt")
    assert (code, "contains no tree" in output) == (3, True)
    (tmp_path / "kept.txt").write_text("something else", encoding="utf-8")
    assert script(tmp_path / "a.zip", "--checkpoint", tmp_path / "kept.txt")[0] != 0


# -- signatures ------------------------------------------------------------------------------------------------------

VECTORS = {
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a": (
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
            "655141438e7a100b"
        ),
    ),
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c": (
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
            "b00d291612bb0c00"
        ),
    ),
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025": (
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
            "c027beceea1ec40a"
        ),
    ),
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf": (
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e"
            "2a9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17a"
            "d9bef1177331a704"
        ),
    ),
}
"""RFC 8032, section 7.1: public key -> message and signature."""


@pytest.mark.parametrize("public", VECTORS)
def test_the_vectors_of_the_standard(public: str) -> None:
    """Tests 1, 2, 3 and SHA(abc) of RFC 8032 verify, and do not with any byte changed."""
    message, signature = map(bytes.fromhex, VECTORS[public])
    key = bytes.fromhex(public)
    assert verify_bundle.is_signed(key, message, signature)
    for at in range(0, 64, 7):
        other = bytearray(signature)
        other[at] ^= 1
        assert not verify_bundle.is_signed(key, message, bytes(other))
    assert not verify_bundle.is_signed(key, message + b"x", signature)
    assert not verify_bundle.is_signed(
        bytes.fromhex(next(each for each in VECTORS if each != public)), message, signature
    )


def test_what_is_no_signature_at_all() -> None:
    """Short, long, a number as large as the order or larger, or a point that is none: false, and no error."""
    public, (message, signature) = next(iter(VECTORS.items()))
    key, whole = bytes.fromhex(public), bytes.fromhex(signature)
    larger = (int.from_bytes(whole[32:], "little") + verify_bundle.ORDER).to_bytes(32, "little")
    for odd in (b"", whole[:63], whole + b"\0", whole[:32] + larger, b"\xff" * 64, b"\2" + b"\0" * 63):
        assert not verify_bundle.is_signed(key, bytes.fromhex(message), odd)
    for point in (b"", b"\xff" * 32, (verify_bundle.P + 1).to_bytes(32, "little"), b"\1" + b"\0" * 30 + b"\x80"):
        assert not verify_bundle.is_signed(point, bytes.fromhex(message), whole)


Pair = tuple[Callable[[bytes], bytes], str]


def made_key(folder: Path, name: str, kind: str = "ed25519") -> Pair:
    """A key, as what signs and as NAME=FILE of its public half."""
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization", reason="makes the keys")
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    private: Any = (
        ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(ec.SECP256R1())
    )
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    path = folder / f"{name}.pem"
    path.write_bytes(private.public_key().public_bytes(serialization.Encoding.PEM, form))
    return (private.sign if kind == "ed25519" else lambda _: b"x"), f"{name}={path}"


def test_signatures_of_a_library_are_verified(tmp_path: Path) -> None:
    """What an installed library signed is verified by the script, which says whose signature it is."""
    sign, key = made_key(tmp_path, "ci")
    path = write_sound_bundle(tmp_path / "a.zip", sign)
    code, output = script(path, "--key", key)
    assert code == 0, output
    for id_ in (FIRST.id, SECOND.id, review().id):
        assert f"{id_}: signed by ci\n" in output
    code, output = script(path)
    assert (code, f"{FIRST.id}: signature present, not verified" in output) == (0, True)


@pytest.mark.parametrize("seed", range(3))
def test_the_script_agrees_with_a_library(tmp_path: Path, seed: int) -> None:
    """Signatures over any message verify, and changed ones do not."""
    chance = random.Random(seed)
    sign, key = made_key(tmp_path, "any")
    public = verify_bundle.read_key(key.partition("=")[2])
    assert public is not None
    for _ in range(5):
        message = chance.randbytes(chance.randrange(300))
        signature = bytearray(sign(message))
        assert verify_bundle.is_signed(public, message, bytes(signature))
        signature[chance.randrange(64)] ^= 1 << chance.randrange(8)
        assert not verify_bundle.is_signed(public, message, bytes(signature))


def test_another_key_is_no_signature(tmp_path: Path) -> None:
    """Signed by somebody else than asked for: exit code 1, and each run and statement is named once."""
    other, _ = made_key(tmp_path, "other")
    _, key = made_key(tmp_path, "ci")
    code, output = script(write_sound_bundle(tmp_path / "a.zip", other), "--key", key)
    assert (code, output.count("UNSIGNED: "), output.count("sign it, but by another")) == (1, 3, 3)
    assert "PROBLEM" not in output


def test_another_statement_about_a_signed_run_is_named(tmp_path: Path, contents: Members) -> None:
    """Each statement must be signed by a given key, also one that stands beside a good one."""
    sign, key = made_key(tmp_path, "ci")
    other, _ = made_key(tmp_path, "other")
    bare = members(write_sound_bundle(tmp_path / "a.zip", sign))
    envelope = statement(FIRST, other)
    path = packed(tmp_path / "b.zip", {**bare, f"statements/{envelope.id}.json": envelope.text.encode()})
    code, output = script(path, "--key", key)
    about = f"UNSIGNED: statements/{envelope.id}.json: another statement about the run {FIRST.id} is not signed"
    assert (code, about in output) == (1, True), output


def test_a_signature_that_only_says_whose_it_is_does_not_fit(tmp_path: Path, contents: Members) -> None:
    """It names the key that was given, and is not by it: something was changed, and that is more than unsigned."""
    _, key = made_key(tmp_path, "ci")
    public = verify_bundle.read_key(key.partition("=")[2])
    payload = statement(FIRST).payload
    envelope = sealed_envelope(payload, [Signature(verify_bundle.Key("ci", public).id, b"x" * 64)])
    bare = {name: data for name, data in contents.items() if not name.startswith("statements")}
    path = packed(tmp_path / "a.zip", {**bare, f"statements/{envelope.id}.json": envelope.text.encode()})
    assert script(path)[0] == 0
    code, output = script(path, "--key", key)
    problem = f"PROBLEM: statements/{envelope.id}.json: says that it is signed by the key ci, and is not"
    assert (code, problem in output) == (3, True), output


def test_a_run_without_a_signature_is_named_where_keys_are_given(tmp_path: Path, contents: Members) -> None:
    """Leaving the signature out does not help."""
    _, key = made_key(tmp_path, "ci")
    bare = {name: data for name, data in contents.items() if not name.startswith(SAYS_MORE)}
    code, output = script(packed(tmp_path / "a.zip", bare), "--key", key)
    assert (code, f"UNSIGNED: the run {FIRST.id} is not signed by any given key" in output) == (1, True)
    assert output.splitlines()[-1].startswith("unsigned: everything fits together, but 2 records are not signed")


def test_a_key_of_another_kind_is_not_verified(tmp_path: Path) -> None:
    """The script says that it cannot, and that is not the same as a good signature."""
    sign, key = made_key(tmp_path, "kms", "ecdsa")
    code, output = script(write_sound_bundle(tmp_path / "a.zip", sign), "--key", key)
    assert (code, "key kms: not an Ed25519 key, so its signatures cannot be verified here" in output) == (1, True)


def test_a_run_made_anew_needs_the_key(tmp_path: Path, contents: Members) -> None:
    """A failure that was made a pass, with every digest and a statement of one's own, does not have the signature."""
    _, key = made_key(tmp_path, "ci")
    other, _ = made_key(tmp_path, "mine")
    forged = recomputed(made_to_pass)
    bare = {name: data for name, data in contents.items() if not name.startswith(SAYS_MORE)}
    for envelope in (statement(forged, other), statement(SECOND, other)):
        bare[f"statements/{envelope.id}.json"] = envelope.text.encode()
    path = packed(tmp_path / "a.zip", with_run(bare, forged))
    assert reader(path) == verifier(path) == ""
    code, output = script(path, "--key", key)
    assert (code, f"UNSIGNED: the run {FIRST.id} is not signed by any given key" in output) == (1, True)


def test_each_decision_that_is_not_signed_is_named(tmp_path: Path) -> None:
    """With keys or without: what it decides and by whom, in its own words; where no key is for reviews, no misfit."""
    sign, key = made_key(tmp_path, "ci")
    path = write_sound_bundle(tmp_path / "a.zip", sign)
    given = " by a given key"
    about = f"UC-001 blocked by {blocker().by} on 2026-02-12 18:00 UTC"
    for arguments, more in (((), ""), (("--key", key), given), (("--key", only(key, "runs")), given)):
        code, output = script(path, *arguments)
        assert code == 0, output
        assert f"{about} (identity: self-declared, NOT SIGNED{more}): not yet [{blocker().id}]\n" in output
        (line,) = [line for line in output.splitlines() if f"UC-001 approved by {review().by}" in line]
        assert ("NOT SIGNED" in line) is ("runs" in str(arguments))
        assert ("(identity: signed by the key ci)" in line) is (arguments == ("--key", key))
    assert arranged(members(path)) == list(members(path))


def only(key: str, roles: str) -> str:
    """A key that may do this alone."""
    name, _, path = key.partition("=")
    return f"{name}/{roles}={path}"


def test_a_key_for_reviews_must_have_signed_every_decision(tmp_path: Path) -> None:
    """An approval that somebody put in is no more than a run without a signature."""
    sign, key = made_key(tmp_path, "ci")
    path = write_sound_bundle(tmp_path / "a.zip", sign)
    code, output = script(path, "--key", only(key, "runs,reviews"))
    assert code == 1
    assert [line for line in output.splitlines() if line.startswith(("PROBLEM", "UNSIGNED"))] == [
        f"UNSIGNED: the decision {blocker().id} is not signed by any given key that may sign it"
    ]


def test_a_key_signs_nothing_outside_its_roles(tmp_path: Path) -> None:
    """A key for runs signs no review, one for reviews no run; and one of a person the decisions of that person."""
    sign, key = made_key(tmp_path, "ci")
    path = write_sound_bundle(tmp_path / "a.zip", sign)
    code, output = script(path, "--key", only(key, "reviews"))
    assert (code, f"{FIRST.id}: signature present, not verified" in output) == (1, True)
    _, other = made_key(tmp_path, "qa")
    code, output = script(path, "--key", only(key, "runs"), "--key", only(other, "reviews"))
    assert (code, output.count("UNSIGNED: the decision"), output.count(": signed by ci\n")) == (1, 2, 2)
    by = review().by
    for person, expected in ((by, 1), (f"x@example.com,{by.upper()}", 1), ("eve@example.com", 0)):
        code, output = script(path, "--key", only(key, f"runs,reviews/{person}"))
        assert output.count(f"{review().id}: signed by ci\n") == expected


@pytest.mark.parametrize(
    "option",
    [
        "ci",
        "ci.pem",
        "=ci.pem",
        "ci=",
        "ci/run=ci.pem",
        "ci/runs,=ci.pem;ci=ci.pem",
        "ci=ci.pem;ci=qa.pem",
        "ci=ci.pem;qa=ci.pem",
    ],
)
def test_a_wrong_key_is_a_wrong_call(tmp_path: Path, option: str) -> None:
    """A name that stands twice keeps none of its keys, and one key under two names is no two signers: exit code 2."""
    sign, _ = made_key(tmp_path, "ci")
    made_key(tmp_path, "qa")
    path = write_sound_bundle(tmp_path / "a.zip", sign)
    words = (
        option.replace("=ci.pem", f"={tmp_path / 'ci.pem'}").replace("=qa.pem", f"={tmp_path / 'qa.pem'}").split(";")
    )
    code, output = script(path, *(part for word in words for part in ("--key", word)))
    assert (code, output.startswith("--key "), len(output.splitlines())) == (2, True, 1), output
    assert ("--key takes NAME=FILE" in output) is (option in ("ci", "ci.pem", "=ci.pem", "ci=", "ci/run=ci.pem"))


def test_what_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    """A file that is not there is named, with the reason, and without a number of the system's."""
    code, output = script(tmp_path / "none.zip")
    assert (code, output) == (2, f"cannot be read: {tmp_path / 'none.zip'}: No such file or directory\n")


@pytest.mark.parametrize("raw", ["01" + "00" * 31, "ec" + "ff" * 30 + "7f", "00" * 32, "ee" + "ff" * 30 + "7f"])
def test_a_key_of_low_order_is_none(tmp_path: Path, raw: str) -> None:
    """Anybody can sign under it: it is not taken for a key."""
    encoded = base64.b64encode(bytes.fromhex("302a300506032b6570032100" + raw)).decode()
    (tmp_path / "low.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{encoded}\n-----END PUBLIC KEY-----\n")
    code, output = script(write_sound_bundle(tmp_path / "a.zip"), "--key", f"low={tmp_path / 'low.pem'}")
    assert (code, "is not a usable Ed25519 key" in output) == (2, True)


def test_the_report_is_told_to_be_derived(tmp_path: Path) -> None:
    """The script cannot derive it, nor the pages, and says so: nobody takes them for verified."""
    _, output = script(write_sound_bundle(tmp_path / "a.zip"))
    for name in ("report.json", "README.md", "index.html"):
        assert f"{name}: NOT verified here; `readiness merge` derives it again and compares\n" in output


def test_the_script_says_what_it_checked_and_what_not(tmp_path: Path, whole: bytes) -> None:
    """In words for an auditor: the chains of how many runs, how many artifacts, and why no signature, no rollback."""
    (tmp_path / "a.zip").write_bytes(whole)
    code, output = script(tmp_path / "a.zip")
    lines = [line.strip() for line in output.splitlines()]
    checked, unchecked = lines.index("checked"), lines.index("not checked")
    assert "runs: hash chains and seals of 2 runs (8 lines, 3 pieces of evidence)" in lines[checked:unchecked]
    artifacts = "artifacts: digests of 2 artifacts; 2 runs name the tracker file of that time"
    assert artifacts in lines[checked:unchecked]
    assert "signatures: no --key was given, 3 signed statements present" in lines[unchecked:]
    assert "rollback: no --checkpoint was given, so the store may have lost records before" in lines[unchecked:]
    assert (code, lines[-1]) == (0, "fits: everything that was checked fits together")


def test_whether_evidence_that_decides_is_unsigned_is_told(tmp_path: Path) -> None:
    """A run from before there were keys is unsigned, and not a misfit; a review that rests on it is named."""
    sign, key = made_key(tmp_path, "ci")
    path = write_sound_bundle(tmp_path / "a.zip", sign)
    about = {FIRST.id: f"the review {review().id} rests on it", SECOND.id: "nothing in the bundle says that its"}
    for run_id, reason in about.items():
        bare = {
            name: data for name, data in members(path).items()
            if not name.startswith("statements") or run_id.encode() not in base64.b64decode(json.loads(data)["payload"])
        }  # fmt: skip
        code, output = script(packed(tmp_path / "b.zip", bare), "--key", only(key, "runs"))
        assert f"UNSIGNED: the run {run_id} is not signed by any given key that may sign it; {reason}" in output
        decides = "the evidence of 1 run among them decides" if run_id == FIRST.id else "of 0 runs among them decides"
        assert (code, output.splitlines()[-1].endswith(decides)) == (1, True), output


@pytest.mark.parametrize("name", ["README.md", "index.html", "report.json"])
def test_the_pages_are_both_there_with_the_report_or_none(tmp_path: Path, contents: Members, name: str) -> None:
    """Both programs refuse a bundle with one of them, or without the report that they show."""
    path = packed(tmp_path / "a.zip", {other: data for other, data in contents.items() if other != name})
    message = "README.md and index.html must both be in the bundle, with report.json, or neither"
    assert message in reader(path)
    assert message in verifier(path)


@pytest.mark.parametrize("schema", ["v1", "v3"])
def test_pages_belong_to_the_second_version_of_the_format(tmp_path: Path, contents: Members, schema: str) -> None:
    """A manifest that says the first version lists no pages, and one of a version to come is not read as if it were known."""
    manifest = contents["manifest.json"].replace(b"bundle/v2", f"bundle/{schema}".encode())
    path = packed(tmp_path / "a.zip", {**contents, "manifest.json": manifest}, listed=False)
    assert reader(path) != ""
    assert "the manifest does not match" in verifier(path)


def test_the_script_knows_what_each_kind_of_decision_says() -> None:
    """It shares no line with the package: a field that is added there must be known here, or honest bundles do not fit."""
    common = {"register", "at", "by", "known_by", "requirements_digest"}
    for name, kind in KINDS.items():
        _, must, may, lists = verify_bundle.DECISION_FIELDS[name]
        more = {"basis", "subjects"} if name == "review" else set()
        assert {*TEXT_FIELDS[kind]} == common | {*must, *may, *lists} | more, name
    assert verify_bundle.DECISION_FIELDS.keys() == KINDS.keys()
    assert {*TEXT_FIELDS[ReviewBasis]} == verify_bundle.BASIS.keys()
    for kind, (required, optional) in ((PinnedRequirement, verify_bundle.ROW), (PinnedEvidence, verify_bundle.PIN)):
        assert TEXT_FIELDS[kind][: len(required)] == tuple(required)
        assert {*TEXT_FIELDS[kind][len(required) :]} == optional.keys()


@pytest.mark.parametrize("odd", [[{}], [1], "x", {"x": 1}])
def test_what_is_acknowledged_is_a_list_of_names(odd: Any) -> None:
    """A review that says something else is none: it would end every command that shows it."""
    plain = {**json.loads(review().text), "acknowledged": odd}
    with pytest.raises(IntegrityError):
        parse_decision(canonical(plain))


@pytest.mark.parametrize("leaf", [["run", [], "x"], ["run", "x"], [1, 2, 3], "run", None])
def test_odd_leaves_are_a_misfit_and_no_end(tmp_path: Path, contents: Members, leaf: Any) -> None:
    """Whatever stands in their place, the script says what does not fit, and ends with its own exit code."""
    plain = json.loads(contents["leaves.json"])
    plain["leaves"][0] = leaf
    path = packed(tmp_path / "a.zip", {**contents, "leaves.json": canonical(plain).encode()})
    code, output = script(path)
    assert (code, "PROBLEM" in output) == (3, True)
    assert reader(path) != ""
