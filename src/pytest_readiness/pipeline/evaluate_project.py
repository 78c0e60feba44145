"""Evaluation of a project: readiness, the gate's verdict and the report.

A session that only records imports the modules it needs instead of this one, which loads the whole evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ..claims.catalogue import Catalogue, UseCase
from ..errors import ConfigError, Problem
from ..facts.evidence import Evidence
from ..facts.timestamps import timestamp
from ..signing.trust import TrustStore
from ..store.address import printable_url
from ..store.protocol import Store
from ..verdict.actions import by_urgency, next_actions
from ..verdict.changes import Change
from ..verdict.evaluation import Facts, evaluate
from ..verdict.gate import CheckpointComparison, GateInput, evaluate_gate
from ..verdict.inputs import JudgedVersion
from ..verdict.policy import Policy
from ..verdict.readiness import Action, Readiness, Verdict
from ..verdict.regression import compare_with
from ..verdict.remedies import gate_remedies
from ..verdict.review.invalidation import failures_from
from ..views.report import Report, ReportContext
from .evaluation_request import EvaluationRequest
from .evidence_register import evidence_register
from .judged_version import NamedVersion
from .load_inputs import FactSources, facts_at, facts_now
from .missing_evidence import missing_store_notes
from .project import HOME, Project, find_project, select_use_cases
from .removed_use_cases import names_without_row, other_registers, removed_notes, resolve_removed
from .requirements_in_force import RequirementsHistory
from .run_changes import EvaluatedRun, changes_by_run
from .uncollected_modules import uncollected_notes
from .used_evidence import find_problems, stored_evidence, used_evidence

if TYPE_CHECKING:  # there is seldom a journal or a checkpoint
    from .checkpoints import StoredCheckpoint


class EvaluatedReport(Struct, frozen=True):
    """A report, and the facts and rules behind it, from which a decision is made."""

    report: Report
    facts: Facts
    policy: Policy
    """The policy of the gate."""
    catalogue: Catalogue
    """The requirements in force."""


def evaluate_project(project: Project, request: EvaluationRequest) -> Report:
    """Return the report on a project.

    Raises:
        ConfigError: a use case is unknown, or ``no_regression`` is not a report.
        StorageError, IntegrityError: the store or the decisions cannot be read.
    """
    return evaluate_with_facts(project, request).report


def evaluate_with_facts(project: Project, request: EvaluationRequest) -> EvaluatedReport:
    """Return the report on a project, with its facts and policy.

    Raises:
        ConfigError: a use case is unknown, or ``no_regression`` is not a report.
        StorageError, IntegrityError: the store or the decisions cannot be read.
    """
    checkpoints = request.named_checkpoints()
    store = project.store()
    try:
        sources = project.sources(store)
        if request.stored_only:
            sources = replace(sources, leftovers=[])
        inputs = _load_inputs(project, sources, request)
        readiness = evaluate(
            inputs.catalogue,
            inputs.policy,
            inputs.facts,
            inputs.now,
            inputs.use_cases,
            release=inputs.judged.release,
            subjects=inputs.judged.subjects,
            removed=inputs.removed,
        )
        if readiness.removed:
            place = inputs.facts.evidence, inputs.now
            removed = resolve_removed(readiness.removed, sources, project.settings.folder, *place, now=not inputs.past)
            readiness = replace(readiness, removed=removed)
        if inputs.use_cases == () and not readiness.removed:
            select_use_cases(inputs.catalogue, request.patterns)  # raises an error for the pattern without a match
        extra_notes = (*uncollected_notes(sources, inputs.facts, readiness), *other_registers(store, sources.register))
        judged_on = stored_evidence(store, sources.leftovers, used_evidence(readiness))
        checked = [*judged_on, *inputs.facts.set_aside]
        problems = [*find_problems(store, sources.leftovers, checked), *sources.register_decisions.problems]
        register, origins = evidence_register(project, sources, inputs.facts, inputs.scope, request.register_kind)
        comparison = _compare(store, checkpoints, judged_on, project.policy) if checkpoints else None
        changes = _changes_by_session(request, sources, inputs, readiness)
    finally:
        if store is not None:
            store.close()
    verdict = _verdict(project, request, inputs, readiness, problems, comparison)
    if request.no_regression is not None:
        verdict, changes = _compare_with_earlier(request, verdict, readiness, inputs.judged)
    damage = (*map(str, problems), *(map(str, comparison.problems) if comparison else ()))
    context = _report_context(project, request, inputs, readiness, store)
    notes = _notes(project, sources, inputs, readiness, (*filter(None, [context.missing_store]), *extra_notes))
    context = replace(context, notes=notes, problems=(*request.problems, *damage))
    actions = _actions(inputs, readiness, verdict, comparison, has_store=store is not None)
    report = Report(readiness, verdict, actions, context, origins, changes, register)
    return EvaluatedReport(report, inputs.facts, inputs.policy, inputs.catalogue)


def _compare_with_earlier(
    request: EvaluationRequest, verdict: Verdict, readiness: Readiness, judged: JudgedVersion
) -> tuple[Verdict, tuple[Change, ...]]:
    """Return the verdict with the comparison with the earlier report, and all changes.

    Raises:
        ConfigError: it does not fit. The error names its file.
    """
    try:
        return compare_with(request.no_regression, verdict, readiness, request.report_scope, judged)
    except ConfigError as error:
        name = request.no_regression_name
        raise ConfigError(f"{name}: {error}" if name else str(error)) from None


_NO_CONFIG = "there is no config: run 'readiness init'"


class _Inputs(Struct, frozen=True):
    """Inputs of an evaluation."""

    catalogue: Catalogue
    policy: Policy
    digest: str
    """Digest of the requirements."""
    facts: Facts
    now: str
    use_cases: tuple[str, ...] | None
    removed: tuple[str, ...]
    """Matching names of use cases without a row."""
    named: NamedVersion
    """The release and the digests that are named."""
    judged: JudgedVersion
    """Those of them that are judged."""
    past: bool = False
    """Whether the moment is past, so that the current work tree does not belong to it."""

    @property
    def scope(self) -> tuple[str, ...] | None:
        """The use cases that facts are needed for; None means all."""
        return _needed_use_cases(self.use_cases, self.removed)


def _load_inputs(project: Project, sources: FactSources, request: EvaluationRequest) -> _Inputs:
    """Return the facts and requirements as of now, or as of ``request.at``."""
    named = request.named_version(project.settings)
    if request.at is None:
        now, digest = timestamp(), project.requirements.digest
        policy = named.judging_policy(request.requested_policy(project.policy))
        judged = named.judged(policy)
        removed, days = (
            names_without_row(sources, project.catalogue, request.patterns),
            project.catalogue.longest_max_age_days,
        )
        use_cases = () if request.is_empty else select_use_cases(project.catalogue, request.patterns, removed)
        to_sign = _failures_since(project.catalogue, use_cases, now) if request.to_sign else {}
        needed = _needed_use_cases(use_cases, removed)
        facts = facts_now(sources, policy, now, needed, judged=judged, to_sign=to_sign, days=days)
        catalogue = _with_use_cases(project.catalogue, facts)
        return _Inputs(catalogue, policy, digest, facts, now, use_cases, removed, named, judged)
    current_time = request.current_time
    in_force = RequirementsHistory(
        sources, project.catalogue, project.policy, project.requirements.digest, current_time
    )
    catalogue, policy = in_force.at(request.at)
    catalogue = _without_declared_states(catalogue)
    policy = named.judging_policy(request.requested_policy(policy))
    removed = names_without_row(sources, catalogue, request.patterns)
    use_cases = () if request.is_empty else select_use_cases(catalogue, request.patterns, removed)
    judged, needed = named.judged(policy), _needed_use_cases(use_cases, removed)
    facts = facts_at(sources, policy, request.at, needed, judged=judged, days=catalogue.longest_max_age_days)
    catalogue = _with_use_cases(catalogue, facts)
    digest, past = in_force.digest_at(request.at), request.at < current_time
    return _Inputs(catalogue, policy, digest, facts, request.at, use_cases, removed, named, judged, past)


def _without_declared_states(catalogue: Catalogue) -> Catalogue:
    """Return the catalogue without the declared states of its rows, which belong only to the present."""
    rows = {
        name: replace(row, declared_status="", declared_also=(), declared_in=())
        for name, row in catalogue.use_cases.items()
    }
    return replace(catalogue, use_cases=rows)


def _needed_use_cases(use_cases: tuple[str, ...] | None, removed: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the use cases that facts are needed for; None means all."""
    return None if use_cases is None else (*use_cases, *removed)


