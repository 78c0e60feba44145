"""The one value that every view renders."""

from __future__ import annotations

from collections.abc import Mapping

from ..fast_values import dataclass, field
from ..verdict.inputs import RunOrigin
from ..verdict.readiness import Action, Readiness, Verdict


@dataclass(frozen=True, slots=True)
class ReportedSession:
    """The pytest session at whose end the report is printed."""

    run_id: str
    recorded: int
    """How many pieces of evidence it recorded."""


@dataclass(frozen=True, slots=True)
class ReportContext:
    """What a report says about itself: where its facts come from, and what went wrong on the way."""

    register: str
    store: str | None
    """Address of the store without credentials; None: there is none."""
    requirements_digest: str
    """Digest of the requirements in force."""
    generated_at: str
    """The moment it was made (UTC); the clock is an input."""
    release: str | None = None
    """The release that is judged."""
    configured: bool = True
    """A config was found; without one the report ends with the advice to write one."""
    notes: tuple[str, ...] = ()
    """What a reader should know: ``no config: run readiness init``."""
    problems: tuple[str, ...] = ()
    """What went wrong: evidence not kept, open runs, incomplete groups. Told first."""
    session: ReportedSession | None = None
    """The session it belongs to; None: the command made it."""


@dataclass(frozen=True, slots=True)
class Report:
    """Where the use cases in scope stand, what the gate says of them, and who must act."""

    readiness: Readiness
    verdict: Verdict
    actions: tuple[Action, ...]
    """Most urgent first."""
    context: ReportContext
    origins: Mapping[str, RunOrigin] = field(default_factory=dict)
    """Where the runs that it rests on come from, by id."""
