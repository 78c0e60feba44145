"""A run: one pytest session (or one ``readiness record``). Who, when, which code, which machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from ..errors import IntegrityError
from ..fast_values import dataclass, field
from .evidence import Artifact, Evidence
from .evidence_line import evidence_of
from .ledger.digest import digest_of
from .ledger.line import Line


class RunState(StrEnum):
    """Whether a run is closed."""

    OPEN = "OPEN"
    """Not sealed: still running, or killed and not recovered. Its failures count and its passes do not."""
    SEALED = "SEALED"
    INTERRUPTED = "INTERRUPTED"
    """Sealed by ``recover`` after its process ended without a seal."""


@dataclass(frozen=True)
class Run:
    """The lines of one run, as one value. What it says is read out of its first and last line."""

    lines: Sequence[Line] = field(repr=False)
    """Not always in memory: those of a run that was just recorded are read from its journal."""

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Run:
        """Return the run that these lines are.

        Raises:
            IntegrityError: a line is damaged, or the first line does not open a run.
        """
        lines = tuple(Line.parse(text) for text in texts)
        if not lines or lines[0].kind != "run" or not isinstance(lines[0].body.get("run"), str):
            raise IntegrityError("the first line does not open a run")
        return cls(lines)

    @cached_property
    def head(self) -> dict[str, Any]:
        """The first line: id, register, context, provenance, requirements digest."""
        return self.lines[0].body

    @cached_property
    def seal(self) -> Line | None:
        """The last line, if it closes the run."""
        return self.lines[-1] if self.lines[-1].kind == "sealed" else None

    @property
    def id(self) -> str:
        """Sorts by start: ``20260212T182900Z-`` and 8 hex digits."""
        return str(self.head["run"])

    @property
    def register(self) -> str:
        """Name of the register it was recorded for."""
        return str(self.head["register"])

    @property
    def started_at(self) -> str:
        """When it started (UTC)."""
        return str(self.head["started_at"])

    @property
    def finished_at(self) -> str | None:
        """When it was sealed (UTC)."""
        return str(self.seal.body["finished_at"]) if self.seal else None

    @property
    def state(self) -> RunState:
        """Open, sealed, or sealed by recovery."""
        if self.seal is None:
            return RunState.OPEN
        return RunState.INTERRUPTED if self.seal.body.get("recovered") else RunState.SEALED

    @property
    def requirements_digest(self) -> str:
        """Digest of the requirements in force."""
        return str(self.head.get("requirements", ""))

    @property
    def actor(self) -> str:
        """Who recorded it: a person, or a job of CI (``ci:provider/project/job``)."""
        return str(self.head.get("actor", ""))

    @property
    def commit(self) -> str | None:
        """The commit that was tested, where there is git."""
        return self._git.get("commit")

    @property
    def dirty(self) -> bool | None:
        """Uncommitted changes at its start; None: not known."""
        return self._git.get("dirty")

    @property
    def _git(self) -> dict[str, Any]:
        return self.head.get("git") or {}

    @property
    def group(self) -> tuple[str, int] | None:
        """(id, number of parts) of the logical run it is a part of."""
        group = self.head.get("group")
        return (str(group["id"]), int(group["parts"])) if group else None

    @property
    def release(self) -> str | None:
        """The release it was made for."""
        return self.head.get("release")

    @property
    def tracker(self) -> Artifact | None:
        """The tracker, byte for byte as it was when the run was opened, kept as an artifact; None: it was not kept."""
        tracker = self.head.get("tracker") or {}
        if "sha256" not in tracker:
            return None
        return Artifact(
            name=tracker["name"],
            media_type=tracker_media_type(tracker["name"]),
            size=tracker["size"],
            sha256=tracker["sha256"],
        )

    @property
    def planned(self) -> tuple[PlanEntry, ...]:
        """The evidence tests that were to run, deselected ones included."""
        lines = [line for line in self.lines if line.kind == "planned"]
        return tuple(PlanEntry.from_plain(plain) for line in lines for plain in line.body["tests"])

    def evidence(self) -> Iterator[Evidence]:
        """Yield the evidence of the run, in the order it was recorded."""
        for line in self.lines:
            yield from evidence_of(line, self.register)

    def artifacts(self) -> Iterator[tuple[str, Artifact]]:
        """Yield each artifact that the run names, with the id of the evidence that has it (the run's: the tracker)."""
        if self.tracker is not None:
            yield self.id, self.tracker
        for execution in self.evidence():
            yield from ((execution.id, artifact) for artifact in execution.artifacts)


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """A test that was to run, and the (use case, item) pairs it claims."""

    test_id: str
    claims: tuple[tuple[str, str], ...]
    selected: bool = True
    """False: collected and deselected (another shard may run it)."""

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> PlanEntry:
        """Return what a line of kind ``planned`` says of one test."""
        claims = tuple((claim["use_case"], claim["item"]) for claim in plain["claims"])
        return cls(plain["test"], claims, not plain.get("deselected", False))


def planned_digest(lines: Iterable[Line]) -> str:
    """Return the digest of everything that was planned: the tests of all ``planned`` lines, in order.

    The seal names it, so that the set of tests that were to run cannot shrink unseen.

    Raises:
        KeyError, TypeError: a ``planned`` line has no list of tests.
    """
    return planned_digest_of(line.list_text("tests") for line in lines if line.kind == "planned")


def planned_digest_of(spellings: Iterable[str]) -> str:
    """Return the same from the canonical text of the list of tests of each such line."""
    return digest_of("planned", _whole_plan(spellings))


def _whole_plan(spellings: Iterable[str]) -> Iterator[bytes]:
    """Yield the canonical text of all planned tests piece by piece: a plan is as long as the suite."""
    yield b'{"tests":['
    comma = ""
    for text in spellings:
        if text != "[]":
            yield f"{comma}{text[1:-1]}".encode()
            comma = ","
    yield b"]}"


def tracker_media_type(name: str) -> str:
    """Return the media type of a tracker, by the end of its name."""
    return _TRACKERS.get(PurePosixPath(name).suffix.casefold(), "text/markdown")


_TRACKERS = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".tab": "text/tab-separated-values",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
