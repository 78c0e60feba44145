"""The whole path on one page: locate, record, keep, judge. Both doors, pytest and the command, come through here."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Literal, cast

from pluggy import PluginManager

from .claims.catalogue import Catalogue, UseCase
from .claims.register import read_catalogue
from .errors import ConfigError, IntegrityError, Problem, ReadinessError, StorageError, nearest
from .extensions import proof_kinds
from .facts.clock import moment
from .facts.evidence import Evidence
from .facts.run import Run
from .facts.snapshot import Snapshot, snapshot
from .journal.recovery import Leftover, leftovers, open_evidence, recover, requirements_of
from .journal.writer import Writer
from .settings import Settings, find, load, override, without_config
from .store.address import open_store, shown
from .store.port import Store
from .verdict.actions import next_actions
from .verdict.evaluation import Facts, evaluate
from .verdict.gate import decide
from .verdict.groups import RunGroup
from .verdict.policy import Policy
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
        return Policy(**self.settings.gate.model_dump(), **self.settings.review.model_dump())

    def policy_on(self, on: str | None) -> Policy:
        """Return the policy with another meaning of eligible (judged by the door), if one is given."""
        return replace(self.policy, on=cast(Literal["review", "evidence"], on)) if on else self.policy

    @cached_property
    def requirements(self) -> Snapshot:
        """The requirements in force."""
        policy = {"gate": self.settings.gate.model_dump(), "review": self.settings.review.model_dump()}
        return snapshot(self.catalogue, policy)

    def store(self, *, create: bool = False) -> Store | None:
        """Open the store; None where there is none yet and none is to be made.

        Raises:
            StorageError: it cannot be read, or is no store of ours.
            ConfigError: its address cannot be used.
        """
        return open_store(self.settings.store, self.settings.folder, create=create)


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
        problems += _keep_run(store, sealed, writer, place)
        problems += recover_all(place, store, but=sealed.id)[1]
    finally:
        store.close()
    return problems


def _keep_run(store: Store, sealed: Run, writer: Writer, place: Place) -> list[str]:
    found = requirements_of(place.journals, sealed)
    if found is None and sealed.requirements_digest == place.requirements.digest:
        found = place.requirements
    try:
        store.keep([sealed], [found] if found else [])
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
    """The moment; None: now."""
    on: str | None = None
    """``review`` or ``evidence``; None: as configured."""
    session: Session | None = None
    problems: tuple[str, ...] = ()
    """What went wrong in keeping the evidence."""


def judge(place: Place, request: Request) -> Report:
    """Return where the use cases stand and what the gate says.

    Raises:
        ConfigError: a use case is unknown.
        StorageError, IntegrityError: the store cannot be read.
    """
    use_cases = select(place.catalogue, request.patterns)
    left = leftovers(place.journals)
    store = place.store()
    try:
        evidence = _evidence(place, store, left, use_cases, request.at)
        catalogue = _with_use_cases(place.catalogue, evidence)
        facts = Facts(
            evidence=evidence,
            open_runs=_open_runs(place, left),
            groups=_incomplete_groups(place, store),
        )
        policy = place.policy_on(request.on)
        now = request.at or moment()
        readiness = evaluate(catalogue, policy, facts, now, use_cases)
        intact = _intact(store, left, _deciding(readiness.use_cases))
    finally:
        if store is not None:
            store.close()
    damage = [*intact, *(Problem("", text) for text in request.problems)]
    verdict = decide(readiness, policy, damage, config_missing=None if place.configured else _NO_CONFIG)
    context = ReportContext(
        register=catalogue.register,
        store=shown(place.settings.store) if store is not None else None,
        requirements_digest=place.requirements.digest,
        generated_at=now,
        configured=place.configured,
        notes=() if place.configured else (_NO_CONFIG,),
        problems=(*request.problems, *map(str, intact)),
        session=request.session,
    )
    return Report(readiness, verdict, next_actions(readiness, policy), context)


_NO_CONFIG = "there is no config: run 'readiness init'"


def _evidence(
    place: Place, store: Store | None, left: Iterable[Leftover], use_cases: Sequence[str] | None, until: str | None
) -> list[Evidence]:
    register = place.catalogue.register
    found = store.newest(register, use_cases, until) if store is not None else []
    now = moment()
    if store is not None and until is None and any(piece.started_at > now for piece in found):
        # A clock that runs ahead must not hide what is known: the evaluation drops what is there twice.
        found += store.newest(register, use_cases, now)
    for leftover in left:
        if leftover.run is not None and leftover.problem is None:
            found += [piece for piece in open_evidence(leftover.run) if piece.register == place.catalogue.register]
    return found


def _open_runs(place: Place, left: Iterable[Leftover]) -> Mapping[str, frozenset[str]]:
    """Unsealed runs, and the use cases that they planned to show."""
    runs = [leftover.run for leftover in left if leftover.run is not None and leftover.run.seal is None]
    return {
        run.id: frozenset(use_case for planned in run.planned for use_case, _ in planned.claims)
        for run in runs
        if run.register == place.catalogue.register
    }


def _incomplete_groups(place: Place, store: Store | None) -> tuple[RunGroup, ...]:
    """Run groups of which parts are missing."""
    if store is None:
        return ()
    groups: dict[str, list[Run]] = {}
    for summary in store.grouped(place.catalogue.register):
        if summary.group_id is not None and (run := store.run(summary.id)) is not None:
            groups.setdefault(summary.group_id, []).append(run)
    found = []
    for name, runs in groups.items():
        expected = max(run.group[1] for run in runs if run.group)
        if len(runs) < expected:
            claims = {(p.test_id, *claim): None for run in runs for p in run.planned for claim in p.claims}
            ids = tuple(run.id for run in runs)
            found.append(RunGroup(name, expected, len(runs), min(r.started_at for r in runs), ids, tuple(claims)))
    return tuple(found)


def _with_use_cases(catalogue: Catalogue, evidence: Iterable[Evidence]) -> Catalogue:
    """Without config and tracker, every use case that a marker named exists."""
    if not catalogue.open_world:
        return catalogue
    named = sorted({piece.uc for piece in evidence})
    return replace(catalogue, use_cases={name: UseCase(id=name) for name in named})


def _deciding(use_cases: Iterable[object]) -> list[Evidence]:
    return [piece for uc in use_cases for req in uc.requirements for piece in req.evidence]  # type: ignore[attr-defined]


def _intact(store: Store | None, left: Iterable[Leftover], deciding: Sequence[Evidence]) -> list[Problem]:
    """What does not fit in the journals, and in the runs and lines that the answer rests on."""
    found = [Problem("", str(leftover.problem)) for leftover in left if leftover.problem is not None]
    in_journal = {leftover.run.id for leftover in left if leftover.run is not None}
    if store is not None:
        found += store.check(piece for piece in deciding if piece.run_id not in in_journal)
    return found


__all__ = ["IntegrityError", "Place", "Request", "StorageError", "judge", "keep", "locate", "recover_all", "select"]
