"""The whole path on one page: locate, keep, judge. Both doors, pytest and the command, come through here.

A session that only records takes the first two from their own modules, which load nothing that judges.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

from ..claims.catalogue import Catalogue, UseCase
from ..errors import ConfigError, Problem, one_line, write_error
from ..facts.evidence import Evidence
from ..facts.timestamps import timestamp
from ..fast_values import dataclass
from ..journal.recovery import Leftover
from ..signing.trust import TrustStore
from ..store.address import printable_url
from ..store.protocol import Store
from ..verdict.actions import by_urgency, next_actions
from ..verdict.evaluation import Facts, evaluate
from ..verdict.gate import CheckpointComparison, GateInput as GateGrounds, evaluate_gate
from ..verdict.policy import Policy
from ..verdict.readiness import Action, Readiness, Verdict
from ..verdict.regression import no_regression
from ..verdict.remedies import gate_remedies
from ..verdict.review.invalidation import failures_from
from ..verdict.review.standing import newest_approvals, pins_of
from ..views.report import Report, ReportContext, ReportedSession
from .checkpoints import StoredCheckpoint, compare_checkpoints, requested_checkpoints
from .load_inputs import FactSources, facts_at, facts_now
from .persist import keep_run, recover_all
from .project import HOME, Project, find_project, select_use_cases
from .removed_use_cases import RegisterHistory, names_without_row, other_registers, removed_notes
from .requirements_in_force import RequirementsHistory
from .uncollected_modules import uncollected_notes


@dataclass(frozen=True)
class EvaluationRequest:
    """What is to be judged."""

    patterns: tuple[str, ...] = ()
    """Use cases (glob); none: the whole register."""
    at: str | None = None
    """The moment, as ``facts.timestamps`` writes it, judged by what was known and in force then; None: now."""
    on: str | None = None
    """``review`` or ``evidence``; None: what ``READINESS_GATE_ON`` says, else as configured."""
    session: ReportedSession | None = None
    problems: tuple[str, ...] = ()
    """What went wrong in keeping the evidence."""
    release: str | None = None
    """The release that is judged; None: that of ``READINESS_RELEASE``, if any."""
    only_release: bool = False
    """Nothing made for another release counts, whatever the config says: a person asks for this one."""
    waivers: str | None = None
    """``accept`` or ``refuse``; None: as configured."""
    no_regression: Mapping[str, Any] | None = None
    """An earlier JSON report: nothing may be worse than in it. None: that is not asked."""
    checkpoints: tuple[Path, ...] = ()
    """Files with checkpoints that the store must have grown out of; none: those of ``READINESS_CHECKPOINT``, if any."""
    to_sign: bool = True
    """What a review would rest on is asked for: a gate that only answers need not know which runs ever failed."""
    stored_only: bool = False
    """Leave out what lies in journals and is not taken in yet."""

    @property
    def judged_release(self) -> str | None:
        """The release that is judged, if one is named."""
        return self.release or os.environ.get("READINESS_RELEASE") or None

    @property
    def current_time(self) -> str:
        """The moment it is."""
        return timestamp()

    def named_checkpoints(self) -> list[StoredCheckpoint]:
        """Return the checkpoints that the store must have grown out of.

        Raises:
            ConfigError: one cannot be read.
        """
        return requested_checkpoints(self.checkpoints)

    def requested_policy(self, policy: Policy) -> Policy:
        """Return the policy with what the door asks for in its place."""
        on = cast("Literal['review', 'evidence']", self.on or _on_by_variable() or policy.on)
        waivers = cast("Literal['refuse', 'accept']", self.waivers or policy.waivers)
        release: Literal["ignore", "required"] = "required" if self.only_release else policy.release
        return replace(policy, on=on, waivers=waivers, release=release, declared=policy)


ON = ("review", "evidence")


def _on_by_variable() -> str | None:
    """Return what ``READINESS_GATE_ON`` says; an empty one says nothing.

    Raises:
        ConfigError: it is none of the words.
    """
    said = os.environ.get("READINESS_GATE_ON")
    if said and said not in ON:
        raise ConfigError(f"READINESS_GATE_ON is review or evidence, not '{one_line(said)}'")
    return said or None


@dataclass(frozen=True)
class EvaluatedReport:
    """A report, and what it rests on: what a decision is made from."""

    report: Report
    facts: Facts
    policy: Policy
    """What the gate asked for."""
    catalogue: Catalogue
    """The requirements that were in force."""


def evaluate_project(place: Project, request: EvaluationRequest) -> Report:
    """Return where the use cases stand and what the gate says.

    Raises:
        ConfigError: a use case is unknown, or ``no_regression`` is no report.
        StorageError, IntegrityError: the store or the decisions cannot be read.
    """
    return evaluate_with_facts(place, request).report


def evaluate_with_facts(place: Project, request: EvaluationRequest) -> EvaluatedReport:
    """Return where the use cases stand and what the gate says, with the facts and the policy it was judged by.

    Raises:
        ConfigError: a use case is unknown, or ``no_regression`` is no report.
        StorageError, IntegrityError: the store or the decisions cannot be read.
    """
    kept = request.named_checkpoints()
    store = place.store()
    try:
        sources = place.sources(store)
        if request.stored_only:
            sources = replace(sources, leftovers=[])
        grounds = _grounds(place, sources, request)
        readiness = evaluate(
            grounds.catalogue,
            grounds.policy,
            grounds.facts,
            grounds.now,
            grounds.use_cases,
            release=request.judged_release,
            removed=grounds.gone,
        )
        if readiness.removed:
            past = RegisterHistory(
                sources, place.settings.folder, grounds.facts.evidence, grounds.now, now=not grounds.past
            )
            readiness = replace(readiness, removed=tuple(past.resolve_departures(readiness.removed)))
        if grounds.use_cases == () and not readiness.removed:
            select_use_cases(grounds.catalogue, request.patterns)  # says which pattern matches nothing
        unread = (*uncollected_notes(sources, grounds.facts, readiness), *other_registers(store, sources.register))
        resting = _kept(store, sources.leftovers, _shown(readiness))
        intact = [*_intact(store, sources.leftovers, resting), *sources.register_decisions.problems]
        compared = None
        if kept:
            compared = compare_checkpoints(
                store, kept, sorted({piece.run_id for piece in resting}), TrustStore.from_policy(place.policy)
            )
    finally:
        if store is not None:
            store.close()
    verdict = _verdict(place, request, grounds, readiness, intact, compared)
    context = ReportContext(
        register=readiness.register,
        store=printable_url(place.settings.store) if store is not None else None,
        requirements_digest=grounds.digest,
        generated_at=readiness.at,
        release=request.judged_release,
        configured=place.configured,
        notes=_notes(place, sources, grounds, readiness, unread),
        problems=(*request.problems, *map(str, intact), *(map(str, compared.problems) if compared else ())),
        session=request.session,
    )
    actions = _actions(request, grounds, readiness, verdict, compared)
    report = Report(readiness, verdict, actions, context, grounds.facts.origins)
    return EvaluatedReport(report, grounds.facts, grounds.policy, grounds.catalogue)


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
    gone: tuple[str, ...]
    """Names without a row that the patterns match."""
    past: bool = False
    """The moment is over: what stands there now says nothing of it."""


def _grounds(place: Project, sources: FactSources, request: EvaluationRequest) -> _Grounds:
    """Return what is known and asked for now, or what was at the moment that is asked about."""
    if request.at is None:
        now, digest, policy = timestamp(), place.requirements.digest, request.requested_policy(place.policy)
        gone, days = names_without_row(sources, place.catalogue, request.patterns), place.catalogue.longest_max_age_days
        use_cases = select_use_cases(place.catalogue, request.patterns, gone)
        to_sign = _to_sign(place.catalogue, use_cases, now) if request.to_sign else {}
        asked_of = _asked(use_cases, gone)
        facts = facts_now(sources, policy, now, asked_of, release=request.judged_release, to_sign=to_sign, days=days)
        return _Grounds(_with_use_cases(place.catalogue, facts), policy, digest, facts, now, use_cases, gone)
    today = request.current_time
    in_force = RequirementsHistory(sources, place.catalogue, place.policy, place.requirements.digest, today)
    catalogue, policy = in_force.at(request.at)
    catalogue = _undeclared(catalogue)
    policy, gone = request.requested_policy(policy), names_without_row(sources, catalogue, request.patterns)
    use_cases = select_use_cases(catalogue, request.patterns, gone)
    facts = facts_at(sources, policy, request.at, _asked(use_cases, gone), days=catalogue.longest_max_age_days)
    catalogue = _with_use_cases(catalogue, facts)
    digest, past = in_force.digest_at(request.at), request.at < today
    return _Grounds(catalogue, policy, digest, facts, request.at, use_cases, gone, past)


def _undeclared(catalogue: Catalogue) -> Catalogue:
    """Return it without what the rows declare: that is today's word, and says nothing of another moment."""
    rows = {
        name: replace(row, declared_status="", declared_also=(), declared_in=())
        for name, row in catalogue.use_cases.items()
    }
    return replace(catalogue, use_cases=rows)