def _failures_since(catalogue: Catalogue, use_cases: Iterable[str] | None, now: str) -> dict[str, str]:
    """Return, by use case, the moment after which failures matter to a review that is made now."""
    since = failures_from((item.max_age_days for item in catalogue.items.values()), now)
    return dict.fromkeys(catalogue.use_cases if use_cases is None else use_cases, since)


def _verdict(
    project: Project,
    request: EvaluationRequest,
    inputs: _Inputs,
    readiness: Readiness,
    problems: Sequence[Problem],
    comparison: CheckpointComparison | None,
) -> Verdict:
    return evaluate_gate(
        readiness,
        inputs.policy,
        [*problems, *(Problem("", text) for text in request.problems)],
        config_missing=None if project.configured else _NO_CONFIG,
        origins=inputs.facts.origins,
        release=inputs.judged.release,
        subjects=inputs.judged.subjects,
        signature_problem=inputs.facts.signature_problem,
        checkpoint=comparison,
    )


def _compare(
    store: Store | None, checkpoints: Sequence[StoredCheckpoint], evidence: Iterable[Evidence], policy: Policy
) -> CheckpointComparison:
    from .checkpoints import compare_checkpoints  # late, as above

    runs = sorted({piece.run_id for piece in evidence})
    return compare_checkpoints(store, checkpoints, runs, TrustStore.from_policy(policy))


