"""Checkpoints of the store in files: read, compared with the store, and written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from ..atomic_write import write_atomically
from ..errors import (
    ConfigError,
    IntegrityError,
    Problem,
    ReadinessError,
    StorageError,
    location as shown_place,
    write_error,
)
from ..facts.checkpoint import MAX_LENGTH, Checkpoint, StoreTree
from ..regular_files import regular_file
from ..signing.keys import sign_checkpoint
from ..signing.trust import TrustStore
from ..store.address import missing_store
from ..store.protocol import LedgerTree
from ..verdict.inputs import CheckpointComparison
from ..views.text_format import count
from .checkpoint_files import named_checkpoints

UNSIGNED = "the checkpoint is not signed: signed notes need an Ed25519 key, and READINESS_SIGNER names another kind"


class StoredCheckpoint(Struct, frozen=True):
    """A checkpoint and its file."""

    path: Path
    checkpoint: Checkpoint

    def problem(self, message: str) -> Problem:
        """Return a problem at this checkpoint."""
        return Problem(f"checkpoint {shown_place(self.path)}", message)


def read_checkpoint(path: Path) -> StoredCheckpoint:
    """Return the checkpoint in a file. Its signatures are not checked: see ``untrusted_checkpoints``.

    Raises:
        ConfigError: the file does not exist, or is not a checkpoint.
    """
    try:
        with regular_file(path) as file:
            return StoredCheckpoint(path, Checkpoint.parse(file.read(MAX_LENGTH + 1).decode()))
    except OSError as error:
        raise ConfigError(f"{shown_place(path)}: the checkpoint cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{shown_place(path)}: is not a checkpoint: it is not text") from None
    except IntegrityError as error:
        raise ConfigError(f"{shown_place(path)}: is not a checkpoint: {error}") from None


def requested_checkpoints(paths: Sequence[Path] = ()) -> list[StoredCheckpoint]:
    """Return the checkpoints in these files; without any, those in the files that ``READINESS_CHECKPOINT`` names.

    Raises:
        ConfigError: a checkpoint cannot be read, or the variable is empty.
    """
    return [read_checkpoint(path) for path in paths or named_checkpoints()]


def untrusted_checkpoints(stored: Iterable[StoredCheckpoint], trust: TrustStore) -> list[Problem]:
    """Return a problem for each checkpoint without a trusted signature, if any key is trusted with checkpoints."""
    reasons = ((checkpoint, trust.checkpoint_distrust_reason(checkpoint.checkpoint)) for checkpoint in stored)
    return [checkpoint.problem(reason) for checkpoint, reason in reasons if reason is not None]


EMPTY = "is of an empty store: there is nothing to compare"
"""Message about an empty tree: every store begins with it."""


def empty_checkpoints(stored: Iterable[StoredCheckpoint]) -> list[Problem]:
    """Return a problem for each checkpoint without a record."""
    return [checkpoint.problem(EMPTY) for checkpoint in stored if not checkpoint.checkpoint.size]


def contradictions(store: LedgerTree | None, stored: Sequence[StoredCheckpoint]) -> tuple[int, list[Problem]]:
    """Return the number of records of a store, and a problem for each checkpoint that it contradicts.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    tree = store.tree() if store is not None else None
    if tree is None:
        state = "there is none" if store is None else "is an older copy, which has no tree"
        reason = f"and {state}: it was deleted or replaced"
        return 0, [
            checkpoint.problem(f"the store had {count(checkpoint.checkpoint.size, 'record')} then, {reason}")
            for checkpoint in stored
        ]
    messages = tree.contradictions([checkpoint.checkpoint for checkpoint in stored])
    return len(tree.leaves), [
        checkpoint.problem(message) for checkpoint, message in zip(stored, messages, strict=True) if message is not None
    ]