def _asked(use_cases: tuple[str, ...] | None, gone: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return everything that facts are needed of; None: all."""
    return None if use_cases is None else (*use_cases, *gone)


def _to_sign(catalogue: Catalogue, use_cases: Iterable[str] | None, now: str) -> dict[str, str]:
    """Return for each use case the moment since which its failures matter to whoever signs it now."""
    since = failures_from((item.max_age_days for item in catalogue.items.values()), now)
    return dict.fromkeys(catalogue.use_cases if use_cases is None else use_cases, since)


def _verdict(
    place: Project,
    request: EvaluationRequest,
    grounds: _Grounds,
    readiness: Readiness,
    intact: Sequence[Problem],
    compared: CheckpointComparison | None,
) -> Verdict:
    verdict = evaluate_gate(
        readiness,
        grounds.policy,
        [*intact, *(Problem("", text) for text in request.problems)],
        config_missing=None if place.configured else _NO_CONFIG,
        origins=grounds.facts.origins,
        release=request.judged_release,
        signature_problem=grounds.facts.signature_problem,
        checkpoint=compared,
    )
    if request.no_regression is None:
        return verdict
    return replace(verdict, regression=no_regression(request.no_regression, readiness))


def _actions(
    request: EvaluationRequest,
    grounds: _Grounds,
    readiness: Readiness,
    verdict: Verdict,
    compared: CheckpointComparison | None,
) -> tuple[Action, ...]:
    actions = next_actions(readiness, grounds.policy)
    if verdict.eligible:
        return actions
    rests_on = GateGrounds(
        readiness,
        grounds.policy,
        origins=grounds.facts.origins,
        release=request.judged_release,
        signature_problem=grounds.facts.signature_problem,
        checkpoint=compared,
    )
    return by_urgency((*actions, *gate_remedies(rests_on, verdict, actions)))


def _notes(
    place: Project, sources: FactSources, grounds: _Grounds, readiness: Readiness, unread: Sequence[str]
) -> tuple[str, ...]:
    no_config = () if place.configured else (_NO_CONFIG,)
    return (
        *no_config,
        *grounds.facts.retirement_notes,
        *_of_another_store(grounds),
        *unread,
        *map(str, sources.register_decisions.notes),
        *readiness.notes,
        *removed_notes(readiness.removed),
    )


def _of_another_store(grounds: _Grounds) -> Iterable[str]:
    """Yield a sentence where approvals rest on nothing that this store knows: they may be of another project."""
    missing = grounds.facts.missing
    if not missing:
        return
    counting = newest_approvals(grounds.facts.decisions, grounds.policy, grounds.now)
    named = sorted({one.use_case for one in counting if (pins := pins_of([one])) and pins.issubset(missing)})
    if named:
        of = one_line(", ".join(named), 200)
        yield (
            f"the store knows nothing of the evidence that the approval of {of} rests on: if another project has the"
            ' register that it was made for, give each its own name (register = "..." in the config)'
        )


def _with_use_cases(catalogue: Catalogue, facts: Facts) -> Catalogue:
    """Without config and tracker, every use case that a marker named exists."""
    if not catalogue.open_world:
        return catalogue
    named = sorted({piece.uc for piece in facts.evidence if piece.register == catalogue.register})
    return replace(catalogue, use_cases={name: UseCase(id=name) for name in named})


def _shown(readiness: Readiness) -> list[Evidence]:
    return [piece for use_case in readiness.use_cases for one in use_case.requirements for piece in one.evidence]


def _kept(store: Store | None, left: Iterable[Leftover], deciding: Sequence[Evidence]) -> list[Evidence]:
    """What the store must be able to show: a run that is in a journal as well must be the same there."""
    if store is None:
        return []
    in_journal = {leftover.run.id for leftover in left if leftover.run is not None}
    only_there = in_journal - store.summaries(in_journal).keys() if in_journal else in_journal
    return [piece for piece in deciding if piece.run_id not in only_there]


def _intact(store: Store | None, left: Iterable[Leftover], resting: Sequence[Evidence]) -> list[Problem]:
    """What does not fit in the journals, and in the runs and lines that the answer rests on."""
    found = [Problem("", str(leftover.problem)) for leftover in left if leftover.problem is not None]
    return [*found, *store.check(resting)] if store is not None else found


def write_report(path: Path, text: str) -> None:
    """Write a report where it was asked for.

    Raises:
        ConfigError, StorageError: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise write_error(path, "the report", error) from error


__all__ = [
    "HOME",
    "EvaluatedReport",
    "EvaluationRequest",
    "Project",
    "evaluate_project",
    "evaluate_with_facts",
    "find_project",
    "keep_run",
    "recover_all",
    "select_use_cases",
    "write_report",
]
