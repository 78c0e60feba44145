"""Runs: one pytest session (or one ``readiness record``), with its origin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct

from ..errors import IntegrityError
from .evidence import Artifact, Evidence
from .evidence_line import evidence_of
from .ledger.digest import digest_of
from .ledger.line import Line, canonical
from .subject import Subjects, read_subjects


class RunState(StrEnum):
    """State of a run."""

    OPEN = "OPEN"
    """Not sealed: still running, or killed and not recovered. Its failures count and its passes do not."""
    SEALED = "SEALED"
    INTERRUPTED = "INTERRUPTED"
    """Sealed by ``recover`` after its process ended without a seal."""


class Run(Struct, frozen=True, dict=True):
    """Run as the sequence of its lines. Its properties are read from the first and the last line."""

    lines: Sequence[Line]
    """Not always in memory: the lines of a run that was just recorded are read from its journal."""

    def __repr__(self) -> str:
        return f"Run({len(self.lines)} lines)"  # pytest shows values of a failure: not all of them

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Run:
        """Parse the lines of a run.

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
        """The last line if it closes the run; None: the run is open."""
        return self.lines[-1] if self.lines[-1].kind == "sealed" else None

    @property
    def id(self) -> str:
        """Id of the run: ``20260212T182900Z-`` and 8 hex digits. Ids sort by start."""
        return str(self.head["run"])

    @property
    def register(self) -> str:
        """Name of the register that it was recorded for."""
        return str(self.head["register"])

    @property
    def started_at(self) -> str:
        """Start (UTC)."""
        return str(self.head["started_at"])

    @property
    def finished_at(self) -> str | None:
        """Time of the seal (UTC); None: the run is open."""
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
        """Recorder of the run: a person, or a CI job (``ci:provider/project/job``)."""
        return str(self.head.get("actor", ""))

    @property
    def commit(self) -> str | None:
        """The commit that was tested; None: not known."""
        return self._git.get("commit")

    @property
    def dirty(self) -> bool | None:
        """Whether there were uncommitted changes at its start; None: not known."""
        return self._git.get("dirty")

    @property
    def _git(self) -> dict[str, Any]:
        return self.head.get("git") or {}

    @property
    def group(self) -> tuple[str, int] | None:
        """Id of its run group, and the number of parts; None: it is not part of a group."""
        group = self.head.get("group")
        return (str(group["id"]), int(group["parts"])) if group else None

    @property
    def release(self) -> str | None:
        """The release that it was made for."""
        return self.head.get("release")

    @property
    def subjects(self) -> Subjects:
        """Digests of what was under test, by name; empty: none was named."""
        return read_subjects(self.head.get("subjects"))

    @property
    def tracker(self) -> Artifact | None:
        """The tracker as it was when the run was opened, byte for byte, as an artifact; None: it was not stored."""
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
        """Yield the evidence of the run in recorded order."""
        for line in self.lines:
            yield from evidence_of(line, self.register)

    def artifacts(self) -> Iterator[tuple[str, Artifact]]:
        """Yield each artifact of the run with the id of its evidence (for the tracker: the id of the run)."""
        if self.tracker is not None:
            yield self.id, self.tracker
        for execution in self.evidence():
            yield from ((execution.id, artifact) for artifact in execution.artifacts)


class PlanEntry(Struct, frozen=True):
    """Planned test with the (use case, item) pairs that it claims."""

    test_id: str
    claims: tuple[tuple[str, str], ...]
    selected: bool = True
    """False: collected and deselected (another shard may run it)."""

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> PlanEntry:
        """Return the entry for one test of a ``planned`` line."""
        claims = tuple((claim["use_case"], claim["item"]) for claim in plain["claims"])
        return cls(plain["test"], claims, not plain.get("deselected", False))


def planned_digest(lines: Iterable[Line]) -> str:
    """Return the digest of the plan: the tests of all ``planned`` lines, in order.

    The seal contains it, so that the set of planned tests cannot shrink unnoticed.

    Raises:
        KeyError, TypeError: a ``planned`` line has no list of tests.
    """
    return digest_of("planned", _plan_text(lines))


def _plan_text(lines: Iterable[Line]) -> Iterator[bytes]:
    """Yield the canonical text of all planned tests in pieces, as a plan is as long as the suite."""
    yield b'{"tests":['
    comma = b""
    for line in lines:
        if line.kind == "planned" and (tests := list(line.body["tests"])):
            yield comma + canonical(tests)[1:-1].encode()  # without the brackets of the list
            comma = b","
    yield b"]}"


def tracker_media_type(name: str) -> str:
    """Return the media type of a tracker by its file extension."""
    return _TRACKERS.get(PurePosixPath(name).suffix.casefold(), "text/markdown")


_TRACKERS = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".tab": "text/tab-separated-values",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