def matching_checkpoints(
    stored: Iterable[StoredCheckpoint], number: int, problems: Iterable[Problem], trust: TrustStore
) -> Iterator[str]:
    """Yield a sentence for each checkpoint without a problem."""
    places = {problem.where for problem in problems}
    signed = ", signed with a trusted key" if trust.keys_of_role("checkpoints") else ""
    for checkpoint in stored:
        if checkpoint.problem("").where not in places:
            records = f"the first {checkpoint.checkpoint.size} of {count(number, 'record')}"
            yield f"{records} are those of {shown_place(checkpoint.path)}{signed}"


def compare_checkpoints(
    store: LedgerTree | None, stored: Sequence[StoredCheckpoint], run_ids: Iterable[str], trust: TrustStore
) -> CheckpointComparison:
    """Return, for the gate, the result of comparing checkpoints with a store and with the runs that were used."""
    try:
        number, problems = contradictions(store, stored)
        if store is not None and not problems:
            problems += store.check_tree(run_ids)
        problems = [*untrusted_checkpoints(stored, trust), *empty_checkpoints(stored), *problems]
    except ReadinessError as error:
        number, problems = 0, [Problem("", str(error))]
    largest = max(checkpoint.checkpoint.size for checkpoint in stored)
    names = ", ".join(shown_place(checkpoint.path) for checkpoint in stored)
    newer = f", and {number - largest} came since" if number > largest else ""
    return CheckpointComparison(
        min(number, largest), tuple(problems), f"the store begins with the records of {names}{newer}"
    )


def store_head(store: LedgerTree | None, url: str) -> StoreTree:
    """Return the tree of a store, after checking its leaves against the records.

    Args:
        store: the store; None if it does not exist.
        url: its address, for messages.

    Raises:
        ConfigError: the store does not exist.
        IntegrityError: the leaves do not match the records, so that a checkpoint would be false.
        StorageError: the store has no tree yet, or cannot be read.
    """
    if store is None:
        raise ConfigError(missing_store(url))
    tree = store.tree()
    if tree is None:
        raise StorageError("the store is of an older version: it gets a record tree with the next record")
    if problems := list(store.check_tree(())):
        raise IntegrityError(f"{problems[0]}; 'readiness verify' names all problems")
    return tree


def signed_checkpoint(checkpoint: Checkpoint, folder: Path, trust: TrustStore) -> Checkpoint:
    """Return a checkpoint signed with the key in the environment; unsigned if a key of its kind cannot sign one."""
    # If one key has several names, the name that is trusted with checkpoints comes first.
    ordered = sorted(trust.keys, key=lambda key: "checkpoints" not in key.roles)
    try:
        return sign_checkpoint(checkpoint, folder, {key.name: key.public for key in ordered})
    except ConfigError as error:
        raise StorageError(f"no checkpoint was made, since it cannot be signed: {error}") from None


def write_checkpoint(path: Path, checkpoint: Checkpoint, tree: StoreTree, trust: TrustStore) -> None:
    """Write a checkpoint of a tree to a file. It replaces only a checkpoint that the tree has grown from.

    A checkpoint that is not trusted does not replace a trusted one.

    Raises:
        ConfigError: the file exists and is not a checkpoint, or cannot be created.
        IntegrityError: the checkpoint in the file is of another store, larger, of other records, or trusted while the
            new one is not. The file is not changed.
        StorageError: the file cannot be written.
    """
    if path.exists():
        previous = read_checkpoint(path)
        [reason] = tree.contradictions([previous.checkpoint])
        if reason is None and trust.checkpoint_distrust_reason(previous.checkpoint) is None:
            distrust = trust.checkpoint_distrust_reason(checkpoint)
            advice = "sign with a trusted key (READINESS_SIGNER), or name another file"
            reason = f"is trusted, and the new one would not be: {distrust}; {advice}" if distrust is not None else None
        if reason is not None:
            raise IntegrityError(f"{previous.problem(reason)}; the file was not changed")
    try:
        write_atomically(path, checkpoint.text.encode())
    except OSError as error:
        raise write_error(path, "the checkpoint", error) from error
