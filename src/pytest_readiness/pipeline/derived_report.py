"""Report and pages of a bundle, derived only from its contents, both at export and at import.

An import derives them again and refuses a bundle with others. The report leaves out titles, owners and
declared states: only the tracker has them, and a bundle contains the tracker only as an artifact.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from itertools import islice, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..claims.catalogue import Catalogue
from ..errors import IntegrityError, ReadinessError, one_line
from ..facts.decision import Decision, parse_decision
from ..facts.envelope import Envelope
from ..facts.ledger.line import canonical
from ..facts.requirements_snapshot import Snapshot
from ..facts.run import Run
from ..facts.stored_verdict import StoredVerdict
from ..facts.subject import NO_SUBJECTS, read_listed
from ..regular_files import read_regular
from ..settings import Settings
from ..signing.trust import TrustStore
from ..store.protocol import RegisterDecisions, Store
from ..verdict.policy import Policy
from ..views.bundle_pages import overview_of, render_index, render_readme
from ..views.document import to_document
from .checkpoints import StoredCheckpoint
from .evaluate_project import EvaluationRequest, evaluate_project
from .judged_version import NamedVersion
from .load_inputs import FactSources
from .project import Project, exact_pattern
from .requirements_in_force import RequirementsHistory

LATEST = "9999-12-31T23:59:59.999Z"
AT_ONCE = 64
"""Number of runs in memory at one time."""


class ReportInputs(Struct, frozen=True):
    """Contents that a report is derived from."""

    runs: Iterable[Run]
    decisions: Sequence[Decision]
    snapshots: Sequence[Snapshot]
    verdicts: Sequence[str]
    envelopes: Sequence[Envelope]


class ReportScope(Struct, frozen=True):
    """Scope of a report, which the report names itself."""

    register: str
    use_cases: tuple[str, ...] | None = None
    """Ids of the use cases; None means all of the register."""
    release: str | None = None
    """The evaluated release."""
    version: NamedVersion = NamedVersion()
    """The release and the digests that may be evaluated."""


class DerivedFiles(Struct, frozen=True):
    """The members of a bundle that are derived from the others; empty texts if there is nothing to report on."""

    report: str = ""
    """``report.json``, as canonical text."""
    readme: str = ""
    """``README.md``; empty in a bundle of the first format."""
    index: str = ""
    """``index.html``; empty in a bundle of the first format."""


def derive_files(inputs: ReportInputs, scope: ReportScope) -> DerivedFiles:
    """Return the report on these contents as of their newest moment, and the pages that show it.

    Raises:
        IntegrityError: the contents cannot be evaluated.
        StorageError: a temporary store cannot be written.
    """
    with TemporaryDirectory(prefix="readiness-") as folder:
        project = _BundleProject.at(Path(folder), scope.register)
        store = project.store(create=True)
        assert store is not None  # noqa: S101 - for the type checker
        try:
            moments = list(_store_inputs(inputs, store))
            runs = store.runs()
        finally:
            store.close()
        if not moments:
            return DerivedFiles()
        report = evaluate_project(project, _build_request(project, scope, max(moments)))
    document = to_document(replace(report, context=replace(report.context, store=None)))
    del document["changes"]  # no session made it, and nothing was compared
    del document["context"]["scope"]  # at an import only the use cases tell it, and not whether they were all
    document["context"]["derived_by"] = report_generator(project.policy_at)
    statements = Counter(envelope.subject for envelope in inputs.envelopes)
    decisions = [parse_decision(decision.text) for decision in inputs.decisions]  # as an import reads them
    overview = overview_of(report, document, decisions, runs, statements)
    return DerivedFiles(canonical(document), render_readme(overview), render_index(overview))


def refuse_other_files(files: DerivedFiles, inputs: ReportInputs) -> str:
    """Refuse derived files that do not match these contents; return why they were not compared, or an empty text.

    A report of another version is not compared, nor is one of an installation that could not verify signatures.

    Raises:
        IntegrityError: the report or a page does not match.
        StorageError: a temporary store cannot be written.
    """
    report = json.loads(files.report)
    try:
        context = report["context"]
        ids = tuple(row["id"] for row in report["use_cases"])
        release, subjects = context["release"], read_listed(context.get("subjects", []))
        of_release = subjects if context.get("subjects_of_release") else NO_SUBJECTS
        scope = ReportScope(context["register"], ids, release, NamedVersion(release, subjects, of_release))
        generator = context["derived_by"]
        is_complete = all(isinstance(value, str) for value in (scope.register, generator, scope.release or "", *ids))
    except (LookupError, TypeError, AttributeError):
        is_complete = False
    if not is_complete:
        raise IntegrityError("report.json does not match the bundle: its register, use cases or release are missing")
    try:
        expected = derive_files(inputs, scope)
    except ReadinessError as error:
        raise IntegrityError(f"report.json cannot be derived from the bundle: {error}") from None
    except Exception as error:  # noqa: BLE001 - requirements of another project may contain anything
        reason = one_line(f"{type(error).__name__}: {error}", 200)
        raise IntegrityError(f"report.json cannot be derived from the bundle: {reason}") from None
    derived = json.loads(expected.report or "{}")
    if generator != derived.get("context", {}).get("derived_by"):
        pages = " and its pages were" if files.readme else " was"
        compared = "were not compared" if files.readme else "was not compared"
        return f"its report{pages} made by {one_line(generator, 80)} and {compared}"
    if expected.report != files.report:
        raise IntegrityError(f"report.json does not match the bundle: {_difference(derived, report)} was changed")
    for name, text, derived_text in (
        ("README.md", files.readme, expected.readme),
        ("index.html", files.index, expected.index),
    ):
        if text and text != derived_text:
            raise IntegrityError(f"{name} does not match the bundle: {_changed_line(derived_text, text)}")
    return ""


def _changed_line(derived: str, text: str) -> str:
    """Return which line of a page is the first that differs."""
    pairs = enumerate(zip_longest(derived.split("\n"), text.split("\n")), start=1)
    return f"line {next(number for number, (first, second) in pairs if first != second)} was changed"


def report_generator(policy: Policy) -> str:
    """Return the version that derives reports. Another version may use other texts, or evaluate more strictly.

    The code between two releases changes while its version stays, so that its own digest is named, too.
    """
    try:
        number = version("pytest-readiness")
    except PackageNotFoundError:  # run from a source tree
        number = "unknown"
    if number == "unknown" or "dev" in number:
        number = f"{number}+{_digest_of_code()}"
    return f"pytest-readiness {number}{' without signatures' if TrustStore.from_policy(policy).unchecked else ''}"


@cache
def _digest_of_code() -> str:
    """Return eight hex digits that stand for the package's modules and templates."""
    package, content = Path(__file__).parents[1], sha256()
    for path in sorted(path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        content.update(f"{path.relative_to(package).as_posix()}\0".encode() + read_regular(path) + b"\0")
    return content.hexdigest()[:8]


def _difference(first: Any, second: Any, at: str = "") -> str:
    """Return the path of the first difference."""
    if isinstance(first, dict) and isinstance(second, dict):
        for name in sorted(first.keys() | second.keys()):
            if name not in first or name not in second or first[name] != second[name]:
                return _difference(first.get(name), second.get(name), f"{at}.{one_line(name, 60)}".removeprefix("."))
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for number, (first_item, second_item) in enumerate(zip(first, second, strict=True)):
            if first_item != second_item:
                return _difference(first_item, second_item, f"{at}[{number}]")
    return at or "all of it"


def _store_inputs(inputs: ReportInputs, store: Store) -> Iterator[str]:
    """Store the contents, and yield the moments in them."""
    runs = iter(inputs.runs)
    store.save((), inputs.snapshots, inputs.decisions, inputs.verdicts)
    while batch := list(islice(runs, AT_ONCE)):
        store.save(batch)
        yield from (run.finished_at or run.started_at for run in batch)
    store.save((), envelopes=inputs.envelopes)
    yield from (decision.at for decision in inputs.decisions)
    yield from (StoredVerdict.parse(text).at for text in inputs.verdicts)


def _build_request(project: _BundleProject, scope: ReportScope, at: str) -> EvaluationRequest:
    store = project.store()
    assert store is not None  # noqa: S101 - for the type checker: created above
    try:
        sources = project.sources(store)
        in_force = RequirementsHistory(sources, project.catalogue, project.policy, project.requirements.digest, LATEST)
        catalogue, policy = in_force.at(at)
    finally:
        store.close()
    project.__dict__["policy_at"] = policy
    ids = scope.use_cases
    everything = ids is None or (catalogue.use_cases.keys() <= {*ids})
    patterns = () if everything or ids is None else tuple(map(exact_pattern, ids))
    return _BundleRequest(patterns, at=at, on=policy.on, release=scope.release, stored_only=True, version=scope.version)


class _BundleRequest(EvaluationRequest, frozen=True):
    """Request for the evaluation of a bundle: independent of the variables of this machine."""

    version: NamedVersion = NamedVersion()

    @property
    def judged_release(self) -> str | None:
        return self.release

    def named_version(self, settings: Settings) -> NamedVersion:  # noqa: ARG002 - a bundle has no config
        return self.version

    @property
    def current_time(self) -> str:
        return LATEST  # the contents are past: the result must not depend on the clock

    def named_checkpoints(self) -> list[StoredCheckpoint]:
        return []


class _BundleProject(Project, frozen=True):
    """A project with only a store: no config, no repository, no journals."""

    @classmethod
    def at(cls, folder: Path, register: str) -> _BundleProject:
        """Return the project in an empty folder. Its settings name a folder that does not exist, so git has no data."""
        missing_folder = folder / "none"
        store = f"sqlite:///{(folder / 'held.db').as_posix()}"
        settings = Settings(
            folder=missing_folder, path=missing_folder / "readiness.toml", register=register, store=store
        )
        return cls(settings, Catalogue(register))

    @cached_property
    def policy_at(self) -> Policy:
        """The policy in force."""
        return self.policy

    def sources(self, store: Store | None) -> FactSources:
        return _StoreSources(
            self.catalogue.register, store, store, [], self.settings.folder, TrustStore.from_policy(self.policy)
        )


class _StoreSources(FactSources, frozen=True):
    """The decisions of one store, without notes on others."""

    @cached_property
    def register_decisions(self) -> RegisterDecisions:
        return self.store.register_decisions(self.register) if self.store is not None else RegisterDecisions()
