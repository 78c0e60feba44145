"""Proofs by comparison: what was captured, replayed or read back equals what it must equal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from json import loads as _loads
from typing import Any, ClassVar

from ...claims.catalogue import REPLAY_MODES
from ...errors import ProofError
from ...fast_values import dataclass
from .traces import (
    Redact,
    TraceDifference,
    a_kind,
    canonical_trace,
    first_difference,
    redact_tree,
    says_anything,
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


@dataclass(frozen=True, slots=True)
class Attestation(ProofResult):
    """What is installed was attested, and reads back the same from where it is stored."""

    kind: ClassVar[str] = "attestation"
    distribution: str
    version: str
    digest: str
    stored_at: str


def prove_attestation(
    statement: object, stored_at: object, read_back: object, installed: Callable[[str], Mapping[str, Any]],
    redact: Redact = str,
) -> Attestation:  # fmt: skip
    """Return the proof that a statement about an installed distribution came back from a persistent store.

    Args:
        statement: what was attested: what ``statement()`` returned, and whatever else was stored with it.
        stored_at: where it is stored.
        read_back: what came back: a mapping, or its JSON as text or bytes.
        installed: returns what can be stated of a distribution now.
        redact: takes secrets out of what a message shows.

    Raises:
        ProofError: the statement is not true of what is installed, or what came back is not the statement.
    """
    where = required_text("stored_at", stored_at)
    if read_back is statement:
        raise ProofError("read_back is the very object that was attested: read it from the store, it proves nothing")
    if not isinstance(statement, Mapping):
        raise ProofError(
            f"the statement must be a dict, as record_evidence.statement() returns it, not {a_kind(statement)}"
        )
    stated = to_tree(statement)
    missing = [key for key in _ATTESTED if not (isinstance(stated.get(key), str) and stated[key])]
    if missing:
        raise ProofError(f"the statement does not say {', '.join(missing)}: begin with record_evidence.statement()")
    _compare(
        "the statement is not true of what is installed", stated, to_tree(installed(stated["name"])), redact, only=True
    )
    _compare("what was read back is not what was attested", stated, to_tree(_parsed(read_back)), redact)
    return Attestation(stated["name"], stated["version"], stated["digest"], where)


def _compare(what: str, ours: dict[str, Any], theirs: dict[str, Any], redact: Redact, *, only: bool = False) -> None:
    """Compare key by key; with ``only`` the keys of ``theirs``."""
    keys = sorted(theirs) if only else sorted(ours.keys() | theirs.keys())
    wrong = []
    for key in keys:
        found = first_difference({key: ours[key]} if key in ours else {}, {key: theirs[key]} if key in theirs else {})
        if found is not None:
            last = found.keys[-1] if found.keys else None
            told = f"stated {shortened(found.ours, redact, last)}, found {shortened(found.theirs, redact, last)}"
            wrong.append(f"{found.path(redact)}: {told}")
    if wrong:
        raise ProofError("\n".join([f"{what}:", *wrong]))


def _parsed(read_back: object) -> Mapping[str, Any]:
    value = read_back
    if isinstance(value, str | bytes | bytearray):
        try:
            value = _loads(value)
        except (ValueError, RecursionError):
            raise ProofError("read_back is no JSON") from None
    if not isinstance(value, Mapping):
        raise ProofError(f"read_back must be a dict, or its JSON, not {a_kind(value)}")
    return value


@dataclass(frozen=True, slots=True)
class Trace(ProofResult):
    """Two captures of a trace are the same, but for masked fields."""

    kind: ClassVar[str] = "trace"
    digest: str
    """SHA-256 of the canonical trace, without secrets: of the artifact that is kept."""
    events: int
    masked: str
    """Names of masked fields."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A trace that is worth keeping."""

    text: str
    """Canonical, masked, without secrets."""
    digest: str
    proof: Trace | None
    """None where there is no second capture to compare with."""


def prove_trace(events: object, again: object, mask: str | Iterable[str], redact: Redact = str) -> Capture:
    """Return a trace as it is kept, and with a second capture the proof that it is deterministic.

    Args:
        events: JSON-like values.
        again: the second capture, or None.
        mask: names of fields, at any depth, whose values may differ.
        redact: takes secrets out of what is kept and shown.

    Raises:
        ProofError: a capture is empty or no list of JSON-like values, everything is masked, the second is the first
            one again, or they differ; the message names the path.
    """
    names = frozenset(_names(mask))
    listed = _events("the trace", events)
    ours = to_tree(listed, names)
    if not says_anything(ours):
        raise ProofError("nothing of the trace is left: all of it is masked or empty")
    if again is not None:
        repeated = _events("the second capture", again)
        _check_apart("the second capture", events, again, listed, repeated)
        found = first_difference(ours, to_tree(repeated, names))
        if found is not None:
            raise ProofError(_diverged("the two captures differ", found, ("first", "second"), redact))
    text = redact(canonical_trace(redact_tree(ours, redact)))  # once more as a whole: beside their names
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
        raise ProofError(f"{what} must be a list of events, not {a_kind(given)}")
    events = list(given)
    if not events:
        raise ProofError(f"{what} is empty, and proves nothing")
    return events


def _check_apart(what: str, first: object, second: object, ours: list[Any], theirs: list[Any]) -> None:
    """An object compared with itself proves nothing, nor does a list of the same objects."""
    kept = [(one, other) for one, other in zip(ours, theirs, strict=False) if isinstance(one, _MUTABLE)]
    if first is second or (kept and len(ours) == len(theirs) and all(one is other for one, other in kept)):
        raise ProofError(f"{what} is the first one again (the same object), and proves nothing: capture it anew")


def _diverged(what: str, found: TraceDifference, names: tuple[str, str], redact: Redact) -> str:
    key = found.keys[-1] if found.keys else None
    ours, theirs = shortened(found.ours, redact, key), shortened(found.theirs, redact, key)
    return f"{what} at {found.path(redact)}\n  {names[0]}: {ours}\n  {names[1]}: {theirs}"


@dataclass(frozen=True, slots=True)
class Replay(ProofResult):
    """A recorded run was replayed without a divergence."""

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
        redact: takes secrets out of what is kept and shown.

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
    _check_apart("the replay", recorded, replayed, first, second)
    ours = to_tree(first)
    if not says_anything(ours):
        raise ProofError("the recording has no value in it, and proves nothing")
    found = first_difference(ours, to_tree(second))
    if found is not None:
        what = f"the replay diverges at event {found.keys[0]},"
        raise ProofError(_diverged(what, found, ("recorded", "replayed"), redact))
    return Replay(mode, len(first), trace_digest(redact(canonical_trace(redact_tree(ours, redact)))), why)
