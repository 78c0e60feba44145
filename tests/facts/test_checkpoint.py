"""Checkpoints: written and read back, refused in any other form, and compared with a store."""

from __future__ import annotations

import base64
import hashlib
import re
from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.errors import IntegrityError
from pytest_readiness.facts.checkpoint import MAX_LENGTH, Checkpoint, StoreTree, is_note_name
from pytest_readiness.facts.leaf import Leaf, leaf_of
from pytest_readiness.facts.ledger.line import line_digest
from pytest_readiness.facts.stored_verdict import StoredVerdict
from tests.store.runs import VERDICT, blocker, finished, run

pytestmark = pytest.mark.slow

ORIGIN = f"readiness-store/{'5' * 32}"
LEAVES = [Leaf("run", f"r{number}", hashlib.sha256(b"%d" % number).hexdigest()) for number in range(9)]
TREE = StoreTree(ORIGIN, LEAVES)
TEXT = f"{ORIGIN}\n2\nlFONTUj/wneiaDrmosHlEppWCdRO8He/Q91EFK4gNuE=\n\n"
SIGNED = f"{TEXT}— ci AAECAwQ=\n"

checkpoints = st.builds(
    Checkpoint,
    st.from_regex(r"readiness-store/[0-9a-f]{32}", fullmatch=True),
    st.integers(0, 10**18),
    st.binary(min_size=32, max_size=32),
    st.lists(st.tuples(st.from_regex(r"[^\s+]+", fullmatch=True), st.binary(min_size=1)), max_size=3).map(tuple),
)


@given(checkpoints)
def test_what_is_written_is_read_back(checkpoint: Checkpoint) -> None:
    """Every checkpoint is the one that its text is, signatures included."""
    assert Checkpoint.parse(checkpoint.text) == checkpoint


@given(st.text() | st.lists(st.sampled_from([*TEXT.splitlines(keepends=True), "\n", "— a b\n", "x"])).map("".join))
def test_any_text_is_read_as_it_is_written_or_refused(text: str) -> None:
    """Any text is a checkpoint in its only form, or refused with an IntegrityError."""
    with suppress(IntegrityError):
        assert Checkpoint.parse(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        TEXT[:-1],
        TEXT + "x",
        TEXT + "\n",
        "\ufeff" + TEXT,
        " " + TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("\n2\n", "\n02\n"),
        TEXT.replace("\n2\n", "\n-2\n"),
        TEXT.replace("\n2\n", "\n２\n"),
        TEXT.replace("\n2\n", f"\n{'9' * 20}\n"),
        TEXT.replace("readiness-store", "other-store"),
        TEXT.replace("5" * 32, "5" * 31),
        TEXT.replace("NuE=", "NuF="),
        TEXT.replace("NuE=", "NuE"),
        TEXT.replace("NuE=", "N-E="),
        TEXT.replace("=\n", "=\nextension\n"),
        SIGNED.replace("— ci", "- ci"),
        SIGNED.replace("— ci", "— c i"),
        SIGNED.replace("AAECAwQ=", "AAECAwQ"),
        SIGNED[:-1],
        f"{TEXT}{'— ci AAECAwQ=' * MAX_LENGTH}\n",
    ],
)
def test_what_is_not_written_as_a_checkpoint_is_refused(text: str) -> None:
    """A byte more, a byte less, another line end, another way to write a number or a root: none is a checkpoint."""
    assert Checkpoint.parse(SIGNED).signatures == (("ci", b"\0\1\2\3\4"),)
    with pytest.raises(IntegrityError):
        Checkpoint.parse(text)


def test_a_store_says_the_same_as_its_leaves() -> None:
    """The root is that of RFC 6962 over texts that name kind, id and digest, separated from every other text."""
    data = [f"readiness/leaf/v1\nrun\n{leaf.id}\n{leaf.digest}\n".encode() for leaf in LEAVES[:2]]
    left, right = (hashlib.sha256(b"\0" + item).digest() for item in data)
    root = hashlib.sha256(b"\1" + left + right).digest()
    checkpoint = StoreTree(ORIGIN, LEAVES[:2]).checkpoint()
    assert checkpoint.text == f"{ORIGIN}\n2\n{base64.b64encode(root).decode()}\n\n"