def _changes_by_session(
    request: EvaluationRequest, sources: FactSources, inputs: _Inputs, readiness: Readiness
) -> tuple[Change, ...]:
    """Return what the run of the session changed; nothing if a command asks."""
    if request.session is None:
        return ()
    run = EvaluatedRun(request.session.run_id, inputs.catalogue, inputs.policy, inputs.facts, inputs.judged)
    return changes_by_run(run, sources, readiness)


def _actions(
    inputs: _Inputs,
    readiness: Readiness,
    verdict: Verdict,
    comparison: CheckpointComparison | None,
    *,
    has_store: bool,
) -> tuple[Action, ...]:
    actions = next_actions(readiness, inputs.policy, has_store=has_store)
    if verdict.eligible:
        return actions
    gate_input = GateInput(
        readiness,
        inputs.policy,
        origins=inputs.facts.origins,
        release=inputs.judged.release,
        subjects=inputs.judged.subjects,
        signature_problem=inputs.facts.signature_problem,
        checkpoint=comparison,
    )
    return by_urgency((*actions, *gate_remedies(gate_input, verdict, actions)))


def _report_context(
    project: Project, request: EvaluationRequest, inputs: _Inputs, readiness: Readiness, store: Store | None
) -> ReportContext:
    """Return what a report is about, without its notes and problems."""
    return ReportContext(
        register=readiness.register,
        store=printable_url(project.settings.store) if store is not None else None,
        requirements_digest=inputs.digest,
        generated_at=readiness.at,
        scope=request.report_scope,
        release=inputs.judged.release,
        subjects=inputs.judged.subjects,
        subjects_of_release=bool(inputs.judged.subjects and inputs.named.of_release),
        configured=project.configured,
        missing_store=project.missing_store if store is None else "",
        session=request.session,
    )


def _notes(
    project: Project, sources: FactSources, inputs: _Inputs, readiness: Readiness, extra_notes: Sequence[str]
) -> tuple[str, ...]:
    config_notes = () if project.configured else (_NO_CONFIG,)
    return (
        *config_notes,
        *inputs.facts.retirement_notes,
        *missing_store_notes(inputs.facts, inputs.policy, inputs.now),
        *extra_notes,
        *map(str, sources.register_decisions.notes),
        *readiness.notes,
        *removed_notes(readiness.removed),
    )


def _with_use_cases(catalogue: Catalogue, facts: Facts) -> Catalogue:
    """Return the catalogue; without config and tracker, with all use cases that markers name."""
    if not catalogue.open_world:
        return catalogue
    names = sorted({piece.uc for piece in facts.evidence if piece.register == catalogue.register})
    return replace(catalogue, use_cases={name: UseCase(id=name) for name in names})


__all__ = [
    "HOME",
    "EvaluatedReport",
    "EvaluationRequest",
    "Project",
    "evaluate_project",
    "evaluate_with_facts",
    "find_project",
    "select_use_cases",
]
