"""The whole path on one page: locate, record, keep, judge. Both doors, pytest and the command, come through here."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

from pluggy import PluginManager

from .claims.catalogue import Catalogue, UseCase
from .claims.register import read_catalogue
from .errors import ConfigError, IntegrityError, Problem, ReadinessError, StorageError, nearest
from .extensions import proof_kinds
from .facts.clock import moment
from .facts.evidence import Evidence
from .facts.run import Run
from .facts.snapshot import Snapshot, snapshot
from .gathering import InForce, Sources, facts_at, facts_now, policy_of
from .journal.recovery import Leftover, leftovers, recover, requirements_of
from .journal.writer import Writer
from .settings import Settings, find, load, override, without_config
from .store.address import open_store, shown
from .store.folder import open_decisions
from .store.port import DecisionHome, Store
from .verdict.actions import next_actions
from .verdict.evaluation import Facts, evaluate
from .verdict.gate import decide
from .verdict.policy import Policy
from .verdict.readiness import Readiness, Verdict
from .verdict.regression import no_regression
from .views.report import Report, ReportContext, Session

HOME = ".readiness"


@dataclass(frozen=True)
class Place:
    """Where a session or a command is: its config, its register and the requirements in force."""

    settings: Settings
    catalogue: Catalogue

    @property
    def journals(self) -> Path:
        """Folder of the journals."""
        return self.settings.folder / HOME / "journal"

    @property
    def artifacts(self) -> Path:
        """Folder of the artifacts."""
        return self.settings.folder / self.settings.artifacts

    @property
    def configured(self) -> bool:
        """A config was found."""
        return self.settings.path is not None

    @cached_property
    def policy(self) -> Policy:
        """What the gate asks for."""
        return policy_of(self._policy)

    @cached_property
    def _policy(self) -> dict[str, Any]:
        """The policy as plain data, as a snapshot holds it."""
        people = {name: list(person.also) for name, person in self.settings.people.items()}
        plain = {"gate": self.settings.gate.model_dump(), "review": self.settings.review.model_dump()}
        return {**plain, "people": people} if people else plain

    @cached_property
    def requirements(self) -> Snapshot:
        """The requirements in force."""
        return snapshot(self.catalogue, self._policy)

    def store(self, *, create: bool = False) -> Store | None:
        """Open the store; None where there is none yet and none is to be made.

        Raises:
            StorageError: it cannot be read, or is no store of ours.
            ConfigError: its address cannot be used.
        """
        return open_store(self.settings.store, self.settings.folder, create=create)

    def decisions(self, store: Store | None) -> DecisionHome | None:
        """Return where decisions live: the store (None where there is none yet), or a folder of the repository."""
        return open_decisions(self.settings.decisions, store, self.settings.folder)

    def sources(self, store: Store | None) -> Sources:
        """Return where the facts of the register are.

        Raises:
            StorageError: the journals cannot be read.
        """
        return Sources(self.catalogue.register, store, self.decisions(store), leftovers(self.journals))


def locate(
    start: Path,
    *,
    config: str | None = None,
    store: str | None = None,
    artifacts: str | None = None,
    hooks: Sequence[PluginManager] = (),
) -> Place:
    """Return the place that the config nearest to ``start`` describes.

    ``hooks``: plugins that may bring proof kinds, beside those of the entry-point group and of the config.

    Raises:
        ConfigError: the config or the tracker cannot be used.
    """
    environ = os.environ
    config = config or environ.get("READINESS_CONFIG")
    path = Path(config) if config else find(start)
    settings = load(path) if path is not None else without_config(start)
    settings = override(
        settings,
        store=store or environ.get("READINESS_STORE"),
        artifacts=artifacts or environ.get("READINESS_ARTIFACTS"),
    )
    return Place(settings, read_catalogue(settings, proofs=proof_kinds(settings, *hooks)))


def select(catalogue: Catalogue, patterns: Sequence[str]) -> tuple[str, ...] | None:
    """Return the use cases that match any of the patterns (glob); None, meaning all, where there is no pattern.

    Raises:
        ConfigError: a pattern matches no use case.
    """
    if not patterns:
        return None
    if catalogue.open_world:
        return tuple(patterns)
    chosen: dict[str, None] = {}
    for pattern in patterns:
        found = [name for name in catalogue.use_cases if fnmatchcase(name.lower(), pattern.lower())]
        if not found:
            told = nearest(pattern, catalogue.use_cases)
            raise ConfigError(f"no use case in register '{catalogue.register}' matches '{pattern}'{told}")
        chosen |= dict.fromkeys(found)
    return tuple(name for name in catalogue.use_cases if name in chosen)


# -- keep ----------------------------------------------------------------------------------------------------------


def keep(place: Place, sealed: Run, writer: Writer) -> list[str]:
    """Take a sealed run, and what earlier sessions left behind, into the store; return what went wrong, a line each.

    The journal goes only when the store has the run, so that nothing is lost where this fails.
    """
    problems: list[str] = []
    if writer.unwritten:
        problems.append(f"{writer.path}: {writer.unwritten} lines could not be written: {writer.trouble}")
    try:
        store = place.store(create=True)
    except ReadinessError as error:
        writer.close()
        return [*problems, _still_there(error, writer.path, writer.unwritten)]
    assert store is not None  # noqa: S101 - for the type checker: it was to be made
    try:
        problems += _keep_run(store, sealed, writer, place, made_here=True)
        problems += recover_all(place, store, but=sealed.id)[1]
    finally:
        store.close()
    return problems


def _keep_run(store: Store, sealed: Run, writer: Writer, place: Place, *, made_here: bool = False) -> list[str]:
    found = requirements_of(place.journals, sealed)
    if found is None and sealed.requirements_digest == place.requirements.digest:
        found = place.requirements
    try:
        store.keep([sealed], [found] if found else [], made_here=[sealed.id] if made_here else ())
    except ReadinessError as error:
        writer.close()
        return [_still_there(error, writer.path, writer.unwritten)]
    writer.delete()
    return []


def _still_there(error: ReadinessError, journal: Path, unwritten: int) -> str:
    if unwritten:
        return f"evidence could not be kept: {error}"
    return f"{error}; the evidence is safe in {journal}: run 'readiness recover' when the store is back"


def recover_all(place: Place, store: Store, but: str | None = None) -> tuple[list[Run], list[str]]:
    """Take every journal that no living process writes into the store; return the runs, and what went wrong."""
    kept: list[Run] = []
    problems: list[str] = []
    for leftover in leftovers(place.journals, but):
        if leftover.living:
            continue
        try:
            recovered = recover(leftover)
        except ReadinessError as error:
            problems.append(str(error))
            continue
        if recovered is not None:
            run, writer = recovered
            wrong = _keep_run(store, run, writer, place)
            problems += wrong
            kept += [] if wrong else [run]
    return kept, problems


# -- judge ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """What is to be judged."""

    patterns: tuple[str, ...] = ()
    """Use cases (glob); none: the whole register."""
    at: str | None = None
    """The moment, as ``facts.clock`` writes it, judged by what was known and in force then; None: now."""
    on: str | None = None
    """``review`` or ``evidence``; None: as configured."""
    session: Session | None = None
    problems: tuple[str, ...] = ()
    """What went wrong in keeping the evidence."""
    release: str | None = None
    """The release that is judged; None: that of ``READINESS_RELEASE``, if any."""
    waivers: str | None = None
    """``accept`` or ``refuse``; None: as configured."""
    no_regression: Mapping[str, Any] | None = None
    """An earlier JSON report: nothing may be worse than in it. None: that is not asked."""

    @property
    def judged_release(self) -> str | None:
        """The release that is judged, if one is named."""
        return self.release or os.environ.get("READINESS_RELEASE") or None

    def asked_of(self, policy: Policy) -> Policy:
        """Return the policy with what the door asks for in its place."""
        on = cast("Literal['review', 'evidence']", self.on or policy.on)
        return replace(policy, on=on, waivers=cast("Literal['refuse', 'accept']", self.waivers or policy.waivers))


@dataclass(frozen=True)
class Judged:
    """A report, and what it rests on: what a decision is made from."""

    report: Report
    facts: Facts
    policy: Policy
    """What the gate asked for."""
    catalogue: Catalogue
    """The requirements that were in force."""


def judge(place: Place, request: Request) -> Report:
    """Return where the use cases stand and what the gate says.

    Raises:
        ConfigError: a use case is unknown, or ``no_regression`` is no report.
        StorageError, IntegrityError: the store or the decisions cannot be read.
    """
    return examine(place, request).report


def examine(place: Place, request: Request) -> Judged:
    """Return where the use cases stand and what the gate says, with the facts and the policy it was judged by.

    Raises:
        ConfigError: a use case is unknown, or ``no_regression`` is no report.
        StorageError, IntegrityError: the store or the decisions cannot be read.
    """
    store = place.store()
    try:
        sources = place.sources(store)
        grounds = _grounds(place, sources, request)
        readiness = evaluate(
            grounds.catalogue,
            grounds.policy,
            grounds.facts,
            grounds.now,
            grounds.use_cases,
            release=request.judged_release,
        )
        intact = [*_intact(store, sources.left, _shown(readiness)), *sources.decided.problems]
    finally:
        if store is not None:
            store.close()
    verdict = _verdict(place, request, grounds, readiness, intact)
    context = ReportContext(
        register=readiness.register,
        store=shown(place.settings.store) if store is not None else None,
        requirements_digest=grounds.digest,
        generated_at=readiness.at,
        release=request.judged_release,
        configured=place.configured,
        notes=_notes(place, sources, readiness),
        problems=(*request.problems, *map(str, intact)),
        session=request.session,
    )
    report = Report(readiness, verdict, next_actions(readiness, grounds.policy), context)
    return Judged(report, grounds.facts, grounds.policy, grounds.catalogue)


_NO_CONFIG = "there is no config: run 'readiness init'"


@dataclass(frozen=True)
class _Grounds:
    """What is judged, and by what."""

    catalogue: Catalogue
    policy: Policy
    digest: str
    """Of the requirements."""
    facts: Facts
    now: str
    use_cases: tuple[str, ...] | None


def _grounds(place: Place, sources: Sources, request: Request) -> _Grounds:
    """Return what is known and asked for now, or what was at the moment that is asked about."""
    if request.at is None:
        now, digest, policy = moment(), place.requirements.digest, request.asked_of(place.policy)
        use_cases = select(place.catalogue, request.patterns)
        facts = facts_now(sources, policy, now, use_cases, release=request.judged_release)
        return _Grounds(_with_use_cases(place.catalogue, facts), policy, digest, facts, now, use_cases)
    in_force = InForce(sources, place.catalogue, place.policy, place.requirements.digest)
    catalogue, policy = in_force.at(request.at)
    policy, use_cases = request.asked_of(policy), select(catalogue, request.patterns)
    facts = facts_at(sources, policy, request.at, use_cases)
    catalogue = _with_use_cases(catalogue, facts)
    return _Grounds(catalogue, policy, in_force.digest_at(request.at), facts, request.at, use_cases)


def _verdict(
    place: Place, request: Request, grounds: _Grounds, readiness: Readiness, intact: Sequence[Problem]
) -> Verdict:
    verdict = decide(
        readiness,
        grounds.policy,
        [*intact, *(Problem("", text) for text in request.problems)],
        config_missing=None if place.configured else _NO_CONFIG,
        origins=grounds.facts.origins,
        release=request.judged_release,
    )
    if request.no_regression is None:
        return verdict
    return replace(verdict, regression=no_regression(request.no_regression, readiness))


def _notes(place: Place, sources: Sources, readiness: Readiness) -> tuple[str, ...]:
    no_config = () if place.configured else (_NO_CONFIG,)
    return (*no_config, *map(str, sources.decided.notes), *readiness.notes)


def _with_use_cases(catalogue: Catalogue, facts: Facts) -> Catalogue:
    """Without config and tracker, every use case that a marker named exists."""
    if not catalogue.open_world:
        return catalogue
    named = sorted({piece.uc for piece in facts.evidence if piece.register == catalogue.register})
    return replace(catalogue, use_cases={name: UseCase(id=name) for name in named})


def _shown(readiness: Readiness) -> list[Evidence]:
    return [piece for use_case in readiness.use_cases for one in use_case.requirements for piece in one.evidence]


def _intact(store: Store | None, left: Iterable[Leftover], deciding: Sequence[Evidence]) -> list[Problem]:
    """What does not fit in the journals, and in the runs and lines that the answer rests on."""
    found = [Problem("", str(leftover.problem)) for leftover in left if leftover.problem is not None]
    in_journal = {leftover.run.id for leftover in left if leftover.run is not None}
    if store is not None:
        found += store.check(piece for piece in deciding if piece.run_id not in in_journal)
    return found


__all__ = [
    "IntegrityError",
    "Judged",
    "Place",
    "Request",
    "StorageError",
    "examine",
    "judge",
    "keep",
    "locate",
    "recover_all",
    "select",
]
