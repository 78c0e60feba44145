"""Checkpoints that were kept elsewhere: read, compared with the store, and written without losing an older one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..atomic_write import write_atomically
from ..errors import (
    ConfigError,
    IntegrityError,
    Problem,
    ReadinessError,
    StorageError,
    location as shown_place,
    one_line,
    write_error,
)
from ..facts.checkpoint import MAX_LENGTH, Checkpoint, StoreTree
from ..fast_values import dataclass
from ..regular_files import regular_file
from ..signing.keys import sign_checkpoint
from ..signing.trust import TrustStore
from ..store.address import printable_url
from ..store.protocol import Store
from ..verdict.inputs import CheckpointComparison
from ..views.text_format import count

VARIABLE = "READINESS_CHECKPOINT"
UNSIGNED = "the checkpoint is not signed: signed notes take Ed25519 keys, and READINESS_SIGNER names another kind"


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint, and the file that it was kept in."""

    path: Path
    checkpoint: Checkpoint

    def problem(self, told: str) -> Problem:
        """Return what this checkpoint says against the store."""
        return Problem(f"checkpoint {shown_place(self.path)}", told)


def read_checkpoint(path: Path) -> StoredCheckpoint:
    """Return the checkpoint in a file. Its signatures are not checked: see ``untrusted_checkpoints``.

    Raises:
        ConfigError: there is no such file, or it holds no checkpoint.
    """
    try:
        with regular_file(path) as file:
            return StoredCheckpoint(path, Checkpoint.parse(file.read(MAX_LENGTH + 1).decode()))
    except OSError as error:
        raise ConfigError(f"{shown_place(path)}: the checkpoint cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{shown_place(path)}: is no checkpoint: it is no text") from None
    except IntegrityError as error:
        raise ConfigError(f"{shown_place(path)}: is no checkpoint: {error}") from None


def requested_checkpoints(paths: Sequence[Path] = ()) -> list[StoredCheckpoint]:
    """Return the checkpoints in these files; where none is named, in those that ``READINESS_CHECKPOINT`` names.

    Raises:
        ConfigError: one cannot be read, or the variable is empty.
    """
    return [read_checkpoint(path) for path in paths or named_checkpoints()]


def named_checkpoints() -> list[Path]:
    """Return the files that ``READINESS_CHECKPOINT`` names; none, where it is not set.

    Raises:
        ConfigError: it is set and a name in it is empty, as of an output of CI that was never set: what was to be
            compared would be passed over in silence.
    """
    said = os.environ.get(VARIABLE)
    names = said.split(os.pathsep) if said is not None else []
    if not all(name.strip() for name in names):
        where = "is empty" if len(names) == 1 else f"has an empty name in it ({one_line(said or '', 100)})"
        raise ConfigError(f"{VARIABLE} {where}: name a checkpoint, or unset it where none is to be compared")
    return [Path(name) for name in names]


def untrusted_checkpoints(kept: Iterable[StoredCheckpoint], trust: TrustStore) -> list[Problem]:
    """Return which checkpoints do not count, since no key signed them that is trusted with checkpoints, if any is."""
    doubts = ((one, trust.checkpoint_distrust_reason(one.checkpoint)) for one in kept)
    return [one.problem(told) for one, told in doubts if told is not None]


NOTHING = "is of a store without a record: there is nothing to look at"
"""Said of an empty tree, which every store has grown out of."""


def empty_checkpoints(kept: Iterable[StoredCheckpoint]) -> list[Problem]:
    """Return which checkpoints speak of no record at all."""
    return [one.problem(NOTHING) for one in kept if not one.checkpoint.size]


