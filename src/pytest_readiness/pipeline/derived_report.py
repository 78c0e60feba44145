"""The report of a bundle: derived from what it holds and from nothing else, when it is written and when it is read.

So whoever takes a bundle in can derive it again, and refuse one that says something else. What only the tracker says
(titles, owners, declared states) is not in it: no bundle holds that but as the tracker itself, among its artifacts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..claims.catalogue import Catalogue
from ..errors import IntegrityError, ReadinessError, one_line
from ..facts.decision import Decision
from ..facts.envelope import Envelope
from ..facts.ledger.line import canonical
from ..facts.requirements_snapshot import Snapshot
from ..facts.run import Run
from ..facts.stored_verdict import StoredVerdict
from ..fast_values import dataclass
from ..settings import Settings
from ..signing.trust import TrustStore
from ..store.protocol import RegisterDecisions, Store
from ..verdict.policy import Policy
from ..views.document import to_document
from .checkpoints import StoredCheckpoint
from .evaluate_project import EvaluationRequest, evaluate_project
from .load_inputs import FactSources
from .project import Project
from .requirements_in_force import RequirementsHistory

LATEST = "9999-12-31T23:59:59.999Z"
AT_ONCE = 64
"""Runs that are held in memory together."""


@dataclass(frozen=True, slots=True)
class ReportInputs:
    """What a report is derived from."""

    runs: Iterable[Run]
    decisions: Sequence[Decision]
    snapshots: Sequence[Snapshot]
    verdicts: Sequence[str]
    envelopes: Sequence[Envelope]


@dataclass(frozen=True, slots=True)
class ReportScope:
    """What a report answers; it says so itself."""

    register: str
    use_cases: tuple[str, ...] | None = None
    """Their ids; None: all of the register."""
    release: str | None = None
    """The release that is judged."""


def derive_report(held: ReportInputs, question: ReportScope) -> str:
    """Return the report on these contents as canonical text, at the newest moment in them; empty: nothing is in them.

    Raises:
        IntegrityError: they cannot be judged.
        StorageError: there is no room to do that in.
    """
    with TemporaryDirectory(prefix="readiness-") as folder:
        place = _Alone.at(Path(folder), question.register)
        store = place.store(create=True)
        assert store is not None  # noqa: S101 - for the type checker: it was to be made
        try:
            moments = list(_taken(held, store))
        finally:
            store.close()
        if not moments:
            return ""
        report = evaluate_project(place, _asked(place, question, max(moments)))
    document = to_document(replace(report, context=replace(report.context, store=None)))
    document["context"]["derived_by"] = report_generator(place.policy_at)
    return canonical(document)


def refuse_other_report(text: str, held: ReportInputs) -> str:
    """Refuse a report that is not the one that is derived from these contents; return why it was not derived.

    That is where another version made it, or one that could not verify the signatures that this one can: empty, where
    it was compared.

    Raises:
        IntegrityError: it is another.
        StorageError: there is no room to do that in.
    """
    found = json.loads(text)
    try:
        context = found["context"]
        ids = tuple(row["id"] for row in found["use_cases"])
        question = ReportScope(context["register"], ids, context["release"])
        by = context["derived_by"]
        told = all(isinstance(one, str) for one in (question.register, by, question.release or "", *ids))
    except (LookupError, TypeError, AttributeError):
        told = False
    if not told:
        raise IntegrityError("report.json is not the report on what is in it: it does not say what it is about")
    try:
        expected = derive_report(held, question)
    except ReadinessError as error:
        raise IntegrityError(f"report.json cannot be derived from what is in it: {error}") from None
    except Exception as error:  # noqa: BLE001 - requirements of others may hold anything, and are judged by here
        why = one_line(f"{type(error).__name__}: {error}", 200)
        raise IntegrityError(f"report.json cannot be derived from what is in it: {why}") from None
    if expected == text:
        return ""
    ours = json.loads(expected or "{}")
    if by != ours.get("context", {}).get("derived_by"):
        return f"its report is by {one_line(by, 80)}, so that it was not compared"
    raise IntegrityError(f"report.json is not the report on what is in it: {_difference(ours, found)} was changed")


def report_generator(policy: Policy) -> str:
    """Return what makes reports here: another version may say the same in other words, or judge more strictly."""
    try:
        named = version("pytest-readiness")
    except PackageNotFoundError:  # run from a source tree
        named = "unknown"
    return f"pytest-readiness {named}{' without signatures' if TrustStore.from_policy(policy).unchecked else ''}"


def _difference(ours: Any, theirs: Any, at: str = "") -> str:
    """Return the path of the first thing that differs."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(ours.keys() | theirs.keys()):
            if name not in ours or name not in theirs or ours[name] != theirs[name]:
                return _difference(ours.get(name), theirs.get(name), f"{at}.{one_line(name, 60)}".removeprefix("."))
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            if one != other:
                return _difference(one, other, f"{at}[{number}]")
    return at or "all of it"


def _taken(held: ReportInputs, store: Store) -> Iterator[str]:
    """Take what is held into a store, and yield the moments in it."""
    runs = iter(held.runs)
    store.save((), held.snapshots, held.decisions, held.verdicts)
    while some := list(islice(runs, AT_ONCE)):
        store.save(some)
        yield from (run.finished_at or run.started_at for run in some)
    store.save((), envelopes=held.envelopes)
    yield from (one.at for one in held.decisions)
    yield from (StoredVerdict.parse(text).at for text in held.verdicts)


def _asked(place: _Alone, question: ReportScope, at: str) -> EvaluationRequest:
    store = place.store()
    assert store is not None  # noqa: S101 - for the type checker: it was made above
    try:
        sources = place.sources(store)
        in_force = RequirementsHistory(sources, place.catalogue, place.policy, place.requirements.digest, LATEST)
        catalogue, policy = in_force.at(at)
    finally:
        store.close()
    place.__dict__["policy_at"] = policy
    ids = question.use_cases
    everything = ids is None or (catalogue.use_cases.keys() <= {*ids})
    patterns = () if everything or ids is None else tuple(map(_exactly, ids))
    return _Question(patterns, at=at, on=policy.on, release=question.release, stored_only=True)


def _exactly(name: str) -> str:
    """Return the pattern that matches this name alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


class _Question(EvaluationRequest):
    """What is asked of a bundle alone: no variable of this machine says anything to it."""

    @property
    def judged_release(self) -> str | None:
        return self.release

    @property
    def current_time(self) -> str:
        return LATEST  # what is held is over, whatever a clock says: it must be derived alike at any time

    def named_checkpoints(self) -> list[StoredCheckpoint]:
        return []


class _Alone(Project):
    """A place that has a store, and nothing else: no config, no repository, no journals."""

    @classmethod
    def at(cls, folder: Path, register: str) -> _Alone:
        """Return the place in an empty folder; git is asked in no folder at all, so that it says nothing anywhere."""
        nowhere = folder / "none"
        store = f"sqlite:///{(folder / 'held.db').as_posix()}"
        settings = Settings(folder=nowhere, path=nowhere / "readiness.toml", register=register, store=store)
        return cls(settings, Catalogue(register))

    @cached_property
    def policy_at(self) -> Policy:
        """The policy that was in force."""
        return self.policy

    def sources(self, store: Store | None) -> FactSources:
        return _OneStore(
            self.catalogue.register, store, store, [], self.settings.folder, TrustStore.from_policy(self.policy)
        )


class _OneStore(FactSources):
    """The decisions of one store, and what is told of none."""

    @cached_property
    def register_decisions(self) -> RegisterDecisions:
        return self.store.register_decisions(self.register) if self.store is not None else RegisterDecisions()
