"""Report: the value that every view renders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from ..facts.evidence import Evidence
from ..facts.subject import NO_SUBJECTS, Subjects, subjects_text
from ..verdict.changes import Change
from ..verdict.inputs import RunOrigin
from ..verdict.readiness import Action, Readiness, Verdict

if TYPE_CHECKING:  # loaded for the page alone
    from .page_material import PageMaterial


class ReportedSession(Struct, frozen=True):
    """The pytest session at whose end the report is printed."""

    run_id: str
    recorded: int
    """Number of recorded pieces of evidence."""


class ReportContext(Struct, frozen=True):
    """Origin of a report's facts, and the problems in obtaining them."""

    register: str
    store: str | None
    """URL of the store without credentials; None: there is no store."""
    requirements_digest: str
    """Digest of the requirements in force."""
    generated_at: str
    """Time of the report (UTC)."""
    scope: tuple[str, ...] | None = None
    """Ids or globs of the use cases that it is limited to, sorted; None: the whole register."""
    release: str | None = None
    """The release to judge by; None: none."""
    subjects: Subjects = NO_SUBJECTS
    """The digests that are judged, by name; empty: the policy does not ask for any, or none was named."""
    subjects_of_release: bool = False
    """Whether they are what the config gives the release, so that the release's name is not compared."""
    configured: bool = True
    """Whether a config was found; if not, the report ends with the advice to create one."""
    notes: tuple[str, ...] = ()
    """Notes for the reader, such as ``no config: run readiness init``."""
    missing_store: str = ""
    """The sentence that there is no store, which is also one of the notes; empty: there is one."""
    problems: tuple[str, ...] = ()
    """Problems, which are shown first: evidence that was not stored or is not intact."""
    compared_with: str = ""
    """The earlier report that ``Report.changes`` compares with, its moment and how much was ready; empty: none."""
    session: ReportedSession | None = None
    """The pytest session that the report belongs to; None: a command made it."""

    @property
    def version_text(self) -> str:
        """The release and the digests to judge by: ``, release 2.0, for api sha256:9f86d081884c...``; or empty."""
        release = f", release {self.release}" if self.release else ""
        return f"{release}, for {subjects_text(self.subjects)}" if self.subjects else release


class SourceLocation(Struct, frozen=True):
    """Place in a file of the repository."""

    path: str
    """Path from the repository's root, with slashes."""
    line: int | None = None
    """From 1; None: unknown."""


class SourceLocations(Struct, frozen=True):
    """Places of what keeps use cases from going live, for tools that show a message beside the code."""

    tests: Mapping[str, SourceLocation] = field(default_factory=dict)
    """Of tests, by id. A test whose id names no file has none."""
    use_cases: Mapping[str, SourceLocation] = field(default_factory=dict)
    """Of the rows in the tracker, by id of the use case."""
    config: SourceLocation = SourceLocation("readiness.toml")

    def of_finding(self, test_id: str | None, use_case: str) -> SourceLocation:
        """Return the place of the test, else of the use case's row, else the config."""
        return self.tests.get(test_id or "") or self.use_cases.get(use_case, self.config)


class Report(Struct, frozen=True):
    """Readiness of the use cases in scope, the gate's verdict on them, and the next actions."""

    readiness: Readiness
    verdict: Verdict
    actions: tuple[Action, ...]
    """Most urgent first."""
    context: ReportContext
    origins: Mapping[str, RunOrigin] = field(default_factory=dict)
    """Origins of the runs with deciding evidence, by run id."""
    changes: tuple[Change, ...] = ()
    """What the session changed, or the compared report; empty: nothing, or nothing was compared."""
    evidence_register: Iterable[Evidence] = ()
    """Every piece of evidence in scope, newest first; only if the format needs it.

    It may be read from the store each time it is iterated over: hold no more of it than needed. ``origins`` then has
    all its runs. Iteration raises an IntegrityError or StorageError as the evaluation does.
    """
    page: PageMaterial | None = None
    """Contents of the page beside the report; only if the format needs them."""
    locations: SourceLocations = SourceLocations()
    """Places of the findings; only if the format needs them."""