def contradictions(store: Store | None, kept: Sequence[StoredCheckpoint]) -> tuple[int, list[Problem]]:
    """Return how many records a store has, and what the checkpoints say against it.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    tree = store.tree() if store is not None else None
    if tree is None:
        there = "there is none" if store is None else "is an older copy, which has no tree"
        told = f"and {there}: it was deleted or replaced"
        return 0, [one.problem(f"the store had {count(one.checkpoint.size, 'record')} then, {told}") for one in kept]
    found = tree.contradictions([one.checkpoint for one in kept])
    return len(tree.leaves), [one.problem(told) for one, told in zip(kept, found, strict=True) if told is not None]


def matching_checkpoints(
    kept: Iterable[StoredCheckpoint], number: int, problems: Iterable[Problem], trust: TrustStore
) -> Iterator[str]:
    """Yield a sentence for each checkpoint that a store with so many records fits: nothing of the problems is its."""
    wrong = {problem.where for problem in problems}
    signed = ", signed with a trusted key" if trust.keys_of_role("checkpoints") else ""
    for one in kept:
        if one.problem("").where not in wrong:
            of = f"the first {one.checkpoint.size} of {count(number, 'record')}"
            yield f"{of} are those of {shown_place(one.path)}{signed}"


def compare_checkpoints(
    store: Store | None, kept: Sequence[StoredCheckpoint], run_ids: Iterable[str], trust: TrustStore
) -> CheckpointComparison:
    """Return what checkpoints say of a store, and of the runs that an answer rests on, as the gate tells it."""
    try:
        number, problems = contradictions(store, kept)
        if store is not None and not problems:
            problems += store.check_tree(run_ids)
        problems = [*untrusted_checkpoints(kept, trust), *empty_checkpoints(kept), *problems]
    except ReadinessError as error:
        number, problems = 0, [Problem("", str(error))]
    largest = max(one.checkpoint.size for one in kept)
    names = ", ".join(shown_place(one.path) for one in kept)
    since = f", and {number - largest} came since" if number > largest else ""
    return CheckpointComparison(
        min(number, largest), tuple(problems), f"the store begins with the records of {names}{since}"
    )


def missing_store(url: str) -> str:
    """Return what is said of a store that is not there, by who asks for one that is."""
    shown = printable_url(url)
    return f"there is no store at {shown}: record a run first, or name the right one (--store, READINESS_STORE)"


def store_head(store: Store | None, url: str) -> StoreTree:
    """Return the tree of a store, which is at this address, whose leaves fit its records.

    Raises:
        ConfigError: there is no store.
        IntegrityError: they do not, so that a checkpoint would vouch for what is not there.
        StorageError: it has no tree yet, or it cannot be read.
    """
    if store is None:
        raise ConfigError(missing_store(url))
    tree = store.tree()
    if tree is None:
        raise StorageError("the store is of an older version, and has no tree before something is added to it")
    if problems := list(store.check_tree(())):
        raise IntegrityError(f"{problems[0]}; 'readiness verify' names everything that does not fit")
    return tree


def signed_checkpoint(checkpoint: Checkpoint, folder: Path, trust: TrustStore) -> Checkpoint:
    """Return a checkpoint signed with the key that the environment names; as it is, where that signs no notes.

    Raises:
        StorageError: the key cannot sign.
    """
    # The name that is trusted with checkpoints, where one key has several.
    ordered = sorted(trust.keys, key=lambda key: "checkpoints" not in key.roles)
    try:
        return sign_checkpoint(checkpoint, folder, {key.name: key.public for key in ordered})
    except ConfigError as error:
        raise StorageError(f"no checkpoint is made, since it cannot be signed: {error}") from None


def write_checkpoint(path: Path, checkpoint: Checkpoint, tree: StoreTree, trust: TrustStore) -> None:
    """Write a checkpoint of a tree to a file. One that is there is replaced only where the tree has grown out of it.

    Nor does one that counts for nothing take the place of one that counts.

    Raises:
        ConfigError: there is a file that holds no checkpoint, or no file can be written there.
        IntegrityError: the one that is there is of another store, larger, or of other records, or is trusted and the
            new one is not; it is left as it is.
        StorageError: it cannot be written.
    """
    if path.exists():
        there = read_checkpoint(path)
        [told] = tree.contradictions([there.checkpoint])
        if told is None and trust.checkpoint_distrust_reason(there.checkpoint) is None:
            doubt = trust.checkpoint_distrust_reason(checkpoint)
            advice = "sign with a key that is trusted (READINESS_SIGNER), or name another file"
            told = f"counts, and the new one would not: {doubt}; {advice}" if doubt is not None else None
        if told is not None:
            raise IntegrityError(f"{there.problem(told)}; the file was left as it is")
    try:
        write_atomically(path, checkpoint.text.encode())
    except OSError as error:
        raise write_error(path, "the checkpoint", error) from error