def test_each_kind_of_record_has_a_leaf_of_its_own() -> None:
    """A run is named by the digest of its seal, a decision and a verdict by that of their whole text."""
    sealed, decision, verdict = run(1, finished()), blocker(), StoredVerdict.parse(VERDICT)
    assert leaf_of(sealed) == ("run", sealed.id, line_digest(sealed.lines[-1].text))
    assert leaf_of(verdict) == ("verdict", verdict.id, verdict.id)
    result = leaf_of(decision)
    assert result == ("decision", decision.id, result.digest)
    assert len(result.digest) == 64
    assert decision.id.endswith(f"-{result.digest[:16]}")
    with pytest.raises(ValueError, match="not sealed"):
        leaf_of(run(1, sealed=False))


@given(st.integers(0, 9), st.integers(0, 9))
def test_a_store_does_not_contradict_what_it_has_grown_out_of(then: int, now: int) -> None:
    """An earlier checkpoint is no contradiction; a later one shows a rollback."""
    stored = StoreTree(ORIGIN, LEAVES[:then]).checkpoint()
    [text] = StoreTree(ORIGIN, LEAVES[:now]).contradictions([stored])
    if then <= now:
        assert text is None
    else:
        assert text is not None
        assert re.match(f"the store held {then} records? then, and holds {now}: it was rolled back", text)


@given(st.integers(1, 9), st.data())
def test_a_record_that_is_another_contradicts(then: int, data: st.DataObject) -> None:
    """A changed, swapped, deleted or inserted leaf is reported if the checkpoint covers it."""
    stored, at = TREE.checkpoint(), data.draw(st.integers(0, 8))
    stored = StoreTree(ORIGIN, LEAVES[:then]).checkpoint()
    other = Leaf("run", "other", "0" * 64)
    changed = [*LEAVES[:at], other, *LEAVES[at + 1 :]]
    inserted = [*LEAVES[:at], other, *LEAVES[at:]]
    deleted = [*LEAVES[:at], *LEAVES[at + 1 :], other]
    for leaves in (changed, inserted, deleted):
        [text] = StoreTree(ORIGIN, leaves).contradictions([stored])
        assert (text is not None) is (at < then)


def test_a_checkpoint_of_another_store_contradicts() -> None:
    """The same records in a store of another name are another store; several checkpoints are told of each for itself."""
    other = Checkpoint(f"readiness-store/{'6' * 32}", 9, TREE.checkpoint().root)
    fine, text = TREE.contradictions([TREE.checkpoint(), other])
    assert fine is None
    assert text is not None
    assert text.startswith("is of another store")


def test_signatures_stand_after_the_empty_line() -> None:
    """Each adds a line of a signed note; those that were there stay, and what is signed is the three lines."""
    plain = TREE.checkpoint()
    signed = plain.signed("ci", b"key1 and more").signed("witness", b"key2 and more")
    line, witness = (base64.b64encode(item).decode() for item in (b"key1 and more", b"key2 and more"))
    assert signed.text == f"{plain.note}\n— ci {line}\n— witness {witness}\n"
    assert signed.note == "".join(signed.text.splitlines(keepends=True)[:3])
    assert Checkpoint.parse(signed.text) == signed
    assert TREE.contradictions([signed]) == [None]


@given(st.text())
def test_a_name_that_a_note_takes_is_read_back(name: str) -> None:
    """A key is called only by what stands in a line without ending it; blanks and plus signs are none of it."""
    if is_note_name(name):
        assert Checkpoint.parse(TREE.checkpoint().signed(name, b"key1").text).signatures == ((name, b"key1"),)
    else:
        assert not name.isprintable() or not name or set(name) & {"+", " "}
