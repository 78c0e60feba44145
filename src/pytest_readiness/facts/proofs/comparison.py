"""Proofs by comparison: a capture, a replay or a read-back equals its original."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from json import loads as _loads
from typing import Any, ClassVar

from msgspec import Struct

from ...claims.catalogue import REPLAY_MODES
from ...errors import ProofError
from .traces import (
    Redact,
    TraceDifference,
    canonical_trace,
    first_difference,
    has_value,
    kind_text,
    redact_tree,
    shortened,
    to_tree,
    trace_digest,
    whole_line,
)
from .values import ProofResult, required_text

_ATTESTED = ("name", "version", "digest")
_MUTABLE = (dict, list)


def __tracebackhide__(excinfo: Any) -> bool:  # noqa: N807 - pytest's name: a failed proof is shown where it was offered
    return isinstance(excinfo.value, ProofError)


class Attestation(ProofResult, frozen=True):
    """Attestation of an installed package, read back unchanged from a persistent store."""

    kind: ClassVar[str] = "attestation"
    distribution: str
    version: str
    digest: str
    stored_at: str


def prove_attestation(
    statement: object, stored_at: object, read_back: object, installed: Callable[[str], Mapping[str, Any]],
    redact: Redact = str,
) -> Attestation:  # fmt: skip
    """Return the proof that a statement about an installed package came back from a persistent store.

    Args:
        statement: the attested statement: the result of ``statement()`` and further fields.
        stored_at: where it is stored.
        read_back: the stored statement: a mapping, or its JSON as text or bytes.
        installed: returns the current statement about an installed package.
        redact: removes secrets from a message.

    Raises:
        ProofError: the statement does not match the installed package, or the read-back differs from the statement.
    """
    where = required_text("stored_at", stored_at)
    if read_back is statement:
        raise ProofError("read_back is the very object that was attested: read it from the store, it proves nothing")
    if not isinstance(statement, Mapping):
        raise ProofError(
            f"the statement must be a dict, as record_evidence.statement() returns it, not {kind_text(statement)}"
        )
    stated = to_tree(statement)
    missing = [key for key in _ATTESTED if not (isinstance(stated.get(key), str) and stated[key])]
    if missing:
        raise ProofError(f"the statement does not say {', '.join(missing)}: begin with record_evidence.statement()")
    _compare(
        "the statement is not true of what is installed", stated, to_tree(installed(stated["name"])), redact, only=True
    )
    _compare("what was read back is not what was attested", stated, to_tree(_read_back_mapping(read_back)), redact)
    return Attestation(stated["name"], stated["version"], stated["digest"], where)


def _compare(what: str, stated: dict[str, Any], actual: dict[str, Any], redact: Redact, *, only: bool = False) -> None:
    """Raise if two mappings differ in a key; with ``only``, compare the keys of ``actual``."""
    keys = sorted(actual) if only else sorted(stated.keys() | actual.keys())
    wrong = []
    for key in keys:
        difference = first_difference(
            {key: stated[key]} if key in stated else {}, {key: actual[key]} if key in actual else {}
        )
        if difference is not None:
            last = difference.keys[-1] if difference.keys else None
            first, second = (shortened(value, redact, last) for value in (difference.first, difference.second))
            wrong.append(f"{difference.path(redact)}: stated {first}, found {second}")
    if wrong:
        raise ProofError("\n".join([f"{what}:", *wrong]))


def _read_back_mapping(read_back: object) -> Mapping[str, Any]:
    value = read_back
    if isinstance(value, str | bytes | bytearray):
        try:
            value = _loads(value)
        except (ValueError, RecursionError):
            raise ProofError("read_back is no JSON") from None
    if not isinstance(value, Mapping):
        raise ProofError(f"read_back must be a dict, or its JSON, not {kind_text(value)}")
    return value


class Trace(ProofResult, frozen=True):
    """Equality of two captures of a trace, except for masked fields."""

    kind: ClassVar[str] = "trace"
    digest: str
    """SHA-256 of the canonical trace without secrets, which is also the digest of the stored artifact."""
    events: int
    masked: str
    """Names of masked fields."""


class Capture(Struct, frozen=True):
    """Captured trace for the store."""

    text: str
    """Canonical, masked, without secrets."""
    digest: str
    proof: Trace | None
    """None if there is no second capture."""


def prove_trace(events: object, again: object, mask: str | Iterable[str], redact: Redact = str) -> Capture:
    """Return a trace for the store, and with a second capture the proof that it is deterministic.

    Args:
        events: JSON-like values.
        again: the second capture, or None.
        mask: names of fields, at any depth, whose values may differ.
        redact: removes secrets from stored and shown texts.

    Raises:
        ProofError: a capture is empty or no list of JSON-like values, everything is masked, the second capture is the
            same object as the first, or they differ; the message names the path.
    """
    names = frozenset(_names(mask))
    listed = _events("the trace", events)
    trace = to_tree(listed, names)
    if not has_value(trace):
        raise ProofError("nothing of the trace is left: all of it is masked or empty")
    if again is not None:
        repeated = _events("the second capture", again)
        _check_distinct("the second capture", events, again, listed, repeated)
        difference = first_difference(trace, to_tree(repeated, names))
        if difference is not None:
            raise ProofError(_difference_text("the two captures differ", difference, ("first", "second"), redact))
    text = redact(canonical_trace(redact_tree(trace, redact)))  # once more: a secret may show beside its key
    summary = Trace(trace_digest(text), len(listed), ", ".join(sorted(names)))
    return Capture(text, summary.digest, None if again is None else summary)


def _names(mask: object) -> list[str]:
    given = list(mask) if isinstance(mask, Iterable) and not isinstance(mask, str) else [mask]
    names = [name for name in given if isinstance(name, str) and name]
    if len(names) < len(given):
        raise ProofError("mask must be names of fields")
    return names


def _events(what: str, given: object) -> list[Any]:
    if isinstance(given, str | bytes | bytearray | Mapping) or not isinstance(given, Iterable):
        raise ProofError(f"{what} must be a list of events, not {kind_text(given)}")
    events = list(given)
    if not events:
        raise ProofError(f"{what} is empty, and proves nothing")
    return events


def _check_distinct(
    what: str, first: object, second: object, first_events: list[Any], second_events: list[Any]
) -> None:
    """Raise if both captures are the same object or consist of the same objects, which proves nothing."""
    pairs = [
        (first_event, second_event)
        for first_event, second_event in zip(first_events, second_events, strict=False)
        if isinstance(first_event, _MUTABLE)
    ]
    if first is second or (
        pairs
        and len(first_events) == len(second_events)
        and all(first_event is second_event for first_event, second_event in pairs)
    ):
        raise ProofError(f"{what} is the first one again (the same object), and proves nothing: capture it anew")


def _difference_text(what: str, difference: TraceDifference, names: tuple[str, str], redact: Redact) -> str:
    key = difference.keys[-1] if difference.keys else None
    first, second = shortened(difference.first, redact, key), shortened(difference.second, redact, key)
    return f"{what} at {difference.path(redact)}\n  {names[0]}: {first}\n  {names[1]}: {second}"


class Replay(ProofResult, frozen=True):
    """Replay of a recorded run without a divergence."""

    kind: ClassVar[str] = "replay"
    mode: str
    """FULL or TRACE_ONLY."""
    events: int
    digest: str
    reason: str = ""
    """Why only the trace was replayed."""


def prove_replay(mode: object, recorded: object, replayed: object, reason: object, redact: Redact = str) -> Replay:
    """Return the proof that a recorded run replays.

    Args:
        mode: ``FULL`` or ``TRACE_ONLY``.
        recorded: events of the recorded run, JSON-like.
        replayed: events of the replay.
        reason: why only the trace was replayed; needed for ``TRACE_ONLY``.
        redact: removes secrets from stored and shown texts.

    Raises:
        ProofError: the mode is neither, the reason is missing, a list is empty or the same object as the other, or
            they diverge; the message names event and path.
    """
    if not isinstance(mode, str) or mode not in REPLAY_MODES:
        raise ProofError(f"the mode of a replay is FULL or TRACE_ONLY, not {whole_line(repr(mode))}")
    if mode != REPLAY_MODES[0] and reason is None:
        raise ProofError("a replay that is TRACE_ONLY needs a reason: say why it was not FULL")
    why = "" if reason is None else required_text("reason", reason)
    first, second = _events("the recording", recorded), _events("the replay", replayed)
    _check_distinct("the replay", recorded, replayed, first, second)
    recording = to_tree(first)
    if not has_value(recording):
        raise ProofError("the recording has no value in it, and proves nothing")
    difference = first_difference(recording, to_tree(second))
    if difference is not None:
        what = f"the replay diverges at event {difference.keys[0]},"
        raise ProofError(_difference_text(what, difference, ("recorded", "replayed"), redact))
    return Replay(mode, len(first), trace_digest(redact(canonical_trace(redact_tree(recording, redact)))), why)
